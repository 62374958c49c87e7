//! A file of history, straight into the lake: the same check, decoding and tokens as for Kafka,
//! fenced by the file's hash, so that it can be loaded once only.

use crate::chunk::Chunk;
use crate::sink::event_table;
use crate::{Error, RowBuilder, TokenKey};
use lake::{Commit, Committed, Lake, Span, fence};
use schemas::Source;
use serde_json::json;

/// The outcome of loading a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loaded {
    /// Loaded, with this many rows.
    Rows(usize),
    /// The lake holds this very file already; nothing was written.
    Already,
}

/// Rows that are decoded together.
const CHUNK_RECORDS: usize = 8_192;

/// Loads the records of a file into the events table of `source`, in one commit.
///
/// Coordinates: topic `file/<sha256>`, partition 0, offset = place in the file.
///
/// # Errors
/// [`Error::Input`] when the records end in a failure; [`Error::Schema`] when a record is bad,
/// since we made it ourselves; [`Error::Lake`]. Nothing of the file is loaded then.
pub async fn load_history(
    lake: &Lake,
    source: &'static Source,
    file_sha256: &str,
    records: impl Iterator<Item = Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>>,
    key: TokenKey,
    now_micros: i64,
) -> Result<Loaded, Error> {
    let spec = event_table(source);
    let mut table = lake.open_or_create_table(&spec).await?;
    let fence = fence::of_file(file_sha256);
    if table.positions().contains_key(&fence) {
        return Ok(Loaded::Already);
    }
    let mut builder = RowBuilder::new(source, key);
    let topic = format!("file/{file_sha256}");
    let mut batches = Vec::new();
    let mut chunk = Chunk::default();
    let mut finish = |chunk: &mut Chunk| -> Result<(), Error> {
        let rows = builder.rows(chunk, &topic, 0, now_micros, 0)?;
        let refused = rows.bad.first().map(|bad| (bad.offset, bad.reason.to_string()));
        let unknown = rows.unknown_schema.map(|(offset, id)| (offset, format!("unknown schema id {id}")));
        if let Some((offset, problem)) = refused.or(unknown) {
            let event_type = format!("number {offset} of the file");
            return Err(schemas::Error::Event { event_type, problem }.into());
        }
        batches.extend(rows.batches);
        *chunk = Chunk::default();
        Ok(())
    };
    for (offset, record) in (0i64..).zip(records) {
        chunk.push(&record.map_err(Error::Input)?, offset, None);
        if chunk.records.len() >= CHUNK_RECORDS {
            finish(&mut chunk)?;
        }
    }
    finish(&mut chunk)?;
    let mut files = table.write(&spec, &batches).await?;
    files.uploaded_at_ms = Some(now_micros / 1_000);
    let rows = files.rows;
    let spans = vec![Span { fence, start: None, end: 1 }];
    let notes = [("rows".to_owned(), json!(rows)), ("file".to_owned(), json!(file_sha256))].into();
    let commit = Commit { files, spans, notes, ..Commit::default() };
    Ok(match table.commit(commit).await? {
        Committed::Landed(_) => Loaded::Rows(rows),
        Committed::Fenced(_) => Loaded::Already,
        Committed::Stale => return Err(lake::Error::Stale { table: spec.name }.into()),
    })
}
