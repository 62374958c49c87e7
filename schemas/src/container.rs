//! Files of events: Avro object container files, which every Avro library reads.
//!
//! Owns the file's header, its blocks and its codecs. A file that we write holds events of any type
//! under one schema, the union of the newest released records. A file from elsewhere is read if its
//! schema is a released record, or a union of such. Events come from whoever makes or tells them;
//! records go on as they would come from Kafka.
//!
//! The format says nothing of a file's length: one that was cut off exactly between two blocks
//! cannot be told from a shorter one.

mod codec;
mod header;
mod input;
mod reader;
mod writer;

pub use reader::{ContainerReader, Stored};
pub use writer::ContainerWriter;

use crate::Error;

/// What such a file begins with.
const MAGIC: [u8; 4] = *b"Obj\x01";
/// Bytes after every block, the same in the whole file.
const SYNC_BYTES: usize = 16;
/// A block of more bytes is refused, packed or unpacked: memory is bounded by it.
const LARGEST_BLOCK_BYTES: usize = 64 << 20;

/// What is wrong with a file, without the place.
type Problem = String;

fn fault(place: impl Into<String>, problem: impl Into<String>) -> Error {
    Error::Container { place: place.into(), problem: problem.into() }
}

/// Adds a number as Avro writes it.
fn put_long(bytes: &mut Vec<u8>, number: i64) {
    let mut rest = ((number << 1) ^ (number >> 63)) as u64;
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

/// Adds bytes with their length before them.
fn put_bytes(bytes: &mut Vec<u8>, more: &[u8]) {
    put_long(bytes, more.len() as i64);
    bytes.extend_from_slice(more);
}
