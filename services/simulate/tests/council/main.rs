//! What a simulated council tells, looked at from outside: from its events and its counts alone.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod calls;
mod events;
mod same_again;
mod year;

use chrono::NaiveDate;
use schemas::{Event, Value};
use simulate::{Council, Settings};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A small council from 1 April 2025 on, so that a year takes seconds.
fn settings() -> Settings {
    Settings { contacts_per_month: 1_000, ..Settings::new(7, date("2025-04-01")) }
}

fn council(settings: Settings) -> Council {
    Council::new(settings).unwrap()
}

fn number(event: &Event, field: &str) -> i64 {
    match event.fields.get(field) {
        Some(Value::Number(number)) => *number,
        other => panic!("{} of {}: {other:?}", field, event.event_type),
    }
}

/// When an event happened, in milliseconds since 1970 UTC.
fn instant(event: &Event) -> i64 {
    match event.fields["occurred_at"] {
        Value::TimestampMicros(micros) => micros / 1000,
        _ => panic!("no time: {event:?}"),
    }
}

/// The first instant of a day in London.
fn midnight(date: NaiveDate) -> i64 {
    let local = date.and_time(chrono::NaiveTime::MIN).and_local_timezone(chrono_tz::Europe::London);
    local.unwrap().timestamp_millis()
}
