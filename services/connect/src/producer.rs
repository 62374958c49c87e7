//! Events to Kafka.
//!
//! Owns the producer's settings and the promise that [`KafkaProducer::flush`] is `Ok` only if every
//! event arrived. It never consumes, and decides neither what an event says nor where it belongs:
//! the topic and the key come from `schemas`.
//! Events come from adapters; records go to the source's topic, in order for each subject.

mod deliveries;
#[cfg(test)]
mod tests;

use crate::Error;
use deliveries::{Deliveries, Loss};
use kafka::{Access, Cluster, Wanted, code_of, missing_right};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use rdkafka::util::Timeout;
use std::time::Duration;

/// How long a broker may take to answer at all.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);
/// How long an event may be under way before it counts as lost; a broker's restart takes less.
const DELIVER_WITHIN: Duration = Duration::from_secs(60);
/// Wait for room in a full queue before the next try.
const ROOM_WITHIN: Duration = Duration::from_millis(100);
/// The broker's own setting decides how many copies there are.
const BROKER_DEFAULT: i32 = -1;

/// Sends events. Dropped without [`flush`](Self::flush), it discards what has not yet arrived.
pub struct KafkaProducer {
    producer: ThreadedProducer<Deliveries>,
    config: ClientConfig,
    access: Access,
}

impl KafkaProducer {
    /// A producer for a cluster that has answered.
    ///
    /// # Errors
    /// [`Error::Reach`] or [`Error::Kafka`].
    pub fn new(access: &Access) -> Result<Self, Error> {
        Cluster::reach(access)?;
        let config = settings(access);
        let producer: ThreadedProducer<Deliveries> = config
            .create_with_context(Deliveries::new(access))
            .map_err(|source| Error::Kafka { action: "make a producer".to_owned(), source })?;
        Ok(Self { producer, config, access: access.clone() })
    }

    /// Creates a topic unless it exists. One that exists keeps its partitions, whatever their number.
    ///
    /// # Errors
    /// [`Error::Reach`] if we may not, [`Error::Kafka`].
    pub fn ensure_topic(&self, topic: &str, partitions: u32) -> Result<(), Error> {
        let action = || format!("create topic `{topic}` with {partitions} partitions");
        let failed = |source| self.failed(action(), Wanted::Create { topic }, source);
        // Looked for first, because creating asks for a right that one who only sends may lack.
        if let Some(found) = self.partitions(topic).map_err(failed)? {
            if found != partitions as usize {
                tracing::warn!(topic, found, wanted = partitions, "topic exists with other partitions");
            }
            return Ok(());
        }
        match self.create(topic, partitions) {
            Ok(()) => Ok(()),
            // Somebody else was faster.
            Err(KafkaError::AdminOp(RDKafkaErrorCode::TopicAlreadyExists)) => Ok(()),
            Err(source) => Err(failed(source)),
        }
    }

    /// Hands an event over; waits for room if too many are under way. Arrival is known after
    /// [`flush`](Self::flush).
    ///
    /// # Errors
    /// [`Error::Event`] if it does not fit its schema, [`Error::Undelivered`] if an earlier event
    /// was lost, [`Error::Reach`] if we may not, [`Error::Kafka`] if the client refuses it.
    pub fn send(&self, event: &schemas::Event) -> Result<(), Error> {
        self.send_record(source_of(event)?, event.subject(), &event.to_record()?)
    }

