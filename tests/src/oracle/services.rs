//! Which service a queue answers for on a day, and which matter and service a category stands for.

use super::facts;
use super::place::UNKNOWN;
use chrono::{NaiveDate, TimeDelta};
use schemas::{Event, Value};
use std::collections::BTreeMap;

/// The limit of a queue that has none of its own.
const DEFAULT_SHORT_MS: i64 = 5000;

/// What a queue stands for on a day.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub(super) area: String,
    pub(super) class: String,
    pub(super) target_ms: Option<i64>,
    pub(super) short_ms: i64,
}

/// The newest statement for each queue and first day.
#[derive(Debug)]
pub(super) struct Services {
    statements: BTreeMap<(String, NaiveDate), Service>,
}

impl Services {
    pub(super) fn read(events: &[Event]) -> Self {
        let mut statements = BTreeMap::new();
        for event in facts::holding(events, "reference") {
            if let (Some(queue), Some(day)) = (event.text("queue_id"), effective_from(event)) {
                // Later in the total order is newer, and takes the place of what was said before.
                statements.insert((queue.to_owned(), day), service(event));
            }
        }
        Self { statements }
    }

    /// The service of a queue on a day; without a map there is no target, and no default for it.
    pub(super) fn of(&self, queue: &str, day: NaiveDate) -> Service {
        let began = self.statements.iter().filter(|((of, from), _)| of == queue && *from <= day);
        let latest = began.max_by_key(|((_, from), _)| *from).map(|(_, service)| service.clone());
        latest.unwrap_or_else(|| Service {
            area: UNKNOWN.to_owned(),
            class: UNKNOWN.to_owned(),
            target_ms: None,
            short_ms: DEFAULT_SHORT_MS,
        })
    }
}

/// What a category stands for on a day.
#[derive(Debug, Clone)]
pub(super) struct Matter {
    pub(super) area: String,
    pub(super) class: String,
    pub(super) subject_group: String,
}

/// The newest statement for each system, category and first day.
#[derive(Debug)]
pub(super) struct Categories {
    statements: BTreeMap<(String, String, NaiveDate), Matter>,
}

impl Categories {
    pub(super) fn read(events: &[Event]) -> Self {
        let mut statements = BTreeMap::new();
        let mapped = |event: &&&Event| event.event_type == "category_mapped";
        for event in facts::holding(events, "reference").iter().filter(mapped) {
            let text = |field: &str| event.text(field).unwrap_or_default().to_owned();
            let matter =
                Matter { area: text("service_area"), class: class(event), subject_group: text("subject_group") };
            if let Some(day) = effective_from(event) {
                statements.insert((text("category_system"), text("category"), day), matter);
            }
        }
        Self { statements }
    }

    /// The matter of a category on a day; nothing is known of one that was not mapped by then.
    pub(super) fn of(&self, system: &str, category: Option<&str>, day: NaiveDate) -> Matter {
        let mut known = None;
        for ((of_system, of, from), matter) in &self.statements {
            // In order of the days, so that the last one holds.
            if of_system == system && Some(of.as_str()) == category && *from <= day {
                known = Some(matter.clone());
            }
        }
        let unknown = || UNKNOWN.to_owned();
        known.unwrap_or_else(|| Matter { area: unknown(), class: unknown(), subject_group: unknown() })
    }
}

fn effective_from(event: &Event) -> Option<NaiveDate> {
    match event.fields.get("effective_from") {
        Some(Value::Date(day)) => Some(NaiveDate::default() + TimeDelta::days(i64::from(*day))),
        _ => None,
    }
}

fn class(event: &Event) -> String {
    if facts::flag(event, "social_care") { "social_care" } else { "other" }.to_owned()
}

fn service(event: &Event) -> Service {
    Service {
        area: event.text("service_area").unwrap_or_default().to_owned(),
        class: class(event),
        target_ms: facts::number(event, "answer_target_seconds").map(|seconds| seconds * 1000),
        short_ms: facts::number(event, "short_abandon_ms").unwrap_or(DEFAULT_SHORT_MS),
    }
}
