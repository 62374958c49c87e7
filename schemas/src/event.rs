//! Building an event and writing it as bytes. The only place that encodes Avro.

use crate::json::decimal_text;
use crate::walker::{DATE_RANGE, DECIMAL_LIMIT, TIMESTAMP_RANGE};
use crate::{Error, Field, FieldKind, Released, catalogue, frame};
use apache_avro::types::Value as Avro;
use apache_avro::{Decimal, Schema};
use chrono::{DateTime, NaiveDate, SecondsFormat};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::OnceLock;
use uuid::Uuid;

/// One event, ready to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The event type.
    pub event_type: String,
    /// Values by field name; a nullable field that is not here is null.
    pub fields: BTreeMap<String, Value>,
}

/// A value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// Text.
    Text(String),
    /// A whole number, of a `long` or `int` field.
    Number(i64),
    /// True or false.
    Boolean(bool),
    /// An identifier.
    Id(Uuid),
    /// Microseconds since 1970-01-01 UTC.
    TimestampMicros(i64),
    /// Days since 1970-01-01.
    Date(i32),
    /// A decimal in units of its last place: 850000 is 85.0000.
    Decimal(i64),
    /// A list of texts.
    TextList(Vec<String>),
}

/// The id of an event: the UUIDv5 of the source's own key for it, so that the same fact sent again
/// has the same id. `key` is unique within source and event type; a correction's key includes its
/// revision.
pub fn event_id(source: &str, event_type: &str, key: &str) -> Uuid {
    // Drawn once and fixed since: every id depends on it.
    const NAMESPACE: Uuid = Uuid::from_u128(0x5b0c_7a54_9d0e_5f3c_8a3e_6d2f_41c8_9e17);
    Uuid::new_v5(&NAMESPACE, format!("{source}\u{1f}{event_type}\u{1f}{key}").as_bytes())
}

impl Event {
    /// An event of this type without any field.
    pub fn new(event_type: &str) -> Self {
        Self { event_type: event_type.to_owned(), fields: BTreeMap::new() }
    }

    /// The same event with this field set.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(field.to_owned(), value.into());
        self
    }

    /// The value of a text field, if it has one.
    pub fn text(&self, field: &str) -> Option<&str> {
        match self.fields.get(field) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The subject id, which is the Kafka key; empty where the event has none.
    pub fn subject(&self) -> &str {
        let source = catalogue().event_type(&self.event_type).map(|(source, _)| source);
        source.and_then(|source| self.text(&source.subject)).unwrap_or_default()
    }

    /// The record on the wire, in the newest released version of its schema.
    ///
    /// # Errors
    /// [`Error::Event`] names the field that is missing, unknown or of another type.
    pub fn to_record(&self) -> Result<Vec<u8>, Error> {
        let fault = |problem: String| Error::Event { event_type: self.event_type.clone(), problem };
        let writer = writer(&self.event_type).ok_or_else(|| fault("has no released schema".into()))?;
        let datum = apache_avro::to_avro_datum(&writer.schema, Avro::Record(self.values(&writer.fields, &fault)?))
            .map_err(|error| fault(error.to_string()))?;
        Ok(frame::join(writer.released.id, &datum))
    }

    fn values(&self, fields: &[Field], fault: &dyn Fn(String) -> Error) -> Result<Vec<(String, Avro)>, Error> {
        let known = |name: &String| fields.iter().any(|field| &field.name == name);
        if let Some(name) = self.fields.keys().find(|name| !known(name)) {
            return Err(fault(format!("has no field `{name}`")));
        }
        let value = |field: &Field| {
            let value = to_avro(self.fields.get(&field.name).unwrap_or(&Value::Null), field);
            value.map(|value| (field.name.clone(), value)).map_err(fault)
        };
        fields.iter().map(value).collect()
    }
}

struct Writer {
    schema: Schema,
    fields: Vec<Field>,
    released: &'static Released,
}

impl Writer {
    /// `None` for a released schema that is none; the tests of this room read them all.
    fn new(released: &'static Released) -> Option<Self> {
        let schema = Schema::parse_str(&released.schema).ok()?;
        let json: serde_json::Value = serde_json::from_str(&released.schema).ok()?;
        let fields = json["fields"].as_array()?.iter().map(Field::parse).collect::<Result<_, _>>().ok()?;
        Some(Self { schema, fields, released })
    }
}

