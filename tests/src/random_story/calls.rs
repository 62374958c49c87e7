//! One call of a random story, from its arrival to its wrap-up.

use super::maps::QUEUES;
use super::residents::Resident;
use super::{DAY, MINUTE, SECOND, Subject, Teller};
use rand::Rng;

/// Waits on and beside the thresholds, in milliseconds.
const EDGES: [i64; 17] = [
    0, 1, 999, 1000, 4999, 5000, 5001, 7999, 8000, 8001, 19_999, 20_000, 20_001, 60_000, 60_001, 120_000, 120_001,
];

/// What a call is about to go through.
struct Ahead<'a> {
    call: String,
    /// Fields that every event of the call carries, with a blank before.
    common: &'static str,
    queue: &'a str,
    matter: &'a str,
}

impl Teller {
    /// A call that arrives at this instant; the name that others refer to it by.
    pub(super) fn call(&mut self, at: i64, resident: &Resident, matter: &str) -> String {
        // A second telephony system counts its own calls, from 1 too.
        let (source, common) = if self.chance(15) { ("south", " source=south") } else { ("story", "") };
        let subject = self.subject(source, "c");
        let own_ref = subject.own_ref();
        let Subject { id: call, .. } = subject;
        let ahead = Ahead { call, common, queue: self.pick(&QUEUES), matter };
        let story = self.rng.random_range(0..100);
        let direction = if (92..96).contains(&story) { "outbound" } else { "inbound" };
        self.initiated(at, &ahead, resident, direction);
        // A source that loses its first event: the call then begins with what came next.
        if story < 77 && self.chance(3) {
            self.lines.pop();
        }
        if self.chance(40) {
            self.line(at, &ahead.call, &format!("ivr_exited ivr_outcome=queued{}", ahead.common));
        }
        let at = at + self.rng.random_range(0..3) * 10 * SECOND;
        match story {
            0..45 => self.answered(at, &ahead, 1),
            45..57 => self.given_up(at, &ahead, 1),
            57..65 => self.passed_on(at, &ahead),
            65..73 => self.transferred(at, &ahead),
            73..77 => self.entered(at, &ahead, 1),
            77..81 => self.said(at, &ahead, "queue_blocked block_reason=full queue_id", ahead.queue),
            81..85 => self.left_early(at, &ahead, "hung_up", "abandoned_in_ivr"),
            85..88 => self.left_early(at, &ahead, "self_served", "other"),
            88..90 => self.said(at, &ahead, "contact_ended talk_ms=900000 outcome", "not_a_call"),
            90..92 => self.not_a_call_that_waited(at, &ahead),
            92..96 => self.answered(at, &ahead, 1),
            96..98 => self.misreported(at, &ahead),
            _ => {}
        }
        own_ref
    }

    fn initiated(&mut self, at: i64, ahead: &Ahead<'_>, resident: &Resident, direction: &str) {
        let mut rest = format!("contact_initiated queue_id={} direction={direction}", ahead.queue);
        for (field, known) in [("ani", &resident.phone), ("customer_account", &resident.account)] {
            if let Some(known) = known {
                rest += &format!(" {field}={known}");
            }
        }
        if self.chance(5) {
            rest = rest.replace("contact_initiated", "contact_initiated channel=chat");
        }
        self.line(at, &ahead.call, &(rest + ahead.common));
    }

    /// A stay in the queue that an agent ends, and all that follows.
    fn answered(&mut self, at: i64, ahead: &Ahead<'_>, visit: u32) {
        let wait_ms = self.wait_ms();
        if self.chance(75) {
            self.entered(at, ahead, visit);
        }
        // Real sources answer a second before the call enters the queue.
        let at = if self.chance(5) { at - SECOND } else { at + wait_ms * 1000 };
        self.reported(at, ahead, visit, &format!("contact_answered agent=ana wait_ms={wait_ms}"));
        let talk_ms = self.rng.random_range(1..600_000);
        self.finished(at + talk_ms * 1000, ahead, &ahead.call, talk_ms);
    }

    fn given_up(&mut self, at: i64, ahead: &Ahead<'_>, visit: u32) {
        let wait_ms = self.wait_ms();
        if self.chance(90) {
            self.entered(at, ahead, visit);
        }
        let at = at + wait_ms * 1000;
        if self.chance(10) {
            // The source took it back: an agent had picked up after all.
            self.labels += 1;
            let label = self.labels;
            let abandoned = format!("contact_abandoned wait_ms={wait_ms} id=n{label}");
            self.reported(at, ahead, visit, &abandoned);
            self.reported(at, ahead, visit, &format!("contact_answered wait_ms={wait_ms} supersedes=n{label}"));
        } else {
            self.reported(at, ahead, visit, &format!("contact_abandoned wait_ms={wait_ms} position=1"));
        }
        self.said(at, ahead, "contact_ended ended_by=customer outcome", "abandoned");
    }

    /// Out of one queue and into another, or out for good by asking to be rung back.
    fn passed_on(&mut self, at: i64, ahead: &Ahead<'_>) {
        let wait_ms = self.wait_ms();
        self.entered(at, ahead, 1);
        let reason = self.pick(&["timeout", "overflow", "callback"]);
        let at = at + wait_ms * 1000;
        self.reported(at, ahead, 1, &format!("queue_exited exit_reason={reason} wait_ms={wait_ms}"));
        let next = Ahead { call: ahead.call.clone(), queue: self.pick(&QUEUES), ..*ahead };
        match (reason, self.chance(60)) {
            ("callback", _) => {}
            (_, true) => self.answered(at, &next, 2),
            (_, false) => self.given_up(at, &next, 2),
        }
    }

