//! One epoch: which versions of which tables belong together.

use crate::{Completeness, Error, held};
use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use lake::{Commit, Committed, Lake, Span, TableSpec, fence};
use queries::Engine;
use schemas::field::timestamp_type;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A published state of all derived tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// Number of the epoch, from 1.
    pub epoch: i64,
    /// The instant as of which it was measured, microseconds since 1970, UTC.
    pub as_of_micros: i64,
    /// When it was published, microseconds since 1970, UTC.
    pub published_at_micros: i64,
    /// The council's time zone.
    pub time_zone: String,
    /// Version of each source and derived table.
    pub table_versions: BTreeMap<String, u64>,
    /// Id of each event table, by which one that was made anew is told from the one before.
    #[serde(default)]
    pub event_table_ids: BTreeMap<String, String>,
    /// Hash of each definition: models and measures.
    pub definitions: BTreeMap<String, String>,
    /// What was seen of each source.
    pub completeness: Vec<Completeness>,
    /// The first instant as of which some of its rows are others, microseconds since 1970, UTC.
    #[serde(default)]
    pub next_change_at_micros: Option<i64>,
    /// Measures with versions of their definitions that are no more, whose values stand beside those of the
    /// present ones.
    #[serde(default)]
    pub superseded: BTreeSet<(String, i32)>,
}

/// Name of the table of epochs.
pub const PUBLICATIONS_TABLE: &str = "publications";

impl Publication {
    /// The newest epoch, if there is one.
    ///
    /// # Errors
    /// [`Error::Publication`] when it cannot be read; [`Error::Lake`].
    pub async fn newest(lake: &Lake) -> Result<Option<Self>, Error> {
        let Some(table) = lake.open_table(PUBLICATIONS_TABLE).await? else { return Ok(None) };
        let engine = Engine::new(chrono_tz::UTC, 0)?;
        engine.bind(PUBLICATIONS_TABLE, table.snapshot()?)?;
        // The number comes from the log, so that one file is read and not all of them.
        let newest = table.positions().get(fence::REFRESH).copied().unwrap_or_default();
        let rows = engine.collect(&format!("SELECT epoch, body FROM publications WHERE epoch = {newest}")).await?;
        let Some(row) = rows.iter().find(|batch| batch.num_rows() > 0) else { return Ok(None) };
        let epoch = row.column(0).as_primitive::<Int64Type>().value(0);
        let body = serde_json::from_str(&text(row.column(1), 0));
        body.map(Some).map_err(|error| Error::Publication(format!("epoch {epoch}: {error}")))
    }

    /// The number of the newest epoch, if there is one, from the table's log alone: a cheap look.
    ///
    /// # Errors
    /// [`Error::Lake`].
    pub async fn newest_epoch(lake: &Lake) -> Result<Option<i64>, Error> {
        let table = lake.open_table(PUBLICATIONS_TABLE).await?;
        Ok(table.and_then(|table| table.positions().get(fence::REFRESH).copied()))
    }

    /// Makes the epoch the newest. Everything that it names is in the lake already.
    ///
    /// # Errors
    /// [`Error::Overtaken`] when another refresh has published since; [`Error::Lake`].
    pub(crate) async fn publish(&self, lake: &Lake) -> Result<(), Error> {
        let spec = spec();
        let mut table = lake.open_or_create_table(&spec).await?;
        let mut files = table.write(&spec, &[self.row(&spec)?]).await?;
        files.uploaded_at_ms = Some(self.published_at_micros / 1_000);
        let start = Some(self.epoch - 1).filter(|before| *before > 0);
        let spans = vec![Span { fence: fence::REFRESH.to_owned(), start, end: self.epoch }];
        match table.commit(Commit { files, spans, ..Commit::default() }).await? {
            Committed::Landed(_) => {
                held::checkpoint(&mut table).await;
                Ok(())
            }
            Committed::Fenced(_) => Err(Error::Overtaken { table: spec.name }),
            Committed::Stale => Err(lake::Error::Stale { table: spec.name }.into()),
        }
    }

