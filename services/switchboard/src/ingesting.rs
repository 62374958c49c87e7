//! `switchboard ingest`: one task for each source, until told to stop or caught up.

use crate::cli::IngestArguments;
use crate::config::{Config, GroupProtocol};
use crate::keys::{self, Keys};
use crate::operations::{self, Duty};
use crate::{output, quarantine};
use anyhow::{Result, anyhow, bail};
use ingest::{Budget, Error, Health, Options, Outcome};
use lake::Lake;
use schemas::{Source, catalogue};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long until a topic that was not there is looked for again.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(10);

pub(crate) async fn run(config: &Config, arguments: IngestArguments) -> Result<ExitCode> {
    if let Some(action) = arguments.action {
        return quarantine::run_for_ingest(config, action).await.map(|()| ExitCode::SUCCESS);
    }
    let named = arguments.sources.iter().map(|name| source(name)).collect::<Result<Vec<_>>>()?;
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        output::asked_to_stop().await;
        let _ = stop.send(true);
    });
    let health = Health::default();
    let lake = Lake::open_or_create(&config.lake.folder)?;
    let _operations = operations::start(&config.operations, vec![Duty::Ingest(health.clone(), lake)]).await?;
    let mut ingesting = Ingesting::start(config, named, arguments.until_caught_up, &stopped, health)?;
    let sources = ingesting.tasks.len();
    let spinner = output::rows_committed(ingesting.committed_rows.clone());
    let mut code = ExitCode::SUCCESS;
    let mut missing = Vec::new();
    while let Some(ended) = ingesting.next_ended().await {
        let (source, outcome) = ended?;
        missing.extend(outcome.is_none().then_some(source.topic.as_str()));
        spinner.suspend(|| tell(source, outcome.as_ref()));
        if outcome.is_some_and(|outcome| !outcome.held.is_empty()) {
            code = ExitCode::from(2);
        }
    }
    spinner.finish_and_clear();
    if arguments.until_caught_up && missing.len() == sources {
        bail!(
            "the broker has none of the topics {}; import something with `--to kafka`, or create them",
            missing.join(", ")
        );
    }
    Ok(code)
}

/// What a source's task did, or nothing where its topic never was there.
type Ended = (&'static Source, Option<Outcome>);

/// Sources that are being ingested, a task each. Dropped, it ends them all, as a kill would.
pub(crate) struct Ingesting {
    tasks: JoinSet<(&'static Source, Result<Option<Outcome>, Error>)>,
    /// Rows committed so far, over all sources.
    pub(crate) committed_rows: Arc<AtomicU64>,
}

impl Ingesting {
    /// Starts with these sources, or with all where none is named: then a topic that is not there is
    /// waited for, or left out where the end is to be caught up with.
    pub(crate) fn start(
        config: &Config,
        named: Vec<&'static Source>,
        until_caught_up: bool,
        stopped: &watch::Receiver<bool>,
        health: Health,
    ) -> Result<Self> {
        let keys = keys::load(config)?;
        let lake = Lake::open_or_create(&config.lake.folder)?;
        let options = Options { health, ..options(config, until_caught_up)? };
        let may_be_missing = named.is_empty();
        let sources = if may_be_missing { catalogue().sources.values().collect() } else { named };
        let mut tasks = JoinSet::new();
        for source in sources {
            let folder = lake.folder().display();
            eprintln!("ingesting topic {} from {} into {folder}", source.topic, options.access.brokers);
            let (lake, options, keys, stopped) = (lake.clone(), options.clone(), keys.clone(), stopped.clone());
            tasks.spawn(
                async move { (source, one(source, &lake, &options, &keys, stopped, may_be_missing).await) },
            );
        }
        Ok(Self { tasks, committed_rows: options.committed_rows })
    }

    /// Waits for the next task to end; `None` when all have. A failure is told as soon as it happens,
    /// whatever the other sources do.
    pub(crate) async fn next_ended(&mut self) -> Option<Result<Ended>> {
        let ended = self.tasks.join_next().await?;
        Some(match ended {
            Ok((source, outcome)) => outcome.map(|outcome| (source, outcome)).map_err(Into::into),
            Err(fallen) => Err(fallen.into()),
        })
    }
}

/// Ingests one source; a topic that may be missing is looked for again and again, or left out.
async fn one(
    source: &'static Source,
    lake: &Lake,
    options: &Options,
    keys: &Keys,
    mut stopped: watch::Receiver<bool>,
    may_be_missing: bool,
) -> Result<Option<Outcome>, Error> {
    loop {
        let mut told_to_stop = stopped.clone();
        let stop = async move { drop(told_to_stop.wait_for(|stopped| *stopped).await) };
        match ingest::run(lake, source, options, keys.token.clone(), keys.steward.clone(), stop).await {
            Err(Error::NoTopic { .. }) if may_be_missing && options.until_caught_up => return Ok(None),
            Err(Error::NoTopic { topic }) if may_be_missing => {
                tracing::warn!(topic, "the broker has no such topic yet; looking again in a while");
                let again = tokio::time::timeout(LOOK_AGAIN_AFTER, stopped.wait_for(|stopped| *stopped));
                if again.await.is_ok() {
                    return Ok(None);
                }
            }
            outcome => return outcome.map(Some),
        }
    }
}

fn options(config: &Config, until_caught_up: bool) -> Result<Options> {
    Ok(Options {
        access: config.kafka.connection.access()?,
        group: config.kafka.group.clone(),
        protocol: match config.kafka.group_protocol {
            GroupProtocol::Classic => ingest::GroupProtocol::Classic,
            GroupProtocol::Consumer => ingest::GroupProtocol::Consumer,
        },
        flush_after: Duration::from_millis(config.ingest.flush_after_ms),
        flush_bytes: config.ingest.flush_mib << 20,
        budget: Budget::new(config.ingest.memory_mib << 20),
        pause_above_bad_percent: config.ingest.pause_above_bad_percent,
        until_caught_up,
        committed_rows: Arc::default(),
        health: Health::default(),
    })
}

pub(crate) fn source(name: &str) -> Result<&'static Source> {
    let known = &catalogue().sources;
    known.get(name).ok_or_else(|| {
        let names: Vec<&str> = known.keys().map(String::as_str).collect();
        anyhow!("there is no source `{name}`; there are {}", names.join(", "))
    })
}

fn tell(source: &Source, outcome: Option<&Outcome>) {
    let Some(outcome) = outcome else {
        println!("{}: the broker has no such topic", source.topic);
        return;
    };
    println!("{}: {} rows committed, {} records quarantined", source.topic, outcome.rows, outcome.quarantined);
    outcome.held.iter().for_each(|held| println!("{held}"));
}
