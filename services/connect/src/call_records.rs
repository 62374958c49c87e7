//! Call records: a CSV file with one row a call, as telephone systems export it, to events.
//!
//! Owns the meaning of the columns, what is wrong enough to refuse a row, and what is merely odd.
//! It never drops a row in silence, and its messages never quote a customer or an agent.
//! Rows come from a file, one line a row; events go to the caller, refused rows to a file beside
//! the input.

mod columns;
mod events;
mod record;
mod refusal;
#[cfg(test)]
mod tests;

pub use record::Oddity;
pub use refusal::Refusal;

use crate::lines::{Line, Lines};
use crate::rows::{Fault, as_text};
use crate::{Error, heading, rows};
use chrono_tz::Tz;
use columns::Columns;
use csv::{ByteRecord, StringRecord};
use record::CallRecord;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use uuid::Uuid;

/// What the file itself does not say.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// The system instance that the calls come from; part of every event's id.
    pub source: String,
    /// The zone of the wall clock that the times were read from.
    pub time_zone: Tz,
}

/// A row of call records: a call, or why it is none. Its events are in order of the call's stages.
pub type Row = rows::Row<Oddity, Refusal>;
/// A row that cannot be used.
pub type Refused = rows::Refused<Refusal>;
/// Counts of an import of call records.
pub type Report = rows::Report<Oddity, Refusal>;

/// The rows of a file, in order. After an error there are no more.
pub struct CallRecords<R> {
    lines: Lines<R>,
    heading: ByteRecord,
    columns: Columns,
    options: ImportOptions,
    /// Which line first used a call id. Sixteen bytes a call, whatever the ids look like.
    seen: HashMap<Uuid, u64>,
    broken: bool,
}

/// Opens a file and reads its heading.
///
/// # Errors
/// [`Error::Open`], [`Error::Read`] or [`Error::Heading`].
pub fn open(path: &Path, options: ImportOptions) -> Result<CallRecords<BufReader<File>>, Error> {
    let file = File::open(path).map_err(|source| Error::Open { path: path.to_owned(), source })?;
    CallRecords::new(BufReader::new(file), options)
}

impl<R: BufRead> CallRecords<R> {
    /// Reads the heading.
    ///
    /// # Errors
    /// [`Error::Read`] or [`Error::Heading`].
    pub fn new(input: R, options: ImportOptions) -> Result<Self, Error> {
        let mut lines = Lines::new(input);
        let first = lines.next_line().map_err(|source| Error::Read { line: 1, source })?;
        let heading = heading::read(first.as_ref(), &columns::expected())?;
        let columns = Columns::find(&heading)?;
        let heading = heading.into_byte_record();
        Ok(Self { lines, heading, columns, options, seen: HashMap::new(), broken: false })
    }

    /// The first line's cells, as they are.
    pub fn heading(&self) -> &ByteRecord {
        &self.heading
    }

    fn row(&mut self, line: &Line) -> Row {
        let fields = line.fields();
        let refused = |reason, fields| Row::Refused(Refused { line: line.number, reason, fields });
        if line.too_long {
            return refused(Fault::TooLong.into(), fields);
        }
        if line.quote_open() {
            return refused(Refusal::OpenQuote, fields);
        }
        let text = match as_text(fields, self.heading.len()) {
            Ok(text) => text,
            Err((fault, fields)) => return refused(fault.into(), fields),
        };
        match self.call(line.number, &text) {
            Ok(row) => row,
            Err(reason) => refused(reason, text.into_byte_record()),
        }
    }

    fn call(&mut self, line: u64, text: &StringRecord) -> Result<Row, Refusal> {
        let (call, oddities) = CallRecord::read(&self.columns.cells(text), self.options.time_zone)?;
        let source = &self.options.source;
        match self.seen.entry(schemas::event_id(source, "contact_initiated", &call.call_id)) {
            Entry::Occupied(first) => return Err(Refusal::Duplicate { first_line: *first.get() }),
            Entry::Vacant(free) => free.insert(line),
        };
        Ok(Row::Events { line, events: events::of(&call, source), oddities })
    }
}

impl<R: BufRead> Iterator for CallRecords<R> {
    type Item = Result<Row, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.broken {
            match self.lines.next_line() {
                Ok(None) => return None,
                Ok(Some(line)) if line.is_blank() => {}
                Ok(Some(line)) => return Some(Ok(self.row(&line))),
                Err(source) => {
                    self.broken = true;
                    return Some(Err(Error::Read { line: self.lines.number() + 1, source }));
                }
            }
        }
        None
    }
}
