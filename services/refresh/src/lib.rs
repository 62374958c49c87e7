#![doc = include_str!("../README.md")]

mod completeness;
mod derived;
mod difference;
mod events;
mod events_now;
mod evidence;
mod former;
mod held;
mod index;
mod indexed;
mod joined;
mod newly_quarantined;
mod passing_time;
mod plan;
mod publication;
mod quarantined;
mod reach;
mod reading;
mod rebuild;
mod refold;
mod refresh;
mod remeasure;
mod restate;
mod retained;
mod sources;
mod surplus;
mod verification;
mod verify;
mod work;

pub use completeness::{Completeness, valid_through_micros};
pub use difference::{DifferingRow, Side, TableDifference};
pub use events_now::events_now;
pub use index::INDEX_TABLE;
pub use plan::Why;
pub use publication::{PUBLICATIONS_TABLE, Publication};
pub use quarantined::{quarantine_now, quarantined_now};
pub use reading::{Reading, open};
pub use rebuild::Plan;
pub use refresh::{Refreshed, Told, is_due, refresh};
pub use restate::RESTATEMENTS_TABLE;
pub use retained::retained_versions;
pub use verification::{VERIFICATIONS_TABLE, Verification};
pub use verify::verify;
pub use work::Cost;

/// What can go wrong in a refresh, or on opening an epoch.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing has been published yet.
    #[error("nothing has been published in this lake yet; run `switchboard refresh --once` first")]
    NothingPublished,
    /// Another refresh published in the meantime; its epoch stands.
    #[error("another refresh was running and has moved {table}; nothing of this one is shown. Run it again")]
    Overtaken {
        /// The table that it moved.
        table: String,
    },
    /// A row of `publications` cannot be read.
    #[error("a row of `publications` cannot be read: {0}")]
    Publication(String),
    /// The epoch was measured by other definitions than those of this build.
    #[error(
        "epoch {epoch} was published with other definitions of {}; refresh with this build first, or verify with the \
         one that published it",
        changed.join(", ")
    )]
    OtherDefinitions {
        /// The epoch.
        epoch: i64,
        /// The definitions that differ, are new, or are gone.
        changed: Vec<String>,
    },
    /// The lake failed.
    #[error(transparent)]
    Lake(#[from] lake::Error),
    /// A definition or a query failed.
    #[error(transparent)]
    Queries(#[from] queries::Error),
    /// A batch could not be built.
    #[error(transparent)]
    Arrow(#[from] arrow::error::ArrowError),
}
