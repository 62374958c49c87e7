//! A topic from which Kafka's cleaner has really taken records away: offsets are missing at its beginning,
//! in the middle, and on both sides of where ingest stands.

use crate::broker::Broker;
use crate::delta;
use crate::kafka::{Writer, configure, read_back};
use crate::world::World;
use arrow::array::AsArray;
use arrow::datatypes::{Int32Type, Int64Type};
use schemas::Event;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

const KEYS: usize = 20;
const ROUNDS: i64 = 5;
/// The first of them are taken back at the end.
const TAKEN_BACK: usize = 5;
const PARTITIONS_USED: [i32; 2] = [0, 3];
/// A new segment with the next record, and whatever is in an older one may be cleaned at once. The cleaner
/// itself looks every 15 s.
const CLEANED_AT_ONCE: [(&str, &str); 5] = [
    ("cleanup.policy", "compact"),
    ("segment.ms", "100"),
    ("min.cleanable.dirty.ratio", "0.01"),
    ("delete.retention.ms", "100"),
    ("min.compaction.lag.ms", "0"),
];
const CLEANED_WITHIN: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_secs(2);

type Places = BTreeMap<(i32, i64), String>;

fn event(subject: &str, sequence: i64) -> Event {
    let sample = include_str!("../../../schemas/telephony/samples/queue_entered.call_c_1001.pass.json");
    let mut sample: Json = serde_json::from_str(sample).unwrap();
    sample["initial_contact_id"] = subject.into();
    sample["sequence"] = sequence.into();
    Event::from_json("queue_entered", &sample).unwrap()
}

/// An event of each subject, in each partition used.
fn a_round(writer: &Writer, sequence: i64) {
    for partition in PARTITIONS_USED {
        (0..KEYS).for_each(|key| one(writer, partition, &format!("call-{key}"), sequence));
    }
    writer.flush();
}

fn one(writer: &Writer, partition: i32, subject: &str, sequence: i64) {
    writer.raw(Some(subject), Some(partition), &event(subject, sequence).to_record().unwrap());
}

/// Waits until the cleaner has left at most one record of each subject, and gives what Kafka delivers then.
fn cleaned(brokers: &str, writer: &Writer) -> Places {
    let began = Instant::now();
    for look in 0.. {
        // Whatever is in the newest segment is never cleaned; this begins another.
        PARTITIONS_USED.iter().for_each(|partition| one(writer, *partition, &format!("later-{look}"), 0));
        writer.flush();
        let kept = read_back(brokers);
        let of_calls =
            |partition| kept.iter().filter(move |(at, key)| at.0 == partition && key.starts_with("call-"));
        if PARTITIONS_USED.iter().all(|partition| of_calls(*partition).count() <= KEYS) {
            return kept;
        }
        assert!(began.elapsed() < CLEANED_WITHIN, "the cleaner has left {} records", kept.len());
        std::thread::sleep(LOOK_EVERY);
    }
    unreachable!("the loop has no end")
}

/// Where the lake's records come from, in the events or in the quarantine, each once; with the subject where
/// there is one.
fn stored(world: &World) -> Places {
    let mut stored = delta::coordinates(&world.lake().join("telephony_events"));
    for batch in delta::rows(&world.lake().join("quarantine")) {
        let partitions = batch.column_by_name("partition").unwrap().as_primitive::<Int32Type>().clone();
        let offsets = batch.column_by_name("offset").unwrap().as_primitive::<Int64Type>().clone();
        for place in partitions.values().iter().copied().zip(offsets.values().iter().copied()) {
            assert_eq!(stored.insert(place, String::new()), None, "{place:?} is there twice");
        }
    }
    stored
}

/// Every partition that has records is read to its end.
fn all_is_read(world: &World) {
    let told: Json = serde_json::from_str(&world.succeeds(&["status", "--format", "json"])).unwrap();
    let sources = told["sources"].as_array().unwrap();
    let telephony = sources.iter().find(|source| source["source"] == "telephony").unwrap();
    for partition in PARTITIONS_USED {
        let standing = &telephony["partitions"][partition as usize];
        assert!(standing["position"].is_i64(), "{standing}");
        assert_eq!((&standing["position"], &standing["lag_messages"]), (&standing["kafka_end"], &Json::from(0)));
    }
}

#[test]
fn whatever_the_cleaner_of_a_compacted_topic_has_left_is_in_the_lake_once() {
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    let writer = Writer::new(&broker.address);
    configure(&broker.address, &CLEANED_AT_ONCE);
    // Partition 0 is read before it is cleaned, so that ingest stands between two offsets that are gone;
    // partition 3 is seen for the first time when its first offsets are gone.
    (0..KEYS).for_each(|key| one(&writer, PARTITIONS_USED[0], &format!("call-{key}"), 0));
    writer.flush();
    world.ingest();
    let before = stored(&world);
    assert_eq!(before.len(), KEYS);
    (1..=ROUNDS).for_each(|sequence| a_round(&writer, sequence));
    for partition in PARTITIONS_USED {
        (0..TAKEN_BACK).for_each(|key| writer.tombstone_in(partition, &format!("call-{key}")));
    }
    writer.flush();
    let position = KEYS as i64;
    let kept = cleaned(&broker.address, &writer);
    for gone in [(0, position - 1), (0, position), (3, 0)] {
        assert!(!kept.contains_key(&gone), "{gone:?} is still there");
    }
    world.ingest();
    let stored = stored(&world);
    // The cleaner goes on: what it takes away after the look may have been read, and need not have been.
    let kept_still = read_back(&broker.address);
    let may_be: BTreeSet<_> = before.keys().chain(kept.keys()).collect();
    assert!(stored.keys().all(|place| may_be.contains(place)), "more is stored than Kafka had: {stored:?}");
    for (place, key) in &kept_still {
        let subject = stored.get(place).unwrap_or_else(|| panic!("{place:?} is not in the lake"));
        assert!(subject.is_empty() || subject == key, "{place:?} is of {subject}, not of {key}");
    }
    all_is_read(&world);
    world.audit();
}
