//! Whether Kafka was out of sight for so long that the topic may be another one of the same name: deleted, made
//! anew and filled past the next offset, which then looks like any other. Pure.

use std::time::{Duration, SystemTime};

/// Polls follow each other within milliseconds, also where nothing comes.
const LONGEST_UNSEEN: Duration = Duration::from_secs(1);

/// When Kafka's client was asked last, and whether it could answer all the while.
#[derive(Debug)]
pub(super) struct Contact {
    polled_at: SystemTime,
    lost: bool,
}

impl Contact {
    pub(super) fn new(now: SystemTime) -> Self {
        Self { polled_at: now, lost: false }
    }

    /// Kafka's client was polled. By the wall clock, since the other one stands still while a machine sleeps; a
    /// clock that was set back tells nothing, and counts as lost.
    pub(super) fn polled(&mut self, now: SystemTime) {
        let unseen = now.duration_since(self.polled_at);
        self.lost |= unseen.map_or(true, |unseen| unseen > LONGEST_UNSEEN);
        self.polled_at = now;
    }

    /// The last poll took its time, because partitions came or went: their first records are compared anyway,
    /// and the others keep what they have.
    pub(super) fn was_busy(&mut self, now: SystemTime) {
        self.polled_at = now;
    }

    /// Kafka could not be reached, or refused something.
    pub(super) fn failed(&mut self) {
        self.lost = true;
    }

    /// Whether it was out of sight since this began.
    pub(super) fn was_lost(&self) -> bool {
        self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(milliseconds: &[u64]) -> bool {
        let began = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let mut contact = Contact::new(began);
        milliseconds.iter().for_each(|at| contact.polled(began + Duration::from_millis(*at)));
        contact.was_lost()
    }

    #[test]
    fn a_gap_between_two_polls_is_remembered() {
        assert!(!after(&[20, 40, 1_040]));
        assert!(after(&[20, 40, 1_041, 1_050]));
        assert!(after(&[20, 3_600_000]));
        assert!(after(&[500, 499]), "the clock was set back");
    }

    #[test]
    fn a_rebalance_may_take_its_time() {
        let mut contact = Contact::new(SystemTime::UNIX_EPOCH);
        let later = SystemTime::UNIX_EPOCH + Duration::from_secs(30);
        contact.was_busy(later);
        contact.polled(later + Duration::from_millis(20));
        assert!(!contact.was_lost());
    }

    #[test]
    fn a_failure_is_remembered() {
        let mut contact = Contact::new(SystemTime::UNIX_EPOCH);
        contact.failed();
        contact.polled(SystemTime::UNIX_EPOCH);
        assert!(contact.was_lost());
    }
}
