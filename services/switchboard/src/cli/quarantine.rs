//! What `switchboard quarantine --help` teaches.

use super::Format;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum QuarantineAction {
    /// What is in the quarantine: how many records, of which partition, and why.
    List {
        /// How to print it.
        #[arg(long, default_value = "table")]
        format: Format,
    },
    /// Open one record. Needs the stewards' secret key; what is printed may name people.
    Show(QuarantinedRecord),
    /// Ingest records again, under their own coordinates: after a schema was released or a fault of
    /// Switchboard mended. Those that are still bad stay.
    ///
    /// Needs the stewards' secret key. It can be run at any time, also beside ingest; no record can
    /// get in twice. What it brought shows at the next refresh.
    Requeue {
        /// Only this topic, such as telephony.events.
        #[arg(long)]
        topic: Option<String>,
        /// Only this reason, such as unknown_schema.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Let a partition go on that waits because of a bad cause: an unknown schema, or too many bad
    /// records.
    ///
    /// All that it holds up to now and that cannot be used goes to the quarantine; a running ingest
    /// sees this within seconds.
    Accept {
        #[command(flatten)]
        partition: OfPartition,
        /// Accept what lies before this offset; where it is not given, all that the partition holds now.
        #[arg(long, value_name = "OFFSET")]
        through: Option<i64>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct OfPartition {
    /// The topic, such as telephony.events.
    #[arg(long)]
    pub(crate) topic: String,
    /// The partition.
    #[arg(long)]
    pub(crate) partition: i32,
}

#[derive(Debug, Args)]
pub(crate) struct QuarantinedRecord {
    #[command(flatten)]
    pub(crate) place: OfPartition,
    /// The offset.
    #[arg(long)]
    pub(crate) offset: i64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IngestAction {
    /// Go on after Kafka has dropped records that the lake had not read: they are lost for good.
    ///
    /// Ingest stops and names the range. The loss is written into the log of the events table.
    AcceptLoss {
        #[command(flatten)]
        partition: OfPartition,
        /// The first offset that is missing: the lake's position.
        #[arg(long, value_name = "OFFSET")]
        from: i64,
        /// The first offset that Kafka still has; refused if Kafka says another.
        #[arg(long, value_name = "OFFSET")]
        to: i64,
    },
}
