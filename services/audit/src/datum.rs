//! A record decoded a second time: by apache-avro, value by value, with the writer's schema.
//!
//! What the lake does with a field follows from its marks alone: identifiers become tokens, names
//! and free text are dropped, places become coarse, all else is kept. Fields are matched with
//! columns by name; a field that the record's schema does not have is null.

use crate::Error;
use crate::cell::{Cell, digests};
use crate::judge::Reading;
use crate::tokens::{TokenKey, coarse};
use crate::writer::{DECIMAL_DIGITS, DECIMAL_PLACES, Field, Marks, Writer};
use apache_avro::Decimal;
use apache_avro::types::Value;
use chrono::{DateTime, Datelike, NaiveDate};
use schemas::{PartitionBy, Source};
use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Looks up the text of a writer's schema by its wire id; `None` for an id that nobody gave out.
pub type SchemaOf = Arc<dyn Fn(u32) -> Result<Option<String>, String> + Send + Sync>;

/// Decodes the records of one source into the columns of its table.
pub(crate) struct Decoder<'a> {
    source: &'static Source,
    columns: &'a [String],
    /// The marks of the source's fields today, which hold for older versions too.
    marks: HashMap<String, Marks>,
    /// The fields that must have a value, by event type.
    required: HashMap<String, Vec<String>>,
    key: &'a mut TokenKey,
    schema_of: SchemaOf,
    writers: HashMap<u32, Result<Writer, &'static str>>,
    /// Fields that had a value and for which the table has no column.
    pub(crate) unkept: BTreeSet<String>,
}

/// No text or list of a record is longer; the library would reserve room for whatever a damaged
/// length says.
const LONGEST: usize = 16 << 20;
const OUT_OF_TIME: &str = "a time outside the years 1 to 9999";
const OUT_OF_CONTRACT: &str = "a type outside the contract";

impl<'a> Decoder<'a> {
    pub(crate) fn new(
        source: &'static Source,
        columns: &'a [String],
        key: &'a mut TokenKey,
        schema_of: SchemaOf,
    ) -> Self {
        apache_avro::util::max_allocation_bytes(LONGEST);
        let (mut marks, mut required) = (HashMap::new(), HashMap::new());
        for event in source.events.iter().filter_map(|event| Writer::parse(&event.schema)) {
            let names = event.fields.iter().filter(|field| field.is_required).map(|field| field.name.clone());
            required.insert(event.name, names.collect());
            marks.extend(event.fields.into_iter().map(|field| (field.name, field.marks)));
        }
        let (writers, unkept) = Default::default();
        Self { source, columns, marks, required, key, schema_of, writers, unkept }
    }

    /// Decodes one record, header included.
    ///
    /// # Errors
    /// [`Error::Schema`] when a schema cannot be looked up.
    pub(crate) fn read(&mut self, record: &[u8]) -> Result<Reading, Error> {
        let (id, datum) = match record {
            [] => return Ok(Reading::Refused("it is empty")),
            [0, a, b, c, d, datum @ ..] => (u32::from_be_bytes([*a, *b, *c, *d]), datum),
            [0, ..] => return Ok(Reading::Refused("it is shorter than its header")),
            _ => return Ok(Reading::Refused("it does not begin with a zero byte")),
        };
        if !self.writers.contains_key(&id) {
            let writer = self.writer(id)?;
            self.writers.insert(id, writer);
        }
        let row = match &self.writers[&id] {
            Ok(writer) => writer.values(datum).and_then(|values| {
                let mut row = Row::new(self.columns);
                for (field, value) in writer.fields.iter().zip(values) {
                    let marks = self.marks.get(&field.name).copied().unwrap_or(field.marks);
                    match row.place(&field.name) {
                        _ if marks.is_dropped => {}
                        Some(place) => row.put(place, marks, cell(value, field)?, self.key),
                        None if is_null(&value) => {}
                        None => drop(self.unkept.insert(format!("{}.{}", writer.name, field.name))),
                    }
                }
                row.derive(&writer.name, self.source.partition);
                row.has_all(self.required.get(&writer.name).map_or(&[], Vec::as_slice))?;
                Ok(row)
            }),
            Err(why) => Err(*why),
        };
        Ok(row.map_or_else(Reading::Refused, |row| Reading::Row(digests(&row.cells))))
    }

    /// The HMAC of a record's bytes, as the quarantine keeps it.
    pub(crate) fn mac(&self, record: &[u8]) -> Vec<u8> {
        self.key.mac(&[record])
    }

    fn writer(&self, id: u32) -> Result<Result<Writer, &'static str>, Error> {
        let text = (self.schema_of)(id).map_err(|problem| Error::Schema { id, problem })?;
        let writer = text.map(|text| Writer::parse(&text));
        Ok(match writer {
            None => Err("its schema id is not known"),
            Some(None) => Err("its schema is none of a record"),
            Some(Some(writer)) if self.source.event(&writer.name).is_none() => {
                Err("its schema is that of another source")
            }
            Some(Some(writer)) => Ok(writer),
        })
    }
}

/// The columns of one row, filled field by field.
struct Row<'a> {
    columns: &'a [String],
    cells: Vec<Option<Cell>>,
    customer: BTreeSet<String>,
}

