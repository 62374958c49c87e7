//! What happened in truth, counted by the simulation itself as it goes and not from the events.

use std::ops::AddAssign;

/// Counts of a day, or of the days that were added up. Each belongs to the local day on which it
/// happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Truth {
    /// Calls that residents made, whatever became of them.
    pub calls: u64,
    /// Calls of them that an agent answered.
    pub answered: u64,
    /// Calls of them whose caller gave up in a queue without having been answered.
    pub abandoned: u64,
    /// Answered calls of residents who asked how their matter was going.
    pub chasers: u64,
    /// Forms begun by residents themselves.
    pub forms_started: u64,
    /// Forms sent off by residents themselves, whatever the target system made of them.
    pub forms_submitted: u64,
    /// Forms begun by staff for a resident; all are sent off.
    pub forms_assisted: u64,
    /// Reports confirmed by residents themselves, later hidden ones included.
    pub reports_made: u64,
    /// Reports made by staff for a caller.
    pub reports_assisted: u64,
    /// The most agents that may be on a call at once; of several days, that of the fullest.
    pub agents_at_most: u64,
}

impl Truth {
    /// Calls, submitted forms and reports.
    pub fn contacts(&self) -> u64 {
        self.calls + self.forms_submitted + self.forms_assisted + self.reports_made + self.reports_assisted
    }
}

impl AddAssign for Truth {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.answered += other.answered;
        self.abandoned += other.abandoned;
        self.chasers += other.chasers;
        self.forms_started += other.forms_started;
        self.forms_submitted += other.forms_submitted;
        self.forms_assisted += other.forms_assisted;
        self.reports_made += other.reports_made;
        self.reports_assisted += other.reports_assisted;
        self.agents_at_most = self.agents_at_most.max(other.agents_at_most);
    }
}

/// What is counted when its time comes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Counted {
    FormSubmitted,
    ReportMade,
}

impl Truth {
    pub(crate) fn count(&mut self, counted: Counted) {
        match counted {
            Counted::FormSubmitted => self.forms_submitted += 1,
            Counted::ReportMade => self.reports_made += 1,
        }
    }
}
