//! Kafka, read by a plain consumer: partitions are assigned by hand, no group is joined, nothing is
//! committed, only what is committed by its producer is seen.

use crate::Error;
use kafka::{Access, Cluster, Complaints, Wanted, missing_right};
use rdkafka::TopicPartitionList;
use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::Offset;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

const ANSWER_WITHIN: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_secs(1);
/// How many polls in a row may bring nothing before Kafka is given up.
const SILENT_POLLS: u32 = 60;

/// The library wants a name even where no group is joined and nothing is committed.
const GROUP: &str = "switchboard-audit";

/// A connection to a cluster that has answered.
pub(crate) struct Kafka {
    access: Access,
    cluster: String,
    config: ClientConfig,
    consumer: BaseConsumer<Complaints>,
}

/// A record as it was delivered.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) offset: i64,
    /// Kafka's time, milliseconds since 1970.
    pub(crate) time_ms: Option<i64>,
    /// Empty for a tombstone.
    pub(crate) bytes: Vec<u8>,
}

/// Reads one partition from front to end.
pub(crate) struct Reader<'a> {
    kafka: &'a Kafka,
    topic: &'a str,
    partition: i32,
    next: Option<Delivered>,
    has_ended: bool,
}

impl Kafka {
    /// Connects. Blocks for as long as the brokers take to answer.
    pub(crate) fn connect(access: &Access) -> Result<Self, Error> {
        let cluster = Cluster::reach(access)?.id().to_owned();
        let mut config = access.config(GROUP);
        config
            .set("group.id", GROUP)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("enable.partition.eof", "true")
            .set("isolation.level", "read_committed")
            .set("check.crcs", "true")
            // An answer that is under way holds up the change to the next partition.
            .set("fetch.wait.max.ms", "20")
            .set("fetch.queue.backoff.ms", "20")
            .set("queued.max.messages.kbytes", "16384");
        let consumer = config.create_with_context(Complaints::new(access.clone()))?;
        Ok(Self { access: access.clone(), cluster, config, consumer })
    }

    /// The cluster's id.
    pub(crate) fn cluster(&self) -> &str {
        &self.cluster
    }

    /// For each partition of a topic the earliest offset and the end; none where there is no topic.
    pub(crate) fn partitions(&self, topic: &str) -> Result<BTreeMap<i32, Range<i64>>, Error> {
        let metadata = self.consumer.fetch_metadata(Some(topic), ANSWER_WITHIN)?;
        let Some(found) = metadata.topics().iter().find(|found| found.name() == topic) else {
            return Ok(BTreeMap::new());
        };
        match found.error().map(RDKafkaErrorCode::from) {
            Some(RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::UnknownTopicOrPartition) => {
                return Ok(BTreeMap::new());
            }
            Some(code) => return Err(self.refused(topic, KafkaError::MetadataFetch(code))),
            None => {}
        }
        let ranges = found.partitions().iter().map(|partition| {
            let (earliest, end) = self.consumer.fetch_watermarks(topic, partition.id(), ANSWER_WITHIN)?;
            Ok((partition.id(), earliest..end))
        });
        ranges.collect()
    }

    /// Whether Kafka may remove single records from between others; `None` where it does not say.
    pub(crate) async fn is_compacted(&self, topic: &str) -> Option<bool> {
        let admin: AdminClient<DefaultClientContext> = self.config.create().ok()?;
        let options = AdminOptions::new().request_timeout(Some(ANSWER_WITHIN));
        let answer = admin.describe_configs(&[ResourceSpecifier::Topic(topic)], &options).await.ok()?;
        let resource = answer.into_iter().next()?.ok()?;
        let policy = resource.get("cleanup.policy")?;
        Some(policy.value.as_deref()?.contains("compact"))
    }

    /// Begins to read a partition at an offset.
    pub(crate) fn read<'a>(&'a self, topic: &'a str, partition: i32, from: i64) -> Result<Reader<'a>, Error> {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(from))?;
        self.consumer.assign(&list)?;
        Ok(Reader { kafka: self, topic, partition, next: None, has_ended: false })
    }

    /// The error as the missing right that it may be.
    fn refused(&self, topic: &str, error: KafkaError) -> Error {
        let wanted = Wanted::Read { topic, group: GROUP };
        let missing = error.rdkafka_error_code().and_then(|code| missing_right(&self.access, wanted, code));
        missing.map_or_else(|| error.into(), Error::from)
    }
}

impl Reader<'_> {
    /// The next record below `limit`; `None` where the next one is not below it, or there is none.
    pub(crate) fn next_below(&mut self, limit: i64) -> Result<Option<Delivered>, Error> {
        if self.next.is_none() && !self.has_ended {
            self.next = self.poll()?;
            self.has_ended = self.next.is_none();
        }
        Ok(self.next.take_if(|next| next.offset < limit))
    }

    fn poll(&self) -> Result<Option<Delivered>, Error> {
        use RDKafkaErrorCode::{AutoOffsetReset, OffsetOutOfRange, TopicAuthorizationFailed};
        let mut last_error = None;
        for _ in 0..SILENT_POLLS {
            match self.kafka.consumer.poll(POLL) {
                None => {}
                Some(Ok(message)) => {
                    return Ok(Some(Delivered {
                        offset: message.offset(),
                        time_ms: message.timestamp().to_millis(),
                        bytes: message.payload().unwrap_or_default().to_vec(),
                    }));
                }
                Some(Err(KafkaError::PartitionEOF(_))) => return Ok(None),
                Some(Err(error)) => match error.rdkafka_error_code() {
                    Some(AutoOffsetReset | OffsetOutOfRange) => return Err(self.passed()),
                    Some(TopicAuthorizationFailed) => return Err(self.kafka.refused(self.topic, error)),
                    _ => last_error = Some(error),
                },
            }
        }
        let (topic, partition) = (self.topic.to_owned(), self.partition);
        Err(Error::Silent { topic, partition, source: last_error })
    }

    fn passed(&self) -> Error {
        Error::RetentionPassed { topic: self.topic.to_owned(), partition: self.partition }
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.kafka.consumer.unassign() {
            tracing::debug!(%error, "a partition could not be let go");
        }
    }
}
