//! `switchboard refresh`: fold, measure, publish; once, or for as long as it runs.

use crate::cli::RefreshArguments;
use crate::config::Config;
use crate::operations::{self, Duty};
use crate::output;
use anyhow::Result;
use chrono::{DateTime, Utc};
use indicatif::{HumanBytes, HumanCount};
use lake::Lake;
use refresh::{Cost, Plan, Refreshed, Told};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// A setting of nothing at all would only make it look without end.
const SHORTEST_PAUSE_MS: u64 = 100;

pub(crate) async fn run(config: &Config, arguments: &RefreshArguments) -> Result<ExitCode> {
    if !arguments.once {
        let duties = vec![Duty::Write(config.lake.folder.clone())];
        let _operations = operations::start(&config.operations, duties).await?;
        // Whatever a refresh was at when it was told to stop, its epoch is published as a whole or not at all.
        return tokio::select! {
            () = output::asked_to_stop() => Ok(ExitCode::SUCCESS),
            ended = keep_fresh(config) => ended,
        };
    }
    let began = Instant::now();
    let refreshed = refresh(config, arguments.as_of, arguments.from_scratch, tell).await?;
    let cost = cost_line(&refreshed, began.elapsed());
    let published = &refreshed.publication;
    println!("published epoch {} as of {}", published.epoch, output::instant(published.as_of_micros));
    println!("{cost}");
    output::tell_completeness(published);
    Ok(ExitCode::SUCCESS)
}

/// What the refresh has cost, for people.
fn cost_line(refreshed: &Refreshed, took: Duration) -> String {
    let seconds = took.as_secs_f64();
    if refreshed.rebuilt.is_some() {
        return format!("computed everything in {seconds:.2} s");
    }
    let Cost { files, bytes, rows } = refreshed.cost;
    let (files, bytes, rows) = (HumanCount(files as u64), HumanBytes(bytes), HumanCount(rows as u64));
    format!("read {files} files ({bytes}), folded {rows} rows in {seconds:.2} s")
}

/// Refreshes whenever something has come or the time has changed something, for as long as it runs.
async fn keep_fresh(config: &Config) -> Result<ExitCode> {
    let every = Duration::from_millis(config.refresh.every_ms.max(SHORTEST_PAUSE_MS));
    let mut failures: u32 = 0;
    loop {
        let began = Instant::now();
        match refresh_if_due(config).await {
            Ok(refreshed) => {
                if failures > 0 {
                    tracing::info!(failures, "refreshing again");
                }
                failures = 0;
                if let Some(Refreshed { publication, rebuilt, cost }) = refreshed {
                    let took_ms = began.elapsed().as_millis() as u64;
                    let rebuilt = rebuilt.map(|why| why.to_string()).unwrap_or_default();
                    let (files, rows) = (cost.files, cost.rows);
                    tracing::info!(epoch = publication.epoch, took_ms, files, rows, rebuilt, "refreshed");
                }
            }
            Err(error) => {
                failures += 1;
                // Each failure while it is new, then ever more rarely.
                if failures.is_power_of_two() {
                    output::tell_error(&error.context("the numbers stay as they are; it is tried again"));
                }
            }
        }
        tokio::time::sleep(every.saturating_sub(began.elapsed())).await;
    }
}

async fn refresh_if_due(config: &Config) -> Result<Option<Refreshed>> {
    let lake = Lake::open(&config.lake.folder)?;
    let plan = plan(config, None, false);
    if !refresh::is_due(&lake, &plan).await? {
        return Ok(None);
    }
    match refresh::refresh(&lake, &plan, |_| {}).await {
        Ok(refreshed) => Ok(Some(refreshed)),
        // The other one's epoch is as good.
        Err(refresh::Error::Overtaken { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
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
    Ok(refresh::refresh(&lake, &plan(config, as_of, from_scratch), tell).await?)
}

fn plan(config: &Config, as_of: Option<DateTime<Utc>>, from_scratch: bool) -> Plan {
    let now_micros = output::now_micros();
    let as_of_micros = as_of.map_or(now_micros, |as_of| as_of.timestamp_micros());
    Plan { time_zone: config.council.time_zone, as_of_micros, now_micros, from_scratch }
}
