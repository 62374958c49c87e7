//! `switchboard import`: another system's records into Kafka or the lake, with progress.

use crate::cli::{Destination, ImportCalls, ImportWhat};
use crate::config::Config;
use crate::{keys, output};
use anyhow::{Context, Result};
use connect::call_records::{self, CallRecords, ImportOptions, Report, Row};
use connect::producer::KafkaProducer;
use data_encoding::HEXLOWER;
use indicatif::ProgressBar;
use ingest::Loaded;
use lake::Lake;
use schemas::{Event, Source};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::ExitCode;

pub(crate) async fn run(config: &Config, what: ImportWhat) -> Result<ExitCode> {
    let ImportWhat::Calls(arguments) = what;
    let source = &schemas::catalogue().sources["telephony"];
    let options = ImportOptions { source: arguments.source.clone(), time_zone: arguments.time_zone };
    let records = call_records::open(&arguments.file, options)
        .with_context(|| format!("{} cannot be imported", arguments.file.display()))?;
    let heading = records.heading().clone();
    let progress = output::progress(count_lines(&arguments.file)?, "rows");
    let mut report = Report::default();
    let fate = match arguments.to {
        Destination::Kafka => to_kafka(config, source, records, &mut report, &progress)?,
        Destination::Lake => to_lake(config, source, &arguments.file, records, &mut report, &progress).await?,
    };
    progress.finish_and_clear();
    let rejected = call_records::write_rejected(&arguments.file, &heading, &report.refused)?;
    tell(&arguments, &report, &fate, rejected.as_deref());
    Ok(ExitCode::SUCCESS)
}

fn to_kafka(
    config: &Config,
    source: &Source,
    records: CallRecords<impl BufRead>,
    report: &mut Report,
    progress: &ProgressBar,
) -> Result<String> {
    let producer = KafkaProducer::new(&config.kafka.brokers)?;
    producer.ensure_topic(&source.topic, config.kafka.partitions)?;
    for row in records {
        for event in report.take(row?) {
            producer.send(&event)?;
        }
        progress.inc(1);
    }
    producer.flush()?;
    Ok(format!("sent to topic {}; `switchboard ingest --until-caught-up` takes them into the lake", source.topic))
}

async fn to_lake(
    config: &Config,
    source: &'static Source,
    file: &Path,
    records: CallRecords<impl BufRead>,
    report: &mut Report,
    progress: &ProgressBar,
) -> Result<String> {
    let keys = keys::load(config)?;
    let lake = Lake::open_or_create(&config.lake.folder)?;
    let hash = HEXLOWER.encode(&call_records::file_sha256(file)?);
    let rows = records.flat_map(|row| records_of(row, report, progress));
    let loaded = ingest::load_history(&lake, source, &hash, rows, keys.token, output::now_micros()).await?;
    Ok(match loaded {
        Loaded::Rows(rows) => {
            format!("{rows} rows added to {}; `switchboard refresh --once` measures them", source.table)
        }
        Loaded::Already => "the lake holds this very file already; nothing was added".to_owned(),
    })
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The records of a row's events, or the failure that ends the file.
fn records_of(
    row: Result<Row, connect::Error>,
    report: &mut Report,
    progress: &ProgressBar,
) -> Vec<Result<Vec<u8>, Failure>> {
    progress.inc(1);
    match row {
        Ok(row) => report.take(row).iter().map(Event::to_record).map(|made| made.map_err(Failure::from)).collect(),
        Err(error) => vec![Err(error.into())],
    }
}

fn tell(arguments: &ImportCalls, report: &Report, fate: &str, rejected: Option<&Path>) {
    println!(
        "{}: {} rows read, {} events made, {} rows refused",
        arguments.file.display(),
        report.rows_read,
        report.events_made,
        report.refused.len()
    );
    println!("{fate}");
    for (oddity, rows) in &report.oddities {
        println!("  accepted as it is: {rows} rows, {oddity}");
    }
    for refused in report.refused.iter().take(10) {
        println!("  line {}: {}", refused.line, refused.reason);
    }
    if report.refused.len() > 10 {
        println!("  … and {} more", report.refused.len() - 10);
    }
    if let Some(path) = rejected {
        println!("refused rows are in {}; mend them there and import that file", path.display());
    }
}

fn count_lines(file: &Path) -> Result<u64> {
    let opened = File::open(file).with_context(|| format!("cannot open {}", file.display()))?;
    let lines = BufReader::new(opened).split(b'\n').count();
    Ok(lines.saturating_sub(1) as u64)
}
