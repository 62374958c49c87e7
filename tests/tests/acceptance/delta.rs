//! The lake as a stranger reads it: the Delta log as JSON, the files as Parquet, no code of ours.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int32Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The actions of every commit, by version.
pub(crate) fn log(table: &Path) -> BTreeMap<u64, Vec<Json>> {
    commits(table).into_iter().map(|(version, path)| (version, actions(&path))).collect()
}

/// The actions of one commit; none where the log does not hold it.
pub(crate) fn commit(table: &Path, version: u64) -> Vec<Json> {
    commits(table).get(&version).map(|path| actions(path)).unwrap_or_default()
}

/// The newest version.
pub(crate) fn version(table: &Path) -> u64 {
    commits(table).keys().max().copied().unwrap_or_default()
}

/// The files of the log, by version.
pub(crate) fn commits(table: &Path) -> BTreeMap<u64, PathBuf> {
    let Ok(entries) = fs::read_dir(table.join("_delta_log")) else { return BTreeMap::new() };
    let version = |path: &PathBuf| path.file_name()?.to_str()?.strip_suffix(".json")?.parse().ok();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter_map(|path| Some((version(&path)?, path))).collect()
}

fn actions(commit: &Path) -> Vec<Json> {
    let text = fs::read_to_string(commit).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The rows of the files that the log holds now.
pub(crate) fn rows(table: &Path) -> Vec<RecordBatch> {
    let mut files = BTreeSet::new();
    for action in log(table).into_values().flatten() {
        if let Some(path) = action["add"]["path"].as_str() {
            files.insert(path.to_owned());
        }
        if let Some(path) = action["remove"]["path"].as_str() {
            files.remove(path);
        }
    }
    let read = |path: &String| {
        let file = File::open(table.join(path)).unwrap();
        ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().map(Result::unwrap)
    };
    files.iter().flat_map(read).collect()
}

/// The subject of each (partition, offset) of the events table; a coordinate that is there twice is
/// a failure.
pub(crate) fn coordinates(table: &Path) -> BTreeMap<(i32, i64), String> {
    let mut found = BTreeMap::new();
    for batch in rows(table) {
        let partition = batch.column_by_name("partition").unwrap().as_primitive::<Int32Type>().clone();
        let offset = batch.column_by_name("offset").unwrap().as_primitive::<Int64Type>().clone();
        let subject = batch.column_by_name("initial_contact_id").unwrap().as_string::<i32>().clone();
        for row in 0..batch.num_rows() {
            let place = (partition.value(row), offset.value(row));
            let before = found.insert(place, subject.value(row).to_owned());
            assert!(before.is_none(), "{place:?} is in the events table twice");
        }
    }
    found
}

/// Every cell of a table, as text.
pub(crate) fn cells(table: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for batch in rows(table) {
        for column in batch.columns() {
            let shown = |row| arrow::util::display::array_value_to_string(column, row).unwrap();
            texts.extend((0..batch.num_rows()).filter(|row| column.is_valid(*row)).map(shown));
        }
    }
    texts
}
