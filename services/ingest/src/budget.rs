//! One budget of memory for all that a process has buffered, whatever the number of its sources,
//! partitions and event dates.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What writing a batch takes at most besides its rows: the same once more for a lake partition's
/// rows in their order, and as much again for the sort and the file being encoded.
const WRITING_FACTOR: usize = 3;

/// The budget. Clones share it.
#[derive(Debug, Clone)]
pub struct Budget {
    bytes: usize,
    used: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Budget {
    /// A budget of so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self { bytes, used: Arc::default() }
    }

    /// Bytes that it allows.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that all users together have taken.
    pub fn used(&self) -> usize {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    /// Notes what a user holds: bytes that wait to be sealed, and bytes that are being written.
    pub(crate) fn note(&self, user: &str, waiting: usize, in_flight: usize) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.insert(user.to_owned(), waiting + in_flight * WRITING_FACTOR);
    }

    /// Whether more may be taken.
    pub(crate) fn has_room(&self) -> bool {
        self.used() < self.bytes
    }

    /// Whether a user who holds so many unsealed bytes should have them written now: at a quarter of
    /// the budget, since writing takes three quarters more.
    pub(crate) fn is_due(&self, waiting: usize) -> bool {
        waiting > 0 && (waiting >= self.bytes / (WRITING_FACTOR + 1) || !self.has_room())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_share_one_budget_and_writing_counts_threefold() {
        let budget = Budget::new(100);
        let other = budget.clone();
        budget.note("telephony", 10, 20);
        other.note("webform", 29, 0);
        assert_eq!((budget.used(), budget.has_room()), (99, true));
        other.note("webform", 30, 0);
        assert!(!budget.has_room() && budget.is_due(1) && !budget.is_due(0));
        other.note("webform", 0, 0);
        assert!(budget.has_room() && !budget.is_due(24) && budget.is_due(25));
    }
}
