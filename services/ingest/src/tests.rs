//! Tests that drive the whole of ingest against models.

mod added_columns;
pub(crate) mod parts;
mod simulation;
