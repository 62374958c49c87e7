#![doc = include_str!("../README.md")]

mod changes;
mod columns;
pub mod fault;
pub mod fence;
mod files;
mod home;
mod landings;
mod maintenance;
mod positions;
pub mod protocol;
mod pruning;
mod quarantine;
mod snapshot_table;
mod table;
#[cfg(test)]
mod tests;

pub use changes::Changes;
pub use fence::{Span, Verdict};
pub use files::Files;
pub use home::Lake;
pub use landings::Landing;
pub use maintenance::{Appended, Care, Done, Policy, Retention, maintain};
pub use quarantine::{QUARANTINE_TABLE, quarantine_table};
pub use snapshot_table::{DataFile, Place, SnapshotTable};
pub use table::{Commit, Committed, Patience, Table, TableSpec};

use std::path::PathBuf;

/// What can go wrong in the lake.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder is not a lake of ours; stop and say so.
    #[error("{}: {problem}", folder.display())]
    Home {
        /// The folder.
        folder: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
    /// The table stands before the position that the writer expects: it was restored from an older
    /// copy, or is another table. Stop: going on would leave a gap.
    #[error(
        "table {table}: the log holds position {stored:?} for {fence}, but {expected:?} was expected; \
         the table was restored or replaced. Restart ingest to go on from the table's position"
    )]
    Rewound {
        /// The table.
        table: String,
        /// The fence.
        fence: String,
        /// The position in the log.
        stored: Option<i64>,
        /// The position that the batch continues.
        expected: Option<i64>,
    },
    /// The table uses a feature that our readers do not honour; stop rather than answer wrongly.
    #[error("table {table} uses {feature}, which Switchboard does not read; rewrite it without")]
    Unsupported {
        /// The table.
        table: String,
        /// The feature.
        feature: String,
    },
    /// A commit stayed without an outcome after all retries.
    #[error("table {table}: no outcome of the commit after {attempts} attempts")]
    Unresolved {
        /// The table.
        table: String,
        /// How often it was tried.
        attempts: u32,
        /// The last failure.
        #[source]
        source: Option<Box<Error>>,
    },
    /// The files lay so long before their commit that a clean-up may have taken them.
    #[error(
        "table {table}: the rows that were written lay so long before their commit that a clean-up may have taken \
         them. Nothing was committed; run it again"
    )]
    Stale {
        /// The table.
        table: String,
    },
    /// Delta refused.
    #[error("table {table}")]
    Delta {
        /// The table.
        table: String,
        /// Why.
        #[source]
        source: Box<deltalake_core::DeltaTableError>,
    },
    /// The disk refused.
    #[error("{}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A batch could not be sorted or cut.
    #[error(transparent)]
    Arrow(#[from] arrow::error::ArrowError),
}

impl Error {
    /// The error and what lies behind it, in one line.
    pub fn cause(&self) -> String {
        let mut text = self.to_string();
        let mut behind = std::error::Error::source(self);
        while let Some(cause) = behind {
            text = format!("{text}: {cause}");
            behind = cause.source();
        }
        text
    }
}
