//! When a run that is to end has read everything: by itself, or by other members of the group.

use crate::Error;
use crate::run::Ingest;
use std::time::Duration;
use tokio::time::Instant;

const LOOK_AT_LAKE_EVERY: Duration = Duration::from_millis(500);
const STALLED_AFTER: Duration = Duration::from_secs(120);

impl Ingest {
    /// Whether all that was in the topic at the start is committed, by this member or another.
    pub(crate) async fn is_caught_up(&mut self, watch: &mut Watch) -> Result<bool, Error> {
        let mine = |partition: &i32| self.buffers.partitions.get(partition);
        let own_done = self.ends.keys().filter_map(mine).all(|buffer| buffer.at_end || buffer.held.is_some());
        if !own_done || !watch.is_due() {
            return Ok(false);
        }
        self.flush().await?;
        self.sink.refresh().await?;
        let waiting: Vec<i32> = self
            .ends
            .iter()
            .filter(|(partition, end)| {
                let reached = self.sink.position(**partition).unwrap_or_default() >= **end;
                let own = self.buffers.partitions.get(partition);
                !reached && own.is_none_or(|buffer| !buffer.at_end && buffer.held.is_none())
            })
            .map(|(partition, _)| *partition)
            .collect();
        let reached: i64 = waiting.iter().filter_map(|partition| self.sink.position(*partition)).sum();
        watch.look(reached);
        if waiting.is_empty() && !self.buffers.has_moved() {
            return Ok(true);
        }
        match watch.stalled_for() {
            waited if waited >= STALLED_AFTER => Err(Error::Stalled {
                topic: self.source.topic.clone(),
                partitions: waiting,
                waited_seconds: waited.as_secs(),
            }),
            _ => Ok(false),
        }
    }
}

/// When to look at the lake for what other members have done, and how long they have done nothing.
pub(crate) struct Watch {
    next_look: Instant,
    last_move: Instant,
    reached: i64,
}

impl Watch {
    pub(crate) fn new() -> Self {
        Self { next_look: Instant::now(), last_move: Instant::now(), reached: -1 }
    }

    fn is_due(&self) -> bool {
        Instant::now() >= self.next_look
    }

    fn look(&mut self, reached: i64) {
        self.next_look = Instant::now() + LOOK_AT_LAKE_EVERY;
        if reached != self.reached {
            self.reached = reached;
            self.last_move = Instant::now();
        }
    }

    fn stalled_for(&self) -> Duration {
        self.last_move.elapsed()
    }
}
