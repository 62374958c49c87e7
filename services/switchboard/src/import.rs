//! `switchboard import`: another system's records, or ready events, into Kafka or the lake, with
//! progress. One file for each form of input; what files of rows have in common is in `rows.rs`.

mod calls;
mod events;
mod fixmystreet;
mod rows;

use crate::cli::{Destination, ImportEvents, ImportWhat};
use crate::config::Config;
use anyhow::{Context, Result};
use connect::producer::{KafkaProducer, SchemaIds};
use connect::rows::file_sha256;
use data_encoding::HEXLOWER;
use schemas::Source;
use std::path::Path;
use std::process::ExitCode;

/// What ends a file of history.
type Failure = Box<dyn std::error::Error + Send + Sync>;

pub(crate) async fn run(config: &Config, what: ImportWhat) -> Result<ExitCode> {
    match what {
        ImportWhat::Calls(arguments) => calls::run(config, &arguments).await?,
        ImportWhat::FixMyStreet(arguments) => fixmystreet::run(config, &arguments).await?,
        ImportWhat::Events(arguments) => events::run(config, &arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A file of events into the lake.
pub(crate) async fn import_events(config: &Config, file: &Path) -> Result<()> {
    events::run(config, &ImportEvents { file: file.to_owned(), to: Destination::Lake }).await
}

/// A producer for these sources, their topics made and, where a registry is configured, their schemas
/// registered.
async fn producer(config: &Config, sources: &[&Source]) -> Result<KafkaProducer> {
    let mut producer = KafkaProducer::new(&config.kafka.connection.access()?)?;
    for source in sources {
        producer.ensure_topic(&source.topic, config.kafka.partitions)?;
    }
    if let Some(registry) = config.schemas.registry()? {
        producer = producer.with_schema_ids(SchemaIds::registered(&registry, sources).await?);
    }
    Ok(producer)
}

/// The identity of a file, by which the lake knows it again.
fn identity(file: &Path) -> Result<String> {
    let hash = file_sha256(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(HEXLOWER.encode(&hash))
}

/// What to do with what is in the topics of these sources.
fn then_ingest(sources: &[&Source]) -> String {
    let sources: String = sources.iter().map(|source| format!(" --source {}", source.name)).collect();
    format!("`switchboard ingest --until-caught-up{sources}` takes them into the lake")
}
