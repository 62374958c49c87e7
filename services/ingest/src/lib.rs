#![doc = include_str!("../README.md")]

mod buffer;
mod caught_up;
mod consume;
mod health;
mod history;
mod kafka;
mod lag;
pub mod metrics;
mod places;
mod rows;
mod run;
mod sealed;
mod sink;
mod tokens;
mod watched;
mod watermarks;

pub use health::{Condition, Health, Problem};
pub use history::{Loaded, load_history};
pub use rows::{BadRecord, Chunk, ChunkRows, RowBuilder};
pub use run::{GroupProtocol, Options, Outcome, Stopped, run};
pub use sealed::StewardKey;
pub use sink::event_table;
pub use tokens::TokenKey;
pub use watermarks::{KafkaTopics, kafka_topics};

/// What can go wrong in ingest, beyond a bad record.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No broker answered.
    #[error(
        "no Kafka broker answers at {brokers}; check `kafka.brokers`, or start one with `deploy/broker.sh start`"
    )]
    NoBroker {
        /// The configured addresses.
        brokers: String,
        /// What the client said.
        #[source]
        source: rdkafka::error::KafkaError,
    },
    /// The topic is not there.
    #[error("the broker has no topic `{topic}`; import something with `--to kafka`, or create the topic")]
    NoTopic {
        /// The topic.
        topic: String,
    },
    /// The lake's position is no longer, or not yet, in Kafka.
    #[error(
        "topic {topic}: a position held by the lake is not in Kafka any more (its retention passed it, or the \
         topic was made anew). Going on would leave a gap, so ingest stops. Either restore the topic, or accept \
         the loss with a new lake"
    )]
    OffsetLost {
        /// The topic.
        topic: String,
    },
    /// Kafka failed in a way that does not pass.
    #[error("kafka")]
    Kafka(#[from] rdkafka::error::KafkaError),
    /// The lake failed.
    #[error(transparent)]
    Lake(#[from] lake::Error),
    /// A schema of ours is broken.
    #[error(transparent)]
    Schema(#[from] schemas::Error),
    /// A batch could not be built.
    #[error(transparent)]
    Arrow(#[from] arrow::error::ArrowError),
    /// The file of history could not be read to its end; nothing of it was loaded.
    #[error("the file could not be read to its end; nothing of it was loaded")]
    Input(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A bad record could not be sealed.
    #[error("cannot seal a bad record for the stewards: {0}")]
    Seal(String),
    /// A key is not usable.
    #[error("{0}")]
    Key(String),
    /// A thread of ours could not be started, or fell over.
    #[error("a thread of ingest ended: {0}")]
    Thread(String),
    /// Nothing moved for a long time although the end was not reached.
    #[error(
        "topic {topic}: waited {waited_seconds} s for partitions {partitions:?}, which another member of the group \
         holds, and they did not move; see that it runs, or stop it so that this one takes over"
    )]
    Stalled {
        /// The topic.
        topic: String,
        /// Partitions that have not reached the end.
        partitions: Vec<i32>,
        /// How long nothing moved.
        waited_seconds: u64,
    },
}
