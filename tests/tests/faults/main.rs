//! Faults on purpose, on the real binary and real Kafka: processes killed at named points, paused
//! past their session, members coming and going in a storm, brokers lost, partitions added, records
//! and topics gone; refreshes killed and racing each other.
//!
//! Every test ends with the auditor, which reads Kafka again by itself, and with the number of
//! records that were written; or with the sentence in which ingest says why it does not go on.
//! Nothing here is timed: what is waited for is a condition.
//!
//! `SWITCHBOARD_SEEDS` says how often each named point is tried, 2 where it is not set; a seed decides
//! the load and which pass of the point is the last. `SWITCHBOARD_SEED=17` runs that one alone.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../acceptance/broker.rs"]
#[allow(dead_code, reason = "shared with the acceptance tests, which use more of it")]
mod broker;
#[path = "../acceptance/delta.rs"]
#[allow(dead_code, reason = "shared with the acceptance tests, which use more of it")]
mod delta;
mod faulty_store;
mod held;
#[path = "../acceptance/kafka.rs"]
#[allow(dead_code, reason = "shared with the acceptance tests, which use more of it")]
mod kafka;
mod kafka_faults;
mod killed_in_ingest;
mod killed_in_maintenance;
mod killed_in_refresh;
mod load;
mod loud_stops;
mod memory;
#[path = "../acceptance/passing_time.rs"]
mod passing_time;
mod process;
mod refreshed_story;
mod small_disk;
mod storage;
mod topic;
mod two_refreshers;
mod unread_partitions;
#[path = "../acceptance/world.rs"]
#[allow(dead_code, reason = "shared with the acceptance tests, which use more of it")]
mod world;

/// The seeds with which each named point is tried.
fn seeds() -> std::ops::Range<u64> {
    let number = |variable| std::env::var(variable).ok().map(|text| text.parse::<u64>().unwrap());
    match number("SWITCHBOARD_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SWITCHBOARD_SEEDS").unwrap_or(2),
    }
}
