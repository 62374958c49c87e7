//! Each kind of finding, by itself.

use super::*;

const COLUMNS: [&str; 3] = ["event_type", "agent", "wait_ms"];

/// A record or a row whose columns have these digests.
fn content(digests: [u64; 3]) -> Digests {
    Box::new(digests)
}

fn record(offset: i64, reading: Reading) -> Record {
    Record { offset, size_bytes: 40, mac: None, reading }
}

fn readable(offset: i64) -> Record {
    record(offset, Reading::Row(content([1, 2, 3])))
}

fn stored(offset: i64) -> Stored {
    Stored { offset, content: content([1, 2, 3]) }
}

fn quarantined(offset: i64, reason: &str) -> Quarantined {
    Quarantined { offset, reason: reason.to_owned(), size_bytes: 40, mac: None }
}

fn judged(
    zone: Zone,
    records: Vec<Record>,
    stored: Vec<Stored>,
    quarantined: Vec<Quarantined>,
) -> (Counts, Vec<(Kind, i64, String)>) {
    let columns = COLUMNS.map(str::to_owned);
    let window = Window { zone, columns: &columns, may_lack_records: false, records, stored, quarantined };
    let (counts, faults) = window.judge();
    (counts, faults.into_iter().map(|fault| (fault.kind, fault.offset, fault.detail)).collect())
}

fn kinds(faults: &[(Kind, i64, String)]) -> Vec<(Kind, i64)> {
    faults.iter().map(|(kind, offset, _)| (*kind, *offset)).collect()
}

#[test]
fn every_record_once_is_clean_in_whatever_order_the_rows_come() {
    let records = vec![readable(4), readable(5), record(7, Reading::Refused("truncated"))];
    let (counts, faults) =
        judged(Zone::Taken, records, vec![stored(5), stored(4)], vec![quarantined(7, "truncated")]);
    assert_eq!(faults, []);
    assert_eq!(counts, Counts { records: 3, in_events: 2, in_quarantine: 1, not_checkable: 0 });
}

#[test]
fn a_record_that_is_nowhere_is_a_gap() {
    let records = vec![readable(4), readable(5), record(6, Reading::Refused("empty"))];
    let (counts, faults) = judged(Zone::Taken, records, vec![stored(4)], vec![]);
    assert_eq!(kinds(&faults), [(Kind::Gap, 5), (Kind::Gap, 6)]);
    assert!(faults[1].2.contains("empty"), "{faults:?}");
    assert_eq!(counts, Counts { records: 3, in_events: 1, in_quarantine: 0, not_checkable: 0 });
}

#[test]
fn a_coordinate_twice_in_the_events_is_a_double_and_counts_once() {
    let (counts, faults) = judged(Zone::Taken, vec![readable(4)], vec![stored(4), stored(4)], vec![]);
    assert_eq!(faults, [(Kind::Double, 4, "2 times in the events".to_owned())]);
    assert_eq!(counts.in_events, 1);
}

#[test]
fn a_double_is_found_where_kafka_has_nothing_left() {
    let (counts, faults) = judged(Zone::Gone, vec![], vec![stored(1), stored(2), stored(2)], vec![]);
    assert_eq!(kinds(&faults), [(Kind::Double, 2)]);
    assert_eq!(counts, Counts { not_checkable: 2, ..Counts::default() });
}

#[test]
fn a_row_that_kafka_never_delivered_is_a_stranger() {
    let (_, faults) = judged(Zone::Taken, vec![], vec![stored(4)], vec![quarantined(5, "empty")]);
    assert_eq!(kinds(&faults), [(Kind::Stranger, 4), (Kind::Stranger, 5)]);
    assert!(faults[0].2.contains("the events") && faults[1].2.contains("the quarantine"), "{faults:?}");
}

#[test]
fn a_compacted_topic_proves_nothing_about_rows_without_a_record() {
    let columns = COLUMNS.map(str::to_owned);
    let window = Window {
        zone: Zone::Taken,
        columns: &columns,
        may_lack_records: true,
        records: vec![readable(5), readable(6)],
        stored: vec![stored(4), stored(5)],
        quarantined: vec![],
    };
    let (counts, faults) = window.judge();
    assert_eq!(faults.iter().map(|fault| (fault.kind, fault.offset)).collect::<Vec<_>>(), [(Kind::Gap, 6)]);
    assert_eq!(counts, Counts { records: 2, in_events: 1, in_quarantine: 0, not_checkable: 1 });
}

#[test]
fn an_event_at_or_above_the_position_is_a_stranger_and_a_record_there_is_not_taken_yet() {
    let unread = |offset| record(offset, Reading::Unread);
    let (counts, faults) = judged(Zone::Ahead, vec![unread(9)], vec![stored(8)], vec![quarantined(10, "empty")]);
    assert_eq!(kinds(&faults), [(Kind::Stranger, 8), (Kind::Behind, 9)]);
    assert_eq!(counts, Counts::default());
}

#[test]
fn another_content_is_named_by_its_columns() {
    let other = Stored { offset: 4, content: content([1, 7, 0]) };
    let (_, faults) = judged(Zone::Taken, vec![readable(4)], vec![other], vec![]);
    assert_eq!(faults, [(Kind::Different, 4, "columns agent, wait_ms".to_owned())]);
}

#[test]
fn a_stored_record_that_cannot_be_read_is_found() {
    let bad = record(4, Reading::Refused("trailing_bytes"));
    let (_, faults) = judged(Zone::Taken, vec![bad], vec![stored(4)], vec![]);
    assert_eq!(faults, [(Kind::WronglyStored, 4, "the record cannot be read: trailing_bytes".to_owned())]);
}

#[test]
fn a_quarantined_coordinate_counts_once_and_not_at_all_where_the_events_have_it() {
    let bad = record(4, Reading::Refused("truncated"));
    let twice = vec![quarantined(4, "truncated"), quarantined(4, "truncated"), quarantined(5, "truncated")];
    let (counts, faults) = judged(Zone::Taken, vec![bad, readable(5)], vec![stored(5)], twice);
    assert_eq!(faults, []);
    assert_eq!(counts, Counts { records: 2, in_events: 1, in_quarantine: 1, not_checkable: 0 });
}

#[test]
fn a_readable_record_in_quarantine_is_told_unless_another_reason_put_it_there() {
    let rows = vec![quarantined(4, "truncated"), quarantined(5, "unknown_schema")];
    let (_, faults) = judged(Zone::Taken, vec![readable(4), readable(5)], vec![], rows);
    assert_eq!(kinds(&faults), [(Kind::Readable, 4)]);
    assert!(!Kind::Readable.is_problem());
}

#[test]
fn quarantined_bytes_are_compared_by_size_and_by_mac_where_there_is_one() {
    let bad =
        |offset, mac: &[u8]| Record { mac: Some(mac.to_vec()), ..record(offset, Reading::Refused("truncated")) };
    let row = |offset, size_bytes, mac: Option<&[u8]>| Quarantined {
        size_bytes,
        mac: mac.map(<[u8]>::to_vec),
        ..quarantined(offset, "truncated")
    };
    let rows = vec![row(1, 40, None), row(2, 40, Some(b"ab")), row(3, 40, Some(b"xx")), row(4, 39, Some(b"ab"))];
    let records = (1..=4).map(|offset| bad(offset, b"ab")).collect();
    let (_, faults) = judged(Zone::Taken, records, vec![], rows);
    assert_eq!(kinds(&faults), [(Kind::Different, 3), (Kind::Different, 4)]);
    assert!(faults[0].2.contains("bytes") && faults[1].2.contains("39 bytes, 40 in Kafka"), "{faults:?}");
}
