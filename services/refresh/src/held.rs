//! A derived table during a refresh: as the last epoch has it, and as the one being made has it.

use crate::derived::as_rows_of;
use crate::surplus::surplus;
use crate::{Error, Plan};
use arrow::array::{Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use lake::{Commit, Committed, Files, Lake, Place, SnapshotTable, Span, Table, TableSpec, fault, fence};
use queries::Engine;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A derived table.
#[derive(Debug)]
pub(crate) struct Held {
    /// As published; what came after it was never shown to anybody.
    base: Table,
    /// As it is in the epoch being made, once something has changed.
    now: Option<Table>,
}

/// What became of a table's rows.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    pub(crate) removed: Vec<RecordBatch>,
    pub(crate) added: Vec<RecordBatch>,
}

impl Changed {
    /// What leads from the old rows to the new.
    pub(crate) fn between(old: &[RecordBatch], new: &[RecordBatch]) -> Result<Self, Error> {
        Ok(Self { removed: surplus(old, new)?, added: surplus(new, old)? })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.added.is_empty()
    }

    pub(crate) fn row_count(&self) -> usize {
        self.rows().iter().map(RecordBatch::num_rows).sum()
    }

    /// The old rows and the new.
    pub(crate) fn rows(&self) -> Vec<RecordBatch> {
        self.removed.iter().chain(&self.added).cloned().collect()
    }
}

impl Held {
    /// The table at the version that the last epoch names.
    pub(crate) async fn open(lake: &Lake, name: &str, version: u64) -> Result<Self, Error> {
        Ok(Self { base: lake.open_table_at(name, version).await?, now: None })
    }

    /// As published.
    pub(crate) fn before(&self) -> Result<Arc<SnapshotTable>, Error> {
        Ok(self.base.snapshot()?)
    }

    /// As it is now.
    pub(crate) fn now(&self) -> Result<Arc<SnapshotTable>, Error> {
        Ok(self.now.as_ref().unwrap_or(&self.base).snapshot()?)
    }

    pub(crate) fn version(&self) -> u64 {
        self.now.as_ref().unwrap_or(&self.base).version()
    }

    /// Takes rows out and puts rows in; only the files of the places that hold them are written anew.
    pub(crate) async fn change(
        &mut self,
        lake: &Lake,
        spec: &TableSpec,
        changed: &Changed,
        (epoch, plan): (i64, &Plan),
    ) -> Result<(), Error> {
        let places = places(&changed.rows(), spec.partition_column.as_deref())?;
        let there = rows_of(self.before()?.at(&places), &spec.schema).await?;
        let mut rows = surplus(&there, &changed.removed)?;
        rows.extend(changed.added.iter().cloned());
        self.put(lake, spec, &places, &rows, (epoch, plan)).await
    }

    /// Puts rows in the place of all that some places hold.
    pub(crate) async fn put(
        &mut self,
        lake: &Lake,
        spec: &TableSpec,
        places: &BTreeSet<Place>,
        rows: &[RecordBatch],
        at: (i64, &Plan),
    ) -> Result<(), Error> {
        self.now = Some(replace(lake, spec, Some((&self.base, places)), rows, at).await?);
        Ok(())
    }
}

/// Puts rows in the place of all that a table holds, or of what a version of it holds at some places.
pub(crate) async fn replace(
    lake: &Lake,
    spec: &TableSpec,
    there: Option<(&Table, &BTreeSet<Place>)>,
    rows: &[RecordBatch],
    (epoch, plan): (i64, &Plan),
) -> Result<Table, Error> {
    let mut table = lake.open_or_create_table(spec).await?;
    let mut files: Files = table.write(spec, rows).await?;
    files.uploaded_at_ms = Some(plan.now_micros / 1_000);
    let row_count = files.rows.max(1);
    fault::point("refresh.after_upload", row_count);
    for _ in 0..TRIES {
        let mut commit = match there {
            Some((base, places)) => table.replacement(base, places, files.clone())?,
            None => {
                let changed = table.columns()? != *spec.schema.fields();
                let schema = changed.then(|| spec.schema.clone());
                Commit { files: files.clone(), replace: true, schema, ..Commit::default() }
            }
        };
        let Some(spans) = spans(&table, epoch) else { break };
        commit.spans = spans;
        match table.commit(commit).await? {
            // Exactly this version, whoever has committed since.
            Committed::Landed(version) if version == table.version() => {
                fault::point("refresh.after_table", row_count);
                checkpoint(&mut table).await;
                return Ok(table);
            }
            Committed::Landed(version) => return Ok(lake.open_table_at(&spec.name, version).await?),
            // Maintenance has been here, or another refresh: that is decided anew on what is there now.
            Committed::Fenced(_) => {}
            Committed::Stale => return Err(lake::Error::Stale { table: spec.name.clone() }.into()),
        }
    }
    Err(Error::Overtaken { table: spec.name.clone() })
}

