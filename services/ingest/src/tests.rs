//! Tests that drive the whole of ingest against models.

mod added_columns;
mod simulation;
