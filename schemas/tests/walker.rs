//! Damaged data, by hand: each kind of damage is refused for its own reason.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use schemas::walker::Walker;
use schemas::{Refusal, frame};
use serde_json::json;

/// The longest legal varint, nine full bytes and a last one.
fn varint(last: u8) -> Vec<u8> {
    [vec![0xff; 9], vec![last]].concat()
}

/// `i64::MAX` as a zig-zag number.
fn huge() -> Vec<u8> {
    [vec![0xfe], vec![0xff; 8], vec![0x01]].concat()
}

fn zigzag(number: i64) -> Vec<u8> {
    let mut rest = ((number << 1) ^ (number >> 63)) as u64;
    let mut bytes = Vec::new();
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes
}

/// Checks one value of this Avro type.
fn check(avro_type: &serde_json::Value, datum: &[u8]) -> Result<(), Refusal> {
    let schema = json!({"type": "record", "name": "r", "fields": [{"name": "f", "type": avro_type}]});
    Walker::new(&schema.to_string()).unwrap().check(datum)
}

fn assert_refused(avro_type: serde_json::Value, cases: &[(&[u8], Refusal)]) {
    for (datum, refusal) in cases {
        assert_eq!(check(&avro_type, datum), Err(*refusal), "{avro_type} {datum:02x?}");
    }
}

fn assert_accepted(avro_type: serde_json::Value, cases: &[&[u8]]) {
    for datum in cases {
        assert_eq!(check(&avro_type, datum), Ok(()), "{avro_type} {datum:02x?}");
    }
}

#[test]
fn lengths_of_texts_and_bytes() {
    for kind in ["string", "bytes"] {
        assert_accepted(json!(kind), &[&[0], &[2, b'a'], &[0x82, 0x00, b'a']]);
        assert_refused(json!(kind), &[(&[], Refusal::Truncated), (&[4, b'a'], Refusal::Truncated)]);
        assert_refused(json!(kind), &[(&[1], Refusal::HostileLength), (&[1, b'a'], Refusal::HostileLength)]);
        assert_refused(json!(kind), &[(&huge(), Refusal::HostileLength), (&varint(1), Refusal::HostileLength)]);
        assert_refused(
            json!(kind),
            &[(&[2, b'a', b'a'], Refusal::TrailingBytes), (&[0, 0], Refusal::TrailingBytes)],
        );
    }
}

#[test]
fn texts_are_utf8() {
    for bad in [&[0xff][..], &[0xc3], &[0xc0, 0x80], &[0xed, 0xa0, 0x80], b"abc\x80"] {
        let datum = [zigzag(bad.len() as i64), bad.to_vec()].concat();
        assert_refused(json!("string"), &[(&datum, Refusal::NotUtf8)]);
        assert_accepted(json!("bytes"), &[&datum]);
    }
}

#[test]
fn numbers() {
    let eleven = [vec![0x80; 10], vec![0x00]].concat();
    let too_large = varint(2);
    assert_accepted(json!("long"), &[&huge(), &varint(1), &[0x80, 0x80, 0x00]]);
    assert_refused(json!("long"), &[(&eleven, Refusal::BadNumber), (&too_large, Refusal::BadNumber)]);
    assert_refused(json!("long"), &[(&[], Refusal::Truncated), (&[0x80], Refusal::Truncated)]);
    let (least, most) = (zigzag(i64::from(i32::MIN)), zigzag(i64::from(i32::MAX)));
    assert_accepted(json!("int"), &[&least, &most, &[0x80, 0x80, 0x80, 0x80, 0x00]]);
    let (below, above) = (zigzag(i64::from(i32::MIN) - 1), zigzag(i64::from(i32::MAX) + 1));
    assert_refused(json!("int"), &[(&below, Refusal::BadNumber), (&above, Refusal::BadNumber)]);
    assert_refused(json!("int"), &[(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x00], Refusal::BadNumber)]);
}

