//! Tests that drive the whole of ingest against models.

mod simulation;
