//! A call to its events.

use super::record::{CallRecord, Course, Outcome, Visit};
use schemas::{Event, Value};

/// What happened to the call, in order of its stages; [`super::Oddity`] says why the times may not be.
pub(super) fn of(call: &CallRecord, source: &str) -> Vec<Event> {
    let scribe = Scribe { call, source, visit_id: format!("{}/1", call.call_id) };
    let mut events = vec![scribe.initiated()];
    if !matches!(call.course, Course::NotACall { .. }) {
        events.extend(call.ivr_ended_at.map(|at| scribe.ivr_exited(at)));
    }
    match &call.course {
        Course::Answered { visit, answered_at, ended_at, agent } => {
            events.extend(visit.map(|visit| scribe.queue_entered(visit)));
            // Not the answer less the entry: the answer is often a second before the queue is left.
            let wait_ms = visit.map_or(0, Visit::wait_ms);
            let answered = scribe.visit_event("contact_answered", *answered_at, wait_ms);
            events.push(answered.with("agent", agent.clone()));
            events.push(scribe.ended(*ended_at, Outcome::Answered, Some(milliseconds(*answered_at, *ended_at))));
        }
        Course::Abandoned { visit, ended_at } => {
            events.push(scribe.queue_entered(*visit));
            events.push(scribe.visit_event("contact_abandoned", visit.left_at, visit.wait_ms()));
            events.push(scribe.ended(*ended_at, Outcome::Abandoned, Some(0)));
        }
        Course::AbandonedInIvr { ended_at } => {
            events.push(scribe.ended(*ended_at, Outcome::AbandonedInIvr, Some(0)));
        }
        Course::NotACall { ended_at } => events.push(scribe.ended(*ended_at, Outcome::NotACall, None)),
    }
    events
}

struct Scribe<'a> {
    call: &'a CallRecord,
    source: &'a str,
    /// A call record knows of one stay in a queue at most.
    visit_id: String,
}

impl Scribe<'_> {
    fn initiated(&self) -> Event {
        self.event("contact_initiated", &self.call.call_id, self.call.arrived_at)
            .with("channel", "voice")
            .with("direction", "inbound")
            .with("initiation_method", "inbound")
            .with("customer_account", self.call.customer_id.clone())
            .with("queue_id", self.call.queue.as_str())
    }

    /// See [`super::Oddity::LeftIvrBeforeArrival`] for a stay without length.
    fn ivr_exited(&self, at: i64) -> Event {
        let hung_up = matches!(self.call.course, Course::AbandonedInIvr { .. });
        let stay_ms = milliseconds(self.call.arrived_at, at);
        self.event("ivr_exited", &self.call.call_id, at)
            .with("ivr_outcome", if hung_up { "hung_up" } else { "queued" })
            .with("ivr_ms", (stay_ms >= 0).then_some(stay_ms))
            .with("queue_id", self.call.queue.as_str())
    }

    fn queue_entered(&self, visit: Visit) -> Event {
        self.event("queue_entered", &self.visit_id, visit.entered_at)
            .with("queue_visit_id", self.visit_id.as_str())
            .with("queue_id", self.call.queue.as_str())
            .with("queue_name", self.call.queue.as_str())
            .with("priority", self.call.priority)
    }

    fn visit_event(&self, event_type: &str, at: i64, wait_ms: i64) -> Event {
        self.event(event_type, &self.visit_id, at)
            .with("queue_visit_id", self.visit_id.as_str())
            .with("queue_id", self.call.queue.as_str())
            .with("wait_ms", wait_ms)
    }

    fn ended(&self, at: i64, outcome: Outcome, talk_ms: Option<i64>) -> Event {
        self.event("contact_ended", &self.call.call_id, at)
            .with("ended_by", "unknown")
            .with("talk_ms", talk_ms)
            .with("outcome", outcome.name())
    }

    /// The envelope. `key` is unique within source and event type.
    fn event(&self, event_type: &str, key: &str, at: i64) -> Event {
        Event::new(event_type)
            .with("event_id", schemas::event_id(self.source, event_type, key))
            .with("occurred_at", Value::TimestampMicros(at))
            .with("source", self.source)
            .with("initial_contact_id", self.call.call_id.as_str())
            .with("contact_id", self.call.call_id.as_str())
    }
}

impl Visit {
    fn wait_ms(self) -> i64 {
        milliseconds(self.entered_at, self.left_at)
    }
}

fn milliseconds(from_micros: i64, to_micros: i64) -> i64 {
    (to_micros - from_micros) / 1000
}
