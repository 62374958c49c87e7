//! The commit on a real table on disk: who lands, who is fenced, what is found again.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stamps;

use crate::positions::commit_actions;
use crate::{Commit, Committed, Error, Lake, Span, Table, TableSpec};
use arrow::array::{AsArray, Date32Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use arrow::util::display::array_value_to_string;
use datafusion::prelude::SessionContext;
use deltalake_core::checkpoints::create_checkpoint;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::sync::Arc;
use tempfile::TempDir;

fn spec() -> TableSpec {
    let schema = Schema::new(vec![
        Field::new("subject", DataType::Utf8, false),
        Field::new("number", DataType::Int64, true),
        Field::new("day", DataType::Date32, false),
    ]);
    TableSpec {
        name: "events".to_owned(),
        schema: Arc::new(schema),
        partition_column: Some("day".to_owned()),
        sort_columns: vec!["subject".to_owned()],
    }
}

fn rows(subjects: &[&str], days: &[i32]) -> RecordBatch {
    let numbers = Int64Array::from_iter_values(0..subjects.len() as i64);
    let subjects = StringArray::from_iter_values(subjects);
    let columns: Vec<arrow::array::ArrayRef> =
        vec![Arc::new(subjects), Arc::new(numbers), Arc::new(Date32Array::from(days.to_vec()))];
    RecordBatch::try_new(spec().schema, columns).unwrap()
}

async fn lake_and_table(folder: &TempDir) -> (Lake, Table) {
    let lake = Lake::open_or_create(folder.path()).unwrap();
    let table = lake.open_or_create_table(&spec()).await.unwrap();
    (lake, table)
}

async fn batch(table: &Table, start: Option<i64>, end: i64) -> Commit {
    let files = table.write(&spec(), &[rows(&["a"], &[1])]).await.unwrap();
    let spans = vec![Span { fence: "v1/c/t/0".to_owned(), start, end }];
    Commit { files, spans, ..Commit::default() }
}

async fn count(lake: &Lake) -> usize {
    let table = lake.open_table("events").await.unwrap().unwrap();
    table.snapshot().unwrap().row_count().unwrap()
}

#[tokio::test]
async fn a_table_whose_creation_came_to_nothing_is_made_and_one_without_its_log_is_refused() {
    let folder = TempDir::new().unwrap();
    let lake = Lake::open_or_create(folder.path()).unwrap();
    let log = folder.path().join("events/_delta_log");
    std::fs::create_dir_all(&log).unwrap();
    std::fs::write(log.join("00000000000000000000.json#1"), "{").unwrap();
    assert!(lake.open_table("events").await.unwrap().is_none());
    assert!(lake.tables().unwrap().is_empty());
    let (lake, mut table) = lake_and_table(&folder).await;
    let first = batch(&table, None, 5).await;
    table.commit(first).await.unwrap();
    assert_eq!(lake.tables().unwrap(), ["events"]);

    std::fs::rename(&log, folder.path().join("log")).unwrap();
    std::fs::create_dir(&log).unwrap();
    for refused in [lake.open_table("events").await.map(drop), lake.tables().map(drop)] {
        let told = refused.unwrap_err().to_string();
        assert!(told.contains("events") && told.contains("put _delta_log back"), "{told}");
    }
}

#[tokio::test]
async fn a_writer_whose_partition_moved_on_is_fenced_and_writes_nothing() {
    let folder = TempDir::new().unwrap();
    let (lake, mut first) = lake_and_table(&folder).await;
    let mut second = lake.open_table("events").await.unwrap().unwrap();
    let (mine, stale) = (batch(&first, None, 5).await, batch(&second, None, 7).await);
    assert!(matches!(first.commit(mine).await.unwrap(), Committed::Landed(1)));
    // The second prepared its rows on the older version, as a process does that was paused.
    let fenced = Committed::Fenced(BTreeMap::from([("v1/c/t/0".to_owned(), 5)]));
    assert_eq!(second.commit(stale).await.unwrap(), fenced);
    assert_eq!(count(&lake).await, 1);
    assert!(matches!(second.commit(batch(&second, Some(5), 7).await).await.unwrap(), Committed::Landed(2)));
    assert_eq!(count(&lake).await, 2);
}

#[tokio::test]
async fn writers_of_different_partitions_do_not_hinder_each_other() {
    let folder = TempDir::new().unwrap();
    let (lake, mut first) = lake_and_table(&folder).await;
    let mut second = lake.open_table("events").await.unwrap().unwrap();
    let mut other = batch(&second, None, 7).await;
    other.spans[0].fence = "v1/c/t/1".to_owned();
    first.commit(batch(&first, None, 5).await).await.unwrap();
    assert!(matches!(second.commit(other).await.unwrap(), Committed::Landed(_)));
    assert_eq!(count(&lake).await, 2);
}

#[tokio::test]
async fn a_commit_that_landed_without_an_answer_is_found_and_not_repeated() {
    let folder = TempDir::new().unwrap();
    let (lake, mut table) = lake_and_table(&folder).await;
    let commit = batch(&table, None, 5).await;
    let before = table.version();
    table.put(&commit, table.actions(&commit).unwrap(), "batch-1").await.unwrap();
    // As after a lost answer: read the table again and look for the batch.
    table.update().await.unwrap();
    let landed = table.find_batch(before + 1, "batch-1").await.unwrap();
    assert_eq!(landed, Some(before + 1));
    assert_eq!(table.find_batch(before + 1, "batch-2").await.unwrap(), None);
    assert_eq!(count(&lake).await, 1);
}

#[tokio::test]
async fn a_table_that_was_put_back_stops_the_writer() {
    let folder = TempDir::new().unwrap();
    let (_, mut table) = lake_and_table(&folder).await;
    let error = table.commit(batch(&table, Some(9), 12).await).await.unwrap_err();
    assert!(matches!(&error, Error::Rewound { stored: None, expected: Some(9), .. }), "{error}");
}

#[tokio::test]
async fn positions_are_read_through_a_checkpoint() {
    let folder = TempDir::new().unwrap();
    let (lake, mut table) = lake_and_table(&folder).await;
    table.commit(batch(&table, None, 5).await).await.unwrap();
    table.commit(batch(&table, Some(5), 6).await).await.unwrap();
    create_checkpoint(&table.delta, None).await.unwrap();
    table.commit(batch(&table, Some(6), 8).await).await.unwrap();
    let fresh = lake.open_table("events").await.unwrap().unwrap();
    assert_eq!(fresh.positions().get("v1/c/t/0"), Some(&8));
    let older = lake.open_table_at("events", 2).await.unwrap();
    assert_eq!(older.positions().get("v1/c/t/0"), Some(&6));
    // The commits before the checkpoint are not needed for it.
    std::fs::remove_file(folder.path().join("events/_delta_log/00000000000000000001.json")).unwrap();
    assert_eq!(lake.open_table("events").await.unwrap().unwrap().positions().get("v1/c/t/0"), Some(&8));
}

/// As when a storage says for a moment that it has not what it has.
#[tokio::test]
async fn an_entry_that_cannot_be_read_takes_no_position_back() {
    let folder = TempDir::new().unwrap();
    let (lake, mut table) = lake_and_table(&folder).await;
    table.commit(batch(&table, None, 5).await).await.unwrap();
    create_checkpoint(&table.delta, None).await.unwrap();
    table.commit(batch(&table, Some(5), 6).await).await.unwrap();
    let mut reader = lake.open_table("events").await.unwrap().unwrap();
    table.commit(batch(&table, Some(6), 8).await).await.unwrap();
    let log = reader.delta.log_store();
    let entry = folder.path().join("events/_delta_log/00000000000000000003.json");
    let hidden = folder.path().join("hidden");
    std::fs::rename(&entry, &hidden).unwrap();
    assert!(reader.positions.advance(&log, 3).await.is_err());
    assert_eq!(reader.positions().get("v1/c/t/0"), Some(&6));
    std::fs::rename(&hidden, &entry).unwrap();
    reader.positions.advance(&log, 3).await.unwrap();
    assert_eq!(reader.positions().get("v1/c/t/0"), Some(&8));
}

#[tokio::test]
async fn a_replacement_takes_the_place_of_everything_and_may_change_the_columns() {
    let folder = TempDir::new().unwrap();
    let (lake, mut table) = lake_and_table(&folder).await;
    table.commit(batch(&table, None, 5).await).await.unwrap();
    let wider =
        Schema::new(vec![Field::new("other", DataType::Utf8, true), Field::new("day", DataType::Date32, false)]);
    let wider = TableSpec { schema: Arc::new(wider), sort_columns: vec!["other".to_owned()], ..spec() };
    let columns: Vec<arrow::array::ArrayRef> =
        vec![Arc::new(StringArray::from(vec!["x", "y"])), Arc::new(Date32Array::from(vec![3, 4]))];
    let new_rows = RecordBatch::try_new(wider.schema.clone(), columns).unwrap();
    let files = table.write(&wider, &[new_rows]).await.unwrap();
    let commit = Commit { files, replace: true, schema: Some(wider.schema.clone()), ..Commit::default() };
    let version = table.version();
    table.commit(commit).await.unwrap();
    assert_eq!(count(&lake).await, 2);
    let columns = lake.open_table("events").await.unwrap().unwrap().snapshot().unwrap().columns();
    assert_eq!(columns[0].name(), "other");
    // A reader of the older version sees what it saw.
    let older = lake.open_table_at("events", version).await.unwrap();
    assert_eq!((older.snapshot().unwrap().row_count(), older.snapshot().unwrap().columns().len()), (Some(1), 3));
}

/// Rows with one more column, on the table's version at hand.
async fn wider_batch(table: &Table, column: &str, kind: DataType) -> Commit {
    let mut fields = spec().schema.fields().to_vec();
    fields.push(Arc::new(Field::new(column, kind.clone(), false)));
    let schema = Arc::new(Schema::new(fields));
    let mut columns = rows(&["w"], &[1]).columns().to_vec();
    columns.push(cast(&Int64Array::from(vec![41]), &kind).unwrap());
    let wide = RecordBatch::try_new(schema.clone(), columns).unwrap();
    let files = table.write(&TableSpec { schema: schema.clone(), ..spec() }, &[wide]).await.unwrap();
    Commit { files, columns: Some(schema), ..Commit::default() }
}

async fn columns(lake: &Lake) -> Vec<String> {
    let columns = lake.open_table("events").await.unwrap().unwrap().columns().unwrap();
    columns.iter().map(|column| format!("{} {}", column.name(), column.is_nullable())).collect()
}

/// Two writers that do not know of each other each bring a column: the table has both, whoever was
/// first, and the columns come in the same entries as the rows.
#[tokio::test]
async fn columns_that_writers_add_at_the_same_time_are_all_there() {
    let folder = TempDir::new().unwrap();
    let (lake, mut first) = lake_and_table(&folder).await;
    first.commit(batch(&first, None, 5).await).await.unwrap();
    let mut second = lake.open_table("events").await.unwrap().unwrap();
    let mut third = lake.open_table("events").await.unwrap().unwrap();
    let (mine, theirs) = (
        wider_batch(&first, "mine", DataType::Int64).await,
        wider_batch(&second, "theirs", DataType::Int64).await,
    );
    // One that knows of neither column.
    let plain = batch(&third, Some(5), 6).await;
    let contrary = wider_batch(&third, "mine", DataType::Utf8).await;
    assert_eq!(first.commit(mine).await.unwrap(), Committed::Landed(2));
    assert_eq!(second.commit(theirs).await.unwrap(), Committed::Landed(3));
    assert_eq!(third.commit(plain).await.unwrap(), Committed::Landed(4));
    let expected = ["subject false", "number true", "day false", "mine true", "theirs true"];
    assert_eq!(columns(&lake).await, expected);
    assert_eq!(count(&lake).await, 4);
    // One name has one type, also between writers; nothing is written.
    let error = third.commit(contrary).await.unwrap_err();
    assert!(error.cause().contains("`mine` (Int64), and rows were to be added with `mine` (Utf8)"), "{error:?}");
    assert_eq!((count(&lake).await, third.version()), (4, 4));
    // A commit whose columns are all there changes none.
    let again = wider_batch(&first, "mine", DataType::Int64).await;
    assert_eq!(first.commit(again).await.unwrap(), Committed::Landed(5));
    let actions = commit_actions(&first.delta.log_store(), 5).await.unwrap();
    assert!(actions.iter().all(|action| action["metaData"].is_null()), "{actions:?}");
}

/// Files from before a column was there hold nulls in it, also where a filter looks at it.
#[tokio::test]
async fn an_older_file_has_nulls_in_an_added_column() {
    let folder = TempDir::new().unwrap();
    let (lake, mut table) = lake_and_table(&folder).await;
    table.commit(batch(&table, None, 5).await).await.unwrap();
    table.commit(wider_batch(&table, "mine", DataType::Int64).await).await.unwrap();
    let snapshot = lake.open_table("events").await.unwrap().unwrap().snapshot().unwrap();
    let context = SessionContext::new();
    context.register_table("events", snapshot).unwrap();
    let mut found = Vec::new();
    for filter in ["true", "mine IS NULL", "mine = 41", "mine > 41"] {
        let sql = format!("SELECT subject, mine FROM events WHERE {filter} ORDER BY subject");
        let batches = context.sql(&sql).await.unwrap().collect().await.unwrap();
        let shown = |batch: &RecordBatch, row| {
            ["subject", "mine"].map(|name| array_value_to_string(&batch[name], row).unwrap()).join(" ")
        };
        let rows: Vec<String> =
            batches.iter().flat_map(|batch| (0..batch.num_rows()).map(|row| shown(batch, row))).collect();
        found.push(rows.join(", "));
    }
    assert_eq!(found, ["a , w 41", "a ", "w 41", ""]);
}

#[tokio::test]
async fn files_hold_one_partition_each_and_sorted_rows() {
    let folder = TempDir::new().unwrap();
    let (_, table) = lake_and_table(&folder).await;
    let unsorted = rows(&["c", "a", "b", "d", "a"], &[2, 1, 2, 1, 2]);
    let files = table.write(&spec(), &[unsorted]).await.unwrap();
    assert_eq!((files.rows, files.adds.len()), (5, 2));
    let mut found = Vec::new();
    for add in &files.adds {
        let file = std::fs::File::open(folder.path().join("events").join(&add.path)).unwrap();
        for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
            let batch = batch.unwrap();
            let subjects = batch.column_by_name("subject").unwrap().as_string::<i32>().clone();
            let numbers = batch.column_by_name("number").unwrap().as_primitive::<Int64Type>().clone();
            let pairs = (0..batch.num_rows()).map(|row| format!("{}{}", subjects.value(row), numbers.value(row)));
            found.push((add.partition_values["day"].clone().unwrap(), pairs.collect::<Vec<_>>().join(" ")));
        }
    }
    found.sort();
    let expected = [("1970-01-02", "a1 d3"), ("1970-01-03", "a4 b2 c0")];
    assert_eq!(found, expected.map(|(day, pairs)| (day.to_owned(), pairs.to_owned())));
}
