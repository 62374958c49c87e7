//! What the tests of the whole pipeline share: readable stories, random ones, and an oracle that
//! measures every KPI from its definition without SQL.
//!
//! Owns test data and its expected answers. Never does I/O and never depends on what it judges:
//! stories go to `ingest` and `queries` in the tests themselves, the oracle sees only events.

pub mod oracle;
pub mod random_story;
pub mod story;
