//! How many records are in the quarantine now: at the newest versions, not at a published epoch.

use crate::Error;
use crate::publication::text;
use crate::reading::bind_quarantine;
use arrow::array::AsArray;
use arrow::datatypes::{Int32Type, Int64Type};
use lake::{Lake, QUARANTINE_TABLE};
use queries::Engine;
use schemas::{catalogue, wide};
use std::collections::BTreeMap;

/// A Kafka partition: cluster, topic, partition.
type Coordinates = (String, String, i32);

/// A session over the newest versions of all events tables and the quarantine, whose table
/// `quarantine` has a row for each record that could not be used. `None`: there never was one.
///
/// # Errors
/// [`Error::Lake`], [`Error::Queries`].
pub async fn quarantine_now(lake: &Lake) -> Result<Option<Engine>, Error> {
    let Some(quarantine) = lake.open_table(QUARANTINE_TABLE).await? else { return Ok(None) };
    let engine = Engine::new(chrono_tz::UTC, 0)?;
    let mut tables = Vec::new();
    for source in catalogue().sources.values() {
        match lake.open_table(&source.table).await? {
            Some(table) => {
                engine.bind(&source.table, table.snapshot()?)?;
                tables.push(table);
            }
            None => engine.bind_rows(&source.table, wide::table_schema(source), Vec::new())?,
        }
    }
    bind_quarantine(&engine, Some(&quarantine), &tables, "").await?;
    Ok(Some(engine))
}

/// Records in the quarantine by Kafka partition; a partition without any is left out.
///
/// # Errors
/// [`Error::Lake`], [`Error::Queries`].
pub async fn quarantined_now(lake: &Lake) -> Result<BTreeMap<Coordinates, i64>, Error> {
    // Nearly always there are none, and then no event need be looked at.
    let Some(engine) = quarantine_now(lake).await? else { return Ok(BTreeMap::new()) };
    let counted = "SELECT cluster, topic, \"partition\", count(*) FROM quarantine GROUP BY 1, 2, 3";
    let mut found = BTreeMap::new();
    for batch in engine.collect(counted).await? {
        let partitions = batch.column(2).as_primitive::<Int32Type>();
        let records = batch.column(3).as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let place = (text(batch.column(0), row), text(batch.column(1), row), partitions.value(row));
            found.insert(place, records.value(row));
        }
    }
    Ok(found)
}
