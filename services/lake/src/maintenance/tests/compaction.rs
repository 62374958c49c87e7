//! Small files become one, and every row stays what it was.

use super::{Policy, Run, Shelf, batches_of, care, maintain, policy, rows, rows_of, spec};
use crate::maintenance::compaction::Rewritten;
use crate::positions::commit_actions;
use crate::{Commit, TableSpec};
use arrow::array::{AsArray, Int64Array, RecordBatch, StringArray, new_null_array};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::sync::Arc;

#[tokio::test]
async fn small_files_of_a_partition_become_one_and_others_are_not_touched() {
    let mut shelf = Shelf::new().await;
    shelf.append(1, &["d", "c"]).await;
    shelf.append(2, &["z", "y"]).await;
    shelf.append(1, &["b"]).await;
    shelf.append(1, &["a", "e"]).await;
    let (before, version) = (shelf.rows().await, shelf.table.version());
    let done = maintain(&shelf.lake, &care(), &policy(shelf.hours_later(0))).await.unwrap();
    assert_eq!((done.files_before, done.files_after, done.gave_way), (3, 1, false));
    assert_eq!(shelf.rows().await, before);
    assert_eq!(shelf.rows_at(version).await, before);
    let after = shelf.reopened().await;
    assert_eq!((after.version(), after.positions()[super::PARTITION_FENCE]), (version + 1, 7));
    // The log says that no row has changed, and names three files for one.
    let actions = commit_actions(&after.delta.log_store(), version + 1).await.unwrap();
    let changes = |kind: &str| actions.iter().filter(|action| action[kind]["dataChange"] == false).count();
    assert_eq!((changes("remove"), changes("add")), (3, 1));
    assert_eq!(maintain(&shelf.lake, &care(), &policy(shelf.hours_later(0))).await.unwrap().files_before, 0);
}

#[tokio::test]
async fn rows_are_sorted_as_ingest_sorts_them() {
    let mut shelf = Shelf::new().await;
    for subjects in [["c", "a", "b"], ["b", "c", "a"], ["a", "a", "c"]] {
        shelf.append(1, &subjects).await;
    }
    maintain(&shelf.lake, &care(), &policy(shelf.hours_later(0))).await.unwrap();
    let table = shelf.reopened().await;
    let log = table.delta.snapshot().unwrap();
    let paths: Vec<String> = log.log_data().iter().map(|file| file.path().into_owned()).collect();
    let file = std::fs::File::open(shelf.folder.path().join("events").join(&paths[0])).unwrap();
    let mut found = Vec::new();
    for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
        let batch = batch.unwrap();
        let subjects = batch.column_by_name("subject").unwrap().as_string::<i32>().clone();
        let offsets = batch.column_by_name("offset").unwrap().as_primitive::<Int64Type>().clone();
        found.extend((0..batch.num_rows()).map(|row| format!("{}{}", subjects.value(row), offsets.value(row))));
    }
    // Of one subject the later offset happened earlier.
    assert_eq!((paths.len(), found.join(" ")), (1, "a7 a6 a5 a1 b3 b2 c8 c4 c0".to_owned()));
}

#[tokio::test]
async fn a_file_older_than_a_column_holds_null_there() {
    let mut shelf = Shelf::new().await;
    shelf.append(1, &["a", "b"]).await;
    shelf.append(1, &["c"]).await;
    let mut fields: Vec<Field> = spec().schema.fields().iter().map(|field| field.as_ref().clone()).collect();
    fields.insert(5, Field::new("channel", DataType::Utf8, true));
    let wider = TableSpec { schema: Arc::new(Schema::new(fields)), ..spec() };
    let narrow = rows(&["d", "e"], 3, 1);
    let mut columns = narrow.columns().to_vec();
    columns.insert(5, Arc::new(StringArray::from(vec!["phone", "web"])));
    let new_rows = RecordBatch::try_new(wider.schema.clone(), columns).unwrap();
    let files = shelf.table.write(&wider, &[new_rows]).await.unwrap();
    let schema = Some(wider.schema.clone());
    shelf.table.commit(Commit { files, schema, ..Commit::default() }).await.unwrap();
    let before = shelf.rows().await;
    assert!(before.iter().any(|row| row.contains("| phone |")), "{before:?}");
    let done = maintain(&shelf.lake, &care(), &policy(shelf.hours_later(0))).await.unwrap();
    assert_eq!((done.files_before, done.files_after), (3, 1));
    assert_eq!(shelf.rows().await, before);
}

