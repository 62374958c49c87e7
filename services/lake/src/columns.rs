//! Columns that a table gains. Pure.

use arrow::datatypes::{Field, Schema, SchemaRef};
use schemas::wide::have_one_meaning;
use std::sync::Arc;

/// The table's columns with those of the files that it lacks, which are nullable, since older files
/// do not have them; `None` if it lacks none. Old files are not touched: they read as null.
///
/// # Errors
/// A sentence that names a column which the table has in another type or with other marks: two
/// writers gave one name two meanings.
pub(crate) fn widened(table: &Schema, files: &Schema) -> Result<Option<SchemaRef>, String> {
    let mut columns = table.fields().to_vec();
    for column in files.fields() {
        let like = |known: &&Arc<Field>| known.name().eq_ignore_ascii_case(column.name());
        match table.fields().iter().find(like) {
            Some(known) if known.name() == column.name() && have_one_meaning(known, column) => {}
            Some(known) => {
                let (there, here) = (described(known), described(column));
                return Err(format!("the table has column {there}, and rows were to be added with {here}"));
            }
            None => columns.push(Arc::new(column.as_ref().clone().with_nullable(true))),
        }
    }
    Ok((columns.len() > table.fields().len()).then(|| Arc::new(Schema::new(columns))))
}

fn described(column: &Field) -> String {
    let mut marks: Vec<String> =
        column.metadata().iter().map(|(key, value)| format!(", {key} = {value}")).collect();
    marks.sort();
    format!("`{}` ({}{})", column.name(), column.data_type(), marks.concat())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use arrow::datatypes::DataType;

    fn schema(columns: &[Field]) -> Schema {
        Schema::new(columns.to_vec())
    }

    fn long(name: &str) -> Field {
        Field::new(name, DataType::Int64, false)
    }

    #[test]
    fn what_is_missing_is_added_nullable_and_the_rest_stays() {
        let table = schema(&[long("a"), long("day")]);
        assert_eq!(widened(&table, &schema(&[long("a"), long("day")])), Ok(None));
        assert_eq!(widened(&table, &schema(&[long("day")])), Ok(None));
        let wider = widened(&table, &schema(&[long("day"), long("b"), long("a")])).unwrap().unwrap();
        assert_eq!(*wider, schema(&[long("a"), long("day"), long("b").with_nullable(true)]));
    }

    #[test]
    fn one_name_keeps_one_meaning() {
        let marked = |mark: &str| {
            let text = Field::new("caller", DataType::Utf8, true);
            text.with_metadata([("switchboard.pii".to_owned(), mark.to_owned())].into())
        };
        let table = schema(&[long("a"), marked("phone")]);
        assert_eq!(widened(&table, &schema(&[marked("phone")])), Ok(None));
        let plain = Field::new("caller", DataType::Utf8, true);
        for (column, told) in [
            (Field::new("a", DataType::Utf8, true), "`a` (Int64), and rows were to be added with `a` (Utf8)"),
            (long("A"), "`a` (Int64), and rows were to be added with `A` (Int64)"),
            (plain, "`caller` (Utf8, switchboard.pii = phone), and rows were to be added with `caller` (Utf8)"),
            (marked("email"), "with `caller` (Utf8, switchboard.pii = email)"),
        ] {
            let problem = widened(&table, &schema(&[column])).unwrap_err();
            assert!(problem.contains(told), "{problem}");
        }
    }
}
