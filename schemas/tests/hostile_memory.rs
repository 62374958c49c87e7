//! A record that claims gigabytes costs no memory. This test is alone in its file, because it
//! measures the process.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::pass_samples;
use schemas::frame;

/// The most memory that the process ever had, used or only asked for (`VmPeak`).
fn most_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmPeak:")).unwrap();
    peak.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}

/// Numbers of 512 MiB and more, alone and as a negative count with a size after it.
fn hostile() -> Vec<Vec<u8>> {
    let numbers = [1 << 29, 1 << 30, (1 << 31) - 1, 1 << 31, 1 << 33, 1 << 40, 1 << 62];
    let claims = numbers.iter().flat_map(|number| {
        let (count, negative) = (zigzag(*number), zigzag(-*number));
        [count.clone(), negative.clone(), [negative, count].concat()]
    });
    claims.chain([vec![0xff; 10], [vec![0xff; 9], vec![1]].concat()]).collect()
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

#[test]
fn a_claim_of_gigabytes_costs_no_memory() {
    let samples = pass_samples();
    let hostile = hostile();
    let damaged = |record: &[u8]| -> Vec<Vec<u8>> {
        let at = frame::HEADER_BYTES..record.len();
        let claims = at.flat_map(|at| hostile.iter().map(move |claim| (at, claim)));
        claims.map(|(at, claim)| [&record[..at], claim, &record[at + 1..]].concat()).collect()
    };
    let decode = |records: &[Vec<u8>], sample: &common::Sample| {
        let records: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        let decoded = sample.decoder().decode(&records).unwrap();
        assert_eq!(decoded.surprises, 0);
        decoded.refused.len()
    };
    // As many good records, and larger ones, come first: what those take is no matter.
    let largest = samples.iter().max_by_key(|sample| sample.record().len()).unwrap();
    let good = damaged(&largest.record()).iter().map(|_| largest.record()).collect::<Vec<_>>();
    assert_eq!(decode(&good, largest), 0);
    drop(good);
    let (before, mut refused) = (most_bytes(), 0);
    for sample in &samples {
        refused += decode(&damaged(&sample.record()), sample);
    }
    assert!(refused > 50_000, "{refused}");
    let grown = most_bytes() - before;
    assert!(grown < 32 << 20, "the process grew by {grown} bytes");
}
