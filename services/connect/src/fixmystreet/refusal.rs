//! Why a row is refused: what was found and what was expected, without naming anybody.

use crate::rows::Fault;

/// Why a row cannot be used. Its text never holds a name, a place or what somebody wrote: a cell that
/// did not read as what its column says is described by its shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// What can be wrong with a row of any file.
    #[error(transparent)]
    Row(#[from] Fault),
    /// A quote is opened, and no later line closes it so that the row is as wide as the heading.
    #[error("found a quote without its end in a row as wide as line 1, expected every quote to be closed")]
    OpenQuote,
    /// The report's id is no whole number.
    #[error("`Report ID`: found {found}, expected a whole number")]
    ReportId {
        /// Its shape.
        found: String,
    },
    /// Only one half of a place.
    #[error("found `{present}` without `{missing}`, expected both or neither")]
    HalfPlace {
        /// The column that is filled.
        present: &'static str,
        /// The column that is not.
        missing: &'static str,
    },
    /// A place that is nowhere.
    #[error(
        "`{column}`: found {found}, expected degrees north and east, or a northing and an easting of the British \
         National Grid"
    )]
    Place {
        /// The first of the two columns.
        column: &'static str,
        /// The shape of what they hold.
        found: String,
    },
    /// The report is already there.
    #[error("found the `Report ID` of line {first_line} again, expected one row a report")]
    Duplicate {
        /// The line that has it first.
        first_line: u64,
    },
}
