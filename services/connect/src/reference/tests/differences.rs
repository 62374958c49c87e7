//! What a statement changes of what was said before.

use super::{SAID_AT, options};
use crate::reference::{Change, ChangedKey, ReferenceOptions, changes, read};
use schemas::{Event, Value, event_id};
use std::fs;

const COUNCIL: &str = r#"
[[queue]]
queue_id = "TAX"
service_area = "council_tax"
social_care = false
answer_target_seconds = 120
effective_from = 2026-04-01

[[target]]
kpi = "sla_answered"
dimensions = { service_class = "other", channel = "voice" }
value = 75
unit = "percent"
direction = "higher"
effective_from = 2026-04-01
status = "approved"

[[calendar]]
division = "scotland"
dates = [2026-01-01, 2026-01-02]

[[intervention]]
name = "FixMyStreet launched"
happened_on = 2024-09-16
"#;

/// What was said before, a day before [`SAID_AT`].
fn held(text: &str) -> Vec<Event> {
    said(text, SAID_AT - 86_400_000_000)
}

fn said(text: &str, said_at_micros: i64) -> Vec<Event> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("council.toml");
    fs::write(&path, text).unwrap();
    let options = ReferenceOptions { said_at_micros, ..options() };
    read(&[path], &options).unwrap().into_iter().map(|said| said.event).collect()
}

fn against(text: &str, held: &[Event]) -> Vec<Change> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("council.toml");
    fs::write(&path, text).unwrap();
    changes(&read(&[path], &options()).unwrap(), held)
}

fn changed(keys: &[(&str, &str, &str)]) -> Change {
    let changed = |(key, before, after): &(&str, &str, &str)| ChangedKey {
        key: (*key).to_owned(),
        before: (*before).to_owned(),
        after: (*after).to_owned(),
    };
    Change::Changed(keys.iter().map(changed).collect())
}

#[test]
fn into_an_empty_lake_everything_is_new() {
    assert_eq!(against(COUNCIL, &[]), vec![Change::New; 4]);
}

#[test]
fn said_again_nothing_changes() {
    let mut held = held(COUNCIL);
    assert_eq!(against(COUNCIL, &held), vec![Change::AsBefore; 4]);
    // Another adapter may write lists in another order, and nulls where a file leaves a key out.
    held[1] = held[1].clone().with("dimensions", vec!["service_class=other".into(), "channel=voice".to_owned()]);
    held[0] = held[0].clone().with("short_abandon_ms", Value::Null);
    held[3] = held[3].clone().with("affects", Vec::new());
    assert_eq!(against(COUNCIL, &held), vec![Change::AsBefore; 4]);
}

#[test]
fn what_changes_is_shown_as_a_file_writes_it() {
    let held = held(COUNCIL);
    let text = COUNCIL
        .replace("answer_target_seconds = 120", "short_abandon_ms = 8000")
        .replace("value = 75", "value = \"77.5\"")
        .replace("2026-01-02]", "2026-01-03, 2026-12-25]")
        .replace("2024-09-16", "2024-09-17");
    assert_eq!(
        against(&text, &held),
        [
            changed(&[("answer_target_seconds", "120", ""), ("short_abandon_ms", "", "8000")]),
            changed(&[("value", "75", "77.5")]),
            changed(&[("dates", "2026-01-02", "2026-01-03, 2026-12-25")]),
            changed(&[("happened_on", "2024-09-16", "2024-09-17")]),
        ]
    );
}

/// Another day, another slice and another name are other matters.
#[test]
fn another_matter_is_new() {
    let text = COUNCIL
        .replace("120\neffective_from = 2026-04-01", "60\neffective_from = 2026-05-01")
        .replace("channel = \"voice\"", "channel = \"chat\"")
        .replace("scotland", "northern-ireland")
        .replace("FixMyStreet launched", "Bills sent");
    assert_eq!(against(&text, &held(COUNCIL)), vec![Change::New; 4]);
}

/// Whatever the order in which the events are found: the newest, then the greatest sequence, then the
/// greatest id, as the models have it.
#[test]
fn what_holds_is_the_newest() {
    let older = said(&COUNCIL.replace("council_tax", "older"), SAID_AT - 3);
    let newer = said(&COUNCIL.replace("council_tax", "newer"), SAID_AT - 2);
    let became = |before: &str| changed(&[("service_area", before, "council_tax")]);
    for held in [[older[0].clone(), newer[0].clone()], [newer[0].clone(), older[0].clone()]] {
        assert_eq!(against(COUNCIL, &held)[0], became("newer"));
    }
    let numbered = older[0].clone().with("occurred_at", Value::TimestampMicros(SAID_AT - 2)).with("sequence", 1);
    for held in [[numbered.clone(), newer[0].clone()], [newer[0].clone(), numbered.clone()]] {
        assert_eq!(against(COUNCIL, &held)[0], became("older"));
    }
    let ids = ["one", "other"].map(|key| event_id("reference", "queue_mapped", key));
    let of = |place: usize| newer[0].clone().with("event_id", ids[place]).with("service_area", ["a", "b"][place]);
    let greatest = if ids[0] > ids[1] { "a" } else { "b" };
    for held in [[of(0), of(1)], [of(1), of(0)]] {
        assert_eq!(against(COUNCIL, &held)[0], became(greatest));
    }
}

#[test]
fn what_was_said_later_is_not_outdone() {
    let ahead = said(&COUNCIL.replace("120", "60"), SAID_AT + 5);
    let found = against(COUNCIL, &ahead);
    assert_eq!(found[0], Change::Outdone { said_at_micros: SAID_AT + 5 });
    assert_eq!(found[1..], [Change::AsBefore, Change::AsBefore, Change::AsBefore]);
    let now = said(&COUNCIL.replace("120", "60"), SAID_AT);
    assert_eq!(against(COUNCIL, &now)[0], Change::Outdone { said_at_micros: SAID_AT });
}
