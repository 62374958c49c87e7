//! Bad records go to the quarantine with their reason, all others to the lake; an unknown schema
//! holds its partition alone.

use crate::broker::Broker;
use crate::delta;
use crate::expected::all_numbers_hold;
use crate::kafka::{PARTITIONS, Writer, events_of, read_back};
use crate::world::{World, shared_data};
use arrow::array::AsArray;
use arrow::datatypes::{Int32Type, Int64Type};
use std::collections::BTreeMap;
use std::str::FromStr;

/// The five ways, each with the reason that the quarantine must give.
pub(crate) fn spoil(good: &[u8], way: usize) -> (Vec<u8>, &'static str) {
    let mut bytes = good.to_vec();
    match way % 5 {
        0 => (Vec::new(), "empty"),
        1 => {
            bytes[0] = 7;
            (bytes, "wrong_magic")
        }
        2 => {
            bytes.pop();
            (bytes, "truncated")
        }
        3 => {
            bytes.push(0);
            (bytes, "trailing_bytes")
        }
        _ => {
            let at = bytes.windows(4).position(|window| window == b"bank").unwrap();
            bytes[at] = 0xff;
            (bytes, "not_utf8")
        }
    }
}

#[test]
fn one_bad_record_in_a_hundred() {
    let Some(data) = shared_data("one_bad_record_in_a_hundred") else { return };
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    let writer = Writer::new(&broker.address);
    let mut sent: BTreeMap<&str, Vec<Vec<u8>>> = BTreeMap::new();
    for (number, event) in events_of(&data.join("calls_week.csv")).iter().enumerate() {
        writer.event(event);
        if number % 100 == 0 {
            let (bytes, reason) = spoil(&event.to_record().unwrap(), number / 100);
            writer.raw(Some(&format!("bad {reason}")), None, &bytes);
            sent.entry(reason).or_default().push(bytes);
        }
    }
    writer.flush();
    world.ingest();
    world.refresh();
    all_numbers_hold(&world, &data);

    let in_kafka = read_back(&broker.address);
    let rows = world.sql("SELECT \"partition\", \"offset\", reason, source FROM quarantine");
    for row in &rows {
        let place = (row["partition"].as_i64().unwrap() as i32, row["offset"].as_i64().unwrap());
        let key = format!("bad {}", row["reason"].as_str().unwrap());
        assert_eq!(in_kafka[&place], key, "{place:?} is in quarantine for another reason");
    }
    world.audit();
    assert_eq!(rows.len(), sent.values().map(Vec::len).sum::<usize>());
    stewards_can_read(&world, &sent);
    let told = world.succeeds(&["kpi"]);
    assert!(told.contains(&format!("{} quarantined", rows.len())), "{told}");
}

/// The stewards' secret key opens the sealed bytes, and they are those that were sent.
fn stewards_can_read(world: &World, sent: &BTreeMap<&str, Vec<Vec<u8>>>) {
    let secret = std::fs::read_to_string(world.path("keys/stewards.secret")).unwrap();
    let identity = age::x25519::Identity::from_str(secret.trim()).unwrap();
    let mut opened: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for batch in delta::rows(&world.lake().join("quarantine")) {
        let reasons = batch.column_by_name("reason").unwrap().as_string::<i32>().clone();
        let sealed = batch.column_by_name("sealed_bytes").unwrap().as_binary::<i32>().clone();
        for row in 0..batch.num_rows() {
            let bytes = age::decrypt(&identity, sealed.value(row)).unwrap();
            opened.entry(reasons.value(row).to_owned()).or_default().push(bytes);
        }
    }
    for (reason, expected) in sent {
        let mut expected = expected.clone();
        let found = opened.get_mut(*reason).unwrap();
        found.sort();
        expected.sort();
        assert!(*found == expected, "the sealed bytes for {reason} are not those that were sent");
    }
}

#[test]
fn an_unknown_schema_id_holds_its_partition_alone() {
    let Some(data) = shared_data("an_unknown_schema_id_holds_its_partition_alone") else { return };
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    let writer = Writer::new(&broker.address);
    let events = events_of(&data.join("calls_week.csv"));
    for (number, event) in events.iter().take(3_000).enumerate() {
        let partition = number as i32 % PARTITIONS;
        let mut record = event.to_record().unwrap();
        if number == 1_500 {
            record[1..5].copy_from_slice(&999_999u32.to_be_bytes());
        }
        writer.raw(Some(event.subject()), Some(partition), &record);
    }
    writer.flush();
    let held = 1_500 % PARTITIONS;
    for _ in 0..2 {
        let output = world.run(&["ingest", "--until-caught-up"]);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(&format!("partition {held} waits at offset 250")), "{told}");
        assert!(told.contains("schema id 999999 is not known") && told.contains("schemas/ids.toml"), "{told}");
    }
    let mut per_partition: BTreeMap<i32, Vec<i64>> = BTreeMap::new();
    for batch in delta::rows(&world.lake().join("telephony_events")) {
        let partition = batch.column_by_name("partition").unwrap().as_primitive::<Int32Type>().clone();
        let offset = batch.column_by_name("offset").unwrap().as_primitive::<Int64Type>().clone();
        (0..batch.num_rows())
            .for_each(|row| per_partition.entry(partition.value(row)).or_default().push(offset.value(row)));
    }
    for partition in 0..PARTITIONS {
        let mut offsets = per_partition.remove(&partition).unwrap();
        offsets.sort_unstable();
        let expected = if partition == held { 250 } else { 500 };
        assert_eq!(offsets, (0..expected).collect::<Vec<i64>>(), "partition {partition}");
    }
    world.refresh();
    assert_eq!(world.number("SELECT count(*) FROM quarantine"), 0);
}
