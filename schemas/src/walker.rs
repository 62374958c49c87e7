//! Checks one Avro datum, byte by byte, before the decoder sees it.
//!
//! The Arrow decoder cannot take back half a record: one bad datum would spoil its whole batch. So
//! every datum is first walked, without allocating: over the writer's schema as it was resolved
//! against the table ([`crate::resolve`]), or, in a file, over the writer's schema alone.

mod cursor;

pub(crate) use cursor::Cursor;

use crate::field::{DECIMAL_PRECISION, limits};
use crate::shape::{Logical, Names, RecordShape, Shape};
use crate::{Error, Refusal};
use serde_json::Value as Json;
use std::ops::RangeInclusive;

/// A writer's schema, prepared for checking data.
#[derive(Debug, Clone)]
pub struct Walker {
    fields: Vec<Node>,
}

/// What the bytes of a value must be.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Null,
    /// Nothing, where the reader must have something.
    MissingValue,
    Boolean,
    Int,
    Long,
    TimestampMicros,
    Date,
    Float,
    Double,
    Bytes,
    /// With the limits of its field, in units of the last place.
    Decimal(Option<RangeInclusive<i64>>),
    Text,
    Fixed(usize),
    Array(Box<Node>),
    Union(Vec<Node>),
    Record(Vec<Node>),
}

/// 0001-01-01 and 9999-12-31T23:59:59.999999, in microseconds since 1970.
pub(crate) const TIMESTAMP_RANGE: RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;
/// 0001-01-01 and 9999-12-31, in days since 1970.
pub(crate) const DATE_RANGE: RangeInclusive<i64> = -719_162..=2_932_896;
/// What no longer fits in the digits of a decimal; the decoder and the lake would not notice.
pub(crate) const DECIMAL_LIMIT: u128 = 10u128.pow(DECIMAL_PRECISION as u32);

impl Walker {
    /// Prepares the schema (Avro JSON) of a record, whoever reads it.
    ///
    /// # Errors
    /// [`Error::Avro`] for what is no record, or has a type that the wire contract does not use (enum,
    /// map, recursion).
    pub fn new(schema: &str) -> Result<Self, Error> {
        let schema: Json = serde_json::from_str(schema).map_err(|error| Error::Avro(error.to_string()))?;
        let shape = RecordShape::of(&schema, &mut Names::default()).map_err(Error::Avro)?;
        let entries = schema["fields"].as_array().into_iter().flatten();
        let fields = shape.fields.iter().zip(entries);
        let fields = fields.map(|((_, shape), entry)| Node::meant(shape).limited(limits(entry)?));
        Ok(Self { fields: fields.collect::<Result<_, _>>().map_err(Error::Avro)? })
    }

    /// Of a record with these fields.
    pub(crate) fn of_fields(fields: Vec<Node>) -> Self {
        Self { fields }
    }

    /// Whether `datum` is exactly one value of the schema.
    ///
    /// # Errors
    /// The first [`Refusal`] found.
    pub fn check(&self, datum: &[u8]) -> Result<(), Refusal> {
        if self.value_length(datum)? == datum.len() { Ok(()) } else { Err(Refusal::TrailingBytes) }
    }

    /// Checks the value at the start of `bytes` and returns its length in bytes; others may follow.
    ///
    /// # Errors
    /// The first [`Refusal`] found in the value.
    pub fn value_length(&self, bytes: &[u8]) -> Result<usize, Refusal> {
        let mut rest = Cursor(bytes);
        rest.walk_all(&self.fields)?;
        Ok(bytes.len() - rest.0.len())
    }

    /// The text in this place, from 0, among the fields of a record.
    ///
    /// # Errors
    /// The first [`Refusal`] found up to there; [`Refusal::BadChoice`] where no such text is.
    pub fn text_field<'a>(&self, datum: &'a [u8], place: usize) -> Result<&'a str, Refusal> {
        let mut rest = Cursor(datum);
        match self.fields.split_at_checked(place) {
            Some((before, [Node::Text, ..])) => {
                rest.walk_all(before)?;
                rest.text()
            }
            _ => Err(Refusal::BadChoice),
        }
    }
}

impl Node {
    /// A type with its meaning: times that a table can hold, decimals of so many digits.
    pub(crate) fn meant(shape: &Shape) -> Self {
        match shape {
            Shape::Logical(Logical { of, name, .. }) => match (name.as_str(), of.as_ref()) {
                ("timestamp-micros", Shape::Long) => Self::TimestampMicros,
                ("date", Shape::Int) => Self::Date,
                ("decimal", Shape::Bytes) => Self::Decimal(None),
                (_, of) => Self::meant(of),
            },
            Shape::Union(branches) => Self::Union(branches.iter().map(Self::meant).collect()),
            plain => Self::plain(plain),
        }
    }

    /// A type as nothing but bytes; a text is still UTF-8.
    pub(crate) fn plain(shape: &Shape) -> Self {
        match shape {
            Shape::Null => Self::Null,
            Shape::Boolean => Self::Boolean,
            Shape::Int => Self::Int,
            Shape::Long => Self::Long,
            Shape::Float => Self::Float,
            Shape::Double => Self::Double,
            Shape::Bytes => Self::Bytes,
            Shape::Text => Self::Text,
            Shape::Fixed(_, size) => Self::Fixed(*size),
            Shape::Array(item) => Self::Array(Box::new(Self::plain(item))),
            Shape::Union(branches) => Self::Union(branches.iter().map(Self::plain).collect()),
            Shape::Record(record) => Self::Record(record.fields.iter().map(|(_, one)| Self::plain(one)).collect()),
            Shape::Logical(logical) => Self::plain(&logical.of),
        }
    }

    /// The same with the limits of its field, which only a decimal may have.
    pub(crate) fn limited(self, limits: Option<RangeInclusive<i64>>) -> Result<Self, String> {
        match self {
            _ if limits.is_none() => Ok(self),
            Self::Null => Ok(self),
            Self::Decimal(_) => Ok(Self::Decimal(limits)),
            Self::Union(branches) => {
                let branches = branches.into_iter().map(|branch| branch.limited(limits.clone()));
                Ok(Self::Union(branches.collect::<Result<_, _>>()?))
            }
            _ => Err("only a decimal can have a minimum or a maximum".to_owned()),
        }
    }
}

#[cfg(test)]
impl Walker {
    /// Where the walk over a datum ends: the place of the field, and of its first byte.
    pub(crate) fn refused_at(&self, datum: &[u8]) -> (usize, usize) {
        let mut rest = Cursor(datum);
        for (place, field) in self.fields.iter().enumerate() {
            let before = rest.0.len();
            if rest.walk_all(std::slice::from_ref(field)).is_err() {
                return (place, datum.len() - before);
            }
        }
        (self.fields.len(), datum.len() - rest.0.len())
    }
}
