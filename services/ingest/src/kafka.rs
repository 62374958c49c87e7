//! Reaching Kafka: the consumer's settings, the cluster's id, and where the topic ends.

use crate::Error;
use crate::consume::{Context, Event};
use crate::run::{GroupProtocol, Options};
use kafka::{Access, Cluster, Complaints, Wanted, Watermarks, missing_right};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::RDKafkaErrorCode;
use std::collections::HashMap;
use tokio::sync::mpsc::UnboundedSender;

/// A connected consumer and what was learned of the topic.
pub(crate) struct Connected {
    pub(crate) consumer: BaseConsumer<Context>,
    pub(crate) cluster: String,
    /// For each partition, the offset at which it ended when asked.
    pub(crate) ends: HashMap<i32, i64>,
}

/// Connects and looks at the topic. Blocks for as long as the broker takes to answer.
pub(crate) fn connect(options: &Options, topic: &str, events: UnboundedSender<Event>) -> Result<Connected, Error> {
    let group = format!("{}-{topic}", options.group);
    let cluster = Cluster::reach(&options.access)?;
    let reaches = cluster.watermarks(Wanted::Read { topic, group: &group })?;
    let end = |Watermarks { begin, end }| if begin == end { 0 } else { end };
    let ends = reaches.into_iter().map(|(partition, marks)| (partition, end(marks))).collect();
    let context = Context::new(topic, Reading::new(&options.access, &group), events);
    let consumer = client_config(options, &group).create_with_context(context)?;
    Ok(Connected { consumer, cluster: cluster.id().to_owned(), ends })
}

/// What the consumer's context knows of how it came in, and what it heard since.
pub(crate) struct Reading {
    access: Access,
    group: String,
    pub(crate) complaints: Complaints,
}

impl Reading {
    fn new(access: &Access, group: &str) -> Self {
        Self { access: access.clone(), group: group.to_owned(), complaints: Complaints::new(access.clone()) }
    }

    /// The error as the refusal that it is: waiting does not mend one.
    pub(crate) fn refusal(&self, topic: &str, code: Option<RDKafkaErrorCode>) -> Option<Error> {
        let wanted = Wanted::Read { topic, group: &self.group };
        let missing = code.and_then(|code| missing_right(&self.access, wanted, code));
        missing.or_else(|| self.complaints.refusal()).map(Error::from)
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
        .set("topic.metadata.refresh.interval.ms", "10000");
    match options.protocol {
        GroupProtocol::Classic => {
            config.set("partition.assignment.strategy", "cooperative-sticky").set("session.timeout.ms", "10000")
        }
        GroupProtocol::Consumer => config.set("group.protocol", "consumer"),
    };
    config
}
