//! The same settings give the same events, to the byte.

use crate::{council, date, settings};
use chrono::NaiveDate;
use simulate::{Council, Settings};

/// The records of some days, one after the other.
fn records(council: &Council, days: usize) -> Vec<u8> {
    let told = council.days().take(days).flat_map(|day| day.events);
    council.reference().into_iter().chain(told).flat_map(|event| event.to_record().unwrap()).collect()
}

#[test]
fn the_same_settings_tell_the_same_bytes_and_another_seed_others() {
    let told = records(&council(settings()), 45);
    assert!(told.len() > 500_000);
    assert!(told == records(&council(settings()), 45));
    assert!(told != records(&council(Settings { seed: 8, ..settings() }), 45));
}

#[test]
fn what_was_told_stays_when_more_is_asked() {
    let fewer = council(settings()).days().take(20);
    assert!(fewer.eq(council(settings()).days().take(40).take_while(|day| day.date < date("2025-04-21"))));
}

#[test]
fn a_launch_changes_no_day_before_it() {
    let with_launch = |launch: &str| {
        let launch: Option<NaiveDate> = launch.parse().ok();
        council(Settings { launch, ..settings() }).days().take(40).collect::<Vec<_>>()
    };
    let (early, never) = (with_launch("2025-05-01"), with_launch("never"));
    assert!(early[..30] == never[..30], "April has 30 days");
    assert!(early[30..] != never[30..]);
}
