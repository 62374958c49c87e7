//! How a conversation goes: how long it takes, and whether the call is passed on.

use super::Why;
use super::call::Call;
use super::conclusion::Conclusion;
use crate::local::{MINUTE, SECOND};
use crate::services::{GENERAL, Service};
use crate::stream::Stream;

/// A conversation with an agent.
#[derive(Debug)]
pub(super) struct Talk {
    pub(super) agent: String,
    pub(super) talk_ms: i64,
    pub(super) hold_ms: i64,
    pub(super) acw_ms: i64,
    pub(super) passing: Option<Passing>,
    pub(super) conclusion: Conclusion,
}

/// Where a call is passed on to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Passing {
    Queue(&'static Service),
    Outside,
}

const LONGEST_TALK: i64 = 45 * MINUTE;

/// Talk, hold and work after the call, in milliseconds.
pub(super) fn times(call: &Call, passing: Option<Passing>, stream: &mut Stream) -> (i64, i64, i64) {
    const SHORTEST: i64 = 20 * SECOND;
    let usual = call.service.talk_seconds * SECOND;
    let mean = match (passing, &call.caller.why) {
        (Some(_), _) => 75 * SECOND,
        (None, Why::Chasing(_)) => usual * 7 / 10,
        (None, _) => usual,
    };
    let talk_ms = (SHORTEST + stream.erlang(mean - SHORTEST)).min(LONGEST_TALK);
    let hold_ms = if stream.percent(18) { (10 * SECOND + stream.exponential(MINUTE)).min(10 * MINUTE) } else { 0 };
    let after = if passing.is_some() { 15 * SECOND } else { 55 * SECOND };
    let acw_ms = (3 * SECOND + stream.exponential(after)).min(10 * MINUTE);
    (talk_ms, hold_ms, acw_ms)
}

/// Whether an agent passes the call on. Who came to the wrong queue mostly has to be; few others.
pub(super) fn passing(call: &Call, stream: &mut Stream) -> Option<Passing> {
    let wanted = call.caller.subject.service;
    if call.is_called_back {
        return None;
    }
    if call.service.queue != wanted.queue {
        return stream.percent(85).then_some(Passing::Queue(wanted));
    }
    match wanted.social_care {
        true if stream.percent(3) => Some(Passing::Outside),
        false if call.visit == 1 && wanted.queue != GENERAL.queue && stream.percent(1) => {
            Some(Passing::Queue(&GENERAL))
        }
        _ => None,
    }
}
