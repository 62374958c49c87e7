#![doc = include_str!("../README.md")]

mod accepted;
mod bad_share;
mod budget;
mod caught_up;
mod chunk;
mod consume;
mod entry;
mod event_dates;
mod flushing;
mod health;
mod held;
mod history;
mod inquiries;
mod intake;
mod kafka;
mod known;
mod lag;
pub mod metrics;
mod outlet;
mod patience;
mod places;
mod requeue;
mod resolving;
mod rows;
mod run;
mod sealed;
mod sink;
mod taking;
#[cfg(test)]
mod tests;
mod tokens;
mod watched;

pub use accepted::{Decided, Loss, NoSuchLoss, accept_bad, accept_loss};
pub use budget::Budget;
pub use chunk::Chunk;
pub use health::{Condition, Health, Problem};
pub use history::{Loaded, load_history};
pub use requeue::{Quarantined, Requeued, position as requeue_position, requeue};
pub use rows::{BadRecord, ChunkRows, Ids, RowBuilder};
pub use run::{GroupProtocol, Options, Outcome, run};
pub use sealed::{StewardKey, StewardSecret};
pub use sink::event_table;
pub use tokens::TokenKey;

/// What can go wrong in ingest, beyond a bad record.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Kafka cannot be reached, or does not let us; it says what to do.
    #[error(transparent)]
    Reach(::kafka::Error),
    /// The topic is not there.
    #[error("the broker has no topic `{topic}`; import something with `--to kafka`, or create the topic")]
    NoTopic {
        /// The topic.
        topic: String,
    },
    /// Kafka has dropped records that the lake has not read.
    #[error(
        "topic {topic}, partition {partition}: Kafka has dropped the records from offset {first} to {}, and the lake \
         has not read them (its retention has passed the position). Going on would leave a \
         gap, so ingest stops. Either bring them back (from a mirror or a backup of the topic), or accept the loss \
         for good: `switchboard ingest accept-loss --topic {topic} --partition {partition} --from {first} --to \
         {next_kept}`, which is kept in the lake's log",
        next_kept - 1
    )]
    OffsetLost {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The first offset that is missing: the lake's position.
        first: i64,
        /// The first offset that Kafka still has.
        next_kept: i64,
    },
    /// The topic is not the one that the lake was filled from.
    #[error(
        "topic {topic}{sign} It was deleted and made anew, or `kafka.brokers` names another cluster's copy. Going on \
         would mix two histories, so ingest stops. Either bring the old topic back, or keep this lake as it is and \
         begin a new one (`lake.folder`), into which its history can be imported"
    )]
    TopicMadeAnew {
        /// The topic.
        topic: String,
        /// What shows it.
        sign: Sign,
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
    /// The schema registry does not answer.
    #[error(transparent)]
    Registry(#[from] schemas::RegistryError),
    /// A batch could not be built.
    #[error(transparent)]
    Arrow(#[from] arrow::error::ArrowError),
    /// The file of history could not be read to its end; nothing of it was loaded.
    #[error("the file could not be read to its end; nothing of it was loaded")]
    Input(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A bad record could not be sealed or opened.
    #[error("cannot seal a bad record for the stewards, or open one: {0}")]
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

/// What shows that a topic is not the one that the lake was filled from; a sentence, to follow the topic's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Sign {
    /// A partition ends at `end`, before the lake's position.
    #[error(
        ", partition {partition}: the lake has read up to offset {position}, but the partition ends at {end}."
    )]
    Shorter {
        /// The partition.
        partition: i32,
        /// The lake's position.
        position: i64,
        /// Where the partition ends.
        end: i64,
    },
    /// The last record that the lake has of a partition is another one in Kafka.
    #[error(
        ", partition {partition}: the record before offset {position} is not the one that the lake has read there."
    )]
    OtherRecord {
        /// The partition.
        partition: i32,
        /// The lake's position.
        position: i64,
    },
    /// While it was read, Kafka gave its name to another topic.
    #[error(": its id was `{read}`, and is `{now}` now.")]
    OtherId {
        /// The id of the topic that was read.
        read: String,
        /// The id of the one that has the name now.
        now: String,
    },
}

impl From<::kafka::Error> for Error {
    fn from(error: ::kafka::Error) -> Self {
        match error {
            ::kafka::Error::NoTopic { topic } => Self::NoTopic { topic },
            other => Self::Reach(other),
        }
    }
}