fn writer(event_type: &str) -> Option<&'static Writer> {
    static WRITERS: OnceLock<HashMap<String, Writer>> = OnceLock::new();
    let writers = WRITERS.get_or_init(|| {
        let types = catalogue().sources.values().flat_map(|source| &source.events);
        let latest = types.filter_map(|event| catalogue().latest(&event.name));
        let parsed = latest.filter_map(|released| Some((released.event.clone(), Writer::new(released)?)));
        parsed.collect()
    });
    writers.get(event_type)
}

fn to_avro(value: &Value, field: &Field) -> Result<Avro, String> {
    let name = &field.name;
    if !fits(value) {
        return Err(format!("field `{name}`: {value:?} is outside the years 1 to 9999 or has over 18 digits"));
    }
    if let (Value::Decimal(units), Some(limits)) = (value, &field.limits)
        && !limits.contains(units)
    {
        let [least, most] = [*limits.start(), *limits.end()].map(decimal_text);
        return Err(format!("field `{name}` is not from {least} to {most}"));
    }
    let plain = match (field.kind, value) {
        (FieldKind::TextList, Value::Null) if !field.nullable => Avro::Array(Vec::new()),
        (_, Value::Null) if field.nullable => return Ok(Avro::Union(0, Box::new(Avro::Null))),
        (_, Value::Null) => return Err(format!("field `{name}` is required")),
        (FieldKind::Text, Value::Text(text)) => Avro::String(text.clone()),
        (FieldKind::Long, Value::Number(number)) => Avro::Long(*number),
        (FieldKind::Int, Value::Number(number)) => {
            Avro::Int(i32::try_from(*number).map_err(|_| format!("field `{name}`: {number} is too large"))?)
        }
        (FieldKind::Boolean, Value::Boolean(flag)) => Avro::Boolean(*flag),
        (FieldKind::Id, Value::Id(id)) => Avro::Fixed(16, id.as_bytes().to_vec()),
        (FieldKind::Timestamp, Value::TimestampMicros(micros)) => Avro::TimestampMicros(*micros),
        (FieldKind::Date, Value::Date(days)) => Avro::Date(*days),
        (FieldKind::Decimal, Value::Decimal(units)) => Avro::Decimal(Decimal::from(units.to_be_bytes().to_vec())),
        (FieldKind::TextList, Value::TextList(texts)) => {
            Avro::Array(texts.iter().cloned().map(Avro::String).collect())
        }
        // The value itself may be an identifier, and errors are logged.
        (kind, _) => return Err(format!("field `{name}` holds {kind:?}, and got another kind of value")),
    };
    Ok(if field.nullable { Avro::Union(1, Box::new(plain)) } else { plain })
}

/// Whether ingest would take the value: what it refuses is not written either.
fn fits(value: &Value) -> bool {
    match value {
        Value::TimestampMicros(micros) => TIMESTAMP_RANGE.contains(micros),
        Value::Date(days) => DATE_RANGE.contains(&i64::from(*days)),
        Value::Decimal(units) => u128::from(units.unsigned_abs()) < DECIMAL_LIMIT,
        _ => true,
    }
}

/// As a file of reference data writes it; a null is nothing.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Boolean(flag) => write!(f, "{flag}"),
            Self::Id(id) => write!(f, "{id}"),
            Self::TimestampMicros(micros) => match DateTime::from_timestamp_micros(*micros) {
                Some(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
                None => write!(f, "{micros}"),
            },
            Self::Date(days) => match NaiveDate::from_epoch_days(*days) {
                Some(day) => write!(f, "{day}"),
                None => write!(f, "{days}"),
            },
            Self::Decimal(units) => f.write_str(&decimal_text(*units)),
            Self::TextList(texts) => f.write_str(&texts.join(", ")),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}
impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Boolean(flag)
    }
}
impl From<Uuid> for Value {
    fn from(id: Uuid) -> Self {
        Self::Id(id)
    }
}
impl From<Vec<String>> for Value {
    fn from(texts: Vec<String>) -> Self {
        Self::TextList(texts)
    }
}
impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
