//! The one binary: a subcommand for each thing that an operator or an analyst does.
//!
//! Owns configuration, tracing, signals and what is printed. It decides nothing about events or
//! measures: each subcommand wires libraries together and reports what they did.

mod auditing;
mod cli;
mod config;
mod demo;
mod explaining;
mod import;
mod ingesting;
mod keys;
mod kpi;
mod maintaining;
mod operations;
mod output;
mod quarantine;
mod reference;
mod refreshing;
mod serving;
mod simulating;
mod sql;
mod status;
mod verifying;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            output::tell_error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: cli::Arguments) -> anyhow::Result<ExitCode> {
    let config = config::load(arguments.config.as_deref())?;
    output::start_logging(&config.log)?;
    #[cfg(debug_assertions)]
    if let Some(text) = config::fail_point() {
        lake::fault::arm(&text).map_err(anyhow::Error::msg)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match arguments.command {
            cli::Command::Keys { action } => keys::run(&config, action).map(|()| ExitCode::SUCCESS),
            cli::Command::Import { what } => import::run(&config, what).await,
            cli::Command::Ingest(arguments) => ingesting::run(&config, arguments).await,
            cli::Command::Status { format } => status::run(&config, format).await,
            cli::Command::Quarantine { action } => {
                quarantine::run(&config, action).await.map(|()| ExitCode::SUCCESS)
            }
            cli::Command::Audit(arguments) => auditing::run(&config, &arguments).await,
            cli::Command::Refresh(arguments) => refreshing::run(&config, &arguments).await,
            cli::Command::Verify { format } => verifying::run(&config, format).await,
            cli::Command::Maintain(arguments) => maintaining::run(&config, &arguments).await,
            cli::Command::Serve(arguments) => serving::run(&config, &arguments).await,
            cli::Command::Sql(arguments) => sql::run(&config, &arguments).await,
            cli::Command::Kpi(arguments) => kpi::run(&config, &arguments).await,
            cli::Command::Explain(arguments) => explaining::run(&config, &arguments).await,
            cli::Command::Simulate(arguments) => simulating::run(&config, &arguments),
            cli::Command::Demo(arguments) => demo::run(&arguments).await,
            cli::Command::Reference { action } => reference::run(&config, action).await,
        }
    })
}
