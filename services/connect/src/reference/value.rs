//! What stands in a file, read as what the schema says of the key.

use super::entry::Raw;
use super::problem::{names, quoted};
use crate::nearest::nearest;
use chrono::{Datelike, NaiveDate};
use schemas::Value;
use schemas::field::{DECIMAL_PRECISION, Field, FieldKind};
use std::collections::{BTreeMap, BTreeSet};

/// The dimensions by which a target or baseline can be cut.
const DIMENSIONS: [&str; 5] = ["service_area", "service_class", "queue", "channel", "subject_group"];

/// Why a cell does not read.
pub(super) struct Wrong {
    pub(super) found: String,
    pub(super) expected: String,
    pub(super) nearest: Option<String>,
}

/// The value, or all that is wrong with it.
pub(super) fn read(field: &Field, raw: &Raw) -> Result<Value, Vec<Wrong>> {
    let read = match field.kind {
        FieldKind::TextList if field.name == "dimensions" => return dimensions(raw),
        FieldKind::TextList if field.name == "dates" => return days(raw),
        FieldKind::TextList => return list(raw, "a text in quotes", plain_text),
        FieldKind::Text => text(field, raw),
        FieldKind::Long | FieldKind::Int => whole_number(field, raw),
        FieldKind::Boolean => boolean(raw),
        FieldKind::Date => date(raw),
        FieldKind::Decimal => decimal(raw),
        FieldKind::Id | FieldKind::Timestamp => Err(wrong(raw, "nothing; it is not set by a file")),
    };
    read.map_err(|wrong| vec![wrong])
}

fn text(field: &Field, raw: &Raw) -> Result<Value, Wrong> {
    let known = || field.values.iter().map(String::as_str);
    match raw {
        Raw::Text(text) if text.is_empty() => Err(wrong(raw, "a text")),
        Raw::Text(text) if field.values.is_empty() || field.values.contains(text) => Ok(Value::Text(text.clone())),
        Raw::Text(text) => Err(Wrong {
            nearest: nearest(text, known()).map(str::to_owned),
            ..wrong(raw, &format!("one of {}", names(known())))
        }),
        _ => Err(wrong(raw, "a text in quotes")),
    }
}

/// Of a length of time a day is the longest that makes sense; what is counted has twelve digits.
fn whole_number(field: &Field, raw: &Raw) -> Result<Value, Wrong> {
    const DAY_SECONDS: i64 = 86_400;
    let most = match field.name.rsplit('_').next() {
        Some("ms") => DAY_SECONDS * 1000,
        Some("seconds") => DAY_SECONDS,
        _ => 999_999_999_999,
    };
    let number = match raw {
        Raw::Integer(digits) | Raw::Text(digits) => digits.parse().ok(),
        _ => None,
    };
    let number = number.filter(|number| (0..=most).contains(number)).map(Value::Number);
    number.ok_or_else(|| wrong(raw, &format!("a whole number from 0 to {most}")))
}

fn boolean(raw: &Raw) -> Result<Value, Wrong> {
    match raw {
        Raw::Boolean(flag) => Ok(Value::Boolean(*flag)),
        Raw::Text(text) if text == "true" => Ok(Value::Boolean(true)),
        Raw::Text(text) if text == "false" => Ok(Value::Boolean(false)),
        _ => Err(wrong(raw, "true or false")),
    }
}

fn date(raw: &Raw) -> Result<Value, Wrong> {
    let day = match raw {
        Raw::Date(text) | Raw::Text(text) => day(text),
        _ => None,
    };
    let days = day.map(|day| Value::Date(day.to_epoch_days()));
    days.ok_or_else(|| wrong(raw, "a day such as 2026-04-01"))
}

