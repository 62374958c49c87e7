//! Data of a schema, drawn by a seed, most of them good; and damage to them.

use super::places::padded;
use super::writers::Dice;
use crate::Field;
use crate::shape::{RecordShape, Shape};

/// A datum. Every value is legal Avro; some are not what the table takes.
pub(super) fn datum(dice: &mut Dice, shape: &RecordShape, known: &[Option<Field>]) -> Vec<u8> {
    let mut drawing = Drawing { dice, bytes: Vec::new(), field: None };
    for ((_, shape), field) in shape.fields.iter().zip(known) {
        drawing.field = field.as_ref();
        drawing.value(shape);
    }
    drawing.bytes
}

struct Drawing<'a> {
    dice: &'a mut Dice,
    bytes: Vec<u8>,
    /// What the table knows of the field that is drawn.
    field: Option<&'a Field>,
}

impl Drawing<'_> {
    fn value(&mut self, shape: &Shape) {
        match shape {
            Shape::Null => {}
            Shape::Boolean => self.raw(1, |byte| byte & 1),
            Shape::Float => self.raw(4, |byte| byte),
            Shape::Double => self.raw(8, |byte| byte),
            Shape::Fixed(_, size) => self.raw(*size, |byte| byte),
            Shape::Int => {
                let number = self.dice.number() as i32 >> self.dice.below(32);
                self.number(number.into(), 5);
            }
            Shape::Long => {
                let number = self.dice.number() as i64 >> self.dice.below(64);
                self.number(number, 10);
            }
            Shape::Text => self.text(),
            Shape::Bytes if self.field.is_some() && self.dice.percent(95) => self.text(),
            Shape::Bytes => {
                let size = self.dice.below(20);
                self.number(size as i64, 10);
                self.raw(size, |byte| byte);
            }
            Shape::Array(item) => self.list(item),
            Shape::Union(branches) => {
                let mut branch = self.dice.below(branches.len());
                if self.field.is_some_and(|field| !field.nullable) && self.dice.percent(90) {
                    branch = branches.iter().position(|branch| *branch != Shape::Null).unwrap_or(branch);
                }
                self.number(branch as i64, 10);
                self.value(&branches[branch]);
            }
            Shape::Record(record) => record.fields.iter().for_each(|(_, shape)| self.value(shape)),
            Shape::Logical(logical) if self.field.is_some() && self.dice.percent(97) => {
                match logical.name.as_str() {
                    "timestamp-micros" => {
                        let micros = self.dice.number() as i64 >> 12;
                        self.number(micros, 10);
                    }
                    "date" => {
                        let days = self.dice.number() as i32 >> 12;
                        self.number(days.into(), 5);
                    }
                    _ => self.decimal(),
                }
            }
            Shape::Logical(logical) => self.value(&logical.of),
        }
    }

    fn raw(&mut self, size: usize, of: impl Fn(u8) -> u8) {
        (0..size).for_each(|_| self.bytes.push(of(self.dice.number() as u8)));
    }

    /// In as many bytes as it needs, or in more.
    fn number(&mut self, number: i64, most: usize) {
        let bytes = if self.dice.percent(90) { 1 } else { 1 + self.dice.below(most) };
        self.bytes.extend(padded(number, bytes));
    }

    fn text(&mut self) {
        let parts = [
            "",
            "a",
            "queue",
            "café",
            "☎",
            "🦆",
            "\u{0}",
            "lots of it and more than sixty-four bytes, so that it has a length of two",
        ];
        let text: String = (0..self.dice.below(4)).map(|_| self.dice.pick(&parts)).collect();
        self.number(text.len() as i64, 10);
        self.bytes.extend(text.bytes());
    }

    /// In 1 to 16 bytes.
    fn decimal(&mut self) {
        let limits = self.field.and_then(|field| field.limits.clone()).filter(|_| self.dice.percent(90));
        let units = self.dice.number() as i64 >> (4 + self.dice.below(60));
        let units = i128::from(limits.map_or(units, |limits| units % (limits.end() + 1)));
        let needed = 1 + (129 - units.unsigned_abs().leading_zeros() as usize) / 8;
        let size = if self.dice.percent(50) { needed } else { needed + self.dice.below(17 - needed) };
        self.number(size as i64, 10);
        self.bytes.extend(&units.to_be_bytes()[16 - size..]);
    }

    fn list(&mut self, item: &Shape) {
        for _ in 0..self.dice.below(3) {
            let count = 1 + self.dice.below(3) as i64;
            let before = std::mem::take(&mut self.bytes);
            (0..count).for_each(|_| self.value(item));
            let items = std::mem::replace(&mut self.bytes, before);
            if self.dice.percent(30) {
                self.number(-count, 10);
                self.number(items.len() as i64, 10);
            } else {
                self.number(count, 10);
            }
            self.bytes.extend(items);
        }
        self.number(0, 10);
    }
}

/// Damages a datum in one to three places.
pub(super) fn damage(dice: &mut Dice, datum: &mut Vec<u8>) {
    for _ in 0..=dice.below(3) {
        let at = dice.below(datum.len().max(1)).min(datum.len());
        let end = (at + dice.below(5)).min(datum.len());
        match dice.below(6) {
            0 => datum.truncate(at),
            1 => drop(datum.drain(at..end)),
            2 => (0..=dice.below(4)).for_each(|_| datum.insert(at, dice.number() as u8)),
            3 => drop(datum.splice(at..end, hostile(dice))),
            _ if datum.is_empty() => {}
            _ => datum[at] ^= 1 << dice.below(8),
        }
    }
}

/// A number that no length, count or choice could be, or of too many bytes or bits.
fn hostile(dice: &mut Dice) -> Vec<u8> {
    let huge = [i64::MIN, i64::MAX, i32::MIN.into(), i32::MAX.into(), -1, -2, 1 << 20, 1 << 29, 1 << 40];
    match dice.below(4) {
        0 => vec![0xff; 9 + dice.below(4)],
        1 => [vec![0x80 | dice.number() as u8; 9], vec![dice.number() as u8]].concat(),
        2 => padded(dice.pick(&[-1, 0, 1, 2, 3]), 1 + dice.below(10)),
        _ => padded(dice.pick(&huge), 1),
    }
}
