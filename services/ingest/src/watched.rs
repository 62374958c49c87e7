//! One topic as it is watched: the loop says where the lake stands, Kafka's thread says once a second
//! where Kafka stands, and from both come lag and health.
//!
//! Shared by both, so that lag is seen to grow also while the loop waits for the lake.

use crate::health::{Condition, Health};
use crate::lag::{Lag, Seen};
use crate::metrics::Recorder;
use rdkafka::statistics::{Partition, Statistics};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How often Kafka's client says where Kafka stands, in milliseconds.
pub(crate) const LOOK_EVERY_MS: &str = "1000";

/// A topic, watched.
#[derive(Debug)]
pub(crate) struct Watched {
    topic: String,
    brokers: String,
    recorder: Recorder,
    health: Health,
    lag: Mutex<Lag>,
}

impl Watched {
    /// `brokers` are the configured addresses, to be named in a sentence.
    pub(crate) fn new(topic: &str, brokers: &str, recorder: Recorder, health: Health) -> Self {
        let (topic, brokers) = (topic.to_owned(), brokers.to_owned());
        Self { topic, brokers, recorder, health, lag: Mutex::default() }
    }

    /// This process has the partition from now on.
    pub(crate) fn assigned(&self, partition: i32, position: Option<i64>, complete_through_ms: Option<i64>) {
        self.lag().assigned(partition, position, complete_through_ms);
    }

    /// This process has these partitions no more.
    pub(crate) fn revoked(&self, partitions: &[i32]) {
        for partition in partitions {
            self.lag().revoked(*partition);
            self.recorder.lag(*partition, 0, Some(0.0));
        }
        self.health.lets_go(&self.topic, partitions);
    }

    /// The lake's position has moved.
    pub(crate) fn committed(&self, partition: i32, position: i64, kafka_time_ms: Option<i64>) {
        self.lag().committed(partition, position, kafka_time_ms);
    }

    /// Kafka's client says where Kafka stands.
    pub(crate) fn look(&self, statistics: &Statistics) {
        let now_ms = statistics.time.saturating_mul(1_000);
        let condition = Condition::Kafka(self.topic.clone());
        if is_reachable(statistics) {
            self.health.holds(&condition);
        } else {
            let sentence = format!(
                "topic {}: no Kafka broker of {} answers; ingest goes on by itself as soon as one does",
                self.topic, self.brokers
            );
            self.health.broken(condition, sentence, now_ms.saturating_mul(1_000));
        }
        let partitions = statistics.topics.get(&self.topic).into_iter().flat_map(|topic| &topic.partitions);
        for (partition, seen) in partitions.filter_map(|(partition, found)| Some((*partition, seen(found)?))) {
            let behind = self.lag().behind(partition, seen, now_ms);
            if let Some(behind) = behind {
                self.recorder.lag(partition, behind.messages, behind.seconds);
            }
        }
    }

    fn lag(&self) -> MutexGuard<'_, Lag> {
        self.lag.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether any broker takes requests.
fn is_reachable(statistics: &Statistics) -> bool {
    statistics.brokers.values().any(|broker| broker.state == "UP")
}

/// What the client knows of a partition; `None` before it has heard of its end. Negative offsets mean
/// that there is none.
fn seen(partition: &Partition) -> Option<Seen> {
    let known = |offset: i64| (offset >= 0).then_some(offset);
    // Records of transactions that are not committed yet lie after the last stable offset.
    let end = known(partition.ls_offset).or(known(partition.hi_offset))?;
    Some(Seen {
        first: known(partition.lo_offset).unwrap_or_default(),
        end,
        handed_over: known(partition.app_offset),
        reached: known(partition.eof_offset),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::statistics::{Broker, Topic};

    fn statistics(state: &str, partition: Partition) -> Statistics {
        let broker = Broker { state: state.to_owned(), ..Broker::default() };
        let topic = Topic { partitions: [(partition.partition, partition)].into(), ..Topic::default() };
        Statistics {
            time: 100,
            brokers: [("b".to_owned(), broker)].into(),
            topics: [("t".to_owned(), topic)].into(),
            ..Statistics::default()
        }
    }

    /// A partition of which the client has not heard yet has -1001 everywhere.
    fn unheard() -> Partition {
        let none = -1_001;
        Partition {
            hi_offset: none,
            ls_offset: none,
            lo_offset: none,
            app_offset: none,
            eof_offset: none,
            ..Partition::default()
        }
    }

    #[test]
    fn kafka_is_unwell_from_the_first_look_without_a_broker_to_the_first_with_one() {
        let health = Health::default();
        let watched = Watched::new("t", "127.0.0.1:9", Recorder::new("t"), health.clone());
        watched.look(&statistics("UP", unheard()));
        assert!(health.problems().is_empty());
        watched.look(&statistics("TRY_CONNECT", unheard()));
        watched.look(&Statistics { time: 107, ..statistics("CONNECT", unheard()) });
        let problems = health.problems();
        assert_eq!((problems.len(), problems[0].since_micros), (1, 100_000_000));
        assert!(problems[0].sentence.contains("topic t") && problems[0].sentence.contains("127.0.0.1:9"));
        watched.look(&statistics("UP", unheard()));
        assert!(health.problems().is_empty());
    }

    #[test]
    fn kafkas_numbers_are_read_as_what_they_are() {
        assert_eq!(seen(&unheard()), None);
        let partition = Partition { lo_offset: 3, hi_offset: 9, ls_offset: 7, app_offset: 5, ..unheard() };
        assert_eq!(seen(&partition), Some(Seen { first: 3, end: 7, handed_over: Some(5), reached: None }));
        let old_broker = Partition { ls_offset: -1_001, eof_offset: 9, ..partition };
        assert_eq!(seen(&old_broker), Some(Seen { first: 3, end: 9, handed_over: Some(5), reached: Some(9) }));
    }

    #[test]
    fn a_partition_that_is_let_go_is_no_concern() {
        let health = Health::default();
        let watched = Watched::new("t", "b", Recorder::new("t"), health.clone());
        watched.assigned(0, Some(1), None);
        health.broken(Condition::Partition("t".to_owned(), 0), "waits", 5);
        watched.revoked(&[0]);
        assert!(health.problems().is_empty());
        assert_eq!(watched.lag().behind(0, Seen { first: 0, end: 5, handed_over: None, reached: None }, 1), None);
    }
}
