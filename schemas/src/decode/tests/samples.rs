//! Every sample of every event type, cut off at every byte and with every bit turned over.

use super::Judges;
use crate::Refusal;

#[test]
fn every_sample_passes_and_no_beginning_of_one_does() {
    for (file, mut judges, datum) in Judges::of_samples() {
        assert_eq!(judges.judge(&datum), Ok(()), "{file}");
        for end in 0..datum.len() {
            assert_eq!(judges.judge(&datum[..end]), Err(Refusal::Truncated), "{file}, {end} bytes");
        }
        let mut longer = datum.clone();
        for byte in [0, 2, 0xff] {
            longer.push(byte);
            assert_eq!(judges.judge(&longer), Err(Refusal::TrailingBytes), "{file}, {byte} after it");
        }
        assert_eq!(judges.judge(&[datum.clone(), judges.record(&datum)].concat()), Err(Refusal::TrailingBytes));
    }
}

#[test]
fn every_bit_turned_over_gets_the_right_verdict() {
    let (mut passed, mut refused) = (0, 0);
    for (_, mut judges, mut datum) in Judges::of_samples() {
        for bit in 0..datum.len() * 8 {
            datum[bit / 8] ^= 1 << (bit % 8);
            match judges.judge(&datum) {
                Ok(()) => passed += 1,
                Err(_) => refused += 1,
            }
            datum[bit / 8] ^= 1 << (bit % 8);
        }
    }
    assert!(passed > 10_000 && refused > 10_000, "texts and ids are data like any other: {passed}, {refused}");
}
