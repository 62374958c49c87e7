//! Contacts over all channels, and which of them are about one demand.

use super::Told;
use super::place::Place;
use std::collections::{BTreeMap, BTreeSet};

/// How many steps from contact to contact join them to one demand.
const STEPS: usize = 4;

/// A resident in touch with the council.
#[derive(Debug)]
pub(super) struct Contact {
    /// Source and id.
    pub(super) id: (String, String),
    is_call: bool,
    pub(super) started_at: i64,
    pub(super) place: Place,
    pub(super) was_received: bool,
    pub(super) tokens: BTreeSet<String>,
    /// Its own name and those of the matter in other systems.
    refs: BTreeSet<String>,
    /// What the agent wrote, where one did.
    avoidable_reason: Option<String>,
    pub(super) role: Role,
}

/// What a contact is to its demand.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The resident asks for something.
    #[default]
    First,
    /// The resident asks for it again.
    Later,
    /// Staff write down what the resident asks for in a call.
    Part,
}

impl Contact {
    fn own_ref(&self) -> String {
        format!("{}:{}", self.id.0, self.id.1)
    }

    /// The earliest of some is that with the least key.
    fn key(&self) -> (i64, String) {
        (self.started_at, self.own_ref())
    }

    pub(super) fn is_part(&self) -> bool {
        self.role == Role::Part
    }

    pub(super) fn is_first(&self) -> bool {
        self.role == Role::First
    }

    /// Where the agent said why the contact was made, that holds; else who asks again chases.
    pub(super) fn is_chaser(&self) -> bool {
        match &self.avoidable_reason {
            _ if self.is_part() => false,
            Some(reason) => reason == "progress_chasing",
            None => !self.is_first(),
        }
    }
}

/// All contacts, each with its role.
pub(super) fn contacts(told: &Told) -> Vec<Contact> {
    let mut contacts: Vec<Contact> = calls(told).chain(submissions(told)).chain(reports(told)).collect();
    for contact in &mut contacts {
        contact.refs.insert(contact.own_ref());
    }
    for members in demands(&contacts) {
        let has_call = members.iter().any(|member| contacts[*member].is_call);
        let (parts, mut own): (Vec<usize>, Vec<usize>) =
            members.into_iter().partition(|member| has_call && contacts[*member].place.channel == "assisted");
        own.sort_by_key(|member| contacts[*member].key());
        parts.iter().for_each(|part| contacts[*part].role = Role::Part);
        own.iter().skip(1).for_each(|later| contacts[*later].role = Role::Later);
    }
    contacts
}

/// The contacts by demand: those that see the same contact as the earliest within the steps.
fn demands(contacts: &[Contact]) -> Vec<Vec<usize>> {
    let mut sharing: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, contact) in contacts.iter().enumerate() {
        contact.refs.iter().for_each(|shared| sharing.entry(shared).or_default().push(place));
    }
    let mut demands: BTreeMap<(i64, String), Vec<usize>> = BTreeMap::new();
    for start in 0..contacts.len() {
        let mut reached = BTreeSet::from([start]);
        for _ in 0..STEPS {
            let shared = reached.iter().flat_map(|place| &contacts[*place].refs);
            reached = shared.flat_map(|shared| &sharing[shared.as_str()]).copied().collect();
        }
        let earliest = reached.iter().map(|place| contacts[*place].key()).min();
        demands.entry(earliest.unwrap_or_default()).or_default().push(start);
    }
    demands.into_values().collect()
}

fn calls(told: &Told) -> impl Iterator<Item = Contact> {
    told.calls.iter().filter(|call| call.counts()).map(|call| Contact {
        id: call.id.clone(),
        is_call: true,
        started_at: call.arrived_at(),
        place: call.place(&told.services),
        was_received: call.was_answered(),
        tokens: call.tokens.clone(),
        refs: call.refs.clone(),
        avoidable_reason: call.wrapup.as_ref().and_then(|wrapup| wrapup.avoidable_reason.clone()),
        role: Role::default(),
    })
}

fn submissions(told: &Told) -> impl Iterator<Item = Contact> {
    told.forms.iter().filter_map(|form| {
        let place = form.place_at(form.submitted_at?, &told.categories);
        Some(written(&form.id, form.submitted_at?, place, &form.tokens, &form.refs))
    })
}

fn reports(told: &Told) -> impl Iterator<Item = Contact> {
    told.reports.iter().filter_map(|report| {
        let place = report.place(report.made_at()?, &told.categories);
        Some(written(&report.id, report.made_at()?, place, &report.tokens, &report.refs))
    })
}

/// A contact that nobody had to answer.
fn written(
    id: &(String, String),
    started_at: i64,
    place: Place,
    tokens: &BTreeSet<String>,
    refs: &BTreeSet<String>,
) -> Contact {
    let (id, tokens, refs) = (id.clone(), tokens.clone(), refs.clone());
    let (is_call, was_received, avoidable_reason) = (false, true, None);
    Contact { id, is_call, started_at, place, was_received, tokens, refs, avoidable_reason, role: Role::default() }
}
