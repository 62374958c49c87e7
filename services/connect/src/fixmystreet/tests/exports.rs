//! Files that overlap: what was known stays as it was, and the newest file has the last word.

use super::{EXPORTED_AT, accepted_by, options};
use crate::fixmystreet::ImportOptions;
use schemas::{Event, Value};
use std::collections::HashMap;

const ACKNOWLEDGED: (&str, &str) = ("Acknowledged", "2024-10-01T10:00:00");
const FIXED: (&str, &str) = ("Fixed", "2024-10-01T11:00:00");

/// The events of a file that was made so many days after the first.
fn export(days: i64, others: &[(&str, &str)]) -> Vec<Event> {
    let exported_at_seconds = EXPORTED_AT + days * 86_400;
    accepted_by(ImportOptions { exported_at_seconds, ..options() }, others).0
}

fn id(event: &Event) -> String {
    format!("{:?}", event.fields["event_id"])
}

/// The state after the last change, by time and then by number, none first: the order of a fold.
fn last_state(files: &[&[Event]]) -> String {
    let changes = files.iter().flat_map(|file| file.iter()).filter(|event| event.event_type == "state_changed");
    let order = |event: &&Event| match (&event.fields["occurred_at"], &event.fields["sequence"]) {
        (Value::TimestampMicros(at), Value::Number(sequence)) => (*at, Some(*sequence)),
        (Value::TimestampMicros(at), _) => (*at, None),
        _ => panic!("no time"),
    };
    changes.max_by_key(order).unwrap().text("to_state").unwrap().to_owned()
}

#[test]
fn what_is_told_again_is_the_same_event() {
    let first = export(0, &[ACKNOWLEDGED, ("Status", "planned")]);
    let second = export(7, &[ACKNOWLEDGED, FIXED, ("Status", "fixed - council"), ("Ward", "Onslow")]);
    let known: HashMap<_, _> = first.iter().map(|event| (id(event), event)).collect();
    let new: Vec<_> = second.iter().filter(|event| !known.contains_key(&id(event))).collect();
    let types: Vec<_> = new.iter().map(|event| event.event_type.as_str()).collect();
    // The ward is another, so the confirmation is told anew beside the new state.
    assert_eq!(types, ["report_confirmed", "state_changed"]);
    for event in &second {
        assert!(known.get(&id(event)).is_none_or(|before| *before == event), "one id, two contents: {event:?}");
    }
    // Names and texts reach no table, so one that was moderated makes no other event.
    let moderated = export(7, &[("Title", "Removed"), ("Detail", ""), ("User Name", "(anonymous)")]);
    assert_eq!(id(&moderated[0]), id(&first[0]));
    assert_eq!(export(7, &[("Category", "Trees")])[0].text("category"), Some("Trees"));
    assert_ne!(id(&export(7, &[("Category", "Trees")])[0]), id(&first[0]));
}

#[test]
fn the_newest_file_is_right_whichever_comes_first() {
    let planned = export(0, &[ACKNOWLEDGED, ("Status", "planned")]);
    let scheduled = export(7, &[ACKNOWLEDGED, ("Status", "action scheduled")]);
    assert_eq!(last_state(&[&planned, &scheduled]), "action scheduled");
    assert_eq!(last_state(&[&scheduled, &planned]), "action scheduled");
    let open_again = export(14, &[ACKNOWLEDGED, ("Status", "confirmed")]);
    assert_eq!(last_state(&[&open_again, &scheduled]), "confirmed");
    // Fixed, opened again, fixed again: the row names the first time in all three files.
    let fixed = export(0, &[ACKNOWLEDGED, FIXED, ("Status", "fixed - council")]);
    let reopened = export(7, &[ACKNOWLEDGED, FIXED, ("Status", "investigating")]);
    let fixed_again = export(14, &[ACKNOWLEDGED, FIXED, ("Status", "fixed - council")]);
    assert_eq!(last_state(&[&reopened, &fixed]), "investigating");
    assert_eq!(last_state(&[&reopened, &fixed_again, &fixed]), "fixed - council");
}
