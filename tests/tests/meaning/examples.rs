//! Every KPI has an example, worked out by hand, and both the SQL and the oracle say the same.

use crate::rebuilt::{LATER, Rebuilt};
use chrono::{DateTime, Utc};
use pipeline_tests::oracle::{self, MonthlyKey, RowKey};
use pipeline_tests::story;
use queries::{Kind, Kpi};
use schemas::Event;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use toml::value::Datetime;

/// `queries/kpis/examples/<kpi>.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    /// What happened, see [`story`].
    story: String,
    /// As of when it is measured; long after, if absent.
    as_of: Option<Datetime>,
    /// All rows that the KPI has then.
    expect: Vec<Expected>,
}

#[derive(Debug, Deserialize)]
struct Expected {
    /// Of a measure that has days.
    local_date: Option<Datetime>,
    /// Of a measure that has months, with the part of it.
    local_month: Option<Datetime>,
    part: Option<String>,
    numerator: Option<i64>,
    denominator: Option<i64>,
    value: Option<i64>,
    count: Option<i64>,
    status: Option<String>,
    /// One for each dimension of the KPI, and nothing else.
    #[serde(flatten)]
    dimensions: BTreeMap<String, String>,
}

#[test]
fn there_is_an_example_for_each_kpi_and_none_besides() {
    let files = folder().read_dir().unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<String> = files.collect();
    files.sort();
    let mut expected: Vec<String> = queries::catalogue().kpis.keys().map(|kpi| format!("{kpi}.toml")).collect();
    expected.sort();
    assert_eq!(files, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_example_holds() {
    let mut problems = Vec::new();
    for kpi in queries::catalogue().kpis.values() {
        let example: Example =
            toml::from_str(&fs::read_to_string(folder().join(format!("{}.toml", kpi.id))).unwrap())
                .unwrap_or_else(|problem| panic!("{}: {problem}", kpi.id));
        let events = story::read(&example.story).unwrap_or_else(|problem| panic!("{}: {problem}", kpi.id));
        let expected = sorted(example.expect.iter().map(|row| row.text(kpi)).collect());
        for (whose, found) in
            [("SQL", by_sql(kpi, &example, &events).await), ("the oracle", by_oracle(kpi, &example, &events))]
        {
            // The oracle knows no status.
            let comparable = |row: &String| match whose {
                "SQL" => row.clone(),
                _ => row.trim_end_matches(" provisional").trim_end_matches(" final").to_owned(),
            };
            let expected: Vec<String> = expected.iter().map(comparable).collect();
            if found != expected {
                let (found, expected) = (found.join("\n    "), expected.join("\n    "));
                problems.push(format!("{}\n  {whose} found\n    {found}\n  expected\n    {expected}", kpi.id));
            }
        }
    }
    assert!(problems.is_empty(), "examples that do not hold\n{}", problems.join("\n"));
}

async fn by_sql(kpi: &Kpi, example: &Example, events: &[Event]) -> Vec<String> {
    let as_of = example.as_of();
    let status = if example.expect.iter().any(|row| row.status.is_some()) { ", status" } else { "" };
    let (table, period, values) = match kpi.declared.kind {
        Kind::Distribution => ("kpi_distribution", "local_date", "value, count"),
        Kind::Ratio | Kind::Count => ("kpi_daily", "local_date", "numerator, denominator"),
        Kind::Monthly => ("kpi_period", "local_month", "part, numerator, denominator"),
    };
    let dimensions = kpi.declared.dimensions.join(", ");
    let columns = format!("CAST({period} AS VARCHAR), {dimensions}, {values}{status}");
    let sql = format!("SELECT {columns} FROM {table} WHERE kpi = '{}'", kpi.id);
    let rows = Rebuilt::from(events, &as_of).await.query(&sql).await;
    sorted(rows.iter().map(|row| row.join(" ")).collect())
}

fn by_oracle(kpi: &Kpi, example: &Example, events: &[Event]) -> Vec<String> {
    let as_of = example.as_of().parse::<DateTime<Utc>>().unwrap().timestamp_micros();
    let of_kpi = |key: &RowKey| key.kpi == kpi.id;
    let row = |key: &RowKey, left: Option<i64>, right: Option<i64>| {
        let of = |dimension: &String| match dimension.as_str() {
            "service_area" => key.service_area.clone(),
            "service_class" => key.service_class.clone(),
            "queue" => key.queue.clone(),
            "channel" => key.channel.clone(),
            "subject_group" => key.subject_group.clone(),
            other => panic!("the oracle has no dimension `{other}`"),
        };
        let dimensions: Vec<String> = kpi.declared.dimensions.iter().map(of).collect();
        format!("{} {} {} {}", key.local_date, dimensions.join(" "), text(left), text(right))
    };
    let rows = match kpi.declared.kind {
        Kind::Distribution => {
            let counts = oracle::distribution(events).into_iter().filter(|((key, _), _)| of_kpi(key));
            counts.map(|((key, value), count)| row(&key, Some(value), Some(count))).collect()
        }
        Kind::Ratio | Kind::Count => {
            let parts = oracle::measure(events, as_of).into_iter().filter(|(key, _)| of_kpi(key));
            parts.map(|(key, (numerator, denominator))| row(&key, numerator, denominator)).collect()
        }
        Kind::Monthly => {
            let parts = oracle::monthly(events).into_iter().filter(|(key, _)| key.kpi == kpi.id);
            let row = |(key, (numerator, denominator)): (MonthlyKey, (i64, i64))| {
                format!("{} {} {} {numerator} {denominator}", key.local_month, key.channel, key.part)
            };
            parts.map(row).collect()
        }
    };
    sorted(rows)
}

impl Example {
    fn as_of(&self) -> String {
        self.as_of.map_or(LATER.to_owned(), |as_of| as_of.to_string())
    }
}

impl Expected {
    fn text(&self, kpi: &Kpi) -> String {
        let of = |dimension: &String| {
            let value = self.dimensions.get(dimension);
            value.unwrap_or_else(|| panic!("{}: an expected row has no `{dimension}`", kpi.id)).as_str()
        };
        let dimensions: Vec<&str> = kpi.declared.dimensions.iter().map(of).collect();
        assert_eq!(
            dimensions.len(),
            self.dimensions.len(),
            "{}: not all of {:?} are dimensions",
            kpi.id,
            self.dimensions
        );
        let (left, right) = match kpi.declared.kind {
            Kind::Distribution => (self.value, self.count),
            Kind::Ratio | Kind::Count | Kind::Monthly => (self.numerator, self.denominator),
        };
        let period = self.local_date.or(self.local_month).map(|period| period.to_string()).unwrap_or_default();
        let part = self.part.iter().map(|part| format!("{part} ")).collect::<String>();
        let row = format!("{period} {} {part}{} {}", dimensions.join(" "), text(left), text(right));
        self.status.iter().fold(row, |row, status| format!("{row} {status}"))
    }
}

fn text(number: Option<i64>) -> String {
    number.map_or("null".to_owned(), |number| number.to_string())
}

fn sorted(mut rows: Vec<String>) -> Vec<String> {
    rows.sort();
    rows
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../queries/kpis/examples")
}
