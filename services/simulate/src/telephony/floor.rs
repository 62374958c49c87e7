//! The floor: every call in progress, the lines of all teams, and what happens next to each.

use super::call::{Call, Start};
use super::conclusion::{self, WrapUp};
use super::put_down::put_down;
use super::talk::{self, Passing, Talk};
use super::team::{Desk, Waiting};
use super::{Caller, Move, Seat, menu, roster, then};
use crate::agenda::Happening;
use crate::local::{DAY, HALF_HOUR, MINUTE, SECOND};
use crate::scene::Scene;
use crate::services::{GENERAL, Team};
use std::collections::BTreeMap;

/// After this wait a callback is offered, unless the lines close soon.
const OFFER_AFTER: i64 = 4 * MINUTE;
const LAST_OFFER: i64 = 90 * MINUTE;

#[derive(Debug, Default)]
pub(crate) struct Floor {
    desks: [Desk; 3],
    calls: BTreeMap<u64, Call>,
    /// The number of the latest call, over all days.
    number: u64,
}

impl Floor {
    /// A new day: another roster, and nobody waits.
    pub(crate) fn begin(&mut self, scene: &mut Scene) {
        let day = scene.day;
        self.calls.retain(|_, call| call.began_at >= day.starts - DAY / 2);
        let (opens, ends) = (day.opens, day.closes + HALF_HOUR);
        for team in Team::ALL {
            let seats = roster::seats(&scene.settings, team, &day, &mut scene.phone);
            self.desk(team).begin(seats, opens, ends);
            scene.truth.agents_at_most += self.desk(team).seats() as u64;
        }
        if day.is_working {
            for half_hour in 0..=(ends - opens) / HALF_HOUR {
                scene.later(opens + half_hour * HALF_HOUR, Happening::Telephony(Move::Shift));
            }
        }
    }

    /// A resident rings.
    pub(crate) fn ring(&mut self, caller: Caller, now: i64, scene: &mut Scene) {
        self.number += 1;
        scene.truth.calls += 1;
        if scene.phone.per_mille(4) {
            menu::stray_record(now, scene);
        }
        // Some choose nothing in the menu.
        let is_lost = scene.phone.percent(8);
        let service = if is_lost { &GENERAL } else { caller.subject.service };
        let mut call = Call::new(caller, scene.next_call(), service, now);
        scene.tell(call.initiated());
        self.calls.insert(self.number, call);
        let greeting = 12 * SECOND + scene.phone.exponential(18 * SECOND).min(2 * MINUTE);
        scene.later(now + greeting, Happening::Telephony(Move::LeaveIvr { call: self.number }));
    }

    pub(crate) fn step(&mut self, step: Move, now: i64, scene: &mut Scene) {
        match step {
            Move::LeaveIvr { call } => self.leave_ivr(call, now, scene),
            Move::GiveUp { call, visit } => self.give_up(call, visit, now, scene),
            Move::OfferCallback { call, visit } => self.offer_callback(call, visit, now, scene),
            Move::PickUp { call, seat, ring_ms } => self.pick_up(call, seat, ring_ms, now, scene),
            Move::HangUp { call, seat } => self.hang_up(call, seat, now, scene),
            Move::WrapUp { call, seat, work } => {
                if let Some(call) = self.calls.get_mut(&call) {
                    scene.tell(call.wrapped_up(&work, now));
                }
                self.free(seat, now, scene);
            }
            Move::Shift => self.shift(now, scene),
        }
    }

