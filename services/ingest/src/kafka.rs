//! Reaching Kafka: the consumer's settings, the cluster's id, and how far the topic reaches.

use crate::Error;
use crate::consume::{Context, Event};
use crate::run::{GroupProtocol, Options};
use crate::watched::{LOOK_EVERY_MS, Watched};
use kafka::{Access, Cluster, Complaints, Wanted, Watermarks, missing_right};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;

/// A connected consumer and what was learned of the topic.
pub(crate) struct Connected {
    pub(crate) consumer: BaseConsumer<Context>,
    pub(crate) cluster: Cluster,
    pub(crate) reaches: Reaches,
}

/// Between which offsets each partition's records lay when Kafka was asked.
pub(crate) type Reaches = BTreeMap<i32, Watermarks>;

/// Connects and looks at the topic. Blocks for as long as the broker takes to answer.
pub(crate) fn connect(
    options: &Options,
    topic: &str,
    events: UnboundedSender<Event>,
    watched: Arc<Watched>,
) -> Result<Connected, Error> {
    let group = group(options, topic);
    let cluster = Cluster::reach(&options.access)?;
    let reaches = reaches(&cluster, options, topic)?;
    let context = Context::new(topic, Reading::new(&options.access, &group, watched), events);
    let consumer = client_config(options, &group).create_with_context(context)?;
    Ok(Connected { consumer, cluster, reaches })
}

/// Asks how far the topic reaches. Blocks for as long as the broker takes to answer.
pub(crate) fn reaches(cluster: &Cluster, options: &Options, topic: &str) -> Result<Reaches, Error> {
    Ok(cluster.watermarks(Wanted::Read { topic, group: &group(options, topic) })?)
}

fn group(options: &Options, topic: &str) -> String {
    format!("{}-{topic}", options.group)
}

/// What the consumer's context knows of how it came in, and what it heard since.
pub(crate) struct Reading {
    access: Access,
    group: String,
    pub(crate) complaints: Complaints,
    /// Told where Kafka stands.
    pub(crate) watched: Arc<Watched>,
}

impl Reading {
    fn new(access: &Access, group: &str, watched: Arc<Watched>) -> Self {
        let complaints = Complaints::new(access.clone());
        Self { access: access.clone(), group: group.to_owned(), complaints, watched }
    }

    /// The error, if waiting will not mend it.
    pub(crate) fn lasting(&self, topic: &str, error: KafkaError) -> Option<Error> {
        use RDKafkaErrorCode::{AllBrokersDown, AutoOffsetReset, Fatal, OffsetOutOfRange};
        use RDKafkaErrorCode::{UnknownTopic, UnknownTopicOrPartition};
        let code = error.rdkafka_error_code();
        let wanted = Wanted::Read { topic, group: &self.group };
        let missing = code.and_then(|code| missing_right(&self.access, wanted, code));
        if let Some(refusal) = missing.or_else(|| self.complaints.refusal()) {
            return Some(refusal.into());
        }
        match code {
            Some(AutoOffsetReset | OffsetOutOfRange) => Some(error.into()),
            Some(UnknownTopic | UnknownTopicOrPartition) => Some(Error::NoTopic { topic: topic.to_owned() }),
            Some(Fatal) => Some(error.into()),
            // It comes many times a second while no broker answers; why has been said before.
            Some(AllBrokersDown) => None,
            _ => {
                tracing::warn!(topic, %error, "kafka reports a passing error");
                None
            }
        }
    }
}

fn client_config(options: &Options, group: &str) -> ClientConfig {
    let mut config = options.access.config("switchboard-ingest");
    config
        .set("group.id", group)
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
        .set("statistics.interval.ms", LOOK_EVERY_MS)
        // Nowhere else does it say that the topic has another id than before (`consume/topic_id.rs`).
        .set("debug", "metadata")
        .set_log_level(RDKafkaLogLevel::Debug);
    match options.protocol {
        GroupProtocol::Classic => {
            config.set("partition.assignment.strategy", "cooperative-sticky").set("session.timeout.ms", "10000")
        }
        GroupProtocol::Consumer => config.set("group.protocol", "consumer"),
    };
    config
}
