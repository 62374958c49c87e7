//! Writer schemas of a registry: which are admitted, what becomes of the fields that this build does
//! not know, and that their records reach the columns that they add.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admission;
mod columns;
#[path = "../common/mod.rs"]
mod common;

use schemas::{Admitted, Error, Source, WideSchema, admit, catalogue};
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
    admit(source(), &WideSchema::of(source()), 7, &schema.to_string())
}

fn refused(schema: &Json) -> String {
    verdict(schema).unwrap_err().to_string()
}
