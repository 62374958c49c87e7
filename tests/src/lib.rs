//! What the tests of the whole pipeline share: readable stories, random ones, and an oracle that
//! measures every KPI from its definition without SQL, and a schema registry in the process.
//!
//! Owns test data and its expected answers. Never depends on what it judges, and but for the
//! registry never does I/O: stories go to `ingest` and `queries` in the tests themselves, the oracle
//! sees only events.

pub mod oracle;
pub mod random_story;
pub mod registry_server;
pub mod story;
