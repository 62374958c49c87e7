//! An epoch recomputed from its events alone, and compared with what was published.
//!
//! The event tables are read at the versions that the epoch names, as of its instant and in its time
//! zone; no derived table is read to compute another. So whatever refresh did to get there, what it
//! published must be what comes out here. The index may say too much (see [`crate::indexed`]).

use crate::derived::{self, Derived};
use crate::difference::{self, DifferingRow, TableDifference};
use crate::index::{INDEX_TABLE, Index};
use crate::indexed;
use crate::plan::other_definitions;
use crate::publication::{Publication, text};
use crate::rebuild::definition_hashes;
use crate::verification::Verification;
use crate::{Error, sources};
use lake::{Lake, Table};
use queries::{Engine, Model, catalogue, measured_tables};
use std::collections::BTreeMap;

/// How complete each source is stands in the epoch itself, and is verified like a table.
const COMPLETENESS: &str = "completeness";

/// Verifies an epoch. `on_table` is told each table that was compared and how many rows it has. Nothing
/// is written; see [`Verification::keep`].
///
/// # Errors
/// [`Error::OtherDefinitions`]; [`Error::Lake`] also when a version that the epoch names cannot be read.
pub async fn verify(
    lake: &Lake,
    publication: &Publication,
    verified_at_micros: i64,
    mut on_table: impl FnMut(&str, usize),
) -> Result<Verification, Error> {
    refuse_other_definitions(publication)?;
    let zone = publication.time_zone.parse().map_err(|_| {
        Error::Publication(format!("epoch {}: no time zone `{}`", publication.epoch, publication.time_zone))
    })?;
    let engine = Engine::new(zone, publication.as_of_micros)?;
    let bound = sources::bind(lake, &engine, Some(&publication.table_versions)).await?;
    let index = published(lake, publication, INDEX_TABLE).await?;
    let mut index = Index::bind(&engine, index.as_ref().map(Table::snapshot).transpose()?)?;
    indexed::add_events(&mut index, &engine).await?;
    let mut found = Verification::of(publication, verified_at_micros);
    on_table(COMPLETENESS, bound.completeness.len());
    found.add(
        bound.completeness.len(),
        difference::of_completeness(COMPLETENESS, &publication.completeness, &bound.completeness),
    );
    for model in &catalogue().models {
        let derived = derived::of_model(&engine, model, None).await?;
        let mut difference = compare(lake, publication, &derived, "true").await?;
        for row in difference.iter_mut().flat_map(|difference| &mut difference.rows) {
            row.events = events_behind(&engine, model, row).await?;
        }
        on_table(&derived.spec.name, derived.row_count());
        found.add(derived.row_count(), difference);
        engine.bind_rows(&derived.spec.name, derived.spec.schema.clone(), derived.rows)?;
        indexed::add_model(&mut index, &engine, model).await?;
    }
    for measured in measured_tables(catalogue()) {
        let Some(derived) = derived::of_measures(&engine, &measured, None).await? else { continue };
        // Values of former definitions stay as they were; this build cannot say whether they are right.
        let difference =
            compare(lake, publication, &derived, &format!("NOT ({})", publication.is_superseded())).await?;
        on_table(&derived.spec.name, derived.row_count());
        found.add(derived.row_count(), difference);
        engine.bind_rows(&derived.spec.name, derived.spec.schema.clone(), derived.rows)?;
    }
    let derived = indexed::derived(&engine).await?;
    let difference = compare(lake, publication, &derived, "true").await?;
    on_table(INDEX_TABLE, derived.row_count());
    found.add(derived.row_count(), difference);
    Ok(found)
}

fn refuse_other_definitions(publication: &Publication) -> Result<(), Error> {
    let changed = other_definitions(&definition_hashes(), &publication.definitions);
    if changed.is_empty() { Ok(()) } else { Err(Error::OtherDefinitions { epoch: publication.epoch, changed }) }
}

async fn compare(
    lake: &Lake,
    publication: &Publication,
    derived: &Derived,
    condition: &str,
) -> Result<Option<TableDifference>, Error> {
    let published = published(lake, publication, &derived.spec.name).await?;
    difference::of_table(derived, published.as_ref(), condition).await
}

/// A table at the version that the epoch names, if it names one.
async fn published(lake: &Lake, publication: &Publication, name: &str) -> Result<Option<Table>, Error> {
    match publication.table_versions.get(name) {
        Some(version) => Ok(Some(lake.open_table_at(name, *version).await?)),
        None => Ok(None),
    }
}

/// How many events are shown behind a row.
const SHOWN_EVENTS: usize = 20;

/// The events of the subject of a row, where the model reads events, as far as they name it.
async fn events_behind(engine: &Engine, model: &Model, row: &DifferingRow) -> Result<Vec<String>, Error> {
    let sources =
        schemas::catalogue().sources.values().filter(|source| model.declared.inputs.contains(&source.table));
    let mut found = Vec::new();
    for source in sources {
        let columns = schemas::wide::table_schema(source);
        let of_subject = model.declared.subject.iter().filter(|name| columns.field_with_name(name).is_ok());
        let of_subject: Vec<String> = of_subject.map(|name| equals(name, &row.values)).collect();
        if of_subject.is_empty() {
            continue;
        }
        let sql = format!(
            "SELECT event_type, occurred_at, topic, \"partition\", \"offset\" FROM {} WHERE {} \
             ORDER BY occurred_at, event_id LIMIT {SHOWN_EVENTS}",
            source.table,
            of_subject.join(" AND ")
        );
        for batch in engine.collect(&sql).await? {
            let value = |column: usize, row: usize| text(batch.column(column), row);
            let event = |row| {
                let place = [2, 3, 4].map(|column| value(column, row)).join(" ");
                format!("{} at {}, {place}", value(0, row), value(1, row))
            };
            found.extend((0..batch.num_rows()).map(event));
        }
    }
    Ok(found)
}

fn equals(name: &str, values: &BTreeMap<String, String>) -> String {
    match values.get(name) {
        Some(value) => format!("CAST(\"{name}\" AS VARCHAR) = '{}'", value.replace('\'', "''")),
        None => format!("\"{name}\" IS NULL"),
    }
}
