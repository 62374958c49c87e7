//! Writers' schemas and data of `queue_blocked`, a small event type, changed one field at a time.

use super::cell;
use schemas::{Decoded, Source, WriterDecoder, catalogue, frame};
use serde_json::Value as Json;

pub(crate) const ID: u32 = 700;

pub(crate) fn telephony() -> &'static Source {
    &catalogue().sources["telephony"]
}

/// The schema of `queue_blocked`, of which every field but `sequence` and `supersedes` is required.
pub(crate) fn schema() -> Json {
    serde_json::from_str(&telephony().event("queue_blocked").unwrap().schema).unwrap()
}

pub(crate) fn field<'a>(schema: &'a mut Json, name: &str) -> &'a mut Json {
    let fields = schema["fields"].as_array_mut().unwrap();
    fields.iter_mut().find(|field| field["name"] == name).unwrap()
}

pub(crate) fn with_type(name: &str, avro: &Json) -> Json {
    let mut schema = schema();
    field(&mut schema, name)["type"] = avro.clone();
    schema
}

pub(crate) fn with_field(entry: Json) -> Json {
    let mut schema = schema();
    schema["fields"].as_array_mut().unwrap().push(entry);
    schema
}

pub(crate) fn refused(schema: &Json) -> String {
    WriterDecoder::admit(telephony(), ID, &schema.to_string()).unwrap_err().to_string()
}

pub(crate) fn decode(schema: &Json, data: &[Vec<u8>]) -> Decoded {
    let mut decoder = WriterDecoder::admit(telephony(), ID, &schema.to_string()).unwrap();
    let records: Vec<Vec<u8>> = data.iter().map(|datum| frame::join(ID, datum)).collect();
    let decoded = decoder.decode(&records.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
    assert_eq!(decoded.surprises, 0);
    decoded
}

/// Bytes of up to 63 with their length before them.
pub(crate) fn sized(bytes: &[u8]) -> Vec<u8> {
    [&[bytes.len() as u8 * 2], bytes].concat()
}

/// The fields of a datum in order of the schema: `event_id`, `occurred_at` 1 µs after the epoch,
/// `source`, `initial_contact_id`, `sequence` 3, `case_refs`, `supersedes` null, and four texts.
pub(crate) fn parts() -> Vec<(&'static str, Vec<u8>)> {
    let one = |text: &str| sized(text.as_bytes());
    let schema = schema();
    let names: Vec<&str> =
        schema["fields"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    let expected = [
        "event_id",
        "occurred_at",
        "source",
        "initial_contact_id",
        "sequence",
        "case_refs",
        "supersedes",
        "contact_id",
        "queue_id",
        "block_reason",
    ];
    assert_eq!(names, expected);
    let values = [
        vec![7; 16],
        vec![2],
        one("pbx"),
        one("call"),
        vec![2, 6],
        [vec![2], one("crm:1"), vec![0]].concat(),
        vec![0],
        one("leg"),
        one("queue"),
        one("full"),
    ];
    expected.into_iter().zip(values).collect()
}

/// The datum with other bytes for one field, or for a field that comes after all others.
pub(crate) fn datum(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut parts = parts();
    match parts.iter_mut().find(|(known, _)| *known == name) {
        Some((_, value)) => *value = bytes.to_vec(),
        None => parts.push(("", bytes.to_vec())),
    }
    parts.into_iter().flat_map(|(_, bytes)| bytes).collect()
}

pub(crate) fn value(decoded: &Decoded, column: &str) -> Option<String> {
    assert_eq!(decoded.refused, []);
    cell(&decoded.batch, column, 0)
}
