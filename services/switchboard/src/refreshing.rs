//! `switchboard refresh`: fold, measure, publish.

use crate::cli::RefreshArguments;
use crate::config::Config;
use crate::output;
use anyhow::Result;
use chrono::{DateTime, Utc};
use lake::Lake;
use refresh::{Plan, Publication};
use std::process::ExitCode;

pub(crate) async fn run(config: &Config, arguments: &RefreshArguments) -> Result<ExitCode> {
    let tell = |table: &str, rows: usize| eprintln!("  {table}: {rows} rows");
    let published = refresh(config, arguments.as_of, tell).await?;
    println!("published epoch {} as of {}", published.epoch, output::instant(published.as_of_micros));
    output::tell_completeness(&published);
    Ok(ExitCode::SUCCESS)
}

/// Rebuilds and publishes, as of now where no instant is given; `on_table` is told each table and its rows.
pub(crate) async fn refresh(
    config: &Config,
    as_of: Option<DateTime<Utc>>,
    on_table: impl FnMut(&str, usize),
) -> Result<Publication> {
    let lake = Lake::open(&config.lake.folder)?;
    let now_micros = output::now_micros();
    let as_of_micros = as_of.map_or(now_micros, |as_of| as_of.timestamp_micros());
    let plan = Plan { time_zone: config.council.time_zone, as_of_micros, now_micros };
    Ok(refresh::rebuild(&lake, plan, on_table).await?)
}
