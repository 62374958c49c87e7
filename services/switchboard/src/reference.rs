//! `switchboard reference load`: what the council says of itself, into the lake.
//!
//! Read the files, read what holds, decide by comparing the two, tell, and only then write: what is new
//! and what changes, in one commit.

mod told;

use crate::cli::ReferenceAction;
use crate::config::Config;
use crate::{keys, output};
use anyhow::{Context, Result, bail};
use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::DataType;
use connect::reference::{self, Change, ReferenceOptions};
use data_encoding::HEXLOWER;
use ingest::Loaded;
use lake::Lake;
use schemas::{Event, Source};
use sha2::{Digest, Sha256};
use std::io::ErrorKind;
use std::path::Path;
use std::process::ExitCode;

pub(crate) async fn run(config: &Config, action: ReferenceAction) -> Result<ExitCode> {
    let ReferenceAction::Load { files, dry_run } = action;
    let said_at_micros = output::now_micros();
    let options = ReferenceOptions { source: "reference".to_owned(), said_at_micros };
    let said = reference::read(&files, &options)?;
    let source = &schemas::catalogue().sources["reference"];
    let changes = reference::changes(&said, &held(&config.lake.folder, source).await?);
    print!("{}", told::statements(&files, &said, &changes));
    if changes.iter().any(|change| matches!(change, Change::Outdone { .. })) {
        bail!(
            "nothing was loaded, because the newest statement holds and some in the lake are newer than now; \
             check the clocks of this machine and of whoever said them"
        );
    }
    let unsaid = said.into_iter().zip(changes).filter(|(_, change)| *change != Change::AsBefore);
    let unsaid: Vec<Event> = unsaid.map(|(said, _)| said.event).collect();
    match (dry_run, unsaid.len()) {
        (_, 0) => println!("Nothing new: nothing {} loaded", if dry_run { "would be" } else { "was" }),
        (true, count) => println!("Dry run: nothing was loaded; {} would be", told::count(count)),
        (false, _) => {
            let rows = load(config, source, &unsaid, said_at_micros).await?;
            println!("{} loaded; they show at the next refresh", told::count(rows));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The statements that count in the lake now; none where there is no lake yet.
async fn held(folder: &Path, source: &'static Source) -> Result<Vec<Event>> {
    if is_empty(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        return Ok(Vec::new());
    }
    let mut events = Vec::new();
    for rows in refresh::events_now(&Lake::open(folder)?, source).await? {
        for event_type in &source.events {
            events.extend(Event::of_rows(event_type, &rows_of(&event_type.name, &rows)?)?);
        }
    }
    Ok(events)
}

/// Whether there is nothing at all, not even the folder.
fn is_empty(folder: &Path) -> std::io::Result<bool> {
    match folder.read_dir() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        entries => Ok(entries?.next().is_none()),
    }
}

fn rows_of(event_type: &str, rows: &RecordBatch) -> Result<RecordBatch> {
    let names = rows.column_by_name("event_type").context("the events have no `event_type`")?;
    let names = cast(names, &DataType::Utf8)?;
    let wanted = names.as_string::<i32>().iter().map(|name| Some(name == Some(event_type)));
    Ok(filter_record_batch(rows, &wanted.collect::<BooleanArray>())?)
}

/// All in one commit; gives the rows.
async fn load(config: &Config, source: &'static Source, events: &[Event], said_at_micros: i64) -> Result<usize> {
    let keys = keys::load(config)?;
    let lake = Lake::open_or_create(&config.lake.folder)?;
    let records = events.iter().map(Event::to_record).collect::<Result<Vec<_>, _>>()?;
    // The instant is part of every event's id, so what is said again later is no repeat of this.
    let hash = records.iter().fold(Sha256::new(), Sha256::chain_update).finalize();
    let hash = HEXLOWER.encode(&hash);
    match ingest::load_history(&lake, source, &hash, records.into_iter().map(Ok), keys.token, said_at_micros)
        .await?
    {
        Loaded::Rows(rows) => Ok(rows),
        Loaded::Already => bail!("the very same was loaded in this very instant already"),
    }
}
