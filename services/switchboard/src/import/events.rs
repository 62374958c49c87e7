//! `switchboard import events`: a file of ready events of any sources.
//!
//! The file is read to its end before anything of it is taken, so that a damaged one is no history
//! at all; then once more for each of its sources, or once for Kafka. No more than a block of it is
//! held at a time.

use super::{Failure, identity, then_ingest};
use crate::cli::{Destination, ImportEvents};
use crate::config::Config;
use crate::{keys, output};
use anyhow::{Context, Result};
use connect::producer::KafkaProducer;
use indicatif::{ProgressBar, ProgressBarIter};
use ingest::Loaded;
use lake::Lake;
use schemas::{ContainerReader, Source, Stored, catalogue};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

/// How many events of each source, by name.
type Counts = BTreeMap<&'static str, u64>;

pub(super) async fn run(config: &Config, arguments: &ImportEvents) -> Result<()> {
    let file = EventFile::open(&arguments.file)?;
    let counts = file.count()?;
    let sources: Vec<&'static Source> = counts.keys().map(|name| &catalogue().sources[*name]).collect();
    let fates = match arguments.to {
        Destination::Kafka => to_kafka(config, &file, &sources)?,
        Destination::Lake => to_lake(config, &file, &sources).await?,
    };
    file.progress.finish_and_clear();
    println!("{}: {} events of {} sources", file.path.display(), counts.values().sum::<u64>(), sources.len());
    for (name, events) in &counts {
        println!("  {name}: {events} events");
    }
    fates.iter().for_each(|fate| println!("{fate}"));
    Ok(())
}

/// A file and how much of it has been read.
struct EventFile<'a> {
    path: &'a Path,
    size_bytes: u64,
    progress: ProgressBar,
}

impl<'a> EventFile<'a> {
    fn open(path: &'a Path) -> Result<Self> {
        let metadata = std::fs::metadata(path).with_context(|| format!("cannot open {}", path.display()))?;
        Ok(Self { path, size_bytes: metadata.len(), progress: output::progress(metadata.len(), "bytes") })
    }

    /// Reads the file once more from its beginning.
    fn events(&self) -> Result<ContainerReader<ProgressBarIter<File>>> {
        let opened = File::open(self.path).with_context(|| format!("cannot open {}", self.path.display()))?;
        let events = ContainerReader::new(self.progress.wrap_read(opened));
        events.with_context(|| self.problem())
    }

    fn count(&self) -> Result<Counts> {
        let mut counts = Counts::new();
        for event in self.events()? {
            *counts.entry(event.with_context(|| self.problem())?.source.name.as_str()).or_default() += 1;
        }
        Ok(counts)
    }

    fn problem(&self) -> String {
        format!("{} cannot be imported; nothing of it was taken", self.path.display())
    }
}

fn to_kafka(config: &Config, file: &EventFile<'_>, sources: &[&'static Source]) -> Result<Vec<String>> {
    file.progress.set_length(2 * file.size_bytes);
    let producer = KafkaProducer::new(&config.kafka.connection.access()?)?;
    for source in sources {
        producer.ensure_topic(&source.topic, config.kafka.partitions)?;
    }
    for event in file.events()? {
        let Stored { source, subject, record, .. } = event?;
        producer.send_record(source, &subject, &record)?;
    }
    producer.flush()?;
    let topics: Vec<&str> = sources.iter().map(|source| source.topic.as_str()).collect();
    Ok(vec![format!("sent to {}; {}", topics.join(", "), then_ingest(sources))])
}

async fn to_lake(config: &Config, file: &EventFile<'_>, sources: &[&'static Source]) -> Result<Vec<String>> {
    file.progress.set_length((1 + sources.len() as u64) * file.size_bytes);
    let key = keys::load(config)?.token;
    let lake = Lake::open_or_create(&config.lake.folder)?;
    let hash = identity(file.path)?;
    let mut fates = Vec::new();
    for source in sources {
        let records = file.events()?.filter_map(|event| record_of(event, source));
        let now_micros = output::now_micros();
        let loaded = ingest::load_history(&lake, source, &hash, records, key.clone(), now_micros).await?;
        fates.push(match loaded {
            Loaded::Rows(rows) => format!("{rows} rows added to {}", source.table),
            Loaded::Already => format!("{} holds this very file already; nothing was added", source.table),
        });
    }
    fates.push("`switchboard refresh --once` measures them".to_owned());
    Ok(fates)
}

/// The record, if it is one of this source; or the failure that ends the file.
fn record_of(event: Result<Stored, schemas::Error>, source: &Source) -> Option<Result<Vec<u8>, Failure>> {
    match event {
        Ok(event) if event.source.name == source.name => Some(Ok(event.record)),
        Ok(_) => None,
        Err(error) => Some(Err(error.into())),
    }
}