    fn leave_ivr(&mut self, number: u64, now: i64, scene: &mut Scene) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let day = scene.day;
        let is_open = day.is_working && (day.opens..day.closes).contains(&now);
        if !is_open {
            scene.tell(call.blocked("closed", now));
            scene.tell(call.ended("system", "blocked", (0, 0), now));
            then::refused(&call.caller, now, scene);
            return;
        }
        let outcome = menu::outcome(call.service, &mut scene.phone);
        scene.tell(call.left_ivr(outcome, menu::path(call.service), now));
        match outcome {
            "queued" => self.enter(number, now, scene),
            "hung_up" => scene.tell(call.ended("customer", "abandoned_in_ivr", (0, 0), now)),
            _ => scene.tell(call.ended("system", "other", (0, 0), now)),
        }
    }

    /// Joins the line of the call's service, unless that is full.
    fn enter(&mut self, number: u64, now: i64, scene: &mut Scene) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let desk = &mut self.desks[call.service.team as usize];
        if desk.length() >= 8 + 5 * desk.seats() {
            scene.tell(call.blocked("full", now));
            scene.tell(call.ended("system", "blocked", (0, 0), now));
            then::refused(&call.caller, now, scene);
            return;
        }
        call.visit += 1;
        let visit = call.visit;
        let place = desk.join(Waiting { call: number, visit, is_callback: false });
        scene.tell(call.entered(place, now));
        let gives_up = now + menu::patience(&mut scene.phone);
        scene.later(gives_up, Happening::Telephony(Move::GiveUp { call: number, visit }));
        if now + OFFER_AFTER < scene.day.closes - LAST_OFFER {
            let offer = Move::OfferCallback { call: number, visit };
            scene.later(now + OFFER_AFTER, Happening::Telephony(offer));
        }
        let team = call.service.team;
        self.assign(team, now, scene);
    }

    fn give_up(&mut self, number: u64, visit: u32, now: i64, scene: &mut Scene) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let Some(place) = self.desks[call.service.team as usize].leave(number, visit) else { return };
        scene.tell(call.abandoned(place, now));
        scene.tell(call.ended("customer", "abandoned", (0, 0), now));
        scene.truth.abandoned += u64::from(!call.is_answered);
        then::given_up(&call.caller, now, scene);
    }

    fn offer_callback(&mut self, number: u64, visit: u32, now: i64, scene: &mut Scene) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let accepts = !call.caller.resident.withholds_number() && scene.phone.percent(22);
        if accepts && self.desks[call.service.team as usize].keep_place(number, visit) {
            call.is_called_back = true;
            scene.tell(call.exited("callback", now));
            scene.tell(call.ended("system", "other", (0, 0), now));
        }
    }

    /// Gives those in line to those who are free.
    fn assign(&mut self, team: Team, now: i64, scene: &mut Scene) {
        while let Some((number, waiting)) = self.desk(team).assign(now) {
            let Some(call) = self.calls.get_mut(&waiting.call) else { continue };
            let mut rings = 2 * SECOND + scene.phone.exponential(3 * SECOND).min(15 * SECOND);
            if waiting.is_callback {
                rings += 8 * SECOND;
                let start = Start { direction: "outbound", method: "callback", channel: "callback" };
                scene.tell(call.next_leg(&start, now));
                call.visit += 1;
                scene.tell(call.entered(1, now));
            }
            let pick_up = Move::PickUp { call: waiting.call, seat: Seat { team, number }, ring_ms: rings };
            scene.later(now + rings, Happening::Telephony(pick_up));
        }
    }

    fn pick_up(&mut self, number: u64, seat: Seat, ring_ms: i64, now: i64, scene: &mut Scene) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        if call.is_called_back && scene.phone.percent(20) {
            scene.tell(call.exited("system", now));
            scene.tell(call.ended("unknown", "other", (0, 0), now));
            return self.free(seat, now, scene);
        }
        let agent = roster::agent(seat, self.desks[seat.team as usize].seats(), scene.day.date);
        scene.tell(call.answered(&agent, ring_ms, now));
        scene.truth.answered += u64::from(!call.is_answered);
        call.is_answered = true;
        let passing = talk::passing(call, &mut scene.phone);
        let (talk_ms, hold_ms, acw_ms) = talk::times(call, passing, &mut scene.phone);
        let mut conclusion = conclusion::conclude(&call.caller, passing, &mut scene.phone);
        scene.truth.chasers += u64::from(conclusion.chased.is_some());
        if passing.is_none() {
            put_down(call, &agent, &mut conclusion, now + talk_ms / 2, scene);
        }
        call.talk = Some(Talk { agent, talk_ms, hold_ms, acw_ms, passing, conclusion });
        scene.later(now + talk_ms + hold_ms, Happening::Telephony(Move::HangUp { call: number, seat }));
    }

    fn hang_up(&mut self, number: u64, seat: Seat, now: i64, scene: &mut Scene) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let Some(talk) = call.talk.take() else { return };
        let times = (talk.talk_ms, talk.hold_ms);
        let (contact_id, agent) = (call.contact_id(), talk.agent);
        match talk.passing {
            None => {
                let by = scene.phone.choose(&[(70, "customer"), (30, "agent")]);
                scene.tell(call.ended(by, "answered", times, now));
                then::answered(&call.caller, talk.conclusion.resolution, now, scene);
            }
            Some(passing) => {
                let target = if let Passing::Queue(service) = passing { Some(service) } else { None };
                scene.tell(call.transferred(target, talk.talk_ms, now));
                scene.tell(call.ended("agent", "answered", times, now));
                if let Some(service) = target {
                    let start = Start { direction: "internal", method: "queue_transfer", channel: "voice" };
                    call.service = service;
                    scene.tell(call.next_leg(&start, now));
                    self.enter(number, now, scene);
                }
            }
        }
        let work = Box::new(WrapUp { contact_id, agent, acw_ms: talk.acw_ms, conclusion: talk.conclusion });
        scene.later(now + talk.acw_ms, Happening::Telephony(Move::WrapUp { call: number, seat, work }));
    }

    fn free(&mut self, seat: Seat, now: i64, scene: &mut Scene) {
        self.desk(seat.team).free(seat.number, now);
        self.assign(seat.team, now, scene);
    }

    fn shift(&mut self, now: i64, scene: &mut Scene) {
        let is_over = now >= scene.day.closes + HALF_HOUR;
        for team in Team::ALL {
            self.assign(team, now, scene);
            let left = if is_over { self.desk(team).dismiss() } else { Vec::new() };
            for waiting in left.into_iter().filter(|waiting| !waiting.is_callback) {
                let Some(call) = self.calls.get_mut(&waiting.call) else { continue };
                scene.tell(call.exited("system", now));
                scene.tell(call.ended("system", "other", (0, 0), now));
                then::refused(&call.caller, now, scene);
            }
        }
    }

    fn desk(&mut self, team: Team) -> &mut Desk {
        &mut self.desks[team as usize]
    }
}
