//! Everything that the queries make of some events.

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{DateTime, Utc};
use ingest::{Chunk, RowBuilder, TokenKey};
use pipeline_tests::oracle::{MonthlyKey, RowKey};
use queries::{Engine, Facts};
use schemas::Event;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// Long after every story: all values are final.
pub(crate) const LATER: &str = "2030-01-01T00:00:00Z";

/// Parts of ratios and counts by row.
pub(crate) type Parts = BTreeMap<RowKey, (Option<i64>, Option<i64>)>;
/// Counts of distributions by row and value.
pub(crate) type Counts = BTreeMap<(RowKey, i64), i64>;
/// Parts of what is measured for a month as a whole.
pub(crate) type Months = BTreeMap<MonthlyKey, (i64, i64)>;

const KEY: &str = "kpi, CAST(local_date AS VARCHAR), service_area, service_class, queue, channel, subject_group";

/// The models and measured tables over some events.
pub(crate) struct Rebuilt {
    engine: Engine,
    /// What was found among the events of all sources.
    pub(crate) facts: Facts,
}

impl Rebuilt {
    /// Takes the events in the order given, as of an instant in RFC 3339.
    pub(crate) async fn from(events: &[Event], as_of: &str) -> Self {
        let as_of = as_of.parse::<DateTime<Utc>>().unwrap();
        let engine = Engine::new(chrono_tz::Europe::London, as_of.timestamp_micros()).unwrap();
        let facts = queries::rebuild_in_memory(&engine, rows(events)).await.unwrap();
        let sum = |count: fn(&Facts) -> i64| facts.values().map(count).sum();
        let facts = Facts {
            rows: sum(|facts| facts.rows),
            repeats: sum(|facts| facts.repeats),
            conflicts: sum(|facts| facts.conflicts),
            superseded: sum(|facts| facts.superseded),
        };
        Self { engine, facts }
    }

    /// The session over them.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Over tables that somebody else has made.
    pub(crate) fn over(engine: Engine) -> Self {
        Self { engine, facts: Facts::default() }
    }

    /// Rows of a query as text, sorted; no value is `null`.
    pub(crate) async fn query(&self, sql: &str) -> Vec<Vec<String>> {
        let batches = self.engine.collect(sql).await.unwrap();
        let mut rows: Vec<Vec<String>> = batches.iter().flat_map(texts).collect();
        rows.sort();
        rows
    }

    /// All rows of a table that events end up in.
    pub(crate) async fn table(&self, table: &str) -> Vec<Vec<String>> {
        self.query(&format!("SELECT * FROM {table}")).await
    }

    /// `kpi_daily`, which must have each row once.
    pub(crate) async fn parts(&self) -> Parts {
        let rows = self.query(&format!("SELECT {KEY}, numerator, denominator FROM kpi_daily")).await;
        unique(rows.iter().map(|row| (row_key(row), (number(&row[7]), number(&row[8])))))
    }

    /// `kpi_interval`, its half hours summed to days.
    pub(crate) async fn intervals(&self) -> Parts {
        let parts = "CAST(sum(numerator) AS BIGINT), CAST(sum(denominator) AS BIGINT)";
        let group = KEY.replace("CAST(local_date AS VARCHAR)", "local_date");
        let rows = self.query(&format!("SELECT {KEY}, {parts} FROM kpi_interval GROUP BY {group}")).await;
        unique(rows.iter().map(|row| (row_key(row), (number(&row[7]), number(&row[8])))))
    }

    /// `kpi_distribution`, which must have each row once.
    pub(crate) async fn counts(&self) -> Counts {
        let rows = self.query(&format!("SELECT {KEY}, value, count FROM kpi_distribution")).await;
        unique(rows.iter().map(|row| ((row_key(row), number(&row[7]).unwrap()), number(&row[8]).unwrap())))
    }

    /// `kpi_period`, which must have each row once and no dimension but the channel.
    pub(crate) async fn months(&self) -> Months {
        let lacking = "service_area, service_class, queue, subject_group";
        let sql = format!(
            "SELECT kpi, CAST(local_month AS VARCHAR), channel, part, numerator, denominator, {lacking} FROM kpi_period"
        );
        let rows = self.query(&sql).await;
        unique(rows.iter().map(|row| {
            assert!(row[6..].iter().all(|dimension| dimension == "(all)"), "{row:?}");
            let (kpi, local_month) = (row[0].clone(), row[1].parse().unwrap());
            let key = MonthlyKey { kpi, local_month, channel: row[2].clone(), part: row[3].clone() };
            (key, (number(&row[4]).unwrap(), number(&row[5]).unwrap()))
        }))
    }
}

/// The events as ingest would write them, by table.
pub(crate) fn rows(events: &[Event]) -> BTreeMap<String, Vec<RecordBatch>> {
    let mut tables = BTreeMap::new();
    for source in schemas::catalogue().sources.values() {
        let mut chunk = Chunk::default();
        let of_source = events.iter().filter(|event| source.event(&event.event_type).is_some());
        for (offset, event) in (0..).zip(of_source) {
            chunk.push(&event.to_record().unwrap(), offset, None);
        }
        let key = TokenKey::parse(&"07".repeat(32)).unwrap();
        let done = RowBuilder::new(source, key).rows(&chunk, &source.topic, 0, 0, 0).unwrap();
        assert!(done.bad.is_empty() && done.unknown_schema.is_none(), "{done:?}");
        tables.insert(source.table.clone(), done.batches);
    }
    tables
}

fn texts(batch: &RecordBatch) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("null");
    let columns = batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap());
    let columns: Vec<ArrayFormatter<'_>> = columns.collect();
    (0..batch.num_rows()).map(|row| columns.iter().map(|column| column.value(row).to_string()).collect()).collect()
}

fn row_key(row: &[String]) -> RowKey {
    RowKey {
        kpi: row[0].clone(),
        local_date: row[1].parse().unwrap(),
        service_area: row[2].clone(),
        service_class: row[3].clone(),
        queue: row[4].clone(),
        channel: row[5].clone(),
        subject_group: row[6].clone(),
    }
}

fn number(text: &str) -> Option<i64> {
    (text != "null").then(|| text.parse().unwrap())
}

fn unique<K: Ord + Debug, V>(rows: impl Iterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    for (key, value) in rows {
        let twice = format!("{key:?} stands twice");
        assert!(map.insert(key, value).is_none(), "{twice}");
    }
    map
}
