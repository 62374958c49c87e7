//! Rows into Parquet files: cut by partition, sorted inside, zstd. Uploading changes nothing until
//! a commit names the files.

use arrow::array::{Array, RecordBatch};
use arrow::compute::{SortColumn, concat, interleave_record_batch, lexsort_to_indices, partition, take};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use deltalake_core::kernel::Add;
use deltalake_core::parquet::basic::{Compression, ZstdLevel};
use deltalake_core::parquet::file::properties::WriterProperties;
use deltalake_core::writer::{DeltaWriter, RecordBatchWriter};
use deltalake_core::{DeltaResult, DeltaTableError};
use std::ops::Range;

/// Files that are written and not yet committed.
#[derive(Debug, Default, Clone)]
pub struct Files {
    pub(crate) adds: Vec<Add>,
    /// Rows in the files.
    pub rows: usize,
    /// When the first of them was begun, milliseconds since 1970; the commit refuses files that a
    /// clean-up may have taken since. `None` where they are committed at once.
    pub uploaded_at_ms: Option<i64>,
}

/// Rows of a row group, so that a look-up by subject reads little.
const ROW_GROUP_ROWS: usize = 128 * 1024;

/// Rows in the order of (partition column, sort columns), cut into one batch per partition value.
/// Only the keys are copied to find the order; the rows follow a part at a time.
pub(crate) struct Sorted<'a> {
    schema: &'a SchemaRef,
    batches: Vec<&'a RecordBatch>,
    /// (batch, row) in order.
    order: Vec<(usize, usize)>,
    cuts: Vec<Range<usize>>,
}

impl<'a> Sorted<'a> {
    pub(crate) fn new(
        schema: &'a SchemaRef,
        batches: &'a [RecordBatch],
        partition_column: Option<&str>,
        sort_columns: &[String],
    ) -> Result<Self, ArrowError> {
        let batches: Vec<&RecordBatch> = batches.iter().filter(|batch| batch.num_rows() > 0).collect();
        let places =
            batches.iter().enumerate().flat_map(|(at, batch)| (0..batch.num_rows()).map(move |row| (at, row)));
        let places: Vec<(usize, usize)> = places.collect();
        let names = partition_column.into_iter().chain(sort_columns.iter().map(String::as_str));
        let mut keys = Vec::new();
        for name in names {
            let parts: Option<Vec<&dyn Array>> =
                batches.iter().map(|batch| batch.column_by_name(name).map(AsRef::as_ref)).collect();
            if let Some(parts) = parts.filter(|parts| !parts.is_empty()) {
                keys.push(SortColumn { values: concat(&parts)?, options: None });
            }
        }
        if keys.is_empty() {
            let all = 0..places.len();
            return Ok(Self { schema, batches, order: places, cuts: vec![all] });
        }
        let sorted = lexsort_to_indices(&keys, None)?;
        let order = sorted.values().iter().map(|place| places[*place as usize]).collect();
        let all = 0..places.len();
        let cuts = match partition_column {
            Some(_) => partition(&[take(&keys[0].values, &sorted, None)?])?.ranges(),
            None => vec![all],
        };
        Ok(Self { schema, batches, order, cuts })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Result<RecordBatch, ArrowError>> {
        self.cuts.iter().filter(|cut| !cut.is_empty()).map(|cut| {
            let rows = interleave_record_batch(&self.batches, &self.order[cut.clone()])?;
            // The same columns; the table's own schema, whatever the batches' says beside it.
            RecordBatch::try_new(self.schema.clone(), rows.columns().to_vec())
        })
    }
}

/// Writes a part, as at least one file.
pub(crate) async fn write(
    table_url: &str,
    schema: &SchemaRef,
    partition_column: Option<&str>,
    part: RecordBatch,
) -> DeltaResult<Vec<Add>> {
    let mut writer = writer(table_url, schema, partition_column)?;
    writer.write(part).await?;
    writer.flush().await
}

/// Writes files of a table, one for each partition value.
pub(crate) fn writer(
    table_url: &str,
    schema: &SchemaRef,
    partition_column: Option<&str>,
) -> DeltaResult<RecordBatchWriter> {
    let partition_columns = partition_column.map(|name| vec![name.to_owned()]);
    let writer = RecordBatchWriter::try_new(table_url, schema.clone(), partition_columns, None)?;
    Ok(writer.with_writer_properties(properties()?))
}

fn properties() -> DeltaResult<WriterProperties> {
    let level = ZstdLevel::try_new(1).map_err(DeltaTableError::from)?;
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .build())
}
