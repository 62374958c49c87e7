//! The walker against the two libraries: what it accepts, apache-avro reads to the last byte and
//! the Arrow decoder turns into one row, with the same values; what is legal Avro, it accepts.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use apache_avro::Schema;
use apache_avro::types::Value as Avro;
use chrono::{DateTime, NaiveDate, SecondsFormat};
use common::{cell, pass_samples};
use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use schemas::walker::Walker;
use schemas::{Decoded, Field, FieldKind, Pii, Refusal, WriterDecoder, catalogue, frame};
use std::fmt::Debug;
use std::ops::RangeInclusive;

/// An event type with everything that judges its data, and one good datum.
struct Judges {
    id: u32,
    name: String,
    walker: Walker,
    schema: Schema,
    decoder: WriterDecoder,
    good: Vec<u8>,
}

fn judges() -> Vec<Judges> {
    let prepare = |sample: common::Sample| {
        let good = sample.record();
        let released = catalogue().released(frame::split(&good).unwrap().0).unwrap();
        Judges {
            id: released.id,
            name: sample.file.clone(),
            walker: Walker::new(&released.schema).unwrap(),
            schema: Schema::parse_str(&released.schema).unwrap(),
            decoder: sample.decoder(),
            good,
        }
    };
    pass_samples().into_iter().map(prepare).collect()
}

impl Judges {
    /// Puts the data between two good records and compares the three verdicts.
    fn compare(&mut self, data: &[Vec<u8>]) -> usize {
        let records: Vec<Vec<u8>> = data.iter().map(|datum| frame::join(self.id, datum)).collect();
        let mut group = vec![self.good.as_slice()];
        group.extend(records.iter().map(Vec::as_slice));
        group.push(&self.good);
        let decoded = self.decoder.decode(&group).unwrap();
        assert_eq!(decoded.batch.num_rows(), decoded.rows.len(), "{}", self.name);
        for (place, why) in &decoded.refused {
            assert_ne!(*why, Refusal::DecoderRefused, "{}: {:02x?}", self.name, data[place - 1]);
            assert_eq!(self.walker.check(&data[place - 1]), Err(*why), "{}", self.name);
        }
        let mut places: Vec<usize> = decoded.refused.iter().map(|(place, _)| *place).collect();
        places.extend(&decoded.rows);
        places.sort_unstable();
        assert!(places.into_iter().eq(0..group.len()), "{}: every record is in one place", self.name);
        for (row, place) in decoded.rows.iter().enumerate() {
            self.same_values(&decoded, row, &group[*place][frame::HEADER_BYTES..]);
        }
        decoded.rows.len() - 2
    }

    fn same_values(&self, decoded: &Decoded, row: usize, datum: &[u8]) {
        let mut rest = datum;
        let value = apache_avro::from_avro_datum(&self.schema, &mut rest, None);
        let Ok(Avro::Record(fields)) = value else { panic!("{}: {value:?} {datum:02x?}", self.name) };
        assert!(rest.is_empty(), "{}: {datum:02x?}", self.name);
        let (_, event) = catalogue().event_type(self.decoder.event_type()).unwrap();
        let dropped = |name: &str| {
            event.fields.iter().any(|field| field.name == name && field.pii.is_some_and(Pii::is_dropped))
        };
        for (name, value) in fields.into_iter().filter(|(name, _)| !dropped(name)) {
            assert_eq!(cell(&decoded.batch, &name, row), text(value), "{}: {name} {datum:02x?}", self.name);
        }
    }
}

