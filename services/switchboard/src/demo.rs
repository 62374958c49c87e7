//! `switchboard demo`: the whole product on a machine that has neither Kafka nor data.
//!
//! Two years of a made-up council are imported from a file; then its days go on live, through a
//! Kafka broker inside this process. Meanwhile the numbers are refreshed again and again, and the
//! page shows them.

mod live;
mod plan;

use crate::cli::{DemoArguments, Format, KeysAction, KpiArguments};
use crate::config::{self, Config};
use crate::import::import_events;
use crate::ingesting::Ingesting;
use crate::operations::{self, Duty};
use crate::{keys, kpi, output, refreshing, simulating};
use anyhow::{Context, Result, bail};
use connect::in_process_broker::InProcessBroker;
use ingest::Health;
use lake::Lake;
use live::Live;
use plan::Plan;
use refresh::Told;
use schemas::catalogue;
use serve::Server;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// Partitions of each topic of the live stream.
const PARTITIONS: u32 = 2;
/// How long to wait where a refresh found nothing new.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(2);

pub(crate) async fn run(arguments: &DemoArguments) -> Result<ExitCode> {
    let settings = prepare(&arguments.folder)?;
    let mut config = config::load(Some(&settings))?;
    let now_micros = output::now_micros();
    let plan = Plan::new(arguments, now_micros, config.council.time_zone)?;
    eprintln!("1. simulating a council from {} to {}", plan.first_day, plan.history_ends);
    let history = arguments.folder.join("history.avro");
    let history_days = simulating::days_between(plan.first_day, plan.history_ends);
    let (_, days) = simulating::write(&plan.council, history_days, &history)?;
    eprintln!("2. importing its history");
    import_events(&config, &history).await?;
    // It names people, made up or not, and the lake has all that is needed of it.
    std::fs::remove_file(&history)?;
    eprintln!("3. starting the live stream, from {} on", plan.history_ends);
    let topics: Vec<&str> = catalogue().sources.values().map(|source| source.topic.as_str()).collect();
    let broker = InProcessBroker::start(&topics, PARTITIONS)?;
    config.kafka.connection = kafka::Settings::plaintext(broker.address());
    config.schemas.registry.clear();
    let (stop, stopped) = watch::channel(false);
    let server = match arguments.once {
        true => None,
        false => Some(Server::bind(arguments.listen.unwrap_or(config.serve.listen), &config.lake.folder).await?),
    };
    let health = Health::default();
    let _operations = operations::start(&config.operations, duties(&config, &health, server.as_ref())?).await?;
    let sources = catalogue().sources.values().collect();
    let mut ingesting = Ingesting::start(&config, sources, false, &stopped, health)?;
    let committed_rows = ingesting.committed_rows.clone();
    let live = Live::start(&config, days, committed_rows.clone(), arguments.once, stopped.clone())?;
    let shown = async {
        match server {
            None => once(&config, &settings, live).await,
            Some(server) => stay(&config, server, &settings, live, &committed_rows).await,
        }
    };
    // A source that fails would leave the stream waiting for its rows for ever.
    let mut outcome = tokio::select! {
        shown = shown => shown,
        Some(Err(failed)) = ingesting.next_ended() => Err(failed),
    };
    let _ = stop.send(true);
    while let Some(ended) = ingesting.next_ended().await {
        outcome = outcome.and(ended.map(drop));
    }
    drop(broker);
    outcome.map(|()| ExitCode::SUCCESS)
}

/// What the demonstration is watched for.
fn duties(config: &Config, health: &Health, server: Option<&Server>) -> Result<Vec<Duty>> {
    let ingests = Duty::Ingest(health.clone(), Lake::open(&config.lake.folder)?);
    Ok([ingests].into_iter().chain(server.map(|server| Duty::Serve(server.watch()))).collect())
}

/// Ends when everything that is due has been streamed, committed and measured.
async fn once(config: &Config, settings: &Path, live: Live) -> Result<()> {
    let sent = live.caught_up().await?;
    eprintln!("   {sent} events of the last days streamed and committed");
    eprintln!("4. measuring");
    refresh(config).await?;
    show(config, settings).await?;
    kpi::must_have_values(config, &serve::headlines()).await
}

/// Shows the page, and refreshes again as soon as the last refresh is done, until told to stop.
async fn stay(
    config: &Config,
    server: Server,
    settings: &Path,
    live: Live,
    committed_rows: &AtomicU64,
) -> Result<()> {
    eprintln!("4. measuring");
    refresh(config).await?;
    show(config, settings).await?;
    println!("The page: http://{}/   (Ctrl-C ends the demonstration)", server.address());
    let committed = || committed_rows.load(Ordering::Relaxed);
    let mut seen = committed();
    tokio::select! {
        served = server.run(output::asked_to_stop()) => served?,
        failed = live.failed() => return Err(failed),
        refreshed = async {
            loop {
                if committed() == seen {
                    tokio::time::sleep(LOOK_AGAIN_AFTER).await;
                    continue;
                }
                seen = committed();
                let refreshed = refreshing::refresh(config, None, false, |_| {}).await?;
                eprintln!("   epoch {}: {seen} live events so far", refreshed.publication.epoch);
            }
        } => return refreshed,
    }
    Ok(())
}

async fn refresh(config: &Config) -> Result<()> {
    let spinner = output::working("measuring");
    let tell = |told: Told<'_>| {
        if let Told::Table(table, rows) = told {
            spinner.set_message(format!("measuring: {table}, {rows} rows"));
        }
    };
    let refreshed = refreshing::refresh(config, None, false, tell).await?;
    spinner.finish_and_clear();
    eprintln!("   published epoch {}", refreshed.publication.epoch);
    Ok(())
}

/// Makes the folder anew, with its settings and its own keys; answers the settings' file.
fn prepare(folder: &Path) -> Result<PathBuf> {
    let settings = folder.join("switchboard.toml");
    if folder.exists() {
        let made_here = std::fs::read_to_string(&settings).is_ok_and(|text| text.starts_with(plan::MARK));
        if !made_here
            && folder.read_dir().with_context(|| format!("cannot read {}", folder.display()))?.next().is_some()
        {
            bail!("{} holds something else; give the demonstration a folder of its own", folder.display());
        }
        std::fs::remove_dir_all(folder).with_context(|| format!("cannot clear {}", folder.display()))?;
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let folder = folder.canonicalize()?;
    let settings = folder.join("switchboard.toml");
    std::fs::write(&settings, plan::settings(&folder))?;
    keys::run(&config::load(Some(&settings))?, KeysAction::New)?;
    Ok(settings)
}

async fn show(config: &Config, settings: &Path) -> Result<()> {
    kpi::run(config, &KpiArguments { from: None, to: None, format: Format::Table }).await?;
    println!("Ask it: switchboard --config {} sql \"SELECT * FROM calls LIMIT 5\"", settings.display());
    Ok(())
}
