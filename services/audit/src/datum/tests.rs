//! Records put together by hand, and the rows that they must become.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::run::released_schemas;
use schemas::{Event, Value as Told, catalogue, event_id};

fn read(columns: &[&str], record: &[u8]) -> (Reading, BTreeSet<String>) {
    let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
    let mut key = key();
    let source = &catalogue().sources["fixmystreet"];
    let mut decoder = Decoder::new(source, &columns, &mut key, released_schemas());
    (decoder.read(record).unwrap(), decoder.unkept)
}

fn key() -> TokenKey {
    TokenKey::parse(&"07".repeat(32)).unwrap()
}

fn text(text: &str) -> Option<Cell> {
    Some(Cell::Text(text.to_owned()))
}

const NOON_ON_2_MARCH: i64 = 1_772_452_800_000_000;

/// `report_confirmed` by the Avro specification: 51.2349 N 0.5750 W, two bodies, no case.
fn confirmed(latitude: i64) -> Vec<u8> {
    let zigzag = |number: i64| {
        let mut rest = ((number << 1) ^ (number >> 63)).cast_unsigned();
        let mut bytes = Vec::new();
        while rest > 0x7f {
            bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
        bytes
    };
    let mut record = vec![0, 0, 0, 0x0f, 0xa2];
    record.extend([7; 16]);
    record.extend(zigzag(NOON_ON_2_MARCH));
    record.extend(b"\x06fms\x041");
    record.extend(b"2\x00\x00\x00");
    record.extend([2, 16]);
    record.extend(latitude.to_be_bytes());
    record.extend([2, 4]);
    record.extend((-5750_i16).to_be_bytes());
    record.extend(b"\x02\x08Town");
    record.extend(b"\x04\x02A\x02B\x00");
    record
}

#[test]
fn every_type_becomes_the_column_that_the_contract_says() {
    let columns = [
        "event_type",
        "event_id",
        "occurred_at",
        "source",
        "report_id",
        "sequence",
        "case_refs",
        "latitude",
        "longitude",
        "ward",
        "bodies",
        "customer_tokens",
        "event_month",
        "title",
    ];
    let texts = |texts: &[&str]| Some(Cell::Texts(texts.iter().map(|text| (*text).to_owned()).collect()));
    let (reading, unkept) = read(&columns, &confirmed(51_2349));
    let expected = [
        text("report_confirmed"),
        Some(Cell::Bytes(vec![7; 16])),
        Some(Cell::Instant(NOON_ON_2_MARCH)),
        text("fms"),
        text("12"),
        None,
        texts(&[]),
        Some(Cell::Decimal(51_2300)),
        Some(Cell::Decimal(-5800)),
        text("Town"),
        texts(&["A", "B"]),
        None,
        // 1 March 2026 is day 20,513.
        Some(Cell::Day(20_513)),
        None,
    ];
    assert_eq!(reading, Reading::Row(digests(&expected)));
    assert_eq!(unkept, BTreeSet::new());
}

#[test]
fn identifiers_become_tokens_and_names_and_texts_vanish() {
    let event = Event::new("report_created")
        .with("event_id", event_id("fixmystreet", "report_created", "1"))
        .with("occurred_at", Told::TimestampMicros(NOON_ON_2_MARCH))
        .with("source", "fms")
        .with("report_id", "1")
        .with("category", "Potholes")
        .with("non_public", false)
        .with("reporter_email", "A@Example.org")
        .with("reporter_phone", "01632 960123")
        .with("reporter_name", "Ann")
        .with("contributed_by", "staff-1");
    let columns = ["reporter_email", "reporter_phone", "reporter_name", "contributed_by", "customer_tokens"];
    let (reading, unkept) = read(&columns, &event.to_record().unwrap());
    let mut key = key();
    let mut token = |purpose, text: &str| key.token(purpose, text.to_owned()).unwrap();
    let (email, phone) = (token("email", "a@example.org"), token("phone", "+441632960123"));
    let mut customer = vec![email.clone(), phone.clone()];
    customer.sort();
    let expected =
        [text(&email), text(&phone), None, text(&token("agent", "staff-1")), Some(Cell::Texts(customer))];
    assert_eq!(reading, Reading::Row(digests(&expected)));
    assert!(unkept.contains("report_created.category") && !unkept.contains("report_created.reporter_name"));
}

#[test]
fn what_cannot_be_read_is_refused_with_its_reason() {
    let good = confirmed(51_2349);
    let refused = |record: &[u8]| match read(&["ward", "latitude"], record).0 {
        Reading::Refused(why) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&[]), "it is empty");
    assert_eq!(refused(&[1, 0, 0, 0, 0]), "it does not begin with a zero byte");
    assert_eq!(refused(&[0, 0, 0]), "it is shorter than its header");
    for end in 5..good.len() {
        assert_eq!(refused(&good[..end]), "it ends too early", "{end} bytes");
    }
    assert_eq!(refused(&[good.as_slice(), &[0]].concat()), "bytes are left over");
    assert_eq!(refused(&[&[0, 0, 0, 0, 1], &good[5..]].concat()), "its schema id is not known");
    // 1005 is an answered call.
    assert_eq!(refused(&[&[0, 0, 0, 3, 0xed], &good[5..]].concat()), "its schema is that of another source");
    assert_eq!(refused(&confirmed(90_0001)), "a number outside its limits");
    assert_eq!(refused(&confirmed(i64::MAX)), "a decimal with too many digits");
}