/// Exactly `YYYY-MM-DD`, of a year that every table holds.
fn day(text: &str) -> Option<NaiveDate> {
    let form =
        |(place, byte): (usize, u8)| if matches!(place, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    let formed = text.len() == 10 && text.bytes().enumerate().all(form);
    let day = formed.then(|| text.parse::<NaiveDate>().ok()).flatten();
    day.filter(|day| (1..=9999).contains(&day.year()))
}

fn decimal(raw: &Raw) -> Result<Value, Wrong> {
    let limit = 10_u64.pow(u32::from(DECIMAL_PRECISION));
    let value = match raw {
        Raw::Text(text) | Raw::Integer(text) => Value::decimal(text),
        Raw::Float(text) if Value::decimal(text).is_some() => {
            let hint = format!("it in quotes, as \"{text}\", so that it stays exact");
            return Err(wrong(raw, &hint));
        }
        _ => None,
    };
    let fits = |value: &Value| matches!(value, Value::Decimal(units) if units.unsigned_abs() < limit);
    let expected = "a number such as 85 or \"81.5\", without its unit, of up to 14 digits and four places";
    value.filter(fits).ok_or_else(|| wrong(raw, expected))
}

/// At least one day.
fn days(raw: &Raw) -> Result<Value, Vec<Wrong>> {
    let expected = "a day such as 2026-12-25";
    match list(raw, expected, date_text)? {
        Value::TextList(days) if days.is_empty() => Err(vec![Wrong::new("an empty list".to_owned(), expected)]),
        days => Ok(days),
    }
}

/// A list, or its items with `;` between them as one text; each once. In order of the items, because
/// their order means nothing.
fn list(raw: &Raw, expected: &str, read: fn(&Raw) -> Option<&str>) -> Result<Value, Vec<Wrong>> {
    let split: Vec<Raw>;
    let items = match raw {
        Raw::List(items) => items,
        Raw::Text(text) => {
            split = text.split(';').map(Raw::text).collect();
            &split
        }
        _ => return Err(vec![wrong(raw, &format!("a list, each item {expected}"))]),
    };
    let (mut texts, mut faults) = (BTreeSet::new(), Vec::new());
    for item in items {
        match read(item) {
            None => faults.push(wrong(item, expected)),
            Some(text) if texts.contains(text) => {
                faults.push(Wrong::new(format!("{} twice", quoted(text)), "each once"));
            }
            Some(text) => {
                texts.insert(text.to_owned());
            }
        }
    }
    if faults.is_empty() { Ok(Value::TextList(texts.into_iter().collect())) } else { Err(faults) }
}

fn date_text(raw: &Raw) -> Option<&str> {
    match raw {
        Raw::Date(text) | Raw::Text(text) => day(text).map(|_| text.as_str()),
        _ => None,
    }
}

fn plain_text(raw: &Raw) -> Option<&str> {
    match raw {
        Raw::Text(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// A table, a list of `dimension=value`, or these with `;` between them as one text. In order of the
/// names, because the order means nothing.
fn dimensions(raw: &Raw) -> Result<Value, Vec<Wrong>> {
    let (mut slice, mut faults) = (BTreeMap::new(), Vec::new());
    for pair in pairs(raw) {
        match pair.and_then(known) {
            Ok((name, _)) if slice.contains_key(&name) => {
                faults.push(Wrong::new(format!("`{name}` twice"), "each dimension once"));
            }
            Ok((name, value)) => {
                slice.insert(name, value);
            }
            Err(wrong) => faults.push(wrong),
        }
    }
    let texts = slice.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if faults.is_empty() { Ok(Value::TextList(texts)) } else { Err(faults) }
}

type Pair = (String, String);

fn pairs(raw: &Raw) -> Vec<Result<Pair, Wrong>> {
    match raw {
        Raw::Table(pairs) => pairs.iter().map(|(name, value)| named(name, value)).collect(),
        Raw::List(items) => items.iter().map(split).collect(),
        Raw::Text(text) => text.split(';').map(|text| split(&Raw::text(text))).collect(),
        _ => {
            let expected = "a table such as { service_class = \"other\" } or a list of \"dimension=value\"";
            vec![Err(wrong(raw, expected))]
        }
    }
}

fn named(name: &str, value: &Raw) -> Result<Pair, Wrong> {
    match value {
        Raw::Text(text) => Ok((name.to_owned(), text.clone())),
        _ => Err(Wrong::new(format!("`{name}` with {value}"), "a text in quotes")),
    }
}

fn split(raw: &Raw) -> Result<Pair, Wrong> {
    let pair = match raw {
        Raw::Text(text) => text.split_once('='),
        _ => None,
    };
    let pair = pair.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
    pair.ok_or_else(|| wrong(raw, "`dimension=value`"))
}

fn known((name, value): Pair) -> Result<Pair, Wrong> {
    if !DIMENSIONS.contains(&name.as_str()) {
        let unknown = Wrong::new(format!("an unknown dimension {}", quoted(&name)), &names(DIMENSIONS));
        return Err(Wrong { nearest: nearest(&name, DIMENSIONS).map(str::to_owned), ..unknown });
    }
    if value.is_empty() {
        return Err(Wrong::new(format!("`{name}` without a value"), "one, such as `service_class=other`"));
    }
    Ok((name, value))
}

fn wrong(raw: &Raw, expected: &str) -> Wrong {
    Wrong::new(raw.to_string(), expected)
}

impl Wrong {
    fn new(found: String, expected: &str) -> Self {
        Self { found, expected: expected.to_owned(), nearest: None }
    }
}
