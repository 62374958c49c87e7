//! Each metric of ingest: its name, its kind, its unit and what it says.

use metrics::Unit;

/// A metric.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) unit: Unit,
    pub(super) description: &'static str,
}

/// What a metric does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Many values, counted by size.
    Histogram,
}

const fn metric(name: &'static str, kind: Kind, unit: Unit, description: &'static str) -> Metric {
    Metric { name, kind, unit, description }
}

/// All of them.
pub(super) const METRICS: [Metric; 17] = [
    LAG_MESSAGES,
    LAG_SECONDS,
    RECORDS,
    BYTES,
    ROWS,
    QUARANTINED,
    COMMITS,
    FLUSHES,
    OFFSET_GAPS,
    DUPLICATES,
    SURPRISES,
    BUFFERED,
    BUDGET,
    ASSIGNED,
    PAUSED,
    UPLOAD_SECONDS,
    COMMIT_SECONDS,
];

pub(super) const LAG_MESSAGES: Metric = metric(
    "switchboard_ingest_lag_messages",
    Kind::Gauge,
    Unit::Count,
    "Offsets between the lake's position and the end of the Kafka partition; 0 for a partition that another \
     process reads.",
);
pub(super) const LAG_SECONDS: Metric = metric(
    "switchboard_ingest_lag_seconds",
    Kind::Gauge,
    Unit::Seconds,
    "How long ago the lake last had all that the Kafka partition held; 0 while it has all.",
);
pub(super) const RECORDS: Metric = metric(
    "switchboard_ingest_records_total",
    Kind::Counter,
    Unit::Count,
    "Records taken from Kafka, those that were read a second time included.",
);
pub(super) const BYTES: Metric = metric(
    "switchboard_ingest_received_bytes_total",
    Kind::Counter,
    Unit::Bytes,
    "Bytes of the records taken from Kafka.",
);
pub(super) const ROWS: Metric =
    metric("switchboard_ingest_rows_total", Kind::Counter, Unit::Count, "Rows committed to the events table.");
pub(super) const QUARANTINED: Metric = metric(
    "switchboard_ingest_quarantined_total",
    Kind::Counter,
    Unit::Count,
    "Records committed to the quarantine, by the reason why they could not be used.",
);
pub(super) const COMMITS: Metric = metric(
    "switchboard_ingest_commits_total",
    Kind::Counter,
    Unit::Count,
    "Commits by outcome: landed; fenced (another writer was there first, nothing was written); unknown_resolved \
     (the storage gave no answer, and reading back showed that it had landed); stale (its files lay too long before it \
     and are written anew); failed.",
);
pub(super) const FLUSHES: Metric = metric(
    "switchboard_ingest_flushes_total",
    Kind::Counter,
    Unit::Count,
    "Flushes by what asked for them: time, size, revoke (a partition goes to another process), stop, memory.",
);
pub(super) const OFFSET_GAPS: Metric = metric(
    "switchboard_ingest_offset_gaps_total",
    Kind::Counter,
    Unit::Count,
    "Offsets where they must not be: a record before one that Kafka gave already, or a commit that does not begin \
     where the one before it ended. Must stay 0.",
);
pub(super) const DUPLICATES: Metric = metric(
    "switchboard_ingest_duplicates_dropped_total",
    Kind::Counter,
    Unit::Count,
    "Records left out because the lake or the buffer had them already; some are usual after a rebalance.",
);
pub(super) const SURPRISES: Metric = metric(
    "switchboard_ingest_decoder_surprises_total",
    Kind::Counter,
    Unit::Count,
    "Groups of records on which the decoder erred although the check had passed them, a fault of Switchboard's. Each \
     record of them is then decoded alone, and only those that cannot be are in the quarantine, as decoder_refused. \
     Must stay 0.",
);
pub(super) const BUFFERED: Metric = metric(
    "switchboard_ingest_buffered_bytes",
    Kind::Gauge,
    Unit::Bytes,
    "Memory that holds what has been read and is not committed yet.",
);
pub(super) const BUDGET: Metric = metric(
    "switchboard_ingest_memory_budget_bytes",
    Kind::Gauge,
    Unit::Bytes,
    "The most memory that all topics together may hold and write, as configured.",
);
pub(super) const ASSIGNED: Metric = metric(
    "switchboard_ingest_partitions_assigned",
    Kind::Gauge,
    Unit::Count,
    "Partitions that this process reads.",
);
pub(super) const PAUSED: Metric = metric(
    "switchboard_ingest_partitions_paused",
    Kind::Gauge,
    Unit::Count,
    "Partitions that this process does not go on with, by cause: memory passes by itself, and registry \
     when the schema registry answers; unknown_schema and share_refused wait for somebody.",
);
pub(super) const UPLOAD_SECONDS: Metric = metric(
    "switchboard_ingest_upload_seconds",
    Kind::Histogram,
    Unit::Seconds,
    "Time to write the files of a flush.",
);
pub(super) const COMMIT_SECONDS: Metric = metric(
    "switchboard_ingest_commit_seconds",
    Kind::Histogram,
    Unit::Seconds,
    "Time from the files of a flush to the known outcome of its commit.",
);
