//! A copy of a lake, damaged on purpose: by commits written by hand and files rewritten.

use crate::delta;
use crate::world::copy;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{concat, concat_batches};
use arrow::datatypes::Int32Type;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value as Json, json};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) struct Damaged {
    folder: TempDir,
}

impl Damaged {
    pub(crate) fn copy_of(lake: &Path) -> Self {
        let folder = TempDir::new().unwrap();
        copy(lake, &folder.path().join("lake"));
        Self { folder }
    }

    pub(crate) fn lake(&self) -> PathBuf {
        self.folder.path().join("lake")
    }

    /// Takes the largest file out of the table; says how many rows it had.
    pub(crate) fn lose_a_file(&self, table: &str) -> usize {
        let (add, rows) = self.largest(table);
        self.commit(table, &[removal(&add)]);
        rows.num_rows()
    }

    /// Adds the largest file a second time under another name; says how many rows it has.
    pub(crate) fn add_a_file_again(&self, table: &str) -> usize {
        let (add, rows) = self.largest(table);
        self.commit(table, &[self.written(table, &add, &rows)]);
        rows.num_rows()
    }

    /// Puts the largest file into another partition of the table; says how many rows it has.
    pub(crate) fn misfile(&self, table: &str, column: &str, value: &str) -> usize {
        let (add, rows) = self.largest(table);
        let mut other = self.written(table, &add, &rows);
        other["add"]["partitionValues"][column] = json!(value);
        self.commit(table, &[removal(&add), other]);
        rows.num_rows()
    }

    /// Changes one value in the largest file, or in the largest that has rows of that partition of
    /// Kafka: that of the first such row.
    pub(crate) fn change(&self, table: &str, partition: Option<i32>, column: &str, to: &dyn Array) {
        let row = |rows: &RecordBatch| {
            let partitions = rows.column_by_name("partition").unwrap().as_primitive::<Int32Type>().values();
            partitions.iter().position(|one| partition.is_none_or(|wanted| wanted == *one))
        };
        let files = self.files(table).filter_map(|(add, rows)| row(&rows).map(|row| (add, rows, row)));
        let (add, rows, row) = files.max_by_key(|(_, rows, _)| rows.num_rows()).unwrap();
        let place = rows.schema().index_of(column).unwrap();
        let before = rows.column(place).slice(0, row);
        let after = rows.column(place).slice(row + 1, rows.num_rows() - row - 1);
        let mut columns: Vec<ArrayRef> = rows.columns().to_vec();
        columns[place] = concat(&[&before, to, &after]).unwrap();
        let changed = RecordBatch::try_new(rows.schema(), columns).unwrap();
        self.commit(table, &[removal(&add), self.written(table, &add, &changed)]);
    }

    /// Moves a position.
    pub(crate) fn set_position(&self, table: &str, fence: &str, position: i64) {
        self.commit(table, &[json!({"txn": {"appId": fence, "version": position}})]);
    }

    /// The add action of the file with the most rows, and the rows.
    fn largest(&self, table: &str) -> (Json, RecordBatch) {
        self.files(table).max_by_key(|(_, rows)| rows.num_rows()).unwrap()
    }

    /// The add action of each file of the table, and its rows.
    fn files(&self, table: &str) -> impl Iterator<Item = (Json, RecordBatch)> {
        let table = self.lake().join(table);
        let actions: Vec<Json> = delta::log(&table).into_values().flatten().collect();
        let removed: Vec<Json> = actions.iter().map(|action| action["remove"]["path"].clone()).collect();
        let adds = actions.into_iter().filter(|action| action["add"].is_object());
        adds.filter(move |add| !removed.contains(&add["add"]["path"])).map(move |add| {
            let file = File::open(table.join(add["add"]["path"].as_str().unwrap())).unwrap();
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
            let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
            (add, concat_batches(&batches[0].schema(), &batches).unwrap())
        })
    }

    /// The action that adds these rows as a new file, described as the other is.
    fn written(&self, table: &str, like: &Json, rows: &RecordBatch) -> Json {
        let path = like["add"]["path"].as_str().unwrap().replace("part-", "other-");
        let file = File::create(self.lake().join(table).join(&path)).unwrap();
        let mut writer = ArrowWriter::try_new(file, rows.schema(), None).unwrap();
        writer.write(rows).unwrap();
        writer.close().unwrap();
        let mut add = like.clone();
        add["add"]["path"] = json!(path);
        add
    }

    fn commit(&self, table: &str, actions: &[Json]) {
        let table = self.lake().join(table);
        let path = table.join(format!("_delta_log/{:020}.json", delta::version(&table) + 1));
        let lines: Vec<String> = actions.iter().map(Json::to_string).collect();
        fs::write(path, lines.join("\n")).unwrap();
    }
}

fn removal(add: &Json) -> Json {
    let add = &add["add"];
    json!({"remove": {"path": add["path"], "partitionValues": add["partitionValues"], "size": add["size"],
        "deletionTimestamp": 0, "dataChange": true, "extendedFileMetadata": true}})
}
