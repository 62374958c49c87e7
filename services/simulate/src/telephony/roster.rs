//! How many agents are at work. The council plans for the load that it expects: it knows the hours
//! and weekdays well, sees a part of a season coming, and learns late that calls became fewer.

use super::Seat;
use crate::council::Settings;
use crate::demand::matters_per_day;
use crate::local::{CLOSES, HALF_HOUR, LocalDay, OPENS};
use crate::season;
use crate::services::{SUBJECTS, Subject, Team};
use crate::stream::Stream;
use chrono::{Datelike as _, Days, NaiveDate};

/// What an agent spends on a call beside talking, in seconds: ringing, hold and wrap-up.
const BESIDE_TALK: i64 = 75;
/// Agents beyond the load itself, in square roots of the load.
const SAFETY: f64 = 0.5;
/// Calls for each new matter that comes by telephone.
const CALLS_PER_MATTER: f64 = 1.36;
/// How long it takes until the roster follows a change of ways.
const LEARNS_AFTER: Days = Days::new(90);

/// The seats of a team at work, by half hour from the opening to the close.
pub(super) fn seats(settings: &Settings, team: Team, day: &LocalDay, stream: &mut Stream) -> Vec<usize> {
    if !day.is_working {
        return Vec::new();
    }
    let work = seconds_of_work(settings, team, day);
    // Some days start with one more or less than planned, and now and then somebody is ill.
    let rounding = stream.among(0..=999) as f64 / 1000.0;
    let is_ill = stream.percent(10);
    let half_hours = OPENS / HALF_HOUR..CLOSES / HALF_HOUR;
    half_hours
        .map(|half_hour| {
            let load = work * season::ringing_share(half_hour) / 1800.0;
            let planned = needed(load) * f64::from(settings.staffing_percent) / 100.0;
            let seats = (planned + rounding) as usize;
            if is_ill && seats > 2 { seats - 1 } else { seats.max(1) }
        })
        .collect()
}

/// Who sits there. A team has a few more agents than seats, and the seats go round.
pub(super) fn agent(seat: Seat, seats: usize, date: NaiveDate) -> String {
    let agents = seats + 2 + seats / 4;
    let number = (seat.number + date.num_days_from_ce() as usize) % agents;
    format!("a-{}", seat.team.first_agent() as usize + number)
}

/// Agents for a load in erlangs: the load, and a reserve that grows with its square root.
fn needed(load: f64) -> f64 {
    load + SAFETY * load.sqrt()
}

/// The work that the day's calls are expected to bring.
fn seconds_of_work(settings: &Settings, team: Team, day: &LocalDay) -> f64 {
    let matters = matters_per_day(settings.contacts_per_month) * f64::from(season::weekday(day)) / 100.0;
    let calls = |subject: &Subject| {
        let season = season::month(subject.service, day.date) - 1.0;
        let expected_season = 1.0 + season * foresight(team);
        matters * subject.share() * expected_season * by_phone(settings, subject, day.date) * CALLS_PER_MATTER
    };
    let of_team = SUBJECTS.iter().filter(|subject| subject.service.team == team);
    of_team.map(|subject| calls(subject) * (subject.service.talk_seconds + BESIDE_TALK) as f64).sum()
}

/// How much of a season a team sees coming: every September the schools' is too small.
fn foresight(team: Team) -> f64 {
    if team == Team::Education { 0.2 } else { 0.6 }
}

/// The part of the demand that comes by telephone, some of it after a form that was left.
fn by_phone(settings: &Settings, subject: &Subject, date: NaiveDate) -> f64 {
    let online = season::online_percent(subject, date - LEARNS_AFTER, settings.launch);
    1.0 - 0.8 * f64::from(online) / 100.0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::stream::Purpose;

    fn seats_on(date: &str, contacts_per_month: u32, staffing_percent: u32) -> Vec<usize> {
        let date = date.parse().unwrap();
        let settings = Settings { contacts_per_month, staffing_percent, ..Settings::new(1, date) };
        let day = LocalDay::new(settings.time_zone, date);
        seats(&settings, Team::Front, &day, &mut Stream::new(1, Purpose::Telephony, date))
    }

    #[test]
    fn a_reserve_by_the_square_root() {
        // 4 + 0.5 * 2.
        assert!((needed(4.0) - 5.0).abs() < 1e-9);
    }

    #[test]
    fn seats_follow_hours_size_and_setting() {
        let usual = seats_on("2025-05-14", 20_000, 100);
        assert_eq!(usual.len(), 20, "08:00 to 18:00");
        assert!(usual[5] > usual[19], "more at half past ten than at half past five: {usual:?}");
        assert!(seats_on("2025-05-14", 5_000, 100)[5] < usual[5]);
        assert!(seats_on("2025-05-14", 20_000, 70)[5] < usual[5]);
        assert!(seats_on("2025-05-18", 20_000, 100).is_empty(), "a Sunday");
    }
}
