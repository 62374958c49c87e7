//! Where the judges may differ: the walker refuses, and another passes. Each case by name.

use super::Judges;
use super::places::{Says, numbers_up_to_a_fault};
use crate::shape::{Logical, Shape};
use crate::{FieldKind, Refusal};

/// Why and where the walker refused a datum.
#[derive(Debug)]
pub(super) struct Fault {
    why: Refusal,
    /// The type of the field, without the null that it may be; none past the last.
    shape: Option<Shape>,
    /// Whether the table reads the field, or passes it over.
    is_read: bool,
    /// Whether the decoder is told that the field is a long.
    is_promoted: bool,
    /// Whether the table as a whole, which holds all event types, may have no value there, or no such
    /// column.
    column_is_nullable: bool,
    /// From the first byte of the field on.
    bytes: Vec<u8>,
}

impl Judges {
    pub(super) fn fault(&self, datum: &[u8], why: Refusal) -> Fault {
        let (place, at) = self.decoder.walker.refused_at(datum);
        let (name, shape) = self.shape.fields.get(place).cloned().unzip();
        let column = name.and_then(|name| self.decoder.decoded_schema.field_with_name(&name).ok().cloned());
        let column_is_nullable = column.is_none_or(|column| column.is_nullable());
        let field = self.known.get(place).and_then(Option::as_ref);
        let is_read = field.is_some_and(|field| !field.pii.is_some_and(crate::Pii::is_dropped));
        let is_promoted = field.is_some_and(|field| field.kind == FieldKind::Long);
        Fault { why, shape, is_read, is_promoted, column_is_nullable, bytes: datum[at..].to_vec() }
    }
}

impl Fault {
    /// What apache-avro does not see.
    pub(super) fn passes_apache(&self) -> bool {
        match self.why {
            // Years and limits are the table's.
            Refusal::TimeOutOfRange | Refusal::NumberOutOfRange => true,
            // It takes an int of any length that the value fits, drops the bits of a tenth byte that a
            // long has no room for, and takes a decimal of no bytes or of more digits than 18.
            Refusal::BadNumber => self.is_decimal() || self.has_long_number(),
            // It takes a decimal of any length, and looks at no size of a block.
            Refusal::HostileLength => self.is_decimal() || self.has_sized_block(),
            Refusal::Truncated => self.has_sized_block(),
            _ => false,
        }
    }

    /// What arrow-avro does not see.
    pub(super) fn passes_arrow(&self) -> bool {
        match self.why {
            // It passes over a block by the size that is claimed, and looks at nothing within.
            _ if !self.is_read && self.has_sized_block() => true,
            Refusal::TimeOutOfRange | Refusal::NumberOutOfRange => true,
            // It takes an int of any length that the value fits, but not where it passes it over, and
            // decimals as apache-avro does. It is not told that what the table has as a long was
            // written as an int.
            Refusal::BadNumber => self.is_decimal() || self.is_int() && (self.is_read || self.is_promoted),
            // Any byte but 0 is true, and any branch but 0 (or 1) of a union of two types with null.
            Refusal::BadChoice => self.holds(|shape| *shape == Shape::Boolean || is_nullable(shape)),
            // A field may be required in one event type and lacking in another, in one column; or be dropped.
            Refusal::MissingValue => self.column_is_nullable,
            // It reads no text that it passes over.
            Refusal::NotUtf8 => !self.is_read,
            // It takes a decimal of more than 16 bytes that begins with bytes of no meaning, and does
            // not look at the size of a block that it reads.
            Refusal::HostileLength => self.is_decimal() || self.has_sized_block(),
            Refusal::Truncated => self.has_sized_block(),
            _ => false,
        }
    }

    /// The type without null.
    fn value(&self) -> Option<&Shape> {
        match self.shape.as_ref()? {
            Shape::Union(branches) => branches.iter().find(|branch| **branch != Shape::Null),
            shape => Some(shape),
        }
    }

    fn is_decimal(&self) -> bool {
        matches!(self.value(), Some(Shape::Logical(Logical { name, .. })) if name == "decimal")
    }

    fn is_int(&self) -> bool {
        let plain = match self.value() {
            Some(Shape::Logical(logical)) => Some(logical.of.as_ref()),
            shape => shape,
        };
        plain == Some(&Shape::Int)
    }

    fn has_long_number(&self) -> bool {
        self.bytes.windows(5).any(|bytes| bytes.iter().all(|byte| *byte >= 0x80))
    }

    /// Whether a count is negative in what can be read of the field.
    fn has_sized_block(&self) -> bool {
        let Some(shape) = &self.shape else { return false };
        let (numbers, _) = numbers_up_to_a_fault(shape, &self.bytes);
        numbers.iter().any(|number| number.says == Says::Count && number.value < 0)
    }

    fn holds(&self, is_it: impl Fn(&Shape) -> bool + Copy) -> bool {
        fn within(shape: &Shape, is_it: impl Fn(&Shape) -> bool + Copy) -> bool {
            let inner = match shape {
                Shape::Array(item) => within(item, is_it),
                Shape::Union(branches) => branches.iter().any(|branch| within(branch, is_it)),
                Shape::Record(record) => record.fields.iter().any(|(_, field)| within(field, is_it)),
                _ => false,
            };
            inner || is_it(shape)
        }
        self.shape.as_ref().is_some_and(|shape| within(shape, is_it))
    }
}

fn is_nullable(shape: &Shape) -> bool {
    matches!(shape, Shape::Union(branches) if branches.len() == 2 && branches.contains(&Shape::Null))
}
