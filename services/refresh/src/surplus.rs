//! Rows as a multiset: what one side has that the other has not, or not as often. Pure.

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use std::collections::HashMap;

/// The rows of `left` that `right` has not, or less often; both have the same columns.
///
/// # Errors
/// [`ArrowError`] when a column cannot be compared.
pub(crate) fn surplus(left: &[RecordBatch], right: &[RecordBatch]) -> Result<Vec<RecordBatch>, ArrowError> {
    let left: Vec<&RecordBatch> = left.iter().filter(|batch| batch.num_rows() > 0).collect();
    let Some(first) = left.first() else { return Ok(Vec::new()) };
    let fields = first.schema().fields().iter().map(|field| SortField::new(field.data_type().clone())).collect();
    let converter = RowConverter::new(fields)?;
    let mut there: HashMap<Box<[u8]>, usize> = HashMap::new();
    for batch in right.iter().filter(|batch| batch.num_rows() > 0) {
        for row in &converter.convert_columns(batch.columns())? {
            *there.entry(row.data().into()).or_default() += 1;
        }
    }
    let mut found = Vec::new();
    for batch in left {
        let rows = converter.convert_columns(batch.columns())?;
        let is_surplus = rows.iter().map(|row| match there.get_mut(row.data()) {
            Some(times) if *times > 0 => {
                *times -= 1;
                false
            }
            _ => true,
        });
        let is_surplus: BooleanArray = is_surplus.map(Some).collect();
        let kept = filter_record_batch(batch, &is_surplus)?;
        found.extend((kept.num_rows() > 0).then_some(kept));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use arrow::array::{ArrayRef, AsArray, Int64Array};
    use arrow::datatypes::Int64Type;
    use std::sync::Arc;

    fn rows(values: &[Option<i64>]) -> Vec<RecordBatch> {
        let column: ArrayRef = Arc::new(Int64Array::from(values.to_vec()));
        vec![RecordBatch::try_from_iter_with_nullable(vec![("value", column, true)]).unwrap()]
    }

    fn values(batches: &[RecordBatch]) -> Vec<Option<i64>> {
        batches
            .iter()
            .flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().iter().collect::<Vec<_>>())
            .collect()
    }

    #[test]
    fn each_row_is_matched_as_often_as_it_is_there() {
        let left = rows(&[Some(1), None, Some(2), Some(1), Some(1), None]);
        assert_eq!(
            values(&surplus(&left, &rows(&[Some(1), None, Some(3)])).unwrap()),
            [Some(2), Some(1), Some(1), None]
        );
        assert_eq!(values(&surplus(&left, &[]).unwrap()).len(), 6);
        assert!(surplus(&left, &left).unwrap().is_empty() && surplus(&[], &left).unwrap().is_empty());
    }
}
