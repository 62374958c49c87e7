//! What the last epoch has that a rebuild does not find in the events: the values of definitions that have
//! been superseded, and which final values have become others.

use crate::derived::{Derived, as_rows_of};
use crate::held::replace;
use crate::plan::Why;
use crate::publication::Publication;
use crate::rebuild::definition_hashes;
use crate::remeasure::current;
use crate::restate::{self, Cause, RESTATEMENTS_TABLE};
use crate::{Error, Plan};
use arrow::array::RecordBatch;
use arrow::datatypes::{Fields, SchemaRef};
use lake::{Lake, Table};
use queries::Engine;
use queries::catalogue::DIMENSIONS;
use std::collections::{BTreeMap, BTreeSet};

/// The last epoch, as far as it can be read.
#[derive(Debug)]
pub(crate) struct Former<'a> {
    before: Option<(&'a Publication, &'a Why)>,
    tables: BTreeMap<String, Table>,
    restated: Vec<RecordBatch>,
}

impl<'a> Former<'a> {
    /// Opens its measured tables; what cannot be opened is told and left out.
    pub(crate) async fn open(lake: &Lake, before: Option<(&'a Publication, &'a Why)>) -> Self {
        let mut tables = BTreeMap::new();
        let versions = before.iter().flat_map(|(published, _)| &published.table_versions);
        let kept = |name: &str| name.starts_with("kpi_");
        for (name, version) in versions.filter(|(name, _)| kept(name)) {
            match lake.open_table_at(name, *version).await {
                Ok(table) => drop(tables.insert(name.clone(), table)),
                Err(error) => tracing::warn!(table = name, cause = error.cause(), "its former values are lost"),
            }
        }
        Self { before, tables, restated: Vec::new() }
    }

    /// Looks which final values of a measured table have become others.
    pub(crate) async fn compare(&mut self, now: &Derived) -> Result<(), Error> {
        let Some((published, _)) = self.before.filter(|_| restate::is_restated(&now.spec.name)) else {
            return Ok(());
        };
        let zone = published.time_zone.parse().unwrap_or(chrono_tz::UTC);
        // A new version has no value that could have changed.
        let versions = definition_hashes();
        let version = |hash: Option<&String>| hash.and_then(|hash| hash.split(' ').next().map(ToOwned::to_owned));
        let had = |name: String| version(published.definitions.get(&name)) == version(versions.get(&name));
        let same = current(|kpi| had(format!("kpis/{kpi}")));
        let then = self.rows(now, &same).await?;
        let when = (zone, published.as_of_micros);
        let (name, schema) = (&now.spec.name, &now.spec.schema);
        self.restated.extend(restate::restated(when, &same, name, schema, &then, &now.rows).await?);
        Ok(())
    }

    /// The values of a measured table by definitions that this build has no more: they stay as they are.
    pub(crate) async fn superseded(&self, now: &Derived) -> Result<Vec<RecordBatch>, Error> {
        let kept = self.superseded_versions();
        match self.before {
            Some((published, _)) if !kept.is_empty() => {
                let kept = Publication { superseded: kept, ..published.clone() };
                self.rows(now, &kept.is_superseded()).await
            }
            _ => Ok(Vec::new()),
        }
    }

    /// The measures and versions whose values stay as they are.
    pub(crate) fn superseded_versions(&self) -> BTreeSet<(String, i32)> {
        let definitions = definition_hashes();
        self.before.map(|(published, _)| published.superseded_by(&definitions)).unwrap_or_default()
    }

    /// Writes the restatements, those of former epochs with them; the version of their table.
    pub(crate) async fn keep(self, lake: &Lake, at: (i64, &Plan)) -> Result<u64, Error> {
        let cause = match self.before {
            Some((_, Why::Definitions(_))) => Cause::Definition,
            _ => Cause::Recomputed,
        };
        let spec = restate::spec();
        let mut rows = restate::rows(&self.restated, (at.0, at.1.now_micros), |_, _| cause)?;
        if let Some(table) = self.tables.get(RESTATEMENTS_TABLE) {
            rows.extend(as_today(table, &spec.schema, "true").await?);
        }
        Ok(replace(lake, &spec, None, &rows, at).await?.version())
    }

    /// The rows that the last epoch has in a table.
    async fn rows(&self, now: &Derived, condition: &str) -> Result<Vec<RecordBatch>, Error> {
        match self.tables.get(&now.spec.name) {
            Some(table) => as_today(table, &now.spec.schema, condition).await,
            None => Ok(Vec::new()),
        }
    }
}

/// The rows of an older table with the columns of today.
async fn as_today(table: &Table, today: &SchemaRef, condition: &str) -> Result<Vec<RecordBatch>, Error> {
    let then = table.columns()?;
    for gone in then.iter().filter(|column| today.column_with_name(column.name()).is_none()) {
        tracing::warn!(table = table.name(), column = gone.name(), "today's values have no such column; it goes");
    }
    let engine = Engine::new(chrono_tz::UTC, 0)?;
    engine.bind("former", table.snapshot()?)?;
    let columns = columns_of_today(&then, today.fields()).join(", ");
    let rows = engine.collect(&format!("SELECT {columns} FROM former WHERE {condition}")).await?;
    as_rows_of(today, &rows)
}

/// What an older table has for each column of today: nobody told values by a dimension that did not exist, so
/// they are those of all of it; anything else was not known.
fn columns_of_today(then: &Fields, today: &Fields) -> Vec<String> {
    let of_then = |name: &str| match then.find(name) {
        Some(_) => name.to_owned(),
        None if DIMENSIONS.contains(&name) => format!("'(all)' AS {name}"),
        None => format!("NULL AS {name}"),
    };
    today.iter().map(|column| of_then(column.name())).collect()
}
