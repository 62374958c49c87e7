//! The lake as others read it: the Delta Lake library for Python, and DuckDB over the list of files
//! that it gives. Both find what our SQL finds, at the versions that the publication names.

use crate::broker::Broker;
use crate::delta;
use crate::kafka::Writer;
use crate::world::{World, checkout, skip};
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use chrono::NaiveDate;
use connect::producer::KafkaProducer;
use lake::Lake;
use queries::Engine;
use refresh::INDEX_TABLE;
use schemas::{ContainerWriter, Event, catalogue};
use serde_json::{Map, Value as Json, json};
use simulate::{Council, Settings};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tokio::runtime::Runtime;

const DAYS: usize = 45;

#[test]
fn deltalake_and_duckdb_read_what_our_sql_reads() {
    let Some(python) = python("deltalake_and_duckdb_read_what_our_sql_reads") else { return };
    let events = told();
    let (history, live) = events.split_at(events.len() / 2);
    let (published, later) = live.split_at(live.len() / 2);
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    import(&world, history);
    for file in ["council.example.toml", "programme_measures.toml"] {
        let file = checkout().join("deploy/reference").join(file);
        world.succeeds(&["reference", "load", file.to_str().unwrap()]);
    }
    produce(&broker.address, published);
    let writer = Writer::new(&broker.address);
    writer.raw(None, Some(0), b"no event");
    writer.flush();
    world.ingest();
    world.succeeds(&["refresh", "--once", "--as-of", "2025-06-01T00:00:00Z"]);
    // What comes after the publication is in the tables, but not in what it names.
    produce(&broker.address, later);
    world.ingest();
    let newest = delta::version(&world.lake().join("telephony_events"));

    let seen = look(&python, &world.lake(), &[]);
    assert_eq!(seen["epoch"], 1);
    let tables = seen["tables"].as_object().unwrap();
    let is_published = |table: &&Json| table["is_published"] == true;
    assert!(tables.values().filter(is_published).count() > 10, "{:?}", tables.keys());
    assert!(tables["telephony_events"]["version"].as_u64().unwrap() < newest, "no later version to be left out");
    for (name, table) in tables {
        assert_eq!(table["deltalake"], table["duckdb"], "{name}");
        assert!(table["deltalake"]["rows"].as_i64() > Some(0) || name.starts_with("kpi_"), "{name} is empty");
        // In SQL the quarantine is a view, which leaves out what was tried in vain, and the index of refresh is
        // no table.
        if table["is_published"] == true && name != "quarantine" && name != INDEX_TABLE {
            assert_eq!(table["deltalake"], ours(&world, name, table["kinds"].as_object().unwrap()), "{name}");
        }
    }
    assert_eq!(tables["quarantine"]["deltalake"]["rows"], 1);
}

/// The events of six weeks, in order.
pub(crate) fn told() -> Vec<Event> {
    let day = |year, month| NaiveDate::from_ymd_opt(year, month, 1).unwrap();
    let settings =
        Settings { contacts_per_month: 200, launch: Some(day(2025, 3)), ..Settings::new(7, day(2025, 2)) };
    let council = Council::new(settings).unwrap();
    let mut events = council.reference();
    events.extend(council.days().take(DAYS).flat_map(|day| day.events));
    events
}

pub(crate) fn import(world: &World, events: &[Event]) {
    let mut file = ContainerWriter::new(Vec::new()).unwrap();
    events.iter().for_each(|event| file.append(event).unwrap());
    fs::write(world.path("history.avro"), file.finish().unwrap()).unwrap();
    world.succeeds(&["import", "events", "history.avro", "--to", "lake"]);
}

fn produce(brokers: &str, events: &[Event]) {
    let producer = KafkaProducer::new(&kafka::Access::plaintext(brokers)).unwrap();
    for source in catalogue().sources.values() {
        producer.ensure_topic(&source.topic, 4).unwrap();
    }
    events.iter().for_each(|event| producer.send(event).unwrap());
    producer.flush().unwrap();
}

/// What `read_lake.py` saw.
fn look(python: &Path, lake: &Path, options: &[&str]) -> Json {
    let script = checkout().join("tests/python/read_lake.py");
    let output = Command::new(python).arg(script).arg(lake).args(options).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Python's library finds in each table, at the version that the newest epoch names, the rows that we find.
pub(crate) fn others_count_the_same(python: &Path, lake: &Path) {
    let seen = look(python, lake, &["--count"]);
    let lake = Lake::open(lake).unwrap();
    let count = async |name: &str, version: u64| {
        let engine = Engine::new(chrono_tz::UTC, 0).unwrap();
        engine.bind("counted", lake.open_table_at(name, version).await.unwrap().snapshot().unwrap()).unwrap();
        let rows = engine.collect("SELECT count(*) FROM counted").await.unwrap();
        rows[0].column(0).as_primitive::<Int64Type>().value(0)
    };
    let runtime = Runtime::new().unwrap();
    let tables = seen["tables"].as_object().unwrap();
    assert!(tables.len() > 10, "{:?}", tables.keys());
    for (name, table) in tables {
        let ours = runtime.block_on(count(name, table["version"].as_u64().unwrap()));
        assert_eq!(table["rows"], json!(ours), "{name} in epoch {}", seen["epoch"]);
    }
}

/// The rows of a table, and for each column how many have a value and the sum, by our SQL.
fn ours(world: &World, table: &str, kinds: &Map<String, Json>) -> Json {
    let mut parts = vec!["count(*) AS rows".to_owned()];
    for (place, (column, kind)) in kinds.iter().enumerate() {
        let summed = summed(&format!("\"{column}\""), kind.as_str().unwrap());
        parts.push(format!("count(\"{column}\") AS present_{place}"));
        parts.push(format!("CAST(sum({summed}) AS VARCHAR) AS sum_{place}"));
    }
    let found = world.sql(&format!("SELECT {} FROM {table}", parts.join(", "))).remove(0);
    let column = |(place, (column, _)): (usize, (&String, &Json))| {
        (column.clone(), json!([found[format!("present_{place}")], found[format!("sum_{place}")]]))
    };
    let columns: Map<String, Json> = kinds.iter().enumerate().map(column).collect();
    json!({"rows": found["rows"], "columns": columns})
}

/// What is summed of a column of this kind, as `read_lake.py` says.
fn summed(column: &str, kind: &str) -> String {
    match kind {
        "integer" | "decimal" => column.to_owned(),
        "boolean" | "date" => format!("CAST({column} AS INT)"),
        // A sum of microseconds outgrows 64 bits.
        "timestamp" => format!("CAST(CAST({column} AS BIGINT) AS DECIMAL(38, 0))"),
        "text" => format!("octet_length({column})"),
        "binary" => format!("octet_length(encode({column}, 'hex')) / 2"),
        "list" => format!("CASE WHEN {column} IS NOT NULL THEN coalesce(array_length({column}), 0) END"),
        other => panic!("{column} is of kind {other}"),
    }
}

/// Where `deltalake` and `duckdb` are installed; where they are not, the test is skipped.
pub(crate) fn python(test: &str) -> Option<PathBuf> {
    let python = std::env::var_os("SWITCHBOARD_TEST_PYTHON").map(PathBuf::from);
    if python.is_none() {
        skip(test, "what tests/python/requirements.txt names is not there; tests/run.sh fetches it");
    }
    python
}
