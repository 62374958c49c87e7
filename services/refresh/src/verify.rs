//! An epoch recomputed from its events alone, and compared with what was published.
//!
//! The event tables are read at the versions that the epoch names, as of its instant and in its time
//! zone; no derived table is read to compute another. So whatever refresh did to get there, what it
//! published must be what comes out here. The index may say too much (see [`crate::indexed`]).

use crate::derived::{self, Derived};
use crate::difference::{self, TableDifference};
use crate::index::{INDEX_TABLE, Index};
use crate::indexed;
use crate::plan::other_definitions;
use crate::publication::Publication;
use crate::rebuild::definition_hashes;
use crate::verification::Verification;
use crate::{Completeness, Error, evidence, passing_time, sources};
use lake::{Lake, Table};
use queries::{Engine, catalogue, measured_tables};

/// How complete each source is stands in the epoch itself, and is verified like a table.
const COMPLETENESS: &str = "completeness";
/// Until when its rows hold stands there too: a refresh believes it.
const NEXT_CHANGE: &str = "next_change_at";

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
        difference::of_named(COMPLETENESS, &publication.completeness, &bound.completeness, Completeness::named),
    );
    for model in &catalogue().models {
        let derived = derived::of_model(&engine, model, None).await?;
        let mut difference = compare(lake, publication, &derived, "true").await?;
        for row in difference.iter_mut().flat_map(|difference| &mut difference.rows) {
            row.events = evidence::of_model_row(&engine, model, row).await?;
        }
        on_table(&derived.spec.name, derived.row_count());
        found.add(derived.row_count(), difference);
        engine.bind_rows(&derived.spec.name, derived.spec.schema.clone(), derived.rows)?;
        indexed::add_model(&mut index, &engine, model).await?;
    }
    let (published, recomputed) =
        (publication.next_change_at_micros, passing_time::next_change_of_all(&engine).await?);
    let named = |at: &Option<i64>| at.iter().map(|at| ("micros".to_owned(), at.to_string())).collect();
    found.add(1, difference::of_named(NEXT_CHANGE, &[published], &[recomputed], named));
    for measured in measured_tables(catalogue()) {
        let Some(derived) = derived::of_measures(&engine, &measured, None).await? else { continue };
        // Values of former definitions stay as they were; this build cannot say whether they are right.
        let mut difference =
            compare(lake, publication, &derived, &format!("NOT ({})", publication.is_superseded())).await?;
        for row in difference.iter_mut().flat_map(|difference| &mut difference.rows) {
            row.events = evidence::of_value(&engine, row).await?;
        }
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
