//! `switchboard serve`: the page and the API over HTTP.

use crate::cli::ServeArguments;
use crate::config::Config;
use crate::operations::{self, Duty};
use crate::output;
use anyhow::Result;
use serve::Server;
use std::io::{Write, stdout};
use std::process::ExitCode;

pub(crate) async fn run(config: &Config, arguments: &ServeArguments) -> Result<ExitCode> {
    let asked = arguments.listen.unwrap_or(config.serve.listen);
    let server = Server::bind(asked, &config.lake.folder).await?;
    let address = server.address();
    match server.watch().epoch().await {
        Ok(Some(epoch)) => eprintln!("serving epoch {epoch}; newer ones as they are published"),
        Ok(None) => eprintln!("nothing is published yet; `switchboard refresh --once` publishes"),
        Err(error) => return Err(error.into()),
    }
    if !address.ip().is_loopback() {
        eprintln!("warning: whoever reaches {address} can read the numbers; there is no password");
    }
    let _operations = operations::start(&config.operations, vec![Duty::Serve(server.watch())]).await?;
    println!("listening on http://{address}");
    stdout().flush()?;
    server.run(output::asked_to_stop()).await?;
    Ok(ExitCode::SUCCESS)
}
