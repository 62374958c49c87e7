//! Where Kafka's topics begin and end, for whoever looks from outside. No group, no reading.

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use std::collections::BTreeMap;
use std::time::Duration;

use crate::Error;

const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// What Kafka holds of some topics, when asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KafkaTopics {
    /// The cluster's id.
    pub cluster: String,
    /// For each topic that is there, each partition's first offset and the offset after its last.
    pub topics: BTreeMap<String, BTreeMap<i32, (i64, i64)>>,
}

/// Asks Kafka where these topics begin and end. A topic that is not there is left out. Blocks for as
/// long as the brokers take to answer.
///
/// # Errors
/// [`Error::NoBroker`] when none answers; [`Error::Kafka`].
pub fn kafka_topics(brokers: &str, topics: &[&str]) -> Result<KafkaTopics, Error> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("client.id", "switchboard-status");
    let client: BaseConsumer<Quiet> = config.create_with_context(Quiet)?;
    let unreachable = |source| Error::NoBroker { brokers: brokers.to_owned(), source };
    let metadata = client.fetch_metadata(None, ANSWER_WITHIN).map_err(unreachable)?;
    let cluster = client.client().fetch_cluster_id(ANSWER_WITHIN);
    let cluster = cluster.ok_or(KafkaError::MetadataFetch(RDKafkaErrorCode::ClusterAuthorizationFailed))?;
    let mut found = KafkaTopics { cluster, topics: BTreeMap::new() };
    for topic in metadata.topics().iter().filter(|topic| topics.contains(&topic.name())) {
        let partitions = topic.partitions().iter().map(|partition| {
            let ends = client.fetch_watermarks(topic.name(), partition.id(), ANSWER_WITHIN)?;
            Ok((partition.id(), ends))
        });
        found.topics.insert(topic.name().to_owned(), partitions.collect::<KafkaResult<_>>()?);
    }
    Ok(found)
}

/// What fails is in the answer; the client's own words are for whoever looks closer.
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
