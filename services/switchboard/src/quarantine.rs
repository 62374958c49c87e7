//! `switchboard quarantine`: what could not be used, for the stewards; and `ingest accept-loss`.

mod opened;

use crate::cli::Format;
use crate::cli::quarantine::{IngestAction, OfPartition, QuarantineAction};
use crate::config::Config;
use crate::{keys, output};
use anyhow::{Context, Result, anyhow, bail};
use ingest::{Decided, Loss, Requeued};
use kafka::{Cluster, Wanted, Watermarks};
use lake::Lake;
use schemas::{Source, catalogue};

pub(crate) async fn run(config: &Config, action: QuarantineAction) -> Result<()> {
    let lake = Lake::open(&config.lake.folder)?;
    match action {
        QuarantineAction::List { format } => list(&lake, format).await,
        QuarantineAction::Show(record) => opened::show(config, &lake, &record).await,
        QuarantineAction::Requeue { topic, reason } => {
            requeue(config, &lake, topic.as_deref(), reason.as_deref()).await
        }
        QuarantineAction::Accept { partition, through } => accept(config, &lake, &partition, through).await,
    }
}

/// `switchboard ingest accept-loss`.
pub(crate) async fn run_for_ingest(config: &Config, action: IngestAction) -> Result<()> {
    let IngestAction::AcceptLoss { partition, from, to } = action;
    let lake = Lake::open(&config.lake.folder)?;
    let source = source_of(&partition.topic)?;
    let OfPartition { topic, partition } = partition;
    let cluster = cluster(config).await?;
    // Kafka itself must say so: a position that was moved over a record never comes back to it.
    let kept = kept(config, &cluster, &topic, partition)?;
    let loss = Loss::of(from, to, kept)
        .map_err(|refused| anyhow!("{topic} partition {partition}: {refused}. Nothing was changed"))?;
    match ingest::accept_loss(&lake, source, cluster.id(), partition, loss).await? {
        Decided::Written => {
            println!("{topic} partition {partition}: the loss of offsets {from} to {} is accepted", to - 1);
            println!("Start ingest again; it goes on at offset {to}.");
            Ok(())
        }
        Decided::Moved(position) => bail!(
            "{topic} partition {partition}: the lake stands at offset {position}, not at {from}; nothing was changed. \
             See `switchboard status`"
        ),
    }
}

const BY_REASON: &str = "SELECT topic, \"partition\", reason, schema_id, count(*) AS records,
        min(\"offset\") AS first_offset, max(\"offset\") AS last_offset, max(quarantined_at) AS last_quarantined_at
    FROM quarantine GROUP BY topic, \"partition\", reason, schema_id
    ORDER BY topic, \"partition\", records DESC, reason, schema_id";

async fn list(lake: &Lake, format: Format) -> Result<()> {
    let Some(engine) = refresh::quarantine_now(lake).await? else {
        println!("The quarantine is empty: every record could be used.");
        return Ok(());
    };
    let (schema, rows) = engine.read_only(BY_REASON).await?;
    output::print_rows(&schema, &rows, format)
}

async fn requeue(config: &Config, lake: &Lake, topic: Option<&str>, reason: Option<&str>) -> Result<()> {
    let secret = keys::load_stewards_secret(config)?;
    let token = keys::load(config)?.token;
    let registry = config.schemas.registry()?;
    let named = topic.map(source_of).transpose()?;
    let sources =
        catalogue().sources.values().filter(|source| named.is_none_or(|named| named.name == source.name));
    let mut found = false;
    for source in sources {
        // Read before the records are chosen: whoever requeues in between is noticed.
        let start = ingest::requeue_position(lake, source).await?;
        let records = opened::records(lake, source, reason, &secret).await?;
        if records.is_empty() {
            continue;
        }
        found = true;
        let chosen = records.len();
        let (registry, token, now_micros) = (registry.as_ref(), token.clone(), output::now_micros());
        match ingest::requeue(lake, source, registry, start, records, token, now_micros).await? {
            Requeued::Rows(rows, still_bad) => {
                println!("{}: {rows} of {chosen} quarantined records are rows now", source.topic);
                for (partition, offset, reason) in still_bad.iter().take(20) {
                    println!("  partition {partition} offset {offset} stays: {reason}");
                }
                if still_bad.len() > 20 {
                    println!("  and {} more stay", still_bad.len() - 20);
                }
            }
            Requeued::Overtaken => {
                bail!("{}: another requeue was faster; nothing was written. Run it again", source.topic)
            }
        }
    }
    if !found {
        println!("nothing is in the quarantine that could be requeued; see `switchboard quarantine list`");
    }
    Ok(())
}

async fn accept(config: &Config, lake: &Lake, of: &OfPartition, through: Option<i64>) -> Result<()> {
    let OfPartition { topic, partition } = of;
    let source = source_of(topic)?;
    let cluster = cluster(config).await?;
    let through = match through {
        Some(through) => through,
        None => kept(config, &cluster, topic, *partition)?.end,
    };
    ingest::accept_bad(lake, source, cluster.id(), *partition, through).await?;
    println!(
        "{topic} partition {partition}: what lies before offset {through} and cannot be used goes to the quarantine. A \
         running ingest goes on within seconds, or, where it waits for the schema registry, once that answers"
    );
    Ok(())
}

/// Between which offsets Kafka has records of a partition now.
fn kept(config: &Config, cluster: &Cluster, topic: &str, partition: i32) -> Result<Watermarks> {
    let group = format!("{}-{topic}", config.kafka.group);
    let marks = cluster.watermarks(Wanted::Read { topic, group: &group })?;
    marks.get(&partition).copied().with_context(|| format!("{topic} has no partition {partition}"))
}

async fn cluster(config: &Config) -> Result<Cluster> {
    let access = config.kafka.connection.access()?;
    Ok(tokio::task::spawn_blocking(move || Cluster::reach(&access)).await??)
}

fn source_of(topic: &str) -> Result<&'static Source> {
    let found = catalogue().sources.values().find(|source| source.topic == topic);
    found.ok_or_else(|| {
        let topics: Vec<&str> = catalogue().sources.values().map(|source| source.topic.as_str()).collect();
        anyhow!("there is no topic `{topic}`; there are {}", topics.join(", "))
    })
}
