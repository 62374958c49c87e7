//! One topic as it is watched: the loop says where the lake stands, Kafka's thread says once a second
//! where Kafka stands, and from both come lag and health.
//!
//! Shared by both, so that lag is seen to grow also while the lake does not answer.

use crate::health::{Condition, Health};
use crate::kafka::Reaches;
use crate::known::Known;
use crate::lag::{Lag, Seen};
use crate::metrics::Recorder;
use rdkafka::statistics::{Partition, Statistics};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How often Kafka's client says where Kafka stands, in milliseconds.
pub(crate) const LOOK_EVERY_MS: &str = "1000";
/// How old the newest word of a partition may be although its broker was heard just now: what it sends
/// is held back for up to `fetch.wait.max.ms`, and the look itself counts in whole seconds.
const HEARD_MARGIN_MS: i64 = 1_000;

/// A topic, watched.
#[derive(Debug)]
pub(crate) struct Watched {
    topic: String,
    brokers: String,
    /// The topic's metrics.
    pub(crate) recorder: Recorder,
    health: Health,
    lag: Mutex<Lag>,
    known: Mutex<Known>,
    /// Whether partitions are paused, or were so at any time since the last look: their ends are not
    /// heard of meanwhile.
    deaf: AtomicBool,
    paused: AtomicBool,
}

impl Watched {
    /// Nothing is known of Kafka yet, so it is not well. `brokers` are the configured addresses, to
    /// be named in a sentence.
    pub(crate) fn new(topic: &str, brokers: &str, health: Health, now_micros: i64) -> Self {
        let sentence = format!("topic {topic}: Kafka at {brokers} has not been reached yet");
        health.broken(Condition::Kafka(topic.to_owned()), sentence, now_micros);
        let (topic, brokers, recorder) = (topic.to_owned(), brokers.to_owned(), Recorder::new(topic));
        let (deaf, paused) = (AtomicBool::default(), AtomicBool::default());
        Self { topic, brokers, recorder, health, lag: Mutex::default(), known: Mutex::default(), deaf, paused }
    }

    /// Kafka answers.
    pub(crate) fn reached(&self) {
        self.health.holds(&Condition::Kafka(self.topic.clone()));
    }

    /// Kafka was asked how far all partitions reach, and the lake stood at `position`.
    pub(crate) fn asked(&self, reaches: &Reaches, asked_ms: i64, position: impl Fn(i32) -> Option<i64>) {
        self.known_partitions().asked(reaches, asked_ms, position);
    }

    /// The partitions that the topic has, and up to when the lake had all of each when Kafka was asked.
    pub(crate) fn known(&self) -> Vec<(i32, i64)> {
        self.known_partitions().all()
    }

    /// This process has the partition from now on.
    pub(crate) fn assigned(&self, partition: i32, position: Option<i64>, complete_through_ms: Option<i64>) {
        self.known_partitions().heard_of([partition]);
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

    /// Until when Kafka had no record of the partition but those before `next`, milliseconds since 1970.
    pub(crate) fn stood_at_end_ms(&self, partition: i32, next: i64) -> Option<i64> {
        self.lag().stood_at_end_ms(partition, next)
    }

    /// A partition waits for somebody to act.
    pub(crate) fn waits(&self, partition: i32, sentence: &str, now_micros: i64) {
        self.health.broken(Condition::Partition(self.topic.clone(), partition), sentence, now_micros);
    }

    /// It goes on.
    pub(crate) fn goes_on(&self, partition: i32) {
        self.health.holds(&Condition::Partition(self.topic.clone(), partition));
    }

    /// The lake refuses to be written.
    pub(crate) fn lake_refuses(&self, cause: &str, now_micros: i64) {
        let sentence =
            format!("topic {}: the lake cannot be written ({cause}); ingest waits and tries again", self.topic);
        self.health.broken(Condition::Lake(self.topic.clone()), sentence, now_micros);
    }

    /// The lake can be written.
    pub(crate) fn lake_takes(&self) {
        self.health.holds(&Condition::Lake(self.topic.clone()));
    }

    /// So many partitions are paused because the loop does not keep up; 0 when all go on.
    pub(crate) fn presses_back(&self, partitions: usize) {
        self.paused.store(partitions > 0, Ordering::Relaxed);
        self.deaf.fetch_or(partitions > 0, Ordering::Relaxed);
        self.recorder.pressed_back(partitions);
    }

    /// Kafka's client says where Kafka stands.
    pub(crate) fn look(&self, statistics: &Statistics) {
        let now_ms = statistics.time.saturating_mul(1_000);
        if is_reachable(statistics) {
            self.reached();
        } else {
            let sentence = format!(
                "topic {}: no Kafka broker of {} answers; ingest goes on by itself as soon as one does",
                self.topic, self.brokers
            );
            self.health.broken(Condition::Kafka(self.topic.clone()), sentence, now_ms.saturating_mul(1_000));
        }
        let hears = !self.deaf.swap(self.paused.load(Ordering::Relaxed), Ordering::Relaxed);
        let partitions = statistics.topics.get(&self.topic).into_iter().flat_map(|topic| &topic.partitions);
        // The client has one more of its own, -1, and such as it was told of and the topic has not.
        let of_topic = partitions.clone().filter(|(partition, found)| **partition >= 0 && !found.unknown);
        self.known_partitions().heard_of(of_topic.map(|(partition, _)| *partition));
        for (partition, found) in partitions {
            let Some(seen) = seen(found, heard_ms(statistics, found).filter(|_| hears)) else { continue };
            let behind = self.lag().behind(*partition, seen, now_ms);
            if let Some(behind) = behind {
                self.recorder.lag(*partition, behind.messages, behind.seconds);
            }
        }
    }

    fn known_partitions(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lag(&self) -> MutexGuard<'_, Lag> {
        self.lag.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether any broker takes requests.
fn is_reachable(statistics: &Statistics) -> bool {
    statistics.brokers.values().any(|broker| broker.state == "UP")
}

/// Until when the client has surely heard of new records of a partition; `None` while its broker is away.
fn heard_ms(statistics: &Statistics, partition: &Partition) -> Option<i64> {
    let mut brokers = statistics.brokers.values();
    let broker = brokers.find(|broker| broker.nodeid == partition.broker && broker.state == "UP")?;
    let since_ms = (broker.rxidle >= 0).then_some(broker.rxidle / 1_000)?;
    Some(statistics.time.saturating_mul(1_000) - since_ms - HEARD_MARGIN_MS)
}

/// What the client knows of a partition; `None` before it has heard of its end. Negative offsets mean
/// that there is none.
fn seen(partition: &Partition, heard_ms: Option<i64>) -> Option<Seen> {
    let known = |offset: i64| (offset >= 0).then_some(offset);
    // Records of transactions that are not committed yet lie after the last stable offset.
    let end = known(partition.ls_offset).or(known(partition.hi_offset))?;
    Some(Seen {
        first: known(partition.lo_offset).unwrap_or_default(),
        end,
        handed_over: known(partition.app_offset),
        reached: known(partition.eof_offset),
        heard_ms,
    })
}

#[cfg(test)]
mod tests;
