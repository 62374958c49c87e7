//! What a number of a measure is made of: each thing that it counts, what that adds, and what was left
//! out by which condition.
//!
//! Nothing is counted here. The measure's own SQL is taken apart (`taken_apart.rs`) and run over the rows
//! of one day or month and slice, told apart by row, so that a measure's file says all that there is to
//! say about it.

mod taken_apart;
mod walks;
mod words;

use crate::{Engine, Error, Kind, Kpi, Rows};
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::NaiveDate;
use datafusion::datasource::MemTable;
use std::collections::BTreeMap;
use std::sync::Arc;
use taken_apart::{NUMBER, TakenApart};

/// Which of a measure's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// The local day; of a measure by month, the month's first.
    pub period: NaiveDate,
    /// Values of dimensions that the measure has; what is not named is not restricted.
    pub dimensions: BTreeMap<String, String>,
}

/// What a number is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeOf {
    /// The model that the measure reads.
    pub model: String,
    /// The columns that name a thing, of the model's row key.
    pub key: Vec<String>,
    /// Whether a thing is a row of the model; otherwise it is all rows that have its key in common.
    pub is_row: bool,
    /// The columns that decide whether and how a thing counts.
    pub deciding: Vec<String>,
    /// The columns of the model that decide, where a thing is several rows of it.
    pub deciding_in_rows: Vec<String>,
    /// What a thing must meet to count at all, as SQL.
    pub conditions: Vec<String>,
    /// What it must meet to count in the numerator too, as SQL.
    pub numerator_conditions: Vec<String>,
    /// The things, by key.
    pub things: Vec<Thing>,
}

/// Something that a measure counts, or leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thing {
    /// Its columns as text; null is absent.
    pub cells: BTreeMap<String, String>,
    /// What it adds; `None` where it was left out.
    pub adds: Option<Adds>,
    /// The conditions that it does not meet: those to count at all where it was left out, else those of
    /// the numerator.
    pub unmet: Vec<String>,
}

/// What a thing adds to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Adds {
    /// To which value of a distribution.
    pub value: Option<i64>,
    /// To the numerator; to the count of a distribution; how often it counts in a month.
    pub numerator: Option<i64>,
    /// To the denominator.
    pub denominator: Option<i64>,
}

impl Engine {
    /// Takes a number apart. For a measure by month these are the things that enter the month, once each:
    /// its parts do not add up from them.
    ///
    /// # Errors
    /// [`Error::Definition`] for a measure whose SQL has a shape that cannot be taken apart;
    /// [`Error::Query`].
    pub async fn made_of(&self, kpi: &Kpi, slice: &Slice) -> Result<MadeOf, Error> {
        let parameters: Vec<(String, i64)> =
            kpi.declared.parameters.iter().map(|(name, value)| (name.clone(), *value)).collect();
        let plan = self.plan(&kpi.sql, &parameters).await?;
        let is_by_month = kpi.declared.kind == Kind::Monthly;
        let apart = TakenApart::of(&plan, is_by_month).map_err(|problem| problem.of_kpi(&kpi.id))?;
        let things = numbered(self.run(apart.things(slice)?).await?)?;
        let of_one_relation = MemTable::try_new(things.schema(), vec![vec![things.clone()]])?;
        let (_, added) = self.run(apart.told_apart(Arc::new(of_one_relation))?).await?;
        let added = adds(&added, is_by_month)?;
        let things = things_of(&things, &apart, &added)?;
        Ok(MadeOf {
            model: apart.model,
            key: apart.key,
            is_row: apart.is_row,
            deciding: apart.deciding,
            deciding_in_rows: apart.deciding_in_rows,
            conditions: apart.conditions.iter().map(words::of).collect(),
            numerator_conditions: apart.numerator_conditions.iter().map(words::of).collect(),
            things,
        })
    }
}

/// The rows as one batch, with their numbers as the last column.
fn numbered((schema, rows): Rows) -> Result<RecordBatch, Error> {
    let rows = concat_batches(&schema, &rows)?;
    let number: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows.num_rows() as i64));
    let fields = schema.fields().iter().map(|field| field.as_ref().clone());
    let fields = fields.chain([Field::new(NUMBER, DataType::Int64, false)]).collect::<Vec<_>>();
    let columns = rows.columns().iter().cloned().chain([number]).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

/// What each thing adds, by its number.
fn adds(rows: &[RecordBatch], is_by_month: bool) -> Result<BTreeMap<i64, Adds>, Error> {
    let mut added = BTreeMap::new();
    for batch in rows {
        let numbers = |name: &str| batch.column_by_name(name).map(|column| cast(column, &DataType::Int64));
        let column = |name: &str| numbers(name).transpose();
        // A month's things count by the first aggregate over them, whatever its name.
        let counted = if is_by_month { Some(cast(batch.column(0), &DataType::Int64)?) } else { column("count")? };
        let (value, numerator, denominator) = (column("value")?, column("numerator")?, column("denominator")?);
        let numerator = counted.or(numerator);
        let denominator = denominator.filter(|_| !is_by_month);
        let Some(number) = column(NUMBER)? else { continue };
        let at = |column: &Option<ArrayRef>, row| {
            let column = column.as_ref()?.as_primitive::<Int64Type>();
            column.is_valid(row).then(|| column.value(row))
        };
        for row in 0..batch.num_rows() {
            let number = number.as_primitive::<Int64Type>().value(row);
            let one = Adds {
                value: at(&value, row),
                numerator: at(&numerator, row),
                denominator: at(&denominator, row),
            };
            added.insert(number, one);
        }
    }
    Ok(added)
}

