//! Why a row is refused: what was found and what was expected, without naming anybody.

use super::record::Outcome;
use csv::ByteRecord;
use std::fmt;

/// A row that cannot be used.
#[derive(Clone)]
pub struct Refused {
    /// The line, from 1; the heading is line 1.
    pub line: u64,
    /// Why.
    pub reason: Refusal,
    /// The row's cells, as they are: they name people, and need not be UTF-8.
    pub fields: ByteRecord,
}

/// Why a row cannot be used. Its text never holds a customer or an agent: a cell that did not read
/// as what its column says is described by its shape, since it may be another column's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// More or fewer cells than the heading has.
    #[error("found {found} fields, expected {expected} as in line 1")]
    FieldCount {
        /// Cells of this row.
        found: usize,
        /// Cells of the heading.
        expected: usize,
    },
    /// A quote is opened and not closed before the line ends.
    #[error("found a quote without its end, expected every quote to be closed on its own line")]
    OpenQuote,
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
    /// A priority is no whole number.
    #[error("`priority`: found {found}, expected a whole number or nothing")]
    Priority {
        /// Its shape.
        found: String,
    },
    /// An outcome that this adapter does not know.
    #[error("`outcome`: found {found}, expected one of {}", Outcome::known())]
    Outcome {
        /// The word, or its shape.
        found: String,
    },
    /// The outcome needs a time that the row does not have.
    #[error("`{column}`: found nothing, expected a time, because the outcome is `{outcome}`")]
    MissingTime {
        /// The outcome.
        outcome: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A stay in the queue has only one end.
    #[error("found `{present}` without `{missing}`, expected both or neither")]
    HalfVisit {
        /// The time that is there.
        present: &'static str,
        /// The time that is not.
        missing: &'static str,
    },
    /// A stage ends before it begins.
    #[error("found `{end}` {by_seconds} s before `{begin}`, expected it at the same time or later")]
    Backwards {
        /// The column of the beginning.
        begin: &'static str,
        /// The column of the end.
        end: &'static str,
        /// By how much.
        by_seconds: i64,
    },
    /// The call is already there.
    #[error("found the `call_id` of line {first_line} again, expected one row a call")]
    Duplicate {
        /// The line that has it first.
        first_line: u64,
    },
}

/// By hand, so that no log shows the fields.
impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused").field("line", &self.line).field("reason", &self.reason).finish_non_exhaustive()
    }
}

/// What a cell looks like, without saying what it holds: `8/3/99 9:05` is `9/9/99 9:99`.
pub(super) fn shape(cell: &str) -> String {
    const LONGEST: usize = 30;
    let blur = |letter: char| match letter {
        letter if letter.is_numeric() => '9',
        letter if letter.is_alphabetic() => 'a',
        letter => letter,
    };
    let rest = if cell.chars().count() > LONGEST { "…" } else { "" };
    format!("a text of the form `{}{rest}`", cell.chars().take(LONGEST).map(blur).collect::<String>())
}