#[test]
fn choices() {
    assert_accepted(json!("boolean"), &[&[0], &[1]]);
    assert_refused(json!("boolean"), &[(&[2], Refusal::BadChoice), (&[0xff], Refusal::BadChoice)]);
    let union = json!(["null", "boolean"]);
    assert_accepted(union.clone(), &[&[0], &[2, 1], &[0x82, 0x00, 1]]);
    assert_refused(union.clone(), &[(&[4], Refusal::BadChoice), (&[1], Refusal::BadChoice)]);
    assert_refused(union.clone(), &[(&huge(), Refusal::BadChoice), (&varint(1), Refusal::BadChoice)]);
    assert_refused(union, &[(&[2], Refusal::Truncated), (&[0, 0], Refusal::TrailingBytes)]);
}

#[test]
fn times_that_a_table_can_hold() {
    let time = json!({"type": "long", "logicalType": "timestamp-micros"});
    let (first, last) = (-62_135_596_800_000_000, 253_402_300_799_999_999);
    assert_accepted(time.clone(), &[&zigzag(first), &zigzag(last), &zigzag(0)]);
    assert_refused(time.clone(), &[(&zigzag(first - 1), Refusal::TimeOutOfRange)]);
    assert_refused(time.clone(), &[(&zigzag(last + 1), Refusal::TimeOutOfRange)]);
    assert_refused(time, &[(&huge(), Refusal::TimeOutOfRange)]);
    let date = json!({"type": "int", "logicalType": "date"});
    let (first, last) = (-719_162, 2_932_896);
    assert_accepted(date.clone(), &[&zigzag(first), &zigzag(last)]);
    assert_refused(date.clone(), &[(&zigzag(first - 1), Refusal::TimeOutOfRange)]);
    assert_refused(date, &[(&zigzag(last + 1), Refusal::TimeOutOfRange)]);
}

