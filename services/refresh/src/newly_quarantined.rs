//! How many records are in the quarantine, told by what has come since the last epoch: a record that is now
//! below its partition's position counts, and one that has become an event no longer does.
//!
//! Which of the events there are already is not asked again, for that would be to read all of them.

use crate::completeness::{self, position_rows, positions};
use crate::reading::bind_quarantine;
use crate::work::Work;
use crate::{Error, publication};
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use lake::{Changes, Table};
use schemas::wide;
use std::collections::BTreeMap;

/// Records in the quarantine by source, at the versions that the epoch is made from.
pub(crate) async fn quarantined(work: &Work<'_>) -> Result<BTreeMap<String, i64>, Error> {
    let Some((quarantine, changes)) = &work.events.quarantine else { return Ok(BTreeMap::new()) };
    let before = work.published.completeness.iter().map(|one| (one.source.clone(), one.quarantined)).collect();
    let moves = |name: &String| work.changed.contains(name);
    if matches!(changes, Changes::None) && !work.events.tables.keys().any(moves) {
        return Ok(before);
    }
    if !is_told(work, changes).await? {
        return counted(work, quarantine).await;
    }
    work.engine.bind("quarantine_raw", quarantine.snapshot()?)?;
    let now = positions_of(work.events.tables.values())?;
    work.engine.bind_rows("positions", now.schema(), vec![now])?;
    let mut counts: BTreeMap<String, i64> = before;
    for batch in work.engine.collect(&moved(&came(work))).await? {
        let more = batch.column(1).as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            *counts.entry(publication::text(batch.column(0), row)).or_default() += more.value(row);
        }
    }
    Ok(counts)
}

/// Whether nothing has come to the quarantine but records that the last epoch had not reached. Else one of
/// them may be an event since long: a try that was overtaken. Binds `positions_before`.
async fn is_told(work: &Work<'_>, changes: &Changes) -> Result<bool, Error> {
    let mut before = Vec::new();
    for name in work.events.tables.keys() {
        if let Some(version) = work.published.table_versions.get(name) {
            before.push(work.lake.open_table_at(name, *version).await?);
        }
    }
    let before = positions_of(&before)?;
    work.engine.bind_rows("positions_before", before.schema(), vec![before])?;
    match changes {
        Changes::None => Ok(true),
        Changes::Untold(_) => Ok(false),
        Changes::Appended(rows) => {
            work.engine.bind("newly_quarantined", rows.clone())?;
            let sql = format!(
                "SELECT 1 FROM newly_quarantined AS record JOIN positions_before AS before ON {SAME_PARTITION} \
                 WHERE record.\"offset\" < before.next_offset LIMIT 1"
            );
            Ok(work.engine.collect(&sql).await?.iter().all(|batch| batch.num_rows() == 0))
        }
    }
}

const SAME_PARTITION: &str = "before.cluster = record.cluster AND before.topic = record.topic \
                              AND before.\"partition\" = record.\"partition\"";

/// The coordinates of the events that have come.
fn came(work: &Work<'_>) -> String {
    let tables = work.events.tables.keys().filter(|name| work.changed.contains(*name));
    let each = tables.map(|name| format!("SELECT topic, \"partition\", \"offset\" FROM changed_{name}"));
    let each: Vec<String> = each.collect();
    match each.is_empty() {
        true => "SELECT '' AS topic, 0 AS \"partition\", 0 AS \"offset\" WHERE false".to_owned(),
        false => each.join(" UNION ALL "),
    }
}

/// By source, how many records more there are.
fn moved(came: &str) -> String {
    format!(
        "WITH records AS (
            SELECT DISTINCT cluster, topic, \"partition\", \"offset\", source FROM quarantine_raw
        )
        SELECT CAST(source AS VARCHAR) AS source,
            count(*) FILTER (WHERE event.topic IS NULL
                AND record.\"offset\" >= coalesce(before.next_offset, 0))
            - count(*) FILTER (WHERE event.topic IS NOT NULL AND record.\"offset\" < before.next_offset) AS more
        FROM records AS record
        JOIN positions
            ON positions.cluster = record.cluster AND positions.topic = record.topic
            AND positions.\"partition\" = record.\"partition\" AND record.\"offset\" < positions.next_offset
        LEFT JOIN positions_before AS before ON {SAME_PARTITION}
        LEFT JOIN (SELECT DISTINCT topic, \"partition\", \"offset\" FROM ({came})) AS event
            ON event.topic = record.topic AND event.\"partition\" = record.\"partition\"
            AND event.\"offset\" = record.\"offset\"
        GROUP BY source"
    )
}

fn positions_of<'a>(tables: impl IntoIterator<Item = &'a Table>) -> Result<arrow::array::RecordBatch, Error> {
    position_rows(&tables.into_iter().flat_map(positions).collect::<Vec<_>>())
}

/// All of them, each compared with all events.
async fn counted(work: &Work<'_>, quarantine: &Table) -> Result<BTreeMap<String, i64>, Error> {
    for source in schemas::catalogue().sources.values() {
        let name = format!("{}_all", source.table);
        match work.events.tables.get(&source.table) {
            Some(table) => work.engine.bind(&name, table.snapshot()?)?,
            None => work.engine.bind_rows(&name, wide::table_schema(source), Vec::new())?,
        }
    }
    bind_quarantine(&work.engine, Some(quarantine), work.events.tables.values(), "_all").await?;
    completeness::quarantined(&work.engine).await
}
