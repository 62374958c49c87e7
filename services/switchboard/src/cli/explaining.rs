//! The command line of `switchboard explain`.

use crate::cli::ReportFormat;
use chrono::NaiveDate;
use clap::Args;
use std::collections::BTreeMap;

#[derive(Debug, Args)]
#[command(after_help = "Example: why was that 81 %?\n  \
    switchboard explain answered_within_60s --date 2026-03-02 --queue TAX\n\
    With the events of more calls, for machines:\n  \
    switchboard explain answered_within_60s --date 2026-03-02 --queue TAX --contacts 10 --format json")]
pub(crate) struct ExplainArguments {
    /// The measure, as `switchboard sql "SELECT kpi, title FROM kpi_definitions"` names it.
    pub(crate) kpi: String,
    /// The local day; of a measure by month any day of the month.
    #[arg(long, value_name = "DATE")]
    pub(crate) date: NaiveDate,
    /// Only this service area.
    #[arg(long, value_name = "NAME")]
    service_area: Option<String>,
    /// Only this service class: social_care, other or "(unknown)".
    #[arg(long, value_name = "NAME")]
    service_class: Option<String>,
    /// Only this queue.
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    /// Only this channel.
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    /// Only this subject group.
    #[arg(long, value_name = "NAME")]
    subject_group: Option<String>,
    /// How many contacts to show with their events: of those that count, of those that count in the
    /// denominator only, and of those left out.
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) contacts: usize,
    /// How to print it.
    #[arg(long, default_value = "table")]
    pub(crate) format: ReportFormat,
}

impl ExplainArguments {
    /// The dimensions asked for, with their values.
    pub(crate) fn dimensions(&self) -> BTreeMap<String, String> {
        let asked = [
            ("service_area", &self.service_area),
            ("service_class", &self.service_class),
            ("queue", &self.queue),
            ("channel", &self.channel),
            ("subject_group", &self.subject_group),
        ];
        asked.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))).collect()
    }
}
