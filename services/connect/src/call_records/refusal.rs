//! Why a row is refused: what was found and what was expected, without naming anybody.

use super::record::Outcome;
use crate::rows::Fault;

/// Why a row cannot be used. Its text never holds a customer or an agent: a cell that did not read
/// as what its column says is described by its shape, since it may be another column's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// What can be wrong with a row of any file.
    #[error(transparent)]
    Row(#[from] Fault),
    /// A quote is opened and not closed before the line ends.
    #[error("found a quote without its end, expected every quote to be closed on its own line")]
    OpenQuote,
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
