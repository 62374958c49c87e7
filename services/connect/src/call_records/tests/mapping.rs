//! One row of each outcome, with values worked by hand. 2026-07-01T09:00:00 in London is summer
//! time, 08:00:00 UTC, 1,782,892,800 s since 1970.

use super::super::Oddity;
use super::accepted;
use schemas::{Event, Value, event_id};
use std::collections::BTreeMap;

const NINE: i64 = 1_782_892_800_000_000;

fn at(seconds_past_nine: i64) -> Value {
    Value::TimestampMicros(NINE + seconds_past_nine * 1_000_000)
}

/// An event of call C1 with its envelope and these fields, nulls left out.
fn expected(event_type: &str, key: &str, at: Value, fields: &[(&str, Value)]) -> Event {
    let envelope = [
        ("event_id", Value::Id(event_id("telephony-main", event_type, key))),
        ("occurred_at", at),
        ("source", "telephony-main".into()),
        ("initial_contact_id", "C1".into()),
        ("contact_id", "C1".into()),
    ];
    let fields = envelope.iter().chain(fields).map(|(name, value)| ((*name).to_owned(), value.clone()));
    Event { event_type: event_type.to_owned(), fields: fields.collect() }
}

fn without_nulls(events: Vec<Event>) -> Vec<Event> {
    let filled = |fields: BTreeMap<String, Value>| fields.into_iter().filter(|(_, value)| *value != Value::Null);
    events.into_iter().map(|event| Event { fields: filled(event.fields).collect(), ..event }).collect()
}

fn initiated(customer: Option<&str>) -> Event {
    let mut event = expected(
        "contact_initiated",
        "C1",
        at(0),
        &[
            ("channel", "voice".into()),
            ("direction", "inbound".into()),
            ("initiation_method", "inbound".into()),
            ("queue_id", "PS".into()),
        ],
    );
    if let Some(customer) = customer {
        event = event.with("customer_account", customer);
    }
    event
}

fn ivr_exited(seconds_past_nine: i64, outcome: &str, ms: Option<i64>) -> Event {
    let event = expected(
        "ivr_exited",
        "C1",
        at(seconds_past_nine),
        &[("ivr_outcome", outcome.into()), ("queue_id", "PS".into())],
    );
    ms.map_or(event.clone(), |ms| event.with("ivr_ms", ms))
}

fn queue_entered(seconds_past_nine: i64, priority: i64) -> Event {
    expected(
        "queue_entered",
        "C1/1",
        at(seconds_past_nine),
        &[
            ("queue_visit_id", "C1/1".into()),
            ("queue_id", "PS".into()),
            ("queue_name", "PS".into()),
            ("priority", priority.into()),
        ],
    )
}

fn left_queue(event_type: &str, seconds_past_nine: i64, wait_ms: i64) -> Event {
    expected(
        event_type,
        "C1/1",
        at(seconds_past_nine),
        &[("queue_visit_id", "C1/1".into()), ("queue_id", "PS".into()), ("wait_ms", wait_ms.into())],
    )
}

fn ended(seconds_past_nine: i64, outcome: &str, talk_ms: Option<i64>) -> Event {
    let event = expected(
        "contact_ended",
        "C1",
        at(seconds_past_nine),
        &[("ended_by", "unknown".into()), ("outcome", outcome.into())],
    );
    talk_ms.map_or(event.clone(), |ms| event.with("talk_ms", ms))
}

#[test]
fn answered_after_a_wait() {
    // Answered a second before it left the queue: the wait is 80 s, not 79 s.
    let (events, oddities) = accepted(
        "C1,PS,2,2026-07-01T09:00:00,2026-07-01T09:00:10,2026-07-01T09:00:10,2026-07-01T09:01:30,\
         2026-07-01T09:01:29,2026-07-01T09:05:00,answered,AVI,4711",
    );
    let answered = left_queue("contact_answered", 89, 80_000).with("agent", "AVI");
    assert_eq!(
        without_nulls(events),
        [
            initiated(Some("4711")),
            ivr_exited(10, "queued", Some(10_000)),
            queue_entered(10, 2),
            answered,
            ended(300, "answered", Some(211_000)),
        ]
    );
    assert_eq!(oddities, []);
}

#[test]
fn answered_at_once_by_an_unknown_agent() {
    let (events, oddities) =
        accepted("C1,PS,,2026-07-01T09:00:00,,,,2026-07-01T09:00:04,2026-07-01T09:00:04,answered,,");
    assert_eq!(
        without_nulls(events),
        [initiated(None), left_queue("contact_answered", 4, 0), ended(4, "answered", Some(0))]
    );
    assert_eq!(oddities, []);
}

