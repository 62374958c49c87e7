//! Real calls to their numbers: by file, by Kafka, twice and shuffled, by two processes.

use crate::broker::Broker;
use crate::delta;
use crate::expected::all_numbers_hold;
use crate::kafka::{PARTITIONS, Writer, events_of, read_back};
use crate::world::{World, shared_data};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

#[test]
fn real_calls_straight_to_the_lake() {
    let Some(data) = shared_data("real_calls_straight_to_the_lake") else { return };
    let world = World::new();
    let told = world.import(&data.join("calls_week.csv"), "lake");
    assert!(told.contains("9007 rows read") && told.contains("0 rows refused"), "{told}");
    let again = world.import(&data.join("calls_week.csv"), "lake");
    assert!(again.contains("holds this very file already"), "{again}");
    world.refresh();
    all_numbers_hold(&world, &data);
}

#[test]
fn real_calls_through_real_kafka() {
    let Some(data) = shared_data("real_calls_through_real_kafka") else { return };
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    let told = world.fails(&["ingest", "--until-caught-up"]);
    assert!(
        told.contains("none of the topics") && told.contains("telephony.events") && told.contains("--to kafka"),
        "{told}"
    );
    let told = world.import(&data.join("calls_week.csv"), "kafka");
    assert!(told.contains("9007 rows read"), "{told}");
    world.ingest();
    world.refresh();
    all_numbers_hold(&world, &data);
    // A second import adds messages and changes no number; nor does the same file by way of the lake.
    let rows = world.number("SELECT count(*) FROM telephony_events");
    world.import(&data.join("calls_week.csv"), "kafka");
    world.ingest();
    world.import(&data.join("calls_week.csv"), "lake");
    world.refresh();
    assert_eq!(world.number("SELECT count(*) FROM telephony_events"), rows * 3);
    all_numbers_hold(&world, &data);
}

#[test]
fn every_event_twice_and_shuffled() {
    let Some(data) = shared_data("every_event_twice_and_shuffled") else { return };
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    let mut events = events_of(&data.join("calls_week.csv"));
    events.extend(events.clone());
    events.shuffle(&mut ChaCha8Rng::seed_from_u64(1999));
    let writer = Writer::new(&broker.address);
    events.iter().for_each(|event| writer.event(event));
    writer.flush();
    world.ingest();
    world.refresh();
    let table = world.lake().join("telephony_events");
    assert_eq!(delta::coordinates(&table), read_back(&broker.address));
    assert_eq!(delta::coordinates(&table).len(), events.len());
    all_numbers_hold(&world, &data);
}

#[test]
fn two_processes_share_the_partitions_and_one_is_killed() {
    let Some(data) = shared_data("two_processes_share_the_partitions_and_one_is_killed") else { return };
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    let events = events_of(&data.join("calls_week.csv"));
    let writer = Writer::new(&broker.address);
    let table = world.lake().join("telephony_events");
    let first = world.start(&["ingest"], "first.log");
    let mut second = Some(world.start(&["ingest"], "second.log"));
    let began = Instant::now();
    let mut sent = 0;
    // A few events at a time, until both have read what the other has not; then one is killed.
    while second.is_some() {
        let log = |name| std::fs::read_to_string(world.path(name)).unwrap_or_default();
        let waited = began.elapsed();
        assert!(waited < Duration::from_secs(300), "never shared\n{}\n\n{}", log("first.log"), log("second.log"));
        events[sent..sent + 5].iter().for_each(|event| writer.event(event));
        writer.flush();
        sent += 5;
        std::thread::sleep(Duration::from_millis(100));
        if shares(&world, "first.log") && shares(&world, "second.log") && delta::version(&table) > 3 {
            drop(second.take());
        }
        assert!(sent + 5 < events.len(), "all was sent before the two shared the partitions");
    }
    events[sent..].iter().for_each(|event| writer.event(event));
    writer.flush();
    world.ingest();
    drop(first);
    world.refresh();
    assert_eq!(delta::coordinates(&table), read_back(&broker.address));
    all_numbers_hold(&world, &data);
}

/// Whether the process, by its log, holds some of the partitions and not all, and commits.
fn shares(world: &World, log: &str) -> bool {
    let text = std::fs::read_to_string(world.path(log)).unwrap_or_default();
    let mut held: BTreeSet<i64> = BTreeSet::new();
    let mut committed = false;
    for line in text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()) {
        let fields = &line["fields"];
        let partitions = || -> Vec<i64> {
            let text = fields["partitions"].as_str().unwrap_or_default();
            text.trim_matches(['[', ']']).split(", ").filter_map(|one| one.parse().ok()).collect()
        };
        match fields["message"].as_str() {
            Some("partitions assigned") => held.extend(partitions()),
            Some("partitions revoked") => held.retain(|one| !partitions().contains(one)),
            Some("committed") => committed = !held.is_empty(),
            _ => {}
        }
    }
    committed && !held.is_empty() && held.len() < PARTITIONS as usize
}
