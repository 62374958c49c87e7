//! Reaching Kafka: the consumer's settings, the cluster's id, and where the topic ends.

use crate::Error;
use crate::consume::{ANSWER_WITHIN, Context, Event};
use crate::run::{GroupProtocol, Options};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;

const TOPIC_WITHIN: Duration = Duration::from_secs(3);
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// A connected consumer and what it learned of the topic.
pub(crate) struct Connected {
    pub(crate) consumer: BaseConsumer<Context>,
    pub(crate) cluster: String,
    /// For each partition, the offset at which it ended when asked.
    pub(crate) ends: HashMap<i32, i64>,
}

/// Connects and looks at the topic. Blocks for as long as the broker takes to answer.
pub(crate) fn connect(options: &Options, topic: &str, events: UnboundedSender<Event>) -> Result<Connected, Error> {
    let context = Context::new(topic, events);
    let consumer: BaseConsumer<Context> = client_config(options, topic).create_with_context(context)?;
    let partitions = patiently(TOPIC_WITHIN, || match partitions(&consumer, topic) {
        Ok(none) if none.is_empty() => Err(Error::NoTopic { topic: topic.to_owned() }),
        Ok(partitions) => Ok(partitions),
        Err(source) => Err(Error::NoBroker { brokers: options.brokers.clone(), source }),
    })?;
    let mut ends = HashMap::new();
    for partition in partitions {
        let ask = || consumer.fetch_watermarks(topic, partition, ANSWER_WITHIN);
        let (begins, end) = patiently(ANSWER_WITHIN, ask)?;
        ends.insert(partition, if begins == end { 0 } else { end });
    }
    let cluster = consumer.client().fetch_cluster_id(ANSWER_WITHIN);
    let cluster = cluster.ok_or(KafkaError::MetadataFetch(RDKafkaErrorCode::ClusterAuthorizationFailed))?;
    Ok(Connected { consumer, cluster, ends })
}

fn partitions(consumer: &BaseConsumer<Context>, topic: &str) -> KafkaResult<Vec<i32>> {
    let metadata = consumer.fetch_metadata(Some(topic), ANSWER_WITHIN)?;
    let found = metadata.topics().iter().find(|found| found.name() == topic && found.error().is_none());
    Ok(found.into_iter().flat_map(|topic| topic.partitions()).map(|partition| partition.id()).collect())
}

/// Asks again for a while: a topic that was just made has no leaders yet, or is not known everywhere.
fn patiently<T, E: std::fmt::Display>(within: Duration, ask: impl Fn() -> Result<T, E>) -> Result<T, E> {
    let began = Instant::now();
    loop {
        match ask() {
            Err(error) if began.elapsed() < within => {
                tracing::debug!(%error, "kafka has no answer yet, asking again");
                std::thread::sleep(ASK_AGAIN_AFTER);
            }
            answer => return answer,
        }
    }
}

fn client_config(options: &Options, topic: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &options.brokers)
        .set("group.id", format!("{}-{topic}", options.group))
        .set("client.id", "switchboard-ingest")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error")
        .set("enable.partition.eof", "true")
        .set("isolation.level", "read_committed")
        .set("check.crcs", "true")
        // Also how long the group waits for a member that was killed in the middle of a rebalance.
        .set("max.poll.interval.ms", "60000")
        .set("fetch.queue.backoff.ms", "20")
        .set("fetch.wait.max.ms", "100")
        .set("queued.min.messages", "50000")
        // Part of what ingest needs besides its budget, for each source.
        .set("queued.max.messages.kbytes", "32768")
        // How soon partitions that are added to a topic are seen.
        .set("topic.metadata.refresh.interval.ms", "10000")
        .set_log_level(RDKafkaLogLevel::Warning);
    match options.protocol {
        GroupProtocol::Classic => {
            config.set("partition.assignment.strategy", "cooperative-sticky").set("session.timeout.ms", "10000")
        }
        GroupProtocol::Consumer => config.set("group.protocol", "consumer"),
    };
    config
}
