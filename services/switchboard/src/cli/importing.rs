//! `switchboard import`: what `--help` teaches of it.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum ImportWhat {
    /// Call records as CSV, one row a call.
    ///
    /// Columns: call_id, queue, priority, arrived_at, ivr_ended_at, queue_entered_at, queue_left_at,
    /// answered_at, ended_at, outcome (answered, abandoned, abandoned_in_ivr, not_a_call), agent,
    /// customer_id. Times are local, such as 2026-03-02T09:00:00. Rows that cannot be used go to
    /// FILE.rejected.csv with their line and the reason; the others go through.
    Calls(ImportRows),
    /// FixMyStreet's reports as CSV, as the council's dashboard exports them, one row a report.
    ///
    /// Columns: Report ID, Category, Created, Confirmed, Acknowledged, Fixed, Closed, Status, Latitude,
    /// Longitude, Ward, Easting, Northing, Device Type, Site Used, Reported As; and where the site has
    /// them Subcategory and External ID. Names and texts may be left out; no table keeps them. Times
    /// are local. Rows that cannot be used go to FILE.rejected.csv with their line and the reason; the
    /// others go through. Import each new export: what it says again changes nothing, and of a
    /// report's state the newest export is right.
    #[command(name = "fixmystreet")]
    FixMyStreet(ImportReports),
    /// Events of any sources as an Avro object container file, in their released schemas.
    ///
    /// A file that is damaged anywhere is refused as a whole.
    Events(ImportEvents),
}

#[derive(Debug, Args)]
pub(crate) struct ImportRows {
    /// The CSV file.
    pub(crate) file: PathBuf,
    /// Name of the system that the records come from, such as telephony-main or fixmystreet; part of
    /// every event id.
    #[arg(long)]
    pub(crate) source: String,
    /// Time zone of the file's times, such as Europe/London.
    #[arg(long, value_name = "ZONE")]
    pub(crate) time_zone: Tz,
    /// Where the events go: to Kafka's topic, or straight to the lake (for history).
    #[arg(long)]
    pub(crate) to: Destination,
}

#[derive(Debug, Args)]
pub(crate) struct ImportReports {
    #[command(flatten)]
    pub(crate) rows: ImportRows,
    /// When the file was exported, such as 2026-04-01T09:00:00Z; the time of the file where it is not
    /// given. Of two exports the later one is right about a report's state.
    #[arg(long, value_name = "TIME")]
    pub(crate) exported_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportEvents {
    /// The Avro file.
    pub(crate) file: PathBuf,
    /// Where the events go: to Kafka's topics, or straight to the lake (for history).
    #[arg(long)]
    pub(crate) to: Destination,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Destination {
    Kafka,
    Lake,
}
