//! The states of a report, from the times and the status of its row.

use super::super::Oddity;
use super::{EXPORTED_AT, accepted, event, expected, types};
use schemas::{Event, Value};

const ACKNOWLEDGED: (&str, &str) = ("Acknowledged", "2024-10-01T10:00:00");
const FIXED: (&str, &str) = ("Fixed", "2024-10-01T11:00:00");
const CLOSED: (&str, &str) = ("Closed", "2024-10-01T12:00:00");

/// What the row says of states: seconds past nine, label, class, and whether it is the last word.
type Change<'a> = (i64, &'a str, Option<&'a str>, bool);

fn change((at, state, class, last): Change<'_>) -> Event {
    let sequence = last.then_some(EXPORTED_AT);
    let number = sequence.map(|sequence| sequence.to_string()).unwrap_or_default();
    let event = expected("state_changed", at, &[state, class.unwrap_or_default(), &number], &[]);
    event.with("to_state", state).with("to_class", class).with("sequence", sequence).with("automated", false)
}

fn changes_are(others: &[(&str, &str)], expected: &[Change<'_>]) {
    let (events, _) = accepted(others);
    let found: Vec<_> = events.into_iter().filter(|event| event.event_type == "state_changed").collect();
    let expected: Vec<_> = expected.iter().copied().map(change).collect();
    assert_eq!(found, expected, "{others:?}");
}

#[test]
fn fixed_and_closed() {
    changes_are(
        &[ACKNOWLEDGED, FIXED, ("Status", "fixed - council")],
        &[(7200, "fixed - council", Some("fixed"), true)],
    );
    changes_are(&[ACKNOWLEDGED, CLOSED, ("Status", "duplicate")], &[(10_800, "duplicate", Some("closed"), true)]);
    changes_are(
        &[FIXED, CLOSED, ("Status", "unable to fix")],
        &[(7200, "fixed", Some("fixed"), false), (10_800, "unable to fix", Some("closed"), true)],
    );
}

#[test]
fn opened_again() {
    changes_are(
        &[ACKNOWLEDGED, FIXED, ("Status", "investigating")],
        &[(7200, "fixed", Some("fixed"), false), (7200, "investigating", None, true)],
    );
    // Fixed, then closed, then fixed once more: when, the row does not tell.
    changes_are(
        &[FIXED, CLOSED, ("Status", "fixed - user")],
        &[
            (7200, "fixed - user", Some("fixed"), false),
            (10_800, "closed", Some("closed"), false),
            (10_800, "fixed - user", None, true),
        ],
    );
    changes_are(&[ACKNOWLEDGED, ("Status", "confirmed")], &[(3600, "confirmed", None, true)]);
}

#[test]
fn open_states_are_told_at_the_last_time_of_the_row() {
    changes_are(&[ACKNOWLEDGED, ("Status", "action scheduled")], &[(3600, "action scheduled", None, true)]);
    changes_are(&[("Status", "planned")], &[(300, "planned", None, true)]);
}

#[test]
fn labels_as_some_sites_show_them() {
    changes_are(&[("Status", " Open ")], &[]);
    changes_are(&[CLOSED, ("Status", "No further action")], &[(10_800, "unable to fix", Some("closed"), true)]);
    changes_are(&[FIXED, ("Status", "Fixed - Council")], &[(7200, "fixed - council", Some("fixed"), true)]);
}

#[test]
fn a_label_that_nobody_knows_is_kept() {
    let others = [ACKNOWLEDGED, ("Status", "Awaiting Permit")];
    changes_are(&others, &[(3600, "awaiting permit", None, true)]);
    assert_eq!(accepted(&others).1, [Oddity::UnknownState]);
}

#[test]
fn a_state_without_its_time_is_counted() {
    for others in [
        vec![("Status", "planned")],
        vec![("Status", "fixed - user"), ACKNOWLEDGED],
        vec![("Status", "closed"), FIXED],
        vec![("Status", "confirmed"), ("Confirmed", "")],
    ] {
        assert_eq!(accepted(&others).1, [Oddity::StateWithoutTime], "{others:?}");
    }
}

#[test]
fn hidden_is_the_end() {
    let (events, _) = accepted(&[ACKNOWLEDGED, ("Status", "hidden")]);
    assert_eq!(types(&events), ["report_created", "report_confirmed", "update_posted", "report_hidden"]);
    assert_eq!(
        event("report_hidden", &[ACKNOWLEDGED, ("Status", "hidden")]),
        expected("report_hidden", 3600, &[], &[])
    );
    assert_eq!(events[3].fields.get("hidden_reason"), None::<&Value>);
}
