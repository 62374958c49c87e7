//! Writers' schemas that are not of this build: what the table can take is read as the table has it,
//! whatever the writer wrote beside it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::blocked::{ID, datum, decode, field, refused, sized, value, with_field, with_type};
use common::{cell, pass_samples};
use schemas::{Refusal, WriterDecoder, catalogue, frame};
use serde_json::{Value as Json, json};

#[test]
fn promotions_and_orders_of_a_union_give_the_values_of_the_table() {
    let text = json!({"type": "string", "avro.java.string": "String"});
    let cases = [
        ("sequence", json!(["null", "int"]), vec![2, 6], "3"),
        ("sequence", json!("int"), vec![6], "3"),
        ("sequence", json!(["long", "null"]), vec![0, 6], "3"),
        ("block_reason", json!("bytes"), sized("café".as_bytes()), "café"),
        ("block_reason", json!(["null", "bytes"]), [vec![2], sized(b"full")].concat(), "full"),
        ("block_reason", text.clone(), sized(b"full"), "full"),
        (
            "case_refs",
            json!({"type": "array", "items": "bytes"}),
            [vec![2], sized(b"a"), vec![0]].concat(),
            r#"["a"]"#,
        ),
        (
            "case_refs",
            json!({"type": "array", "items": text}),
            [vec![2], sized(b"a"), vec![0]].concat(),
            r#"["a"]"#,
        ),
        ("supersedes", json!("Uuid"), vec![9; 16], "09090909090909090909090909090909"),
        (
            "supersedes",
            json!(["switchboard.telephony.Uuid", "null"]),
            [vec![0], vec![9; 16]].concat(),
            "09090909090909090909090909090909",
        ),
    ];
    for (name, avro, bytes, expected) in cases {
        let decoded = decode(&with_type(name, &avro), &[datum(name, &bytes)]);
        assert_eq!(value(&decoded, name).as_deref(), Some(expected), "{name} {avro}");
        assert_eq!(value(&decoded, "queue_id").as_deref(), Some("queue"), "{name} {avro}");
    }
    let reversed = with_type("sequence", &json!(["long", "null"]));
    assert_eq!(value(&decode(&reversed, &[datum("sequence", &[2])]), "sequence"), None);
}

#[test]
fn what_only_some_data_lack_is_refused_in_those_alone() {
    let cases = [
        ("block_reason", json!(["null", "string"]), [vec![2], sized(b"full")].concat(), vec![0]),
        (
            "event_id",
            json!(["null", {"type": "fixed", "name": "Uuid", "size": 16}]),
            [vec![2], vec![7; 16]].concat(),
            vec![0],
        ),
        ("occurred_at", json!([{"type": "long", "logicalType": "timestamp-micros"}, "null"]), vec![0, 2], vec![2]),
        ("case_refs", json!(["null", {"type": "array", "items": "string"}]), vec![2, 0], vec![0]),
    ];
    for (name, avro, there, missing) in cases {
        let [there, missing] = [datum(name, &there), datum(name, &missing)];
        let decoded = decode(&with_type(name, &avro), &[missing.clone(), there.clone(), missing, there]);
        assert_eq!(decoded.rows, [1, 3], "{name}");
        assert_eq!(decoded.refused, [(0, Refusal::MissingValue), (2, Refusal::MissingValue)], "{name}");
        assert_eq!(cell(&decoded.batch, "queue_id", 1).as_deref(), Some("queue"), "{name}");
    }
}

/// A promoted value has the limits of the type that was written.
#[test]
fn a_number_that_was_written_as_an_int_fits_in_one() {
    let schema = with_type("sequence", &json!("int"));
    let data =
        [datum("sequence", &[0xfe, 0xff, 0xff, 0xff, 0x0f]), datum("sequence", &[0x80, 0x80, 0x80, 0x80, 0x10])];
    let decoded = decode(&schema, &data);
    assert_eq!(decoded.refused, [(1, Refusal::BadNumber)]);
    assert_eq!(cell(&decoded.batch, "sequence", 0).as_deref(), Some("2147483647"));
    let bytes = with_type("block_reason", &json!("bytes"));
    assert_eq!(decode(&bytes, &[datum("block_reason", &sized(&[0xff]))]).refused, [(0, Refusal::NotUtf8)]);
}

