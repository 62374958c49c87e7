//! What ingest measures of itself, in one place: what each metric means (`table.rs`), and how it is
//! recorded.
//!
//! Labels are topics, partitions, and words of this file and of [`Refusal`]: nothing that stands in
//! a record is ever a label. Who collects is the binary's affair; with nobody collecting, recording
//! does nothing.

mod table;
#[cfg(test)]
mod tests;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use schemas::Refusal;
use std::time::Duration;
use table::{
    ASSIGNED, BUDGET, BUFFERED, BYTES, COMMIT_SECONDS, COMMITS, DUPLICATES, FLUSHES, Kind, LAG_MESSAGES,
    LAG_SECONDS, METRICS, Metric, OFFSET_GAPS, PAUSED, QUARANTINED, RECORDS, ROWS, SURPRISES, UPLOAD_SECONDS,
};

/// Tells whoever collects metrics what each of them means.
pub fn describe() {
    for Metric { name, kind, unit, description } in METRICS {
        match kind {
            Kind::Counter => describe_counter!(name, unit, description),
            Kind::Gauge => describe_gauge!(name, unit, description),
            Kind::Histogram => describe_histogram!(name, unit, description),
        }
    }
}

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommitOutcome {
    /// In the log.
    Landed,
    /// Another writer was there first.
    Fenced,
    /// The storage gave no answer; reading back showed that it had landed.
    UnknownResolved,
    /// Its files lay too long before it; they are written anew.
    Stale,
    /// It did not land, and ingest does not know how to go on.
    Failed,
}

/// What asked for a flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlushReason {
    /// It was time.
    Time,
    /// Enough was buffered.
    Size,
    /// A partition goes to another process.
    Revoke,
    /// The process ends, or has caught up.
    Stop,
    /// The memory budget is used up.
    Memory,
}

/// Why a partition is not gone on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PauseCause {
    /// The loop does not keep up, or the memory budget is used up; passes by itself.
    Memory,
    /// A schema id that nobody knows.
    UnknownSchema,
    /// The schema registry has not answered; passes by itself when it does.
    Registry,
    /// Too large a share of the partition's newest records is bad.
    ShareRefused,
}

impl CommitOutcome {
    const ALL: [Self; 5] = [Self::Landed, Self::Fenced, Self::UnknownResolved, Self::Stale, Self::Failed];

    fn label(self) -> &'static str {
        match self {
            Self::Landed => "landed",
            Self::Fenced => "fenced",
            Self::UnknownResolved => "unknown_resolved",
            Self::Stale => "stale",
            Self::Failed => "failed",
        }
    }
}

impl FlushReason {
    const ALL: [Self; 5] = [Self::Time, Self::Size, Self::Revoke, Self::Stop, Self::Memory];

    fn label(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Size => "size",
            Self::Revoke => "revoke",
            Self::Stop => "stop",
            Self::Memory => "memory",
        }
    }
}

impl PauseCause {
    /// Those for which a partition is held.
    const WAITING: [Self; 3] = [Self::UnknownSchema, Self::Registry, Self::ShareRefused];

    fn label(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::UnknownSchema => "unknown_schema",
            Self::Registry => "registry",
            Self::ShareRefused => "share_refused",
        }
    }
}

/// Ingest of one topic, as the metrics see it.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    topic: String,
}

impl Recorder {
    /// A topic's metrics, each counter at 0: a counter that appears only when it first counts shows
    /// no rise.
    pub(crate) fn new(topic: &str) -> Self {
        let recorder = Self { topic: topic.to_owned() };
        recorder.received(0, 0);
        recorder.rows(0);
        CommitOutcome::ALL.iter().for_each(|outcome| recorder.add(COMMITS, "outcome", outcome.label(), 0));
        FlushReason::ALL.iter().for_each(|reason| recorder.add(FLUSHES, "reason", reason.label(), 0));
        recorder.offset_gaps(0);
        recorder.duplicates_dropped(0);
        recorder.decoder_surprises(0);
        recorder.pressed_back(0);
        recorder
    }

