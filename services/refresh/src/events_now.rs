//! What a source's events say now: at the newest version, not at a published epoch.

use crate::Error;
use arrow::array::RecordBatch;
use lake::Lake;
use queries::{Engine, bind_facts};
use schemas::Source;

/// The events of a source that count, in no order: each once, the superseded ones not at all. None of a
/// source that the lake has no table of.
///
/// # Errors
/// [`Error::Lake`], [`Error::Queries`].
pub async fn events_now(lake: &Lake, source: &Source) -> Result<Vec<RecordBatch>, Error> {
    let Some(table) = lake.open_table(&source.table).await? else { return Ok(Vec::new()) };
    let engine = Engine::new(chrono_tz::UTC, 0)?;
    engine.bind(&format!("{}_raw", source.table), table.snapshot()?)?;
    bind_facts(&engine, source).await?;
    Ok(engine.collect(&format!("SELECT * FROM {}", source.table)).await?)
}
