//! Calls as the residents made them, told by their events one after the other.

use super::facts::{self, occurred_at};
use super::place::{Place, UNKNOWN, local_date};
use super::services::{Service, Services};
use super::visits::{End, Visit};
use schemas::Event;
use std::collections::{BTreeMap, BTreeSet};

/// A call with all its legs and stays in queues.
#[derive(Debug, Default)]
pub(super) struct Call {
    /// Source and id.
    pub(super) id: (String, String),
    first_event_at: Option<i64>,
    initiated_at: Option<i64>,
    first_leg: Option<Begun>,
    any_leg: Option<Begun>,
    meant_for: Option<String>,
    /// The queue that it was refused by, or sent to by the voice response unit.
    tried: Option<String>,
    pub(super) was_no_call: bool,
    pub(super) was_transferred: bool,
    visits: BTreeMap<String, Visit>,
    legs: BTreeMap<String, Leg>,
    pub(super) wrapup: Option<Wrapup>,
    /// The resident's telephone numbers and accounts.
    pub(super) tokens: BTreeSet<String>,
    /// Other systems' ids of the matter, the case that was chased among them.
    pub(super) refs: BTreeSet<String>,
}

#[derive(Debug, Clone)]
struct Begun {
    direction: String,
    channel: String,
}

/// What the agent recorded last.
#[derive(Debug)]
pub(super) struct Wrapup {
    pub(super) subject_group: String,
    pub(super) resolution: String,
    pub(super) avoidable_reason: Option<String>,
}

#[derive(Debug, Default)]
struct Leg {
    talk_ms: Option<i64>,
    hold_ms: Option<i64>,
    acw_ms: Option<i64>,
}

/// All calls that the events tell of.
pub(super) fn calls(events: &[Event]) -> Vec<Call> {
    let mut calls: BTreeMap<(String, String), Call> = BTreeMap::new();
    for event in facts::holding(events, "telephony") {
        let id = facts::about(event);
        calls.entry(id.clone()).or_insert_with(|| Call { id, ..Call::default() }).hear(event);
    }
    calls.into_values().collect()
}

impl Call {
    /// Takes in the next event, in order of time.
    fn hear(&mut self, event: &Event) {
        let text = |field: &str| event.text(field).map(str::to_owned);
        self.first_event_at.get_or_insert(occurred_at(event));
        self.tokens.extend(facts::residents(event));
        self.refs.extend(facts::texts(event, "case_refs").into_iter().chain(text("chaser_case_ref")));
        if let Some(visit) = text("queue_visit_id") {
            self.visits.entry(visit).or_default().hear(event);
        }
        match event.event_type.as_str() {
            "contact_initiated" => self.begin(event),
            "contact_transferred" => self.was_transferred = true,
            "queue_blocked" | "ivr_exited" => {
                facts::least(&mut self.tried, event, "queue_id");
            }
            "contact_ended" => {
                self.was_no_call |= event.text("outcome") == Some("not_a_call");
                let leg = self.legs.entry(text("contact_id").unwrap_or_default()).or_default();
                leg.talk_ms = leg.talk_ms.max(facts::number(event, "talk_ms"));
                leg.hold_ms = leg.hold_ms.max(facts::number(event, "hold_ms"));
            }
            "wrapup_completed" => {
                let leg = self.legs.entry(text("contact_id").unwrap_or_default()).or_default();
                leg.acw_ms = leg.acw_ms.max(facts::number(event, "acw_ms"));
                let coded = text("subject_group").zip(text("resolution"));
                let avoidable_reason = text("avoidable_reason");
                self.wrapup = coded.map(|(subject_group, resolution)| Wrapup {
                    subject_group,
                    resolution,
                    avoidable_reason,
                });
            }
            _ => {}
        }
    }

    fn begin(&mut self, event: &Event) {
        let text = |field: &str| event.text(field).unwrap_or_default().to_owned();
        let begun = Begun { direction: text("direction"), channel: text("channel") };
        if event.text("previous_contact_id").is_none() {
            self.first_leg.get_or_insert(begun.clone());
            self.initiated_at.get_or_insert(occurred_at(event));
            self.meant_for = self.meant_for.take().or(event.text("queue_id").map(str::to_owned));
        }
        self.any_leg.get_or_insert(begun);
    }

    fn begun(&self) -> Option<&Begun> {
        self.first_leg.as_ref().or(self.any_leg.as_ref())
    }

    /// Whether the resident called the council, as far as is known; what was no call is nothing.
    pub(super) fn counts(&self) -> bool {
        !self.was_no_call && self.first_leg.as_ref().is_none_or(|begun| begun.direction == "inbound")
    }

    pub(super) fn visits(&self) -> impl Iterator<Item = &Visit> {
        self.visits.values()
    }

    pub(super) fn was_answered(&self) -> bool {
        self.visits().any(|visit| visit.end() == End::Answered)
    }

    pub(super) fn arrived_at(&self) -> i64 {
        self.initiated_at.or(self.first_event_at).unwrap_or_default()
    }

    /// What the call was about, as last recorded.
    pub(super) fn subject_group(&self) -> &str {
        self.wrapup.as_ref().map_or(UNKNOWN, |wrapup| wrapup.subject_group.as_str())
    }

    /// Talk, hold and after-call work of all legs; `None` where no talk was measured.
    pub(super) fn handle_ms(&self) -> Option<i64> {
        let legs = self.legs.values();
        let work = |leg: &Leg| [leg.talk_ms, leg.hold_ms, leg.acw_ms].into_iter().flatten().sum::<i64>();
        legs.clone().any(|leg| leg.talk_ms.is_some()).then(|| legs.map(work).sum())
    }

    /// A call counts where its first stay was offered, or where it arrived if it never was.
    pub(super) fn place(&self, services: &Services) -> Place {
        let known = || self.meant_for.clone().or(self.tried.clone());
        let by_offer = |(id, visit): &(&String, &Visit)| (visit.offered_at(), (*id).clone());
        let (place, _) = match self.visits.iter().min_by_key(by_offer) {
            Some((_, first)) => self.place_at(first.offered_at(), first.queue.clone().or_else(known), services),
            None => self.place_at(self.arrived_at(), known(), services),
        };
        Place { subject_group: self.subject_group().to_owned(), ..place }
    }

    /// Where a stay counts, and by whose rules.
    pub(super) fn place_of(&self, visit: &Visit, services: &Services) -> (Place, Service) {
        self.place_at(visit.offered_at(), visit.queue.clone(), services)
    }

    fn place_at(&self, at: i64, queue: Option<String>, services: &Services) -> (Place, Service) {
        let queue = queue.unwrap_or_else(|| UNKNOWN.to_owned());
        let service = services.of(&queue, local_date(at));
        let channel = self.begun().map_or(UNKNOWN, |begun| begun.channel.as_str());
        let (area, class) = (service.area.clone(), service.class.clone());
        let place = Place { service_area: area, service_class: class, queue, ..Place::at(at, channel) };
        (place, service)
    }
}
