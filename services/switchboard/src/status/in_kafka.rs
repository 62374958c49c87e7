//! What Kafka holds of the sources' topics, when asked.

use kafka::{Access, Cluster, Wanted, Watermarks};
use std::collections::{BTreeMap, BTreeSet};

/// A cluster that has answered.
#[derive(Debug, Default)]
pub(super) struct InKafka {
    /// The cluster's id.
    pub(super) cluster: String,
    /// How far each partition of a topic reaches.
    pub(super) topics: BTreeMap<String, BTreeMap<i32, Watermarks>>,
    /// Topics that are not there.
    pub(super) missing: BTreeSet<String>,
    /// Why it would not say of the others.
    pub(super) refusals: Vec<kafka::Error>,
}

impl InKafka {
    /// Whether the topic is there, if Kafka would say.
    pub(super) fn has(&self, topic: &str) -> Option<bool> {
        let is_there = self.topics.contains_key(topic);
        (is_there || self.missing.contains(topic)).then_some(is_there)
    }
}

/// Asks Kafka how far these topics reach. Blocks for as long as the brokers take to answer.
///
/// # Errors
/// Why no broker answers.
pub(super) fn ask(access: &Access, topics: &[&str]) -> Result<InKafka, kafka::Error> {
    let cluster = Cluster::reach(access)?;
    let mut found = InKafka { cluster: cluster.id().to_owned(), ..InKafka::default() };
    for topic in topics {
        let wanted = Wanted::Describe { topic };
        let reaches = match cluster.partitions(wanted) {
            Ok(None) => Ok(None),
            Ok(Some(_)) => cluster.watermarks(wanted).map(Some),
            Err(error) => Err(error),
        };
        match reaches {
            Ok(Some(partitions)) => drop(found.topics.insert((*topic).to_owned(), partitions)),
            Ok(None) => drop(found.missing.insert((*topic).to_owned())),
            Err(error) => found.refusals.push(error),
        }
    }
    Ok(found)
}
