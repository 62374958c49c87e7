#![doc = include_str!("../README.md")]

pub mod answers;
mod behind;
pub mod catalogue;
mod checks;
mod content_hash;
mod engine;
mod facts;
mod key_hash;
mod local_time;
mod made_of;
mod measure;
mod memory;

pub use behind::{EventBehind, Standing};
pub use catalogue::{Catalogue, DeclaredReach, Kind, Kpi, Lookup, Model, catalogue};
pub use engine::{Engine, Rows};
pub use facts::{Facts, bind_facts};
pub use local_time::days_ending;
pub use made_of::{Adds, MadeOf, Slice, Thing};
pub use measure::{MeasureTable, measured_tables};
pub use memory::rebuild_in_memory;

/// The scorecard of a period, over `kpi_daily`, `kpi_distribution`, `targets` and `baselines`;
/// parameters `$from_day` and `$to_day`, days since 1970.
pub const SCORECARD: &str = include_str!("../scorecard.sql");

/// What can go wrong with a definition or a query.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A model, measure or view file breaks the rules of this room; mend the file.
    #[error("queries/{file}: {problem}")]
    Definition {
        /// The file, relative to `queries/`.
        file: String,
        /// What is wrong and what was expected.
        problem: String,
    },
    /// A definition's SQL failed; mend the file.
    #[error("queries/{file}")]
    Sql {
        /// The file, relative to `queries/`.
        file: String,
        /// What the engine said.
        #[source]
        source: Box<datafusion::error::DataFusionError>,
    },
    /// A query failed.
    #[error(transparent)]
    Query(#[from] datafusion::error::DataFusionError),
    /// A batch could not be built.
    #[error(transparent)]
    Arrow(#[from] arrow::error::ArrowError),
}
