//! How complete the answer is: what was seen of each source, and up to when.

use crate::Error;
use crate::publication::text;
use arrow::array::{ArrayRef, AsArray, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, TimestampMicrosecondType};
use chrono::DateTime;
use lake::{Table, fence};
use queries::{Engine, Facts};
use schemas::Source;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What was seen of one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completeness {
    /// The source.
    pub source: String,
    /// Rows in its events table.
    pub rows: i64,
    /// The time of its newest event, microseconds since 1970, UTC.
    pub last_event_at_micros: Option<i64>,
    /// The Kafka time up to which all partitions are in the lake, microseconds since 1970, UTC;
    /// `None` for a source that has come from files only, and as long as a partition has not been read.
    pub valid_through_micros: Option<i64>,
    /// Partitions of its topic of which nothing says yet up to when they are in the lake.
    #[serde(default)]
    pub unread_partitions: i64,
    /// Records in the quarantine.
    pub quarantined: i64,
    /// Rows that repeat an event.
    pub repeats: i64,
    /// Ids that came with different contents.
    pub conflicts: i64,
    /// Events that a later one corrects.
    pub superseded: i64,
}

/// The positions of a source's table, as rows of `positions`: cluster, topic, partition, next offset.
pub(crate) fn positions(table: &Table) -> Vec<(String, String, i32, i64)> {
    let of_partition = |(held, position): (&String, &i64)| {
        let (cluster, topic, partition) = fence::partition_of(held)?;
        Some((cluster.to_owned(), topic.to_owned(), partition, *position))
    };
    table.positions().iter().filter_map(of_partition).collect()
}

/// The same as a table.
pub(crate) fn position_rows(rows: &[(String, String, i32, i64)]) -> Result<RecordBatch, Error> {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.0))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.1))),
        Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| row.2))),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.3))),
    ];
    let schema = Schema::new(vec![
        Field::new("cluster", DataType::Utf8, false),
        Field::new("topic", DataType::Utf8, false),
        Field::new("partition", DataType::Int32, false),
        Field::new("next_offset", DataType::Int64, false),
    ]);
    Ok(RecordBatch::try_new(Arc::new(schema), columns)?)
}

impl Completeness {
    /// Of a source that nothing has come from.
    pub(crate) fn unseen(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            rows: 0,
            last_event_at_micros: None,
            valid_through_micros: None,
            unread_partitions: 0,
            quarantined: 0,
            repeats: 0,
            conflicts: 0,
            superseded: 0,
        }
    }

    /// Its values as text, by name; what there is none of is left out.
    pub(crate) fn named(&self) -> BTreeMap<String, String> {
        let times = [("last_event_at", self.last_event_at_micros), ("valid_through", self.valid_through_micros)];
        let instant = |micros| DateTime::from_timestamp_micros(micros).map(|at| at.to_string());
        let times = times.into_iter().filter_map(|(name, at)| Some((name, instant(at?)?)));
        let counts = [
            ("rows", self.rows),
            ("unread_partitions", self.unread_partitions),
            ("quarantined", self.quarantined),
            ("repeats", self.repeats),
            ("conflicts", self.conflicts),
            ("superseded", self.superseded),
        ];
        let counts = counts.map(|(name, count)| (name, count.to_string()));
        let all = times.chain(counts).chain([("source", self.source.clone())]);
        all.map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Why it has no time up to which it is complete.
    pub fn why_no_time(&self) -> &'static str {
        if self.unread_partitions > 0 { "not yet read from all partitions" } else { "from files only" }
    }

    /// Takes in up to when its table says that it is complete.
    pub(crate) fn reach(&mut self, table: &Table) {
        self.valid_through_micros = valid_through_micros(table.positions());
        self.unread_partitions = times(table.positions()).filter(Option::is_none).count() as i64;
    }

    /// What counts of it.
    pub(crate) fn facts(&self) -> Facts {
        let Self { rows, repeats, conflicts, superseded, .. } = *self;
        Facts { rows, repeats, conflicts, superseded }
    }

    /// Takes in that some of its subjects have come from `old` to `new`.
    pub(crate) fn advance(&mut self, old: Facts, new: Facts) {
        self.rows += new.rows - old.rows;
        self.repeats += new.repeats - old.repeats;
        self.conflicts += new.conflicts - old.conflicts;
        self.superseded += new.superseded - old.superseded;
    }
}

