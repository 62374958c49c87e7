//! `switchboard ingest`: one task for each source, until told to stop or caught up.

use crate::cli::IngestArguments;
use crate::config::{Config, GroupProtocol};
use crate::{keys, output};
use anyhow::{Result, anyhow};
use ingest::{Options, Outcome};
use lake::Lake;
use schemas::{Source, catalogue};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

pub(crate) async fn run(config: &Config, arguments: IngestArguments) -> Result<ExitCode> {
    let sources = arguments.sources.iter().map(|name| source(name)).collect::<Result<Vec<_>>>()?;
    let keys = keys::load(config)?;
    let lake = Lake::open_or_create(&config.lake.folder)?;
    let options = Options {
        brokers: config.kafka.brokers.clone(),
        group: config.kafka.group.clone(),
        protocol: match config.kafka.group_protocol {
            GroupProtocol::Classic => ingest::GroupProtocol::Classic,
            GroupProtocol::Consumer => ingest::GroupProtocol::Consumer,
        },
        flush_after: Duration::from_millis(config.ingest.flush_after_ms),
        flush_bytes: config.ingest.flush_mib << 20,
        until_caught_up: arguments.until_caught_up,
        committed_rows: Arc::default(),
    };
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        output::asked_to_stop().await;
        let _ = stop.send(true);
    });
    let mut tasks = Vec::new();
    for source in sources {
        let (lake, options, key, steward) =
            (lake.clone(), options.clone(), keys.token.clone(), keys.steward.clone());
        let mut stopped = stopped.clone();
        eprintln!("ingesting topic {} from {} into {}", source.topic, options.brokers, lake.folder().display());
        tasks.push((
            source,
            tokio::spawn(async move {
                let stop = async move { drop(stopped.wait_for(|stopped| *stopped).await) };
                ingest::run(&lake, source, &options, key, steward, stop).await
            }),
        ));
    }
    let spinner = output::rows_committed(options.committed_rows.clone());
    let mut code = ExitCode::SUCCESS;
    for (source, task) in tasks {
        let outcome = task.await??;
        spinner.suspend(|| tell(source, &outcome));
        if !outcome.held.is_empty() {
            code = ExitCode::from(2);
        }
    }
    spinner.finish_and_clear();
    Ok(code)
}

fn source(name: &str) -> Result<&'static Source> {
    let known = &catalogue().sources;
    known.get(name).ok_or_else(|| {
        let names: Vec<&str> = known.keys().map(String::as_str).collect();
        anyhow!("there is no source `{name}`; there are {}", names.join(", "))
    })
}

fn tell(source: &Source, outcome: &Outcome) {
    println!("{}: {} rows committed, {} records quarantined", source.topic, outcome.rows, outcome.quarantined);
    for held in &outcome.held {
        println!(
            "{} partition {} waits at offset {}: schema id {} is not known. Release the schema (schemas/ids.toml) \
             in a new build and start ingest again; nothing is lost meanwhile",
            held.topic, held.partition, held.offset, held.schema_id
        );
    }
}
