//! What the numbers mean: every KPI against worked examples, against an oracle without SQL, and
//! against itself with the events in another order, sent twice, or only some of them.
//!
//! In one process, by the way that events go in production: Avro bytes, rows of `ingest`, models
//! and measures of `queries`. No Kafka, no lake.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod arrival;
mod examples;
mod facts;
mod folding;
mod one_resident;
mod oracle_agrees;
mod rebuilt;
mod registers;
mod xmr;
