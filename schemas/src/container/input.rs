//! The bytes of a file, taken piece by piece.

use super::Problem;
use crate::Refusal;
use crate::walker::Cursor;
use std::io::{BufReader, Read};

/// A file that is being read.
#[derive(Debug)]
pub(super) struct Input<R>(BufReader<R>);

/// The longest number that Avro writes.
const LONGEST_NUMBER_BYTES: usize = 10;

impl<R: Read> Input<R> {
    pub(super) fn new(input: R) -> Self {
        Self(BufReader::new(input))
    }

    /// Exactly so many bytes.
    pub(super) fn bytes(&mut self, size: usize) -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        let read = self.0.by_ref().take(size as u64).read_to_end(&mut bytes);
        match read.map_err(unreadable)? {
            read if read == size => Ok(bytes),
            read => Err(format!("the file ends too early: {size} bytes were to come, and {read} came")),
        }
    }

    /// Bytes with their length before them, which is at most `most`.
    pub(super) fn sized(&mut self, most: usize) -> Result<Vec<u8>, Problem> {
        let size = self.size(most)?;
        self.bytes(size)
    }

    /// A length, which is at most `most`.
    pub(super) fn size(&mut self, most: usize) -> Result<usize, Problem> {
        let size = self.long()?;
        let fitting = usize::try_from(size).ok().filter(|size| *size <= most);
        fitting.ok_or_else(|| format!("a length of {size} bytes, which is not from 0 to {most}"))
    }

    pub(super) fn long(&mut self) -> Result<i64, Problem> {
        self.long_or_end()?.ok_or_else(|| "the file ends too early: a number was to come".to_owned())
    }

    /// A number, or `None` where the file ends before it.
    pub(super) fn long_or_end(&mut self) -> Result<Option<i64>, Problem> {
        let mut digits = Vec::with_capacity(LONGEST_NUMBER_BYTES);
        for byte in self.0.by_ref().bytes().take(LONGEST_NUMBER_BYTES) {
            let byte = byte.map_err(unreadable)?;
            digits.push(byte);
            if byte & 0x80 == 0 {
                break;
            }
        }
        match Cursor(&digits).long() {
            Ok(number) => Ok(Some(number)),
            Err(_) if digits.is_empty() => Ok(None),
            Err(Refusal::Truncated) => Err("the file ends too early: within a number".to_owned()),
            Err(_) => Err("a number that is longer than any".to_owned()),
        }
    }
}

fn unreadable(error: std::io::Error) -> Problem {
    format!("cannot be read: {error}")
}
