//! Two states of one table, compared row for row both ways.

use crate::Error;
use crate::derived::Derived;
use crate::publication::text;
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use lake::Table;
use queries::Engine;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a published table differs from what its events say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableDifference {
    /// The table.
    pub table: String,
    /// Its columns, if they are not those that its definition gives.
    pub columns: Option<String>,
    /// How often a row is published and does not follow from the events.
    pub only_published: i64,
    /// How often a row follows from the events and is not published.
    pub only_recomputed: i64,
    /// The first differing rows, in the order of their keys.
    pub rows: Vec<DifferingRow>,
}

/// A row that is on one side only, or more often there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferingRow {
    /// Where it is.
    pub side: Side,
    /// Its values as text, by column; nulls are left out.
    pub values: BTreeMap<String, String>,
    /// The events behind it: type, time and coordinates.
    pub events: Vec<String>,
}

/// Where a row is that is not on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// It was published.
    Published,
    /// It follows from the events.
    Recomputed,
}

/// How many differing rows of a table are shown.
const SHOWN_ROWS: usize = 20;

/// Compares the published rows for which the condition holds; `None` where nothing differs. `published` is `None` where the epoch names no such table.
pub(crate) async fn of_table(
    derived: &Derived,
    published: Option<&Table>,
    condition: &str,
) -> Result<Option<TableDifference>, Error> {
    let name = derived.spec.name.clone();
    let fields = derived.spec.schema.fields();
    let there = published.map(Table::columns).transpose()?;
    if there.as_ref() != Some(fields) {
        let columns = match there {
            Some(there) => format!("{} instead of {}", listed(&there), listed(fields)),
            None => "none: the table is not in the epoch".to_owned(),
        };
        let only_recomputed = derived.row_count() as i64;
        let columns = Some(columns);
        return Ok(Some(TableDifference {
            table: name,
            columns,
            only_published: 0,
            only_recomputed,
            rows: vec![],
        }));
    }
    let engine = Engine::new(chrono_tz::UTC, 0)?;
    if let Some(table) = published {
        engine.bind("all_published", table.snapshot()?)?;
        engine.bind_view("published", &format!("SELECT * FROM all_published WHERE {condition}")).await?;
    }
    engine.bind_rows("recomputed", derived.spec.schema.clone(), derived.rows.clone())?;
    let differing =
        surplus(&derived.spec.schema.fields().iter().map(|one| one.name().as_str()).collect::<Vec<_>>());
    let both_ways = format!(
        "SELECT coalesce(sum(surplus) FILTER (WHERE surplus > 0), 0), \
                coalesce(-sum(surplus) FILTER (WHERE surplus < 0), 0) FROM ({differing}) AS differing"
    );
    let counts = engine.collect(&both_ways).await?;
    let count = |column: usize| {
        let rows = counts.iter().find(|batch| batch.num_rows() > 0);
        rows.map_or(0, |batch| batch.column(column).as_primitive::<Int64Type>().value(0))
    };
    let (only_published, only_recomputed) = (count(0), count(1));
    if (only_published, only_recomputed) == (0, 0) {
        return Ok(None);
    }
    let keys: Vec<String> = derived.spec.sort_columns.iter().map(|name| format!("\"{name}\"")).collect();
    let order = keys.into_iter().chain(["surplus DESC".to_owned()]).collect::<Vec<_>>().join(", ");
    let first = engine.collect(&format!("{differing} ORDER BY {order} LIMIT {SHOWN_ROWS}")).await?;
    let rows =
        first.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| differing_row(batch, row))).collect();
    Ok(Some(TableDifference { table: name, columns: None, only_published, only_recomputed, rows }))
}

/// Compares what the epoch's own row says, such as the sources' completeness, with what follows from the tables.
pub(crate) fn of_named<T: PartialEq>(
    table: &str,
    published: &[T],
    recomputed: &[T],
    named: fn(&T) -> BTreeMap<String, String>,
) -> Option<TableDifference> {
    let only = |side, these: &[T], those: &[T]| -> Vec<DifferingRow> {
        let only = these.iter().filter(|one| !those.contains(one));
        only.map(|one| DifferingRow { side, values: named(one), events: Vec::new() }).collect()
    };
    let mut rows = only(Side::Published, published, recomputed);
    let only_published = rows.len() as i64;
    rows.extend(only(Side::Recomputed, recomputed, published));
    let only_recomputed = rows.len() as i64 - only_published;
    let table = table.to_owned();
    (!rows.is_empty()).then_some(TableDifference { table, columns: None, only_published, only_recomputed, rows })
}

/// Each row that is not equally often on both sides, with how much more often it is published.
fn surplus(columns: &[&str]) -> String {
    let columns = columns.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    format!(
        "SELECT {columns}, sum(side) AS surplus FROM (\
             SELECT {columns}, 1 AS side FROM published UNION ALL SELECT {columns}, -1 AS side FROM recomputed\
         ) AS both GROUP BY {columns} HAVING sum(side) <> 0"
    )
}

fn differing_row(batch: &RecordBatch, row: usize) -> DifferingRow {
    let surplus = batch["surplus"].as_primitive::<Int64Type>().value(row);
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).filter(|(field, _)| field.name() != "surplus");
    let values = columns.filter(|(_, column)| column.is_valid(row));
    DifferingRow {
        side: if surplus > 0 { Side::Published } else { Side::Recomputed },
        values: values.map(|(field, column)| (field.name().clone(), text(column, row))).collect(),
        events: Vec::new(),
    }
}

fn listed(fields: &arrow::datatypes::Fields) -> String {
    let names: Vec<String> =
        fields.iter().map(|field| format!("{} {}", field.name(), field.data_type())).collect();
    names.join(", ")
}
