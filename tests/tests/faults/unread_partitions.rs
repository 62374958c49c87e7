//! A source is complete up to the time of its slowest partition. One that has not been read at all has none,
//! and must not be left out: neither in the first catch-up, nor after partitions were added.

use crate::broker::Broker;
use crate::held::Held;
use crate::kafka::Writer;
use crate::process::{events_table, ingest, position};
use crate::topic;
use crate::world::World;
use schemas::Event;
use serde_json::Value as Json;

const CAUGHT_UP: [&str; 4] = ["ingest", "--source", "telephony", "--until-caught-up"];
/// Of each partition. To take them takes longer than [`FLUSH_AFTER_MS`].
const RECORDS: usize = 500;
/// So short that the first commit has the records of the first partition that comes.
const FLUSH_AFTER_MS: &str = "1";

/// Writes to all partitions but the last of so many.
fn fill(brokers: &str, partitions: i32) {
    // A new producer each time, because an old one learns of added partitions only after minutes.
    let writer = Writer::new(brokers);
    let sample = include_str!("../../../schemas/telephony/samples/queue_entered.call_c_1001.pass.json");
    let mut sample: Json = serde_json::from_str(sample).unwrap();
    for partition in 0..partitions - 1 {
        for number in 0..RECORDS {
            let place = format!("{partitions:03}{partition:03}{number:06}");
            sample["event_id"] = format!("00000000-0000-4000-8000-{place}").into();
            sample["initial_contact_id"] = format!("call-{place}").into();
            let event = Event::from_json("queue_entered", &sample).unwrap();
            writer.raw(Some(event.subject()), Some(partition), &event.to_record().unwrap());
        }
    }
    writer.flush();
}

/// Ingests up to the first commit, and is killed then.
fn read_a_little(world: &World, partitions: i32) {
    let mut command = ingest(world);
    command.env("SWITCHBOARD__INGEST__FLUSH_AFTER_MS", FLUSH_AFTER_MS);
    let folder = world.path(&format!("{partitions}-partitions"));
    std::fs::create_dir(&folder).unwrap();
    let mut held = Held::start(command, "ingest.after_reply", 1, &folder);
    held.stands(|| ());
    held.kill();
    let table = events_table(world);
    let is_unread = |partition| position(&table, partition).is_none();
    assert!((0..partitions - 1).any(is_unread), "the first commit has all partitions: there is nothing to see");
}

fn told_of_telephony(world: &World) -> Json {
    let told: Json = serde_json::from_str(&world.succeeds(&["status", "--format", "json"])).unwrap();
    let sources = told["sources"].as_array().unwrap();
    sources.iter().find(|source| source["source"] == "telephony").unwrap().clone()
}

#[test]
fn as_long_as_a_partition_has_not_been_read_nothing_says_that_the_source_is_complete() {
    let broker = Broker::start();
    topic::make(&broker.address, 4);
    let world = World::with_brokers(&broker.address);
    for partitions in [4, 7] {
        if partitions > 4 {
            topic::widen(&broker.address, partitions);
        }
        fill(&broker.address, partitions);
        read_a_little(&world, partitions);
        let told = told_of_telephony(&world);
        assert!(told["valid_through"].is_null() && told["lag_messages"].as_i64() > Some(0), "{told}");
        let told = world.succeeds(&["status"]);
        assert!(told.contains("not yet read from all partitions") && !told.contains("; complete up to"), "{told}");
        world.refresh();
        let told = world.succeeds(&["kpi"]);
        assert!(told.contains("not yet read from all partitions"), "{told}");
        world.succeeds(&["verify"]);

        world.succeeds(&CAUGHT_UP);
        // The last partition has no record; it counts with the time at which it was found to have none.
        assert_eq!(position(&events_table(&world), partitions - 1), None);
        let told = told_of_telephony(&world);
        assert!(told["valid_through"].is_string() && told["lag_messages"] == 0, "{told}");
        world.refresh();
        let told = world.succeeds(&["kpi"]);
        assert!(told.contains("complete up to what Kafka held at"), "{told}");
        world.succeeds(&["verify"]);
    }
}
