//! The tables of measured values, as SQL over the measures: this file puts names and constants
//! around each measure's query and sums intervals to days; it computes nothing.

use crate::catalogue::{Catalogue, DIMENSIONS, Kind, Kpi};
use crate::{Engine, Error, Rows};
use arrow::array::RecordBatch;
use std::collections::BTreeMap;

/// A table of measured values: its name, its partition column, and the queries whose rows fill it.
#[derive(Debug, Clone)]
pub struct MeasureTable {
    /// Name.
    pub name: &'static str,
    /// Queries with their parameters, one for each measure, with the file each comes from.
    pub queries: Vec<MeasureQuery>,
}

/// One measure's query for one table.
#[derive(Debug, Clone)]
pub struct MeasureQuery {
    /// The measure's file.
    pub file: String,
    /// The measure; `None` where the query is of all.
    pub kpi: Option<String>,
    /// The query.
    pub sql: String,
    /// Values of its `$name`s.
    pub parameters: Vec<(String, i64)>,
}

/// `kpi_interval` (half hours), `kpi_daily`, `kpi_distribution` and `kpi_period` (months), in the order in
/// which they are to be measured: `kpi_daily` sums what `kpi_interval` has.
///
/// Columns: `kpi, definition_version, [interval_start,] [local_date,]` the dimensions, the value
/// columns, `status` (`provisional` or `final`) and the partition column `local_month`.
pub fn measured_tables(catalogue: &Catalogue) -> Vec<MeasureTable> {
    let table = |name, wanted: fn(Kind) -> bool, period: Option<&'static str>| {
        let kpis = catalogue.kpis.values().filter(|kpi| wanted(kpi.declared.kind));
        MeasureTable { name, queries: kpis.map(|kpi| query(kpi, period)).collect() }
    };
    let adds_up = |kind| matches!(kind, Kind::Ratio | Kind::Count);
    vec![
        table("kpi_interval", adds_up, Some("interval_start")),
        MeasureTable { name: "kpi_daily", queries: vec![days()] },
        table("kpi_distribution", |kind| kind == Kind::Distribution, None),
        table("kpi_period", |kind| kind == Kind::Monthly, None),
    ]
}

impl MeasureTable {
    /// The table of some measures, by id, and no others.
    #[must_use]
    pub fn only<V>(mut self, kpis: &BTreeMap<String, V>) -> Self {
        self.queries.retain(|query| query.kpi.as_ref().is_none_or(|kpi| kpis.contains_key(kpi)));
        self
    }

    /// Runs the queries and gathers their rows, those only for which `condition` holds if one is given;
    /// `None` if there is no query.
    ///
    /// # Errors
    /// [`Error::Sql`] names the measure that failed.
    pub async fn rows(&self, engine: &Engine, condition: Option<&str>) -> Result<Option<Rows>, Error> {
        let mut all: Option<Rows> = None;
        for query in &self.queries {
            let sql = match condition {
                Some(condition) => format!("SELECT * FROM ({}) AS measured WHERE {condition}", query.sql),
                None => query.sql.clone(),
            };
            let (schema, rows) = engine.define(&query.file, &sql, &query.parameters).await?;
            let (schema, gathered) = all.get_or_insert_with(|| (schema, Vec::new()));
            let typed = rows.iter().map(|batch| RecordBatch::try_new(schema.clone(), batch.columns().to_vec()));
            gathered.extend(typed.collect::<Result<Vec<_>, _>>()?);
        }
        Ok(all)
    }
}

/// The values of each kind: how they are summed, and by what beside the period and the dimensions.
fn values(kind: Kind) -> (&'static str, Option<&'static str>) {
    match kind {
        Kind::Ratio | Kind::Count => (PARTS, None),
        Kind::Distribution => {
            ("CAST(value AS BIGINT) AS value, CAST(sum(count) AS BIGINT) AS count", Some("value"))
        }
        Kind::Monthly => (MONTHLY_PARTS, Some("part")),
    }
}

const MONTHLY_PARTS: &str =
    "part, CAST(sum(numerator) AS BIGINT) AS numerator, CAST(sum(denominator) AS BIGINT) AS denominator";
const PARTS: &str = "CAST(sum(numerator) AS BIGINT) AS numerator, CAST(sum(denominator) AS BIGINT) AS denominator";

/// Half hours summed to days.
fn days() -> MeasureQuery {
    let key = format!("kpi, definition_version, local_date, {}", DIMENSIONS.join(", "));
    let sql = format!(
        "SELECT {key},\n    {PARTS},\n    status, local_month\nFROM kpi_interval\nGROUP BY {key}, status, local_month"
    );
    MeasureQuery { file: "src/measure.rs".to_owned(), kpi: None, sql, parameters: Vec::new() }
}

fn query(kpi: &Kpi, interval: Option<&str>) -> MeasureQuery {
    let declared = &kpi.declared;
    let dimension = |name: &&str| match declared.dimensions.iter().any(|own| own == name) {
        true => format!("coalesce({name}, '(unknown)') AS {name}"),
        false => format!("'(all)' AS {name}"),
    };
    let dimensions: Vec<String> = DIMENSIONS.iter().map(dimension).collect();
    let (values, also_by) = values(declared.kind);
    // A month is the partition too, so that it stands at the end.
    let (day, last_day, month) = match declared.kind {
        Kind::Monthly => {
            (None, "CAST(local_month + INTERVAL '1 month' - INTERVAL '1 day' AS DATE)", "local_month")
        }
        _ => (Some("local_date"), "local_date", "first_of_month(local_date)"),
    };
    let period: String = interval.iter().chain(&day).map(|column| format!("{column},\n    ")).collect();
    let mut group: Vec<&str> = interval.into_iter().chain([day.unwrap_or(month)]).collect();
    group.extend(declared.dimensions.iter().map(String::as_str).chain(also_by));
    let sql = format!(
        "WITH measured AS (\n{body}\n)\nSELECT\n    '{id}' AS kpi,\n    CAST({version} AS INT) AS definition_version,\n    \
         {period}{dimensions},\n    {values},\n    \
         CASE\n        WHEN $as_of >= local_day_ends({last_day}) + INTERVAL '{days} days' THEN 'final'\n        \
         ELSE 'provisional'\n    END AS status,\n    {month} AS local_month\n\
         FROM measured\nGROUP BY {group}",
        body = kpi.sql.trim_end(),
        id = kpi.id,
        version = declared.definition_version,
        dimensions = dimensions.join(",\n    "),
        days = declared.settles_after_days,
        group = group.join(", "),
    );
    let parameters = declared.parameters.iter().map(|(name, value)| (name.clone(), *value)).collect();
    MeasureQuery { file: format!("kpis/{}.sql", kpi.id), kpi: Some(kpi.id.clone()), sql, parameters }
}
