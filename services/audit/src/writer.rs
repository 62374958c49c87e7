//! A writer's schema: how its bytes become values, and what it says of each field.

use apache_avro::schema::RecordField;
use apache_avro::types::Value;
use apache_avro::{Schema, from_avro_datum};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::RangeInclusive;

/// A record's schema, read by apache-avro.
#[derive(Debug)]
pub(crate) struct Writer {
    /// The record's name, which is the event type.
    pub(crate) name: String,
    pub(crate) fields: Vec<Field>,
    schema: Schema,
}

/// One field, in its place among the others.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) marks: Marks,
    /// Whether there must be a value.
    pub(crate) is_required: bool,
    /// The digits after the point of a decimal.
    pub(crate) scale: Option<usize>,
    /// What a decimal may be, in units of its last place.
    pub(crate) limits: Option<RangeInclusive<i128>>,
}

/// What a field's schema says of it beside its type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// The mark of a field that becomes a token.
    pub(crate) purpose: Option<&'static str>,
    pub(crate) is_dropped: bool,
    pub(crate) is_place: bool,
    pub(crate) is_customer: bool,
}

pub(crate) const DECIMAL_DIGITS: u32 = 18;
pub(crate) const DECIMAL_PLACES: usize = 4;
const TOKENS: [&str; 4] = ["phone", "email", "account", "agent"];

impl Writer {
    /// `None` where the text is no schema of a record.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let schema = Schema::parse_str(text).ok()?;
        let Schema::Record(record) = &schema else { return None };
        let name = record.name.name.clone();
        Some(Self { name, fields: record.fields.iter().map(Field::of).collect(), schema })
    }

    /// The values of a datum, a field each. They must take all of it and no more.
    pub(crate) fn values(&self, datum: &[u8]) -> Result<Vec<Value>, &'static str> {
        let mut bytes = Exactly { rest: datum, was_short: false };
        match from_avro_datum(&self.schema, &mut bytes, None) {
            // The library takes what is missing at the end for null.
            _ if bytes.was_short => Err("it ends too early"),
            Ok(_) if !bytes.rest.is_empty() => Err("bytes are left over"),
            Ok(Value::Record(values)) => Ok(values.into_iter().map(|(_, value)| value).collect()),
            // What the library says may hold what the record says.
            _ => Err("it is not what its schema says"),
        }
    }
}

impl Field {
    fn of(field: &RecordField) -> Self {
        let attributes = &field.custom_attributes;
        Self {
            name: field.name.clone(),
            marks: Marks::of(attributes),
            is_required: !matches!(field.schema, Schema::Union(_) | Schema::Null),
            scale: scale(&field.schema),
            limits: limits(attributes),
        }
    }
}

impl Marks {
    fn of(attributes: &BTreeMap<String, Json>) -> Self {
        let mark = attributes.get("pii").and_then(Json::as_str);
        Self {
            purpose: TOKENS.into_iter().find(|token| Some(*token) == mark),
            is_dropped: matches!(mark, Some("name" | "free_text")),
            is_place: mark == Some("location"),
            is_customer: attributes.get("identifies").and_then(Json::as_str) == Some("customer"),
        }
    }
}

fn scale(schema: &Schema) -> Option<usize> {
    match schema {
        Schema::Decimal(decimal) => Some(decimal.scale),
        Schema::Union(union) => union.variants().iter().find_map(scale),
        _ => None,
    }
}

fn limits(attributes: &BTreeMap<String, Json>) -> Option<RangeInclusive<i128>> {
    let widest = 10_i128.pow(DECIMAL_DIGITS) - 1;
    let limit = |name: &str| attributes.get(name).and_then(Json::as_str).and_then(decimal_units);
    match (limit("minimum"), limit("maximum")) {
        (None, None) => None,
        (least, most) => Some(least.unwrap_or(-widest)..=most.unwrap_or(widest)),
    }
}

/// `-90` is -900000 units.
fn decimal_units(text: &str) -> Option<i128> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<DECIMAL_PLACES$}").parse().ok()
}

/// The bytes of a datum, which remember whether more was asked for than there is.
struct Exactly<'a> {
    rest: &'a [u8],
    was_short: bool,
}

impl Read for Exactly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.was_short |= self.rest.len() < buffer.len();
        self.rest.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const SCHEMA: &str = r#"{"type": "record", "name": "thing_seen", "fields": [
        {"name": "who", "type": ["null", "string"], "pii": "phone", "identifies": "customer"},
        {"name": "said", "type": "string", "pii": "free_text"},
        {"name": "at", "type": {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 4},
         "pii": "location", "minimum": "-90", "maximum": "12.5"}]}"#;

    #[test]
    fn marks_and_limits_are_read_from_the_fields() {
        let writer = Writer::parse(SCHEMA).unwrap();
        let [who, said, at] = writer.fields.as_slice() else { panic!("{writer:?}") };
        assert_eq!(who.marks, Marks { purpose: Some("phone"), is_customer: true, ..Marks::default() });
        assert_eq!(said.marks, Marks { is_dropped: true, ..Marks::default() });
        assert_eq!(at.marks, Marks { is_place: true, ..Marks::default() });
        assert_eq!((at.limits.clone(), at.scale), (Some(-900_000..=125_000), Some(4)));
        assert_eq!([who, said, at].map(|field| field.is_required), [false, true, true]);
    }

    /// `who` null, `said` "hi", `at` 1.
    #[test]
    fn a_datum_is_taken_whole_or_not_at_all() {
        let writer = Writer::parse(SCHEMA).unwrap();
        let datum = [0, 4, b'h', b'i', 2, 1];
        assert_eq!(writer.values(&datum).unwrap()[1], Value::String("hi".to_owned()));
        for end in 0..datum.len() {
            assert_eq!(writer.values(&datum[..end]), Err("it ends too early"), "{end} bytes");
        }
        assert_eq!(writer.values(&[0, 4, b'h', b'i', 2, 1, 0]), Err("bytes are left over"));
        assert_eq!(writer.values(&[0, 4, 0xff, b'i', 2, 1]), Err("it is not what its schema says"));
        assert_eq!(writer.values(&[4, 4, b'h', b'i', 2, 1]), Err("it is not what its schema says"));
    }
}
