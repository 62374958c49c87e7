//! `switchboard refresh`: fold, measure, publish.

use crate::cli::RefreshArguments;
use crate::config::Config;
use crate::output;
use anyhow::Result;
use chrono::{DateTime, Utc};
use lake::Lake;
use refresh::{Plan, Refreshed, Told};
use std::process::ExitCode;

pub(crate) async fn run(config: &Config, arguments: &RefreshArguments) -> Result<ExitCode> {
    let refreshed = refresh(config, arguments.as_of, arguments.from_scratch, tell).await?;
    let published = &refreshed.publication;
    println!("published epoch {} as of {}", published.epoch, output::instant(published.as_of_micros));
    output::tell_completeness(published);
    Ok(ExitCode::SUCCESS)
}

fn tell(told: Told<'_>) {
    match told {
        Told::Rebuilding(why) => eprintln!("computing everything from the events, because {why}"),
        Told::Table(table, rows) => eprintln!("  {table}: {rows} rows"),
    }
}

/// Refreshes and publishes, as of now where no instant is given; `tell` is told how far it is.
pub(crate) async fn refresh(
    config: &Config,
    as_of: Option<DateTime<Utc>>,
    from_scratch: bool,
    tell: impl FnMut(Told<'_>),
) -> Result<Refreshed> {
    let lake = Lake::open(&config.lake.folder)?;
    let now_micros = output::now_micros();
    let as_of_micros = as_of.map_or(now_micros, |as_of| as_of.timestamp_micros());
    let plan = Plan { time_zone: config.council.time_zone, as_of_micros, now_micros, from_scratch };
    Ok(refresh::refresh(&lake, &plan, tell).await?)
}
