//! Writer schemas of a registry: which are admitted, and what is said of those that are not.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::answered::{added, changed, refused, released, source, verdict, with};
use schemas::{Catalogue, Error, WideSchema, admit, catalogue};
use serde_json::json;

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
        (
            changed("agent", |entry| entry["pii"] = "account".into()),
            "marked account in it, and marked agent in the",
        ),
        (
            changed("queue_id", |entry| entry["identifies"] = "customer".into()),
            "`queue_id` stands for the customer in only one",
        ),
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
