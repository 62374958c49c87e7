//! The auditor finds nothing where nothing is wrong, and each kind of damage where there is some.

use crate::bad_records::spoil;
use crate::broker::Broker;
use crate::damage::Damaged;
use crate::delta;
use crate::kafka::{PARTITIONS, TOPIC, Writer, events_of, forget_before, make_compacted, read_back, transaction};
use crate::world::{World, shared_data};
use serde_json::Value as Json;
use std::path::Path;

const TABLE: &str = "telephony_events";
const GOOD: usize = 3_000;
/// The partition of the transactions.
const IN_TURNS: i32 = 2;
const COMMITTED: usize = 50;
const TOMBSTONES: usize = 3;

#[test]
fn what_is_wrong_is_found_and_what_is_right_is_not() {
    let Some(data) = shared_data("what_is_wrong_is_found_and_what_is_right_is_not") else { return };
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    let bad = fill(&broker, &data);
    world.ingest();
    let told = audited(&world, &world.lake(), &["--caught-up"], 0);
    let records = GOOD + bad + TOMBSTONES + COMMITTED;
    let verdict = format!("audit clean: {records} records of {PARTITIONS} partitions are in the lake once each");
    assert_eq!(told.lines().last(), Some(verdict.as_str()), "{told}");
    assert!(!told.contains("although readable"), "{told}");
    all_is_counted(&world, records, bad + TOMBSTONES);

    let stored = delta::rows(&world.lake().join(TABLE));
    assert!(stored.len() > 1, "one file would show little");
    damage_is_found(&world, &broker);
    positions_are_compared(&world, &broker);
    what_kafka_dropped_is_not_held_against_the_lake(&world, &broker);
}

/// Good records, bad ones of every kind, tombstones, and transactions that end in an aborted one.
/// Returns how many are bad.
fn fill(broker: &Broker, data: &Path) -> usize {
    let writer = Writer::new(&broker.address);
    let events = events_of(&data.join("calls_week.csv"));
    let mut bad = 0;
    for (number, event) in events.iter().take(GOOD).enumerate() {
        writer.event(event);
        if number % 100 == 0 {
            let (bytes, _) = spoil(&event.to_record().unwrap(), number / 100);
            writer.raw(None, None, &bytes);
            bad += 1;
        }
    }
    (0..TOMBSTONES).for_each(|number| writer.tombstone(&format!("gone {number}")));
    writer.flush();
    let more: Vec<Vec<u8>> = events[GOOD..].iter().take(100).map(|event| event.to_record().unwrap()).collect();
    for (records, commits) in
        [(&more[..40], true), (&more[40..80], false), (&more[80..90], true), (&more[90..], false)]
    {
        transaction(&broker.address, IN_TURNS, records, commits);
    }
    bad
}

/// Runs the auditor over a lake and demands an exit code; gives what it printed.
fn audited(world: &World, lake: &Path, arguments: &[&str], code: i32) -> String {
    let mut command = world.command(&[&["audit"], arguments].concat());
    let output = command.env("SWITCHBOARD__LAKE__FOLDER", lake).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{told}\n{complaint}");
    told
}

fn all_is_counted(world: &World, records: usize, quarantined: usize) {
    let report: Json = serde_json::from_str(&audited(world, &world.lake(), &["--format", "json"], 0)).unwrap();
    let partitions = report["partitions"].as_array().unwrap();
    assert_eq!(partitions.len(), PARTITIONS as usize);
    let sum = |name: &str| partitions.iter().map(|one| one[name].as_u64().unwrap()).sum::<u64>() as usize;
    assert_eq!(sum("records"), records);
    assert_eq!(sum("in_events"), records - quarantined);
    assert_eq!(sum("in_quarantine"), quarantined);
    assert_eq!((sum("not_checkable"), sum("findings")), (0, 0));
    assert_eq!(report["findings"], Json::Array(Vec::new()));
}

