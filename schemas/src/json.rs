//! An event as JSON, the form of the samples: times in RFC 3339, ids as UUID text, dates as
//! `YYYY-MM-DD`, decimals as text.

use crate::field::DECIMAL_SCALE;
use crate::{Error, Event, Field, FieldKind, Value, catalogue};
use chrono::{DateTime, NaiveDate};
use serde_json::Value as Json;
use uuid::Uuid;

impl Event {
    /// Reads an event of this type; every required field must be there and none unknown.
    ///
    /// # Errors
    /// [`Error::Event`] names the field and what was expected.
    pub fn from_json(event_type: &str, json: &Json) -> Result<Self, Error> {
        let fault = |problem: String| Error::Event { event_type: event_type.to_owned(), problem };
        let (_, known) = catalogue().event_type(event_type).ok_or_else(|| fault("unknown type".into()))?;
        let object = json.as_object().ok_or_else(|| fault("is not a JSON object".into()))?;
        let mut event = Self::new(event_type);
        for (name, json) in object {
            let field = known.fields.iter().find(|field| &field.name == name);
            let field = field.ok_or_else(|| fault(format!("has no field `{name}`")))?;
            event.fields.insert(name.clone(), value(field, json).map_err(fault)?);
        }
        event.to_record().map(|_| event)
    }
}

impl Value {
    /// Reads decimal text such as `85`, `-3.5` or `81.2500`, with at most four places. Whether it
    /// has too many digits for a field is found out when the event is written.
    pub fn decimal(text: &str) -> Option<Self> {
        decimal_units(text).map(Self::Decimal)
    }
}

/// Reads decimal text such as `85`, `-3.5` or `81.2500` into units of the last place.
fn decimal_units(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let scale = usize::try_from(DECIMAL_SCALE).ok()?;
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > scale || !all_digits(whole) || !all_digits(part) {
        return None;
    }
    format!("{whole}{part:0<scale$}").parse::<i64>().ok().map(|units| sign * units)
}

/// Units of the last place as decimal text, without noughts at the end.
pub(crate) fn decimal_text(units: i64) -> String {
    let one = 10_u64.pow(DECIMAL_SCALE.unsigned_abs().into());
    let (whole, part) = (units.unsigned_abs() / one, units.unsigned_abs() % one);
    let sign = if units < 0 { "-" } else { "" };
    let width = usize::from(DECIMAL_SCALE.unsigned_abs());
    format!("{sign}{whole}.{part:0width$}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn value(field: &Field, json: &Json) -> Result<Value, String> {
    let text = json.as_str();
    let found = match field.kind {
        _ if json.is_null() => Some(Value::Null),
        FieldKind::Text => text.map(Value::from),
        FieldKind::Long | FieldKind::Int => json.as_i64().map(Value::Number),
        FieldKind::Boolean => json.as_bool().map(Value::Boolean),
        FieldKind::Id => text.and_then(|text| Uuid::parse_str(text).ok()).map(Value::Id),
        FieldKind::Timestamp => text
            .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
            .map(|time| Value::TimestampMicros(time.timestamp_micros())),
        FieldKind::Date => text.and_then(|text| text.parse::<NaiveDate>().ok()).map(date),
        FieldKind::Decimal => text.and_then(Value::decimal),
        FieldKind::TextList => json
            .as_array()
            .and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect())
            .map(Value::TextList),
    };
    found.ok_or_else(|| format!("field `{}`: {json} is not {}", field.name, expected(field.kind)))
}

fn date(day: NaiveDate) -> Value {
    Value::Date(day.to_epoch_days())
}

fn expected(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "text",
        FieldKind::Long | FieldKind::Int => "a whole number",
        FieldKind::Boolean => "true or false",
        FieldKind::Id => "a UUID",
        FieldKind::Timestamp => "a time such as 2026-03-02T09:00:00Z",
        FieldKind::Date => "a date such as 2026-03-02",
        FieldKind::Decimal => "a decimal as text with at most four places, such as \"81.5\"",
        FieldKind::TextList => "a list of texts",
    }
}