/// How often a commit may find that somebody else was faster.
const TRIES: usize = 5;

/// The fences of a commit to the table as it is, unless a later epoch has been here. The rewriters' fence
/// moves with every commit, also where a refresh of the same epoch has been here before: what takes the place
/// of what must have been decided on this very state.
fn spans(table: &Table, epoch: i64) -> Option<Vec<Span>> {
    let at = |fence: &str| table.positions().get(fence).copied();
    let (reached, rewritten) = (at(fence::REFRESH), at(fence::REWRITER));
    if reached.is_some_and(|reached| reached > epoch) {
        return None;
    }
    Some(vec![
        Span { fence: fence::REFRESH.to_owned(), start: reached, end: epoch },
        Span { fence: fence::REWRITER.to_owned(), start: rewritten, end: rewritten.unwrap_or_default() + 1 },
    ])
}

/// Each refresh opens each table, and so reads every commit since the last checkpoint.
const COMMITS_WITHOUT_CHECKPOINT: u64 = 100;

/// Makes a checkpoint where maintenance has made none for long.
pub(crate) async fn checkpoint(table: &mut Table) {
    if let Err(error) = table.checkpoint_if_due(COMMITS_WITHOUT_CHECKPOINT).await {
        let cause = error.cause();
        tracing::warn!(table = table.name(), cause, "no checkpoint could be made; `switchboard maintain` does");
    }
}

/// All rows of a table, with the columns of `schema`.
async fn rows_of(table: SnapshotTable, schema: &SchemaRef) -> Result<Vec<RecordBatch>, Error> {
    let engine = Engine::new(chrono_tz::UTC, 0)?;
    engine.bind("there", Arc::new(table))?;
    as_rows_of(schema, &engine.collect("SELECT * FROM there").await?)
}

/// The places of some rows.
pub(crate) fn places(rows: &[RecordBatch], column: Option<&str>) -> Result<BTreeSet<Place>, Error> {
    let Some(column) = column else { return Ok(BTreeSet::from([None])) };
    let mut places = BTreeSet::new();
    for batch in rows.iter().filter(|batch| batch.num_rows() > 0) {
        let values = arrow::compute::cast(&batch[column], &arrow::datatypes::DataType::Utf8)?;
        let values = arrow::array::AsArray::as_string::<i32>(&values);
        places.extend((0..values.len()).map(|row| values.is_valid(row).then(|| values.value(row).to_owned())));
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use arrow::array::{ArrayRef, AsArray, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};

    fn rows(value: &str) -> Vec<RecordBatch> {
        let column: ArrayRef = Arc::new(StringArray::from(vec![value]));
        vec![RecordBatch::try_from_iter_with_nullable(vec![("value", column, true)]).unwrap()]
    }

    #[tokio::test]
    async fn of_two_that_replace_the_same_rows_at_once_each_has_its_own() {
        let folder = tempfile::TempDir::new().unwrap();
        let lake = Lake::open_or_create(&folder.path().join("lake")).unwrap();
        let schema = Arc::new(Schema::new(vec![Field::new("value", DataType::Utf8, true)]));
        let name = "held".to_owned();
        let spec = TableSpec { name, schema, partition_column: None, sort_columns: Vec::new() };
        let plan = Plan { time_zone: chrono_tz::UTC, as_of_micros: 0, now_micros: 0, from_scratch: false };
        let everywhere = BTreeSet::from([None]);
        let base = replace(&lake, &spec, None, &rows("base"), (1, &plan)).await.unwrap();
        let put = async |value: &str, epoch| {
            let rows = rows(value);
            replace(&lake, &spec, Some((&base, &everywhere)), &rows, (epoch, &plan)).await
        };
        // One that was killed before it had published has moved the fence to the epoch already.
        put("killed", 2).await.unwrap();
        for _ in 0..5 {
            let (one, other) = tokio::join!(put("one", 2), put("other", 2));
            for (table, value) in [(one.unwrap(), "one"), (other.unwrap(), "other")] {
                let snapshot = table.snapshot().unwrap().at(&everywhere);
                let there = rows_of(snapshot, &spec.schema).await.unwrap();
                let there: Vec<&str> =
                    there.iter().flat_map(|batch| batch.column(0).as_string::<i32>()).flatten().collect();
                assert_eq!(there, [value]);
            }
        }
        // Who comes after a later epoch is late, and does not move the fence back.
        put("later", 3).await.unwrap();
        assert!(matches!(put("late", 2).await, Err(Error::Overtaken { .. })));
    }
}
