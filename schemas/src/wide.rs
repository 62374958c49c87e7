//! A source's one wide table: the Avro schema that every event type is read into, and the Arrow
//! schema of the lake table. Both are generated from the typed schemas.

use crate::field::{DECIMAL_PRECISION, DECIMAL_SCALE, text_list_type, timestamp_type};
use crate::{Field, FieldKind, PartitionBy, Source};
use arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef};
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// Name that writer and reader records are given, because Avro resolves records by name.
const RECORD_NAME: &str = "event";

/// The Avro reader schema of a source, as JSON.
pub fn reader_schema(source: &Source) -> String {
    record(source, source.columns().iter().map(reader_field).collect()).to_string()
}

/// A record with these fields, under the name that all event types of a source share.
pub(crate) fn record(source: &Source, fields: Json) -> Json {
    let namespace = format!("switchboard.{}", source.name);
    json!({"type": "record", "name": RECORD_NAME, "namespace": namespace, "fields": fields})
}

/// The columns that a decoder yields: the source's fields with the types of the lake.
pub fn decoded_schema(source: &Source) -> SchemaRef {
    let column = |field: &Field| ArrowField::new(&field.name, field.kind.arrow_type(), field.nullable);
    Arc::new(Schema::new(source.columns().iter().map(column).collect::<Vec<_>>()))
}

/// The lake table: `event_type`, the source's fields, `customer_tokens`, the Kafka coordinates
/// (`topic`, `partition`, `offset`, `ingested_at`), and the partition column last.
pub fn table_schema(source: &Source) -> SchemaRef {
    let mut fields = vec![ArrowField::new("event_type", DataType::Utf8, false)];
    fields.extend(decoded_schema(source).fields().iter().map(|field| field.as_ref().clone()));
    fields.extend([
        ArrowField::new("customer_tokens", text_list_type(), true),
        ArrowField::new("topic", DataType::Utf8, false),
        ArrowField::new("partition", DataType::Int32, false),
        ArrowField::new("offset", DataType::Int64, false),
        ArrowField::new("ingested_at", timestamp_type(), false),
        ArrowField::new(partition_column(source.partition), DataType::Date32, false),
    ]);
    Arc::new(Schema::new(fields))
}

/// The partition column: the UTC date of the event, or the first day of its UTC month.
pub fn partition_column(partition: PartitionBy) -> &'static str {
    match partition {
        PartitionBy::Date => "event_date",
        PartitionBy::Month => "event_month",
    }
}

fn reader_field(field: &Field) -> Json {
    match field.nullable {
        true => json!({"name": field.name, "type": ["null", avro_type(field)], "default": null}),
        false => json!({"name": field.name, "type": avro_type(field)}),
    }
}

/// The type of a field's values. An id is defined anew under the name of its field: the decoder looks
/// at no type that is given by its name alone.
pub(crate) fn avro_type(field: &Field) -> Json {
    match field.kind {
        FieldKind::Text => json!("string"),
        FieldKind::Long => json!("long"),
        FieldKind::Int => json!("int"),
        FieldKind::Boolean => json!("boolean"),
        FieldKind::Id => json!({"type": "fixed", "name": format!("{}_id", field.name), "size": 16}),
        FieldKind::Timestamp => json!({"type": "long", "logicalType": "timestamp-micros"}),
        FieldKind::Date => json!({"type": "int", "logicalType": "date"}),
        FieldKind::Decimal => json!({
            "type": "bytes", "logicalType": "decimal",
            "precision": DECIMAL_PRECISION, "scale": DECIMAL_SCALE,
        }),
        FieldKind::TextList => json!({"type": "array", "items": "string"}),
    }
}
