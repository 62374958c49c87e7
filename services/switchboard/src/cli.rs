//! The command line: what `--help` teaches.

mod explaining;
mod importing;
pub(crate) mod quarantine;
mod reference;

pub(crate) use explaining::ExplainArguments;
pub(crate) use importing::{Destination, ImportEvents, ImportReports, ImportRows, ImportWhat};
pub(crate) use reference::ReferenceAction;

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Contact-centre measures from events: kept exactly once, measured the same on every rebuild.
///
/// In this order the first time: keys new, import calls (or ingest from Kafka), reference load,
/// refresh --once, kpi, serve. Or look around first: demo.
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
    /// Where Kafka and the lake stand: for each topic and partition Kafka's end, the lake's position, the
    /// lag, the last commit, what is quarantined, and up to when it is complete.
    ///
    /// Exit code 1 where Kafka does not answer; what the lake says is printed all the same.
    Status {
        /// How to print it.
        #[arg(long, default_value = "table")]
        format: ReportFormat,
    },
    /// What could not be used: see it, open it, ingest it again, or let a waiting partition go on.
    Quarantine {
        #[command(subcommand)]
        action: quarantine::QuarantineAction,
    },
    /// Read Kafka again and compare it with the lake: is anything lost, doubled or changed?
    ///
    /// From the earliest record that Kafka keeps up to the lake's position. Ends with 0 where all is
    /// well, with 1 where something was found.
    Audit(AuditArguments),
    /// Fold the events and measure, and publish the result as one epoch.
    Refresh(RefreshArguments),
    /// Recompute the newest epoch from its events alone, and compare: is every published number right?
    ///
    /// Every model and measure is computed again as of the epoch's instant, and compared row for row both
    /// ways. Rows that differ are printed with the events behind them. The result is kept in the table
    /// `verifications`. Ends with 0 where all is well, with 1 where something differs.
    Verify {
        /// How to print what was found.
        #[arg(long, default_value = "table")]
        format: ReportFormat,
    },
    /// Look after the tables: put small files together, make checkpoints, clean up, remove what has had
    /// its time.
    ///
    /// Needed beside ingest and refresh, which leave many small files. No answer changes by it, and it
    /// may be killed at any time. Run it as a service, or as a job with --once; a second one beside it
    /// gives way.
    Maintain(MaintainArguments),
    /// Show the published numbers over HTTP: a page at /, values as JSON and CSV under /api/kpis.
    Serve(ServeArguments),
    /// Ask the published tables a question in SQL; nothing can be changed by it.
    ///
    /// Events: telephony_events, webform_events, fixmystreet_events, reference_events, quarantine.
    /// Models: queue_visits, calls, form_sessions, reports, contacts, contact_demands,
    /// customer_contacts, queue_map, category_map, public_holidays, interventions, targets, baselines,
    /// coverage, counted_channels, programme_measures.
    /// Measures: kpi_daily, kpi_interval, kpi_distribution, kpi_period, kpi_monthly, kpi_series,
    /// kpi_xmr, kpi_definitions. Records: kpi_restatements, verifications.
    Sql(SqlArguments),
    /// The scorecard: each measure against its target and baseline, and how complete it is.
    Kpi(KpiArguments),
    /// Why is it 81 %? One number of a day, with its definition and versions, down to the contacts that it
    /// counts, those that it leaves out and why, and the events behind them.
    ///
    /// Everything is read at the newest epoch. What the contacts add is summed and compared with the
    /// published number; the exit code is 1 where it differs.
    Explain(ExplainArguments),
    /// Load what the council says of itself: queues, categories, holidays, targets, baselines and more.
    Reference {
        #[command(subcommand)]
        action: ReferenceAction,
    },
    /// Make up a council and write its events to a file; the same seed gives the same events.
    ///
    /// Calls with waits that follow from a real queue of agents, forms with drop-off, FixMyStreet
    /// reports through their states, and the reference data that goes with them. Telephone numbers are
    /// those that Ofcom keeps for drama.
    Simulate(SimulateArguments),
    /// See everything work, without Kafka and without data: two years of a made-up council, a live
    /// stream, refreshes, and the page.
    ///
    /// The days before today go by at an hour a second, then the stream keeps time with the clock. Every
    /// refresh keeps the files of its epoch: it is meant for an hour, not for weeks.
    Demo(DemoArguments),
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysAction {
    /// Make both keys, outside the lake; existing ones are never overwritten.
    New,
    /// See whether the keys are there, readable by you alone, and fit together.
    Check,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct IngestArguments {
    #[command(subcommand)]
    pub(crate) action: Option<quarantine::IngestAction>,
    /// A source to ingest, such as telephony; may be given several times. Without it all sources are
    /// ingested, and a topic that is not there is waited for.
    #[arg(long = "source", value_name = "NAME")]
    pub(crate) sources: Vec<String>,
    /// End when all that is in the topics now is committed.
    #[arg(long)]
    pub(crate) until_caught_up: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AuditArguments {
    /// A source to audit, such as telephony; may be given several times. Without it all sources that
    /// have a topic are audited.
    #[arg(long = "source", value_name = "NAME")]
    pub(crate) sources: Vec<String>,
    /// Find it wrong too if Kafka has records that the lake has not taken yet.
    #[arg(long)]
    pub(crate) caught_up: bool,
    /// How to print what was found.
    #[arg(long, default_value = "table")]
    pub(crate) format: ReportFormat,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArguments {
    /// The first local day, such as 2025-01-01.
    #[arg(long, value_name = "DATE")]
    pub(crate) from: NaiveDate,
    /// How many months.
    #[arg(long, default_value_t = 12)]
    pub(crate) months: u32,
    /// Calls, forms and reports in an average month.
    #[arg(long, default_value_t = 5_000)]
    pub(crate) contacts_per_month: u32,
    /// The local day on which the council launches FixMyStreet; without it, it never does.
    #[arg(long, value_name = "DATE")]
    pub(crate) launch: Option<NaiveDate>,
    /// Tells one council from another.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// The Avro file to write; `import events` takes it.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Parser)]
pub(crate) struct DemoArguments {
    /// End when the numbers are there, instead of staying up with the page.
    #[arg(long)]
    pub(crate) once: bool,
    /// Where the demonstration keeps its lake and keys. It is cleared at the next demonstration.
    #[arg(long, value_name = "FOLDER", default_value = "switchboard-data/demo")]
    pub(crate) folder: PathBuf,
    /// Months of history.
    #[arg(long, default_value_t = 24)]
    pub(crate) months: u32,
    /// Calls, forms and reports in an average month.
    #[arg(long, default_value_t = 5_000)]
    pub(crate) contacts_per_month: u32,
    /// Tells one council from another.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Address and port of the page, instead of serve.listen.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct RefreshArguments {
    /// Refresh once and end, instead of whenever something has come.
    #[arg(long)]
    pub(crate) once: bool,
    /// Measure as of this instant instead of now: decides what is final. Such as 2026-04-01T00:00:00Z.
    #[arg(long, value_name = "TIME", requires = "once")]
    pub(crate) as_of: Option<DateTime<Utc>>,
    /// Compute everything from the events, whatever the last epoch has. The numbers are the same.
    #[arg(long, requires = "once")]
    pub(crate) from_scratch: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MaintainArguments {
    /// Do what is due and end, instead of every few minutes for as long as it runs.
    #[arg(long)]
    pub(crate) once: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Address and port, such as 127.0.0.1:8080, instead of the setting serve.listen; port 0 takes any
    /// free one.
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
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
pub(crate) enum ReportFormat {
    Table,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Csv,
    Json,
}
