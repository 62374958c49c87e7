//! What the numbers mean: every KPI against worked examples, against an oracle without SQL, and
//! against itself with the events in another order, sent twice, or only some of them; and tables
//! that are refreshed again and again against a rebuild.
//!
//! In one process, by the way that events go in production: Avro bytes, rows of `ingest`, models
//! and measures of `queries`, and the lake where tables are refreshed. No Kafka.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod arrival;
mod broken_refresh;
mod examples;
mod facts;
mod folding;
mod made_of;
mod one_resident;
mod oracle_agrees;
mod reach;
mod rebuilt;
mod refreshed;
mod registers;
mod restated;
mod xmr;
