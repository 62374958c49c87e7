//! What ingest must not go on from: records that Kafka has dropped before they were read, and a
//! topic that is not the one of yesterday. It says which, and the lake stays as it is.

use crate::broker::Broker;
use crate::delta;
use crate::kafka::{PARTITIONS, TOPIC, forget_before};
use crate::load::Load;
use crate::process::{events_table, position};
use crate::topic;
use crate::world::World;

const CAUGHT_UP: [&str; 4] = ["ingest", "--source", "telephony", "--until-caught-up"];
/// Some 150 in each partition.
const RECORDS: usize = 900;

#[test]
fn records_that_kafka_dropped_unread_stop_ingest_with_their_range() {
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    let mut load = Load::new(&broker.address, 5);
    load.write(RECORDS);
    load.is_all_there(&world);
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
}

#[test]
fn a_topic_made_anew_stops_ingest() {
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    let mut load = Load::new(&broker.address, 6);
    load.write(RECORDS);
    load.is_all_there(&world);
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
