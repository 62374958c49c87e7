//! The commit of one batch, decided without I/O.
//!
//! The same few steps for whoever commits (ingest, refresh, maintenance): read the log, judge the
//! batch on what it holds, put one entry on exactly that version, and, whatever the storage
//! answers, read the outcome back before anything else is done.
//!
//! ```text
//! read ─► judge ─► put on that version ─► entered ─► landed
//!  ▲                      │
//!  └──── no answer, or somebody was faster
//! ```

use crate::fault::{Rule, keeps};
use crate::fence::{Span, UPLOADS_BEFORE, Verdict, judge};
use std::collections::BTreeMap;

/// One batch on its way into the log.
#[derive(Debug, Clone)]
pub struct Attempt {
    spans: Vec<Span>,
    uploaded_at_ms: Option<i64>,
    known_version: u64,
    may_have_landed: bool,
    failures: u32,
    give_up_after: Option<u32>,
}

/// What the driver does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Read the log on to its newest version; the first time after a pause that grows with the
    /// failures so far.
    Read {
        /// Failures so far.
        failures: u32,
    },
    /// Put the entry after the version that was read, and nowhere else.
    Put,
    /// The end.
    Done(End),
}

/// How a batch can end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It is in the log, at this version.
    Landed(u64),
    /// Others moved these fences; nothing was written. The log's positions.
    Fenced(BTreeMap<String, i64>),
    /// Its files were uploaded so long ago that a clean-up may have taken them: upload them anew.
    Stale,
    /// The log stands before the batch's start.
    Rewound(Span),
    /// The storage gave no answer, too many times.
    Unresolved {
        /// How many times.
        failures: u32,
    },
}

/// What the driver has seen.
#[derive(Debug, Clone)]
pub enum Seen<'a> {
    /// The log at the newest version that the storage told of.
    Log {
        /// That version.
        version: u64,
        /// Positions by fence.
        positions: &'a BTreeMap<String, i64>,
        /// The version at which an entry of this very batch stands; looked for once an entry was
        /// tried.
        landed: Option<u64>,
    },
    /// The entry was put, at this version.
    Entered(u64),
    /// An error, a refusal, or silence: anything may have happened.
    NoAnswer,
}

/// Clocks of two machines differ by less than this.
const CLOCK_MARGIN_MS: i64 = 3_600_000;

impl Attempt {
    /// A batch that moves `spans`; `uploaded_at_ms` is when its first file was written,
    /// milliseconds since 1970; `known_version` is the newest that is known to be in the log. It is given
    /// up after so many failures in a row, or never.
    pub fn new(
        spans: Vec<Span>,
        uploaded_at_ms: Option<i64>,
        known_version: u64,
        give_up_after: Option<u32>,
    ) -> Self {
        Self { spans, uploaded_at_ms, known_version, may_have_landed: false, failures: 0, give_up_after }
    }

    /// The first step.
    pub fn begin(&self) -> Step {
        Step::Read { failures: self.failures }
    }

    /// Whether an entry was tried, so that it must be looked for when the log is read.
    pub fn may_have_landed(&self) -> bool {
        self.may_have_landed
    }

    /// The next step, after what was seen of the one before.
    pub fn next(&mut self, seen: &Seen<'_>) -> Step {
        match seen {
            Seen::Log { version, .. } if self.is_behind(*version) => self.unanswered(),
            Seen::Log { positions, landed, .. } => self.judged(positions, *landed),
            Seen::Entered(version) => Step::Done(End::Landed(*version)),
            Seen::NoAnswer => self.unanswered(),
        }
    }

    /// Some storages list for a while what was there before the last write: judged on that, what was just
    /// committed would seem to have been taken back.
    fn is_behind(&self, version: u64) -> bool {
        version < self.known_version && keeps(Rule::KnownVersion)
    }

    fn unanswered(&mut self) -> Step {
        self.failures += 1;
        match self.give_up_after {
            Some(limit) if self.failures >= limit => Step::Done(End::Unresolved { failures: self.failures }),
            _ => Step::Read { failures: self.failures },
        }
    }

