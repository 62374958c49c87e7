//! One row, read and checked: what is known of a call, and what is odd about it.

use super::Refusal;
use super::columns::Cells;
use crate::clock::Clock;
use crate::rows::{Fault, filled, required, shape};
use chrono_tz::Tz;

/// Disorder that real systems write and that does not make a row useless. Counted, never mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Oddity {
    /// The call entered the queue before it arrived.
    QueuedBeforeArrival,
    /// The call was answered before it entered the queue.
    AnsweredBeforeQueued,
    /// The call ended before it arrived; such a row's end may be a blank written as midnight.
    EndedBeforeArrival,
    /// The call ended, not before it arrived, but before it left the queue.
    EndedBeforeLeavingQueue,
    /// The call left the voice response unit before it entered it; its stay there has no length.
    LeftIvrBeforeArrival,
    /// A time that the clock showed twice when it was put back; the earlier instant was taken.
    AmbiguousTime,
    /// A time that the outcome leaves no room for, such as an answer of an abandoned call; not used.
    TimeBesideOutcome,
}

impl std::fmt::Display for Oddity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::QueuedBeforeArrival => "entered the queue before arriving",
            Self::AnsweredBeforeQueued => "answered before entering the queue",
            Self::EndedBeforeArrival => "ended before arriving",
            Self::EndedBeforeLeavingQueue => "ended before leaving the queue",
            Self::LeftIvrBeforeArrival => "left the voice response unit before entering it",
            Self::AmbiguousTime => "with a time that the clock showed twice; the earlier one is taken",
            Self::TimeBesideOutcome => "with a time that their outcome has no place for; it is not used",
        })
    }
}

/// A call. Times are microseconds since 1970 UTC.
pub(super) struct CallRecord {
    pub(super) call_id: String,
    pub(super) queue: String,
    pub(super) priority: Option<i64>,
    pub(super) customer_id: Option<String>,
    pub(super) arrived_at: i64,
    pub(super) ivr_ended_at: Option<i64>,
    pub(super) course: Course,
}

/// How a call went on, with what is known of every call that went so.
pub(super) enum Course {
    Answered { visit: Option<Visit>, answered_at: i64, ended_at: i64, agent: Option<String> },
    Abandoned { visit: Visit, ended_at: i64 },
    AbandonedInIvr { ended_at: i64 },
    NotACall { ended_at: i64 },
}

/// A stay in the queue that did not end before it began.
#[derive(Clone, Copy)]
pub(super) struct Visit {
    pub(super) entered_at: i64,
    pub(super) left_at: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Answered,
    Abandoned,
    AbandonedInIvr,
    NotACall,
}

impl CallRecord {
    pub(super) fn read(cells: &Cells<'_>, zone: Tz) -> Result<(Self, Vec<Oddity>), Refusal> {
        let call_id = required("call_id", cells.call_id)?;
        let queue = required("queue", cells.queue)?;
        let outcome = Outcome::read(cells)?;
        let (times, ambiguous) = Times::read(cells, zone)?;
        let course = times.course(outcome, filled(cells.agent))?;
        let call = Self {
            call_id,
            queue,
            priority: priority(cells.priority)?,
            customer_id: filled(cells.customer_id),
            arrived_at: times.arrived_at,
            ivr_ended_at: times.ivr_ended_at,
            course,
        };
        Ok((call, times.oddities(outcome, ambiguous)))
    }
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Answered, Self::Abandoned, Self::AbandonedInIvr, Self::NotACall];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Abandoned => "abandoned",
            Self::AbandonedInIvr => "abandoned_in_ivr",
            Self::NotACall => "not_a_call",
        }
    }

    pub(super) fn known() -> String {
        Self::ALL.map(|outcome| format!("`{}`", outcome.name())).join(", ")
    }

    fn read(cells: &Cells<'_>) -> Result<Self, Refusal> {
        let cell = cells.outcome;
        if cell.is_empty() {
            return Err(Fault::Empty { column: "outcome" }.into());
        }
        let known = Self::ALL.into_iter().find(|outcome| outcome.name() == cell);
        known.ok_or_else(|| {
            // Only what looks like a code word of the system is quoted; a name does not.
            let code = cell.len() <= 30 && cell.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            let personal = cell == cells.agent || cell == cells.customer_id;
            let found = if code && !personal { format!("`{cell}`") } else { shape(cell) };
            Refusal::Outcome { found }
        })
    }
}

/// The times of a row, each stage the right way round.
struct Times {
    arrived_at: i64,
    ivr_ended_at: Option<i64>,
    visit: Option<Visit>,
    answered_at: Option<i64>,
    ended_at: Option<i64>,
}

