//! An answer as CSV (RFC 4180).

use crate::rows::{Shape, Table};

/// Writes a table with its heading; a null is an empty cell.
///
/// Words from a source that a spreadsheet would take for a formula get an apostrophe in front.
pub(crate) fn write(table: &Table) -> String {
    let heading = table.columns.iter().map(|column| cell(&column.name)).collect::<Vec<_>>();
    let mut text = format!("{}\r\n", heading.join(","));
    for row in &table.rows {
        let cells = row.iter().zip(&table.columns).map(|(value, column)| match (value, column.shape) {
            (None, _) => String::new(),
            (Some(words), Shape::Words) if words.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
                cell(&format!("'{words}"))
            }
            (Some(value), _) => cell(value),
        });
        text += &cells.collect::<Vec<_>>().join(",");
        text += "\r\n";
    }
    text
}

fn cell(text: &str) -> String {
    match text.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::Column;

    #[test]
    fn commas_quotes_and_formulas_do_no_harm() {
        let column = |name: &str, shape| Column { name: name.to_owned(), shape };
        let table = Table {
            columns: vec![column("queue", Shape::Words), column("value", Shape::Exact)],
            rows: vec![
                vec![Some("a,\"b\"".to_owned()), Some("-1.5".to_owned())],
                vec![Some("=HYPERLINK(1)".to_owned()), None],
            ],
        };
        assert_eq!(write(&table), "queue,value\r\n\"a,\"\"b\"\"\",-1.5\r\n'=HYPERLINK(1),\r\n");
    }
}
