//! Kafka, read by a plain consumer: partitions are assigned by hand, no group is joined, nothing is
//! committed, only what is committed by its producer is seen.

use crate::Error;
use rdkafka::TopicPartitionList;
use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::{ClientContext, DefaultClientContext};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
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

/// A connection to the brokers.
pub(crate) struct Kafka {
    config: ClientConfig,
    consumer: BaseConsumer<Quiet>,
}

/// A record as it was delivered.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) offset: i64,
    /// Empty for a tombstone.
    pub(crate) bytes: Vec<u8>,
}

/// Reads one partition from front to end.
pub(crate) struct Reader<'a> {
    consumer: &'a BaseConsumer<Quiet>,
    topic: &'a str,
    partition: i32,
    next: Option<Delivered>,
    has_ended: bool,
}

/// What librdkafka says goes to the log.
struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(facility, message, "librdkafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "librdkafka");
    }
}

impl ConsumerContext for Quiet {}

impl Kafka {
    /// A consumer with these settings of librdkafka, which say at least where the brokers are.
    pub(crate) fn connect(settings: &[(String, String)]) -> Result<Self, Error> {
        let mut config = ClientConfig::new();
        config.extend(settings.iter().cloned());
        config
            .set("client.id", "switchboard-audit")
            // The library wants a name even where no group is joined and nothing is committed.
            .set("group.id", "switchboard-audit")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("enable.partition.eof", "true")
            .set("isolation.level", "read_committed")
            .set("check.crcs", "true")
            // An answer that is under way holds up the change to the next partition.
            .set("fetch.wait.max.ms", "20")
            .set("fetch.queue.backoff.ms", "20")
            .set("queued.max.messages.kbytes", "16384")
            .set_log_level(RDKafkaLogLevel::Warning);
        let consumer = config.create_with_context(Quiet)?;
        Ok(Self { config, consumer })
    }

    /// The cluster's id.
    pub(crate) fn cluster(&self) -> Result<String, Error> {
        self.consumer.client().fetch_cluster_id(ANSWER_WITHIN).ok_or(Error::NoBroker)
    }

    /// For each partition of a topic the earliest offset and the end; none where there is no topic.
    pub(crate) fn partitions(&self, topic: &str) -> Result<BTreeMap<i32, Range<i64>>, Error> {
        let metadata = self.consumer.fetch_metadata(Some(topic), ANSWER_WITHIN)?;
        let found = metadata.topics().iter().find(|found| found.name() == topic && found.error().is_none());
        let partitions = found.into_iter().flat_map(|found| found.partitions());
        let ranges = partitions.map(|partition| {
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
        let policy = resource.get("cleanup.policy")?.value.as_deref().map(|policy| policy.contains("compact"));
        policy
    }

    /// Begins to read a partition at an offset.
    pub(crate) fn read<'a>(&'a self, topic: &'a str, partition: i32, from: i64) -> Result<Reader<'a>, Error> {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(from))?;
        self.consumer.assign(&list)?;
        Ok(Reader { consumer: &self.consumer, topic, partition, next: None, has_ended: false })
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
            match self.consumer.poll(POLL) {
                None => {}
                Some(Ok(message)) => {
                    let bytes = message.payload().unwrap_or_default().to_vec();
                    return Ok(Some(Delivered { offset: message.offset(), bytes }));
                }
                Some(Err(KafkaError::PartitionEOF(_))) => return Ok(None),
                Some(Err(error)) => match error.rdkafka_error_code() {
                    Some(AutoOffsetReset | OffsetOutOfRange) => return Err(self.passed()),
                    Some(TopicAuthorizationFailed) => return Err(error.into()),
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
        if let Err(error) = self.consumer.unassign() {
            tracing::debug!(%error, "a partition could not be let go");
        }
    }
}
