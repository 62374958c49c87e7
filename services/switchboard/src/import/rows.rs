//! What the imports of files of rows have in common: where the events go, the progress, the file of
//! refused rows, and the report.

use super::{Failure, identity, then_ingest};
use crate::cli::Destination;
use crate::config::Config;
use crate::{keys, output};
use anyhow::{Context, Result};
use connect::producer::KafkaProducer;
use connect::rows::{ByteRecord, Report, Row, write_rejected};
use indicatif::ProgressBar;
use ingest::Loaded;
use lake::Lake;
use schemas::{Event, Source};
use std::fmt::Display;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// A file whose rows an adapter turns into events.
pub(super) struct RowFile<'a, I> {
    pub(super) path: &'a Path,
    /// Whose events they are.
    pub(super) source: &'static Source,
    pub(super) heading: ByteRecord,
    pub(super) rows: I,
    /// What there is to say of the file as a whole.
    pub(super) notices: Vec<String>,
}

/// Imports a file and says what became of its rows.
pub(super) async fn import<O: Ord + Display, R: Display>(
    config: &Config,
    to: Destination,
    file: RowFile<'_, impl Iterator<Item = Result<Row<O, R>, connect::Error>>>,
) -> Result<()> {
    let progress = output::progress(count_lines(file.path)?, "lines");
    let mut report = Report::default();
    let rows = file.rows.inspect(|row| move_on(&progress, row));
    let fate = match to {
        Destination::Kafka => to_kafka(config, file.source, rows, &mut report)?,
        Destination::Lake => to_lake(config, file.source, file.path, rows, &mut report).await?,
    };
    progress.finish_and_clear();
    let rejected = write_rejected(file.path, &file.heading, &report.refused)?;
    println!(
        "{}: {} rows read, {} events made, {} rows refused",
        file.path.display(),
        report.rows_read,
        report.events_made,
        report.refused.len()
    );
    println!("{fate}");
    file.notices.iter().for_each(|notice| println!("  {notice}"));
    tell(&report, rejected.as_deref());
    Ok(())
}

fn to_kafka<O: Ord, R>(
    config: &Config,
    source: &Source,
    rows: impl Iterator<Item = Result<Row<O, R>, connect::Error>>,
    report: &mut Report<O, R>,
) -> Result<String> {
    let producer = KafkaProducer::new(&config.kafka.connection.access()?)?;
    producer.ensure_topic(&source.topic, config.kafka.partitions)?;
    for row in rows {
        for event in report.take(row?) {
            producer.send(&event)?;
        }
    }
    producer.flush()?;
    Ok(format!("sent to topic {}; {}", source.topic, then_ingest(&[source])))
}

async fn to_lake<O: Ord, R>(
    config: &Config,
    source: &'static Source,
    file: &Path,
    rows: impl Iterator<Item = Result<Row<O, R>, connect::Error>>,
    report: &mut Report<O, R>,
) -> Result<String> {
    let keys = keys::load(config)?;
    let lake = Lake::open_or_create(&config.lake.folder)?;
    let records = rows.flat_map(|row| records_of(row, report));
    let hash = identity(file)?;
    let loaded = ingest::load_history(&lake, source, &hash, records, keys.token, output::now_micros()).await?;
    Ok(match loaded {
        Loaded::Rows(rows) => {
            format!("{rows} rows added to {}; `switchboard refresh --once` measures them", source.table)
        }
        Loaded::Already => "the lake holds this very file already; nothing was added".to_owned(),
    })
}

/// The records of a row's events, or the failure that ends the file.
fn records_of<O: Ord, R>(
    row: Result<Row<O, R>, connect::Error>,
    report: &mut Report<O, R>,
) -> Vec<Result<Vec<u8>, Failure>> {
    match row {
        Ok(row) => report.take(row).iter().map(Event::to_record).map(|made| made.map_err(Failure::from)).collect(),
        Err(error) => vec![Err(error.into())],
    }
}

fn tell<O: Display, R: Display>(report: &Report<O, R>, rejected: Option<&Path>) {
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

/// A row may spread over lines, so progress is told in lines.
fn move_on<O, R>(progress: &ProgressBar, row: &Result<Row<O, R>, connect::Error>) {
    if let Ok(row) = row {
        progress.set_position(row.line());
    }
}

fn count_lines(file: &Path) -> Result<u64> {
    let opened = File::open(file).with_context(|| format!("cannot open {}", file.display()))?;
    Ok(BufReader::new(opened).split(b'\n').count() as u64)
}
