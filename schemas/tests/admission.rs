//! Writer schemas of a registry: which are admitted, what becomes of the fields that this build does
//! not know, and that their records reach the columns that they add.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::cell;
use schemas::{
    Admitted, Catalogue, Error, Event, Field, FieldKind, Pii, Refusal, Source, Value, WideSchema, WriterDecoder,
    admit, catalogue, event_id, frame,
};
use serde_json::{Value as Json, json};

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
    admit(source(), &WideSchema::of(source()), &schema.to_string())
}

fn refused(schema: &Json) -> String {
    verdict(schema).unwrap_err().to_string()
}

#[test]
fn every_released_schema_is_admitted_as_it_is() {
    for one in catalogue().all_released() {
        let source = &catalogue().sources[&one.source];
        let admitted = admit(source, &WideSchema::of(source), &one.schema).unwrap();
        assert_eq!((admitted.event_type, admitted.added, admitted.left_out), (one.event.clone(), vec![], vec![]));
        let (ours, theirs): (Json, Json) =
            (serde_json::from_str(&one.schema).unwrap(), serde_json::from_str(&admitted.schema).unwrap());
        assert_eq!(ours, theirs);
    }
}

#[test]
fn what_is_no_event_type_of_the_source_is_refused() {
    let mut other = released("contact_answered");
    other["name"] = "contact_sneezed".into();
    let told = refused(&other);
    assert!(told.starts_with("the writer schema switchboard.telephony.contact_sneezed is refused: "), "{told}");
    assert!(told.contains("no event type of source telephony"), "{told}");
    assert!(told.contains("switchboard.telephony.contact_answered"), "{told}");
    let mut elsewhere = released("contact_answered");
    elsewhere["namespace"] = "com.example".into();
    assert!(refused(&elsewhere).contains("com.example.contact_answered"));
    let form = catalogue().latest("form_started").unwrap();
    let error = admit(source(), &WideSchema::of(source()), &form.schema).unwrap_err().to_string();
    assert!(error.contains("switchboard.webform.form_started"), "{error}");
    for text in ["", "{", "\"string\"", "[]", r#"{"type":"record","name":"x"}"#] {
        let error = admit(source(), &WideSchema::of(source()), text).unwrap_err();
        assert!(matches!(error, Error::Inadmissible { .. }), "{text}: {error}");
    }
}

#[test]
fn a_name_may_be_written_whole_or_be_an_alias_of_ours() {
    let mut whole = released("contact_answered");
    whole["name"] = "switchboard.telephony.contact_answered".into();
    whole.as_object_mut().unwrap().remove("namespace");
    assert_eq!(verdict(&whole).unwrap().event_type, "contact_answered");

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
        let admitted = admit(source, &WideSchema::of(source), &theirs.to_string()).unwrap();
        assert_eq!(admitted.event_type, "contact_ended");
    }
}

#[test]
fn what_does_not_resolve_is_named() {
    let mut lacking = released("contact_answered");
    lacking["fields"].as_array_mut().unwrap().retain(|entry| entry["name"] != "wait_ms");
    assert!(refused(&lacking).ends_with("it lacks the required field `wait_ms`"));
    for (schema, problem) in [
        (changed("wait_ms", |entry| entry["type"] = "string".into()), "field `wait_ms` is Text in it and Long"),
        (changed("wait_ms", |entry| entry["type"] = "double".into()), "field `wait_ms`: type `double`"),
        (changed("wait_ms", |entry| entry["type"] = json!(["null", "long"])), "`wait_ms` may be null in it"),
        (
            changed("occurred_at", |entry| entry["type"]["logicalType"] = "timestamp-millis".into()),
            "field `occurred_at`: type `long` with logical type `timestamp-millis` is not in use here",
        ),
        (changed("queue_id", |entry| entry["pii"] = "phone".into()), "marked phone in it, and not marked in the"),
        (changed("agent", |entry| entry["pii"] = "account".into()), "marked account in it, and agent in the"),
        (changed("queue_id", |entry| entry["identifies"] = "customer".into()), "stands for the customer in it"),
    ] {
        let told = refused(&schema);
        assert!(told.contains("switchboard.telephony.contact_answered") && told.contains(problem), "{told}");
    }
    for kind in [json!({"type": "map", "values": "long"}), json!({"type": "enum", "name": "e", "symbols": ["a"]})]
    {
        assert!(
            refused(&with(&[added("tags", kind)])).contains("enums and maps are not part of the wire contract")
        );
    }
}

