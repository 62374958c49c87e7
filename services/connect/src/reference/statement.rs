//! An entry, understood: what is said about which matter, and the event that says so.

use super::entry::{Cell, Entry, Raw};
use super::kind::Kind;
use super::problem::{names, quoted};
use super::{Problem, ReferenceOptions, value};
use crate::nearest::nearest;
use schemas::{Event, Value, event_id};
use std::collections::BTreeMap;

pub(super) struct Statement {
    kind: &'static Kind,
    /// What could be read, by field.
    fields: BTreeMap<String, Value>,
    /// Whether all keys of the matter could be read.
    matter_known: bool,
}

impl Statement {
    pub(super) fn read(entry: &Entry) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut fields = BTreeMap::new();
        for cell in &entry.cells {
            match value_of(entry, cell) {
                // No slice named and an empty list of slices are the same.
                Ok(Value::TextList(texts)) if texts.is_empty() => {}
                Ok(value) => {
                    let field = entry.kind.field(&cell.key).map_or(&cell.key, |field| &field.name);
                    fields.insert(field.clone(), value);
                }
                Err(found) => problems.extend(found),
            }
        }
        let missing = entry.kind.required().filter(|key| entry.cell(key).is_none());
        let unsaid = missing.filter(|key| !entry.lacking.contains(key));
        problems.extend(unsaid.map(|key| entry.problem("nothing", "a value").key(key)));
        problems.extend(value_against_status(entry));
        problems.extend(figure_against_status(entry));
        problems.extend(days_in_order(entry, &fields));
        let faulty = |key: &&str| {
            entry.lacking.contains(key) || problems.iter().any(|problem| problem.key.as_deref() == Some(*key))
        };
        let matter_known = !entry.kind.matter.iter().any(faulty);
        (Self { kind: entry.kind, fields, matter_known }, problems)
    }

    /// What it is about, if that could be read.
    pub(super) fn matter(&self) -> Option<(&'static str, String)> {
        let about: Vec<&str> = self
            .kind
            .matter
            .iter()
            .filter_map(|key| self.kind.field(key))
            .map(|field| field.name.as_str())
            .collect();
        let fields = self.fields.iter().filter(|(field, _)| about.contains(&field.as_str()));
        self.matter_known.then(|| (self.kind.name, canonical(fields)))
    }

    /// The same for people: the kind, and the keys of the matter that say something.
    pub(super) fn about(&self) -> String {
        let named = self.kind.matter.iter().filter_map(|key| self.kind.field(key));
        let values = named.filter_map(|field| self.fields.get(&field.name)).map(ToString::to_string);
        format!("{} {}", self.kind.name, values.collect::<Vec<_>>().join(", "))
    }

    pub(super) fn into_event(self, options: &ReferenceOptions) -> Event {
        let Kind { name, event_type, subject, .. } = self.kind;
        let key = format!("{}{}", options.said_at_micros, canonical(&self.fields));
        let event = Event { event_type: (*event_type).to_owned(), fields: self.fields };
        let reference_id = format!("{name}:{}", event.text(subject).unwrap_or_default());
        event
            .with("event_id", event_id(&options.source, event_type, &key))
            .with("occurred_at", Value::TimestampMicros(options.said_at_micros))
            .with("source", options.source.as_str())
            .with("reference_id", reference_id)
    }
}

fn value_of(entry: &Entry, cell: &Cell) -> Result<Value, Vec<Problem>> {
    let Cell { key, line, raw } = cell;
    let problem = |found: &str, expected: &str| Problem::new(*line, found, expected).of(entry.name.clone());
    let Some(field) = entry.kind.field(key) else {
        let unused = entry.kind.keys().filter(|key| entry.cell(key).is_none());
        let found = format!("an unknown key {}", quoted(key));
        return Err(vec![problem(&found, &names(entry.kind.keys())).near(nearest(key, unused))]);
    };
    let place =
        |wrong: value::Wrong| problem(&wrong.found, &wrong.expected).key(key).near(wrong.nearest.as_deref());
    value::read(field, raw).map_err(|wrong| wrong.into_iter().map(place).collect())
}

/// A target to be decided has no value, one that is decided has one; likewise a baseline.
fn value_against_status(entry: &Entry) -> Option<Problem> {
    let Some(Raw::Text(status)) = entry.cell("status").map(|cell| &cell.raw) else { return None };
    let known = &entry.kind.field("status")?.values;
    let without = entry.kind.valueless.contains(&status.as_str());
    match entry.cell("value") {
        _ if !known.contains(status) => None,
        Some(cell) if without => {
            let expected = format!("none while `status` is `{status}`");
            let problem = Problem::new(cell.line, "a value", &expected).of(entry.name.clone());
            Some(problem.key("value"))
        }
        None if !without => {
            let expected = format!("a value, because `status` is `{status}`");
            Some(entry.problem("nothing", &expected).key("value"))
        }
        _ => None,
    }
}

/// Where a report has a figure, the file has its words. A figure that it has not may have words too.
fn figure_against_status(entry: &Entry) -> Vec<Problem> {
    let lacking = |figure: &str| {
        let (status, published) = (format!("{figure}_status"), format!("{figure}_published"));
        let Some(Raw::Text(told)) = entry.cell(&status).map(|cell| &cell.raw) else { return None };
        let has_one = ["approved", "proposed", "available"].contains(&told.as_str());
        if !has_one || entry.cell(&published).is_some() {
            return None;
        }
        let expected = format!("what the report writes, because `{status}` is `{told}`");
        Some(entry.problem("nothing", &expected).key(&published))
    };
    ["target", "baseline", "current"].into_iter().filter_map(lacking).collect()
}

/// A period ends on its first day or later.
fn days_in_order(entry: &Entry, fields: &BTreeMap<String, Value>) -> Option<Problem> {
    let days = (fields.get("first_day"), fields.get("last_day"));
    let (Some(Value::Date(first)), Some(Value::Date(last))) = days else { return None };
    let cell = entry.cell("last_day").filter(|_| last < first)?;
    let found = format!("{}, before `first_day`", cell.raw);
    let problem = Problem::new(cell.line, &found, "that day or a later one").of(entry.name.clone());
    Some(problem.key("last_day"))
}

/// The fields as one text that only these fields have: every part is preceded by its length.
/// Part of every event's id, and so fixed.
fn canonical<'a>(fields: impl IntoIterator<Item = (&'a String, &'a Value)>) -> String {
    let mut canonical = String::new();
    for (key, value) in fields {
        canonical.push_str(&format!("/{key}"));
        for part in parts(value) {
            canonical.push_str(&format!("={}:{part}", part.len()));
        }
    }
    canonical
}

fn parts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Text(text) => vec![text.clone()],
        Value::Number(number) | Value::TimestampMicros(number) | Value::Decimal(number) => {
            vec![number.to_string()]
        }
        Value::Boolean(flag) => vec![flag.to_string()],
        Value::Id(id) => vec![id.to_string()],
        Value::Date(days) => vec![days.to_string()],
        Value::TextList(texts) => texts.clone(),
    }
}
