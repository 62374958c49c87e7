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
