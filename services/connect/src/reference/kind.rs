//! What a file can speak of. The keys of each kind are the fields of its event, after the envelope.

use schemas::catalogue::ENVELOPE;
use schemas::{Field, FieldKind};

/// A kind of statement.
#[derive(Debug)]
pub(super) struct Kind {
    /// The TOML table, and the first half of the reference id.
    pub(super) name: &'static str,
    /// How a message names several.
    pub(super) plural: &'static str,
    pub(super) event_type: &'static str,
    /// The key that is the second half of the reference id.
    pub(super) subject: &'static str,
    /// The keys that say what it is about: two statements of one file must not agree in them.
    pub(super) matter: &'static [&'static str],
    /// A key that is shorter than the name of its field, and that name.
    renamed: Option<(&'static str, &'static str)>,
    /// Where there is a `status`: those under which there is no `value`. Under others there is.
    pub(super) valueless: &'static [&'static str],
}

pub(super) static KINDS: [Kind; 9] = [
    Kind {
        name: "queue",
        plural: "queues",
        event_type: "queue_mapped",
        subject: "queue_id",
        matter: &["queue_id", "effective_from"],
        renamed: None,
        valueless: &[],
    },
    Kind {
        name: "target",
        plural: "targets",
        event_type: "target_set",
        subject: "kpi",
        matter: &["kpi", "dimensions", "effective_from"],
        renamed: None,
        valueless: &["tbd"],
    },
    Kind {
        name: "baseline",
        plural: "baselines",
        event_type: "baseline_set",
        subject: "kpi",
        matter: &["kpi", "dimensions"],
        renamed: None,
        valueless: &["not_available", "being_established"],
    },
    Kind {
        name: "category",
        plural: "categories",
        event_type: "category_mapped",
        subject: "category",
        matter: &["system", "category", "effective_from"],
        renamed: Some(("system", "category_system")),
        valueless: &[],
    },
    Kind {
        name: "calendar",
        plural: "calendars",
        event_type: "calendar_loaded",
        subject: "division",
        matter: &["division"],
        renamed: None,
        valueless: &[],
    },
    Kind {
        name: "intervention",
        plural: "interventions",
        event_type: "intervention_logged",
        subject: "name",
        matter: &["name"],
        renamed: None,
        valueless: &[],
    },
    Kind {
        name: "coverage",
        plural: "call centres and channels covered",
        event_type: "coverage_declared",
        subject: "call_centre",
        matter: &["call_centre", "channel", "effective_from"],
        renamed: None,
        valueless: &[],
    },
    Kind {
        name: "count",
        plural: "counts",
        event_type: "volume_counted",
        subject: "channel",
        matter: &["channel", "place", "first_day", "last_day"],
        renamed: None,
        valueless: &[],
    },
    Kind {
        name: "measure",
        plural: "published measures",
        event_type: "measure_published",
        subject: "measure",
        matter: &["report", "number"],
        renamed: None,
        valueless: &[],
    },
];

/// The list that no entry can do without: a calendar without days would say that there are none.
const REQUIRED_LIST: &str = "dates";

impl Kind {
    pub(super) fn fields(&self) -> &'static [Field] {
        let event = schemas::catalogue().event_type(self.event_type);
        event.and_then(|(_, event)| event.fields.get(ENVELOPE.len()..)).unwrap_or_default()
    }

    pub(super) fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields().iter().find(|field| self.key(field) == key)
    }

    /// What a file calls the field.
    pub(super) fn key(&self, field: &'static Field) -> &'static str {
        match self.renamed {
            Some((key, name)) if field.name == name => key,
            _ => &field.name,
        }
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.fields().iter().map(|field| self.key(field))
    }

    /// The keys that every entry has.
    pub(super) fn required(&self) -> impl Iterator<Item = &'static str> {
        let may_be_empty = |field: &Field| field.kind == FieldKind::TextList && field.name != REQUIRED_LIST;
        let required = move |field: &&Field| !field.nullable && !may_be_empty(field);
        self.fields().iter().filter(required).map(|field| self.key(field))
    }
}