    /// Records came from Kafka.
    pub(crate) fn received(&self, records: usize, bytes: usize) {
        counter!(RECORDS.name, "topic" => self.topic.clone()).increment(records as u64);
        counter!(BYTES.name, "topic" => self.topic.clone()).increment(bytes as u64);
    }

    /// Rows are in the events table.
    pub(crate) fn rows(&self, rows: u64) {
        counter!(ROWS.name, "topic" => self.topic.clone()).increment(rows);
    }

    /// A record is in the quarantine, and the position is past it.
    pub(crate) fn quarantined(&self, reason: Refusal) {
        self.add(QUARANTINED, "reason", &reason.to_string(), 1);
    }

    /// The outcome of a commit is known, so long after its files were written.
    pub(crate) fn commit(&self, outcome: CommitOutcome, took: Duration) {
        self.add(COMMITS, "outcome", outcome.label(), 1);
        histogram!(COMMIT_SECONDS.name, "topic" => self.topic.clone()).record(took);
    }

    /// A flush begins.
    pub(crate) fn flush(&self, reason: FlushReason) {
        self.add(FLUSHES, "reason", reason.label(), 1);
    }

    /// The files of a flush are written.
    pub(crate) fn uploaded(&self, took: Duration) {
        histogram!(UPLOAD_SECONDS.name, "topic" => self.topic.clone()).record(took);
    }

    /// Offsets were where they must not be, so many times.
    pub(crate) fn offset_gaps(&self, times: u64) {
        counter!(OFFSET_GAPS.name, "topic" => self.topic.clone()).increment(times);
    }

    /// Records were left out because they were there already.
    pub(crate) fn duplicates_dropped(&self, records: usize) {
        counter!(DUPLICATES.name, "topic" => self.topic.clone()).increment(records as u64);
    }

    /// The decoder erred on so many groups of records that the check had passed.
    pub(crate) fn decoder_surprises(&self, groups: usize) {
        counter!(SURPRISES.name, "topic" => self.topic.clone()).increment(groups as u64);
    }

    /// How far the lake is behind Kafka in one partition; the seconds stay as they were while nobody
    /// knows them.
    pub(crate) fn lag(&self, partition: i32, messages: i64, seconds: Option<f64>) {
        let labels = [("topic", self.topic.clone()), ("partition", partition.to_string())];
        gauge!(LAG_MESSAGES.name, &labels).set(messages as f64);
        if let Some(seconds) = seconds {
            gauge!(LAG_SECONDS.name, &labels).set(seconds);
        }
    }

    /// What of this topic is buffered, and the most that the process may buffer.
    pub(crate) fn memory(&self, buffered_bytes: usize, budget_bytes: usize) {
        gauge!(BUFFERED.name, "topic" => self.topic.clone()).set(buffered_bytes as f64);
        gauge!(BUDGET.name).set(budget_bytes as f64);
    }

    /// How many partitions this process reads, and why some of them are held.
    pub(crate) fn partitions(&self, assigned: usize, waiting: &[PauseCause]) {
        gauge!(ASSIGNED.name, "topic" => self.topic.clone()).set(assigned as f64);
        for cause in PauseCause::WAITING {
            self.paused(cause, waiting.iter().filter(|one| **one == cause).count());
        }
    }

    /// So many partitions are paused because the loop does not keep up.
    pub(crate) fn pressed_back(&self, partitions: usize) {
        self.paused(PauseCause::Memory, partitions);
    }

    fn paused(&self, cause: PauseCause, partitions: usize) {
        let labels = [("topic", self.topic.clone()), ("cause", cause.label().to_owned())];
        gauge!(PAUSED.name, &labels).set(partitions as f64);
    }

    fn add(&self, metric: Metric, label: &'static str, value: &str, times: u64) {
        let labels = [("topic", self.topic.clone()), (label, value.to_owned())];
        counter!(metric.name, &labels).increment(times);
    }
}
