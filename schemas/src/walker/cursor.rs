//! The bytes of a datum, walked from the front.

use super::{DATE_RANGE, DECIMAL_LIMIT, Node, TIMESTAMP_RANGE};
use crate::Refusal;
use std::ops::RangeInclusive;

/// A decimal of 18 digits fits in 8 bytes; 16 is what the decoder can take.
const MAX_DECIMAL_BYTES: usize = 16;
/// Brokers refuse records of this size unless told otherwise many times over.
const LARGEST_RECORD_BYTES: usize = 64 << 20;

/// What is still to be walked.
pub(crate) struct Cursor<'a>(pub(crate) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn walk_all(&mut self, nodes: &[Node]) -> Result<(), Refusal> {
        nodes.iter().try_for_each(|node| self.walk(node))
    }

    fn walk(&mut self, node: &Node) -> Result<(), Refusal> {
        match node {
            Node::Null => Ok(()),
            Node::MissingValue => Err(Refusal::MissingValue),
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
            Node::Decimal(limits) => decimal_in_range(self.sized()?, limits.as_ref()),
            Node::Text => self.text().map(drop),
            Node::Record(fields) => self.walk_all(fields),
            Node::Union(branches) => {
                let branch = usize::try_from(self.long()?).map_err(|_| Refusal::BadChoice)?;
                self.walk(branches.get(branch).ok_or(Refusal::BadChoice)?)
            }
            Node::Array(item) => self.array(item),
        }
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Refusal> {
        simdutf8::basic::from_utf8(self.sized()?).map_err(|_| Refusal::NotUtf8)
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

    fn sized(&mut self) -> Result<&'a [u8], Refusal> {
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

    fn take(&mut self, size: usize) -> Result<&'a [u8], Refusal> {
        let (taken, rest) = self.0.split_at_checked(size).ok_or(Refusal::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn int(&mut self) -> Result<i64, Refusal> {
        let (value, length) = self.varint()?;
        if length > 5 || i32::try_from(value).is_err() { Err(Refusal::BadNumber) } else { Ok(value) }
    }

    pub(crate) fn long(&mut self) -> Result<i64, Refusal> {
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

fn in_range(value: i64, range: RangeInclusive<i64>) -> Result<(), Refusal> {
    if range.contains(&value) { Ok(()) } else { Err(Refusal::TimeOutOfRange) }
}

fn decimal_in_range(bytes: &[u8], limits: Option<&RangeInclusive<i64>>) -> Result<(), Refusal> {
    if bytes.len() > MAX_DECIMAL_BYTES {
        return Err(Refusal::HostileLength);
    }
    let first = bytes.first().ok_or(Refusal::BadNumber)?;
    let sign = if first & 0x80 != 0 { -1 } else { 0 };
    let units = bytes.iter().fold(sign, |units: i128, byte| units << 8 | i128::from(*byte));
    if units.unsigned_abs() >= DECIMAL_LIMIT {
        return Err(Refusal::BadNumber);
    }
    let within = |limits: &RangeInclusive<i64>| i64::try_from(units).is_ok_and(|units| limits.contains(&units));
    if limits.is_none_or(within) { Ok(()) } else { Err(Refusal::NumberOutOfRange) }
}
