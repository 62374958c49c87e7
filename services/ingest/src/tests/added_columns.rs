//! Rows of schemas that a registry gave: what their added fields become before they are stored, and
//! which records wait.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::sink::alike;
use crate::tests::parts::{key, source};
use crate::{Chunk, ChunkRows, Ids, RowBuilder};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Decimal128Type, Int64Type};
use schemas::{Event, Pii, Refusal, Value, WideSchema, catalogue, event_id, frame};
use serde_json::{Value as Json, json};

fn builder() -> RowBuilder {
    RowBuilder::with_columns(source(), WideSchema::of(source()), Ids::OfRegistry, key())
}

/// The released schema with these entries behind its own.
pub(super) fn schema(entries: &[Json]) -> String {
    let mut schema: Json = serde_json::from_str(&catalogue().latest("contact_answered").unwrap().schema).unwrap();
    schema["fields"].as_array_mut().unwrap().extend_from_slice(entries);
    schema.to_string()
}

/// A record of a schema under this id, with these bytes behind those of the released one.
pub(super) fn record(id: u32, more: &[u8]) -> Vec<u8> {
    let event = Event::new("contact_answered")
        .with("event_id", event_id("s", "contact_answered", "1"))
        .with("occurred_at", Value::TimestampMicros(0))
        .with("source", "s")
        .with("initial_contact_id", "C1")
        .with("contact_id", "C1")
        .with("queue_visit_id", "V1")
        .with("wait_ms", 7_i64);
    let record = event.to_record().unwrap();
    frame::join(id, &[frame::split(&record).unwrap().1, more].concat())
}

fn rows(builder: &mut RowBuilder, records: &[Vec<u8>], accepted: i64) -> ChunkRows {
    let mut chunk = Chunk::default();
    for (offset, record) in (0..).zip(records) {
        chunk.push(record, offset, None);
    }
    builder.rows(&chunk, &source().topic, 0, 0, accepted).unwrap()
}

fn columns(builder: &RowBuilder) -> WideSchema {
    WideSchema::of_table(source(), builder.table_schema().fields()).unwrap()
}

fn one(rows: &ChunkRows) -> &RecordBatch {
    let [batch] = rows.batches.as_slice() else { panic!("{:?}", rows.batches) };
    batch
}

#[test]
fn an_added_identifier_is_a_token_and_an_added_place_is_coarse() {
    let decimal = json!({"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 4});
    let schema = schema(&[
        json!({"name": "caller", "type": "string", "pii": "phone", "identifies": "customer"}),
        json!({"name": "north", "type": decimal, "pii": "location", "minimum": "-90", "maximum": "90"}),
        json!({"name": "spoken_to", "type": "string", "pii": "name"}),
    ]);
    let mut builder = builder();
    assert_eq!(builder.admit(7, &schema, WideSchema::of(source())).unwrap(), []);
    // "01632 960123"; 51.2349 in units of the last place; "Ann".
    let place = 512_349_i32.to_be_bytes();
    let more = [[24].as_slice(), b"01632 960123", &[8], &place, &[6], b"Ann"].concat();
    let rows = rows(&mut builder, &[record(7, &more)], 0);
    let batch = one(&rows);
    let token = key().token(Pii::Phone, "+441632960123").unwrap();
    assert_eq!(batch["caller"].as_string::<i32>().value(0), token);
    assert_eq!(batch["customer_tokens"].as_list::<i32>().value(0).as_string::<i32>().value(0), token);
    assert_eq!(batch["north"].as_primitive::<Decimal128Type>().value(0), 512_300);
    assert!(batch.column_by_name("spoken_to").is_none());
    assert_eq!(batch.schema(), builder.table_schema());
}

#[test]
fn batches_of_before_and_after_a_column_was_added_go_into_one_file() {
    let mut builder = builder();
    builder.admit(1, &schema(&[]), WideSchema::of(source())).unwrap();
    let before = rows(&mut builder, &[record(1, &[])], 0);
    let columns = columns(&builder);
    builder.admit(2, &schema(&[json!({"name": "music_ms", "type": "long"})]), columns).unwrap();
    // 3 is 6 in zigzag. The older schema goes on beside the newer.
    let after = rows(&mut builder, &[record(2, &[6]), record(1, &[])], 0);
    let batches: Vec<RecordBatch> = [before.batches, after.batches].concat();
    assert_eq!(batches.len(), 3);
    let (schema, padded) = alike(&batches[0].schema(), batches.iter()).unwrap();
    assert_eq!(schema, builder.table_schema());
    let music = padded.iter().flat_map(|batch| batch["music_ms"].as_primitive::<Int64Type>().iter());
    let mut music: Vec<Option<i64>> = music.collect();
    music.sort_unstable();
    assert_eq!(music, [None, None, Some(3)]);
    assert!(padded.iter().all(|batch| batch.schema() == schema && batch.num_rows() == 1));
}

/// Where a registry gives the ids, those of this build mean nothing.
#[test]
fn no_record_is_read_by_an_id_that_was_not_asked_for() {
    let id = catalogue().latest("contact_answered").unwrap().id;
    let mut builder = builder();
    let first = rows(&mut builder, &[record(id, &[])], 0);
    assert_eq!((first.batches.len(), first.unknown_schema), (0, Some((0, id))));
    // What a steward has accepted is bad only once it is known that it cannot be read.
    let accepted = rows(&mut builder, &[record(id, &[])], 1);
    assert_eq!((accepted.bad.len(), accepted.unknown_schema), (0, Some((0, id))));
    builder.refuse(id);
    let refused = rows(&mut builder, &[record(id, &[]), record(id, &[])], 1);
    assert_eq!(refused.unknown_schema, Some((1, id)));
    let [bad] = refused.bad.as_slice() else { panic!("{:?}", refused.bad) };
    assert_eq!((bad.offset, bad.reason), (0, Refusal::UnknownSchema));
    builder.admit(id, &schema(&[]), WideSchema::of(source())).unwrap();
    assert_eq!(one(&rows(&mut builder, &[record(id, &[])], 0)).num_rows(), 1);
}
