//! Fields of writer schemas that this build does not know: what becomes of them, and that their values
//! reach the columns that they add.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::answered::{added, decimal, marked, refused, source, verdict, with};
use common::cell;
use schemas::{Event, Field, FieldKind, Pii, Refusal, Value, WideSchema, admit, event_id, frame};
use serde_json::{Value as Json, json};
use std::sync::Arc;

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
    // Values need not be listed again, marks must: nobody but this build could say what is left out.
    let mood = judge(added("mood", json!("string"))).unwrap();
    assert_eq!((mood.added.len(), mood.left_out.len()), (1, 0));
    let mut caller = marked(added("caller", json!("string")), "phone");
    assert!(judge(caller.clone()).unwrap_err().to_string().contains("stands for the customer in only one of it"));
    caller["identifies"] = "customer".into();
    assert_eq!(judge(caller).unwrap().added[0].pii, Some(Pii::Phone));
    for (entry, problem) in [
        (added("music_ms", json!("boolean")), "field `music_ms`: boolean cannot be read as long"),
        (added("caller", json!("string")), "field `caller` is not marked in it, and marked phone in the table"),
        (
            marked(added("caller", json!("string")), "email"),
            "is marked email in it, and marked phone in the table",
        ),
        (marked(added("mood", json!("string")), "agent"), "is marked agent in it, and not marked in the table"),
        (added("mood", json!("double")), "field `mood`: double cannot be read as string"),
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
