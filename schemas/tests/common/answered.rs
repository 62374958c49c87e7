//! Writers' schemas of `contact_answered`, as a registry may have them, and the verdict on them.

use schemas::{Admitted, Error, Source, WideSchema, admit, catalogue};
use serde_json::{Value as Json, json};

pub(crate) fn source() -> &'static Source {
    &catalogue().sources["telephony"]
}

pub(crate) fn released(event: &str) -> Json {
    serde_json::from_str(&catalogue().latest(event).unwrap().schema).unwrap()
}

/// The newest `contact_answered` with these entries behind its own.
pub(crate) fn with(entries: &[Json]) -> Json {
    let mut schema = released("contact_answered");
    schema["fields"].as_array_mut().unwrap().extend_from_slice(entries);
    schema
}

/// The same with one of its own entries changed.
pub(crate) fn changed(name: &str, change: impl Fn(&mut Json)) -> Json {
    let mut schema = released("contact_answered");
    let mut entries = schema["fields"].as_array_mut().unwrap().iter_mut();
    change(entries.find(|entry| entry["name"] == name).unwrap());
    schema
}

pub(crate) fn added(name: &str, kind: Json) -> Json {
    json!({"name": name, "type": ["null", kind], "default": null})
}

pub(crate) fn marked(mut entry: Json, mark: &str) -> Json {
    entry["pii"] = mark.into();
    entry
}

pub(crate) fn decimal() -> Json {
    json!({"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 4})
}

pub(crate) fn verdict(schema: &Json) -> Result<Admitted, Error> {
    admit(source(), &WideSchema::of(source()), 7, &schema.to_string())
}

pub(crate) fn refused(schema: &Json) -> String {
    verdict(schema).unwrap_err().to_string()
}