#[test]
fn decimals_of_eighteen_digits() {
    let decimal = json!({"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 4});
    let encoded = |units: i128| [vec![32], units.to_be_bytes().to_vec()].concat();
    let limit = 10i128.pow(18);
    assert_accepted(decimal.clone(), &[&[2, 0], &[2, 0xff], &encoded(limit - 1), &encoded(1 - limit)]);
    for units in [limit, -limit, i128::MAX, i128::MIN, 1 << 64] {
        assert_refused(decimal.clone(), &[(&encoded(units), Refusal::BadNumber)]);
    }
    let too_long = [vec![34], vec![0; 17]].concat();
    assert_refused(decimal.clone(), &[(&too_long, Refusal::HostileLength), (&[1], Refusal::HostileLength)]);
    assert_refused(decimal, &[(&[4, 0], Refusal::Truncated), (&[0], Refusal::BadNumber)]);
}

/// Northings and eastings stood in the place of degrees before.
#[test]
fn decimals_within_their_limits() {
    let decimal = json!({"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 4});
    let field = |avro_type: &serde_json::Value, least: Option<&str>, most: Option<&str>| {
        let mut field = json!({"name": "f", "type": avro_type});
        for (key, limit) in [("minimum", least), ("maximum", most)] {
            limit.into_iter().for_each(|limit| field[key] = limit.into());
        }
        Walker::new(&json!({"type": "record", "name": "r", "fields": [field]}).to_string())
    };
    let encoded = |units: i64| [vec![16], units.to_be_bytes().to_vec()].concat();
    let latitude = field(&decimal, Some("-90"), Some("90")).unwrap();
    for units in [0, 512_362, 900_000, -900_000] {
        assert_eq!(latitude.check(&encoded(units)), Ok(()), "{units}");
    }
    for units in [900_001, -900_001, 1_641_940_000, 10_i64.pow(18) - 1] {
        assert_eq!(latitude.check(&encoded(units)), Err(Refusal::NumberOutOfRange), "{units}");
    }
    assert_eq!(latitude.check(&encoded(10_i64.pow(18))), Err(Refusal::BadNumber), "that is no decimal at all");
    let nullable = field(&json!(["null", decimal]), Some("0.5"), None).unwrap();
    let present = |units: i64| [vec![2], encoded(units)].concat();
    assert_eq!(nullable.check(&[0]), Ok(()));
    assert_eq!(nullable.check(&present(5000)), Ok(()));
    assert_eq!(nullable.check(&present(10_i64.pow(18) - 1)), Ok(()), "there is no maximum");
    assert_eq!(nullable.check(&present(4999)), Err(Refusal::NumberOutOfRange));
    assert!(field(&json!("long"), Some("1"), None).is_err(), "only a decimal can have limits");
    assert!(field(&json!(["null", "string"]), None, Some("1")).is_err());
    assert!(field(&decimal, Some("2"), Some("1")).is_err());
    assert!(field(&decimal, Some("one"), None).is_err());
}

#[test]
fn a_value_with_others_after_it() {
    let schema = json!({"type": "record", "name": "r", "fields": [
        {"name": "a", "type": "long"}, {"name": "b", "type": "string"}, {"name": "c", "type": ["null", "string"]},
    ]});
    let walker = Walker::new(&schema.to_string()).unwrap();
    let datum = [0x82, 0x01, 4, b'h', b'i', 0];
    let followed = [&datum[..], &[0xff; 9]].concat();
    assert_eq!(walker.value_length(&datum), Ok(6));
    assert_eq!(walker.value_length(&followed), Ok(6));
    assert_eq!(walker.check(&followed), Err(Refusal::TrailingBytes));
    assert_eq!(walker.value_length(&datum[..5]), Err(Refusal::Truncated));
    assert_eq!(walker.text_field(&followed, 1), Ok("hi"));
    for place in [0, 2, 3, usize::MAX] {
        assert_eq!(walker.text_field(&datum, place), Err(Refusal::BadChoice), "{place}");
    }
    assert_eq!(walker.text_field(&datum[..4], 1), Err(Refusal::Truncated));
}

#[test]
fn blocks_of_a_list() {
    let list = json!({"type": "array", "items": "string"});
    let in_blocks = &[2, 2, b'a', 3, 8, 2, b'b', 2, b'c', 0][..];
    assert_accepted(list.clone(), &[&[0], &[4, 2, b'a', 0, 0], in_blocks]);
    assert_refused(list.clone(), &[(&[2, 2, b'a'], Refusal::Truncated), (&[0, 0], Refusal::TrailingBytes)]);
    assert_refused(list.clone(), &[(&[60, 0, 0], Refusal::Truncated), (&huge(), Refusal::HostileLength)]);
    let least = [varint(1), vec![2, 0]].concat();
    assert_refused(list.clone(), &[(&least, Refusal::HostileLength), (&[1, 1, 0, 0], Refusal::HostileLength)]);
    let huge_block = [vec![1], huge(), vec![0, 0]].concat();
    assert_refused(list.clone(), &[(&huge_block, Refusal::HostileLength), (&[1, 60, 0, 0], Refusal::Truncated)]);
    for untrue in [&[1, 2, 2, b'a', 0][..], &[1, 6, 2, b'a', 0], &[1, 0, 2, b'a', 0]] {
        assert_refused(list.clone(), &[(untrue, Refusal::HostileLength)]);
    }
}

#[test]
fn what_the_wire_contract_does_not_use_is_no_walker() {
    let bad = [
        json!({"type": "enum", "name": "e", "symbols": ["a"]}),
        json!({"type": "map", "values": "string"}),
        json!({"type": "record", "name": "e", "fields": [{"name": "f", "type": ["null", "e"]}]}),
        json!({"type": "record", "name": "e"}),
        json!({"type": "fixed", "name": "e"}),
        json!("missing"),
        json!(7),
    ];
    for schema in bad {
        assert!(Walker::new(&schema.to_string()).is_err(), "{schema}");
    }
    assert!(Walker::new("not json").is_err());
}

#[test]
fn headers() {
    assert_eq!(frame::split(&[]), Err(Refusal::Empty));
    assert_eq!(frame::split(&[1, 0, 0, 0, 1, 9]), Err(Refusal::WrongMagic));
    assert_eq!(frame::split(&[0, 0, 0, 1]), Err(Refusal::Truncated));
    assert_eq!(frame::split(&[0, 0, 0, 1, 2]), Ok((258, &[][..])));
    assert_eq!(frame::split(&frame::join(1005, &[7, 8])), Ok((1005, &[7, 8][..])));
}
