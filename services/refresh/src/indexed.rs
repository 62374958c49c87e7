//! What the index must say of the rows that there are. It may say more: rows that have moved since.

use crate::Error;
use crate::derived::{Derived, as_rows_of};
use crate::index::{self, Entry, Index};
use queries::{Engine, Model, catalogue};
use schemas::wide;
use std::collections::BTreeSet;

/// Adds what the events of every source need; they are bound as `<table>_raw`.
pub(crate) async fn add_events(index: &mut Index, engine: &Engine) -> Result<(), Error> {
    for source in schemas::catalogue().sources.values() {
        let entries = Entry::of_table(catalogue(), &source.table);
        let place = wide::partition_column(source.partition);
        index.add(engine, &entries, &format!("{}_raw", source.table), place).await?;
    }
    Ok(())
}

/// Adds what the rows of a model need; they are bound under its name.
pub(crate) async fn add_model(index: &mut Index, engine: &Engine, model: &Model) -> Result<(), Error> {
    let Some(place) = &model.declared.partition else { return Ok(()) };
    index.add(engine, &Entry::of_table(catalogue(), &model.name), &model.name, place).await
}

/// The published index with all that is missing and without all that makes no sense: an entry that
/// nobody looks for, a row without a key or a place, the same row twice at one level.
///
/// What is missing has no level.
pub(crate) async fn derived(engine: &Engine) -> Result<Derived, Error> {
    let events = schemas::catalogue().sources.values().map(|source| &source.table);
    let tables = events.chain(catalogue().models.iter().map(|model| &model.name));
    let entries: BTreeSet<Entry> = tables.flat_map(|table| Entry::of_table(catalogue(), table)).collect();
    let entries: Vec<String> = entries.iter().map(|entry| format!("'{}'", entry.name())).collect();
    let sql = format!(
        "SELECT DISTINCT entry, key_hash, place, level FROM index_published \
         WHERE entry IN ({}) AND key_hash IS NOT NULL AND place IS NOT NULL \
         UNION ALL \
         SELECT needed.entry, needed.key_hash, needed.place, CAST(NULL AS INT) AS level FROM index_added AS needed \
         LEFT ANTI JOIN index_published AS there ON there.entry = needed.entry \
         AND there.key_hash = needed.key_hash AND there.place = needed.place",
        entries.join(", ")
    );
    let spec = index::spec();
    let rows = as_rows_of(&spec.schema, &engine.collect(&sql).await?)?;
    Ok(Derived { spec, rows })
}