#[test]
fn what_resolves_is_admitted() {
    let java = json!({"type": "string", "avro.java.string": "String"});
    let nullable_gone = |name: &str| {
        let mut schema = released("contact_answered");
        schema["fields"].as_array_mut().unwrap().retain(|entry| entry["name"] != name);
        schema
    };
    for schema in [
        changed("source", |entry| entry["type"] = java.clone()),
        changed("case_refs", |entry| entry["type"]["items"] = java.clone()),
        changed("agent", |entry| *entry = json!({"name": "agent", "type": [java, "null"]})),
        changed("agent", |entry| drop(entry.as_object_mut().unwrap().remove("pii"))),
        changed("agent", |entry| *entry = json!({"name": "agent", "type": "string"})),
        changed("wait_ms", |entry| entry["type"] = "int".into()),
        changed("wait_ms", |entry| drop(entry.as_object_mut().unwrap().remove("doc"))),
        nullable_gone("ring_ms"),
        nullable_gone("case_refs"),
    ] {
        let admitted = verdict(&schema).unwrap();
        assert_eq!((admitted.added, admitted.left_out), (vec![], vec![]));
        WriterDecoder::admitted(source(), 7, &verdict(&schema).unwrap()).unwrap();
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
            WriterDecoder::admitted(source(), 7, &admitted).unwrap();
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
        (marked(added("number", json!("long")), "phone"), "only text can become a token"),
        (customer(listed(text())), "without a mark"),
        (customer(added("customer_number", json!("long"))), "without a mark"),
        (marked(added("easting", json!("long")), "location"), "only a decimal of degrees"),
        (marked(added("easting", decimal()), "location"), "do not say that it is in degrees"),
        (marked(metres(added("easting", decimal())), "location"), "do not say that it is in degrees"),
        (added("score", json!("double")), "type `double` is not one of"),
        (added("at", json!({"type": "long", "logicalType": "timestamp-millis"})), "not in use here"),
        (added("either", json!(["string", "long"])), "a union must be"),
    ];
    for (entry, why) in left_out {
        let entry =
            if entry["name"] == "either" { json!({"name": "either", "type": ["string", "long"]}) } else { entry };
        let admitted = verdict(&with(std::slice::from_ref(&entry))).unwrap();
        let [left] = admitted.left_out.as_slice() else { panic!("{entry}: {admitted:?}") };
        assert!(entry["name"] == left.field.as_str() && left.why.contains(why), "{left:?}");
        assert_eq!(admitted.added, []);
        WriterDecoder::admitted(source(), 7, &admitted).unwrap();
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
        (added("block_reason", json!("long")), "field `block_reason` is Long in it and Text in the table"),
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
    let judge = |entry: Json| admit(source(), &again, &with(&[entry]).to_string());
    // Said once, it need not be said again.
    let mood = judge(added("mood", json!("string"))).unwrap();
    assert_eq!((mood.added.len(), mood.left_out.len()), (1, 0));
    let caller = judge(added("caller", json!("string"))).unwrap();
    assert_eq!((caller.added[0].pii, caller.added[0].identifies_customer), (Some(Pii::Phone), true));
    for (entry, problem) in [
        (added("music_ms", json!("boolean")), "field `music_ms` is Boolean in it and Long in the table"),
        (marked(added("caller", json!("string")), "email"), "marked email in it, and phone in the table"),
        (marked(added("mood", json!("string")), "agent"), "marked agent in it, and not marked in the table"),
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
    let error = admit(source(), &table, &with(&[added("score", json!("long"))]).to_string()).unwrap_err();
    assert!(error.to_string().contains("`score` has the name of a column that is filled otherwise"), "{error}");
    let place = columns.iter().position(|column| column.name() == "wait_ms").unwrap();
    columns[place] = ArrowField::new("wait_ms", DataType::Utf8, true);
    let error = WideSchema::of_table(source(), &columns.into()).unwrap_err().to_string();
    assert!(error.contains("`wait_ms` is Utf8 in the table and Int64 in this build"), "{error}");
}

/// The limits of a place hold whatever the writer says, or a northing would pass for a latitude.
#[test]
fn our_limits_hold_for_a_writer_that_has_none() {
    let source = &catalogue().sources["fixmystreet"];
    let mut schema = released("report_confirmed");
    for entry in schema["fields"].as_array_mut().unwrap() {
        entry.as_object_mut().unwrap().retain(|key, _| key != "minimum" && key != "maximum");
    }
    let admitted = admit(source, &WideSchema::of(source), &schema.to_string()).unwrap();
    let report = |units: i64| {
        let event = Event::new("report_confirmed")
            .with("event_id", event_id("s", "report_confirmed", "1"))
            .with("occurred_at", Value::TimestampMicros(0))
            .with("source", "s")
            .with("report_id", "1")
            .with("latitude", Value::Decimal(51_2349))
            .with("longitude", Value::Decimal(-5734));
        let record = event.to_record().unwrap();
        let at = record.windows(8).position(|bytes| bytes == 51_2349_i64.to_be_bytes()).unwrap();
        [&record[..at], &units.to_be_bytes(), &record[at + 8..]].concat()
    };
    let mut decoder = WriterDecoder::admitted(source, 1, &admitted).unwrap();
    let id = catalogue().latest("report_confirmed").unwrap().id;
    let as_1 = |record: Vec<u8>| frame::join(1, &record[frame::HEADER_BYTES..]);
    assert_ne!(id, 1);
    let decoded = decoder.decode(&[&as_1(report(51_2349)), &as_1(report(164_194 * 10_000))]).unwrap();
    assert_eq!((decoded.rows, decoded.refused), (vec![0], vec![(1, Refusal::NumberOutOfRange)]));
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
    let mut decoder = WriterDecoder::admitted(source(), 7, &admitted).unwrap();
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
