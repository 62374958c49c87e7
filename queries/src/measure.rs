//! The tables of measured values, as SQL over the measures: this file puts names and constants
//! around each measure's query and sums intervals to days; it computes nothing.

use crate::catalogue::{Catalogue, DIMENSIONS, Kind, Kpi};

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
    /// The query.
    pub sql: String,
    /// Values of its `$name`s.
    pub parameters: Vec<(String, i64)>,
}

/// `kpi_interval` (half hours), `kpi_daily` and `kpi_distribution`.
///
/// Columns: `kpi, definition_version, [interval_start,] local_date`, the dimensions, the value
/// columns, `status` (`provisional` or `final`) and the partition column `local_month`.
pub fn measured_tables(catalogue: &Catalogue) -> Vec<MeasureTable> {
    let of_kind = |wanted: fn(Kind) -> bool| catalogue.kpis.values().filter(move |kpi| wanted(kpi.declared.kind));
    let adds_up = |kind| matches!(kind, Kind::Ratio | Kind::Count);
    let table = |name, queries: Vec<MeasureQuery>| MeasureTable { name, queries };
    vec![
        table("kpi_interval", of_kind(adds_up).map(|kpi| query(kpi, Some("interval_start"), PARTS)).collect()),
        table("kpi_daily", of_kind(adds_up).map(|kpi| query(kpi, None, PARTS)).collect()),
        table(
            "kpi_distribution",
            of_kind(|kind| kind == Kind::Distribution).map(|kpi| query(kpi, None, VALUES)).collect(),
        ),
    ]
}

const PARTS: &str = "CAST(sum(numerator) AS BIGINT) AS numerator, CAST(sum(denominator) AS BIGINT) AS denominator";
const VALUES: &str = "CAST(value AS BIGINT) AS value, CAST(sum(count) AS BIGINT) AS count";

fn query(kpi: &Kpi, interval: Option<&str>, values: &str) -> MeasureQuery {
    let declared = &kpi.declared;
    let dimension = |name: &&str| match declared.dimensions.iter().any(|own| own == name) {
        true => format!("coalesce({name}, '(unknown)') AS {name}"),
        false => format!("'(all)' AS {name}"),
    };
    let dimensions: Vec<String> = DIMENSIONS.iter().map(dimension).collect();
    let mut group: Vec<&str> = interval.into_iter().chain(["local_date"]).collect();
    group.extend(declared.dimensions.iter().map(String::as_str));
    if declared.kind == Kind::Distribution {
        group.push("value");
    }
    let interval = interval.map(|column| format!("{column},\n    ")).unwrap_or_default();
    let sql = format!(
        "WITH measured AS (\n{body}\n)\nSELECT\n    '{id}' AS kpi,\n    CAST({version} AS INT) AS definition_version,\n    \
         {interval}local_date,\n    {dimensions},\n    {values},\n    \
         CASE\n        WHEN $as_of >= local_day_ends(local_date) + INTERVAL '{days} days' THEN 'final'\n        \
         ELSE 'provisional'\n    END AS status,\n    first_of_month(local_date) AS local_month\n\
         FROM measured\nGROUP BY {group}",
        body = kpi.sql.trim_end(),
        id = kpi.id,
        version = declared.definition_version,
        dimensions = dimensions.join(",\n    "),
        days = declared.settles_after_days,
        group = group.join(", "),
    );
    let parameters = declared.parameters.iter().map(|(name, value)| (name.clone(), *value)).collect();
    MeasureQuery { file: format!("kpis/{}.sql", kpi.id), sql, parameters }
}