impl Times {
    fn read(cells: &Cells<'_>, zone: Tz) -> Result<(Self, bool), Refusal> {
        let mut clock = Clock::new(zone, b"T");
        let arrived_at = clock.read("arrived_at", cells.arrived_at)?;
        let ivr_ended_at = clock.read("ivr_ended_at", cells.ivr_ended_at)?;
        let entered_at = clock.read("queue_entered_at", cells.queue_entered_at)?;
        let left_at = clock.read("queue_left_at", cells.queue_left_at)?;
        let answered_at = clock.read("answered_at", cells.answered_at)?;
        let ended_at = clock.read("ended_at", cells.ended_at)?;
        in_order(("answered_at", answered_at), ("ended_at", ended_at))?;
        let times = Self {
            arrived_at: arrived_at.ok_or(Fault::Empty { column: "arrived_at" })?,
            ivr_ended_at,
            visit: visit(entered_at, left_at)?,
            answered_at,
            ended_at,
        };
        Ok((times, clock.ambiguous))
    }

    fn course(&self, outcome: Outcome, agent: Option<String>) -> Result<Course, Refusal> {
        let needed =
            |column, time: Option<i64>| time.ok_or(Refusal::MissingTime { outcome: outcome.name(), column });
        let last_known = self.ended_at.or(self.ivr_ended_at).unwrap_or(self.arrived_at);
        Ok(match outcome {
            Outcome::Answered => Course::Answered {
                visit: self.visit,
                answered_at: needed("answered_at", self.answered_at)?,
                ended_at: needed("ended_at", self.ended_at)?,
                agent,
            },
            Outcome::Abandoned => {
                let entered_at = needed("queue_entered_at", self.visit.map(|visit| visit.entered_at))?;
                let left_at = needed("queue_left_at", self.visit.map(|visit| visit.left_at))?;
                let ended_at = self.ended_at.unwrap_or(left_at);
                Course::Abandoned { visit: Visit { entered_at, left_at }, ended_at }
            }
            Outcome::AbandonedInIvr => Course::AbandonedInIvr { ended_at: last_known },
            Outcome::NotACall => Course::NotACall { ended_at: last_known },
        })
    }

    fn oddities(&self, outcome: Outcome, ambiguous: bool) -> Vec<Oddity> {
        let arrival = Some(self.arrived_at);
        let entered = self.visit.map(|visit| visit.entered_at);
        let left = self.visit.map(|visit| visit.left_at);
        let ended_before_arrival = before(self.ended_at, arrival);
        let unused = match outcome {
            Outcome::Answered | Outcome::NotACall => false,
            Outcome::Abandoned => self.answered_at.is_some(),
            Outcome::AbandonedInIvr => self.answered_at.is_some() || self.visit.is_some(),
        };
        let kinds = [
            (Oddity::QueuedBeforeArrival, before(entered, arrival)),
            (Oddity::AnsweredBeforeQueued, before(self.answered_at, entered)),
            (Oddity::EndedBeforeArrival, ended_before_arrival),
            (Oddity::EndedBeforeLeavingQueue, before(self.ended_at, left) && !ended_before_arrival),
            (Oddity::LeftIvrBeforeArrival, before(self.ivr_ended_at, arrival)),
            (Oddity::AmbiguousTime, ambiguous),
            (Oddity::TimeBesideOutcome, unused),
        ];
        kinds.into_iter().filter(|(_, found)| *found).map(|(kind, _)| kind).collect()
    }
}

fn visit(entered_at: Option<i64>, left_at: Option<i64>) -> Result<Option<Visit>, Refusal> {
    let (begin, end) = ("queue_entered_at", "queue_left_at");
    in_order((begin, entered_at), (end, left_at))?;
    match (entered_at, left_at) {
        (Some(entered_at), Some(left_at)) => Ok(Some(Visit { entered_at, left_at })),
        (Some(_), None) => Err(Refusal::HalfVisit { present: begin, missing: end }),
        (None, Some(_)) => Err(Refusal::HalfVisit { present: end, missing: begin }),
        (None, None) => Ok(None),
    }
}

fn in_order(
    (begin, begun_at): (&'static str, Option<i64>),
    (end, ended_at): (&'static str, Option<i64>),
) -> Result<(), Refusal> {
    match (begun_at, ended_at) {
        (Some(begun_at), Some(ended_at)) if ended_at < begun_at => {
            Err(Refusal::Backwards { begin, end, by_seconds: (begun_at - ended_at) / 1_000_000 })
        }
        _ => Ok(()),
    }
}

fn before(one: Option<i64>, other: Option<i64>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one < other)
}

fn priority(cell: &str) -> Result<Option<i64>, Refusal> {
    // The schema holds 32 bits.
    let number = filled(cell).map(|text| text.parse::<i32>().map(i64::from)).transpose();
    number.map_err(|_| Refusal::Priority { found: shape(cell) })
}
