//! Reports of something in the street, from the first click to their end.

use super::facts::{self, occurred_at};
use super::place::{Place, local_date};
use super::services::Categories;
use schemas::Event;
use std::collections::{BTreeMap, BTreeSet};

/// One report.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Source and id.
    pub(super) id: (String, String),
    pub(super) confirmed_at: Option<i64>,
    made_with: Option<String>,
    brought_by: Option<String>,
    made_as: Option<String>,
    was_imported: bool,
    category_at_first: Option<String>,
    category_at_last: Option<String>,
    /// The label of the last change of state, and what it stands for.
    state: Option<(String, Class)>,
    is_hidden: bool,
    was_marked_duplicate: bool,
    /// When a person first said that it was mended.
    mended_at: Option<i64>,
    pub(super) tokens: BTreeSet<String>,
    pub(super) refs: BTreeSet<String>,
}

/// What a state stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Open,
    Fixed,
    Closed,
    Hidden,
    Unknown,
}

/// All reports that the events tell of.
pub(super) fn reports(events: &[Event]) -> Vec<Report> {
    let mut reports: BTreeMap<(String, String), Report> = BTreeMap::new();
    for event in facts::holding(events, "fixmystreet") {
        let id = facts::about(event);
        reports.entry(id.clone()).or_insert_with(|| Report { id, ..Report::default() }).hear(event);
    }
    reports.into_values().collect()
}

impl Report {
    /// Takes in the next event, in order of time.
    fn hear(&mut self, event: &Event) {
        let at = occurred_at(event);
        let by_a_person = !facts::flag(event, "automated");
        self.tokens.extend(facts::residents(event));
        self.refs.extend(facts::texts(event, "case_refs"));
        match event.event_type.as_str() {
            "report_created" => {
                facts::least(&mut self.made_with, event, "service");
                facts::least(&mut self.brought_by, event, "channel");
                facts::least(&mut self.made_as, event, "contributed_as");
                facts::least(&mut self.category_at_first, event, "category");
            }
            "report_imported" => self.was_imported = true,
            "report_confirmed" => _ = self.confirmed_at.get_or_insert(at),
            "category_changed" => self.category_at_last = event.text("to_category").map(str::to_owned),
            "duplicate_marked" => self.was_marked_duplicate = true,
            "report_hidden" => self.is_hidden = true,
            "state_changed" => {
                let label = event.text("to_state").unwrap_or_default();
                let class = event.text("to_class").map_or_else(|| by_label(label), by_name);
                self.state = Some((label.to_owned(), class));
                if class == Class::Fixed && by_a_person {
                    self.mended_at.get_or_insert(at);
                }
            }
            "update_posted" => {
                let says_mended = event.text("problem_state").map(by_label) == Some(Class::Fixed);
                if (says_mended || facts::flag(event, "mark_fixed")) && by_a_person {
                    self.mended_at.get_or_insert(at);
                }
            }
            _ => {}
        }
    }

    fn class(&self) -> Class {
        match (&self.state, self.confirmed_at) {
            _ if self.is_hidden => Class::Hidden,
            (Some((_, class)), _) => *class,
            (None, Some(_)) => Class::Open,
            (None, None) => Class::Hidden,
        }
    }

    fn channel(&self) -> &'static str {
        let (with, by) = (self.made_with.as_deref(), self.brought_by.as_deref());
        if self.was_imported || with == Some("Open311") || by == Some("back_office") {
            "back_office"
        } else if self.made_as.as_ref().is_some_and(|whom| !whom.is_empty()) || by == Some("assisted") {
            "assisted"
        } else {
            "fixmystreet"
        }
    }

    /// When a resident made it, if one did and it is to be seen.
    pub(super) fn made_at(&self) -> Option<i64> {
        self.confirmed_at.filter(|_| self.class() != Class::Hidden && self.channel() != "back_office")
    }

    /// When it was mended for good, by a person.
    pub(super) fn fixed_at(&self) -> Option<i64> {
        self.mended_at.filter(|_| self.class() == Class::Fixed)
    }

    /// Whether the council had to mend something because of this very report.
    pub(super) fn is_to_be_fixed(&self) -> bool {
        let label = self.state.as_ref().map(|(label, _)| label.as_str());
        !self.was_marked_duplicate && label != Some("duplicate") && label != Some("not responsible")
    }

    /// Where the report counts that was made then.
    pub(super) fn place(&self, made_at: i64, categories: &Categories) -> Place {
        let category = self.category_at_last.as_deref().or(self.category_at_first.as_deref());
        Place::at(made_at, self.channel()).about(categories.of("fixmystreet", category, local_date(made_at)))
    }
}

/// What the site takes a state for.
fn by_name(class: &str) -> Class {
    match class {
        "open" => Class::Open,
        "fixed" => Class::Fixed,
        "closed" => Class::Closed,
        "hidden" => Class::Hidden,
        _ => Class::Unknown,
    }
}

/// What a state stands for where the site does not say; councils add states of their own.
fn by_label(label: &str) -> Class {
    match label {
        "confirmed" | "investigating" | "in progress" | "planned" | "action scheduled" | "for triage" => {
            Class::Open
        }
        "fixed" | "fixed - council" | "fixed - user" => Class::Fixed,
        "closed" | "unable to fix" | "not responsible" | "duplicate" | "internal referral" | "cancelled" => {
            Class::Closed
        }
        "hidden" | "unconfirmed" | "partial" => Class::Hidden,
        _ => Class::Unknown,
    }
}
