//! Lines of a CSV file. One line is one row, where no column holds a line break; so a quote that was
//! never closed spoils its own line only, not the rest of the file.

use csv::{ByteRecord, ReaderBuilder};
use std::io::{self, BufRead, Read};

/// Far beyond any row; keeps memory bounded when a file has no line breaks.
pub(crate) const LONGEST_LINE_BYTES: u64 = 64 << 10;

pub(crate) struct Lines<R> {
    input: R,
    number: u64,
}

pub(crate) struct Line {
    /// From 1.
    pub(crate) number: u64,
    /// The bytes, with the line break.
    pub(crate) bytes: Vec<u8>,
    /// The line goes on; the rest was skipped.
    pub(crate) too_long: bool,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, number: 0 }
    }

    /// The number of the last line read.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn next_line(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        if (&mut self.input).take(LONGEST_LINE_BYTES).read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        let cut = bytes.len() as u64 == LONGEST_LINE_BYTES && !bytes.ends_with(b"\n");
        let too_long = cut && self.input.skip_until(b'\n')? > 0;
        self.number += 1;
        Ok(Some(Line { number: self.number, bytes, too_long }))
    }
}

impl Line {
    pub(crate) fn is_blank(&self) -> bool {
        self.bytes.iter().all(u8::is_ascii_whitespace)
    }

    /// Whether a quote is opened and not closed. A doubled quote inside quotes counts twice.
    pub(crate) fn quote_open(&self) -> bool {
        self.bytes.iter().filter(|byte| **byte == b'"').count() % 2 == 1
    }

    /// The cells; a byte order mark before them is dropped.
    pub(crate) fn fields(&self) -> ByteRecord {
        let mut fields = ByteRecord::new();
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(self.bytes.len())
            .from_reader(self.bytes.as_slice());
        // Reading from memory, with any number of fields allowed, has nothing to fail on.
        let _ = reader.read_byte_record(&mut fields);
        fields
    }
}
