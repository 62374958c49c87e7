//! Files of events that are damaged, hostile or no such files: each is refused for its own reason, at
//! its own place.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use apache_avro::Schema;
use common::pass_samples;
use schemas::{ContainerReader, ContainerWriter, Error, Event, Stored, catalogue, frame};
use std::io::{self, Read};

/// The samples that are events, as events.
fn events() -> Vec<Event> {
    let event = |sample: common::Sample| Event::from_json(&sample.event_type, &sample.json).unwrap();
    pass_samples().into_iter().map(event).collect()
}

fn written<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<u8> {
    let mut writer = ContainerWriter::new(Vec::new()).unwrap();
    for event in events {
        writer.append(event).unwrap();
    }
    writer.finish().unwrap()
}

fn read(file: &[u8]) -> Result<Vec<Stored>, Error> {
    ContainerReader::new(file)?.collect()
}

fn refused(file: &[u8]) -> String {
    read(file).unwrap_err().to_string()
}

/// A file with these entries before its marker, which is sixteen sevens, and these blocks.
fn by_hand(entries: &[(&str, &str)], blocks: &[u8]) -> Vec<u8> {
    let mut file = b"Obj\x01".to_vec();
    file.extend(long(entries.len() as i64));
    for (key, value) in entries {
        for text in [key, value] {
            file.extend(long(text.len() as i64));
            file.extend_from_slice(text.as_bytes());
        }
    }
    file.push(0);
    file.extend([7; 16]);
    file.extend_from_slice(blocks);
    file
}

fn long(number: i64) -> Vec<u8> {
    let Ok(Schema::Long) = Schema::parse_str("\"long\"") else { panic!("a long is a long") };
    apache_avro::to_avro_datum(&Schema::Long, number).unwrap()
}

/// A file of one unpacked block with these events of the type `queue_mapped`.
fn queues(count: i64, size: i64, data: &[u8], marker: u8) -> Vec<u8> {
    let schema = &catalogue().latest("queue_mapped").unwrap().schema;
    let block = [long(count), long(size), data.to_vec(), vec![marker; 16]].concat();
    by_hand(&[("avro.schema", schema)], &block)
}

fn queue() -> Vec<u8> {
    let sample = pass_samples().into_iter().find(|sample| sample.event_type == "queue_mapped").unwrap();
    sample.record()[frame::HEADER_BYTES..].to_vec()
}

#[test]
fn headers_that_are_none() {
    let schema = &catalogue().latest("queue_mapped").unwrap().schema;
    let foreign = "header: is no Avro object container file, which begins with `Obj` and a byte of value 1";
    for file in [&b""[..], b"Obj", b"Obj\x02rest", b"PAR1 and more"] {
        assert_eq!(refused(file), foreign);
    }
    assert_eq!(refused(&by_hand(&[], &[])), "header: has no `avro.schema`");
    assert!(refused(&by_hand(&[("avro.schema", "{")], &[])).starts_with("header: its schema is no JSON: "));
    let snappy = [("avro.codec", "snappy"), ("avro.schema", schema)];
    assert_eq!(
        refused(&by_hand(&snappy, &[])),
        "header: its codec is `snappy`; write it with `null`, `deflate` or `zstandard`"
    );
    let hostile = [b"Obj\x01".to_vec(), long(1), long(1 << 40)].concat();
    assert_eq!(refused(&hostile), "header: a length of 1099511627776 bytes, which is not from 0 to 16777216");
    let endless = [b"Obj\x01".to_vec(), vec![0xff; 11]].concat();
    assert_eq!(refused(&endless), "header: a number that is longer than any");
    let nested = "[".repeat(100_000);
    assert!(refused(&by_hand(&[("avro.schema", &nested)], &[])).starts_with("header: its schema is no JSON: "));
}