    /// Two legs: the first agent passes the call on to another queue, or out of the house.
    fn transferred(&mut self, at: i64, ahead: &Ahead<'_>) {
        self.answered(at, ahead, 1);
        let at = at + self.rng.random_range(1..30) * MINUTE;
        let (call, common) = (&ahead.call, ahead.common);
        if self.chance(20) {
            return self.said(at, ahead, "contact_transferred to_number=01632960999 kind", "external");
        }
        self.line(at, call, &format!("contact_transferred kind=queue to_contact_id={call}b{common}"));
        let leg = format!("contact_id={call}b{common}");
        let begun = "contact_initiated initiation_method=queue_transfer direction=internal queue_id=AAA";
        self.line(at, call, &format!("{begun} previous_contact_id={call} {leg}"));
        let (queue, wait_ms) = (self.pick(&QUEUES), self.wait_ms());
        self.line(at, call, &format!("queue_entered queue_id={queue} queue_visit_id={call}/9 {leg}"));
        let at = at + wait_ms * 1000;
        self.line(
            at,
            call,
            &format!("contact_answered agent=ben wait_ms={wait_ms} queue_visit_id={call}/9 {leg}"),
        );
        let talk_ms = self.rng.random_range(1..600_000);
        self.finished(at + talk_ms * 1000, ahead, &format!("{call}b"), talk_ms);
    }

    fn left_early(&mut self, at: i64, ahead: &Ahead<'_>, ivr_outcome: &str, outcome: &str) {
        self.said(at, ahead, "ivr_exited ivr_ms=9000 ivr_outcome", ivr_outcome);
        self.said(at, ahead, "contact_ended ended_by=customer outcome", outcome);
    }

    /// Both an answer and an abandonment for one stay: the answer holds.
    fn misreported(&mut self, at: i64, ahead: &Ahead<'_>) {
        let wait_ms = self.wait_ms();
        self.answered(at, ahead, 1);
        self.reported(at, ahead, 1, &format!("contact_abandoned wait_ms={wait_ms}"));
    }

    fn not_a_call_that_waited(&mut self, at: i64, ahead: &Ahead<'_>) {
        self.answered(at, ahead, 1);
        self.said(at, ahead, "contact_ended ended_by=system outcome", "not_a_call");
    }

    /// The end of a leg and its wrap-up: measured or not, late, missing, told again or corrected.
    fn finished(&mut self, at: i64, ahead: &Ahead<'_>, leg: &str, talk_ms: i64) {
        let (call, leg) = (&ahead.call, format!("contact_id={leg}{}", ahead.common));
        let talk = if self.chance(90) { format!(" talk_ms={talk_ms}") } else { String::new() };
        let hold = if self.chance(30) { format!(" hold_ms={}", talk_ms / 7) } else { String::new() };
        if self.chance(95) {
            self.line(at, call, &format!("contact_ended ended_by=customer outcome=answered{talk}{hold} {leg}"));
        }
        if !self.chance(75) {
            return;
        }
        let at = if self.chance(10) { at + DAY } else { at + 30 * SECOND };
        let acw_ms = self.rng.random_range(0..60_000);
        if self.chance(80) {
            return self.wrapped_up(at, ahead, acw_ms, &leg);
        }
        self.labels += 1;
        let label = self.labels;
        self.wrapped_up(at, ahead, acw_ms, &format!("{leg} id=n{label}"));
        match self.rng.random_range(0..4) {
            // Coded twice; the later code holds, by time, then sequence, then id.
            0 => self.wrapped_up(at + MINUTE, ahead, acw_ms, &leg),
            1 => self.wrapped_up(at, ahead, acw_ms, &format!("{leg} sequence=3")),
            2 => self.wrapped_up(at, ahead, acw_ms, &leg),
            // Corrected, and the correction corrected by one that says it happened earlier.
            _ => {
                self.wrapped_up(at, ahead, acw_ms + 7, &format!("{leg} supersedes=n{label} id=m{label}"));
                self.wrapped_up(at - MINUTE, ahead, acw_ms / 2, &format!("{leg} supersedes=m{label}"));
            }
        }
    }

    fn wrapped_up(&mut self, at: i64, ahead: &Ahead<'_>, acw_ms: i64, rest: &str) {
        let matter = if self.chance(85) { ahead.matter } else { self.pick(&["band", "other_matter"]) };
        let resolution = self.pick(&["resolved", "resolved", "signposted", "follow_up_needed", "unheard_of"]);
        let mut coded = format!("subject_group={matter} resolution={resolution} acw_ms={acw_ms}");
        if self.chance(25) {
            let reason = self.pick(&["progress_chasing", "progress_chasing", "premature_closure", "other"]);
            coded += &format!(" avoidable=true avoidable_reason={reason}");
        }
        self.line(at, &ahead.call, &format!("wrapup_completed agent=ana {coded} {rest}"));
    }

    fn entered(&mut self, at: i64, ahead: &Ahead<'_>, visit: u32) {
        self.reported(at, ahead, visit, "queue_entered");
    }

    /// An event of a stay in the queue.
    fn reported(&mut self, at: i64, ahead: &Ahead<'_>, visit: u32, rest: &str) {
        let Ahead { call, common, queue, .. } = ahead;
        self.line(at, call, &format!("{rest} queue_visit_id={call}/{visit} queue_id={queue}{common}"));
    }

    /// An event of the call whose last field has this value.
    fn said(&mut self, at: i64, ahead: &Ahead<'_>, rest: &str, value: &str) {
        self.line(at, &ahead.call, &format!("{rest}={value}{}", ahead.common));
    }

    fn wait_ms(&mut self) -> i64 {
        let edge = EDGES[self.rng.random_range(0..EDGES.len())];
        if self.chance(50) { edge } else { self.rng.random_range(0..400_000) }
    }
}
