//! Writers' schemas that are not of this build: what the table cannot take is refused at once and
//! by name.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::blocked::{ID, field, parts, refused, schema, telephony, with_field, with_type};
use schemas::{WriterDecoder, catalogue};
use serde_json::{Value as Json, json};

#[test]
fn a_type_that_the_table_cannot_take_is_refused_by_name() {
    let decimal = |precision, scale| json!({"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale});
    let long = |logical: &str| json!({"type": "long", "logicalType": logical});
    let bad = [
        ("block_reason", json!("long"), "long cannot be read as string"),
        (
            "block_reason",
            json!({"type": "enum", "name": "e", "symbols": ["full"]}),
            "enums are not part of the wire contract",
        ),
        ("block_reason", json!({"type": "map", "values": "string"}), "maps are not part of the wire contract"),
        (
            "block_reason",
            json!({"type": "string", "logicalType": "uuid"}),
            "uuid in string cannot be read as string",
        ),
        ("block_reason", json!("null"), "null cannot be read as string"),
        ("block_reason", json!(["null", "string", "long"]), "a union of null, string, long cannot be read"),
        ("block_reason", json!(["string"]), "a union of string cannot be read"),
        ("block_reason", json!("Uuid"), "fixed `Uuid` of 16 bytes cannot be read as string"),
        (
            "block_reason",
            json!({"type": "record", "name": "r", "fields": []}),
            "record `switchboard.telephony.r` cannot be read as string",
        ),
        ("block_reason", json!("unknown"), "`unknown` is no fixed type that was defined before"),
        ("sequence", json!(["null", "double"]), "double cannot be read as long"),
        ("sequence", json!(["null", long("timestamp-micros")]), "timestamp-micros in long cannot be read as long"),
        ("occurred_at", json!("long"), "long cannot be read as timestamp-micros in long"),
        (
            "occurred_at",
            long("timestamp-millis"),
            "timestamp-millis in long cannot be read as timestamp-micros in long",
        ),
        ("occurred_at", long("local-timestamp-micros"), "cannot be read as timestamp-micros in long"),
        ("case_refs", json!("string"), "string cannot be read as array of string"),
        ("case_refs", json!({"type": "array", "items": ["null", "string"]}), "cannot be read as array of string"),
        ("case_refs", json!({"type": "array", "items": "null"}), "whose items take no bytes"),
        (
            "event_id",
            json!({"type": "fixed", "name": "Uuid", "size": 8}),
            "fixed `Uuid` of 8 bytes cannot be read as fixed `Uuid` of 16 bytes",
        ),
        (
            "supersedes",
            json!({"type": "fixed", "name": "Key", "size": 16}),
            "fixed `Key` of 16 bytes cannot be read as",
        ),
    ];
    for (name, avro, why) in bad {
        let message = refused(&with_type(name, &avro));
        assert!(message.starts_with("schema id 700: "), "{message}");
        assert!(message.contains("queue_blocked") && message.contains(&format!("field `{name}`")), "{message}");
        assert!(message.contains(why), "{avro}: {message}");
    }
    let reports = &catalogue().sources["fixmystreet"];
    let place: Json = serde_json::from_str(&reports.event("report_confirmed").unwrap().schema).unwrap();
    for (precision, scale) in [(18, 2), (10, 4), (38, 4)] {
        let mut place = place.clone();
        field(&mut place, "latitude")["type"] = json!(["null", decimal(precision, scale)]);
        let message = WriterDecoder::admit(reports, ID, &place.to_string()).unwrap_err().to_string();
        let why = format!("decimal({precision}, {scale}) in bytes cannot be read as decimal(18, 4) in bytes");
        assert!(message.contains(&why), "{message}");
    }
}

#[test]
fn a_record_that_is_none_of_the_source_is_refused() {
    let mut other = schema();
    other["name"] = "step_completed".into();
    assert!(
        refused(&other)
            .contains("`switchboard.telephony.step_completed`: is no event type of the source telephony")
    );
    assert!(refused(&json!({"type": "string"})).contains("no record"));
    assert!(WriterDecoder::admit(telephony(), ID, "not json").unwrap_err().to_string().contains("no JSON"));
    for (name, _) in parts() {
        let mut less = schema();
        less["fields"].as_array_mut().unwrap().retain(|field| field["name"] != name);
        if name == "event_id" {
            field(&mut less, "supersedes")["type"][1] = json!({"type": "fixed", "name": "Uuid", "size": 16});
        }
        let optional = ["sequence", "supersedes"].contains(&name);
        match WriterDecoder::admit(telephony(), ID, &less.to_string()) {
            Ok(_) => assert!(optional, "{name} is required"),
            Err(error) => {
                assert!(!optional && error.to_string().contains(&format!("`{name}` is required")), "{error}")
            }
        }
    }
    let twice = with_field(json!({"name": "source", "type": "string"}));
    assert!(refused(&twice).contains("field `source` is there twice"));
}
