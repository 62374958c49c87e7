//! The record of a verification: which epoch, when, and what was found.

use crate::Error;
use crate::difference::TableDifference;
use crate::publication::Publication;
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema};
use lake::{Commit, Committed, Lake, TableSpec};
use schemas::field::timestamp_type;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Name of the table of verifications: one row for each, only ever appended.
pub const VERIFICATIONS_TABLE: &str = "verifications";

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// The epoch.
    pub epoch: i64,
    /// The instant as of which it was measured, microseconds since 1970, UTC.
    pub as_of_micros: i64,
    /// When it was verified, microseconds since 1970, UTC.
    pub verified_at_micros: i64,
    /// Derived tables that were compared.
    pub tables: usize,
    /// Rows that they hold by the events.
    pub rows: usize,
    /// The tables that differ; none where all is well.
    pub differences: Vec<TableDifference>,
}

impl Verification {
    pub(crate) fn of(publication: &Publication, verified_at_micros: i64) -> Self {
        let Publication { epoch, as_of_micros, .. } = *publication;
        Self { epoch, as_of_micros, verified_at_micros, tables: 0, rows: 0, differences: Vec::new() }
    }

    pub(crate) fn add(&mut self, rows: usize, difference: Option<TableDifference>) {
        self.tables += 1;
        self.rows += rows;
        self.differences.extend(difference);
    }

    /// Rows that are on one side only, both sides together.
    pub fn differing_rows(&self) -> i64 {
        self.differences.iter().map(|one| one.only_published + one.only_recomputed).sum()
    }

    /// Appends it to the table of verifications.
    ///
    /// # Errors
    /// [`Error::Lake`].
    pub async fn keep(&self, lake: &Lake) -> Result<(), Error> {
        let spec = spec();
        let mut table = lake.open_or_create_table(&spec).await?;
        let mut files = table.write(&spec, &[self.row(&spec)?]).await?;
        files.uploaded_at_ms = Some(self.verified_at_micros / 1_000);
        match table.commit(Commit { files, ..Commit::default() }).await? {
            Committed::Landed(_) | Committed::Fenced(_) => Ok(()),
            Committed::Stale => Err(lake::Error::Stale { table: spec.name }.into()),
        }
    }

    fn row(&self, spec: &TableSpec) -> Result<RecordBatch, Error> {
        let time = |micros: i64| -> ArrayRef {
            Arc::new(TimestampMicrosecondArray::from(vec![micros]).with_timezone("UTC"))
        };
        let number = |value: i64| -> ArrayRef { Arc::new(Int64Array::from(vec![value])) };
        let body =
            serde_json::to_string(&self.differences).map_err(|error| Error::Publication(error.to_string()))?;
        let columns: Vec<ArrayRef> = vec![
            number(self.epoch),
            time(self.as_of_micros),
            time(self.verified_at_micros),
            number(self.tables as i64),
            number(self.rows as i64),
            number(self.differing_rows()),
            Arc::new(StringArray::from(vec![body])),
        ];
        Ok(RecordBatch::try_new(spec.schema.clone(), columns)?)
    }
}

pub(crate) fn spec() -> TableSpec {
    let schema = Schema::new(vec![
        Field::new("epoch", DataType::Int64, false),
        Field::new("as_of", timestamp_type(), false),
        Field::new("verified_at", timestamp_type(), false),
        Field::new("tables", DataType::Int64, false),
        Field::new("rows", DataType::Int64, false),
        Field::new("differing_rows", DataType::Int64, false),
        Field::new("differences", DataType::Utf8, false),
    ]);
    TableSpec {
        name: VERIFICATIONS_TABLE.to_owned(),
        schema: Arc::new(schema),
        partition_column: None,
        sort_columns: Vec::new(),
    }
}
