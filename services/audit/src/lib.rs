#![doc = include_str!("../README.md")]

mod cell;
mod datum;
mod files;
mod judge;
mod kafka;
mod partition;
mod report;
mod run;
mod tokens;
mod writer;

pub use datum::SchemaOf;
pub use report::{Counts, EXAMPLES, Finding, Kind, PartitionReport, Report};
pub use run::{Options, Progress, released_schemas, run};
pub use tokens::TokenKey;

use std::path::PathBuf;

/// Why an audit could not be made. What an audit finds is no error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No broker answered.
    #[error("no Kafka broker answers; check `kafka.brokers`")]
    NoBroker,
    /// A source that was asked for by name has neither a topic nor a position in the lake.
    #[error(
        "source {source_name} has no topic `{topic}` and nothing of it in the lake: there is nothing to compare"
    )]
    Nothing {
        /// The source.
        source_name: String,
        /// Its topic.
        topic: String,
    },
    /// Kafka removed records while they were being read.
    #[error("topic {topic} partition {partition}: Kafka's retention removed what was being read; audit again")]
    RetentionPassed {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// Kafka stopped answering.
    #[error("topic {topic} partition {partition}: Kafka sent nothing for a minute, not even the partition's end")]
    Silent {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// What the client said last.
        #[source]
        source: Option<rdkafka::error::KafkaError>,
    },
    /// Kafka failed.
    #[error("kafka")]
    Kafka(#[from] rdkafka::error::KafkaError),
    /// The lake's tables cannot be opened.
    #[error(transparent)]
    Lake(#[from] lake::Error),
    /// A file of the lake cannot be read.
    #[error("{} cannot be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A writer's schema cannot be looked up.
    #[error("schema id {id} cannot be looked up: {problem}")]
    Schema {
        /// The id.
        id: u32,
        /// Why.
        problem: String,
    },
    /// The token key is not usable.
    #[error("the token key must be 64 hexadecimal digits")]
    Key,
    /// The thread that compares fell over.
    #[error("the audit ended early: {0}")]
    Thread(String),
}
