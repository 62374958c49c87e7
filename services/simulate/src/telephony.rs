//! The telephone: residents ring, wait in queues, and are answered by agents, or are not.
//!
//! Nothing of a wait is drawn by lot: calls arrive, agents are at work by roster, and who waits how
//! long, and who gives up before, follows from the queue.

mod call;
mod conclusion;
mod floor;
mod menu;
mod put_down;
mod roster;
mod talk;
mod team;
mod then;

pub(crate) use floor::Floor;

use crate::residents::Resident;
use crate::services::{Subject, Team};

/// Somebody who rings, and what about.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) resident: Resident,
    pub(crate) subject: &'static Subject,
    pub(crate) why: Why,
    /// Calls that the resident has made about it before.
    pub(crate) tries: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Why {
    /// For the first time, as far as the telephone knows.
    New,
    /// Because the matter was not settled after all.
    Again,
    /// To ask how a matter is going, by its `system:id`.
    Chasing(String),
}

/// A step of a call, or of the day.
#[derive(Debug)]
pub(crate) enum Move {
    LeaveIvr {
        call: u64,
    },
    /// The patience for this stay in a queue is at its end.
    GiveUp {
        call: u64,
        visit: u32,
    },
    /// The stay has become so long that a callback is offered.
    OfferCallback {
        call: u64,
        visit: u32,
    },
    PickUp {
        call: u64,
        seat: Seat,
        ring_ms: i64,
    },
    HangUp {
        call: u64,
        seat: Seat,
    },
    WrapUp {
        call: u64,
        seat: Seat,
        work: Box<conclusion::WrapUp>,
    },
    /// A half hour begins or, at the end, the lines are closed for good.
    Shift,
}

/// A place of work in a team; who sits there is told by the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) team: Team,
    pub(crate) number: usize,
}
