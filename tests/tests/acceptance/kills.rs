//! `kill -9` of ingest in the middle of an import, three times.

use crate::broker::Broker;
use crate::delta;
use crate::expected::all_numbers_hold;
use crate::kafka::{Writer, events_of, read_back};
use crate::world::{World, shared_data};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

#[test]
fn three_kills_in_the_middle_of_an_import() {
    let Some(data) = shared_data("three_kills_in_the_middle_of_an_import") else { return };
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    let events = events_of(&data.join("calls_week.csv"));
    let table = world.lake().join("telephony_events");
    let writer = Writer::new(&broker.address);
    let hurry = AtomicBool::new(false);
    let mut killed_at = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for event in &events {
                writer.event(event);
                if !hurry.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
            writer.flush();
        });
        for round in 0..3 {
            let before = delta::version(&table);
            let ingest = world.start(&["ingest"], &format!("ingest-{round}.log"));
            wait_for_commits(&world, before + 2, &format!("ingest-{round}.log"));
            drop(ingest);
            killed_at.push(delta::version(&table));
        }
        hurry.store(true, Ordering::Relaxed);
    });
    world.ingest();
    let last = delta::version(&table);
    assert!(killed_at[0] >= 1, "the first kill fell before the first commit");
    assert!(
        killed_at.iter().all(|version| *version < last),
        "a kill at {killed_at:?} fell after the last, {last}"
    );
    assert!(killed_at.is_sorted_by(|one, next| one < next), "{killed_at:?}");
    assert_eq!(delta::coordinates(&table), read_back(&broker.address), "gap, or a coordinate that Kafka has not");
    assert_no_gap_in_the_log(&table);
    world.audit();
    world.refresh();
    all_numbers_hold(&world, &data);
}

fn wait_for_commits(world: &World, version: u64, log: &str) {
    let began = Instant::now();
    while delta::version(&world.lake().join("telephony_events")) < version {
        let told = std::fs::read_to_string(world.path(log)).unwrap_or_default();
        assert!(began.elapsed() < Duration::from_secs(180), "no commit came\n{told}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Each commit begins where the one before it ended, partition by partition.
fn assert_no_gap_in_the_log(table: &Path) {
    let mut reached = std::collections::BTreeMap::new();
    for (version, actions) in delta::log(table) {
        for action in actions {
            for (partition, span) in action["commitInfo"]["offsets"].as_object().into_iter().flatten() {
                let begins = span[0].as_i64();
                assert_eq!(begins, reached.get(partition).copied(), "partition {partition} at version {version}");
                reached.insert(partition.clone(), span[1].as_i64().unwrap());
            }
        }
    }
    assert!(!reached.is_empty());
}
