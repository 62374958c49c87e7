//! Tests that drive the whole of ingest against models.

mod added_columns;
mod failed_flush;
pub(crate) mod parts;
mod simulation;
mod waiting;
