//! Which versions of which tables must stay readable, because epochs refer to them.

use crate::Error;
use crate::publication::{PUBLICATIONS_TABLE, Publication, text};
use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use lake::Lake;
use queries::Engine;
use std::collections::BTreeMap;

/// The versions of each table that an epoch refers to which was the newest at some time since an
/// instant, microseconds since 1970, UTC. That is the newest epoch at least.
///
/// # Errors
/// [`Error::Publication`] when an epoch cannot be read: then it is not known what may be cleaned up;
/// [`Error::Lake`].
pub async fn retained_versions(lake: &Lake, since_micros: i64) -> Result<BTreeMap<String, Vec<u64>>, Error> {
    let mut versions: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let Some(table) = lake.open_table(PUBLICATIONS_TABLE).await? else { return Ok(versions) };
    let engine = Engine::new(chrono_tz::UTC, 0)?;
    engine.bind(PUBLICATIONS_TABLE, table.snapshot()?)?;
    let mut epochs = Vec::new();
    for batch in engine.collect("SELECT epoch, published_at FROM publications").await? {
        let numbers = batch.column(0).as_primitive::<Int64Type>().values().iter();
        let times = batch.column(1).as_primitive::<TimestampMicrosecondType>().values().iter();
        epochs.extend(numbers.copied().zip(times.copied()));
    }
    let Some(first) = first_retained(&epochs, since_micros) else { return Ok(versions) };
    let kept = engine.collect(&format!("SELECT epoch, body FROM publications WHERE epoch >= {first}")).await?;
    for batch in &kept {
        let numbers = batch.column(0).as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let body = serde_json::from_str(&text(batch.column(1), row));
            let publication: Publication =
                body.map_err(|error| Error::Publication(format!("epoch {}: {error}", numbers.value(row))))?;
            for (table, version) in publication.table_versions {
                versions.entry(table).or_default().push(version);
            }
        }
    }
    Ok(versions)
}

/// The first epoch to keep, of epochs with the instants of their publication: the one that was the
/// newest at `since_micros`, or the very first.
fn first_retained(epochs: &[(i64, i64)], since_micros: i64) -> Option<i64> {
    let before = epochs.iter().filter(|(_, published_at)| *published_at <= since_micros);
    let newest_then = before.map(|(epoch, _)| *epoch).max();
    newest_then.or_else(|| epochs.iter().map(|(epoch, _)| *epoch).min())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epoch_that_was_the_newest_at_that_time_is_the_first_kept() {
        let epochs = [(3, 30), (1, 10), (2, 20)];
        assert_eq!(first_retained(&epochs, 25), Some(2));
        assert_eq!(first_retained(&epochs, 20), Some(2));
        // However old, the newest stays; and what is younger than the time asked for stays.
        assert_eq!(first_retained(&epochs, 99), Some(3));
        assert_eq!(first_retained(&epochs, 5), Some(1));
        assert_eq!(first_retained(&[], 5), None);
    }
}