    fn judged(&mut self, positions: &BTreeMap<String, i64>, landed: Option<u64>) -> Step {
        if self.may_have_landed && !keeps(Rule::ReadBack) {
            return Step::Put;
        }
        match (judge(&self.spans, positions), landed) {
            (_, Some(version)) => Step::Done(End::Landed(version)),
            (Verdict::Commit, None) if self.is_stale(positions) => Step::Done(End::Stale),
            (Verdict::Commit, None) => {
                self.may_have_landed = true;
                Step::Put
            }
            (Verdict::Fenced(positions), None) => Step::Done(End::Fenced(positions)),
            (Verdict::Rewound(span), None) => Step::Done(End::Rewound(span)),
        }
    }

    fn is_stale(&self, positions: &BTreeMap<String, i64>) -> bool {
        let cleaned_before = positions.get(UPLOADS_BEFORE);
        let uploaded = self.uploaded_at_ms;
        cleaned_before.zip(uploaded).is_some_and(|(cleaned, uploaded)| uploaded < *cleaned + CLOCK_MARGIN_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(of: &[(&str, i64)]) -> BTreeMap<String, i64> {
        of.iter().map(|(fence, position)| ((*fence).to_owned(), *position)).collect()
    }

    fn batch(start: i64, end: i64) -> Attempt {
        Attempt::new(vec![Span { fence: "a".to_owned(), start: Some(start), end }], Some(50_000_000), 6, Some(3))
    }

    fn log(positions: &BTreeMap<String, i64>, landed: Option<u64>) -> Seen<'_> {
        Seen::Log { version: 6, positions, landed }
    }

    #[test]
    fn an_entry_without_an_answer_is_looked_for_before_it_is_tried_again() {
        let mut attempt = batch(5, 9);
        let held = positions(&[("a", 5)]);
        assert_eq!(attempt.begin(), Step::Read { failures: 0 });
        assert!(!attempt.may_have_landed());
        assert_eq!(attempt.next(&log(&held, None)), Step::Put);
        assert_eq!(attempt.next(&Seen::NoAnswer), Step::Read { failures: 1 });
        assert!(attempt.may_have_landed());
        assert_eq!(attempt.clone().next(&log(&positions(&[("a", 9)]), Some(7))), Step::Done(End::Landed(7)));
        assert_eq!(attempt.next(&log(&held, None)), Step::Put);
        assert_eq!(attempt.next(&Seen::Entered(8)), Step::Done(End::Landed(8)));
    }

    #[test]
    fn a_batch_that_others_overtook_or_that_begins_after_a_gap_is_not_written() {
        let moved = positions(&[("a", 6)]);
        assert_eq!(batch(5, 9).next(&log(&moved, None)), Step::Done(End::Fenced(moved.clone())));
        let span = Span { fence: "a".to_owned(), start: Some(7), end: 9 };
        assert_eq!(batch(7, 9).next(&log(&moved, None)), Step::Done(End::Rewound(span)));
    }

    #[test]
    fn a_log_without_an_entry_that_is_known_to_be_in_it_is_no_answer() {
        let mut attempt = batch(5, 9);
        let held = positions(&[("a", 5)]);
        // As it was before the entry of version 6, which moved the fence from 3 to 5.
        let behind = positions(&[("a", 3)]);
        let listed = Seen::Log { version: 5, positions: &behind, landed: None };
        assert_eq!(attempt.next(&listed), Step::Read { failures: 1 });
        assert_eq!(attempt.next(&log(&held, None)), Step::Put);
    }

    #[test]
    fn silence_ends_only_where_a_limit_is_set() {
        let mut attempt = batch(5, 9);
        assert_eq!(attempt.next(&Seen::NoAnswer), Step::Read { failures: 1 });
        assert_eq!(attempt.next(&Seen::NoAnswer), Step::Read { failures: 2 });
        assert_eq!(attempt.next(&Seen::NoAnswer), Step::Done(End::Unresolved { failures: 3 }));
        let mut patient = Attempt::new(Vec::new(), None, 0, None);
        assert!((1..200).all(|failures| patient.next(&Seen::NoAnswer) == Step::Read { failures }));
    }

    #[test]
    fn files_that_a_clean_up_may_have_taken_are_uploaded_anew() {
        // Uploaded at 50,000 s; the margin is an hour, so a clean-up of all before 46,400 s is the last harmless.
        for (cleaned_before_ms, step) in [(46_400_000, Step::Put), (46_400_001, Step::Done(End::Stale))] {
            let held = positions(&[("a", 5), (UPLOADS_BEFORE, cleaned_before_ms)]);
            assert_eq!(batch(5, 9).next(&log(&held, None)), step);
        }
    }
}
