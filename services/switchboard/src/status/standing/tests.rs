//! Expected numbers are worked out by hand from what Kafka and the lake are said to hold.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use lake::fence::{accepted_of_partition, completeness_of_partition, of_file, of_partition, paused_of_partition};

const TOPIC: &str = "telephony.events";

fn telephony() -> &'static Source {
    &schemas::catalogue().sources["telephony"]
}

fn kafka(partitions: &[(i32, (i64, i64))]) -> InKafka {
    let partitions =
        partitions.iter().map(|(partition, (begin, end))| (*partition, Watermarks { begin: *begin, end: *end }));
    let topics = [(TOPIC.to_owned(), partitions.collect())].into();
    InKafka { cluster: "c1".to_owned(), topics, ..InKafka::default() }
}

fn landing(version: u64, at_ms: i64, fences: &[String]) -> Landing {
    let positions = fences.iter().map(|fence| (fence.clone(), 1)).collect();
    Landing { version, at_ms: Some(at_ms), positions }
}

fn lake() -> InLake {
    let part = |partition| of_partition("c1", TOPIC, partition);
    let complete = |partition| completeness_of_partition("c1", TOPIC, partition);
    let positions = [(part(0), 90), (complete(0), 60_000), (part(1), 40), (complete(1), 30_000)].into();
    let landings = vec![landing(7, 1_000, &[part(0), complete(0)]), landing(6, 500, &[part(0), part(1)])];
    InLake { positions, landings }
}

fn shown(standing: &SourceStanding, partition: i32) -> &PartitionStanding {
    standing.partitions.iter().find(|one| one.partition == partition).unwrap()
}

#[test]
fn each_partition_has_its_lag_its_last_commit_and_its_quarantine() {
    let quarantined =
        [(("c1".to_owned(), TOPIC.to_owned(), 1), 3), (("c1".to_owned(), "webform.events".to_owned(), 1), 5)];
    let in_kafka = kafka(&[(0, (10, 100)), (1, (0, 40)), (2, (4, 9))]);
    let standing = standing(telephony(), Some(&lake()), Some(&in_kafka), &quarantined.into());
    let expected = PartitionStanding {
        cluster: "c1".to_owned(),
        partition: 0,
        kafka_first: Some(10),
        kafka_end: Some(100),
        position: Some(90),
        lag_messages: Some(10),
        last_commit: Some(LastCommit { version: 7, at: Some("1970-01-01T00:00:01Z".to_owned()) }),
        quarantined: 0,
        valid_through: Some("1970-01-01T00:01:00Z".to_owned()),
        remark: None,
    };
    assert_eq!(*shown(&standing, 0), expected);
    let second = shown(&standing, 1);
    assert_eq!((second.lag_messages, second.quarantined), (Some(0), 3));
    assert_eq!(second.last_commit.as_ref().unwrap().version, 6);
    // Never seen by the lake: all that Kafka holds is to come.
    let third = shown(&standing, 2);
    assert_eq!((third.position, third.lag_messages, &third.last_commit), (None, Some(5), &None));
    assert_eq!((standing.lag_messages, standing.quarantined), (Some(15), 3));
    assert_eq!(standing.valid_through.as_deref(), Some("1970-01-01T00:00:30Z"));
    assert_eq!(standing.last_commit.unwrap().version, 7);
}

#[test]
fn without_kafka_the_lakes_part_stands() {
    let standing = standing(telephony(), Some(&lake()), None, &BTreeMap::new());
    assert_eq!((standing.topic_exists, standing.lag_messages, standing.partitions.len()), (None, None, 2));
    let first = shown(&standing, 0);
    assert_eq!(
        (first.position, first.kafka_end, first.lag_messages, &first.remark),
        (Some(90), None, None, &None)
    );
}

#[test]
fn a_partition_that_is_only_known_leaves_the_source_without_a_time() {
    let mut lake = lake();
    lake.positions.insert(completeness_of_partition("c1", TOPIC, 2), 0);
    let standing = standing(telephony(), Some(&lake), None, &BTreeMap::new());
    let third = shown(&standing, 2);
    assert_eq!((third.position, &third.valid_through, &standing.valid_through), (None, &None, &None));
}

#[test]
fn what_was_lost_and_what_is_not_ours_is_remarked() {
    let remark = |partitions: &[(i32, (i64, i64))], of| {
        let standing = standing(telephony(), Some(&lake()), Some(&kafka(partitions)), &BTreeMap::new());
        shown(&standing, of).remark.clone().unwrap_or_default()
    };
    let cut = [(0, (95, 120)), (1, (0, 39))];
    assert_eq!(remark(&cut, 0), "5 offsets are gone from Kafka before the lake had them");
    assert!(remark(&cut, 1).contains("made anew"));
    assert!(remark(&[(0, (0, 90))], 1).contains("no such partition"));
    let other = InKafka { cluster: "c2".to_owned(), ..kafka(&[(0, (0, 5))]) };
    let standing = standing(telephony(), Some(&lake()), Some(&other), &BTreeMap::new());
    let clusters: Vec<(&str, i32)> =
        standing.partitions.iter().map(|one| (one.cluster.as_str(), one.partition)).collect();
    assert_eq!(clusters, [("c1", 0), ("c1", 1), ("c2", 0)]);
    assert_eq!(standing.partitions[0].remark.as_deref(), Some("of another cluster, c1"));
    assert_eq!((standing.partitions[2].lag_messages, standing.lag_messages), (Some(5), Some(5)));
}

#[test]
fn a_partition_that_waits_is_remarked_until_it_is_accepted_or_has_gone_on() {
    let remark = |position, accepted| {
        let mut lake = lake();
        lake.positions.insert(of_partition("c1", TOPIC, 0), position);
        lake.positions.insert(paused_of_partition("c1", TOPIC, 0), 90);
        lake.positions.insert(accepted_of_partition("c1", TOPIC, 0), accepted);
        let of_lake = standing(telephony(), Some(&lake), None, &BTreeMap::new());
        let of_both = standing(telephony(), Some(&lake), Some(&kafka(&[(0, (0, 95))])), &BTreeMap::new());
        assert_eq!(shown(&of_lake, 0).remark, shown(&of_both, 0).remark);
        shown(&of_both, 0).remark.is_some()
    };
    assert!(remark(90, 0) && remark(90, 90));
    assert!(!remark(90, 91) && !remark(92, 0));
}

#[test]
fn a_source_never_seen_and_one_from_files_are_told_apart() {
    let missing = BTreeSet::from([TOPIC.to_owned()]);
    let empty = InKafka { cluster: "c1".to_owned(), missing, ..InKafka::default() };
    let never = standing(telephony(), None, Some(&empty), &BTreeMap::new());
    assert_eq!((never.topic_exists, never.files, never.partitions.len()), (Some(false), 0, 0));
    assert_eq!((never.lag_messages, never.valid_through, never.last_commit), (None, None, None));
    let refusing = InKafka { cluster: "c1".to_owned(), ..InKafka::default() };
    let refused = standing(telephony(), Some(&lake()), Some(&refusing), &BTreeMap::new());
    assert_eq!((refused.topic_exists, &shown(&refused, 0).remark), (None, &None));
    let files = InLake {
        positions: [(of_file("ab"), 1), (of_file("cd"), 1)].into(),
        landings: vec![landing(2, 2_000, &[of_file("cd")])],
    };
    let from_files = standing(telephony(), Some(&files), Some(&empty), &BTreeMap::new());
    assert_eq!((from_files.files, from_files.partitions.len(), &from_files.valid_through), (2, 0, &None));
    assert_eq!(from_files.last_commit.unwrap().version, 2);
}
