//! Where each partition of a source stands, from what Kafka and the lake hold. Pure.

use crate::output::instant;
use crate::status::in_kafka::InKafka;
use kafka::Watermarks;
use lake::{Landing, fence};
use schemas::Source;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What the lake holds of a source.
#[derive(Debug)]
pub(super) struct InLake {
    /// Positions by fence.
    pub(super) positions: BTreeMap<String, i64>,
    /// The newest commits, newest first.
    pub(super) landings: Vec<Landing>,
}

/// A source.
#[derive(Debug, Serialize)]
pub(super) struct SourceStanding {
    pub(super) source: String,
    pub(super) topic: String,
    /// Whether Kafka has the topic; not known where Kafka does not say.
    pub(super) topic_exists: Option<bool>,
    /// Files of history in the lake.
    pub(super) files: usize,
    /// Over all partitions; not known where Kafka does not answer or has no such topic.
    pub(super) lag_messages: Option<i64>,
    pub(super) quarantined: i64,
    /// Up to when everything that Kafka had is in the lake.
    pub(super) valid_through: Option<String>,
    pub(super) last_commit: Option<LastCommit>,
    pub(super) partitions: Vec<PartitionStanding>,
}

/// A partition of a source's topic.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct PartitionStanding {
    pub(super) cluster: String,
    pub(super) partition: i32,
    pub(super) kafka_first: Option<i64>,
    pub(super) kafka_end: Option<i64>,
    /// The next offset that the lake wants; none where it never saw the partition.
    pub(super) position: Option<i64>,
    /// Offsets between the position and Kafka's end. Those that hold no record count as well.
    pub(super) lag_messages: Option<i64>,
    /// None where it lies before the newest commits that were looked at.
    pub(super) last_commit: Option<LastCommit>,
    pub(super) quarantined: i64,
    pub(super) valid_through: Option<String>,
    /// What an operator must know besides.
    pub(super) remark: Option<String>,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct LastCommit {
    pub(super) version: u64,
    pub(super) at: Option<String>,
}

/// Where a source stands. `kafka` is `None` where Kafka did not answer; `quarantined` counts records
/// by cluster, topic and partition.
pub(super) fn standing(
    source: &Source,
    in_lake: Option<&InLake>,
    kafka: Option<&InKafka>,
    quarantined: &BTreeMap<(String, String, i32), i64>,
) -> SourceStanding {
    let topic = &source.topic;
    let nothing = InLake { positions: BTreeMap::new(), landings: Vec::new() };
    let in_lake = in_lake.unwrap_or(&nothing);
    let found = kafka.and_then(|kafka| Some((kafka, kafka.topics.get(topic)?)));
    let of_topic = |held: &String| {
        let (cluster, of, partition) =
            fence::partition_of(held).or_else(|| fence::partition_of_completeness(held))?;
        (of == topic).then(|| (cluster.to_owned(), partition))
    };
    let mut places: BTreeSet<(String, i32)> = in_lake.positions.keys().filter_map(of_topic).collect();
    places.extend(
        found.iter().flat_map(|(kafka, partitions)| {
            partitions.keys().map(|partition| (kafka.cluster.clone(), *partition))
        }),
    );
    let quarantined_at = |cluster: &str, partition| {
        quarantined.get(&(cluster.to_owned(), topic.clone(), partition)).copied().unwrap_or_default()
    };
    let partitions: Vec<PartitionStanding> = places
        .into_iter()
        .map(|(cluster, partition)| PartitionStanding {
            quarantined: quarantined_at(&cluster, partition),
            ..place(topic, in_lake, kafka, &cluster, partition)
        })
        .collect();
    let valid_through = refresh::valid_through_micros(&in_lake.positions);
    SourceStanding {
        source: source.name.clone(),
        topic: topic.clone(),
        topic_exists: kafka.and_then(|kafka| kafka.has(topic)),
        files: in_lake.positions.keys().filter(|held| fence::is_of_file(held)).count(),
        lag_messages: found.map(|_| partitions.iter().filter_map(|one| one.lag_messages).sum()),
        quarantined: partitions.iter().map(|one| one.quarantined).sum(),
        valid_through: valid_through.map(instant),
        last_commit: newest(in_lake, |moved| of_topic(moved).is_some() || fence::is_of_file(moved)),
        partitions,
    }
}

fn place(
    topic: &str,
    in_lake: &InLake,
    kafka: Option<&InKafka>,
    cluster: &str,
    partition: i32,
) -> PartitionStanding {
    let fence = fence::of_partition(cluster, topic, partition);
    let position = in_lake.positions.get(&fence).copied();
    let here = kafka.filter(|kafka| kafka.cluster == cluster);
    let ends = here.and_then(|kafka| kafka.topics.get(topic)?.get(&partition).copied());
    let stamp = |of: fn(&str, &str, i32) -> String| in_lake.positions.get(&of(cluster, topic, partition)).copied();
    let paused = || {
        let at = stamp(fence::paused_of_partition).filter(|at| Some(*at) == position)?;
        let accepted = stamp(fence::accepted_of_partition).is_some_and(|through| through > at);
        (!accepted).then(|| "waits: too many of its newest records cannot be read".to_owned())
    };
    PartitionStanding {
        cluster: cluster.to_owned(),
        partition,
        kafka_first: ends.map(|ends| ends.begin),
        kafka_end: ends.map(|ends| ends.end),
        position,
        lag_messages: ends.map(|ends| (ends.end - position.unwrap_or(ends.begin)).max(0)),
        last_commit: newest(in_lake, |moved| *moved == fence),
        quarantined: 0,
        valid_through: fence::complete_through_ms(&in_lake.positions, cluster, topic, partition)
            .map(|millis| instant(millis * 1_000)),
        remark: match (kafka, ends) {
            (Some(_), None) if here.is_none() => Some(format!("of another cluster, {cluster}")),
            (Some(kafka), None) if kafka.has(topic).is_some() => {
                Some("Kafka has no such partition any more".to_owned())
            }
            (_, Some(ends)) => position.and_then(|position| lost(position, ends)).or_else(paused),
            (_, None) => paused(),
        },
    }
}

fn lost(position: i64, ends: Watermarks) -> Option<String> {
    if position < ends.begin {
        let lost = ends.begin - position;
        return Some(format!("{lost} offsets are gone from Kafka before the lake had them"));
    }
    (position > ends.end).then(|| "Kafka ends before the lake's position: the topic was made anew".to_owned())
}

/// The newest commit that moved a fence of this kind.
fn newest(in_lake: &InLake, is_meant: impl Fn(&String) -> bool) -> Option<LastCommit> {
    let landing = in_lake.landings.iter().find(|landing| landing.positions.keys().any(&is_meant))?;
    Some(LastCommit { version: landing.version, at: landing.at_ms.map(|millis| instant(millis * 1_000)) })
}

#[cfg(test)]
mod tests;
