//! `switchboard status`: for each partition of each source, where Kafka and the lake stand.

mod printed;
mod standing;

use crate::cli::{ReportFormat, StatusArguments};
use crate::config::Config;
use crate::output;
use anyhow::Result;
use ingest::{KafkaTopics, kafka_topics};
use lake::Lake;
use schemas::catalogue;
use standing::{InLake, SourceStanding};
use std::process::ExitCode;

/// Commits that are looked through for the newest of each partition.
const COMMITS_LOOKED_AT: u64 = 200;

pub(crate) async fn run(config: &Config, arguments: &StatusArguments) -> Result<ExitCode> {
    let lake = Lake::open(&config.lake.folder)?;
    let kafka = ask_kafka(config).await?;
    let sources = standings(&lake, kafka.as_ref().ok()).await?;
    match arguments.format {
        ReportFormat::Table => printed::table(&sources),
        ReportFormat::Json => println!("{}", printed::json(&sources, kafka.as_ref(), output::now_micros())),
    }
    // What the lake says is told all the same.
    Ok(match kafka {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            output::tell_error(&anyhow::Error::from(error));
            ExitCode::FAILURE
        }
    })
}

async fn ask_kafka(config: &Config) -> Result<Result<KafkaTopics, ingest::Error>> {
    let brokers = config.kafka.brokers.clone();
    let topics: Vec<&str> = catalogue().sources.values().map(|source| source.topic.as_str()).collect();
    Ok(tokio::task::spawn_blocking(move || kafka_topics(&brokers, &topics)).await?)
}

async fn standings(lake: &Lake, kafka: Option<&KafkaTopics>) -> Result<Vec<SourceStanding>> {
    let quarantined = refresh::quarantined_now(lake).await?;
    let mut sources = Vec::new();
    for source in catalogue().sources.values() {
        let in_lake = match lake.open_table(&source.table).await? {
            Some(table) => {
                let landings = table.landings(COMMITS_LOOKED_AT).await?;
                Some(InLake { positions: table.positions().clone(), landings })
            }
            None => None,
        };
        sources.push(standing::standing(source, in_lake.as_ref(), kafka, &quarantined));
    }
    Ok(sources)
}
