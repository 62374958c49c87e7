//! What ingest must not go on from: records that Kafka has dropped before they were read, and a
//! topic that is not the one of yesterday. It says which, and the lake stays as it is.

use crate::broker::Broker;
use crate::delta;
use crate::kafka::{PARTITIONS, TOPIC, forget_before, read_back};
use crate::load::Load;
use crate::process::{Process, events_table, ingest, position, until};
use crate::topic;
use crate::world::World;
use std::time::Duration;

const CAUGHT_UP: [&str; 4] = ["ingest", "--source", "telephony", "--until-caught-up"];
/// Some 150 in each partition.
const RECORDS: usize = 900;

/// A topic that is in the lake to its end, and what wrote it.
fn ingested(seed: u64) -> (Broker, World, Load) {
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    let mut load = Load::new(&broker.address, seed);
    load.write(RECORDS);
    load.is_all_there(&world);
    (broker, world, load)
}

#[test]
fn records_that_kafka_dropped_unread_stop_ingest_with_their_range() {
    let (broker, world, mut load) = ingested(5);
    let table = events_table(&world);
    let lost_from = position(&table, 3).unwrap();
    load.write(RECORDS);
    forget_before(&broker.address, 3, lost_from + 5);
    for _ in 0..2 {
        let told = world.fails(&CAUGHT_UP);
        for part in [
            format!(
                "topic {TOPIC}, partition 3: Kafka has dropped the records from offset {lost_from} to {}",
                lost_from + 4
            ),
            format!(
                "`switchboard ingest accept-loss --topic {TOPIC} --partition 3 --from {lost_from} --to {}`",
                lost_from + 5
            ),
            "bring them back".to_owned(),
        ] {
            assert!(told.contains(&part), "`{part}` is missing:\n{told}");
        }
        assert_eq!(position(&table, 3), Some(lost_from));
    }
    let output = world.run(&["audit", "--source", "telephony"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("missed: 1\n"), "{told}");
    only_what_is_lost_is_given_up(&world, &broker, lost_from);
}

/// It stands still while Kafka drops what would have come next.
#[test]
fn records_that_kafka_drops_under_a_running_ingest_stop_it_with_their_range() {
    let (broker, world, mut load) = ingested(8);
    let running = Process::start(ingest(&world), world.path("ingest.log"));
    load.write(RECORDS);
    let of_partition_3 = read_back(&broker.address).into_keys().filter(|(partition, _)| *partition == 3);
    let end = of_partition_3.max().unwrap().1 + 1;
    let table = events_table(&world);
    until("it to have read partition 3", || position(&table, 3) == Some(end));
    running.signal("STOP");
    // Kafka holds a question for more for 0.1 s at most; the last one must not be answered with what comes now.
    std::thread::sleep(Duration::from_secs(1));
    load.write(RECORDS);
    forget_before(&broker.address, 3, end + 5);
    running.signal("CONT");
    let told = running.gives_up();
    let sentence =
        format!("topic {TOPIC}, partition 3: Kafka has dropped the records from offset {end} to {}", end + 4);
    assert!(told.contains(&sentence), "`{sentence}` is missing:\n{told}");
    assert_eq!(position(&table, 3), Some(end));
}

/// The second way on: the very range is accepted, no other, and ingest goes on after it.
fn only_what_is_lost_is_given_up(world: &World, broker: &Broker, lost_from: i64) {
    let (table, kept_from) = (events_table(world), lost_from + 5);
    let accept_loss = |from: i64, to: i64, act: &dyn Fn(&[&str]) -> String| {
        let (from, to) = (from.to_string(), to.to_string());
        act(&["ingest", "accept-loss", "--topic", TOPIC, "--partition", "3", "--from", &from, "--to", &to])
    };
    let version = delta::version(&table);
    let right = format!("type `--from {lost_from} --to {kept_from}`. Nothing was changed");
    for (from, to, sentence) in [
        (lost_from, kept_from + 20, right.as_str()),
        (lost_from, kept_from - 1, right.as_str()),
        (lost_from, lost_from, right.as_str()),
        (kept_from, kept_from + 1, "there is nothing to accept"),
        (lost_from - 1, kept_from, "the lake stands at offset"),
    ] {
        let told = accept_loss(from, to, &|words| world.fails(words));
        assert!(told.contains(sentence), "`{sentence}` is missing:\n{told}");
        assert_eq!((position(&table, 3), delta::version(&table)), (Some(lost_from), version), "{told}");
    }
    let told = accept_loss(lost_from, kept_from, &|words| world.succeeds(words));
    assert!(told.contains(&format!("the loss of offsets {lost_from} to {} is accepted", kept_from - 1)), "{told}");
    world.succeeds(&CAUGHT_UP);
    let kept = read_back(&broker.address);
    let of_partition_3 = kept.keys().filter(|(partition, _)| *partition == 3).map(|(_, offset)| *offset);
    assert_eq!(of_partition_3.min(), Some(kept_from));
    let told = world.succeeds(&["audit", "--source", "telephony", "--caught-up"]);
    let verdict =
        format!("audit clean: {} records of {PARTITIONS} partitions are in the lake once each", kept.len());
    assert!(told.contains(&verdict), "`{verdict}` is missing\n{told}");
    let stored = delta::coordinates(&table);
    assert!(stored.keys().all(|(partition, offset)| *partition != 3 || !(lost_from..kept_from).contains(offset)));
}

/// The topic goes and comes again with fewer records than ingest has read.
#[test]
fn a_topic_made_anew_under_a_running_ingest_stops_it() {
    made_anew_while_it_runs(RECORDS / 10, |broker, _| {
        topic::delete(&broker.address);
        topic::make(&broker.address, PARTITIONS);
    });
}

/// With more records, so that the next offset looks like any other; while it reads, and while it sleeps.
#[test]
fn a_topic_made_anew_and_filled_past_the_position_stops_ingest_too() {
    made_anew_while_it_runs(RECORDS * 2, |broker, _| topic::replace(&broker.address, PARTITIONS));
    made_anew_while_it_runs(RECORDS * 2, |broker, running| {
        running.signal("STOP");
        topic::delete(&broker.address);
        topic::make(&broker.address, PARTITIONS);
    });
}

fn made_anew_while_it_runs(records: usize, make_anew: impl Fn(&Broker, &Process)) {
    let (broker, world, _) = ingested(9);
    let table = events_table(&world);
    let running = Process::start(ingest(&world), world.path("ingest.log"));
    until("it to have its partitions", || running.said().contains("partitions assigned"));
    let version = delta::version(&table);
    make_anew(&broker, &running);
    Load::new(&broker.address, 7).write(records);
    running.signal("CONT");
    let told = running.gives_up();
    assert!(told.contains("It was deleted and made anew"), "{told}");
    assert_eq!(delta::version(&table), version, "something of the other topic is in the lake\n{told}");
}

#[test]
fn a_topic_made_anew_stops_ingest() {
    let (broker, world, _) = ingested(6);
    let table = events_table(&world);
    let version = delta::version(&table);
    for (records, sign) in
        [(RECORDS / 10, "but the partition ends at"), (RECORDS * 2, "is not the one that the lake has read there")]
    {
        topic::delete(&broker.address);
        topic::make(&broker.address, PARTITIONS);
        Load::new(&broker.address, 7).write(records);
        let told = world.fails(&CAUGHT_UP);
        for part in [sign, "It was deleted and made anew", "Going on would mix two histories"] {
            assert!(told.contains(part), "`{part}` is missing:\n{told}");
        }
        assert_eq!(delta::version(&table), version, "something of the other topic is in the lake");
    }
}
