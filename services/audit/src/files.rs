//! The lake's Parquet files, read without the lake.
//!
//! Which files a version has is all that the lake is asked. Row groups are left out where their
//! statistics say that they hold nothing of a partition or a stretch of offsets; rows may stand in
//! any file, in any order.

use crate::Error;
use crate::cell::Cell;
use arrow::array::{Array, AsArray, BooleanArray, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::and;
use arrow::compute::kernels::cmp::{eq, gt_eq, lt};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use arrow::error::ArrowError;
use chrono::NaiveDate;
use lake::DataFile;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowFilter,
};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;
use std::fs::File;
use std::ops::Range;

/// The files of one table at one version, and what their row groups hold.
#[derive(Debug, Default)]
pub(crate) struct Files {
    files: Vec<DataFile>,
    groups: Vec<Group>,
}

/// A row group. A range that is not known holds everything.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    file: usize,
    number: usize,
    partitions: Option<(i64, i64)>,
    offsets: Option<(i64, i64)>,
}

/// Whose rows are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Given for the quarantine, which several clusters may share.
    pub(crate) cluster: Option<String>,
    pub(crate) topic: String,
    pub(crate) partition: i32,
}

/// Rows read at once.
const BATCH_ROWS: usize = 8_192;

impl Files {
    /// Reads the footers.
    ///
    /// # Errors
    /// [`Error::File`] names the file that cannot be read.
    pub(crate) fn index(files: Vec<DataFile>) -> Result<Self, Error> {
        let mut groups = Vec::new();
        for (place, file) in files.iter().enumerate() {
            let (_, metadata) = open(file)?;
            for (number, group) in metadata.metadata().row_groups().iter().enumerate() {
                let (partitions, offsets) = (range_of(group, "partition"), range_of(group, "offset"));
                groups.push(Group { file: place, number, partitions, offsets });
            }
        }
        Ok(Self { files, groups })
    }

    /// One past the highest offset that a row group says it has of the partition; 0 where none does.
    pub(crate) fn end_of(&self, partition: i32) -> i64 {
        let all = 0..i64::MAX;
        let groups = self.groups.iter().filter(|group| group.may_hold(partition, &all));
        groups.filter_map(|group| group.offsets).map(|(_, highest)| highest.saturating_add(1)).max().unwrap_or(0)
    }

    /// Hands over the rows of a partition within a stretch of offsets, with the named columns as
    /// far as each file has them.
    ///
    /// # Errors
    /// [`Error::File`]; whatever `take` refuses.
    pub(crate) fn scan(
        &self,
        place: &Place,
        offsets: &Range<i64>,
        columns: &[&str],
        take: &mut dyn FnMut(&DataFile, &RecordBatch) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let groups = self.groups.iter().filter(|group| group.may_hold(place.partition, offsets));
        let groups: Vec<&Group> = groups.collect();
        for of_file in groups.chunk_by(|one, next| one.file == next.file) {
            let file = &self.files[of_file[0].file];
            let groups = of_file.iter().map(|group| group.number).collect();
            let fault = |source: ArrowError| Error::File { path: file.path.clone(), source: source.into() };
            for batch in reader(file, groups, place, offsets, columns)? {
                take(file, &batch.map_err(fault)?)?;
            }
        }
        Ok(())
    }
}

impl Group {
    fn may_hold(&self, partition: i32, offsets: &Range<i64>) -> bool {
        let partition = i64::from(partition);
        self.partitions.is_none_or(|(least, most)| (least..=most).contains(&partition))
            && self.offsets.is_none_or(|(least, most)| least < offsets.end && most >= offsets.start)
    }
}

fn range_of(group: &RowGroupMetaData, column: &str) -> Option<(i64, i64)> {
    let of_column = |one: &&parquet::file::metadata::ColumnChunkMetaData| one.column_path().string() == column;
    match group.columns().iter().find(of_column)?.statistics()? {
        Statistics::Int32(range) => Some(((*range.min_opt()?).into(), (*range.max_opt()?).into())),
        Statistics::Int64(range) => Some((*range.min_opt()?, *range.max_opt()?)),
        _ => None,
    }
}

