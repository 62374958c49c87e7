//! Every event is one that ingest takes, and reaches nobody.

use crate::{council, date, instant, midnight, settings};
use schemas::{Event, Value};
use simulate::Settings;
use std::collections::BTreeSet;

/// A quarter with the launch in it, so that all sources speak.
fn quarter() -> impl Iterator<Item = (chrono::NaiveDate, Vec<Event>)> {
    let launched = Settings { launch: Some(date("2025-05-01")), ..settings() };
    council(launched).days().take(91).map(|day| (day.date, day.events))
}

#[test]
fn every_event_can_be_written_and_has_an_id_and_a_subject_of_its_own() {
    let mut ids = BTreeSet::new();
    for event in quarter().flat_map(|(_, events)| events) {
        event.to_record().unwrap();
        assert!(!event.subject().is_empty());
        let Value::Id(id) = event.fields["event_id"] else { panic!("no id: {event:?}") };
        assert!(ids.insert(id), "an id twice: {event:?}");
    }
    assert!(ids.len() > 10_000);
}

#[test]
fn a_day_holds_its_own_events_in_order_of_time() {
    for (date, events) in quarter() {
        let day = midnight(date)..midnight(date.succ_opt().unwrap());
        assert!(events.iter().all(|event| day.contains(&instant(event))), "{date}");
        assert!(events.is_sorted_by_key(instant), "{date}");
    }
}

#[test]
fn numbers_are_those_for_drama_and_addresses_those_for_examples() {
    let mut numbers = BTreeSet::new();
    for event in quarter().flat_map(|(_, events)| events) {
        for field in ["ani", "dnis", "to_number", "phone", "reporter_phone"] {
            numbers.extend(event.text(field).map(str::to_owned));
        }
        for field in ["email", "reporter_email"] {
            let address = event.text(field).unwrap_or("a@example.org");
            assert!(address.ends_with("@example.org") || address.ends_with("@example.com"), "{address}");
        }
    }
    assert!(numbers.len() > 1_000);
    let strangers: Vec<_> = numbers.iter().filter(|number| !is_for_drama(number)).collect();
    assert!(strangers.is_empty(), "{strangers:?}");
}

/// As Ofcom lists them; all but the three digits at the end are fixed.
fn is_for_drama(number: &str) -> bool {
    const RANGES: &str = "01632960 07700900 02079460 01134960 01144960 01154960 01164960 01174960 01184960 \
        01214960 01314960 01414960 01514960 01614960 01914980 02896496 02920180";
    let national = number.replace("+44", "0").replace(' ', "");
    national.len() == 11 && RANGES.split(' ').any(|range| national.starts_with(range))
}
