//! When a run that is to end has read everything: by itself, or by other members of the group.

use crate::Error;
use crate::held::Held;
use crate::intake::Partition;
use crate::metrics::FlushReason;
use crate::rows::ChunkRows;
use crate::run::{Ingest, now_micros};
use std::time::Duration;
use tokio::time::Instant;

const LOOK_AT_LAKE_EVERY: Duration = Duration::from_millis(500);
const STALLED_AFTER: Duration = Duration::from_secs(120);

impl Ingest {
    /// Whether all that was in the topic at the start is committed, by this member or another.
    pub(crate) async fn is_caught_up(&mut self, watch: &mut Watch) -> Result<bool, Error> {
        let own = &self.intake.partitions;
        let own_done = own.iter().all(|(partition, buffer)| is_read(buffer, self.end(*partition)));
        if !own_done || !watch.is_due() {
            return Ok(false);
        }
        self.flush(FlushReason::Stop).await?;
        let sink = self.outlet.sink()?;
        sink.refresh_patiently(now_micros).await?;
        let waiting: Vec<i32> = self
            .ends
            .iter()
            .filter(|(partition, end)| {
                let reached = sink.position(**partition).unwrap_or_default() >= **end;
                !reached && self.intake.partitions.get(partition).is_none_or(|buffer| !is_read(buffer, **end))
            })
            .map(|(partition, _)| *partition)
            .collect();
        let reached: i64 = waiting.iter().filter_map(|partition| sink.position(*partition)).sum();
        watch.look(reached);
        if waiting.is_empty() && self.intake.is_committed() {
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

    fn end(&self, partition: i32) -> i64 {
        self.ends.get(&partition).copied().unwrap_or_default()
    }
}

/// Whether nothing of what was in the partition at the start is still to come: its end was reached,
/// or the offset at which it ended then, or it waits for somebody.
fn is_read(buffer: &Partition<ChunkRows, Held>, end: i64) -> bool {
    match &buffer.held {
        Some(held) => held.is_settled(),
        None => buffer.at_end || buffer.next.unwrap_or_default() >= end,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_read_at_its_end_even_while_more_comes_in() {
        let at = |next| Partition { next, ..Partition::new(1, None) };
        assert!(!is_read(&at(None), 5) && !is_read(&at(Some(4)), 5));
        assert!(is_read(&at(Some(5)), 5) && is_read(&at(Some(9)), 5));
        // An empty partition, and one whose last offsets hold no record.
        assert!(is_read(&at(None), 0));
        assert!(is_read(&Partition { at_end: true, ..at(Some(4)) }, 5));
    }
}
