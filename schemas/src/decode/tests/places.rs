//! The numbers of a datum that say how it goes on: lengths, counts and choices; and other numbers.

use crate::shape::{RecordShape, Shape};

/// A number in a datum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) at: usize,
    pub(super) bytes: usize,
    pub(super) value: i64,
    pub(super) says: Says,
}

/// What a number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    Int,
    Long,
    /// So many bytes follow.
    Length,
    /// So many items follow; the list ends here if none.
    Count,
    /// A value of this branch of so many follows.
    Choice(usize),
}

/// All numbers of a good datum, in order.
pub(super) fn numbers(record: &RecordShape, datum: &[u8]) -> Vec<Number> {
    let (numbers, end) = numbers_up_to_a_fault(&Shape::Record(record.clone()), datum);
    assert_eq!(end, datum.len());
    numbers
}

/// The numbers of a value at the front of the bytes, as far as they can be read, and where that is.
pub(super) fn numbers_up_to_a_fault(shape: &Shape, bytes: &[u8]) -> (Vec<Number>, usize) {
    let mut found = Found { bytes, at: 0, numbers: Vec::new() };
    let _ = found.value(shape);
    (found.numbers, found.at)
}

struct Found<'a> {
    bytes: &'a [u8],
    at: usize,
    numbers: Vec<Number>,
}

impl Found<'_> {
    fn value(&mut self, shape: &Shape) -> Option<()> {
        match shape {
            Shape::Null => Some(()),
            Shape::Boolean => self.skip(1),
            Shape::Float => self.skip(4),
            Shape::Double => self.skip(8),
            Shape::Fixed(_, size) => self.skip(*size),
            Shape::Int => self.number(Says::Int).map(drop),
            Shape::Long => self.number(Says::Long).map(drop),
            Shape::Bytes | Shape::Text => {
                let length = self.number(Says::Length)?;
                self.skip(usize::try_from(length).ok()?)
            }
            Shape::Logical(logical) => self.value(&logical.of),
            Shape::Record(record) => record.fields.iter().try_for_each(|(_, shape)| self.value(shape)),
            Shape::Union(branches) => {
                let branch = self.number(Says::Choice(branches.len()))?;
                self.value(branches.get(usize::try_from(branch).ok()?)?)
            }
            Shape::Array(item) => self.list(item),
        }
    }

    fn list(&mut self, item: &Shape) -> Option<()> {
        loop {
            let count = self.number(Says::Count)?;
            match count {
                0 => return Some(()),
                ..0 => drop(self.number(Says::Long)?),
                _ => {}
            }
            (0..count.unsigned_abs()).try_for_each(|_| self.value(item))?;
        }
    }

    fn skip(&mut self, bytes: usize) -> Option<()> {
        self.at = self.at.checked_add(bytes).filter(|end| *end <= self.bytes.len())?;
        Some(())
    }

    fn number(&mut self, says: Says) -> Option<i64> {
        let (value, bytes) = long(&self.bytes[self.at..])?;
        self.numbers.push(Number { at: self.at, bytes, value, says });
        self.at += bytes;
        Some(value)
    }
}

/// The number at the front and the bytes that it takes, at most ten.
pub(super) fn long(bytes: &[u8]) -> Option<(i64, usize)> {
    let length = 1 + bytes.iter().take(10).position(|byte| byte & 0x80 == 0)?;
    let number = bytes[..length].iter().rev().fold(0u64, |number, byte| number << 7 | u64::from(byte & 0x7f));
    Some(((number >> 1) as i64 ^ -((number & 1) as i64), length))
}

/// A number in so many bytes, or in as many as it needs.
pub(super) fn padded(number: i64, bytes: usize) -> Vec<u8> {
    let number = ((number << 1) ^ (number >> 63)) as u64;
    let needed = (64 - number.leading_zeros()).div_ceil(7).max(1) as usize;
    let bytes = bytes.max(needed);
    let byte = |at: usize| (number >> (7 * at)) as u8 & 0x7f | if at + 1 < bytes { 0x80 } else { 0 };
    (0..bytes).map(byte).collect()
}
