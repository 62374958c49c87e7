//! FixMyStreet: the CSV file of reports that a council downloads from its dashboard, to events.
//!
//! Owns the meaning of the columns, the states and the channels, and the conversion of grid places.
//! It never drops a row in silence, and its messages never quote a name or what somebody wrote.
//! Rows come from a file and may spread over lines; events go to the caller, refused rows to a file
//! beside the input.
//!
//! A row says what the site knew of a report when the file was made. So the same report comes again
//! in the next file: what is told as before has the same event id, and the state that the row ends
//! in is numbered by the instant of the export, so that the newest file has the last word.

mod columns;
mod events;
mod national_grid;
mod place;
mod refusal;
mod report_row;
mod state;
#[cfg(test)]
mod tests;

pub use refusal::Refusal;
pub use report_row::Oddity;

use crate::lines::Line;
use crate::row_lines::RowLines;
use crate::rows::{Fault, as_text};
use crate::{Error, heading, rows};
use chrono_tz::Tz;
use columns::Columns;
use csv::{ByteRecord, StringRecord};
use report_row::ReportRow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// What the file itself does not say.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// The system instance that the reports come from; part of every event's id.
    pub source: String,
    /// The zone of the wall clock that the times were read from.
    pub time_zone: Tz,
    /// When the file was made, in seconds since 1970-01-01 UTC: of two files the later one is right
    /// about a report's state.
    pub exported_at_seconds: i64,
}

/// A row of the file: a report, or why it is none.
pub type Row = rows::Row<Oddity, Refusal>;
/// A row that cannot be used.
pub type Refused = rows::Refused<Refusal>;
/// Counts of an import of reports.
pub type Report = rows::Report<Oddity, Refusal>;

/// The rows of a file, in order. After an error there are no more.
pub struct FixMyStreetReports<R> {
    lines: RowLines<R>,
    heading: ByteRecord,
    columns: Columns,
    options: ImportOptions,
    /// Which line first told of a report.
    seen: HashMap<u64, u64>,
    broken: bool,
}

/// Opens a file and reads its heading.
///
/// # Errors
/// [`Error::Open`], [`Error::Read`] or [`Error::Heading`].
pub fn open(path: &Path, options: ImportOptions) -> Result<FixMyStreetReports<BufReader<File>>, Error> {
    let file = File::open(path).map_err(|source| Error::Open { path: path.to_owned(), source })?;
    FixMyStreetReports::new(BufReader::new(file), options)
}

impl<R: BufRead> FixMyStreetReports<R> {
    /// Reads the heading.
    ///
    /// # Errors
    /// [`Error::Read`] or [`Error::Heading`].
    pub fn new(input: R, options: ImportOptions) -> Result<Self, Error> {
        let mut lines = RowLines::new(input);
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

    /// The columns that this adapter does not know; what they hold is not read.
    pub fn ignored_columns(&self) -> &[String] {
        &self.columns.ignored
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
        match self.report(line.number, &text) {
            Ok(row) => row,
            Err(reason) => refused(reason, text.into_byte_record()),
        }
    }

    fn report(&mut self, line: u64, text: &StringRecord) -> Result<Row, Refusal> {
        let (report, oddities) = ReportRow::read(&self.columns.cells(text), self.options.time_zone)?;
        match self.seen.entry(report.number) {
            Entry::Occupied(first) => return Err(Refusal::Duplicate { first_line: *first.get() }),
            Entry::Vacant(free) => free.insert(line),
        };
        Ok(Row::Events { line, events: events::of(&report, &self.options), oddities })
    }
}

impl<R: BufRead> Iterator for FixMyStreetReports<R> {
    type Item = Result<Row, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.broken {
            match self.lines.next_row(self.heading.len()) {
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
