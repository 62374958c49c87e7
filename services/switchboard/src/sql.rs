//! `switchboard sql`: a question to the published tables.

use crate::cli::SqlArguments;
use crate::config::Config;
use crate::output;
use anyhow::Result;
use lake::Lake;
use std::process::ExitCode;

pub(crate) async fn run(config: &Config, arguments: &SqlArguments) -> Result<ExitCode> {
    let lake = Lake::open(&config.lake.folder)?;
    let reading = refresh::open(&lake).await?;
    let (schema, rows) = reading.engine.read_only(&arguments.query).await?;
    output::print_rows(&schema, &rows, arguments.format)?;
    eprintln!("{}", output::completeness_lines(&reading.publication));
    Ok(ExitCode::SUCCESS)
}
