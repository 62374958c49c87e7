//! What is still to happen, in order of time. All that the simulation remembers of open matters
//! stands here, so its memory is bounded by what is open.

use crate::forms::Filling;
use crate::reports::Reporting;
use crate::telephony::{Caller, Move};
use crate::truth::Counted;
use schemas::Event;
use std::collections::BTreeMap;

#[derive(Debug)]
pub(crate) enum Happening {
    /// An event that was decided earlier.
    Tell(Event),
    Count(Counted),
    Ring(Caller),
    Fill(Filling),
    Report(Reporting),
    Telephony(Move),
}

#[derive(Debug, Default)]
pub(crate) struct Agenda {
    /// By instant and then in the order in which it was decided.
    due: BTreeMap<(i64, u64), Happening>,
    decided: u64,
}

impl Agenda {
    pub(crate) fn add(&mut self, at: i64, happening: Happening) {
        self.decided += 1;
        self.due.insert((at, self.decided), happening);
    }

    /// Takes the next happening before this instant.
    pub(crate) fn next_before(&mut self, end: i64) -> Option<(i64, Happening)> {
        let first = self.due.first_entry().filter(|first| first.key().0 < end)?;
        let ((at, _), happening) = first.remove_entry();
        Some((at, happening))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_at_one_instant_happens_as_decided() {
        let mut agenda = Agenda::default();
        for (at, name) in [(20, "c"), (10, "a"), (10, "b"), (30, "d")] {
            agenda.add(at, Happening::Tell(Event::new(name)));
        }
        let mut order = String::new();
        while let Some((_, Happening::Tell(event))) = agenda.next_before(30) {
            order.push_str(&event.event_type);
        }
        assert_eq!(order, "abc");
        assert!(agenda.next_before(31).is_some());
    }
}
