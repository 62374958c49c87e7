//! The command line: what `--help` teaches.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Contact-centre measures from events: kept exactly once, measured the same on every rebuild.
///
/// In this order the first time: keys new, import calls (or ingest from Kafka), reference load,
/// refresh --once, kpi.
#[derive(Debug, Parser)]
#[command(name = "switchboard", version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// Settings file; without it SWITCHBOARD_CONFIG, then ./switchboard.toml, then the defaults of
    /// deploy/switchboard.toml.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make or check the keys: the token key and the stewards' pair.
    Keys {
        #[command(subcommand)]
        action: KeysAction,
    },
    /// Turn records of another system into events.
    Import {
        #[command(subcommand)]
        what: ImportWhat,
    },
    /// Take events from Kafka into the lake, each once.
    Ingest(IngestArguments),
    /// Fold the events and measure, and publish the result as one epoch.
    Refresh(RefreshArguments),
    /// Ask the published tables a question in SQL; nothing can be changed by it.
    ///
    /// Tables: telephony_events, reference_events, quarantine, queue_visits, calls,
    /// customer_contacts, queue_map, targets, baselines, kpi_daily, kpi_interval,
    /// kpi_distribution, kpi_monthly, kpi_definitions.
    Sql(SqlArguments),
    /// The scorecard: each measure against its target and baseline, and how complete it is.
    Kpi(KpiArguments),
    /// Load what the council says of its queues, targets and baselines.
    Reference {
        #[command(subcommand)]
        action: ReferenceAction,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysAction {
    /// Make both keys, outside the lake; existing ones are never overwritten.
    New,
    /// See whether the keys are there, readable by you alone, and fit together.
    Check,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportWhat {
    /// Call records as CSV, one row a call.
    ///
    /// Columns: call_id, queue, priority, arrived_at, ivr_ended_at, queue_entered_at, queue_left_at,
    /// answered_at, ended_at, outcome (answered, abandoned, abandoned_in_ivr, not_a_call), agent,
    /// customer_id. Times are local, such as 2026-03-02T09:00:00. Rows that cannot be used go to
    /// FILE.rejected.csv with their line and the reason; the others go through.
    Calls(ImportCalls),
}

#[derive(Debug, Args)]
pub(crate) struct ImportCalls {
    /// The CSV file.
    pub(crate) file: PathBuf,
    /// Name of the system that the records come from, such as telephony-main; part of every event id.
    #[arg(long)]
    pub(crate) source: String,
    /// Time zone of the file's times, such as Europe/London.
    #[arg(long, value_name = "ZONE")]
    pub(crate) time_zone: Tz,
    /// Where the events go: to Kafka's topic, or straight to the lake (for history).
    #[arg(long)]
    pub(crate) to: Destination,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Destination {
    Kafka,
    Lake,
}

#[derive(Debug, Args)]
pub(crate) struct IngestArguments {
    /// The sources to ingest; each has its own topic.
    #[arg(long = "source", value_name = "NAME", default_value = "telephony")]
    pub(crate) sources: Vec<String>,
    /// End when all that is in the topics now is committed.
    #[arg(long)]
    pub(crate) until_caught_up: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RefreshArguments {
    /// Refresh once and end.
    #[arg(long, required = true)]
    pub(crate) once: bool,
    /// Measure as of this instant instead of now: decides what is final. Such as 2026-04-01T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<DateTime<Utc>>,
}

#[derive(Debug, Args)]
pub(crate) struct SqlArguments {
    /// The query.
    pub(crate) query: String,
    /// How to print the rows.
    #[arg(long, default_value = "table")]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct KpiArguments {
    /// First local day; the first day of the newest month with calls where it is not given.
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<NaiveDate>,
    /// Last local day; the newest day with calls where it is not given.
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<NaiveDate>,
    /// How to print it.
    #[arg(long, default_value = "table")]
    pub(crate) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Csv,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReferenceAction {
    /// Load a TOML or CSV file of queues, targets and baselines; see deploy/reference/.
    ///
    /// What a file says holds from its effective_from on, in place of what was said before for the
    /// same queue or measure and day. It shows at the next refresh.
    Load {
        /// The file.
        file: PathBuf,
    },
}