    /// A condition for the rows of a measured table whose definitions are no more.
    pub(crate) fn is_superseded(&self) -> String {
        let each = self
            .superseded
            .iter()
            .map(|(kpi, version)| format!("kpi = '{kpi}' AND definition_version = {version}"));
        let each: Vec<String> = each.collect();
        if each.is_empty() { "false".to_owned() } else { each.join(" OR ") }
    }

    /// The measures and versions of which an epoch that is computed from the beginning keeps the values of
    /// this one: those kept already, and those whose definitions `now` has no more.
    pub(crate) fn superseded_by(&self, now: &BTreeMap<String, String>) -> BTreeSet<(String, i32)> {
        let defined = |definitions: &BTreeMap<String, String>| -> BTreeSet<(String, i32)> {
            let version = |hash: &str| hash.strip_prefix('v')?.split(' ').next()?.parse().ok();
            let each = definitions.iter();
            each.filter_map(|(name, hash)| Some((name.strip_prefix("kpis/")?.to_owned(), version(hash)?)))
                .collect()
        };
        let known: BTreeSet<(String, i32)> = defined(&self.definitions).union(&self.superseded).cloned().collect();
        known.difference(&defined(now)).cloned().collect()
    }

    fn row(&self, spec: &TableSpec) -> Result<RecordBatch, Error> {
        let time = |micros: i64| -> ArrayRef {
            Arc::new(TimestampMicrosecondArray::from(vec![micros]).with_timezone("UTC"))
        };
        let body = serde_json::to_string(self).map_err(|error| Error::Publication(error.to_string()))?;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(vec![self.epoch])),
            time(self.as_of_micros),
            time(self.published_at_micros),
            Arc::new(StringArray::from(vec![body])),
        ];
        Ok(RecordBatch::try_new(spec.schema.clone(), columns)?)
    }
}

fn spec() -> TableSpec {
    let schema = Schema::new(vec![
        Field::new("epoch", DataType::Int64, false),
        Field::new("as_of", timestamp_type(), false),
        Field::new("published_at", timestamp_type(), false),
        Field::new("body", DataType::Utf8, false),
    ]);
    TableSpec {
        name: PUBLICATIONS_TABLE.to_owned(),
        schema: Arc::new(schema),
        partition_column: None,
        sort_columns: Vec::new(),
    }
}

/// A text of a column, whichever of Arrow's text types it has.
pub(crate) fn text(column: &ArrayRef, row: usize) -> String {
    arrow::util::display::array_value_to_string(column, row).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_former_definitions_are_kept_and_those_of_present_ones_are_not() {
        let definitions = |of: &[(&str, &str)]| -> BTreeMap<String, String> {
            of.iter().map(|(name, hash)| ((*name).to_owned(), (*hash).to_owned())).collect()
        };
        let then = Publication {
            epoch: 3,
            as_of_micros: 0,
            published_at_micros: 0,
            time_zone: "UTC".to_owned(),
            table_versions: BTreeMap::new(),
            event_table_ids: BTreeMap::new(),
            definitions: definitions(&[
                ("kpis/a", "v2 ab"),
                ("kpis/b", "v1 cd"),
                ("kpis/gone", "v1 ef"),
                ("models/x", "01"),
            ]),
            completeness: Vec::new(),
            next_change_at_micros: None,
            superseded: BTreeSet::from([("a".to_owned(), 1)]),
        };
        // b has another hash under the same version: its values are computed anew, not kept.
        let now = definitions(&[("kpis/a", "v3 gh"), ("kpis/b", "v1 ij")]);
        let kept = [("a", 1), ("a", 2), ("gone", 1)].map(|(kpi, version)| (kpi.to_owned(), version));
        assert_eq!(then.superseded_by(&now), BTreeSet::from(kept));
        assert_eq!(then.is_superseded(), "kpi = 'a' AND definition_version = 1");
    }
}