#[test]
fn abandoned_in_the_queue() {
    let row = "C1,PS,0,2026-07-01T09:00:00,2026-07-01T09:00:05,2026-07-01T09:00:05,2026-07-01T09:00:25,,";
    let expected = [
        initiated(None),
        ivr_exited(5, "queued", Some(5_000)),
        queue_entered(5, 0),
        left_queue("contact_abandoned", 25, 20_000),
        ended(26, "abandoned", Some(0)),
    ];
    let (events, _) = accepted(&format!("{row}2026-07-01T09:00:26,abandoned,,"));
    assert_eq!(without_nulls(events), expected);

    // Without an end, the call ended when it left the queue.
    let (events, _) = accepted(&format!("{row},abandoned,,"));
    assert_eq!(without_nulls(events)[4], ended(25, "abandoned", Some(0)));
}

#[test]
fn abandoned_in_the_voice_response_unit() {
    let row = "C1,PS,0,2026-07-01T09:00:00,2026-07-01T09:00:12,,,,2026-07-01T09:00:13,abandoned_in_ivr,,";
    let (events, oddities) = accepted(row);
    assert_eq!(
        without_nulls(events),
        [initiated(None), ivr_exited(12, "hung_up", Some(12_000)), ended(13, "abandoned_in_ivr", Some(0))]
    );
    assert_eq!(oddities, []);

    let (events, _) = accepted("C1,PS,0,2026-07-01T09:00:00,2026-07-01T09:00:12,,,,,abandoned_in_ivr,,");
    assert_eq!(without_nulls(events)[2], ended(12, "abandoned_in_ivr", Some(0)));
    let (events, _) = accepted("C1,PS,0,2026-07-01T09:00:00,,,,,,abandoned_in_ivr,,");
    assert_eq!(without_nulls(events), [initiated(None), ended(0, "abandoned_in_ivr", Some(0))]);
}

#[test]
fn not_a_call_has_a_beginning_and_an_end() {
    let (events, oddities) = accepted(
        "C1,PS,0,2026-07-01T09:00:00,2026-07-01T09:00:03,2026-07-01T09:00:03,2026-07-01T09:00:09,,\
         2026-07-01T09:00:09,not_a_call,,",
    );
    assert_eq!(without_nulls(events), [initiated(None), ended(9, "not_a_call", None)]);
    assert_eq!(oddities, []);
}

#[test]
fn disorder_is_counted_and_not_mended() {
    // Left the voice response unit, and entered the queue, a second before it arrived.
    let (events, oddities) = accepted(
        "C1,PS,0,2026-07-01T09:00:00,2026-07-01T08:59:59,2026-07-01T08:59:59,2026-07-01T09:00:04,\
         2026-07-01T08:59:58,2026-07-01T09:00:03,answered,,",
    );
    let events = without_nulls(events);
    assert_eq!(events[1], ivr_exited(-1, "queued", None));
    assert_eq!(events[3], left_queue("contact_answered", -2, 5_000));
    assert_eq!(
        oddities,
        [
            Oddity::QueuedBeforeArrival,
            Oddity::AnsweredBeforeQueued,
            Oddity::EndedBeforeLeavingQueue,
            Oddity::LeftIvrBeforeArrival,
        ]
    );
    // A call that ended before it began is one oddity, not two.
    let (_, oddities) = accepted(
        "C1,PS,0,2026-07-01T09:00:00,,2026-07-01T09:00:00,2026-07-01T09:00:04,2026-07-01T00:00:00,\
         2026-07-01T00:00:00,answered,,",
    );
    assert_eq!(oddities, [Oddity::AnsweredBeforeQueued, Oddity::EndedBeforeArrival]);
    let (events, oddities) =
        accepted("C1,PS,0,2026-07-01T09:00:00,,2026-07-01T09:00:00,2026-07-01T09:00:04,,,abandoned_in_ivr,,");
    assert_eq!((events.len(), oddities), (2, vec![Oddity::TimeBesideOutcome]));
}

#[test]
fn a_time_that_came_twice_is_the_earlier_one() {
    // 01:30 in London came at 00:30 and at 01:30 UTC; 00:30 UTC is 1,792,888,200 s.
    let (events, oddities) = accepted("C1,PS,0,2026-10-25T01:30:00,2026-10-25T01:30:05,,,,,abandoned_in_ivr,,");
    assert_eq!(events[0].fields["occurred_at"], Value::TimestampMicros(1_792_888_200_000_000));
    assert_eq!(oddities, [Oddity::AmbiguousTime]);
}
