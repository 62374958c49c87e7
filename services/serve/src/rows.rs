//! The rows of an answer as text, exactly as the engine writes them: decimals keep all their places.

use crate::Error;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::NaiveDate;
use queries::Rows;

/// Columns and rows of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    /// The columns, in order.
    pub(crate) columns: Vec<Column>,
    /// The rows; a cell is `None` where the answer is null.
    pub(crate) rows: Vec<Vec<Option<String>>>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: String,
    /// What its texts are.
    pub(crate) shape: Shape,
}

/// What the texts of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Words, which may come from a source.
    Words,
    /// Dates and decimals.
    Exact,
    /// Whole numbers.
    Whole,
    /// `true` or `false`.
    Flag,
}

impl Table {
    /// Takes over what the engine answered.
    ///
    /// # Errors
    /// [`Error::Arrow`] for a type that cannot be written as text.
    pub(crate) fn new((schema, batches): Rows) -> Result<Self, Error> {
        let columns = schema.fields().iter();
        let columns = columns.map(|field| Column { name: field.name().clone(), shape: shape(field.data_type()) });
        let mut table = Self { columns: columns.collect(), rows: Vec::new() };
        for batch in &batches {
            let options = FormatOptions::default();
            let formatters = batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options));
            let formatters: Vec<ArrayFormatter<'_>> = formatters.collect::<Result<_, _>>()?;
            for row in 0..batch.num_rows() {
                let cells = batch.columns().iter().zip(&formatters);
                let text = |formatter: &ArrayFormatter<'_>| formatter.value(row).to_string();
                let cells = cells.map(|(column, formatter)| column.is_valid(row).then(|| text(formatter)));
                table.rows.push(cells.collect());
            }
        }
        Ok(table)
    }

    /// The rows that have `text` in a column.
    pub(crate) fn with(&self, column: &str, text: &str) -> Self {
        let place = self.columns.iter().position(|one| one.name == column);
        let has = |row: &&Vec<Option<String>>| place.is_some_and(|place| row[place].as_deref() == Some(text));
        Self { columns: self.columns.clone(), rows: self.rows.iter().filter(has).cloned().collect() }
    }

    /// The table without the columns whose names begin with `prefix`.
    pub(crate) fn without(mut self, prefix: &str) -> Self {
        let kept: Vec<bool> = self.columns.iter().map(|column| !column.name.starts_with(prefix)).collect();
        let mut keep = kept.iter();
        self.columns.retain(|_| keep.next().is_some_and(|keep| *keep));
        for row in &mut self.rows {
            let mut keep = kept.iter();
            row.retain(|_| keep.next().is_some_and(|keep| *keep));
        }
        self
    }

    /// The rows, to be read by the names of their columns.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = Row<'_>> + ExactSizeIterator {
        self.rows.iter().map(|cells| Row { columns: &self.columns, cells })
    }
}

fn shape(data_type: &DataType) -> Shape {
    match data_type {
        DataType::Boolean => Shape::Flag,
        whole if whole.is_integer() => Shape::Whole,
        text if text.is_string() => Shape::Words,
        _ => Shape::Exact,
    }
}

/// A row, read by the names of its columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    columns: &'a [Column],
    cells: &'a [Option<String>],
}

impl<'a> Row<'a> {
    /// The text in a column; `None` for null and for a column that is not there.
    pub(crate) fn text(&self, column: &str) -> Option<&'a str> {
        let place = self.columns.iter().position(|one| one.name == column)?;
        self.cells[place].as_deref()
    }

    /// The number in a column, for drawing.
    pub(crate) fn number(&self, column: &str) -> Option<f64> {
        self.text(column)?.parse().ok()
    }

    /// The day in a column.
    pub(crate) fn day(&self, column: &str) -> Option<NaiveDate> {
        self.text(column)?.parse().ok()
    }

    /// Whether a column says so.
    pub(crate) fn is(&self, column: &str) -> bool {
        self.text(column) == Some("true")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use arrow::array::{
        ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray,
    };
    use std::sync::Arc;

    #[test]
    fn cells_are_exact_texts_with_a_shape() {
        let columns: [(&str, ArrayRef); 5] = [
            ("queue", Arc::new(StringArray::from(vec![Some("TAX"), None]))),
            ("counted", Arc::new(Int64Array::from(vec![12, 0]))),
            // 20,000 days after 1970-01-01 is 2024-10-04.
            ("day", Arc::new(Date32Array::from(vec![20_000, 20_001]))),
            (
                "value",
                Arc::new(
                    Decimal128Array::from(vec![Some(791_250), None]).with_precision_and_scale(20, 4).unwrap(),
                ),
            ),
            ("is_final", Arc::new(BooleanArray::from(vec![true, false]))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let table = Table::new((batch.schema(), vec![batch])).unwrap();
        let shapes: Vec<Shape> = table.columns.iter().map(|column| column.shape).collect();
        assert_eq!(shapes, [Shape::Words, Shape::Whole, Shape::Exact, Shape::Exact, Shape::Flag]);
        let first = table.iter().next().unwrap();
        assert_eq!((first.text("queue"), first.text("value")), (Some("TAX"), Some("79.1250")));
        assert_eq!((first.number("value"), first.is("is_final")), (Some(79.125), true));
        assert_eq!(first.day("day"), NaiveDate::from_ymd_opt(2024, 10, 4));
        let second = table.iter().next_back().unwrap();
        assert_eq!((second.text("queue"), second.text("value"), second.text("nothing")), (None, None, None));
        assert_eq!((table.with("queue", "TAX").rows.len(), table.with("queue", "").rows.len()), (1, 0));
        let without = table.clone().without("is_");
        assert_eq!((without.columns.len(), without.rows[0].len(), without.rows.len()), (4, 4, 2));
        assert_eq!(without.iter().next().unwrap().text("value"), Some("79.1250"));
    }
}