impl<'a> Row<'a> {
    fn new(columns: &'a [String]) -> Self {
        Self { columns, cells: vec![None; columns.len()], customer: BTreeSet::new() }
    }

    fn put(&mut self, place: usize, marks: Marks, cell: Option<Cell>, key: &mut TokenKey) {
        let kept = match (cell, marks.purpose) {
            (Some(Cell::Text(text)), Some(purpose)) => key.token(purpose, text).map(Cell::Text),
            (Some(Cell::Decimal(units)), _) if marks.is_place => Some(Cell::Decimal(coarse(units))),
            (other, _) => other,
        };
        if let (Some(Cell::Text(token)), true) = (&kept, marks.is_customer) {
            self.customer.insert(token.clone());
        }
        self.cells[place] = kept;
    }

    /// Whether every column of the table among these fields has a value.
    fn has_all(&self, required: &[String]) -> Result<(), &'static str> {
        let mut places = required.iter().filter_map(|name| self.place(name));
        if places.all(|place| self.cells[place].is_some()) { Ok(()) } else { Err("a required field has no value") }
    }

    /// What stands in no field: the type, the tokens of the customer, the partition of the table.
    fn derive(&mut self, event_type: &str, partition: PartitionBy) {
        let customer: Vec<String> = std::mem::take(&mut self.customer).into_iter().collect();
        let occurred_at = self.place("occurred_at").and_then(|place| self.cells[place].clone());
        self.set("event_type", Some(Cell::Text(event_type.to_owned())));
        self.set("customer_tokens", (!customer.is_empty()).then_some(Cell::Texts(customer)));
        if let Some(Cell::Instant(micros)) = occurred_at {
            self.set(partition_column(partition), partition_day(micros, partition));
        }
    }

    fn set(&mut self, column: &str, cell: Option<Cell>) {
        if let Some(place) = self.place(column) {
            self.cells[place] = cell;
        }
    }

    fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| name == column)
    }
}

/// The value as the lake keeps it, if it can.
fn cell(value: Value, field: &Field) -> Result<Option<Cell>, &'static str> {
    Ok(Some(match value {
        Value::Null => return Ok(None),
        Value::Union(_, value) => return cell(*value, field),
        Value::String(text) => Cell::Text(text),
        Value::Long(number) => Cell::Number(number),
        Value::Int(number) => Cell::Number(number.into()),
        Value::Boolean(truth) => Cell::Truth(truth),
        Value::Fixed(_, bytes) => Cell::Bytes(bytes),
        Value::TimestampMicros(micros) => {
            let time = DateTime::from_timestamp_micros(micros).filter(|time| in_years(time.year()));
            Cell::Instant(time.ok_or(OUT_OF_TIME)?.timestamp_micros())
        }
        Value::Date(days) => {
            let date = NaiveDate::from_epoch_days(days).filter(|date| in_years(date.year()));
            Cell::Day(date.ok_or(OUT_OF_TIME)?.to_epoch_days().into())
        }
        Value::Decimal(decimal) if field.scale == Some(DECIMAL_PLACES) => {
            Cell::Decimal(units(&decimal, field.limits.as_ref())?)
        }
        Value::Array(items) => {
            let texts = items.into_iter().map(|item| match item {
                Value::String(text) => Ok(text),
                _ => Err(OUT_OF_CONTRACT),
            });
            Cell::Texts(texts.collect::<Result<_, _>>()?)
        }
        _ => return Err(OUT_OF_CONTRACT),
    }))
}

fn is_null(value: &Value) -> bool {
    match value {
        Value::Union(_, value) => is_null(value),
        other => other == &Value::Null,
    }
}

fn in_years(year: i32) -> bool {
    (1..=9999).contains(&year)
}

/// A decimal in units of its last place.
fn units(decimal: &Decimal, limits: Option<&RangeInclusive<i128>>) -> Result<i128, &'static str> {
    let bytes = Vec::<u8>::try_from(decimal).unwrap_or_default();
    let Some(first) = bytes.first().filter(|_| bytes.len() <= size_of::<i128>()) else {
        return Err("a decimal without digits, or with too many bytes");
    };
    let sign = if *first < 0x80 { 0 } else { -1 };
    let units = bytes.iter().fold(sign, |units: i128, byte| (units << 8) | i128::from(*byte));
    if units.unsigned_abs() >= 10_u128.pow(DECIMAL_DIGITS) {
        return Err("a decimal with too many digits");
    }
    if limits.is_some_and(|limits| !limits.contains(&units)) {
        return Err("a number outside its limits");
    }
    Ok(units)
}

fn partition_column(partition: PartitionBy) -> &'static str {
    match partition {
        PartitionBy::Date => "event_date",
        PartitionBy::Month => "event_month",
    }
}

fn partition_day(micros: i64, partition: PartitionBy) -> Option<Cell> {
    let day = DateTime::from_timestamp_micros(micros)?.date_naive();
    let first = match partition {
        PartitionBy::Date => day,
        PartitionBy::Month => day.with_day(1)?,
    };
    Some(Cell::Day(first.to_epoch_days().into()))
}

#[cfg(test)]
mod tests;
