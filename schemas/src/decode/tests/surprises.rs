//! What happens when the walker passes what it should not: the decoder is let loose on bad data, as if
//! they had passed.

use super::{row, samples_of};
use crate::decode::CHUNK_ROWS;
use crate::{Event, Refusal, Value, WriterDecoder, catalogue, event_id, frame};

const EVENT: &str = "queue_blocked";

fn decoder() -> WriterDecoder {
    let (source, _) = catalogue().event_type(EVENT).unwrap();
    WriterDecoder::new(catalogue(), source, catalogue().latest(EVENT).unwrap().id).unwrap().unwrap()
}

fn numbered(sequence: usize) -> Vec<u8> {
    let event = Event::new(EVENT).with("event_id", event_id("s", EVENT, "k")).with("sequence", sequence as i64);
    let texts = ["source", "initial_contact_id", "contact_id", "queue_id", "block_reason"];
    let event = texts.iter().fold(event, |event, name| event.with(name, "full"));
    event.with("occurred_at", Value::TimestampMicros(0)).to_record().unwrap()
}

/// Every way in which the decoder errs: at once, by asking for more, by taking more than one, and
/// only when the batch is put together.
fn bad() -> Vec<Vec<u8>> {
    let good = numbered(1);
    let cut = |bytes: usize| good[..good.len() - bytes].to_vec();
    let mut not_utf8 = good.clone();
    *not_utf8.last_mut().unwrap() = 0xff;
    let mut foreign = good.clone();
    foreign[4] ^= 1;
    let twice = [good.clone(), good.clone()].concat();
    let hostile = [good[..frame::HEADER_BYTES + 16].to_vec(), vec![0xff; 12]].concat();
    let header = good[..frame::HEADER_BYTES].to_vec();
    vec![cut(1), cut(5), cut(40), not_utf8, foreign, twice, hostile, header, vec![0, 0]]
}

#[test]
fn a_surprise_costs_the_records_that_cannot_be_decoded_and_no_other() {
    let all = bad();
    all.iter().for_each(|bad| assert_contained(20, &[3], std::slice::from_ref(bad)));
    // Three chunks; the bad ones are in the second, some beside each other.
    let places: Vec<usize> = (0..all.len()).map(|one| CHUNK_ROWS + 100 + one * one).collect();
    assert_contained(CHUNK_ROWS * 5 / 2, &places, &all);
}

/// Decodes so many records, of which those in these places are bad.
fn assert_contained(count: usize, places: &[usize], bad: &[Vec<u8>]) {
    let mut decoder = decoder();
    let mut records: Vec<Vec<u8>> = (0..count).map(numbered).collect();
    places.iter().zip(bad).for_each(|(place, bad)| records[*place].clone_from(bad));
    let records: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
    let passed: Vec<usize> = (0..count).collect();
    let decoded = decoder.decode_passed(&records, &passed, Vec::new()).unwrap();
    assert_eq!(decoded.surprises, 1, "{bad:02x?}");
    let refused: Vec<_> = places.iter().map(|place| (*place, Refusal::DecoderRefused)).collect();
    assert_eq!(decoded.refused, refused, "{bad:02x?}");
    let good: Vec<usize> = passed.into_iter().filter(|place| !places.contains(place)).collect();
    assert_eq!(decoded.rows, good);
    for (at, place) in good.iter().enumerate() {
        assert_eq!(row(&decoded.batch, at)["sequence"], place.to_string());
    }
    let next = decoder.decode(&records[..3]).unwrap();
    assert_eq!((next.rows.len(), next.surprises), (3, 0), "the next group has a sound decoder");
}

#[test]
fn each_chunk_that_surprises_is_counted_and_what_the_walker_refused_stays_refused() {
    let (mut decoder, good, bad) = (decoder(), numbered(7), bad());
    let mut records = vec![good.as_slice(); CHUNK_ROWS * 2];
    records[3] = &bad[3];
    *records.last_mut().unwrap() = &bad[0];
    let passed: Vec<usize> = (0..records.len()).filter(|place| *place != 5).collect();
    let decoded = decoder.decode_passed(&records, &passed, vec![(5, Refusal::Empty)]).unwrap();
    let last = (records.len() - 1, Refusal::DecoderRefused);
    // Without the fifth, the first chunk reaches one further.
    assert_eq!(decoded.refused, [(3, Refusal::DecoderRefused), (5, Refusal::Empty), last]);
    assert_eq!((decoded.surprises, decoded.batch.num_rows()), (2, records.len() - 3));
}

#[test]
fn no_sample_surprises() {
    for source in catalogue().sources.values() {
        for (file, record) in samples_of(source) {
            let id = frame::split(&record).unwrap().0;
            let decoded =
                WriterDecoder::new(catalogue(), source, id).unwrap().unwrap().decode(&[&record]).unwrap();
            assert_eq!((decoded.surprises, decoded.rows.len()), (0, 1), "{file}");
        }
    }
}
