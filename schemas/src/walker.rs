//! Checks one Avro datum, byte by byte, before the decoder sees it.
//!
//! The Arrow decoder cannot take back half a record: one bad datum would spoil its whole batch. So
//! every datum is first walked over the writer's schema, without allocating.

use crate::field::DECIMAL_PRECISION;
use crate::{Error, Refusal};
use serde_json::Value as Json;

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
    Decimal,
    Text,
    Fixed(usize),
    Array(Box<Node>),
    Union(Vec<Node>),
    Record(Vec<Node>),
}

/// 0001-01-01 and 9999-12-31T23:59:59.999999, in microseconds since 1970.
pub(crate) const TIMESTAMP_RANGE: std::ops::RangeInclusive<i64> =
    -62_135_596_800_000_000..=253_402_300_799_999_999;
/// 0001-01-01 and 9999-12-31, in days since 1970.
pub(crate) const DATE_RANGE: std::ops::RangeInclusive<i64> = -719_162..=2_932_896;
/// A decimal of 18 digits fits in 8 bytes; 16 is what the decoder can take.
const MAX_DECIMAL_BYTES: usize = 16;
/// What no longer fits in the digits of a decimal; the decoder and the lake would not notice.
pub(crate) const DECIMAL_LIMIT: u128 = 10u128.pow(DECIMAL_PRECISION as u32);
/// Brokers refuse records of this size unless told otherwise many times over.
const LARGEST_RECORD_BYTES: usize = 64 << 20;

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
        let mut rest = Cursor(datum);
        rest.walk(&self.root)?;
        if rest.0.is_empty() { Ok(()) } else { Err(Refusal::TrailingBytes) }
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
                let nodes = fields.iter().map(|field| Self::compile(&field["type"], fixed));
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
            ("bytes", "decimal") => Ok(Self::Decimal),
            ("enum" | "map", _) => Err("enums and maps are not part of the wire contract".to_owned()),
            _ => Self::compile(&schema["type"], fixed),
        }
    }
}

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn walk(&mut self, node: &Node) -> Result<(), Refusal> {
        match node {
            Node::Null => Ok(()),
            Node::Boolean => match self.take(1)? {
                [0 | 1] => Ok(()),
                _ => Err(Refusal::BadChoice),
            },
            Node::Int => self.int().map(drop),
            Node::Long => self.long().map(drop),
            Node::TimestampMicros => in_range(self.long()?, TIMESTAMP_RANGE),
            Node::Date => in_range(self.int()?, DATE_RANGE),
            Node::Float => self.take(4).map(drop),
            Node::Double => self.take(8).map(drop),
            Node::Fixed(size) => self.take(*size).map(drop),
            Node::Bytes => self.sized().map(drop),
            Node::Decimal => decimal_in_range(self.sized()?),
            Node::Text => match simdutf8::basic::from_utf8(self.sized()?) {
                Ok(_) => Ok(()),
                Err(_) => Err(Refusal::NotUtf8),
            },
            Node::Record(fields) => fields.iter().try_for_each(|field| self.walk(field)),
            Node::Union(branches) => {
                let branch = usize::try_from(self.long()?).map_err(|_| Refusal::BadChoice)?;
                self.walk(branches.get(branch).ok_or(Refusal::BadChoice)?)
            }
            Node::Array(item) => self.array(item),
        }
    }

    fn array(&mut self, item: &Node) -> Result<(), Refusal> {
        loop {
            let count = self.long()?;
            if count == 0 {
                return Ok(());
            }
            // A negative count is followed by the block's size in bytes, which must be true: a
            // reader may skip by it.
            let bytes_after = if count < 0 { Some(self.bytes_after_block()?) } else { None };
            // Every item takes a byte at least, so more items than bytes is a lie.
            let count = usize::try_from(count.unsigned_abs()).map_err(|_| Refusal::HostileLength)?;
            self.must_hold(count)?;
            for _ in 0..count {
                self.walk(item)?;
            }
            if bytes_after.is_some_and(|bytes| bytes != self.0.len()) {
                return Err(Refusal::HostileLength);
            }
        }
    }

    fn bytes_after_block(&mut self) -> Result<usize, Refusal> {
        let size = usize::try_from(self.long()?).map_err(|_| Refusal::HostileLength)?;
        self.must_hold(size)?;
        Ok(self.0.len() - size)
    }

    fn sized(&mut self) -> Result<&[u8], Refusal> {
        let size = usize::try_from(self.long()?).map_err(|_| Refusal::HostileLength)?;
        self.must_hold(size)?;
        self.take(size)
    }

    /// A length that no record could have is hostile; any other that is too long was cut short.
    fn must_hold(&self, size: usize) -> Result<(), Refusal> {
        match size {
            _ if size <= self.0.len() => Ok(()),
            _ if size > LARGEST_RECORD_BYTES => Err(Refusal::HostileLength),
            _ => Err(Refusal::Truncated),
        }
    }

    fn take(&mut self, size: usize) -> Result<&[u8], Refusal> {
        let (taken, rest) = self.0.split_at_checked(size).ok_or(Refusal::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn int(&mut self) -> Result<i64, Refusal> {
        let (value, length) = self.varint()?;
        if length > 5 || i32::try_from(value).is_err() { Err(Refusal::BadNumber) } else { Ok(value) }
    }

    fn long(&mut self) -> Result<i64, Refusal> {
        self.varint().map(|(value, _)| value)
    }

    /// A zig-zag number and the bytes it took.
    fn varint(&mut self) -> Result<(i64, usize), Refusal> {
        let mut number = 0u64;
        for (index, byte) in self.0.iter().enumerate().take(10) {
            if index == 9 && *byte > 1 {
                return Err(Refusal::BadNumber);
            }
            number |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                self.0 = &self.0[index + 1..];
                return Ok(((number >> 1) as i64 ^ -((number & 1) as i64), index + 1));
            }
        }
        Err(if self.0.len() < 10 { Refusal::Truncated } else { Refusal::BadNumber })
    }
}

fn in_range(value: i64, range: std::ops::RangeInclusive<i64>) -> Result<(), Refusal> {
    if range.contains(&value) { Ok(()) } else { Err(Refusal::TimeOutOfRange) }
}

fn decimal_in_range(bytes: &[u8]) -> Result<(), Refusal> {
    if bytes.len() > MAX_DECIMAL_BYTES {
        return Err(Refusal::HostileLength);
    }
    let first = bytes.first().ok_or(Refusal::BadNumber)?;
    let sign = if first & 0x80 != 0 { -1 } else { 0 };
    let units = bytes.iter().fold(sign, |units: i128, byte| units << 8 | i128::from(*byte));
    if units.unsigned_abs() < DECIMAL_LIMIT { Ok(()) } else { Err(Refusal::BadNumber) }
}