fn open(file: &DataFile) -> Result<(File, ArrowReaderMetadata), Error> {
    let fault = |source| Error::File { path: file.path.clone(), source };
    let opened = File::open(&file.path).map_err(|error| fault(error.into()))?;
    // The types are those of Parquet itself, not what the writing library noted beside them.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = ArrowReaderMetadata::load(&opened, options).map_err(|error| fault(error.into()))?;
    Ok((opened, metadata))
}

fn reader(
    file: &DataFile,
    groups: Vec<usize>,
    place: &Place,
    offsets: &Range<i64>,
    columns: &[&str],
) -> Result<impl Iterator<Item = Result<RecordBatch, ArrowError>>, Error> {
    let (opened, metadata) = open(file)?;
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(opened, metadata);
    let mask = |names: &[&str]| ProjectionMask::columns(builder.parquet_schema(), names.iter().copied());
    let coordinates = mask(&["cluster", "topic", "partition", "offset"]);
    let wanted = mask(columns);
    let (place, offsets) = (place.clone(), offsets.clone());
    let filter = ArrowPredicateFn::new(coordinates, move |batch| is_here(&batch, &place, &offsets));
    builder
        .with_row_groups(groups)
        .with_projection(wanted)
        .with_row_filter(RowFilter::new(vec![Box::new(filter)]))
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(|error| Error::File { path: file.path.clone(), source: error.into() })
}

fn is_here(batch: &RecordBatch, place: &Place, offsets: &Range<i64>) -> Result<BooleanArray, ArrowError> {
    let column = |name: &str| {
        let missing = || ArrowError::SchemaError(format!("there is no column {name}"));
        batch.column_by_name(name).ok_or_else(missing)
    };
    let mut here = eq(column("partition")?, &Int32Array::new_scalar(place.partition))?;
    here = and(&here, &eq(column("topic")?, &StringArray::new_scalar(&place.topic))?)?;
    here = and(&here, &gt_eq(column("offset")?, &Int64Array::new_scalar(offsets.start))?)?;
    here = and(&here, &lt(column("offset")?, &Int64Array::new_scalar(offsets.end))?)?;
    match &place.cluster {
        Some(cluster) => and(&here, &eq(column("cluster")?, &StringArray::new_scalar(cluster))?),
        None => Ok(here),
    }
}

/// The value of a row in a column of a table; `None` for null.
///
/// # Errors
/// The name of a type that no table of ours has.
pub(crate) fn cell(column: &dyn Array, row: usize) -> Result<Option<Cell>, String> {
    if column.is_null(row) {
        return Ok(None);
    }
    Ok(Some(match column.data_type() {
        DataType::Utf8 => Cell::Text(column.as_string::<i32>().value(row).to_owned()),
        DataType::Int64 => Cell::Number(column.as_primitive::<Int64Type>().value(row)),
        DataType::Int32 => Cell::Number(column.as_primitive::<Int32Type>().value(row).into()),
        DataType::Boolean => Cell::Truth(column.as_boolean().value(row)),
        DataType::Binary => Cell::Bytes(column.as_binary::<i32>().value(row).to_vec()),
        DataType::FixedSizeBinary(_) => Cell::Bytes(column.as_fixed_size_binary().value(row).to_vec()),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Cell::Instant(column.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        DataType::Date32 => Cell::Day(column.as_primitive::<Date32Type>().value(row).into()),
        DataType::Decimal128(..) => Cell::Decimal(column.as_primitive::<Decimal128Type>().value(row)),
        DataType::List(item) if item.data_type() == &DataType::Utf8 => {
            let texts = column.as_list::<i32>().value(row);
            Cell::Texts(texts.as_string::<i32>().iter().map(|text| text.unwrap_or_default().to_owned()).collect())
        }
        other => return Err(other.to_string()),
    }))
}

/// The value of a partition column, which stands in the log as text and in no file.
pub(crate) fn partition_cell(file: &DataFile, column: &str) -> Option<Cell> {
    let text = file.partition_values.get(column)?.as_ref()?;
    let day: NaiveDate = text.parse().ok()?;
    Some(Cell::Day(day.to_epoch_days().into()))
}

#[cfg(test)]
mod tests;
