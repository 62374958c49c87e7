#![doc = include_str!("../README.md")]

pub mod call_records;
mod clock;
pub mod fixmystreet;
mod heading;
pub mod in_process_broker;
mod lines;
mod nearest;
pub mod producer;
pub mod reference;
mod row_lines;
pub mod rows;

use std::io;
use std::path::PathBuf;

/// What stops an import or a send. A single bad row is none of these: see
/// [`rows::Row::Refused`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened; check the path.
    #[error("cannot open {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file cannot be read further; nothing is known of the lines from here on.
    #[error("cannot read line {line}")]
    Read {
        /// The line that could not be read.
        line: u64,
        /// Why not.
        source: io::Error,
    },
    /// The first line is not the heading that was expected; mend the file or its export.
    #[error("line 1: {problem}")]
    Heading {
        /// What was found and what was expected.
        problem: String,
    },
    /// Kafka cannot be reached, or does not let us; it says what to do.
    #[error(transparent)]
    Reach(#[from] kafka::Error),
    /// Kafka refused a request; the source says why.
    #[error("kafka: cannot {action}")]
    Kafka {
        /// What was asked for.
        action: String,
        /// Kafka's answer.
        source: rdkafka::error::KafkaError,
    },
    /// Events were handed over and did not arrive; send them again, in full, by a new producer.
    #[error("kafka: {count} events were not delivered; the first: {first}")]
    Undelivered {
        /// How many so far.
        count: u64,
        /// Why the first of them was not.
        first: String,
    },
    /// An event does not fit its schema: a fault of the adapter.
    #[error(transparent)]
    Event(#[from] schemas::Error),
}