    /// Hands over an event that is a record already, under its subject; otherwise as
    /// [`send`](Self::send).
    ///
    /// # Errors
    /// [`Error::Undelivered`] if an earlier event was lost, [`Error::Reach`] if we may not,
    /// [`Error::Kafka`] if the client refuses it.
    pub fn send_record(&self, source: &schemas::Source, subject: &str, record: &[u8]) -> Result<(), Error> {
        self.all_arrived()?;
        let topic = source.topic.as_str();
        let mut record = BaseRecord::to(topic).key(subject).payload(record);
        loop {
            record = match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), record)) => record,
                Err((source, _)) => {
                    return Err(self.failed(format!("send to `{topic}`"), Wanted::Write { topic }, source));
                }
            };
            self.producer.poll(ROOM_WITHIN);
        }
    }

    /// Waits until every event has arrived or is lost.
    ///
    /// # Errors
    /// [`Error::Undelivered`] if any event of this producer was lost; that cannot be mended by
    /// flushing again.
    pub fn flush(&self) -> Result<(), Error> {
        // Without a limit of its own: each event has one, DELIVER_WITHIN.
        let flushed = self.producer.flush(Timeout::Never);
        self.all_arrived()?;
        flushed.map_err(|source| Error::Kafka { action: "flush".to_owned(), source })
    }

    fn partitions(&self, topic: &str) -> Result<Option<usize>, KafkaError> {
        // Asked for all topics: some brokers create a topic that they are asked for by name.
        let metadata = self.producer.client().fetch_metadata(None, ANSWER_WITHIN)?;
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        Ok(found.map(|topic| topic.partitions().len()))
    }

    /// [`Error::Undelivered`] if any event was lost so far.
    fn all_arrived(&self) -> Result<(), Error> {
        let Some((count, Loss { topic, error })) = self.producer.context().lost() else { return Ok(()) };
        let refusal = self.refusal(Wanted::Write { topic }, error);
        let first = refusal.map_or_else(|| error.to_string(), |refusal| refusal.to_string());
        Err(Error::Undelivered { count, first })
    }

    fn failed(&self, action: String, wanted: Wanted<'_>, source: KafkaError) -> Error {
        self.refusal(wanted, &source).map_or(Error::Kafka { action, source }, Error::Reach)
    }

    /// What the cluster has refused, if that is why something failed.
    fn refusal(&self, wanted: Wanted<'_>, error: &KafkaError) -> Option<kafka::Error> {
        // A producer that has failed for good says no more than that; why is asked apart.
        let for_good = self.producer.client().fatal_error().map(|(code, _)| code);
        let code = for_good.or(code_of(error));
        let missing = code.and_then(|code| missing_right(&self.access, wanted, code));
        missing.or_else(|| self.producer.context().complaints.refusal())
    }

    fn create(&self, topic: &str, partitions: u32) -> Result<(), KafkaError> {
        let admin: AdminClient<Deliveries> = self.config.create_with_context(Deliveries::new(&self.access))?;
        let copies = TopicReplication::Fixed(BROKER_DEFAULT);
        let topic = NewTopic::new(topic, i32::try_from(partitions).unwrap_or(i32::MAX), copies);
        // The operation's limit makes the broker answer when the topic can be used.
        let options =
            AdminOptions::new().request_timeout(Some(ANSWER_WITHIN)).operation_timeout(Some(ANSWER_WITHIN));
        let results = futures::executor::block_on(admin.create_topics([&topic], &options))?;
        let refused = results.into_iter().find_map(Result::err);
        refused.map_or(Ok(()), |(_, code)| Err(KafkaError::AdminOp(code)))
    }
}

fn settings(access: &Access) -> ClientConfig {
    let mut config = access.config("switchboard-connect");
    config
        // No duplicates and no reordering by the client's own retries.
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("compression.type", "zstd")
        .set("linger.ms", "10")
        .set("message.timeout.ms", DELIVER_WITHIN.as_millis().to_string())
        .set("queue.buffering.max.kbytes", "65536")
        // As Java clients do, so that a subject has one partition whoever sends.
        .set("partitioner", "murmur2_random");
    config
}

fn source_of(event: &schemas::Event) -> Result<&'static schemas::Source, Error> {
    let found = schemas::catalogue().event_type(&event.event_type);
    let (source, _) = found.ok_or_else(|| schemas::Error::Event {
        event_type: event.event_type.clone(),
        problem: "unknown type".to_owned(),
    })?;
    Ok(source)
}
