//! The council's clocks: local days and times as milliseconds since 1970 UTC.

use crate::calendar::{is_working_day, next_working_day};
use crate::stream::Stream;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, TimeZone as _};
use chrono_tz::Tz;

pub(crate) const SECOND: i64 = 1000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;
pub(crate) const HALF_HOUR: i64 = 30 * MINUTE;

/// Lines are open from and until then, local time.
pub(crate) const OPENS: i64 = 8 * HOUR;
pub(crate) const CLOSES: i64 = 18 * HOUR;

/// One local day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalDay {
    pub(crate) zone: Tz,
    pub(crate) date: NaiveDate,
    /// Its first instant, and the next day's.
    pub(crate) starts: i64,
    pub(crate) ends: i64,
    /// When the lines open and close, on a working day.
    pub(crate) opens: i64,
    pub(crate) closes: i64,
    /// Whether the council works.
    pub(crate) is_working: bool,
}

impl LocalDay {
    pub(crate) fn new(zone: Tz, date: NaiveDate) -> Self {
        let (starts, ends) = (instant(zone, date, 0), instant(zone, date + Days::new(1), 0));
        let (opens, closes) = (instant(zone, date, OPENS), instant(zone, date, CLOSES));
        Self { zone, date, starts, ends, opens, closes, is_working: is_working_day(date) }
    }

    /// The instant at which the clocks show this time of the day.
    pub(crate) fn at(&self, time: i64) -> i64 {
        instant(self.zone, self.date, time)
    }
}

/// The instant at which the clocks first show this time; an hour later where they skip it.
pub(crate) fn instant(zone: Tz, date: NaiveDate, time: i64) -> i64 {
    let shown = date.and_time(chrono::NaiveTime::MIN) + TimeDelta::milliseconds(time);
    let first = |shown| zone.from_local_datetime(&shown).earliest();
    let instant = first(shown).or_else(|| first(shown + TimeDelta::hours(1)));
    instant.map_or(shown.and_utc().timestamp_millis(), |instant| instant.timestamp_millis())
}

/// The local day and time of the day at an instant.
pub(crate) fn shown(zone: Tz, at: i64) -> (NaiveDate, i64) {
    let local = DateTime::from_timestamp_millis(at).unwrap_or_default().with_timezone(&zone).naive_local();
    (local.date(), local.signed_duration_since(local.date().and_time(chrono::NaiveTime::MIN)).num_milliseconds())
}

/// When an office that would act at this instant does act: then, or on its next working day.
pub(crate) fn office_hours(zone: Tz, at: i64, stream: &mut Stream) -> i64 {
    const DESK: (i64, i64) = (8 * HOUR + HALF_HOUR, 16 * HOUR + HALF_HOUR);
    let (date, time) = shown(zone, at);
    let (date, time) = match is_working_day(date) {
        true if (DESK.0..DESK.1).contains(&time) => return at,
        true if time < DESK.0 => (date, stream.among(DESK.0..=DESK.1)),
        _ => (next_working_day(date), stream.among(DESK.0..=DESK.1)),
    };
    instant(zone, date, time)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::stream::Purpose;
    use chrono_tz::Europe::London;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn days_have_23_24_or_25_hours() {
        let hours = |day: &str| {
            let day = LocalDay::new(London, date(day));
            (day.ends - day.starts) / HOUR
        };
        assert_eq!([hours("2026-03-29"), hours("2026-03-30"), hours("2026-10-25")], [23, 24, 25]);
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_an_hour_later() {
        let day = LocalDay::new(London, date("2026-03-29"));
        assert_eq!(day.at(HOUR + MINUTE) - day.starts, HOUR + MINUTE);
        assert_eq!(shown(London, day.at(HOUR + MINUTE)), (date("2026-03-29"), 2 * HOUR + MINUTE));
        // From then on the clocks show an hour more than has passed.
        assert_eq!(day.at(8 * HOUR) - day.starts, 7 * HOUR);
    }

    #[test]
    fn an_office_acts_in_its_hours() {
        let mut stream = Stream::new(1, Purpose::Reports, date("2026-03-27"));
        let friday = LocalDay::new(London, date("2026-03-27"));
        assert_eq!(office_hours(London, friday.at(10 * HOUR), &mut stream), friday.at(10 * HOUR));
        let after = shown(London, office_hours(London, friday.at(17 * HOUR), &mut stream));
        assert_eq!(after.0, date("2026-03-30"));
        assert!((8 * HOUR..17 * HOUR).contains(&after.1));
    }
}