#[test]
fn what_no_table_can_hold_is_refused() {
    let schema = r#"{"type": "record", "name": "r", "fields": [
        {"name": "f", "type": {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}}]}"#;
    let field = &Writer::parse(schema).unwrap().fields[0];
    let year_10000 = 253_402_300_800_000_000_i64;
    assert_eq!(cell(Value::TimestampMicros(year_10000), field), Err(OUT_OF_TIME));
    assert_eq!(cell(Value::TimestampMicros(year_10000 - 1), field), Ok(Some(Cell::Instant(year_10000 - 1))));
    assert_eq!(cell(Value::Date(-719_163), field), Err(OUT_OF_TIME));
    assert_eq!(cell(Value::Date(-719_162), field), Ok(Some(Cell::Day(-719_162))));
    // Units of two places are not those of the lake.
    assert_eq!(cell(Value::Decimal(Decimal::from([1])), field), Err(OUT_OF_CONTRACT));
    assert_eq!(cell(Value::TimestampMillis(1), field), Err(OUT_OF_CONTRACT));
}

/// A version in which the reporter's identity may be null, and one that another build has added to.
#[test]
fn a_required_field_has_a_value_and_a_field_without_a_column_is_told() {
    let writer = |source_type: &str, more: &str| {
        let schema = format!(
            r#"{{"type": "record", "name": "report_hidden", "fields": [
            {{"name": "event_id", "type": {{"type": "fixed", "name": "Uuid", "size": 16}}}},
            {{"name": "occurred_at", "type": {{"type": "long", "logicalType": "timestamp-micros"}}}},
            {{"name": "source", "type": {source_type}}}{more}]}}"#
        );
        let known: SchemaOf = Arc::new(move |_| Ok(Some(schema.clone())));
        known
    };
    let columns = ["event_id", "occurred_at", "source"].map(str::to_owned);
    let read = |schema_of: SchemaOf, rest: &[u8]| {
        let mut key = key();
        let mut decoder = Decoder::new(&catalogue().sources["fixmystreet"], &columns, &mut key, schema_of);
        let record = [&[0, 0, 0, 0, 9], [7; 16].as_slice(), &[2], rest].concat();
        (decoder.read(&record).unwrap(), decoder.unkept)
    };
    let nullable = || writer(r#"["null", "string"]"#, "");
    assert!(matches!(read(nullable(), b"\x02\x06fms"), (Reading::Row(_), _)));
    assert_eq!(read(nullable(), &[0]).0, Reading::Refused("a required field has no value"));
    let more = r#", {"name": "mood", "type": ["null", "double"]}"#;
    let with_more = || writer(r#""string""#, more);
    let (reading, unkept) = read(with_more(), b"\x06fms\x02\0\0\0\0\0\0\0\0");
    assert!(matches!(reading, Reading::Row(_)));
    assert_eq!(unkept, BTreeSet::from(["report_hidden.mood".to_owned()]));
    assert_eq!(read(with_more(), b"\x06fms\0").1, BTreeSet::new());
}

#[test]
fn a_schema_that_cannot_be_looked_up_ends_the_audit() {
    let columns = Vec::new();
    let mut key = key();
    let source = &catalogue().sources["fixmystreet"];
    let down: SchemaOf = Arc::new(|_| Err("nobody answers".to_owned()));
    let mut decoder = Decoder::new(source, &columns, &mut key, down);
    let error = decoder.read(&confirmed(0)).unwrap_err();
    assert!(error.to_string().contains("4002") && error.to_string().contains("nobody answers"), "{error}");
}