#[test]
fn blocks_that_are_none() {
    let queue = queue();
    let size = queue.len() as i64;
    assert_eq!(read(&queues(1, size, &queue, 7)).unwrap().len(), 1);
    assert_eq!(
        refused(&queues(1, size, &queue, 8)),
        "block 1: does not end with the file's marker; the file is damaged"
    );
    for (count, of) in [(2, "2"), (1000, "1000"), (-1, "-1"), (i64::MIN, "least"), (i64::MAX, "most")] {
        let found = refused(&queues(count, size, &queue, 7));
        let expected = match count {
            2 => "block 1, event 2 of 2: is no queue_mapped: truncated",
            _ => "block 1: claims more events than it can hold, or fewer than none",
        };
        assert_eq!(found, expected, "{of}");
    }
    let left_over = format!("block 1: {size} bytes are left over after its last event");
    assert_eq!(refused(&queues(0, size, &queue, 7)), left_over);
    for size in [(64 << 20) + 1, -1, i64::MAX] {
        let expected = format!("block 1: a length of {size} bytes, which is not from 0 to 67108864");
        assert_eq!(refused(&queues(1, size, &queue, 7)), expected);
    }
    assert_eq!(refused(&queues(0, 0, &[], 7)), "block 2: is missing: the file holds no events");
    let no_queue = queues(1, 3, b"\xff\xff\xff", 7);
    assert_eq!(refused(&no_queue), "block 1, event 1 of 1: is no queue_mapped: truncated");
}

/// A file of one block with some events of the type `queue_mapped`, packed.
fn packed_queues() -> Vec<u8> {
    let schema = &catalogue().latest("queue_mapped").unwrap().schema;
    let packed = zstd::encode_all(queue().repeat(3).as_slice(), 3).unwrap();
    let block = [long(3), long(packed.len() as i64), packed, vec![7; 16]].concat();
    let file = by_hand(&[("avro.codec", "zstandard"), ("avro.schema", schema)], &block);
    assert_eq!(read(&file).unwrap().len(), 3);
    file
}

/// A small block that unpacks to gigabytes must not fill the memory.
#[test]
fn bombs() {
    let schema = &catalogue().latest("queue_mapped").unwrap().schema;
    let noughts = || io::repeat(0).take(65 << 20);
    let zstandard = zstd::encode_all(noughts(), 1).unwrap();
    let mut deflate = Vec::new();
    flate2::read::DeflateEncoder::new(noughts(), flate2::Compression::fast()).read_to_end(&mut deflate).unwrap();
    for (codec, packed) in [("zstandard", zstandard), ("deflate", deflate)] {
        assert!(packed.len() < 1 << 20);
        let block = [long(1), long(packed.len() as i64), packed, vec![7; 16]].concat();
        let file = by_hand(&[("avro.codec", codec), ("avro.schema", schema)], &block);
        assert_eq!(refused(&file), "block 1: unpacks to more than 64 MiB, which no block needs");
        let torn = [long(1), long(4), b"\xde\xad\xbe\xef".to_vec(), vec![7; 16]].concat();
        let torn = by_hand(&[("avro.codec", codec), ("avro.schema", schema)], &torn);
        assert!(refused(&torn).starts_with("block 1: does not unpack: "), "{codec}");
    }
}

#[test]
fn a_branch_that_is_not_there() {
    let schema = format!("[{}]", catalogue().latest("queue_mapped").unwrap().schema);
    for (branch, said) in [(1, "1"), (-1, "-1"), (i64::MAX, "9223372036854775807")] {
        let data = [long(branch), queue()].concat();
        let block = [long(1), long(data.len() as i64), data, vec![7; 16]].concat();
        let expected = format!("block 1, event 1 of 1: is of branch {said}, which the schema does not have");
        assert_eq!(refused(&by_hand(&[("avro.schema", &schema)], &block)), expected);
    }
}

#[test]
fn a_file_without_events_is_refused() {
    assert_eq!(refused(&written(&[])), "block 1: is missing: the file holds no events");
}

/// One block, cut off anywhere.
#[test]
fn a_file_that_was_cut_off_is_refused_wherever() {
    let (whole, union) = (packed_queues(), written(&events()));
    let ends = |file: &[u8], step: usize| (0..file.len()).step_by(step).collect::<Vec<_>>();
    for (file, lengths) in [(&whole, ends(&whole, 1)), (&union, ends(&union, 211))] {
        for length in lengths {
            let error = refused(&file[..length]);
            assert!(error.starts_with("header: ") || error.starts_with("block 1"), "{length}: {error}");
        }
    }
}

/// Whatever bit is flipped, nothing panics, and after an error nothing more comes.
#[test]
fn a_flipped_bit_is_no_panic() {
    let queue = queue();
    for file in [packed_queues(), queues(1, queue.len() as i64, &queue, 7)] {
        for at in 0..file.len() {
            for bit in [0, 6, 7] {
                let mut file = file.clone();
                file[at] ^= 1 << bit;
                let Ok(mut reader) = ContainerReader::new(file.as_slice()) else { continue };
                if reader.by_ref().any(|stored| stored.is_err()) {
                    assert!(reader.next().is_none(), "byte {at}, bit {bit}");
                }
            }
        }
    }
}
