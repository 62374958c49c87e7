//! Quarantined records, ingested again under their own coordinates: after a schema was released, or a
//! fault of ours mended.
//!
//! The events decide what counts: a record that has become a row is not in the quarantine any more.
//! Two requeues at once choose the same records; the fence lets only the first of them land.

use crate::chunk::Chunk;
use crate::sink::event_table;
use crate::{Error, RowBuilder, TokenKey};
use lake::{Commit, Committed, Lake, Span, fence};
use schemas::{Refusal, Source};
use serde_json::json;
use std::collections::BTreeMap;

/// A record out of the quarantine, opened.
#[derive(Debug, Clone)]
pub struct Quarantined {
    /// Kafka partition.
    pub partition: i32,
    /// Kafka offset.
    pub offset: i64,
    /// Kafka time, milliseconds since 1970.
    pub kafka_time_ms: Option<i64>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What became of a requeue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requeued {
    /// So many records are rows now; these (partition, offset) are as bad as before, and why.
    Rows(usize, Vec<(i32, i64, Refusal)>),
    /// Another requeue was faster, and nothing was written: choose again.
    Overtaken,
}

/// The position of the requeues in the log of a source's events table. It must be read before the
/// records are chosen.
///
/// # Errors
/// [`Error::Lake`].
pub async fn position(lake: &Lake, source: &Source) -> Result<Option<i64>, Error> {
    let table = lake.open_table(&source.table).await?;
    Ok(table.and_then(|table| table.positions().get(fence::REQUEUE).copied()))
}

/// Ingests records of a topic again. They are those that the quarantine held when the requeues stood
/// at `start`.
///
/// # Errors
/// [`Error::Lake`]; nothing is written then.
pub async fn requeue(
    lake: &Lake,
    source: &'static Source,
    start: Option<i64>,
    records: Vec<Quarantined>,
    key: TokenKey,
    now_micros: i64,
) -> Result<Requeued, Error> {
    let mut chunks: BTreeMap<i32, Chunk> = BTreeMap::new();
    for record in records {
        chunks.entry(record.partition).or_default().push(&record.bytes, record.offset, record.kafka_time_ms);
    }
    let mut builder = RowBuilder::new(source, key);
    let (mut batches, mut still_bad) = (Vec::new(), Vec::new());
    for (partition, chunk) in &chunks {
        // Everything is accepted: a record of a schema that is still unknown is one bad record.
        let rows = builder.rows(chunk, &source.topic, *partition, now_micros, i64::MAX)?;
        batches.extend(rows.batches);
        still_bad.extend(rows.bad.iter().map(|bad| (*partition, bad.offset, bad.reason)));
    }
    let spec = event_table(source);
    let mut table = lake.open_or_create_table(&spec).await?;
    let mut files = table.write(&spec, &batches).await?;
    files.uploaded_at_ms = Some(now_micros / 1_000);
    let rows = files.rows;
    if rows == 0 {
        return Ok(Requeued::Rows(0, still_bad));
    }
    let notes = [("requeued".to_owned(), json!(rows))].into();
    let commit = Commit { files, spans: vec![span(start)], notes, ..Commit::default() };
    Ok(match table.commit(commit).await? {
        Committed::Landed(_) => Requeued::Rows(rows, still_bad),
        Committed::Fenced(_) | Committed::Stale => Requeued::Overtaken,
    })
}

/// The span of a requeue whose records were chosen while the requeues stood at `start`.
pub(crate) fn span(start: Option<i64>) -> Span {
    Span { fence: fence::REQUEUE.to_owned(), start, end: start.unwrap_or_default() + 1 }
}
