//! What stands in the way of the work, by name: who does the work says so, who watches it reads it.
//!
//! A plain value behind a lock. It knows nothing of HTTP and reads no clock.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Something without which the work is not done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// Kafka answers, for this topic.
    Kafka(String),
    /// The lake takes commits, for this topic's table.
    Lake(String),
    /// A partition of a topic goes on, and does not wait for somebody to act.
    Partition(String, i32),
}

/// A condition that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Since when, microseconds since 1970, UTC.
    pub since_micros: i64,
    /// What is wrong, and what to do about it.
    pub sentence: String,
}

/// The conditions that do not hold. Clones share one state.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Mutex<BTreeMap<Condition, Problem>>>);

impl Health {
    /// Says that a condition does not hold. One that was broken before stays so since then, with the
    /// newer sentence.
    pub fn broken(&self, condition: Condition, sentence: impl fmt::Display, now_micros: i64) {
        let fresh = || Problem { since_micros: now_micros, sentence: String::new() };
        self.lock().entry(condition).or_insert_with(fresh).sentence = sentence.to_string();
    }

    /// Says that a condition holds, again or for the first time.
    pub fn holds(&self, condition: &Condition) {
        self.lock().remove(condition);
    }

    /// Says that partitions of a topic are no concern of this process any more: others have them.
    pub fn lets_go(&self, topic: &str, partitions: &[i32]) {
        let is_of_them = |condition: &Condition| matches!(condition, Condition::Partition(of, partition) if of == topic && partitions.contains(partition));
        self.lock().retain(|condition, _| !is_of_them(condition));
    }

    /// What is broken now, in the order of the conditions. Empty means that the work can be done.
    pub fn problems(&self) -> Vec<Problem> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Condition, Problem>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kafka() -> Condition {
        Condition::Kafka("t".to_owned())
    }

    fn sentences(health: &Health) -> Vec<String> {
        health.problems().into_iter().map(|problem| problem.sentence).collect()
    }

    #[test]
    fn a_condition_is_broken_since_it_was_first_said_until_it_holds() {
        let health = Health::default();
        assert!(health.problems().is_empty());
        health.broken(kafka(), "no answer", 5);
        health.clone().broken(kafka(), "no answer, still", 9);
        let expected = Problem { since_micros: 5, sentence: "no answer, still".to_owned() };
        assert_eq!(health.problems(), [expected]);
        health.holds(&kafka());
        assert!(health.problems().is_empty());
        health.broken(kafka(), "no answer again", 12);
        assert_eq!(health.problems()[0].since_micros, 12);
    }

    #[test]
    fn what_holds_says_nothing_of_the_others() {
        let health = Health::default();
        health.broken(kafka(), "no answer", 1);
        health.broken(Condition::Lake("t".to_owned()), "disk full", 2);
        health.broken(Condition::Kafka("u".to_owned()), "no answer either", 3);
        health.holds(&kafka());
        assert_eq!(sentences(&health), ["no answer either", "disk full"]);
    }

    #[test]
    fn a_partition_that_others_took_is_their_concern() {
        let health = Health::default();
        for (topic, partition) in [("t", 0), ("t", 1), ("u", 0)] {
            health.broken(Condition::Partition(topic.to_owned(), partition), format!("{topic} {partition}"), 1);
        }
        health.broken(kafka(), "no answer", 1);
        health.lets_go("t", &[0, 2]);
        assert_eq!(sentences(&health), ["no answer", "t 1", "u 0"]);
    }
}