#[tokio::test]
async fn a_writer_may_append_while_files_are_put_together() {
    let mut shelf = Shelf::new().await;
    shelf.append_files(1, 3).await;
    let (lake, care, policy) = (shelf.lake.clone(), care(), policy(shelf.hours_later(0)));
    let mut run = Run::new(&lake, &care, &policy, shelf.reopened().await);
    let origin = run.origin().unwrap();
    let mut rewritten = Rewritten::default();
    for group in run.groups(&origin) {
        run.rewrite(&origin, group, &mut rewritten).await.unwrap();
    }
    shelf.append_files(1, 2).await;
    let before = shelf.rows().await;
    run.land(rewritten).await.unwrap();
    assert_eq!((shelf.rows().await, run.done.files_after), (before, 1));
    // And the writer goes on from its own version.
    shelf.append(1, &["last"]).await;
    assert_eq!(shelf.rows().await.len(), 3 * 5 + 1);
}

#[tokio::test]
async fn what_does_not_fit_into_memory_is_sorted_all_the_same() {
    let mut shelf = Shelf::new().await;
    // 3 files of 40,000 rows of more than 200 bytes: 24 MB, in 20 MiB of which half is kept for merging.
    let subjects: Vec<String> = (0..40_000).map(|number| format!("{:0>200}", number * 7_919 % 40_000)).collect();
    let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
    for _ in 0..3 {
        shelf.append(1, &subjects).await;
    }
    let policy = Policy { memory_bytes: 20 << 20, small_bytes: 1 << 30, ..policy(shelf.hours_later(0)) };
    let done = maintain(&shelf.lake, &care(), &policy).await.unwrap();
    assert_eq!((done.files_before, done.files_after), (3, 1));
    let (mut offsets, mut found) = (Vec::new(), Vec::new());
    for batch in batches_of(&shelf.reopened().await).await {
        offsets.extend_from_slice(batch.column_by_name("offset").unwrap().as_primitive::<Int64Type>().values());
        let of_batch = batch.column_by_name("subject").unwrap().as_string::<i32>().clone();
        found.extend((0..batch.num_rows()).map(|row| of_batch.value(row).to_owned()));
    }
    let right = |(subject, offset): (&String, &i64)| *subject == subjects[*offset as usize % subjects.len()];
    assert!(found.is_sorted() && found.iter().zip(&offsets).all(right));
    offsets.sort_unstable();
    assert!(offsets.into_iter().eq(0..120_000));
}

#[tokio::test]
async fn a_table_that_is_replaced_as_a_whole_is_not_rewritten() {
    let mut shelf = Shelf::new().await;
    shelf.append_files(1, 4).await;
    let replaced = crate::Care { appended: None, ..care() };
    let done = maintain(&shelf.lake, &replaced, &policy(shelf.hours_later(0))).await.unwrap();
    assert_eq!((done.files_before, shelf.reopened().await.version()), (0, shelf.table.version()));
}

#[tokio::test]
async fn a_table_without_partitions_is_put_together_too() {
    let folder = tempfile::TempDir::new().unwrap();
    let lake = crate::Lake::open_or_create(folder.path()).unwrap();
    let schema = Arc::new(Schema::new(vec![
        Field::new("epoch", DataType::Int64, false),
        Field::new("body", DataType::Utf8, true),
    ]));
    let spec = TableSpec {
        name: "epochs".to_owned(),
        schema: schema.clone(),
        partition_column: None,
        sort_columns: vec!["epoch".to_owned()],
    };
    let mut table = lake.open_or_create_table(&spec).await.unwrap();
    for epoch in [3, 1, 2] {
        let numbers = Arc::new(Int64Array::from(vec![epoch]));
        let batch =
            RecordBatch::try_new(schema.clone(), vec![numbers, new_null_array(&DataType::Utf8, 1)]).unwrap();
        let files = table.write(&spec, &[batch]).await.unwrap();
        table.commit(Commit { files, ..Commit::default() }).await.unwrap();
    }
    let appended = Some(crate::Appended { sort_columns: spec.sort_columns.clone(), retention: None });
    let care = crate::Care { table: spec.name.clone(), retained: Vec::new(), appended };
    let done = maintain(&lake, &care, &policy(0)).await.unwrap();
    assert_eq!((done.files_before, done.files_after), (3, 1));
    let after = lake.open_table("epochs").await.unwrap().unwrap();
    assert_eq!(rows_of(&after).await, ["1 | ", "2 | ", "3 | "]);
}