/// Looks at one source. `table` is `None` for a source never seen; the session has its rows bound
/// as `<table>_raw`; `quarantined` are its records in the quarantine.
pub(crate) async fn of_source(
    engine: &Engine,
    source: &Source,
    table: Option<&Table>,
    facts: Facts,
    quarantined: i64,
) -> Result<Completeness, Error> {
    let mut seen = Completeness::unseen(&source.name);
    seen.advance(Facts::default(), facts);
    seen.last_event_at_micros = newest_event(engine, &format!("{}_raw", source.table)).await?;
    if let Some(table) = table {
        seen.reach(table);
    }
    seen.quarantined = quarantined;
    Ok(seen)
}

/// The time of the newest event of a table, microseconds since 1970, UTC.
pub(crate) async fn newest_event(engine: &Engine, table: &str) -> Result<Option<i64>, Error> {
    let newest = engine.collect(&format!("SELECT max(occurred_at) FROM {table}")).await?;
    let newest = newest.iter().find(|batch| batch.num_rows() > 0).map(|batch| batch.column(0).clone());
    let newest = newest.filter(|column| column.is_valid(0));
    Ok(newest.map(|column| column.as_primitive::<TimestampMicrosecondType>().value(0)))
}

/// Records in the quarantine, which is bound as `quarantine`, by source.
pub(crate) async fn quarantined(engine: &Engine) -> Result<BTreeMap<String, i64>, Error> {
    let mut found = BTreeMap::new();
    let sql = "SELECT CAST(source AS VARCHAR) AS source, count(*) FROM quarantine GROUP BY source";
    for batch in engine.collect(sql).await? {
        let counts = batch.column(1).as_primitive::<Int64Type>();
        found.extend((0..batch.num_rows()).map(|row| (text(batch.column(0), row), counts.value(row))));
    }
    Ok(found)
}

/// Up to when a source is complete, from its table's positions, microseconds since 1970, UTC: the
/// earliest of its partitions' times; `None` as long as one that has a position, or is only known to be
/// there, has no time.
pub fn valid_through_micros(positions: &BTreeMap<String, i64>) -> Option<i64> {
    let times: Option<Vec<i64>> = times(positions).collect();
    times?.into_iter().min().map(|millis| millis * 1_000)
}

/// Of each partition that the lake has heard of, up to when it is complete, milliseconds since 1970.
fn times(positions: &BTreeMap<String, i64>) -> impl Iterator<Item = Option<i64>> {
    let place = |held| fence::partition_of(held).or_else(|| fence::partition_of_completeness(held));
    let partitions: BTreeSet<_> = positions.keys().filter_map(|held| place(held)).collect();
    partitions
        .into_iter()
        .map(|(cluster, topic, partition)| fence::complete_through_ms(positions, cluster, topic, partition))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_complete_up_to_its_slowest_partition() {
        let mut positions = BTreeMap::from([
            (fence::of_partition("c", "t", 0), 5),
            (fence::completeness_of_partition("c", "t", 0), 2_000),
            (fence::of_partition("c", "t", 1), 9),
        ]);
        assert_eq!(valid_through_micros(&positions), None);
        positions.insert(fence::completeness_of_partition("c", "t", 1), 1_500);
        assert_eq!(valid_through_micros(&positions), Some(1_500_000));
        assert_eq!(valid_through_micros(&BTreeMap::from([(fence::of_file("ab"), 1)])), None);
    }

    #[test]
    fn a_partition_that_is_known_and_not_read_leaves_the_source_without_a_time() {
        let mut positions = BTreeMap::from([
            (fence::of_partition("c", "t", 0), 5),
            (fence::completeness_of_partition("c", "t", 0), 2_000),
            (fence::completeness_of_partition("c", "t", 1), 0),
        ]);
        assert_eq!(valid_through_micros(&positions), None);
        assert_eq!(times(&positions).collect::<Vec<_>>(), [Some(2_000), None]);
        // It has no record, and there was none when Kafka was asked.
        positions.insert(fence::completeness_of_partition("c", "t", 1), 1_800);
        assert_eq!(valid_through_micros(&positions), Some(1_800_000));
    }
}
