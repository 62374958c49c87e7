//! Maintenance on real tables on disk: what a reader sees stays what it was, whoever else is at work
//! and wherever a run ends.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod compaction;
mod cut_short;
mod log;
mod retention;
mod rewriters;
mod unused_files;

use super::{Appended, Care, Policy, Retention, Run, maintain};
use crate::{Commit, Committed, Files, Lake, Span, Table, TableSpec};
use arrow::array::{
    ArrayRef, Date32Array, Int64Array, ListBuilder, RecordBatch, StringArray, StringBuilder,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::util::display::array_value_to_string;
use datafusion::datasource::physical_plan::FileGroup;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::collect;
use schemas::field::{text_list_type, timestamp_type};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;
use tempfile::TempDir;

const HOUR_MS: i64 = 3_600_000;
const PARTITION_FENCE: &str = "v1/c/t/0";

/// A lake with one table of events, in a folder that goes with it.
struct Shelf {
    folder: TempDir,
    lake: Lake,
    table: Table,
    next_offset: i64,
}

impl Shelf {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let lake = Lake::open_or_create(folder.path()).unwrap();
        let table = lake.open_or_create_table(&spec()).await.unwrap();
        Self { folder, lake, table, next_offset: 0 }
    }

    /// Commits a file of one row for each subject, as ingest does: its offsets with it.
    async fn append(&mut self, day: i32, subjects: &[&str]) {
        self.append_at_once(day, &[subjects]).await;
    }

    /// Commits several files, each of one row for each subject, at once.
    async fn append_at_once(&mut self, day: i32, files: &[&[&str]]) {
        let (spec, mut written) = (spec(), Files::default());
        for subjects in files {
            let rows = rows(subjects, self.next_offset, day);
            written.adds.extend(self.table.write(&spec, &[rows]).await.unwrap().adds);
            self.next_offset += subjects.len() as i64;
        }
        let start = self.table.positions().get(PARTITION_FENCE).copied();
        let spans = vec![Span { fence: PARTITION_FENCE.to_owned(), start, end: self.next_offset }];
        let committed = self.table.commit(Commit { files: written, spans, ..Commit::default() }).await.unwrap();
        assert!(matches!(committed, Committed::Landed(_)), "{committed:?}");
    }

    async fn append_files(&mut self, day: i32, files: usize) {
        for file in 0..files {
            self.append(day, &[&format!("s{file}"), "b", "a"]).await;
        }
    }

    /// Another process's hold on the table, at its newest version.
    async fn reopened(&self) -> Table {
        self.lake.open_table("events").await.unwrap().unwrap()
    }

    /// The rows of the newest version.
    async fn rows(&self) -> Vec<String> {
        rows_of(&self.reopened().await).await
    }

    async fn rows_at(&self, version: u64) -> Vec<String> {
        rows_of(&self.lake.open_table_at("events", version).await.unwrap()).await
    }

    fn files(&self) -> usize {
        data_files(&self.folder.path().join("events")).len()
    }

    /// The time on the disk's clock, so many hours later, milliseconds since 1970.
    fn hours_later(&self, hours: i64) -> i64 {
        let beat = self.folder.path().join("clock");
        std::fs::write(&beat, "").unwrap();
        let now = std::fs::metadata(&beat).unwrap().modified().unwrap();
        now.duration_since(UNIX_EPOCH).unwrap().as_millis() as i64 + hours * HOUR_MS
    }
}

fn spec() -> TableSpec {
    let schema = Schema::new(vec![
        Field::new("source", DataType::Utf8, false),
        Field::new("subject", DataType::Utf8, false),
        Field::new("occurred_at", timestamp_type(), false),
        Field::new("tokens", text_list_type(), true),
        Field::new("offset", DataType::Int64, false),
        Field::new("day", DataType::Date32, false),
    ]);
    TableSpec {
        name: "events".to_owned(),
        schema: Arc::new(schema),
        partition_column: Some("day".to_owned()),
        sort_columns: ["source", "subject", "occurred_at"].map(str::to_owned).to_vec(),
    }
}

/// One row for each subject. Later rows happened earlier; every other one has tokens.
fn rows(subjects: &[&str], first_offset: i64, day: i32) -> RecordBatch {
    let offsets: Vec<i64> = (first_offset..).take(subjects.len()).collect();
    let times = offsets.iter().map(|offset| 1_000_000 - offset);
    let mut tokens = ListBuilder::new(StringBuilder::new()).with_field(match text_list_type() {
        DataType::List(item) => item,
        other => panic!("{other} is no list"),
    });
    for offset in &offsets {
        tokens.append_option((offset % 2 == 0).then(|| [Some(format!("t{offset}")), Some("x".to_owned())]));
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(subjects.iter().map(|_| "bank"))),
        Arc::new(StringArray::from_iter_values(subjects)),
        Arc::new(TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC")),
        Arc::new(tokens.finish()),
        Arc::new(Int64Array::from(offsets)),
        Arc::new(Date32Array::from(vec![day; subjects.len()])),
    ];
    RecordBatch::try_new(spec().schema, columns).unwrap()
}

fn care() -> Care {
    let appended = Some(Appended { sort_columns: spec().sort_columns, retention: None });
    Care { table: "events".to_owned(), retained: Vec::new(), appended }
}

/// Files are small below 1 MiB and put together by threes; unused ones are looked for each time.
fn policy(now_ms: i64) -> Policy {
    Policy { small_bytes: 1 << 20, small_files: 3, vacuum_every_ms: 0, ..Policy::at(now_ms, 64 << 20) }
}

/// Every row of a version with all its columns, as text, in order.
async fn rows_of(table: &Table) -> Vec<String> {
    let batches = batches_of(table).await;
    let of_batch = |batch: &RecordBatch| (0..batch.num_rows()).map(|row| text(batch, row)).collect::<Vec<_>>();
    let mut rows: Vec<String> = batches.iter().flat_map(of_batch).collect();
    rows.sort();
    rows
}

/// The rows of a version, as readers see them, file by file.
async fn batches_of(table: &Table) -> Vec<RecordBatch> {
    let snapshot = table.snapshot().unwrap();
    let log = table.delta.snapshot().unwrap();
    let files = log.log_data().iter().map(|file| snapshot.partitioned_file(&file).unwrap()).collect::<Vec<_>>();
    if files.is_empty() {
        return Vec::new();
    }
    collect(snapshot.scan_of(FileGroup::new(files)), Arc::new(TaskContext::default())).await.unwrap()
}

fn text(batch: &RecordBatch, row: usize) -> String {
    let values = batch.columns().iter().map(|column| array_value_to_string(column, row).unwrap());
    values.collect::<Vec<_>>().join(" | ")
}

/// The data files below a folder.
fn data_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() && !path.ends_with("_delta_log") {
            found.extend(data_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "parquet") {
            found.push(path);
        }
    }
    found.sort();
    found
}
