//! `switchboard status`: for each partition of each source, where Kafka and the lake stand.

mod in_kafka;
mod printed;
mod standing;

use crate::cli::ReportFormat;
use crate::config::Config;
use crate::output;
use anyhow::Result;
use in_kafka::InKafka;
use lake::Lake;
use schemas::catalogue;
use standing::{InLake, SourceStanding};
use std::process::ExitCode;

/// Commits that are looked through for the newest of each partition.
const COMMITS_LOOKED_AT: u64 = 200;

pub(crate) async fn run(config: &Config, format: ReportFormat) -> Result<ExitCode> {
    let lake = Lake::open(&config.lake.folder)?;
    let access = config.kafka.connection.access()?;
    let topics: Vec<&str> = catalogue().sources.values().map(|source| source.topic.as_str()).collect();
    let asked = tokio::task::spawn_blocking(move || in_kafka::ask(&access, &topics)).await?;
    let (kafka, problems) = match asked {
        Ok(mut kafka) => {
            let refusals = std::mem::take(&mut kafka.refusals);
            (Some(kafka), refusals)
        }
        Err(error) => (None, vec![error]),
    };
    let sources = standings(&lake, kafka.as_ref()).await?;
    match format {
        ReportFormat::Table => printed::table(&sources),
        ReportFormat::Json => {
            let cluster = kafka.as_ref().map(|kafka| kafka.cluster.as_str());
            println!("{}", printed::json(&sources, cluster, &problems, output::now_micros()));
        }
    }
    // What the lake says has been told all the same.
    let code = if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    problems.into_iter().for_each(|error| output::tell_error(&error.into()));
    Ok(code)
}

async fn standings(lake: &Lake, kafka: Option<&InKafka>) -> Result<Vec<SourceStanding>> {
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
