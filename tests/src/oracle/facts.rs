//! Which events hold, and in which order: each once, none that was corrected.

use schemas::{Event, Value, catalogue};
use std::collections::{BTreeMap, BTreeSet};

/// The events of one source in the total order of DESIGN 3, each id once, superseded ones left out.
///
/// Of two events with one id the first given stays: the stories' conflicts differ in no field that
/// is looked at here.
pub(super) fn holding<'a>(events: &'a [Event], source: &str) -> Vec<&'a Event> {
    let corrected: BTreeSet<String> = events.iter().filter_map(|event| id(event, "supersedes")).collect();
    let mut by_id: BTreeMap<String, &Event> = BTreeMap::new();
    for event in events.iter().filter(|event| rank(event).is_some_and(|(of, _)| of == source)) {
        if let Some(id) = id(event, "event_id").filter(|id| !corrected.contains(id)) {
            by_id.entry(id).or_insert(event);
        }
    }
    let mut holding: Vec<(_, &Event)> = by_id
        .into_iter()
        .map(|(id, event)| ((occurred_at(event), number(event, "sequence"), rank(event), id), event))
        .collect();
    holding.sort_by(|left, right| left.0.cmp(&right.0));
    holding.into_iter().map(|(_, event)| event).collect()
}

/// When the event happened, microseconds since 1970.
pub(super) fn occurred_at(event: &Event) -> i64 {
    match event.fields.get("occurred_at") {
        Some(Value::TimestampMicros(micros)) => *micros,
        _ => 0,
    }
}

pub(super) fn number(event: &Event, field: &str) -> Option<i64> {
    match event.fields.get(field) {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    }
}

/// Whether the field is there and true.
pub(super) fn flag(event: &Event, field: &str) -> bool {
    event.fields.get(field) == Some(&Value::Boolean(true))
}

/// The texts of a list.
pub(super) fn texts(event: &Event, field: &str) -> Vec<String> {
    match event.fields.get(field) {
        Some(Value::TextList(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

/// Source and id of what the event tells of.
pub(super) fn about(event: &Event) -> (String, String) {
    (event.text("source").unwrap_or_default().to_owned(), event.subject().to_owned())
}

/// The first in the alphabet of what was kept and what the event says.
pub(super) fn least(kept: &mut Option<String>, event: &Event, field: &str) {
    *kept = [kept.take(), event.text(field).map(str::to_owned)].into_iter().flatten().min();
}

/// Whom the event recognises: a number however it is written, an address in any case, an account.
pub(super) fn residents(event: &Event) -> Vec<String> {
    let number = |text: &str| {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        format!("number {}", digits.strip_prefix("44").or(digits.strip_prefix('0')).unwrap_or(&digits))
    };
    let numbers = ["ani", "phone", "reporter_phone"].into_iter().filter_map(|field| event.text(field)).map(number);
    let addresses = ["email", "reporter_email"].into_iter().filter_map(|field| event.text(field));
    let addresses = addresses.map(|address| format!("address {}", address.to_lowercase()));
    let account = event.text("customer_account").map(|account| format!("account {account}"));
    numbers.chain(addresses).chain(account).collect()
}

/// An id in a form that sorts like its bytes.
fn id(event: &Event, field: &str) -> Option<String> {
    match event.fields.get(field) {
        Some(Value::Id(id)) => Some(id.to_string()),
        _ => None,
    }
}

/// The source of this event's type, and the type's place among those of the source.
fn rank(event: &Event) -> Option<(&'static str, usize)> {
    let (source, _) = catalogue().event_type(&event.event_type)?;
    let place = source.events.iter().position(|known| known.name == event.event_type)?;
    Some((&source.name, place))
}
