//! When contacts are made: by month, weekday and half hour, and how FixMyStreet is taken up.

use crate::local::{HALF_HOUR, LocalDay};
use crate::services::{Service, Subject, Way};
use crate::stream::Stream;
use chrono::{Datelike as _, NaiveDate};

/// Demand from Monday to Sunday, in percent of the average day.
const WEEKDAYS: [u32; 7] = [132, 118, 110, 106, 100, 66, 68];
/// Demand on a bank holiday, in percent of the average day.
const HOLIDAY: u32 = 60;

/// Calls by half hour from 07:00 to 20:00, for those who ring on the day.
const RINGING: [u32; 26] =
    [1, 3, 42, 66, 82, 90, 92, 88, 80, 70, 60, 56, 58, 60, 58, 54, 50, 46, 42, 34, 24, 14, 4, 2, 1, 1];
const RINGING_FROM: i64 = 14;

/// What is done online by half hour from midnight.
const ONLINE: [u32; 48] = [
    6, 4, 2, 2, 1, 1, 1, 1, 2, 2, 4, 6, 12, 18, 26, 34, 44, 52, 62, 66, 66, 64, 60, 56, 58, 58, 54, 52, 50, 50,
    48, 46, 46, 44, 44, 44, 46, 48, 52, 56, 58, 56, 50, 44, 34, 26, 16, 10,
];

/// How much more or less than on average is wanted of the service on the day.
pub(crate) fn demand(service: &Service, day: &LocalDay) -> f64 {
    month(service, day.date) * f64::from(weekday(day)) / 100.0
}

/// The same for its month alone.
pub(crate) fn month(service: &Service, date: NaiveDate) -> f64 {
    f64::from(service.months[date.month0() as usize]) / 100.0
}

/// Percent of the average day, of any service.
pub(crate) fn weekday(day: &LocalDay) -> u32 {
    let number = day.date.weekday().num_days_from_monday() as usize;
    if number < 5 && !day.is_working { HOLIDAY } else { WEEKDAYS[number] }
}

/// When somebody rings, as a time of the day.
pub(crate) fn ringing_time(stream: &mut Stream) -> i64 {
    within(RINGING_FROM + stream.weighted(RINGING.into_iter()) as i64, stream)
}

/// When somebody uses a form or FixMyStreet, as a time of the day.
pub(crate) fn online_time(stream: &mut Stream) -> i64 {
    within(stream.weighted(ONLINE.into_iter()) as i64, stream)
}

/// The share of a day's calls that is made in this half hour of the day.
pub(crate) fn ringing_share(half_hour: i64) -> f64 {
    let place = usize::try_from(half_hour - RINGING_FROM).ok();
    let calls = place.and_then(|place| RINGING.get(place)).copied().unwrap_or_default();
    f64::from(calls) / f64::from(RINGING.iter().sum::<u32>())
}

fn within(half_hour: i64, stream: &mut Stream) -> i64 {
    half_hour * HALF_HOUR + stream.among(0..=HALF_HOUR - 1)
}

/// How many of a hundred try another way before they ring. FixMyStreet is taken up by a quarter at
/// once and by more than half of them half a year after its launch.
pub(crate) fn online_percent(subject: &Subject, date: NaiveDate, launch: Option<NaiveDate>) -> u32 {
    const AT_ONCE: i64 = 28;
    const IN_THE_END: i64 = 56;
    const TAKES_DAYS: i64 = 180;
    match subject.way {
        Way::PhoneOnly => 0,
        Way::Form(_, percent) => percent,
        Way::Report(_) => {
            let days = launch.map_or(-1, |launch| (date - launch).num_days());
            let reached = AT_ONCE + (IN_THE_END - AT_ONCE) * days.min(TAKES_DAYS) / TAKES_DAYS;
            if days < 0 { 0 } else { reached as u32 }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::services::SUBJECTS;
    use chrono_tz::Europe::London;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_bank_holiday_is_no_monday() {
        let monday = LocalDay::new(London, date("2025-05-12"));
        let holiday = LocalDay::new(London, date("2025-05-05"));
        assert_eq!((weekday(&monday), weekday(&holiday)), (132, 60));
    }

    #[test]
    fn weekdays_average_to_one() {
        assert_eq!(WEEKDAYS.iter().sum::<u32>(), 700);
    }

    #[test]
    fn all_calls_are_made_in_some_half_hour() {
        let sum: f64 = (0..48).map(ringing_share).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        // 07:00 to 08:00 and 18:00 on: the lines are closed.
        let closed: f64 = (0..16).chain(36..48).map(ringing_share).sum();
        assert!(closed < 0.03, "{closed}");
    }

    #[test]
    fn reports_are_taken_up_from_the_launch_on() {
        let pothole = SUBJECTS.iter().find(|subject| subject.group == "road_surface").unwrap();
        let launch = Some(date("2025-04-01"));
        let percent = |day| online_percent(pothole, date(day), launch);
        assert_eq!(percent("2025-03-31"), 0);
        assert_eq!(percent("2025-04-01"), 28);
        // Half way: 90 days.
        assert_eq!(percent("2025-06-30"), 42);
        assert_eq!(percent("2027-01-01"), 56);
        assert_eq!(online_percent(pothole, date("2027-01-01"), None), 0);
    }
}
