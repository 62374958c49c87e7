//! Writer schemas of a registry: which are admitted, what becomes of the fields that this build does
//! not know, and that their records reach the columns that they add.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::cell;
use schemas::{
    Admitted, Catalogue, Error, Event, Field, FieldKind, Pii, Refusal, Source, Value, WideSchema, admit,
    catalogue, event_id, frame,
};
use serde_json::{Value as Json, json};
use std::sync::Arc;

fn source() -> &'static Source {
    &catalogue().sources["telephony"]
}

fn released(event: &str) -> Json {
    serde_json::from_str(&catalogue().latest(event).unwrap().schema).unwrap()
}

/// The newest `contact_answered` with these entries behind its own.
fn with(entries: &[Json]) -> Json {
    let mut schema = released("contact_answered");
    schema["fields"].as_array_mut().unwrap().extend_from_slice(entries);
    schema
}

/// The same with one of its own entries changed.
fn changed(name: &str, change: impl Fn(&mut Json)) -> Json {
    let mut schema = released("contact_answered");
    let mut entries = schema["fields"].as_array_mut().unwrap().iter_mut();
    change(entries.find(|entry| entry["name"] == name).unwrap());
    schema
}

fn added(name: &str, kind: Json) -> Json {
    json!({"name": name, "type": ["null", kind], "default": null})
}

fn marked(mut entry: Json, mark: &str) -> Json {
    entry["pii"] = mark.into();
    entry
}

