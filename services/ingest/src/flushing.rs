//! How what was taken gets into the lake: one batch at a time, in a task of its own, while the loop
//! takes the next.

use crate::Error;
use crate::consume::{Command, FLUSH_WITHIN, Start};
use crate::intake::Batch;
use crate::metrics::FlushReason;
use crate::outlet::{Outlet, Settled};
use crate::rows::ChunkRows;
use crate::run::{Ingest, now_micros};
use crate::sink::Flushed;
use std::future::Future;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::timeout;

/// How long the last flush may take when ingest is told to stop.
const STOP_WITHIN: Duration = Duration::from_secs(20);

impl Ingest {
    /// Why what is buffered should be written although it is not time yet.
    pub(crate) fn full(&self) -> Option<FlushReason> {
        let bytes = self.intake.bytes();
        let size = (bytes >= self.options.flush_bytes).then_some(FlushReason::Size);
        size.or(self.options.budget.is_due(bytes).then_some(FlushReason::Memory))
    }

    /// Tells the budget and whoever watches how things stand.
    pub(crate) fn note_state(&self) {
        let (waiting, in_flight) = (self.intake.bytes(), self.outlet.bytes());
        self.options.budget.note(&self.source.name, waiting, in_flight);
        let recorder = &self.watched.recorder;
        recorder.memory(waiting + in_flight, self.options.budget.bytes());
        let held = self.intake.partitions.values().filter_map(|one| Some(one.held.as_ref()?.cause()));
        recorder.partitions(self.intake.partitions.len(), &held.collect::<Vec<_>>());
    }

    /// Begins to write what has moved, if anything has.
    pub(crate) fn begin_flush(&mut self, reason: FlushReason) {
        if let Some(batch) = self.intake.seal() {
            self.watched.recorder.flush(reason);
            self.write(batch);
        }
    }

    /// Hands a batch to the outlet, and with it which partitions there are, and which of them have no more
    /// than is in it.
    fn write(&mut self, batch: Batch<ChunkRows>) {
        let at_end = self.intake.at_end().into_iter();
        let at_end = at_end
            .filter_map(|(partition, next)| Some((partition, self.watched.stood_at_end_ms(partition, next)?)));
        let complete_through_ms = self.watched.known().into_iter().chain(at_end).collect();
        let outlet = std::mem::replace(&mut self.outlet, Outlet::Lost);
        self.outlet = outlet.begin(batch, complete_through_ms, now_micros);
    }

    /// Waits until nothing is being written.
    pub(crate) async fn settle(&mut self) -> Result<(), Error> {
        while self.outlet.is_busy() {
            let settled = self.outlet.settled().await?;
            self.take_in(settled)?;
        }
        Ok(())
    }

    /// Makes all safe that has been taken.
    pub(crate) async fn flush(&mut self, reason: FlushReason) -> Result<(), Error> {
        self.settle().await?;
        self.begin_flush(reason);
        self.settle().await
    }

    /// The last flush. A lake that does not answer is not waited for: what it did not take is read
    /// again at the next start.
    pub(crate) async fn finish(&mut self) -> Result<(), Error> {
        if !in_time(STOP_WITHIN, self.flush(FlushReason::Stop)).await? {
            let topic = &self.source.topic;
            tracing::warn!(
                topic,
                "the lake did not take the last rows in time; they are read again at the next start"
            );
        }
        Ok(())
    }

    /// The flush before these partitions go to another process, which waits for it, but not for ever.
    pub(crate) async fn hand_on(&mut self, partitions: &[i32]) -> Result<(), Error> {
        if !in_time(FLUSH_WITHIN, self.flush(FlushReason::Revoke)).await? {
            let topic = &self.source.topic;
            tracing::warn!(topic, ?partitions, "not safe in time; the next owner reads their rows again");
        }
        Ok(())
    }

    pub(crate) fn take_in(&mut self, settled: Option<Settled>) -> Result<(), Error> {
        let Some((mut batch, flushed)) = settled else { return Ok(()) };
        let positions = match flushed {
            Flushed::Landed { rows, quarantined } => {
                self.outcome.rows += rows;
                self.outcome.quarantined += quarantined;
                self.options.committed_rows.fetch_add(rows, Ordering::Relaxed);
                self.intake.landed(batch.ends());
                self.tell_landed(&batch, rows);
                let ends = batch.ends().into_iter().map(|(partition, _, end)| (partition, end));
                let _ = self.command.send(Command::Publish(ends.collect()));
                return Ok(());
            }
            Flushed::Fenced(positions) => positions,
        };
        for (partition, position, generation) in self.intake.fenced(&mut batch, &positions) {
            let topic = &self.source.topic;
            tracing::warn!(
                topic,
                partition,
                position,
                "fenced: another writer was here; reading on from the lake"
            );
            let start = Start { partition, offset: Some(position), generation, held: false };
            self.last_records.remove(&partition);
            // What it waited for, if it did, is behind it now, or is met again.
            self.watched.goes_on(partition);
            self.watched.committed(partition, position, None);
            let _ = self.command.send(Command::Rewind(start));
        }
        // The rows of the others are as good as before.
        if !batch.parts.is_empty() {
            self.write(batch);
        }
        Ok(())
    }

    fn tell_landed(&self, batch: &Batch<ChunkRows>, rows: u64) {
        self.watched.recorder.rows(rows);
        for (partition, part) in &batch.parts {
            self.watched.committed(*partition, part.end, part.rows.kafka_time_ms);
            part.rows.bad.iter().for_each(|bad| self.watched.recorder.quarantined(bad.reason));
        }
    }
}

/// Whether work was done within the limit. Work that failed is another matter: its batch is gone, and
/// whoever goes on as after a lack of time says what is not so and hides the cause.
async fn in_time(limit: Duration, work: impl Future<Output = Result<(), Error>>) -> Result<bool, Error> {
    timeout(limit, work).await.map_or(Ok(false), |done| done.map(|()| true))
}
