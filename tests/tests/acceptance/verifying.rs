//! `switchboard verify`: finds nothing in what refresh published, and everything that somebody has
//! changed since.

use crate::world::{World, checkout};
use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::compute::{concat_batches, take};
use lake::{Commit, Lake, Span, Table, TableSpec, fence};
use queries::Engine;
use refresh::{INDEX_TABLE, Publication, VERIFICATIONS_TABLE};
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// What becomes of a table's rows.
#[derive(Debug, Clone, Copy)]
enum Damage {
    /// The last row is lost.
    Lost,
    /// The last row is there twice.
    Doubled,
    /// A text of the last row is another.
    Altered,
}

/// Rows that verify must count: published and not recomputed, and the other way round.
fn expected(damage: Damage) -> (i64, i64) {
    match damage {
        Damage::Lost => (0, 1),
        Damage::Doubled => (1, 0),
        Damage::Altered => (1, 1),
    }
}

fn damaged(rows: &RecordBatch, damage: Damage) -> RecordBatch {
    let count = rows.num_rows() as u64;
    let kept: Vec<u64> = match damage {
        Damage::Lost => (0..count - 1).collect(),
        Damage::Doubled => (0..count).chain([count - 1]).collect(),
        Damage::Altered => (0..count).collect(),
    };
    let kept = arrow::array::UInt64Array::from(kept);
    let mut columns: Vec<ArrayRef> =
        rows.columns().iter().map(|column| take(column, &kept, None).unwrap()).collect();
    if matches!(damage, Damage::Altered) {
        let text = |column: &ArrayRef| column.as_any().downcast_ref::<StringArray>().cloned();
        let at = columns.iter().position(|column| text(column).is_some_and(|texts| texts.null_count() == 0));
        let at = at.expect("a derived table has a text that is never null");
        let texts = text(&columns[at]).unwrap();
        let altered = (0..texts.len()).map(|row| match row + 1 == texts.len() {
            true => format!("{}x", texts.value(row)),
            false => texts.value(row).to_owned(),
        });
        columns[at] = Arc::new(StringArray::from_iter_values(altered));
    }
    RecordBatch::try_new(rows.schema(), columns).unwrap()
}

/// The rows of a table at a version, with the table's own types.
pub(crate) async fn rows(table: &Table) -> RecordBatch {
    let engine = Engine::new(chrono_tz::UTC, 0).unwrap();
    engine.bind("t", table.snapshot().unwrap()).unwrap();
    let (_, rows) = engine.read_only("SELECT * FROM t").await.unwrap();
    let schema = Arc::new(arrow::datatypes::Schema::new(table.columns().unwrap()));
    let typed = rows.iter().map(|batch| {
        let columns = batch.columns().iter().zip(schema.fields());
        let columns = columns.map(|(column, field)| arrow::compute::cast(column, field.data_type()).unwrap());
        RecordBatch::try_new(schema.clone(), columns.collect()).unwrap()
    });
    concat_batches(&schema, &typed.collect::<Vec<_>>()).unwrap()
}

/// Publishes an epoch in which every derived table is damaged, and that counts an event too many; gives the
/// tables.
async fn publish_damaged(world: &World, damage: Damage) -> Vec<String> {
    let lake = Lake::open(&world.lake()).unwrap();
    let mut publication = Publication::newest(&lake).await.unwrap().unwrap();
    publication.epoch += 1;
    let derived = publication.definitions.keys().filter_map(|name| name.strip_prefix("models/"));
    let others = ["kpi_daily", "kpi_interval", "kpi_distribution", "kpi_period", INDEX_TABLE];
    let names: Vec<String> = derived.chain(others).map(str::to_owned).collect();
    for name in &names {
        // The commit that made the table is followed by what the refresh published.
        let at_first = lake.open_table_at(name, 1).await.unwrap();
        let rows = damaged(&rows(&at_first).await, damage);
        assert!(rows.num_rows() > 0 || matches!(damage, Damage::Lost), "{name} is empty");
        let mut table = lake.open_table(name).await.unwrap().unwrap();
        let has = |column: &&str| rows.schema().column_with_name(column).is_some();
        let partition_column = ["started_month", "local_month", "level"].into_iter().find(has).map(str::to_owned);
        let spec = TableSpec { name: name.clone(), schema: rows.schema(), partition_column, sort_columns: vec![] };
        let files = table.write(&spec, &[rows]).await.unwrap();
        table.commit(Commit { files, replace: true, ..Commit::default() }).await.unwrap();
        publication.table_versions.insert(name.clone(), table.version());
    }
    publication.completeness[0].rows += 1;
    publication.next_change_at_micros = Some(1);
    publish(&lake, &publication).await;
    names
}

