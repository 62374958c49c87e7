//! What a file can speak of. The keys of each kind are the fields of its event, after the envelope.

use schemas::catalogue::ENVELOPE;
use schemas::{Field, FieldKind};

/// A kind of statement.
#[derive(Debug)]
pub(super) struct Kind {
    /// The TOML table, and the first half of the reference id.
    pub(super) name: &'static str,
    pub(super) event_type: &'static str,
    /// The key that is the second half of the reference id.
    pub(super) subject: &'static str,
    /// The keys that say what it is about: two statements of one file must not agree in them.
    pub(super) matter: &'static [&'static str],
    /// Where there is a `status`: those under which there is no `value`. Under others there is.
    pub(super) valueless: &'static [&'static str],
}

pub(super) static KINDS: [Kind; 3] = [
    Kind {
        name: "queue",
        event_type: "queue_mapped",
        subject: "queue_id",
        matter: &["queue_id", "effective_from"],
        valueless: &[],
    },
    Kind {
        name: "target",
        event_type: "target_set",
        subject: "kpi",
        matter: &["kpi", "dimensions", "effective_from"],
        valueless: &["tbd"],
    },
    Kind {
        name: "baseline",
        event_type: "baseline_set",
        subject: "kpi",
        matter: &["kpi", "dimensions"],
        valueless: &["not_available", "being_established"],
    },
];

impl Kind {
    pub(super) fn fields(&self) -> &'static [Field] {
        let event = schemas::catalogue().event_type(self.event_type);
        event.and_then(|(_, event)| event.fields.get(ENVELOPE.len()..)).unwrap_or_default()
    }

    pub(super) fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields().iter().find(|field| field.name == key)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.fields().iter().map(|field| field.name.as_str())
    }

    /// The keys that every entry has.
    pub(super) fn required(&self) -> impl Iterator<Item = &'static str> {
        let required = |field: &&Field| !field.nullable && field.kind != FieldKind::TextList;
        self.fields().iter().filter(required).map(|field| field.name.as_str())
    }
}
