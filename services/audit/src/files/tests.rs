//! Files of two row groups, written with and without statistics.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use arrow::array::{ArrayRef, BinaryArray};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use std::collections::HashMap;
use std::sync::Arc;
use tempfile::TempDir;

/// Offsets 0 to 9 of partition 0, then 100 to 109 of partition 1; `word` is the offset as text.
fn file(folder: &TempDir, statistics: EnabledStatistics) -> DataFile {
    let offsets: Vec<i64> = (0..10).chain(100..110).collect();
    let words = offsets.iter().map(ToString::to_string);
    let columns: [(&str, ArrayRef); 4] = [
        ("topic", Arc::new(StringArray::from(vec!["t"; 20]))),
        ("partition", Arc::new(Int32Array::from_iter_values((0..20).map(|row| row / 10)))),
        ("word", Arc::new(StringArray::from_iter_values(words))),
        ("offset", Arc::new(Int64Array::from(offsets))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let path = folder.path().join(format!("{statistics:?}.parquet"));
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(10))
        .set_statistics_enabled(statistics)
        .build();
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let partition_values = HashMap::from([("event_date".to_owned(), Some("2026-03-02".to_owned()))]);
    DataFile { path, partition_values }
}

fn found(files: &Files, topic: &str, partition: i32, offsets: Range<i64>) -> Vec<Option<Cell>> {
    let place = Place { cluster: None, topic: topic.to_owned(), partition };
    let mut words = Vec::new();
    let mut take = |_: &DataFile, batch: &RecordBatch| {
        words.extend((0..batch.num_rows()).map(|row| cell(&batch["word"], row).unwrap()));
        Ok(())
    };
    files.scan(&place, &offsets, &["word"], &mut take).unwrap();
    words
}

fn words(offsets: Range<i64>) -> Vec<Option<Cell>> {
    offsets.map(|offset| Some(Cell::Text(offset.to_string()))).collect()
}

#[test]
fn rows_are_found_by_topic_partition_and_offset_with_and_without_statistics() {
    let folder = TempDir::new().unwrap();
    for statistics in [EnabledStatistics::Chunk, EnabledStatistics::None] {
        let files = Files::index(vec![file(&folder, statistics)]).unwrap();
        assert_eq!(files.groups.len(), 2);
        assert_eq!(found(&files, "t", 0, 3..7), words(3..7), "{statistics:?}");
        assert_eq!(found(&files, "t", 1, 0..i64::MAX), words(100..110), "{statistics:?}");
        assert_eq!(found(&files, "t", 0, 100..110), [], "{statistics:?}");
        assert_eq!(found(&files, "other", 0, 0..10), [], "{statistics:?}");
    }
}

#[test]
fn statistics_say_which_row_groups_can_be_left_out() {
    let folder = TempDir::new().unwrap();
    let files = Files::index(vec![file(&folder, EnabledStatistics::Chunk)]).unwrap();
    let may_hold = |partition, offsets: Range<i64>| {
        files.groups.iter().map(|group| group.may_hold(partition, &offsets)).collect::<Vec<_>>()
    };
    assert_eq!(may_hold(0, 9..10), [true, false]);
    assert_eq!(may_hold(0, 10..200), [false, false]);
    assert_eq!(may_hold(1, 0..100), [false, false]);
    assert_eq!(may_hold(1, 109..110), [false, true]);
    assert_eq!((files.end_of(0), files.end_of(1), files.end_of(2)), (10, 110, 0));
    let unknown = Files::index(vec![file(&folder, EnabledStatistics::None)]).unwrap();
    assert!(unknown.groups.iter().all(|group| group.may_hold(7, &(5..6))));
}

#[test]
fn the_partition_of_the_table_comes_from_the_log() {
    let folder = TempDir::new().unwrap();
    let file = file(&folder, EnabledStatistics::Chunk);
    // 2 March 2026 is day 20,514.
    assert_eq!(partition_cell(&file, "event_date"), Some(Cell::Day(20_514)));
    assert_eq!(partition_cell(&file, "event_month"), None);
}

#[test]
fn bytes_are_bytes_however_wide_and_a_type_of_no_table_is_named() {
    let three = BinaryArray::from_iter([Some(b"abc"), None]);
    assert_eq!(cell(&three, 0), Ok(Some(Cell::Bytes(b"abc".to_vec()))));
    assert_eq!(cell(&three, 1), Ok(None));
    assert_eq!(cell(&arrow::array::Float64Array::from(vec![1.5]), 0), Err("Float64".to_owned()));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let missing = DataFile { path: "no/such.parquet".into(), partition_values: HashMap::new() };
    let error = Files::index(vec![missing]).unwrap_err();
    assert!(error.to_string().contains("no/such.parquet"), "{error}");
}
