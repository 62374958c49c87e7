//! The product as its users run it: the binary, real call records, real Kafka.
//!
//! Answers are compared with those worked out by other code (`calls_week.expected.json`), and what
//! is in the lake is read back without any code of ours (`delta.rs`).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod audit;
mod bad_input;
mod bad_records;
mod broker;
mod compacted;
mod cost;
mod damage;
#[allow(dead_code, reason = "shared with the tests of faults, which use more of it")]
mod delta;
mod demo;
mod event_files;
mod evolution;
mod expected;
mod explaining;
mod few_files;
mod fixmystreet_csv;
mod freshness;
mod identifiers;
#[allow(dead_code, reason = "shared with the tests of faults, which use more of it")]
mod kafka;
mod kills;
mod maintaining;
mod new_user;
mod numbers;
mod operations;
mod other_readers;
mod other_writers;
mod page;
mod passing_time;
mod pieces;
mod poison;
mod programme;
mod quarantine_retention;
mod reference;
mod requeue;
mod search;
mod secured;
mod server;
mod serving;
mod simulated_year;
mod steady;
mod three_nodes;
mod verifying;
mod world;