/// A value as `common::cell` writes it.
fn text(value: Avro) -> Option<String> {
    let list = |item| text(item).unwrap();
    Some(match value {
        Avro::Null => return None,
        Avro::Union(_, value) => return text(*value),
        Avro::String(text) => text,
        Avro::Long(number) => number.to_string(),
        Avro::Int(number) => number.to_string(),
        Avro::Boolean(flag) => flag.to_string(),
        Avro::Fixed(_, bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        Avro::TimestampMicros(micros) => {
            DateTime::from_timestamp_micros(micros)?.to_rfc3339_opts(SecondsFormat::AutoSi, true)
        }
        Avro::Date(days) => NaiveDate::from_epoch_days(days)?.to_string(),
        Avro::Decimal(decimal) => decimal_text(&Vec::try_from(&decimal).unwrap()),
        Avro::Array(items) => serde_json::to_string(&items.into_iter().map(list).collect::<Vec<_>>()).unwrap(),
        other => panic!("{other:?}"),
    })
}

fn decimal_text(bytes: &[u8]) -> String {
    let sign = if bytes.first().is_some_and(|first| *first >= 0x80) { 0xff } else { 0 };
    let mut all = [sign; 16];
    all[16 - bytes.len()..].copy_from_slice(bytes);
    let units = i128::from_be_bytes(all);
    let size = units.unsigned_abs();
    format!("{}{}.{:04}", if units < 0 { "-" } else { "" }, size / 10_000, size % 10_000)
}

#[test]
fn every_byte_set_to_the_extremes_or_taken_out() {
    for mut judges in judges() {
        let datum = judges.good[frame::HEADER_BYTES..].to_vec();
        let mut data = Vec::new();
        for at in 0..datum.len() {
            for byte in [0x00, 0x01, 0x02, 0x03, 0x7f, 0x80, 0xfe, 0xff] {
                data.push([&datum[..at], &[byte], &datum[at + 1..]].concat());
                data.push([&datum[..at], &[byte], &datum[at..]].concat());
            }
            data.push([&datum[..at], &datum[at + 1..]].concat());
        }
        judges.compare(&data);
    }
}

/// One change: where, how many bytes are taken out, and what is put in their place.
type Change = (prop::sample::Index, usize, Vec<u8>);

fn change() -> impl Strategy<Value = Change> {
    (any::<prop::sample::Index>(), 0usize..6, vec(any::<u8>(), 0..12))
}

fn run<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>)
where
    S::Value: Debug,
{
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(strategy, test).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn any_damage() {
    let all = std::cell::RefCell::new(judges());
    run(4096, &(any::<prop::sample::Index>(), vec(change(), 1..4)), |(sample, changes)| {
        let judges = &mut all.borrow_mut();
        let judges = sample.get_mut(judges.as_mut_slice());
        let mut datum = judges.good[frame::HEADER_BYTES..].to_vec();
        for (at, taken, put) in changes {
            let at = at.index(datum.len() + 1);
            let end = datum.len().min(at + taken);
            datum.splice(at..end, put);
        }
        judges.compare(&[datum]);
        Ok(())
    });
}

#[test]
fn whatever_is_legal_is_accepted() {
    for judges in judges() {
        let fields = &catalogue().event_type(judges.decoder.event_type()).unwrap().1.fields;
        let datum: Vec<BoxedStrategy<Vec<u8>>> = fields.iter().map(encoding).collect();
        let datum = datum.prop_map(|parts| parts.concat());
        let judges = std::cell::RefCell::new(judges);
        run(48, &vec(datum, 1..4), |data| {
            assert_eq!(judges.borrow_mut().compare(&data), data.len(), "{data:02x?}");
            Ok(())
        });
    }
}

/// Any legal encoding of any value that the field may hold.
fn encoding(field: &Field) -> BoxedStrategy<Vec<u8>> {
    let value = match field.kind {
        FieldKind::Text => texts().boxed(),
        FieldKind::Long => number(i64::MIN..=i64::MAX, 10).boxed(),
        FieldKind::Int => number(i64::from(i32::MIN)..=i64::from(i32::MAX), 5).boxed(),
        FieldKind::Boolean => (0u8..2).prop_map(|byte| vec![byte]).boxed(),
        FieldKind::Id => vec(any::<u8>(), 16).boxed(),
        FieldKind::Timestamp => number(-62_135_596_800_000_000..=253_402_300_799_999_999, 10).boxed(),
        FieldKind::Date => number(-719_162..=2_932_896, 5).boxed(),
        FieldKind::Decimal => decimals(field.limits.clone()).boxed(),
        FieldKind::TextList => vec(block(), 0..4).prop_map(|blocks| [blocks.concat(), vec![0]].concat()).boxed(),
    };
    if field.nullable { proptest::prop_oneof![Just(vec![0]), value.prop_map(present)].boxed() } else { value }
}

fn present(value: Vec<u8>) -> Vec<u8> {
    [vec![2], value].concat()
}

/// A zig-zag number with up to so many bytes, more than it needs or not.
fn number(range: RangeInclusive<i64>, most: usize) -> impl Strategy<Value = Vec<u8>> {
    (range, 1..=most).prop_map(|(number, length)| padded(number, length))
}

fn padded(number: i64, length: usize) -> Vec<u8> {
    let number = ((number << 1) ^ (number >> 63)) as u64;
    let needed = (64 - number.leading_zeros()).div_ceil(7).max(1) as usize;
    let length = length.max(needed);
    let byte = |at: usize| (number >> (7 * at)) as u8 & 0x7f | if at + 1 < length { 0x80 } else { 0 };
    (0..length).map(byte).collect()
}

fn texts() -> impl Strategy<Value = Vec<u8>> {
    let length = 1usize..=10;
    (vec(any::<char>(), 0..8), length)
        .prop_map(|(chars, length)| sized(chars.into_iter().collect::<String>().as_bytes(), length))
}

fn decimals(limits: Option<RangeInclusive<i64>>) -> impl Strategy<Value = Vec<u8>> {
    let limits = limits.unwrap_or(1 - 10i64.pow(18)..=10i64.pow(18) - 1);
    (limits, 8usize..=16).prop_map(|(units, bytes)| sized(&i128::from(units).to_be_bytes()[16 - bytes..], 1))
}

fn sized(bytes: &[u8], length: usize) -> Vec<u8> {
    [padded(bytes.len() as i64, length), bytes.to_vec()].concat()
}

/// A block of a list, with its size before it or not.
fn block() -> impl Strategy<Value = Vec<u8>> {
    (vec(texts(), 1..4), any::<bool>()).prop_map(|(items, with_size)| {
        let (count, items) = (items.len() as i64, items.concat());
        match with_size {
            true => [padded(-count, 1), padded(items.len() as i64, 2), items].concat(),
            false => [padded(count, 1), items].concat(),
        }
    })
}
