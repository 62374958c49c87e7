//! Partitions of bad records only, half and half, and one bad among thousands: with the limit at 100 %
//! all go on; with the usual limit those wait where the cause must be bad, until a steward accepts it.

use crate::broker::Broker;
use crate::delta;
use crate::kafka::Writer;
use crate::world::World;
use arrow::array::AsArray;
use arrow::datatypes::Int32Type;
use schemas::Event;
use serde_json::Value as Json;
use std::process::Output;

/// In each partition: so many records, of which every so-manieth is bad.
const MIXES: [(usize, Option<usize>); 4] =
    [(2_000, None), (10_000, Some(10_000)), (3_000, Some(2)), (3_000, Some(1))];

fn good_record() -> Vec<u8> {
    let sample = include_str!("../../../schemas/telephony/samples/queue_entered.call_c_1001.pass.json");
    let sample = serde_json::from_str(sample).unwrap();
    Event::from_json("queue_entered", &sample).unwrap().to_record().unwrap()
}

/// Fills four partitions; the last two of the six hold a tombstone, and one record of nearly 1 MiB.
fn fill(brokers: &str) {
    let writer = Writer::new(brokers);
    let good = good_record();
    let bad = [&good[..], b"\0"].concat();
    for (partition, (records, every)) in (0i32..).zip(MIXES) {
        for number in 1..=records {
            let is_bad = every.is_some_and(|every| number % every == 0);
            writer.raw(None, Some(partition), if is_bad { &bad } else { &good });
        }
    }
    writer.tombstone_in(4, "gone");
    let mut large = good;
    large.resize(1_000_000, 0);
    writer.raw(None, Some(5), &large);
    writer.flush();
}

fn ingest(world: &World, limit_percent: &str) -> Output {
    let mut command = world.command(&["ingest", "--source", "telephony", "--until-caught-up"]);
    command.env("SWITCHBOARD__INGEST__PAUSE_ABOVE_BAD_PERCENT", limit_percent).output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Records in the events table and in the quarantine, partition by partition.
fn counts(world: &World) -> Vec<(i64, i64)> {
    let mut counts = vec![(0, 0); 6];
    for batch in delta::rows(&world.lake().join("telephony_events")) {
        let partitions = batch.column_by_name("partition").unwrap().as_primitive::<Int32Type>().clone();
        partitions.values().iter().for_each(|partition| counts[*partition as usize].0 += 1);
    }
    let listed: Vec<Json> =
        serde_json::from_str(&world.succeeds(&["quarantine", "list", "--format", "json"])).unwrap();
    for row in listed {
        counts[row["partition"].as_i64().unwrap() as usize].1 += row["records"].as_i64().unwrap();
    }
    counts
}

#[test]
fn whatever_the_share_of_bad_records_nothing_blocks_where_that_is_wanted() {
    let broker = Broker::start();
    fill(&broker.address);
    let world = World::with_brokers(&broker.address);
    let output = ingest(&world, "100");
    assert!(output.status.success(), "{}", told(&output));
    let expected = [(2_000, 0), (9_999, 1), (1_500, 1_500), (0, 3_000), (0, 1), (0, 1)];
    assert_eq!(counts(&world), expected);
    world.audit();
    let listed = world.succeeds(&["quarantine", "list"]);
    assert!(listed.contains("trailing_bytes") && listed.contains("empty") && listed.contains("3000"), "{listed}");
    let place = ["--topic", "telephony.events", "--partition", "4", "--offset", "0"];
    let shown = world.succeeds(&[&["quarantine", "show"][..], &place].concat());
    assert!(shown.contains("reason empty") && shown.contains("0 bytes"), "{shown}");
}

#[test]
fn a_partition_of_too_many_bad_records_waits_until_a_steward_accepts_it() {
    let broker = Broker::start();
    fill(&broker.address);
    let world = World::with_brokers(&broker.address);
    // The thousandth record is the first at which a share is taken: the 1,000th of partition 2 is its
    // 500th bad one; nothing changes by starting again.
    for _ in 0..2 {
        let output = ingest(&world, "10");
        let told = told(&output);
        assert_eq!(output.status.code(), Some(2), "{told}");
        for partition in [2, 3] {
            let sentence = format!("telephony.events partition {partition} waits at offset 999");
            assert!(told.contains(&sentence), "{told}");
        }
        assert!(told.contains("switchboard quarantine accept --topic telephony.events --partition 2"), "{told}");
        let expected = [(2_000, 0), (9_999, 1), (500, 499), (0, 999), (0, 1), (0, 1)];
        assert_eq!(counts(&world), expected);
    }
    for partition in ["2", "3"] {
        world.succeeds(&["quarantine", "accept", "--topic", "telephony.events", "--partition", partition]);
    }
    let output = ingest(&world, "10");
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(counts(&world)[2..4], [(1_500, 1_500), (0, 3_000)]);
    world.audit();
}
