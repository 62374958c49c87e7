//! Rows into Parquet files: cut by partition, sorted inside, zstd. Uploading changes nothing until
//! a commit names the files.

use crate::Error;
use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::{SortColumn, concat_batches, lexsort_to_indices, partition, take_record_batch};
use arrow::datatypes::SchemaRef;
use deltalake_core::kernel::Add;
use deltalake_core::parquet::basic::{Compression, ZstdLevel};
use deltalake_core::parquet::file::properties::WriterProperties;
use deltalake_core::writer::{DeltaWriter, RecordBatchWriter};
use deltalake_core::{DeltaResult, DeltaTableError};

/// Files that are written and not yet committed.
#[derive(Debug, Default)]
pub struct Files {
    pub(crate) adds: Vec<Add>,
    /// Rows in the files.
    pub rows: usize,
}

/// Rows of a row group, so that a look-up by subject reads little.
const ROW_GROUP_ROWS: usize = 128 * 1024;

/// Sorts by (partition column, sort columns) and cuts into one batch per partition value.
pub(crate) fn sorted_parts(
    schema: &SchemaRef,
    batches: &[RecordBatch],
    partition_column: Option<&str>,
    sort_columns: &[String],
) -> Result<Vec<RecordBatch>, Error> {
    let all = concat_batches(schema, batches)?;
    let keys = partition_column.into_iter().chain(sort_columns.iter().map(String::as_str));
    let columns: Vec<ArrayRef> = keys.filter_map(|name| all.column_by_name(name).cloned()).collect();
    if all.num_rows() == 0 || columns.is_empty() {
        return Ok(vec![all]);
    }
    let sort: Vec<SortColumn> =
        columns.iter().map(|values| SortColumn { values: values.clone(), options: None }).collect();
    let all = take_record_batch(&all, &lexsort_to_indices(&sort, None)?)?;
    let Some(values) = partition_column.and_then(|name| all.column_by_name(name)) else {
        return Ok(vec![all]);
    };
    let ranges = partition(std::slice::from_ref(values))?.ranges();
    Ok(ranges.into_iter().map(|range| all.slice(range.start, range.len())).collect())
}

/// Writes the parts, each at least one file.
pub(crate) async fn write(
    table_url: &str,
    schema: &SchemaRef,
    partition_column: Option<&str>,
    parts: Vec<RecordBatch>,
) -> DeltaResult<Files> {
    let rows = parts.iter().map(RecordBatch::num_rows).sum();
    if rows == 0 {
        return Ok(Files::default());
    }
    let mut writer = writer(table_url, schema, partition_column)?;
    for part in parts {
        writer.write(part).await?;
    }
    Ok(Files { adds: writer.flush().await?, rows })
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
