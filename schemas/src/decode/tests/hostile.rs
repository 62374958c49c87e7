//! Every number of every sample that says how the datum goes on, put wrong in every way.

use super::Judges;
use super::places::{Number, Says, long, numbers, padded};
use crate::Refusal;

/// Numbers that are no length, count or choice in a sample, from the least to the greatest.
const NONE: [i64; 13] = [
    i64::MIN,
    i64::MIN + 1,
    -(1 << 40),
    i32::MIN as i64,
    -300,
    -2,
    -1,
    1 << 20,
    (1 << 29) + 1,
    i32::MAX as i64,
    1 << 32,
    1 << 62,
    i64::MAX,
];

/// Numbers of more bytes, or of more bits, than any has.
fn overflowing() -> Vec<Vec<u8>> {
    let ten = |last: u8| [vec![0x80; 9], vec![last]].concat();
    let full = |last: u8| [vec![0xff; 9], vec![last]].concat();
    let eleven = [vec![0x80; 10], vec![0]].concat();
    vec![ten(2), ten(3), ten(0x7f), ten(0x80), full(2), full(0x7f), full(0xff), eleven, vec![0xff; 12]]
}

fn with(datum: &[u8], number: Number, bytes: &[u8]) -> Vec<u8> {
    [&datum[..number.at], bytes, &datum[number.at + number.bytes..]].concat()
}

#[test]
fn a_hostile_length_count_or_choice_is_refused_wherever_it_stands() {
    for (file, mut judges, datum) in Judges::of_samples() {
        for number in numbers(&judges.shape, &datum) {
            if matches!(number.says, Says::Int | Says::Long) {
                continue;
            }
            for hostile in NONE {
                let why = judges.judge(&with(&datum, number, &padded(hostile, 1))).unwrap_err();
                let expected = match number.says {
                    Says::Choice(_) => Refusal::BadChoice,
                    // A text of a megabyte could be; this one was cut short.
                    _ if hostile == 1 << 20 => Refusal::Truncated,
                    _ => Refusal::HostileLength,
                };
                // After a negative count, what follows is taken for the size of its block.
                let is_block = number.says == Says::Count && hostile < 0;
                assert!(why == expected || is_block, "{file}: {number:?} made {hostile}: {why}");
            }
            for hostile in overflowing() {
                let why = judges.judge(&with(&datum, number, &hostile)).unwrap_err();
                assert_eq!(why, Refusal::BadNumber, "{file}: {number:?} made {hostile:02x?}");
            }
            for near in [number.value - 1, number.value + 1, datum.len() as i64, datum.len() as i64 + 1] {
                let _ = judges.judge(&with(&datum, number, &padded(near, 1)));
            }
            if let Says::Choice(branches) = number.says {
                let why = judges.judge(&with(&datum, number, &padded(branches as i64, 1))).unwrap_err();
                assert_eq!(why, Refusal::BadChoice, "{file}: {number:?}");
            }
        }
    }
}

#[test]
fn numbers_of_too_many_bytes_or_bits_are_refused_and_of_more_than_needed_are_not() {
    for (file, mut judges, datum) in Judges::of_samples() {
        let row = judges.apache(&datum).unwrap();
        for number in numbers(&judges.shape, &datum) {
            for hostile in overflowing() {
                let why = judges.judge(&with(&datum, number, &hostile)).unwrap_err();
                assert_eq!(why, Refusal::BadNumber, "{file}: {number:?} made {hostile:02x?}");
            }
            let most = if number.says == Says::Int { 5 } else { 10 };
            for bytes in number.bytes..=10 {
                let padded = with(&datum, number, &padded(number.value, bytes));
                let expected = if bytes > most { Err(Refusal::BadNumber) } else { Ok(()) };
                assert_eq!(judges.judge(&padded), expected, "{file}: {number:?} in {bytes} bytes");
                assert!(expected.is_err() || judges.arrow(&padded) == Some(row.clone()), "{file}: {number:?}");
            }
        }
    }
}

/// A list may say of each block how many bytes it takes. That must be true, because a reader may
/// skip by it.
#[test]
fn a_block_with_its_size_is_taken_only_if_the_size_is_true() {
    let mut lists = 0;
    for (file, mut judges, datum) in Judges::of_samples() {
        let row = judges.apache(&datum).unwrap();
        let all = numbers(&judges.shape, &datum);
        for number in all.iter().filter(|number| number.says == Says::Count && number.value > 0) {
            lists += 1;
            let size = block_bytes(&datum[number.at + number.bytes..], number.value);
            let sized =
                |claimed: &[u8]| with(&datum, *number, &[padded(-number.value, 1), claimed.to_vec()].concat());
            let good = sized(&padded(size, 1));
            assert_eq!(judges.judge(&good), Ok(()), "{file}: {number:?}");
            assert_eq!(judges.arrow(&good), Some(row.clone()), "{file}: {number:?}");
            let near = [0, 1, size - 1, size + 1].into_iter().filter(|near| *near != size);
            for untrue in near.chain(NONE) {
                let why = judges.judge(&sized(&padded(untrue, 1))).unwrap_err();
                let expected = if untrue == 1 << 20 { Refusal::Truncated } else { Refusal::HostileLength };
                assert_eq!(why, expected, "{file}: {number:?} of {untrue} bytes");
            }
            for hostile in overflowing() {
                assert_eq!(judges.judge(&sized(&hostile)), Err(Refusal::BadNumber), "{file}: {number:?}");
            }
        }
    }
    assert!(lists >= 10, "the samples have lists with items: {lists}");
}

/// The bytes of so many texts.
fn block_bytes(bytes: &[u8], items: i64) -> i64 {
    (0..items).fold(0, |at, _| {
        let (text, length) = long(&bytes[at as usize..]).unwrap();
        at + length as i64 + text
    })
}