fn damage_is_found(world: &World, broker: &Broker) {
    let finds = |damaged: &Damaged, expected: &[String]| {
        let told = audited(world, &damaged.lake(), &["--source", "telephony"], 1);
        for line in expected {
            assert!(told.lines().any(|one| one.trim_start().starts_with(line)), "no line `{line}` in\n{told}");
        }
    };
    let damaged = Damaged::copy_of(&world.lake());
    let rows = damaged.lose_a_file(TABLE);
    finds(&damaged, &[format!("gap: {rows}"), format!("audit found {rows} problems")]);

    let damaged = Damaged::copy_of(&world.lake());
    let rows = damaged.lose_a_file("quarantine");
    finds(&damaged, &[format!("gap: {rows}"), format!("audit found {rows} problems")]);

    let damaged = Damaged::copy_of(&world.lake());
    let rows = damaged.add_a_file_again(TABLE);
    finds(&damaged, &[format!("double: {rows}"), format!("audit found {rows} problems")]);

    let damaged = Damaged::copy_of(&world.lake());
    damaged.change_a_number(TABLE, IN_TURNS, "wait_ms", 987_654_321);
    finds(&damaged, &["different: 1".to_owned(), "audit found 1 problem".to_owned()]);
    let told = audited(world, &damaged.lake(), &[], 1);
    assert!(told.contains(": columns wait_ms\n"), "{told}");

    let damaged = Damaged::copy_of(&world.lake());
    let rows = damaged.misfile(TABLE, "event_date", "2001-01-01");
    finds(&damaged, &[format!("different: {rows}"), format!("audit found {rows} problems")]);

    // A row that says it came from an offset at which nothing was delivered: an aborted record's.
    let damaged = Damaged::copy_of(&world.lake());
    damaged.change_a_number(TABLE, IN_TURNS, "offset", aborted_offset(broker));
    finds(&damaged, &["gap: 1".to_owned(), "stranger: 1".to_owned(), "audit found 2 problems".to_owned()]);

    let damaged = Damaged::copy_of(&world.lake());
    damaged.change_a_number(TABLE, IN_TURNS, "offset", 1_000_000);
    finds(&damaged, &["gap: 1".to_owned(), "stranger: 1".to_owned(), "audit found 2 problems".to_owned()]);
}

/// The first offset of the transactions' partition at which Kafka delivers nothing.
fn aborted_offset(broker: &Broker) -> i64 {
    let delivered = read_back(&broker.address);
    let missing = (0..).find(|offset| !delivered.contains_key(&(IN_TURNS, *offset)));
    missing.unwrap()
}

fn positions_are_compared(world: &World, broker: &Broker) {
    let writer = Writer::new(&broker.address);
    writer.raw(None, Some(1), b"");
    writer.flush();
    audited(world, &world.lake(), &[], 0);
    let told = audited(world, &world.lake(), &["--caught-up"], 1);
    assert!(told.contains("behind: 1\n") && told.ends_with("audit found 1 problem\n"), "{told}");
    world.ingest();
    audited(world, &world.lake(), &["--caught-up"], 0);

    let fence = fence(&world.lake(), 1);
    let damaged = Damaged::copy_of(&world.lake());
    damaged.set_position(TABLE, &fence, 900_000);
    let told = audited(world, &damaged.lake(), &[], 1);
    assert!(told.contains("beyond Kafka: 1\n"), "{told}");

    let damaged = Damaged::copy_of(&world.lake());
    damaged.set_position(TABLE, &fence, 100);
    let told = audited(world, &damaged.lake(), &[], 1);
    assert!(told.contains("stranger: ") && told.contains("at or above the lake's position"), "{told}");
}

/// The fence of a partition, as the log writes it.
fn fence(lake: &Path, partition: i32) -> String {
    let actions = delta::log(&lake.join(TABLE)).into_values().flatten();
    let fences = actions.filter_map(|action| action["txn"]["appId"].as_str().map(str::to_owned));
    let ours = |fence: &String| fence.ends_with(&format!("/{TOPIC}/{partition}"));
    fences.filter(ours).min_by_key(String::len).unwrap()
}

fn what_kafka_dropped_is_not_held_against_the_lake(world: &World, broker: &Broker) {
    forget_before(&broker.address, 0, 50);
    let told = audited(world, &world.lake(), &["--format", "json"], 0);
    let report: Json = serde_json::from_str(&told).unwrap();
    assert_eq!(report["partitions"][0]["from"], 50, "{told}");
    assert_eq!(report["partitions"][0]["not_checkable"], 50, "{told}");

    let damaged = Damaged::copy_of(&world.lake());
    damaged.set_position(TABLE, &fence(&world.lake(), 0), 40);
    let told = audited(world, &damaged.lake(), &[], 1);
    assert!(told.contains("missed: 1\n") && told.contains("offset 40: to 49"), "{told}");

    make_compacted(&broker.address);
    let damaged = Damaged::copy_of(&world.lake());
    damaged.change_a_number(TABLE, IN_TURNS, "offset", aborted_offset(broker));
    let told = audited(world, &damaged.lake(), &[], 1);
    assert!(told.contains("is compacted") && !told.contains("stranger"), "{told}");
}
