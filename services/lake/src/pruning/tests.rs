//! Files are left out by what the log says of them, and none too many.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::{Commit, Lake, SnapshotTable, TableSpec};
use arrow::array::{AsArray, RecordBatch, TimestampMicrosecondArray};
use arrow::datatypes::{Field, Int64Type, Schema};
use datafusion::prelude::SessionContext;
use std::sync::Arc;
use tempfile::TempDir;

/// 2026-03-02T09:00:00Z.
const NINE: i64 = 1_772_442_000_000_000;

/// A table of one file for each of these.
async fn files(folder: &TempDir, each: &[&[Option<i64>]]) -> Arc<SnapshotTable> {
    let schema = Arc::new(Schema::new(vec![Field::new("at", schemas::field::timestamp_type(), true)]));
    let name = "instants".to_owned();
    let spec = TableSpec { name, schema, partition_column: None, sort_columns: Vec::new() };
    let mut table = Lake::open_or_create(folder.path()).unwrap().open_or_create_table(&spec).await.unwrap();
    for instants in each {
        let column = TimestampMicrosecondArray::from(instants.to_vec()).with_timezone("UTC");
        let rows = RecordBatch::try_new(spec.schema.clone(), vec![Arc::new(column)]).unwrap();
        let files = table.write(&spec, &[rows]).await.unwrap();
        table.commit(Commit { files, ..Commit::default() }).await.unwrap();
    }
    table.snapshot().unwrap()
}

#[tokio::test]
async fn the_last_instant_of_a_file_is_found_to_the_microsecond() {
    let folder = TempDir::new().unwrap();
    let table = files(&folder, &[&[Some(NINE), Some(NINE + 2_700)], &[Some(NINE + 9_000)]]).await;
    let context = SessionContext::new();
    context.register_table("instants", table.clone()).unwrap();
    let since = async |time: &str| {
        let sql = format!("SELECT count(*) FROM instants WHERE at >= TIMESTAMP '2026-03-02T09:00:00.{time}Z'");
        let rows = context.sql(&sql).await.unwrap().collect().await.unwrap();
        rows[0].column(0).as_primitive::<Int64Type>().value(0)
    };
    assert_eq!((since("002700").await, since("002701").await, since("009001").await), (2, 1, 0));
    assert_eq!(table.with_instants("at", NINE + 2_700..=NINE + 8_999).unwrap().row_count(), Some(2));
}

#[tokio::test]
async fn a_file_without_an_instant_in_the_range_is_not_looked_into() {
    let folder = TempDir::new().unwrap();
    let table = files(&folder, &[&[None, None, None], &[None, Some(NINE)]]).await;
    let rows = |range| table.with_instants("at", range).unwrap().row_count();
    assert_eq!(rows(i64::MIN..=i64::MAX), Some(2));
    assert_eq!(rows(i64::MIN..=NINE - 1), Some(0));
    assert_eq!(rows(NINE..=NINE), Some(2));
    assert!(table.with_instants("elsewhere", 0..=1).is_err());
}
