//! How what was taken gets into the lake: one batch at a time, in a task of its own, while the loop
//! takes the next.

use crate::Error;
use crate::consume::{Command, Start};
use crate::outlet::{Outlet, Settled};
use crate::run::{Ingest, now_micros};
use crate::sink::Flushed;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::timeout;

/// How long the last flush may take when ingest is told to stop.
const STOP_WITHIN: Duration = Duration::from_secs(20);

impl Ingest {
    pub(crate) fn is_full(&self) -> bool {
        let bytes = self.intake.bytes();
        bytes >= self.options.flush_bytes || self.options.budget.is_due(bytes)
    }

    pub(crate) fn note_memory(&self) {
        self.options.budget.note(&self.source.name, self.intake.bytes(), self.outlet.bytes());
    }

    /// Begins to write what has moved, if anything has.
    pub(crate) fn begin_flush(&mut self) {
        if let Some(batch) = self.intake.seal() {
            let at_end = self.intake.at_end();
            let outlet = std::mem::replace(&mut self.outlet, Outlet::Lost);
            self.outlet = outlet.begin(batch, at_end, now_micros);
        }
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
    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        self.settle().await?;
        self.begin_flush();
        self.settle().await
    }

    /// The last flush. A lake that does not answer is not waited for: what it did not take is read
    /// again at the next start.
    pub(crate) async fn finish(&mut self) -> Result<(), Error> {
        timeout(STOP_WITHIN, self.flush()).await.unwrap_or_else(|_| {
            let topic = &self.source.topic;
            tracing::warn!(
                topic,
                "the lake did not take the last rows in time; they are read again at the next start"
            );
            Ok(())
        })
    }

    pub(crate) fn take_in(&mut self, settled: Option<Settled>) -> Result<(), Error> {
        let Some((mut batch, flushed)) = settled else { return Ok(()) };
        let positions = match flushed {
            Flushed::Landed { rows, quarantined } => {
                self.outcome.rows += rows;
                self.outcome.quarantined += quarantined;
                self.options.committed_rows.fetch_add(rows, Ordering::Relaxed);
                self.intake.landed(batch.ends());
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
            let _ = self.command.send(Command::Rewind(start));
        }
        // The rows of the others are as good as before.
        if !batch.parts.is_empty() {
            let at_end = self.intake.at_end();
            let outlet = std::mem::replace(&mut self.outlet, Outlet::Lost);
            self.outlet = outlet.begin(batch, at_end, now_micros);
        }
        Ok(())
    }
}
