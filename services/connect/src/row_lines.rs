//! Rows of a CSV file whose quoted cells may hold line breaks. A row that ends within a quote goes
//! on on the next line, as long as this gives a row as wide as the heading; so a quote that was never
//! closed spoils its own line only, as it does in [`Lines`].

use crate::lines::{LONGEST_LINE_BYTES, Line, Lines};
use std::collections::VecDeque;
use std::io::{self, BufRead};

pub(crate) struct RowLines<R> {
    lines: Lines<R>,
    /// Lines that turned out to be no part of the row before them.
    put_back: VecDeque<Line>,
}

impl<R: BufRead> RowLines<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { lines: Lines::new(input), put_back: VecDeque::new() }
    }

    /// The number of the last line read.
    pub(crate) fn number(&self) -> u64 {
        self.lines.number()
    }

    pub(crate) fn next_line(&mut self) -> io::Result<Option<Line>> {
        match self.put_back.pop_front() {
            Some(line) => Ok(Some(line)),
            None => self.lines.next_line(),
        }
    }

    /// The next row of this many cells, as one line under the number of its first. A row that does
    /// not come to its end is its first line alone, with the quote open.
    pub(crate) fn next_row(&mut self, cells: usize) -> io::Result<Option<Line>> {
        let Some(first) = self.next_line()? else { return Ok(None) };
        if first.too_long || !first.quote_open() {
            return Ok(Some(first));
        }
        let mut row = Line { number: first.number, bytes: first.bytes.clone(), too_long: false };
        let mut others = Vec::new();
        let mut is_open = true;
        while is_open && (row.bytes.len() as u64) < LONGEST_LINE_BYTES {
            let Some(line) = self.next_line()? else { break };
            is_open ^= line.quote_open();
            row.bytes.extend_from_slice(&line.bytes);
            others.push(line);
        }
        if !is_open && row.fields().len() == cells {
            return Ok(Some(row));
        }
        others.into_iter().rev().for_each(|line| self.put_back.push_front(line));
        Ok(Some(first))
    }
}
