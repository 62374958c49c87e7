//! Partitions of bad records only, half and half, and one bad among thousands: with the limit at 100 %
//! all go on; with the usual limit those wait where the cause must be bad, until a steward accepts it.
//! And good records as large as records get.

use crate::broker::Broker;
use crate::delta;
use crate::kafka::{Writer, configure};
use crate::world::World;
use arrow::array::AsArray;
use arrow::datatypes::{Int32Type, Int64Type};
use schemas::Event;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::process::Output;

/// In each partition: so many records, of which every so-manieth is bad.
const MIXES: [(usize, Option<usize>); 4] =
    [(2_000, None), (10_000, Some(10_000)), (3_000, Some(2)), (3_000, Some(1))];

pub(crate) fn good_record() -> Vec<u8> {
    record_with("priority", 1.into())
}

fn record_with(field: &str, value: Json) -> Vec<u8> {
    let sample = include_str!("../../../schemas/telephony/samples/queue_entered.call_c_1001.pass.json");
    let mut sample: Json = serde_json::from_str(sample).unwrap();
    sample[field] = value;
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

const MIB: usize = 1 << 20;
/// What the topic takes, so that a value of 1 MiB and a little more goes through.
const LARGEST: usize = 2 * MIB;

/// A queue's name of so many bytes, of which no two parts are alike, and a record with it.
fn with_long_name(bytes: usize) -> (String, Vec<u8>) {
    let mut name: String = (0..).map(|number| format!("{number} ")).take(bytes / 4).collect();
    name.truncate(bytes);
    assert_eq!(name.len(), bytes);
    let record = record_with("queue_name", name.clone().into());
    (name, record)
}

#[test]
fn a_good_record_of_a_mebibyte_is_an_event_like_any_other() {
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    let writer = Writer::of_records_up_to(&broker.address, LARGEST);
    configure(&broker.address, &[("max.message.bytes", &LARGEST.to_string())]);
    let besides = with_long_name(MIB / 2).1.len() - MIB / 2;
    // Just under what Kafka takes where nothing else is set, a mebibyte to the byte, and a little more.
    let names = [1_048_000 - besides, MIB - besides - 1, MIB - besides, MIB + 1_000].map(with_long_name);
    assert!(names.iter().any(|(_, record)| record.len() == MIB), "no record of exactly a mebibyte");
    let refs: Vec<String> = (0..105_000).map(|number| format!("crm:{number}")).collect();
    let listing = record_with("case_refs", json!(refs));
    assert!((MIB - 100_000..LARGEST - 100).contains(&listing.len()), "{}", listing.len());
    let ordinary = good_record();
    for large in names.iter().map(|(_, record)| record).chain([&listing]) {
        writer.raw(None, Some(0), &ordinary);
        writer.raw(None, Some(0), large);
    }
    writer.raw(None, Some(0), &ordinary);
    writer.flush();
    world.ingest();
    let told = world.audit();
    assert!(told.contains("audit clean: 11 records"), "{told}");
    assert!(world.succeeds(&["quarantine", "list"]).contains("The quarantine is empty"));
    let mut stored = BTreeMap::new();
    for batch in delta::rows(&world.lake().join("telephony_events")) {
        let column = |name: &str| batch.column_by_name(name).unwrap().clone();
        let (offsets, names, lists) = (column("offset"), column("queue_name"), column("case_refs"));
        for row in 0..batch.num_rows() {
            let refs = lists.as_list::<i32>().value(row);
            let refs: Vec<String> = refs.as_string::<i32>().iter().map(|one| one.unwrap().to_owned()).collect();
            let name = names.as_string::<i32>().value(row).to_owned();
            stored.insert(offsets.as_primitive::<Int64Type>().value(row), (name, refs));
        }
    }
    assert_eq!(stored.len(), 11);
    for (place, (name, _)) in names.iter().enumerate() {
        assert!(stored[&(2 * place as i64 + 1)].0 == *name, "the name of {} bytes is another", name.len());
    }
    assert!(stored[&9].1 == refs, "the references are others");
    assert_eq!(stored[&10], ("Council tax".to_owned(), Vec::new()));
}
