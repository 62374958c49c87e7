//! What everything is computed from: the events of every source, bound to a session.

use crate::Error;
use crate::completeness::{self, Completeness};
use crate::reading::bind_quarantine;
use lake::{Lake, QUARANTINE_TABLE, Table};
use queries::{Engine, bind_facts};
use schemas::wide;
use std::collections::BTreeMap;

/// What was bound.
pub(crate) struct Bound {
    /// The version of each table that is there.
    pub(crate) versions: BTreeMap<String, u64>,
    /// The id of each event table that is there.
    pub(crate) ids: BTreeMap<String, String>,
    pub(crate) completeness: Vec<Completeness>,
}

/// Binds every source's events, each event once, and the quarantine: at these versions, or at the newest.
/// A table without a version is bound without rows.
pub(crate) async fn bind(
    lake: &Lake,
    engine: &Engine,
    at: Option<&BTreeMap<String, u64>>,
) -> Result<Bound, Error> {
    let (mut tables, mut versions) = (Vec::new(), BTreeMap::new());
    for source in schemas::catalogue().sources.values() {
        let raw = format!("{}_raw", source.table);
        match open(lake, &source.table, at).await? {
            Some(table) => {
                engine.bind(&raw, table.snapshot()?)?;
                versions.insert(source.table.clone(), table.version());
                tables.push(table);
            }
            None => engine.bind_rows(&raw, wide::table_schema(source), Vec::new())?,
        }
    }
    let quarantine = open(lake, QUARANTINE_TABLE, at).await?;
    versions.extend(quarantine.iter().map(|table| (QUARANTINE_TABLE.to_owned(), table.version())));
    bind_quarantine(engine, quarantine.as_ref(), &tables, "_raw").await?;
    let quarantined = completeness::quarantined(engine).await?;
    let mut completeness = Vec::new();
    for source in schemas::catalogue().sources.values() {
        let facts = bind_facts(engine, source).await?;
        let bad = quarantined.get(&source.name).copied().unwrap_or_default();
        let table = tables.iter().find(|table| table.name() == source.table);
        completeness.push(completeness::of_source(engine, source, table, facts, bad).await?);
    }
    let ids = tables.iter().map(|table| Ok((table.name().to_owned(), table.id()?)));
    let ids = ids.collect::<Result<_, lake::Error>>()?;
    Ok(Bound { versions, ids, completeness })
}

async fn open(lake: &Lake, name: &str, at: Option<&BTreeMap<String, u64>>) -> Result<Option<Table>, Error> {
    let Some(versions) = at else { return Ok(lake.open_table(name).await?) };
    match versions.get(name) {
        Some(version) => Ok(Some(lake.open_table_at(name, *version).await?)),
        None => Ok(None),
    }
}
