//! What statements change of what was said before. Pure: no lake, no file.

use super::Said;
use super::kind::{KINDS, Kind};
use schemas::{Event, Value};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// What a statement changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing was said about the matter before.
    New,
    /// Something else was said: these keys were other.
    Changed(Vec<ChangedKey>),
    /// The same was said.
    AsBefore,
    /// What was said holds on, because it was said no earlier than this statement is: at this instant,
    /// in microseconds since 1970-01-01 UTC. Some clock is wrong.
    Outdone {
        /// When what holds was said.
        said_at_micros: i64,
    },
}

/// A key and what it said before and says now, as a file writes it; empty where it says nothing. Of
/// lists only the items that the other does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedKey {
    /// The key of the file.
    pub key: String,
    /// What was said.
    pub before: String,
    /// What is said now.
    pub after: String,
}

/// What each of the statements changes, against `held`: the events that count, in any order.
pub fn changes(statements: &[Said], held: &[Event]) -> Vec<Change> {
    let mut holding: HashMap<Matter, &Event> = HashMap::new();
    for event in held {
        let Some(kind) = kind(event) else { continue };
        let newest = holding.entry(matter(kind, event)).or_insert(event);
        if rank(event) > rank(newest) {
            *newest = event;
        }
    }
    let change = |said: &Said| {
        let found = kind(&said.event).and_then(|kind| Some((kind, *holding.get(&matter(kind, &said.event))?)));
        found.map_or(Change::New, |(kind, held)| against(kind, &said.event, held))
    };
    statements.iter().map(change).collect()
}

/// A kind of statement and what it is about.
type Matter = (&'static str, Vec<String>);

fn kind(event: &Event) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.event_type == event.event_type)
}

fn matter(kind: &'static Kind, event: &Event) -> Matter {
    let values = values(kind, event);
    (kind.name, kind.matter.iter().map(|key| values.get(key).map(Value::to_string).unwrap_or_default()).collect())
}

/// The order of the models: the greatest one holds.
fn rank(event: &Event) -> (i64, Option<i64>, Option<Uuid>) {
    let sequence = match event.fields.get("sequence") {
        Some(Value::Number(sequence)) => Some(*sequence),
        _ => None,
    };
    let id = match event.fields.get("event_id") {
        Some(Value::Id(id)) => Some(*id),
        _ => None,
    };
    (said_at(event), sequence, id)
}

fn said_at(event: &Event) -> i64 {
    match event.fields.get("occurred_at") {
        Some(Value::TimestampMicros(micros)) => *micros,
        _ => i64::MIN,
    }
}

fn against(kind: &'static Kind, said: &Event, held: &Event) -> Change {
    let (before, after) = (values(kind, held), values(kind, said));
    let other = kind.keys().filter(|key| before.get(key) != after.get(key));
    let changed = |key: &str| ChangedKey {
        key: key.to_owned(),
        before: beside(before.get(key), after.get(key)),
        after: beside(after.get(key), before.get(key)),
    };
    let changed: Vec<_> = other.map(changed).collect();
    match changed.is_empty() {
        true => Change::AsBefore,
        false if said_at(held) >= said_at(said) => Change::Outdone { said_at_micros: said_at(held) },
        false => Change::Changed(changed),
    }
}

/// The value; of a list what the other list lacks.
fn beside(value: Option<&Value>, other: Option<&Value>) -> String {
    match (value, other) {
        (Some(Value::TextList(texts)), Some(Value::TextList(others))) => {
            let own: Vec<_> = texts.iter().filter(|text| !others.contains(text)).map(String::as_str).collect();
            own.join(", ")
        }
        (value, _) => value.map(Value::to_string).unwrap_or_default(),
    }
}

/// What is said, by key. The order of a list means nothing, and an empty one is as good as none.
fn values(kind: &'static Kind, event: &Event) -> BTreeMap<&'static str, Value> {
    let mut values = BTreeMap::new();
    for field in kind.fields() {
        let value = match event.fields.get(&field.name) {
            None | Some(Value::Null) => continue,
            Some(Value::TextList(texts)) if texts.is_empty() => continue,
            Some(Value::TextList(texts)) => {
                let mut texts = texts.clone();
                texts.sort_unstable();
                Value::TextList(texts)
            }
            Some(value) => value.clone(),
        };
        values.insert(kind.key(field), value);
    }
    values
}
