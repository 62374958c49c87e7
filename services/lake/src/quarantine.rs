//! The quarantine table: what ingest writes and every reader finds.

use crate::TableSpec;
use arrow::datatypes::{DataType, Field, Schema};
use std::sync::Arc;

/// Name of the quarantine table.
pub const QUARANTINE_TABLE: &str = "quarantine";

/// The quarantine: one row for each try to ingest a bad record. Which of them count is decided by
/// the position of the events table alone.
pub fn quarantine_table() -> TableSpec {
    let time = schemas::field::timestamp_type;
    let schema = Schema::new(vec![
        Field::new("cluster", DataType::Utf8, false),
        Field::new("topic", DataType::Utf8, false),
        Field::new("partition", DataType::Int32, false),
        Field::new("offset", DataType::Int64, false),
        Field::new("source", DataType::Utf8, false),
        Field::new("schema_id", DataType::Int64, true),
        Field::new("reason", DataType::Utf8, false),
        Field::new("kafka_time", time(), true),
        Field::new("quarantined_at", time(), false),
        Field::new("size_bytes", DataType::Int64, false),
        Field::new("sealed_bytes", DataType::Binary, false),
        Field::new("content_mac", DataType::Binary, true),
        Field::new("ingest_date", DataType::Date32, false),
    ]);
    TableSpec {
        name: QUARANTINE_TABLE.to_owned(),
        schema: Arc::new(schema),
        partition_column: Some("ingest_date".to_owned()),
        sort_columns: vec!["topic".to_owned(), "partition".to_owned(), "offset".to_owned()],
    }
}