/// Appends the row of an epoch, as whoever wanted to forge one would.
pub(crate) async fn publish(lake: &Lake, publication: &Publication) {
    let mut table = lake.open_table("publications").await.unwrap().unwrap();
    let time =
        |micros: i64| -> ArrayRef { Arc::new(TimestampMicrosecondArray::from(vec![micros]).with_timezone("UTC")) };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![publication.epoch])),
        time(publication.as_of_micros),
        time(publication.published_at_micros),
        Arc::new(StringArray::from(vec![serde_json::to_string(publication).unwrap()])),
    ];
    let schema = Arc::new(arrow::datatypes::Schema::new(table.columns().unwrap()));
    let row = RecordBatch::try_new(schema.clone(), columns).unwrap();
    let spec = TableSpec { name: "publications".to_owned(), schema, partition_column: None, sort_columns: vec![] };
    let files = table.write(&spec, &[row]).await.unwrap();
    let fence = fence::REFRESH.to_owned();
    let spans = vec![Span { fence, start: Some(publication.epoch - 1), end: publication.epoch }];
    table.commit(Commit { files, spans, ..Commit::default() }).await.unwrap();
}

/// A year and a month of a small made-up council: every derived table has rows.
fn published() -> World {
    let world = World::new();
    let file = world.path("council.avro");
    let file = file.to_str().unwrap();
    let council =
        ["--from", "2024-12-01", "--months", "13", "--contacts-per-month", "100", "--launch", "2025-07-01"];
    world.succeeds(&[&["simulate"][..], &council, &["--out", file]].concat());
    world.succeeds(&["import", "events", file, "--to", "lake"]);
    // What no simulated council says of itself.
    for file in ["programme_measures.toml", "council.example.toml"] {
        let file = checkout().join("deploy/reference").join(file);
        world.succeeds(&["reference", "load", file.to_str().unwrap()]);
    }
    world.refresh();
    world
}

/// Tables, and an event that must be shown behind a row of theirs that is lost.
const EVENTS_BEHIND: [(&str, &str); 8] = [
    ("queue_visits", "queue_entered at"),
    ("form_sessions", "form_started at"),
    ("contacts", " at 202"),
    ("contact_demands", " at 202"),
    ("customer_contacts", " at 202"),
    ("kpi_interval", " at 202"),
    ("kpi_daily", " at 202"),
    ("kpi_distribution", "queue_entered at"),
];

fn shows(difference: &Json, event: &str) {
    let behind = difference["rows"][0]["events"].as_array().unwrap();
    assert!(behind.iter().any(|one| one.as_str().unwrap().contains(event)), "no `{event}` behind {difference}");
}

#[test]
fn a_published_epoch_is_what_its_events_say_until_somebody_changes_it() {
    let world = published();
    let told = world.succeeds(&["verify"]);
    assert!(told.contains("epoch 1 as of") && told.contains("none differs"), "{told}");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for damage in [Damage::Lost, Damage::Doubled, Damage::Altered] {
        let tables = runtime.block_on(publish_damaged(&world, damage));
        let output = world.run(&["verify", "--format", "json"]);
        assert_eq!(output.status.code(), Some(1), "{damage:?} was not noticed");
        let told = String::from_utf8_lossy(&output.stderr);
        let found: Json = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{told}"));
        let differences = found["differences"].as_array().unwrap();
        for table in &tables {
            let found = differences.iter().find(|one| one["table"] == **table);
            let found = found.unwrap_or_else(|| panic!("{table}: {damage:?} was not noticed"));
            let counts = (found["only_published"].as_i64().unwrap(), found["only_recomputed"].as_i64().unwrap());
            assert_eq!(counts, expected(damage), "{table}: {found}");
        }
        let of_table = |table: &str| differences.iter().find(|one| one["table"] == table).unwrap();
        for said in ["completeness", "next_change_at"] {
            let said = of_table(said);
            assert_eq!((&said["only_published"], &said["only_recomputed"]), (&json!(1), &json!(1)));
        }
        assert_eq!(differences.len(), tables.len() + 2);
        if matches!(damage, Damage::Lost) {
            EVENTS_BEHIND.iter().for_each(|(table, event)| shows(of_table(table), event));
        }
    }
    // Computed from the beginning it is right again, and what was found is kept.
    world.succeeds(&["refresh", "--once", "--from-scratch"]);
    world.succeeds(&["verify"]);
    let kept = world
        .sql(&format!("SELECT epoch, differing_rows > 0 AS differs FROM {VERIFICATIONS_TABLE} ORDER BY epoch"));
    let expected = [(1, false), (2, true), (3, true), (4, true), (5, false)];
    assert_eq!(kept, expected.map(|(epoch, differs)| json!({"epoch": epoch, "differs": differs})));
}