#[test]
fn a_field_that_no_table_has_is_passed_over() {
    let any = json!([
        "null", "boolean", "int", "long", "float", "double", "bytes", "string",
        {"type": "fixed", "name": "f", "size": 3},
        {"type": "array", "items": {"type": "record", "name": "r", "fields": [
            {"name": "source", "type": "string"}, {"name": "again", "type": ["null", "f"]},
        ]}},
    ]);
    let schema = with_field(json!({"name": "new", "type": any, "aliases": ["sequence", "skill"]}));
    let mut record = vec![vec![18, 3, 12]];
    record.push([sized(b"x"), vec![0]].concat());
    record.push([sized(b"y"), vec![2, 1, 2, 3]].concat());
    record.push(vec![0]);
    let size = record[1].len() + record[2].len();
    record[0] = vec![18, 3, size as u8 * 2];
    for bytes in [vec![0], vec![2, 1], vec![8, 1, 2, 3, 4], vec![14, 2, b'x'], vec![16, 1, 2, 3], record.concat()]
    {
        let decoded = decode(&schema, &[datum("new", &bytes), datum("new", &bytes)]);
        assert_eq!(decoded.rows, [0, 1], "{bytes:02x?}");
        assert_eq!(value(&decoded, "sequence").as_deref(), Some("3"), "an alias of the writer is no name");
        assert_eq!(value(&decoded, "skill"), None, "an alias of the writer is no name");
    }
    for (bytes, why) in
        [(&[20][..], Refusal::BadChoice), (&[14, 2, 0xff], Refusal::NotUtf8), (&[18, 1, 8, 0], Refusal::Truncated)]
    {
        assert_eq!(decode(&schema, &[datum("new", bytes)]).refused, [(0, why)], "{bytes:02x?}");
    }
}

/// One name has one type in a source, so a field that another event type has is that column.
#[test]
fn a_field_of_another_event_type_is_its_column() {
    let schema = with_field(json!({"name": "priority", "type": "int"}));
    assert_eq!(value(&decode(&schema, &[datum("priority", &[10])]), "priority").as_deref(), Some("5"));
    assert!(
        refused(&with_field(json!({"name": "priority", "type": "string"})))
            .contains("string cannot be read as int")
    );
}

/// A type is its full name: `Uuid` of elsewhere may be of any size.
#[test]
fn names_have_their_namespaces() {
    let mut schema = with_field(
        json!({"name": "other", "type": {"type": "fixed", "name": "Uuid", "namespace": "elsewhere", "size": 2}}),
    );
    schema["fields"].as_array_mut().unwrap().push(json!({"name": "third", "type": "elsewhere.Uuid"}));
    schema["fields"].as_array_mut().unwrap().push(json!({"name": "fourth", "type": ["null", "Uuid"]}));
    schema["namespace"] = "council.telephony".into();
    let decoded = decode(
        &schema,
        &[datum("", &[1, 2, 3, 4, 0]), datum("", &[[1, 2, 3, 4, 2].as_slice(), &[0; 16]].concat())],
    );
    assert_eq!(decoded.rows, [0, 1]);
}

/// The limits of a number are those of this build, whatever the writer says.
#[test]
fn limits_are_those_of_the_table() {
    let sample =
        pass_samples().into_iter().find(|one| one.file == "report_confirmed.on_the_limits.pass.json").unwrap();
    let record = sample.record();
    let (_, good) = frame::split(&record).unwrap();
    let mut schema: Json = serde_json::from_str(&catalogue().latest("report_confirmed").unwrap().schema).unwrap();
    let latitude = field(&mut schema, "latitude").as_object_mut().unwrap();
    latitude.remove("minimum");
    latitude.insert("maximum".to_owned(), json!(1));
    let mut decoder = WriterDecoder::admit(sample.source(), ID, &schema.to_string()).unwrap();
    let mut outside = good.to_vec();
    let [limit, below] = [-900_000_i64, -900_001].map(|units| sized(&units.to_be_bytes()));
    let at = good.windows(limit.len()).position(|bytes| bytes == limit).unwrap();
    outside.splice(at..at + limit.len(), below);
    let decoded = decoder.decode(&[&frame::join(ID, good), &frame::join(ID, &outside)]).unwrap();
    assert_eq!((decoded.rows, decoded.refused), (vec![0], vec![(1, Refusal::NumberOutOfRange)]));
}
