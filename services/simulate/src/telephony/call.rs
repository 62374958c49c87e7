//! A call in progress, and the events that it tells.

use super::Caller;
use super::conclusion::WrapUp;
use super::talk::Talk;
use crate::residents::council_number;
use crate::scene::{TELEPHONY, event};
use crate::services::Service;
use schemas::Event;

#[derive(Debug)]
pub(super) struct Call {
    pub(super) caller: Caller,
    pub(super) initial_id: String,
    /// The service whose queue it is in or meant for.
    pub(super) service: &'static Service,
    pub(super) began_at: i64,
    legs: u32,
    /// Stays in queues so far.
    pub(super) visit: u32,
    pub(super) entered_at: i64,
    original_place: usize,
    pub(super) is_called_back: bool,
    pub(super) is_answered: bool,
    /// The conversation, while there is one.
    pub(super) talk: Option<Talk>,
    sequence: i64,
}

/// How a leg of a call came to be.
pub(super) struct Start {
    pub(super) direction: &'static str,
    pub(super) method: &'static str,
    pub(super) channel: &'static str,
}

impl Call {
    pub(super) fn new(caller: Caller, initial_id: String, service: &'static Service, began_at: i64) -> Self {
        Self {
            caller,
            initial_id,
            service,
            began_at,
            legs: 1,
            visit: 0,
            entered_at: began_at,
            original_place: 0,
            is_called_back: false,
            is_answered: false,
            talk: None,
            sequence: 0,
        }
    }

    /// `system:id`, as other systems refer to it.
    pub(super) fn reference(&self) -> String {
        format!("{TELEPHONY}:{}", self.initial_id)
    }

    pub(super) fn contact_id(&self) -> String {
        match self.legs {
            1 => self.initial_id.clone(),
            leg => format!("{}-{leg}", self.initial_id),
        }
    }

    pub(super) fn waited(&self, now: i64) -> i64 {
        now - self.entered_at
    }

    /// The first leg.
    pub(super) fn initiated(&mut self) -> Event {
        self.leg_event(&Start { direction: "inbound", method: "inbound", channel: "voice" }, None, self.began_at)
    }

    /// A further leg, which follows the one before.
    pub(super) fn next_leg(&mut self, start: &Start, now: i64) -> Event {
        let previous = self.contact_id();
        self.legs += 1;
        self.leg_event(start, Some(previous), now)
    }

    fn leg_event(&mut self, start: &Start, previous: Option<String>, now: i64) -> Event {
        let resident = self.caller.resident;
        // A leg inside the council shows nobody's number.
        let is_inside = start.direction == "internal";
        let shows_number = !is_inside && !resident.withholds_number();
        self.event("contact_initiated", &self.contact_id(), now)
            .with("previous_contact_id", previous)
            .with("channel", start.channel)
            .with("direction", start.direction)
            .with("initiation_method", start.method)
            .with("dnis", council_number(self.service.line))
            .with("ani", shows_number.then(|| resident.caller_number()))
            .with("ani_withheld", (!is_inside).then_some(!shows_number))
            .with("customer_account", resident.account().filter(|_| shows_number))
            .with("queue_id", self.service.queue)
    }

    pub(super) fn left_ivr(&mut self, outcome: &str, menu_path: String, now: i64) -> Event {
        self.event("ivr_exited", &self.contact_id(), now)
            .with("flow_id", "main_menu")
            .with("menu_path", menu_path)
            .with("ivr_outcome", outcome)
            .with("ivr_ms", now - self.began_at)
            .with("queue_id", self.service.queue)
    }

    pub(super) fn blocked(&mut self, reason: &str, now: i64) -> Event {
        let key = format!("{}:{}", self.contact_id(), self.service.queue);
        self.event("queue_blocked", &key, now).with("queue_id", self.service.queue).with("block_reason", reason)
    }

    pub(super) fn entered(&mut self, place: usize, now: i64) -> Event {
        (self.entered_at, self.original_place) = (now, place);
        self.visit_event("queue_entered", now)
            .with("queue_name", self.service.queue_name)
            .with("skill", self.service.team.skill())
            .with("position", place as i64)
    }

    pub(super) fn answered(&mut self, agent: &str, ring_ms: i64, now: i64) -> Event {
        let wait_ms = self.waited(now);
        self.visit_event("contact_answered", now)
            .with("agent", agent)
            .with("wait_ms", wait_ms)
            .with("ring_ms", ring_ms)
    }

    pub(super) fn abandoned(&mut self, place: usize, now: i64) -> Event {
        let (wait_ms, original_place) = (self.waited(now), self.original_place);
        self.visit_event("contact_abandoned", now)
            .with("wait_ms", wait_ms)
            .with("position", place as i64)
            .with("orig_position", original_place as i64)
    }

    pub(super) fn exited(&mut self, reason: &str, now: i64) -> Event {
        let wait_ms = self.waited(now);
        self.visit_event("queue_exited", now).with("exit_reason", reason).with("wait_ms", wait_ms)
    }

    /// Passed on to another service, or outside the council.
    pub(super) fn transferred(&mut self, to: Option<&Service>, talk_ms: i64, now: i64) -> Event {
        let next_leg = format!("{}-{}", self.initial_id, self.legs + 1);
        self.event("contact_transferred", &self.contact_id(), now)
            .with("kind", if to.is_some() { "queue" } else { "external" })
            .with("from_queue_id", self.service.queue)
            .with("to_queue_id", to.map(|service| service.queue))
            .with("to_number", to.is_none().then(|| council_number(999)))
            .with("to_contact_id", to.map(|_| next_leg))
            .with("talk_ms_before", talk_ms)
    }

    /// `times` are those of talk and hold.
    pub(super) fn ended(&mut self, by: &str, outcome: &str, times: (i64, i64), now: i64) -> Event {
        self.event("contact_ended", &self.contact_id(), now)
            .with("ended_by", by)
            .with("talk_ms", times.0)
            .with("hold_ms", times.1)
            .with("outcome", outcome)
    }

    pub(super) fn wrapped_up(&mut self, work: &WrapUp, now: i64) -> Event {
        let conclusion = &work.conclusion;
        self.event("wrapup_completed", &work.contact_id, now)
            .with("contact_id", work.contact_id.as_str())
            .with("case_refs", conclusion.case_refs.clone())
            .with("agent", work.agent.as_str())
            .with("acw_ms", work.acw_ms)
            .with("reason_code", self.caller.subject.reason)
            .with("subject_group", self.caller.subject.group)
            .with("resolution", conclusion.resolution)
            .with("avoidable", conclusion.avoidable)
            .with("avoidable_reason", conclusion.avoidable_reason)
            .with("chaser_case_ref", conclusion.chased.clone())
            .with("manual_log_created", conclusion.is_logged_by_hand)
            .with("assisted_digital", conclusion.is_assisted)
    }

    fn visit_event(&mut self, event_type: &str, now: i64) -> Event {
        let visit_id = format!("{}:{}", self.contact_id(), self.visit);
        self.event(event_type, &visit_id, now)
            .with("queue_visit_id", visit_id.as_str())
            .with("queue_id", self.service.queue)
    }

    fn event(&mut self, event_type: &str, key: &str, now: i64) -> Event {
        self.sequence += 1;
        event(TELEPHONY, event_type, key, now)
            .with("initial_contact_id", self.initial_id.as_str())
            .with("contact_id", self.contact_id())
            .with("sequence", self.sequence)
    }
}
