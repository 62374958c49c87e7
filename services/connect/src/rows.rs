//! The rows of another system's file: what becomes of each of them, what can be wrong with a row
//! whatever it speaks of, and what an import says in the end.
//!
//! Owns the file of refused rows. It never drops a row in silence, and its messages never hold what
//! a cell says of a person.
//! Adapters make rows; the caller takes their events, and the refused ones go to a file beside the
//! input.

mod refused_file;
mod report;

pub use csv::ByteRecord;
pub(crate) use refused_file::ADDED_COLUMNS;
pub use refused_file::{refused_path, write_rejected};
pub use report::{Report, file_sha256};

use csv::StringRecord;
use schemas::Event;
use std::fmt;

/// What became of one row: `O` is what may be odd about it, `R` why it may be refused.
// No `Debug`: events and raw fields name people.
pub enum Row<O, R> {
    /// The row tells of something.
    Events {
        /// The line that it begins on, from 1; the heading is line 1.
        line: u64,
        /// What happened.
        events: Vec<Event>,
        /// What is odd about the row, each kind once.
        oddities: Vec<O>,
    },
    /// The row cannot be used. The others can.
    Refused(Refused<R>),
}

/// A row that cannot be used.
#[derive(Clone)]
pub struct Refused<R> {
    /// The line that it begins on, from 1; the heading is line 1.
    pub line: u64,
    /// Why.
    pub reason: R,
    /// The row's cells, as they are: they name people, and need not be UTF-8.
    pub fields: ByteRecord,
}

/// What can be wrong with a row of any file. A cell that did not read as what its column says is
/// described by its shape, since it may be another column's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// More or fewer cells than the heading has.
    #[error("found {found} fields, expected {expected} as in line 1")]
    FieldCount {
        /// Cells of this row.
        found: usize,
        /// Cells of the heading.
        expected: usize,
    },
    /// The line is longer than any row can be; only its beginning was kept.
    #[error("found a line of more than 64 KiB, expected a row of a few hundred bytes")]
    TooLong,
    /// The bytes are no text.
    #[error("found bytes that are not UTF-8, expected UTF-8 text")]
    NotUtf8,
    /// A required cell is empty.
    #[error("`{column}`: found nothing, expected a value")]
    Empty {
        /// The column.
        column: &'static str,
    },
    /// A cell does not read as a time.
    #[error("`{column}`: found {found}, expected a time `YYYY-MM-DDTHH:MM:SS`")]
    Time {
        /// The column.
        column: &'static str,
        /// The text, or its shape.
        found: String,
    },
    /// The clock was put forward over this time.
    #[error("`{column}`: found `{found}`, which the clocks of {zone} skipped, expected a time that they showed")]
    SkippedTime {
        /// The column.
        column: &'static str,
        /// The time.
        found: String,
        /// The zone.
        zone: &'static str,
    },
}

impl<O, R> Row<O, R> {
    /// The line that the row begins on, from 1; the heading is line 1.
    pub fn line(&self) -> u64 {
        match self {
            Self::Events { line, .. } => *line,
            Self::Refused(refused) => refused.line,
        }
    }
}

/// By hand, so that no log shows the fields.
impl<R: fmt::Debug> fmt::Debug for Refused<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused").field("line", &self.line).field("reason", &self.reason).finish_non_exhaustive()
    }
}

/// The cells as text, if they are text and as many as the heading's; otherwise the cells as they are.
pub(crate) fn as_text(fields: ByteRecord, expected: usize) -> Result<StringRecord, (Fault, ByteRecord)> {
    let found = fields.len();
    if found != expected {
        return Err((Fault::FieldCount { found, expected }, fields));
    }
    StringRecord::from_byte_record(fields).map_err(|error| (Fault::NotUtf8, error.into_byte_record()))
}

/// What a cell holds, if it holds anything.
pub(crate) fn filled(cell: &str) -> Option<String> {
    (!cell.is_empty()).then(|| cell.to_owned())
}

/// What a cell holds that must not be empty.
pub(crate) fn required(column: &'static str, cell: &str) -> Result<String, Fault> {
    filled(cell).ok_or(Fault::Empty { column })
}

/// What a cell looks like, without saying what it holds: `8/3/99 9:05` is `9/9/99 9:99`.
pub(crate) fn shape(cell: &str) -> String {
    const LONGEST: usize = 30;
    let blur = |letter: char| match letter {
        letter if letter.is_numeric() => '9',
        letter if letter.is_alphabetic() => 'a',
        letter => letter,
    };
    let rest = if cell.chars().count() > LONGEST { "…" } else { "" };
    format!("a text of the form `{}{rest}`", cell.chars().take(LONGEST).map(blur).collect::<String>())
}