fn things_of(rows: &RecordBatch, apart: &TakenApart, added: &BTreeMap<i64, Adds>) -> Result<Vec<Thing>, Error> {
    let options = FormatOptions::default();
    let formatters = rows.columns().iter().map(|column| ArrayFormatter::try_new(column, &options));
    let formatters: Vec<ArrayFormatter<'_>> = formatters.collect::<Result<_, _>>()?;
    let schema = rows.schema();
    let is_met = |name: String, row: usize| {
        rows.column_by_name(&name).and_then(|column| column.as_boolean_opt()).is_some_and(|met| met.value(row))
    };
    let mut things = Vec::new();
    for (row, number) in (0..rows.num_rows()).zip(0..) {
        let cells = schema.fields().iter().zip(rows.columns()).zip(&formatters);
        let cells =
            cells.filter(|((field, column), _)| !taken_apart::is_ours(field.name()) && column.is_valid(row));
        let cells = cells.map(|((field, _), text)| (field.name().clone(), text.value(row).to_string())).collect();
        let adds = added.get(&number).copied();
        let (conditions, column): (_, fn(usize) -> String) = match adds {
            Some(_) => (&apart.numerator_conditions, taken_apart::numerator_condition),
            None => (&apart.conditions, taken_apart::condition),
        };
        let unmet = conditions.iter().enumerate().filter(|(place, _)| !is_met(column(*place), row));
        let unmet = unmet.map(|(_, condition)| words::of(condition)).collect();
        things.push(Thing { cells, adds, unmet });
    }
    Ok(things)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::catalogue;
    use arrow::array::{Date32Array, StringArray};

    /// Two visits of 1970-01-02: `a` waited 30 s in TAX, `b` 90 s; a third was a day later.
    fn engine() -> Engine {
        let text = |cells: [&str; 3]| -> ArrayRef { Arc::new(StringArray::from(cells.to_vec())) };
        let columns: [(&str, ArrayRef); 6] = [
            ("source", text(["s", "s", "s"])),
            ("initial_contact_id", text(["b", "a", "c"])),
            ("queue_visit_id", text(["1", "1", "1"])),
            ("local_date", Arc::new(Date32Array::from(vec![1, 1, 2]))),
            ("queue", text(["TAX", "TAX", "TAX"])),
            ("wait_ms", Arc::new(Int64Array::from(vec![90_000, 30_000, 10]))),
        ];
        let rows = RecordBatch::try_from_iter(columns).unwrap();
        let engine = Engine::new(chrono_tz::UTC, 0).unwrap();
        engine.bind_rows("queue_visits", rows.schema(), vec![rows]).unwrap();
        engine
    }

    async fn made_of(sql: &str, queue: &str) -> Result<MadeOf, Error> {
        let kpi = Kpi { sql: sql.to_owned(), ..catalogue().kpis["wait_asa"].clone() };
        let dimensions = BTreeMap::from([("queue".to_owned(), queue.to_owned())]);
        let period = NaiveDate::from_ymd_opt(1970, 1, 2).unwrap();
        engine().made_of(&kpi, &Slice { period, dimensions }).await
    }

    #[tokio::test]
    async fn every_row_says_what_it_adds_or_why_it_does_not() {
        let sql = "SELECT local_date, queue, count(*) FILTER (WHERE wait_ms <= 60000) AS numerator, \
                   count(*) AS denominator FROM queue_visits WHERE initial_contact_id <> 'c' GROUP BY local_date, queue";
        let made_of = made_of(sql, "TAX").await.unwrap();
        assert_eq!((made_of.model.as_str(), made_of.is_row), ("queue_visits", true));
        assert_eq!(
            (made_of.conditions, made_of.deciding),
            (
                vec!["initial_contact_id <> 'c'".to_owned()],
                vec!["initial_contact_id".to_owned(), "wait_ms".to_owned()],
            )
        );
        let told: Vec<_> = made_of
            .things
            .iter()
            .map(|thing| {
                let adds = thing.adds.unwrap();
                (
                    thing.cells["initial_contact_id"].as_str(),
                    adds.numerator,
                    adds.denominator,
                    thing.unmet.join(" "),
                )
            })
            .collect();
        assert_eq!(
            told,
            [("a", Some(1), Some(1), String::new()), ("b", Some(0), Some(1), "wait_ms <= 60000".to_owned()),]
        );
    }

    #[tokio::test]
    async fn a_value_that_no_row_has_is_made_of_nothing() {
        let sql = "SELECT local_date, queue, sum(wait_ms) AS numerator, count(*) AS denominator FROM queue_visits \
                   GROUP BY local_date, queue";
        assert_eq!(made_of(sql, "(unknown)").await.unwrap().things, []);
    }

    #[tokio::test]
    async fn a_measure_of_another_shape_is_refused() {
        for sql in [
            "SELECT local_date, queue, 1 AS numerator, 1 AS denominator FROM queue_visits",
            "SELECT v.local_date, v.queue, count(*) AS numerator, count(*) AS denominator FROM queue_visits AS v \
             JOIN queue_visits AS w ON v.queue = w.queue GROUP BY v.local_date, v.queue",
            "SELECT local_date, queue, count(DISTINCT wait_ms) AS numerator, count(*) AS denominator \
             FROM queue_visits GROUP BY local_date, queue",
        ] {
            let problem = made_of(sql, "TAX").await.unwrap_err().to_string();
            assert!(problem.starts_with("queries/kpis/wait_asa.sql: cannot be explained"), "{problem}");
        }
    }
}
