//! Forms as the residents filled them in.

use super::facts::{self, occurred_at};
use super::place::{Place, local_date};
use super::services::Categories;
use schemas::Event;
use std::collections::{BTreeMap, BTreeSet};

/// One go at one form.
#[derive(Debug, Default)]
pub(super) struct Form {
    /// Source and id.
    pub(super) id: (String, String),
    first_event_at: Option<i64>,
    last_event_at: Option<i64>,
    has_expired: bool,
    as_of: i64,
    started_at: Option<i64>,
    is_assisted: bool,
    form: Option<String>,
    transaction: Option<String>,
    pub(super) submitted_at: Option<i64>,
    was_accepted: bool,
    has_failed: bool,
    pub(super) tokens: BTreeSet<String>,
    pub(super) refs: BTreeSet<String>,
}

/// 24 times 60 minutes, whatever the clocks do.
const LEFT_LYING_MICROS: i64 = 24 * 3600 * 1_000_000;

/// All goes at forms that the events tell of, as of an instant.
pub(super) fn forms(events: &[Event], as_of: i64) -> Vec<Form> {
    let mut forms: BTreeMap<(String, String), Form> = BTreeMap::new();
    for event in facts::holding(events, "webform") {
        let id = facts::about(event);
        forms.entry(id.clone()).or_insert_with(|| Form { id, as_of, ..Form::default() }).hear(event);
    }
    forms.into_values().collect()
}

impl Form {
    /// Takes in the next event, in order of time.
    fn hear(&mut self, event: &Event) {
        let at = occurred_at(event);
        self.first_event_at.get_or_insert(at);
        self.last_event_at = self.last_event_at.max(Some(at));
        self.tokens.extend(facts::residents(event));
        self.refs.extend(facts::texts(event, "case_refs"));
        facts::least(&mut self.form, event, "form_id");
        facts::least(&mut self.transaction, event, "transaction_code");
        match event.event_type.as_str() {
            "form_started" => {
                self.started_at.get_or_insert(at);
                self.is_assisted |= facts::flag(event, "assisted") || event.text("started_by") == Some("staff");
            }
            "form_submitted" => _ = self.submitted_at.get_or_insert(at),
            "submission_accepted" => self.was_accepted = true,
            "submission_failed" => self.has_failed = true,
            "session_expired" => self.has_expired = true,
            _ => {}
        }
    }

    /// Whether a resident is known to have begun it alone.
    pub(super) fn is_self_service(&self) -> bool {
        self.started_at.is_some() && !self.is_assisted
    }

    /// Sent off, and not lost behind the form.
    pub(super) fn is_completed(&self) -> bool {
        self.submitted_at.is_some() && (self.was_accepted || !self.has_failed)
    }

    /// Never sent off, and thrown away or left alone for a day.
    pub(super) fn is_abandoned(&self) -> bool {
        let left_for = self.last_event_at.map(|last| self.as_of.saturating_sub(last)).unwrap_or_default();
        self.submitted_at.is_none() && (self.has_expired || left_for >= LEFT_LYING_MICROS)
    }

    /// Where the go at the form counts: where it began, as far as is known.
    pub(super) fn place(&self, categories: &Categories) -> Place {
        self.place_at(self.started_at.or(self.first_event_at).unwrap_or_default(), categories)
    }

    /// Where something that happened to it at this instant counts.
    pub(super) fn place_at(&self, at: i64, categories: &Categories) -> Place {
        let category = self.transaction.as_deref().or(self.form.as_deref());
        let channel = if self.is_assisted { "assisted" } else { "web_form" };
        Place::at(at, channel).about(categories.of("webform", category, local_date(at)))
    }
}
