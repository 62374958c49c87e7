//! All tables at one epoch, bound to a session.

use crate::Error;
use crate::completeness::{position_rows, positions};
use crate::index::INDEX_TABLE;
use crate::publication::Publication;
use crate::restate::{self, RESTATEMENTS_TABLE};
use crate::verification::{self, VERIFICATIONS_TABLE};
use lake::{Lake, QUARANTINE_TABLE, Table, quarantine_table};
use queries::Engine;
use schemas::{catalogue, wide};

/// A session over one epoch.
#[derive(Debug)]
pub struct Reading {
    /// The session.
    pub engine: Engine,
    /// The epoch.
    pub publication: Publication,
}

/// Opens the newest epoch: the events tables, the models, the measured tables, the quarantine and
/// the views.
///
/// # Errors
/// [`Error::NothingPublished`]; [`Error::Lake`].
pub async fn open(lake: &Lake) -> Result<Reading, Error> {
    let publication = Publication::newest(lake).await?.ok_or(Error::NothingPublished)?;
    let zone = publication.time_zone.parse().unwrap_or(chrono_tz::UTC);
    let engine = Engine::new(zone, publication.as_of_micros)?;
    let mut tables = Vec::new();
    for (name, version) in publication.table_versions.iter().filter(|(name, _)| *name != INDEX_TABLE) {
        tables.push(lake.open_table_at(name, *version).await?);
    }
    for table in tables.iter().filter(|table| table.name() != QUARANTINE_TABLE) {
        engine.bind(table.name(), table.snapshot()?)?;
    }
    for source in catalogue().sources.values().filter(|source| !engine.has_table(&source.table)) {
        engine.bind_rows(&source.table, wide::table_schema(source), Vec::new())?;
    }
    if !engine.has_table(RESTATEMENTS_TABLE) {
        engine.bind_rows(RESTATEMENTS_TABLE, restate::spec().schema, Vec::new())?;
    }
    let quarantine = tables.iter().find(|table| table.name() == QUARANTINE_TABLE);
    bind_quarantine(&engine, quarantine, &tables, "").await?;
    // Not of the epoch: a record of what was found out about it and those before.
    match lake.open_table(VERIFICATIONS_TABLE).await? {
        Some(table) => engine.bind(VERIFICATIONS_TABLE, table.snapshot()?)?,
        None => engine.bind_rows(VERIFICATIONS_TABLE, verification::spec().schema, Vec::new())?,
    }
    for (name, sql) in &queries::catalogue().views {
        engine.bind_view(name, sql).await?;
    }
    Ok(Reading { engine, publication })
}

/// Binds `quarantine`: one row for each coordinate below the committed position that is not among
/// the events. Tries whose commit never landed, or landed otherwise, are not in it.
pub(crate) async fn bind_quarantine(
    engine: &Engine,
    quarantine: Option<&Table>,
    event_tables: impl IntoIterator<Item = &Table>,
    suffix: &str,
) -> Result<(), Error> {
    let rows = event_tables.into_iter().flat_map(positions).collect::<Vec<_>>();
    let positions = position_rows(&rows)?;
    engine.bind_rows("positions", positions.schema(), vec![positions])?;
    match quarantine {
        Some(table) => engine.bind("quarantine_raw", table.snapshot()?)?,
        None => engine.bind_rows("quarantine_raw", quarantine_table().schema, Vec::new())?,
    }
    let names = catalogue().sources.values().map(|source| format!("{}{suffix}", source.table));
    let events: Vec<String> =
        names.map(|name| format!("SELECT topic, \"partition\", \"offset\" FROM {name}")).collect();
    let sql = format!(
        "WITH tries AS (
            SELECT *, row_number() OVER (
                PARTITION BY cluster, topic, \"partition\", \"offset\" ORDER BY quarantined_at, reason
            ) AS try
            FROM quarantine_raw
        )
        SELECT tries.cluster, tries.topic, tries.\"partition\", tries.\"offset\", source, schema_id, reason,
            kafka_time, quarantined_at, size_bytes, sealed_bytes, content_mac
        FROM tries
        JOIN positions
            ON positions.cluster = tries.cluster AND positions.topic = tries.topic
            AND positions.\"partition\" = tries.\"partition\" AND tries.\"offset\" < positions.next_offset
        LEFT ANTI JOIN ({events}) AS events
            ON events.topic = tries.topic AND events.\"partition\" = tries.\"partition\"
            AND events.\"offset\" = tries.\"offset\"
        WHERE try = 1",
        events = events.join(" UNION ALL "),
    );
    Ok(engine.bind_view(QUARANTINE_TABLE, &sql).await?)
}
