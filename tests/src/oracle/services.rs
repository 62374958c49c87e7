//! Which service a queue answers for on a day.

use super::facts;
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
            let (Some(queue), Some(Value::Date(day))) =
                (event.text("queue_id"), event.fields.get("effective_from"))
            else {
                continue;
            };
            let day = NaiveDate::default() + TimeDelta::days(i64::from(*day));
            // Later in the total order is newer, and takes the place of what was said before.
            statements.insert((queue.to_owned(), day), service(event));
        }
        Self { statements }
    }

    /// The service of a queue on a day; without a map there is no target, and no default for it.
    pub(super) fn of(&self, queue: &str, day: NaiveDate) -> Service {
        let began = self.statements.iter().filter(|((of, from), _)| of == queue && *from <= day);
        let latest = began.max_by_key(|((_, from), _)| *from).map(|(_, service)| service.clone());
        latest.unwrap_or_else(|| Service {
            area: "(unknown)".to_owned(),
            class: "(unknown)".to_owned(),
            target_ms: None,
            short_ms: DEFAULT_SHORT_MS,
        })
    }
}

fn service(event: &Event) -> Service {
    let social_care = event.fields.get("social_care") == Some(&Value::Boolean(true));
    Service {
        area: event.text("service_area").unwrap_or_default().to_owned(),
        class: if social_care { "social_care" } else { "other" }.to_owned(),
        target_ms: facts::number(event, "answer_target_seconds").map(|seconds| seconds * 1000),
        short_ms: facts::number(event, "short_abandon_ms").unwrap_or(DEFAULT_SHORT_MS),
    }
}
