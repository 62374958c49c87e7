//! Asks a cluster what every room asks first: who it is, what a topic has, how far it reaches.

use crate::refusal::{Wanted, missing_right};
use crate::{Access, Complaints, Error};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long a cluster may take to be reached.
const REACHED_WITHIN: Duration = Duration::from_secs(10);
/// How long it may take to answer once it was reached: a busy one takes its time.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// How long another broker may take to answer when one has refused us.
const OTHERS_WITHIN: Duration = Duration::from_secs(2);
/// A topic that was just made has no leaders yet, or is not known everywhere.
const TOPIC_WITHIN: Duration = Duration::from_secs(3);
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(200);
/// The first try; between two, what the client complains of is heard. Without a complaint the cluster is
/// slow, and each try is longer than the one before: one that is given up is asked for anew.
const TRY: Duration = Duration::from_millis(500);

/// A cluster that has answered. Its client belongs to no group and fetches no record.
pub struct Cluster {
    client: BaseConsumer<Complaints>,
    access: Access,
    id: String,
}

/// Between which offsets a partition's records lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermarks {
    /// Of the oldest record that is still there.
    pub begin: i64,
    /// Of the next record to come.
    pub end: i64,
}

impl Cluster {
    /// Connects. Blocks for as long as the brokers take to answer: 10 s at most where something is wrong, a minute or so where
    /// they are only slow.
    ///
    /// # Errors
    /// Why nobody answers, as well as it can be known; [`Error::Settings`] if a certificate is of no use.
    pub fn reach(access: &Access) -> Result<Self, Error> {
        let context = Complaints::new(access.clone());
        let made = access.config("switchboard").create_with_context(context);
        let client: BaseConsumer<Complaints> = made.map_err(|error| not_made(access, error))?;
        let (began, mut try_for) = (Instant::now(), TRY);
        while let Err(error) = client.fetch_metadata(None, try_for) {
            listen(&client);
            let complaints = client.context();
            let is_refused = complaints.refusal().is_some() && began.elapsed() >= OTHERS_WITHIN;
            let within = if complaints.is_silent() { ANSWER_WITHIN } else { REACHED_WITHIN };
            if is_refused || began.elapsed() >= within {
                return Err(complaints.no_answer(&error));
            }
            if complaints.is_silent() {
                try_for *= 2;
            }
        }
        let id = client.client().fetch_cluster_id(ANSWER_WITHIN);
        let code = RDKafkaErrorCode::ClusterAuthorizationFailed;
        let id = id.ok_or_else(|| failed("learn the cluster's id")(KafkaError::MetadataFetch(code)))?;
        Ok(Self { client, access: access.clone(), id })
    }

    /// The cluster's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The partitions of a topic; `None` if it is not there.
    ///
    /// # Errors
    /// [`Error::MissingRight`] if the topic is hidden from us, [`Error::Kafka`].
    pub fn partitions(&self, wanted: Wanted<'_>) -> Result<Option<Vec<i32>>, Error> {
        let asked = self.client.fetch_metadata(Some(wanted.topic()), ANSWER_WITHIN);
        let metadata = asked.map_err(failed("list the topic's partitions"))?;
        let Some(topic) = metadata.topics().iter().find(|topic| topic.name() == wanted.topic()) else {
            return Ok(None);
        };
        if let Some(refused) = topic.error().and_then(|error| missing_right(&self.access, wanted, error.into())) {
            return Err(refused);
        }
        let partitions: Vec<i32> = topic.partitions().iter().map(|partition| partition.id()).collect();
        Ok((topic.error().is_none() && !partitions.is_empty()).then_some(partitions))
    }

    /// How far each partition of a topic reaches. Waits a while for a topic that was just made.
    ///
    /// # Errors
    /// [`Error::NoTopic`], [`Error::MissingRight`], [`Error::Kafka`].
    pub fn watermarks(&self, wanted: Wanted<'_>) -> Result<BTreeMap<i32, Watermarks>, Error> {
        let partitions = patiently(TOPIC_WITHIN, || {
            self.partitions(wanted)?.ok_or_else(|| Error::NoTopic { topic: wanted.topic().to_owned() })
        })?;
        let of_one = |partition| {
            let ask = || self.client.fetch_watermarks(wanted.topic(), partition, ANSWER_WITHIN);
            let (begin, end) =
                patiently(REACHED_WITHIN, || ask().map_err(failed("learn where a partition ends")))?;
            Ok((partition, Watermarks { begin, end }))
        };
        partitions.into_iter().map(of_one).collect()
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Cluster({})", self.id)
    }
}

/// Lets the context hear what its client has to say.
fn listen(client: &BaseConsumer<Complaints>) {
    let began = Instant::now();
    while began.elapsed() < ASK_AGAIN_AFTER {
        // It has subscribed to nothing: all that comes is for the context.
        drop(client.poll(ASK_AGAIN_AFTER.saturating_sub(began.elapsed())));
    }
}

/// Asks again for a while, unless the answer was a refusal.
fn patiently<T>(within: Duration, ask: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    let began = Instant::now();
    loop {
        match ask() {
            Err(error) if !error.is_refusal() && began.elapsed() < within => {
                tracing::debug!(%error, "kafka has no answer yet, asking again");
                std::thread::sleep(ASK_AGAIN_AFTER);
            }
            answer => return answer,
        }
    }
}

fn failed(action: &str) -> impl FnOnce(KafkaError) -> Error {
    move |source| Error::Kafka { action: action.to_owned(), source }
}

/// Why there could be no client at all: librdkafka names its own setting first.
fn not_made(access: &Access, error: KafkaError) -> Error {
    let KafkaError::ClientCreation(text) = &error else { return failed("make a client")(error) };
    let tls = access.tls().cloned().unwrap_or_default();
    let (certificate, key) = tls.identity.map(|ours| (ours.certificate_file, ours.key_file)).unzip();
    let files = [
        ("ssl.ca.location", "kafka.ca_file", tls.ca_file),
        ("ssl.certificate.location", "kafka.certificate_file", certificate),
        ("ssl.key.location", "kafka.key_file", key),
    ];
    let found = files.into_iter().find(|(theirs, ..)| text.starts_with(theirs));
    match found {
        Some((_, ours, Some(file))) => {
            Error::Settings(format!("`{ours}` {} is of no use: {text}", file.display()))
        }
        _ => failed("make a client")(error),
    }
}
