//! Calls as the residents made them, told by their events one after the other.

use super::facts::{self, occurred_at};
use super::services::{Service, Services};
use chrono::{DateTime, NaiveDate};
use chrono_tz::Europe::London;
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
}

#[derive(Debug, Default)]
struct Leg {
    talk_ms: Option<i64>,
    hold_ms: Option<i64>,
    acw_ms: Option<i64>,
}

/// One stay in one queue.
#[derive(Debug, Default)]
pub(super) struct Visit {
    pub(super) queue: Option<String>,
    entered_at: Option<i64>,
    /// When, and the wait that was reported.
    answered: Option<(i64, i64)>,
    abandoned: Option<(i64, i64)>,
    exited: Option<(i64, i64)>,
    is_called_back: bool,
}

/// How a stay ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Answered,
    Abandoned,
    Exited,
    Unknown,
}

/// Where and when something counts.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) local_date: NaiveDate,
    pub(super) queue: String,
    pub(super) channel: String,
    pub(super) service: Service,
}

/// All calls that the events tell of, with the map of the queues.
pub(super) fn calls(events: &[Event]) -> (Vec<Call>, Services) {
    let mut calls: BTreeMap<(String, String), Call> = BTreeMap::new();
    for event in facts::holding(events, "telephony") {
        let id = (event.text("source").unwrap_or_default().to_owned(), event.subject().to_owned());
        calls.entry(id.clone()).or_insert_with(|| Call { id, ..Call::default() }).hear(event);
    }
    (calls.into_values().collect(), Services::read(events))
}

impl Call {
    /// Takes in the next event, in order of time.
    fn hear(&mut self, event: &Event) {
        let text = |field: &str| event.text(field).map(str::to_owned);
        self.first_event_at.get_or_insert(occurred_at(event));
        if let Some(visit) = text("queue_visit_id") {
            self.visits.entry(visit).or_default().hear(event);
        }
        match event.event_type.as_str() {
            "contact_initiated" => self.begin(event),
            "contact_transferred" => self.was_transferred = true,
            "queue_blocked" | "ivr_exited" => {
                self.tried = [self.tried.take(), text("queue_id")].into_iter().flatten().min();
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
                self.wrapup = coded.map(|(subject_group, resolution)| Wrapup { subject_group, resolution });
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
        if let Some(number) = event.text("ani") {
            let digits: String = number.chars().filter(char::is_ascii_digit).collect();
            let national = digits.strip_prefix("44").or(digits.strip_prefix('0')).unwrap_or(&digits);
            self.tokens.insert(format!("number {national}"));
        }
        if let Some(account) = event.text("customer_account") {
            self.tokens.insert(format!("account {account}"));
        }
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
        self.wrapup.as_ref().map_or("(unknown)", |wrapup| wrapup.subject_group.as_str())
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
        match self.visits.iter().min_by_key(by_offer) {
            Some((_, first)) => self.place_at(first.offered_at(), first.queue.clone().or_else(known), services),
            None => self.place_at(self.arrived_at(), known(), services),
        }
    }

    pub(super) fn place_of(&self, visit: &Visit, services: &Services) -> Place {
        self.place_at(visit.offered_at(), visit.queue.clone(), services)
    }

    fn place_at(&self, at: i64, queue: Option<String>, services: &Services) -> Place {
        let local_date =
            DateTime::from_timestamp_micros(at).unwrap_or_default().with_timezone(&London).date_naive();
        let queue = queue.unwrap_or_else(|| "(unknown)".to_owned());
        let channel = self.begun().map_or("(unknown)", |begun| begun.channel.as_str()).to_owned();
        Place { local_date, service: services.of(&queue, local_date), queue, channel }
    }
}

impl Visit {
    /// Takes in the next event of the stay, in order of time; of two of a kind the first counts.
    fn hear(&mut self, event: &Event) {
        let at = occurred_at(event);
        let wait = (at, facts::number(event, "wait_ms").unwrap_or_default());
        let queue = event.text("queue_id").map(str::to_owned);
        match event.event_type.as_str() {
            "queue_entered" => _ = self.entered_at.get_or_insert(at),
            "contact_answered" => _ = self.answered.get_or_insert(wait),
            "contact_abandoned" => _ = self.abandoned.get_or_insert(wait),
            _ => {
                self.exited.get_or_insert(wait);
                self.is_called_back |= event.text("exit_reason") == Some("callback");
            }
        }
        // Who enters a queue knows which; the others say it where they know.
        let known = self.queue.take();
        self.queue = if event.event_type == "queue_entered" { queue } else { known.or(queue) };
    }

    /// An answer settles a stay, whatever else is reported of it.
    pub(super) fn end(&self) -> End {
        match (self.answered, self.abandoned, self.exited) {
            (Some(_), _, _) => End::Answered,
            (None, Some(_), _) if !self.is_called_back => End::Abandoned,
            (None, _, Some(_)) => End::Exited,
            _ => End::Unknown,
        }
    }

    /// The wait that the source measured; none for who was answered without queueing.
    pub(super) fn wait_ms(&self) -> Option<i64> {
        match self.end() {
            End::Answered if self.entered_at.is_none() => Some(0),
            End::Answered => self.answered.map(|(_, wait)| wait),
            End::Abandoned => self.abandoned.map(|(_, wait)| wait),
            End::Exited => self.exited.map(|(_, wait)| wait),
            End::Unknown => None,
        }
    }

    fn offered_at(&self) -> i64 {
        let ended = self.answered.or(self.abandoned).or(self.exited).map(|(at, _)| at);
        self.entered_at.or(ended).unwrap_or_default()
    }
}
