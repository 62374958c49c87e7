//! Whether Kafka was out of sight for so long that the topic may be another one of the same name: deleted, made
//! anew and filled past the next offset, which then looks like any other. Pure.

/// Polls follow each other within milliseconds, also where nothing comes.
const LONGEST_UNSEEN_MICROS: i64 = 1_000_000;

/// When Kafka's client was asked last, and whether it could answer all the while. Instants are microseconds since
/// 1970 by the wall clock, since the other one stands still while a machine sleeps.
#[derive(Debug)]
pub(super) struct Contact {
    polled_at_micros: i64,
    lost: bool,
}

impl Contact {
    pub(super) fn new(now_micros: i64) -> Self {
        Self { polled_at_micros: now_micros, lost: false }
    }

    /// Kafka's client was polled. A clock that was set back tells nothing, and counts as lost.
    pub(super) fn polled(&mut self, now_micros: i64) {
        let unseen_micros = now_micros - self.polled_at_micros;
        self.lost |= !(0..=LONGEST_UNSEEN_MICROS).contains(&unseen_micros);
        self.polled_at_micros = now_micros;
    }

    /// The last poll took its time, because partitions came or went: their first records are compared anyway,
    /// and the others keep what they have.
    pub(super) fn was_busy(&mut self, now_micros: i64) {
        self.polled_at_micros = now_micros;
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

    fn after(milliseconds: &[i64]) -> bool {
        let mut contact = Contact::new(0);
        milliseconds.iter().for_each(|at| contact.polled(at * 1_000));
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
        let mut contact = Contact::new(0);
        contact.was_busy(30_000_000);
        contact.polled(30_020_000);
        assert!(!contact.was_lost());
    }

    #[test]
    fn a_failure_is_remembered() {
        let mut contact = Contact::new(0);
        contact.failed();
        contact.polled(0);
        assert!(contact.was_lost());
    }
}
