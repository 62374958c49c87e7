//! Groups of records, good and bad: exactly the bad ones are refused, in their places, and cost
//! the others nothing.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{cell, pass_samples};
use schemas::{Event, Refusal, Value, WriterDecoder, catalogue};

#[test]
fn no_record_is_accepted_in_part() {
    for sample in pass_samples() {
        let record = sample.record();
        let mut group = vec![record.as_slice()];
        group.extend((0..record.len()).map(|end| &record[..end]));
        group.push(&record);
        let decoded = sample.decoder().decode(&group).unwrap();
        assert_eq!(decoded.rows, [0, group.len() - 1], "{}", sample.file);
        let expected = (0..record.len()).map(|end| if end == 0 { Refusal::Empty } else { Refusal::Truncated });
        let expected: Vec<(usize, Refusal)> = expected.enumerate().map(|(end, why)| (end + 1, why)).collect();
        assert_eq!(decoded.refused, expected, "{}", sample.file);
    }
}

#[test]
fn bytes_around_a_record() {
    for sample in pass_samples() {
        let record = sample.record();
        for extra in [0x00, 0x02, 0xff] {
            let longer = [record.clone(), vec![extra]].concat();
            let twice = [record.clone(), record.clone()].concat();
            let mut magic = record.clone();
            magic[0] = extra.max(1);
            let decoded = sample.decoder().decode(&[&longer, &record, &twice, &magic, &record]).unwrap();
            let (trailing, magic) = (Refusal::TrailingBytes, Refusal::WrongMagic);
            assert_eq!(decoded.rows, [1, 4], "{}", sample.file);
            assert_eq!(decoded.refused, [(0, trailing), (2, trailing), (3, magic)], "{}", sample.file);
        }
    }
}

#[test]
fn a_record_of_another_schema_harms_no_other() {
    let mut foreign = numbered(2);
    foreign[4] ^= 1;
    let decoded = decoder().decode(&[&numbered(1), &foreign, &numbered(3)]).unwrap();
    assert_eq!((decoded.rows, decoded.refused), (vec![0, 2], vec![(1, Refusal::DecoderRefused)]));
}

fn decoder() -> WriterDecoder {
    let (source, _) = catalogue().event_type("queue_blocked").unwrap();
    let id = catalogue().latest("queue_blocked").unwrap().id;
    WriterDecoder::new(catalogue(), source, id).unwrap().unwrap()
}

fn numbered(sequence: i64) -> Vec<u8> {
    let event = Event::new("queue_blocked").with("event_id", schemas::event_id("s", "queue_blocked", "k"));
    let event = event.with("occurred_at", Value::TimestampMicros(0)).with("sequence", sequence);
    let texts = ["source", "initial_contact_id", "contact_id", "queue_id", "block_reason"];
    texts.iter().fold(event, |event, name| event.with(name, "x")).to_record().unwrap()
}

#[test]
fn bad_records_between_good_ones_are_refused_in_their_places() {
    let mut decoder = decoder();
    let bad: [(Vec<u8>, Refusal); 4] = [
        (Vec::new(), Refusal::Empty),
        (vec![9], Refusal::WrongMagic),
        (numbered(1)[..30].to_vec(), Refusal::Truncated),
        ([numbered(1), vec![0]].concat(), Refusal::TrailingBytes),
    ];
    for round in 1..5 {
        let is_bad = |place: usize| place % 3 == 1 || place.is_multiple_of(round + 1);
        let group: Vec<Vec<u8>> = (0..200)
            .map(|place| if is_bad(place) { bad[place % 4].0.clone() } else { numbered(place as i64) })
            .collect();
        let decoded = decoder.decode(&group.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        let refused: Vec<_> = (0..200).filter(|place| is_bad(*place)).map(|at| (at, bad[at % 4].1)).collect();
        assert_eq!(decoded.refused, refused);
        assert_eq!(decoded.rows, (0..200).filter(|place| !is_bad(*place)).collect::<Vec<_>>());
        for (row, place) in decoded.rows.iter().enumerate() {
            assert_eq!(cell(&decoded.batch, "sequence", row), Some(place.to_string()));
        }
    }
}

#[test]
fn a_group_may_be_empty_wholly_bad_or_larger_than_a_batch() {
    let mut decoder = decoder();
    let none = decoder.decode(&[]).unwrap();
    assert_eq!((none.batch.num_rows(), none.rows.len(), none.refused.len()), (0, 0, 0));
    let bad = decoder.decode(&[&[], &[1]]).unwrap();
    assert_eq!((bad.batch.num_rows(), bad.rows.len(), bad.refused.len()), (0, 0, 2));
    let records: Vec<Vec<u8>> = (0..(1 << 16) + 10).map(numbered).collect();
    let mut group: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
    group.insert(1 << 16, &[]);
    let decoded = decoder.decode(&group).unwrap();
    assert_eq!((decoded.batch.num_rows(), decoded.refused), (records.len(), vec![(1 << 16, Refusal::Empty)]));
    for row in [0, (1 << 16) - 1, 1 << 16, records.len() - 1] {
        assert_eq!(cell(&decoded.batch, "sequence", row), Some(row.to_string()));
        assert_eq!(decoded.rows[row], row + usize::from(row >= 1 << 16));
    }
}
