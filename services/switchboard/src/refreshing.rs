//! `switchboard refresh`: fold, measure, publish.

use crate::cli::RefreshArguments;
use crate::config::Config;
use crate::output;
use anyhow::Result;
use lake::Lake;
use refresh::Plan;
use std::process::ExitCode;

pub(crate) async fn run(config: &Config, arguments: &RefreshArguments) -> Result<ExitCode> {
    let lake = Lake::open(&config.lake.folder)?;
    let now_micros = output::now_micros();
    let as_of_micros = arguments.as_of.map_or(now_micros, |as_of| as_of.timestamp_micros());
    let plan = Plan { time_zone: config.council.time_zone, as_of_micros, now_micros };
    let published = refresh::rebuild(&lake, plan, |table, rows| eprintln!("  {table}: {rows} rows")).await?;
    println!("published epoch {} as of {}", published.epoch, output::instant(published.as_of_micros));
    output::tell_completeness(&published);
    Ok(ExitCode::SUCCESS)
}