fn decimal() -> Json {
    json!({"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 4})
}

fn verdict(schema: &Json) -> Result<Admitted, Error> {
    admit(source(), &WideSchema::of(source()), 7, &schema.to_string())
}

fn refused(schema: &Json) -> String {
    verdict(schema).unwrap_err().to_string()
}

#[test]
fn every_released_schema_is_admitted() {
    for one in catalogue().all_released() {
        let source = &catalogue().sources[&one.source];
        let admitted = admit(source, &WideSchema::of(source), 7, &one.schema).unwrap();
        assert_eq!(admitted.decoder.event_type(), one.event);
        assert_eq!((admitted.added, admitted.left_out), (vec![], vec![]));
    }
}

#[test]
fn what_is_no_event_type_of_the_source_is_refused() {
    let mut other = released("contact_answered");
    other["name"] = "contact_sneezed".into();
    let told = refused(&other);
    assert!(
        told.starts_with("schema id 7: record `switchboard.telephony.contact_sneezed`: is no event type"),
        "{told}"
    );
    assert!(
        told.contains("source telephony, which has") && told.contains("switchboard.telephony.contact_answered")
    );
    let mut elsewhere = released("contact_answered");
    elsewhere["namespace"] = "com.example".into();
    assert!(refused(&elsewhere).contains("`com.example.contact_answered`: is no event type"));
    let form = catalogue().latest("form_started").unwrap();
    let error = admit(source(), &WideSchema::of(source()), 7, &form.schema).unwrap_err().to_string();
    assert!(error.contains("switchboard.webform.form_started"), "{error}");
    for text in ["", "{", "\"string\"", "[]", r#"{"type":"record","name":"x"}"#] {
        let error = admit(source(), &WideSchema::of(source()), 7, text).unwrap_err();
        assert!(matches!(error, Error::Unreadable { schema_id: 7, .. }), "{text}: {error}");
    }
}

#[test]
fn a_name_may_be_written_whole_or_be_an_alias_of_ours() {
    let mut whole = released("contact_answered");
    whole["name"] = "switchboard.telephony.contact_answered".into();
    whole.as_object_mut().unwrap().remove("namespace");
    assert_eq!(verdict(&whole).unwrap().decoder.event_type(), "contact_answered");

    let mut ours = released("contact_ended");
    ours["aliases"] = json!(["call_finished", "com.example.CallOver"]);
    let toml = "topic = \"t\"\ntable = \"t\"\nsubject = \"initial_contact_id\"\npartition = \"date\"\n\
                order = [\"contact_ended\"]\n";
    let schema = ours.to_string();
    let files = [
        ("ids.toml", "schema = []"),
        ("telephony/source.toml", toml),
        ("telephony/contact_ended.avsc", schema.as_str()),
    ];
    let catalogue = Catalogue::load(&files).unwrap();
    let source = &catalogue.sources["telephony"];
    for (namespace, name) in [("switchboard.telephony", "call_finished"), ("com.example", "CallOver")] {
        let mut theirs = released("contact_ended");
        theirs["namespace"] = namespace.into();
        theirs["name"] = name.into();
        let admitted = admit(source, &WideSchema::of(source), 7, &theirs.to_string()).unwrap();
        assert_eq!(admitted.decoder.event_type(), "contact_ended");
    }
}

#[test]
fn what_does_not_resolve_is_named() {
    let mut lacking = released("contact_answered");
    lacking["fields"].as_array_mut().unwrap().retain(|entry| entry["name"] != "wait_ms");
    assert!(refused(&lacking).ends_with("field `wait_ms` is required and not there"));
    for (schema, problem) in [
        (
            changed("wait_ms", |entry| entry["type"] = "string".into()),
            "field `wait_ms`: string cannot be read as long",
        ),
        (changed("queue_id", |entry| entry["pii"] = "phone".into()), "marked phone in it, and not marked in the"),
        (changed("queue_id", |entry| entry["pii"] = "iban".into()), "marked iban in it, and not marked in the"),
        (changed("agent", |entry| entry["pii"] = "account".into()), "marked account in it, and agent in the"),
        (changed("queue_id", |entry| entry["identifies"] = "customer".into()), "stands for the customer in it"),
    ] {
        let told = refused(&schema);
        assert!(told.contains("switchboard.telephony.contact_answered") && told.contains(problem), "{told}");
    }
    for (kind, named) in [
        (json!({"type": "map", "values": "long"}), "maps"),
        (json!({"type": "enum", "name": "e", "symbols": ["a"]}), "enums"),
    ] {
        assert!(
            refused(&with(&[added("tags", kind)])).contains(&format!("{named} are not part of the wire contract"))
        );
    }
}

#[test]
fn what_resolves_is_admitted() {
    let java = json!({"type": "string", "avro.java.string": "String"});
    let mut without = released("contact_answered");
    without["fields"].as_array_mut().unwrap().retain(|entry| entry["name"] != "ring_ms");
    for schema in [
        without,
        changed("source", |entry| entry["type"] = java.clone()),
        changed("agent", |entry| *entry = json!({"name": "agent", "type": [java, "null"]})),
        changed("agent", |entry| *entry = json!({"name": "agent", "type": "string"})),
        changed("wait_ms", |entry| entry["type"] = "int".into()),
        changed("wait_ms", |entry| drop(entry.as_object_mut().unwrap().remove("doc"))),
    ] {
        let admitted = verdict(&schema).unwrap();
        assert_eq!((admitted.added, admitted.left_out), (vec![], vec![]));
    }
}

#[test]
fn added_numbers_times_and_ids_become_nullable_columns() {
    let kinds = [
        ("music_ms", json!("long"), FieldKind::Long),
        ("transfers", json!("int"), FieldKind::Int),
        ("recorded", json!("boolean"), FieldKind::Boolean),
        ("held_at", json!({"type": "long", "logicalType": "timestamp-micros"}), FieldKind::Timestamp),
        ("due_on", json!({"type": "int", "logicalType": "date"}), FieldKind::Date),
        ("cost", decimal(), FieldKind::Decimal),
        ("recording_id", json!("Uuid"), FieldKind::Id),
    ];
    for (name, kind, expected) in kinds {
        let required = json!({"name": name, "type": kind});
        for entry in [added(name, kind), required] {
            let admitted = verdict(&with(&[entry])).unwrap();
            let [field] = admitted.added.as_slice() else { panic!("{name}: {admitted:?}") };
            assert_eq!((field.name.as_str(), field.kind, field.nullable), (name, expected, true));
            assert_eq!(admitted.left_out, []);
            let table = WideSchema::of(source()).with(&admitted.added).table_schema();
            assert!(table.field_with_name(name).unwrap().is_nullable());
        }
    }
}

#[test]
fn a_text_is_stored_only_if_somebody_said_that_it_identifies_nobody() {
    let text = || added("mood", json!("string"));
    let listed = |mut entry: Json| {
        entry["values"] = json!(["calm", "angry"]);
        entry
    };
    let degrees = |mut entry: Json| {
        entry["minimum"] = "-90".into();
        entry["maximum"] = "90".into();
        entry
    };
    let metres = |mut entry: Json| {
        entry["maximum"] = "700000".into();
        entry
    };
    let customer = |mut entry: Json| {
        entry["identifies"] = "customer".into();
        entry
    };
    let texts = || added("moods", json!({"type": "array", "items": "string"}));
    let stored = [
        listed(text()),
        listed(texts()),
        listed(marked(text(), "location")),
        marked(text(), "phone"),
        marked(text(), "agent"),
        customer(marked(text(), "account")),
        marked(degrees(added("latitude_of_mast", decimal())), "location"),
    ];
    for entry in stored {
        let admitted = verdict(&with(std::slice::from_ref(&entry))).unwrap();
        assert_eq!((admitted.added.len(), admitted.left_out.len()), (1, 0), "{entry}");
        assert_eq!(admitted.added[0].pii.map(Pii::mark), entry["pii"].as_str());
    }
    let without_a_word = [marked(text(), "name"), marked(texts(), "free_text")];
    for entry in without_a_word {
        let admitted = verdict(&with(std::slice::from_ref(&entry))).unwrap();
        assert_eq!((admitted.added.len(), admitted.left_out.len()), (0, 0), "{entry}");
    }
    let left_out = [
        (text(), "nobody has said that it identifies nobody"),
        (texts(), "nobody has said that it identifies nobody"),
        (marked(text(), "location"), "nobody has said"),
        (marked(text(), "iban"), "unknown pii mark \"iban\""),
        (added("moods of callers", json!("long")), "no name of a column"),
        (added("2nd", json!("long")), "no name of a column"),
        (marked(added("number", json!("long")), "phone"), "only text can become a token"),
        (customer(listed(text())), "without a mark"),
        (customer(added("customer_number", json!("long"))), "without a mark"),
        (marked(added("easting", json!("long")), "location"), "only a decimal of degrees"),
        (marked(added("easting", decimal()), "location"), "do not say that it is in degrees"),
        (marked(metres(added("easting", decimal())), "location"), "do not say that it is in degrees"),
        (added("score", json!("double")), "is union of null, double, which no column holds"),
        (added("at", json!({"type": "long", "logicalType": "timestamp-millis"})), "timestamp-millis in long"),
        (added("key", json!({"type": "string", "logicalType": "uuid"})), "uuid in string"),
        (added("either", json!(["string", "long"])), "is union of string, long"),
    ];
    for (entry, why) in left_out {
        let entry =
            if entry["name"] == "either" { json!({"name": "either", "type": ["string", "long"]}) } else { entry };
        let admitted = verdict(&with(std::slice::from_ref(&entry))).unwrap();
        let [left] = admitted.left_out.as_slice() else { panic!("{entry}: {admitted:?}") };
        assert!(entry["name"] == left.field.as_str() && left.why.contains(why), "{left:?}");
        assert_eq!(admitted.added, []);
    }
}

#[test]
fn one_name_has_one_type_and_one_meaning() {
    // `queue_id` is known from this event type, `ivr_node` or such from others; the table holds `mood`.
    let of_others =
        source().event("queue_blocked").unwrap().fields.iter().find(|field| field.name == "block_reason");
    assert!(of_others.is_some_and(|field| field.kind == FieldKind::Text));
    let known = verdict(&with(&[added("block_reason", json!("string"))])).unwrap();
    assert_eq!((known.added, known.left_out), (vec![], vec![]));
    for (entry, problem) in [
        (added("block_reason", json!("long")), "field `block_reason`: long cannot be read as string"),
        (marked(added("block_reason", json!("string")), "phone"), "marked phone in it, and not marked"),
        (added("offset", json!("long")), "field `offset` has the name of a column that is filled otherwise"),
        (added("customer_tokens", json!("string")), "has the name of a column that is filled otherwise"),
        (added("Event_Date", json!("int")), "has the name of a column that is filled otherwise"),
        (added("Wait_ms", json!("long")), "differs from column `wait_ms` in upper and lower case alone"),
    ] {
        let told = refused(&with(&[entry]));
        assert!(told.contains(problem), "{told}");
    }
}

#[test]
fn the_table_remembers_what_was_added_and_how_it_was_marked() {
    let mut listed = added("mood", json!("string"));
    listed["values"] = json!(["calm"]);
    let mut caller = marked(added("caller", json!("string")), "phone");
    caller["identifies"] = "customer".into();
    let first = verdict(&with(&[listed, caller, added("music_ms", json!("long"))])).unwrap();
    let table = WideSchema::of(source()).with(&first.added).table_schema();
    let again = WideSchema::of_table(source(), table.fields()).unwrap();
    assert_eq!(again.table_schema(), table);
    let judge = |entry: Json| admit(source(), &again, 7, &with(&[entry]).to_string());
    // Said once, it need not be said again.
    let mood = judge(added("mood", json!("string"))).unwrap();
    assert_eq!((mood.added.len(), mood.left_out.len()), (1, 0));
    let caller = judge(added("caller", json!("string"))).unwrap();
    assert_eq!((caller.added[0].pii, caller.added[0].identifies_customer), (Some(Pii::Phone), true));
    for (entry, problem) in [
        (added("music_ms", json!("boolean")), "field `music_ms`: boolean cannot be read as long"),
        (marked(added("caller", json!("string")), "email"), "marked email in it, and phone in the table"),
        (marked(added("mood", json!("string")), "agent"), "marked agent in it, and not marked in the table"),
        (added("mood", json!(["string", "long"])), "a union"),
        (added("MOOD", json!("string")), "differs from column `mood`"),
    ] {
        let told = judge(entry).unwrap_err().to_string();
        assert!(told.contains(problem), "{told}");
    }
}

#[test]
fn a_column_of_somebody_else_is_left_alone_and_one_of_ours_must_be_ours() {
    use arrow::datatypes::{DataType, Field as ArrowField};
    let mut columns: Vec<ArrowField> =
        WideSchema::of(source()).table_schema().fields().iter().map(|field| field.as_ref().clone()).collect();
    columns.push(ArrowField::new("score", DataType::Float64, true));
    let table = WideSchema::of_table(source(), &columns.clone().into()).unwrap();
    assert_eq!(table, WideSchema::of_table(source(), &columns.clone().into()).unwrap());
    assert!(table.table_schema().field_with_name("score").is_err());
    let error = admit(source(), &table, 7, &with(&[added("score", json!("long"))]).to_string()).unwrap_err();
    assert!(error.to_string().contains("`score` has the name of a column that is filled otherwise"), "{error}");
    let place = columns.iter().position(|column| column.name() == "wait_ms").unwrap();
    columns[place] = ArrowField::new("wait_ms", DataType::Utf8, true);
    let error = WideSchema::of_table(source(), &columns.into()).unwrap_err().to_string();
    assert!(
        error.starts_with("table telephony_events: column `wait_ms` is (Utf8, {}) in the table and (Int64"),
        "{error}"
    );
}

/// A field that came by the registry and is known to a later build: the column stays as it was, if
/// that build says the same of it.
#[test]
fn a_column_that_was_added_may_become_one_of_ours() {
    let agent = |mark: &str| {
        let marks = [("switchboard.pii".to_owned(), mark.to_owned())].into();
        let columns = WideSchema::of(source()).table_schema();
        let columns = columns.fields().iter().map(|column| match column.name().as_str() {
            "agent" => column.as_ref().clone().with_metadata(std::collections::HashMap::clone(&marks)),
            _ => column.as_ref().clone(),
        });
        columns.collect::<Vec<_>>()
    };
    let table = WideSchema::of_table(source(), &agent("agent").into()).unwrap();
    assert_eq!(table.added(), []);
    assert_eq!(
        table.table_schema().fields().to_vec(),
        agent("agent").into_iter().map(Arc::new).collect::<Vec<_>>()
    );
    let error = WideSchema::of_table(source(), &agent("phone").into()).unwrap_err().to_string();
    assert!(error.contains("column `agent`") && error.contains("phone"), "{error}");
}

/// A record of the newest version is one of the released version with the added values behind it,
/// written here by hand as the Avro specification says.
#[test]
fn records_of_the_newer_version_fill_the_added_columns() {
    let mut mood = json!({"name": "mood", "type": ["string", "null"]});
    mood["values"] = json!(["calm"]);
    let entries = [
        added("music_ms", json!("long")),
        added("note", json!("string")),
        mood,
        json!({"name": "recording_id", "type": "Uuid"}),
        json!({"name": "talk", "type": {"type": "array", "items": {
            "type": "record", "name": "turn", "fields": [{"name": "ms", "type": "double"}]}}}),
        added("recorded", json!("boolean")),
    ];
    let admitted = verdict(&with(&entries)).unwrap();
    let names: Vec<&str> = admitted.added.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["music_ms", "mood", "recording_id", "recorded"]);
    assert_eq!(admitted.left_out.iter().map(|left| left.field.as_str()).collect::<Vec<_>>(), ["note", "talk"]);
    let answered = Event::new("contact_answered")
        .with("event_id", event_id("s", "contact_answered", "1"))
        .with("occurred_at", Value::TimestampMicros(0))
        .with("source", "s")
        .with("initial_contact_id", "C1")
        .with("contact_id", "C1")
        .with("queue_visit_id", "V1")
        .with("wait_ms", 7_i64)
        .to_record()
        .unwrap();
    let datum = &answered[frame::HEADER_BYTES..];
    let id = [0xab; 16];
    let one_turn: &[u8] = &[2, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0];
    // music_ms 1,500 (zigzag 3,000 = 0xb8 0x17); note "hi"; mood "calm"; one turn of 1.0 ms; true.
    let full =
        [datum, &[2, 0xb8, 0x17], &[2, 4, b'h', b'i'], &[0, 8, b'c', b'a', b'l', b'm'], &id, one_turn, &[2, 1]];
    let empty = [datum, &[0], &[0], &[2], &id, &[0], &[0]];
    let (full, empty) = (frame::join(7, &full.concat()), frame::join(7, &empty.concat()));
    let mut decoder = admitted.decoder;
    let decoded = decoder.decode(&[&full, &empty, &full[..full.len() - 1]]).unwrap();
    assert_eq!((decoded.rows, decoded.refused), (vec![0, 1], vec![(2, Refusal::Truncated)]));
    let cells = |row| ["wait_ms", "music_ms", "mood", "recorded"].map(|name| cell(&decoded.batch, name, row));
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(cells(0), [text("7"), text("1500"), text("calm"), text("true")]);
    assert_eq!(cells(1), [text("7"), None, None, None]);
    assert_eq!(cell(&decoded.batch, "recording_id", 0), Some("ab".repeat(16)));
    assert!(decoded.batch.column_by_name("note").is_none() && decoded.batch.column_by_name("talk").is_none());
    let fields: Vec<&Field> = decoder.columns().collect();
    let columns: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(columns, decoded.batch.schema().fields().iter().map(|field| field.name()).collect::<Vec<_>>());
}
