//! Checks one Avro datum, byte by byte, before the decoder sees it.
//!
//! The Arrow decoder cannot take back half a record: one bad datum would spoil its whole batch. So
//! every datum is first walked over the writer's schema, without allocating.

mod cursor;

pub(crate) use cursor::Cursor;

use crate::field::{DECIMAL_PRECISION, limits};
use crate::{Error, Refusal};
use serde_json::Value as Json;
use std::ops::RangeInclusive;

/// A writer's schema, prepared for checking data.
#[derive(Debug, Clone)]
pub struct Walker {
    root: Node,
}

#[derive(Debug, Clone)]
enum Node {
    Null,
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
    /// Prepares a writer schema (Avro JSON).
    ///
    /// # Errors
    /// [`Error::Avro`] for a type that the wire contract does not use (enum, map, recursion).
    pub fn new(schema: &str) -> Result<Self, Error> {
        let schema: Json = serde_json::from_str(schema).map_err(|error| Error::Avro(error.to_string()))?;
        let root = Node::compile(&schema, &mut Vec::new()).map_err(Error::Avro)?;
        Ok(Self { root })
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
        rest.walk(&self.root)?;
        Ok(bytes.len() - rest.0.len())
    }

    /// The text in this place, from 0, among the fields of a record.
    ///
    /// # Errors
    /// The first [`Refusal`] found up to there; [`Refusal::BadChoice`] where no such text is.
    pub fn text_field<'a>(&self, datum: &'a [u8], place: usize) -> Result<&'a str, Refusal> {
        let Node::Record(fields) = &self.root else { return Err(Refusal::BadChoice) };
        let mut rest = Cursor(datum);
        match fields.split_at_checked(place) {
            Some((before, [Node::Text, ..])) => {
                before.iter().try_for_each(|field| rest.walk(field))?;
                rest.text()
            }
            _ => Err(Refusal::BadChoice),
        }
    }
}

impl Node {
    fn compile(schema: &Json, fixed: &mut Vec<(String, usize)>) -> Result<Self, String> {
        match schema {
            Json::String(name) => Self::primitive(name, fixed),
            Json::Array(branches) => {
                Ok(Self::Union(branches.iter().map(|one| Self::compile(one, fixed)).collect::<Result<_, _>>()?))
            }
            Json::Object(_) => Self::complex(schema, fixed),
            other => Err(format!("not a schema: {other}")),
        }
    }

    fn primitive(name: &str, fixed: &[(String, usize)]) -> Result<Self, String> {
        Ok(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "int" => Self::Int,
            "long" => Self::Long,
            "float" => Self::Float,
            "double" => Self::Double,
            "bytes" => Self::Bytes,
            "string" => Self::Text,
            named => match fixed.iter().find(|(known, _)| known == named) {
                Some((_, size)) => Self::Fixed(*size),
                None => return Err(format!("type `{named}` is not defined before its use")),
            },
        })
    }

    fn complex(schema: &Json, fixed: &mut Vec<(String, usize)>) -> Result<Self, String> {
        let text = |key: &str| schema.get(key).and_then(Json::as_str).unwrap_or_default();
        match (text("type"), text("logicalType")) {
            ("record", _) => {
                let fields = schema["fields"].as_array().ok_or("a record without fields")?;
                let nodes =
                    fields.iter().map(|field| Self::compile(&field["type"], fixed)?.limited(limits(field)?));
                Ok(Self::Record(nodes.collect::<Result<_, _>>()?))
            }
            ("array", _) => Ok(Self::Array(Box::new(Self::compile(&schema["items"], fixed)?))),
            ("fixed", _) => {
                let size = schema["size"].as_u64().ok_or("a fixed type without a size")? as usize;
                fixed.push((text("name").to_owned(), size));
                Ok(Self::Fixed(size))
            }
            ("long", "timestamp-micros") => Ok(Self::TimestampMicros),
            ("int", "date") => Ok(Self::Date),
            ("bytes", "decimal") => Ok(Self::Decimal(None)),
            ("enum" | "map", _) => Err("enums and maps are not part of the wire contract".to_owned()),
            _ => Self::compile(&schema["type"], fixed),
        }
    }

    /// The same with the limits of its field, which only a decimal may have.
    fn limited(self, limits: Option<RangeInclusive<i64>>) -> Result<Self, String> {
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
