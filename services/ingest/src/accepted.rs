//! What people decide about a partition that waits or has lost records: a stamp or a position in the
//! log of the events table, where a running ingest finds it.

use crate::Error;
use crate::sink::event_table;
use lake::{Commit, Committed, Lake, Span, fence};
use schemas::Source;
use serde_json::json;

/// Where a decision was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// In the log.
    Written,
    /// Nowhere: the partition has moved on; its position now.
    Moved(i64),
}

/// Lets a partition go on: below the offset `through`, a bad cause is only a bad record.
///
/// # Errors
/// [`Error::Lake`].
pub async fn accept_bad(
    lake: &Lake,
    source: &Source,
    cluster: &str,
    partition: i32,
    through: i64,
) -> Result<(), Error> {
    let mut table = lake.open_or_create_table(&event_table(source)).await?;
    let stamp = fence::accepted_of_partition(cluster, &source.topic, partition);
    let through = table.positions().get(&stamp).copied().max(Some(through)).unwrap_or(through);
    let notes = [("accepted".to_owned(), json!({ partition.to_string(): through }))].into();
    table.commit(Commit { stamps: [(stamp, through)].into(), notes, ..Commit::default() }).await?;
    Ok(())
}

/// Moves a partition's position over records that Kafka has dropped: those from `first` up to, and
/// without, `next_kept` are lost for good.
///
/// # Errors
/// [`Error::Lake`].
pub async fn accept_loss(
    lake: &Lake,
    source: &Source,
    cluster: &str,
    partition: i32,
    first: i64,
    next_kept: i64,
) -> Result<Decided, Error> {
    let mut table = lake.open_or_create_table(&event_table(source)).await?;
    let fence = fence::of_partition(cluster, &source.topic, partition);
    let held = table.positions().get(&fence).copied();
    if held != Some(first) {
        return Ok(Decided::Moved(held.unwrap_or_default()));
    }
    let spans = vec![Span { fence: fence.clone(), start: Some(first), end: next_kept }];
    let notes = [("lost".to_owned(), json!({ partition.to_string(): [first, next_kept] }))].into();
    Ok(match table.commit(Commit { spans, notes, ..Commit::default() }).await? {
        Committed::Landed(_) => Decided::Written,
        Committed::Fenced(positions) => Decided::Moved(positions.get(&fence).copied().unwrap_or_default()),
        Committed::Stale => Decided::Moved(first),
    })
}
