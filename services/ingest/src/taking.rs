//! What the loop takes: where a partition begins, which records become rows, and when a partition
//! must wait.

use crate::bad_share::BadShare;
use crate::chunk::Chunk;
use crate::consume::{Brought, Command, Start};
use crate::held::Held;
use crate::rows::ChunkRows;
use crate::run::{Ingest, now_micros};
use crate::{Error, Sign};
use std::collections::HashSet;

impl Ingest {
    /// Where a partition begins, as the lake has it.
    pub(crate) fn start(&mut self, partition: i32) -> Result<Start, Error> {
        let sink = self.outlet.sink()?;
        let (offset, stamps) = (sink.position(partition), sink.stamps(partition));
        self.last_records.remove(&partition);
        if let Some(known) = offset.zip(stamps.last_record) {
            self.last_records.insert(partition, known);
        }
        self.shares.insert(partition, BadShare::default());
        self.accepted.insert(partition, stamps.accepted.unwrap_or_default());
        let generation = self.intake.assign(partition, offset);
        self.watched.assigned(partition, offset, stamps.complete_through_ms);
        let held = Held::of_paused(offset, stamps);
        let start = Start { partition, offset, generation, held: held.is_some() };
        if let Some(held) = held {
            self.tell_held(partition, &held);
            self.intake.hold(partition, held);
        }
        Ok(start)
    }

    pub(crate) fn receive(&mut self, brought: Brought) -> Result<(), Error> {
        match brought {
            Brought::Records { partition, generation, chunk } => self.take(partition, generation, chunk),
            Brought::ReachedEnd { partition, generation } => {
                self.intake.reached_end(partition, generation);
                Ok(())
            }
        }
    }

    fn take(&mut self, partition: i32, generation: u32, chunk: Chunk) -> Result<(), Error> {
        self.compare_last_record(partition, generation, &chunk)?;
        self.count(partition, generation, &chunk);
        let Some(end) = chunk.end() else { return Ok(()) };
        let Some(from) = self.intake.wants(partition, generation, end) else { return Ok(()) };
        let accepted = self.accepted.get(&partition).copied().unwrap_or_default();
        let mut chunk = chunk.of_offsets(from..end);
        let mut rows = self.rows.rows(&chunk, &self.source.topic, partition, now_micros(), accepted)?;
        let mut held = Held::of_unknown_schema(&rows, |id| self.known_of(id));
        if let Some(over_at) = self.over_at(partition, &chunk, &rows, accepted) {
            chunk = chunk.of_offsets(from..over_at);
            rows = self.rows.rows(&chunk, &self.source.topic, partition, now_micros(), accepted)?;
            rows.paused_at = Some(over_at);
            held = Some(Held::TooManyBad { offset: over_at });
        }
        self.watched.recorder.decoder_surprises(rows.surprises);
        let end = held.as_ref().map_or(end, Held::offset);
        let is_held = held.clone();
        self.intake.take(partition, end, rows, held);
        if let Some(held) = is_held {
            let _ = self.command.send(Command::Hold { partition, generation });
            if held.is_settled() {
                self.tell_held(partition, &held);
            }
            self.ask_registry();
        }
        Ok(())
    }

    fn count(&self, partition: i32, generation: u32, chunk: &Chunk) {
        let recorder = &self.watched.recorder;
        recorder.received(chunk.records.len(), chunk.bytes.len());
        recorder.offset_gaps(chunk.jumps_back());
        let current = self.intake.partitions.get(&partition).filter(|held| held.generation == generation);
        let next = current.and_then(|current| current.next).unwrap_or(i64::MIN);
        recorder.duplicates_dropped(chunk.records.iter().filter(|record| record.offset < next).count());
    }

    /// The offset at which the share of bad records is over the limit.
    fn over_at(&mut self, partition: i32, chunk: &Chunk, rows: &ChunkRows, accepted: i64) -> Option<i64> {
        let bad: HashSet<i64> = rows.bad.iter().map(|bad| bad.offset).collect();
        let limit = rows.unknown_schema.map_or(i64::MAX, |(offset, _)| offset);
        let judged: Vec<i64> = chunk
            .records
            .iter()
            .map(|one| one.offset)
            .filter(|offset| (accepted..limit).contains(offset))
            .collect();
        let share = self.shares.entry(partition).or_default();
        let verdicts = judged.iter().map(|offset| bad.contains(offset));
        let over = share.first_over(verdicts, self.options.pause_above_bad_percent)?;
        judged.get(over).copied()
    }

    /// Whether the record before the position is the one that the lake has read.
    fn compare_last_record(&mut self, partition: i32, generation: u32, chunk: &Chunk) -> Result<(), Error> {
        let current = self.intake.partitions.get(&partition).is_some_and(|held| held.generation == generation);
        let Some((position, known)) = self.last_records.get(&partition).copied().filter(|_| current) else {
            return Ok(());
        };
        self.last_records.remove(&partition);
        let place = chunk.records.iter().position(|record| record.offset == position - 1);
        if place.is_some_and(|place| self.rows.fingerprint(chunk, place) != known) {
            let topic = self.source.topic.clone();
            return Err(Error::TopicMadeAnew { topic, sign: Sign::OtherRecord { partition, position } });
        }
        Ok(())
    }
}
