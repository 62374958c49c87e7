//! Quarantined records that have had their time: they go, what came later stays, and the counts of every
//! reader, the verification and the audit agree before and after.

use crate::bad_records::spoil;
use crate::broker::Broker;
use crate::kafka::{TOPIC, Writer, configure};
use crate::passing_time::came_days_ago;
use crate::poison::good_record;
use crate::world::World;
use lake::QUARANTINE_TABLE;
use serde_json::Value as Json;
use std::time::{Duration, SystemTime};

/// One more than they are kept for, where nothing else is set.
const DAYS_AGO: u64 = 91;

/// Good records, and as many bad ones, with the time that Kafka has of them.
fn write(writer: &Writer, each: usize, days_ago: u64) {
    let then = SystemTime::now() - Duration::from_secs(days_ago * 86_400);
    let then_ms = then.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() as i64;
    for way in 0..each {
        writer.raw_at(0, &good_record(), then_ms);
        // Any way but the last, which is of another source's names.
        writer.raw_at(0, &spoil(&good_record(), way % 4).0, then_ms);
    }
    writer.flush();
}

/// Everybody who tells how many records are in the quarantine tells this number; the lake is whole.
fn are_quarantined(world: &World, count: i64) {
    world.refresh();
    assert_eq!(world.number("SELECT count(*) FROM quarantine"), count);
    assert!(world.succeeds(&["kpi"]).contains(&format!(" {count} quarantined")));
    let told = |command: &[&str]| -> Json { serde_json::from_str(&world.succeeds(command)).unwrap() };
    let sum = |rows: &Json, column: &str| -> i64 {
        rows.as_array().unwrap().iter().filter_map(|row| row[column].as_i64()).sum()
    };
    assert_eq!(sum(&told(&["quarantine", "list", "--format", "json"]), "records"), count);
    assert_eq!(sum(&told(&["status", "--format", "json"])["sources"], "quarantined"), count);
    world.succeeds(&["verify"]);
    let told = world.audit();
    assert!(told.contains("audit clean"), "{told}");
}

#[test]
fn quarantined_records_go_when_they_have_had_their_time_and_no_others() {
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    let writer = Writer::new(&broker.address);
    // Kafka itself is to keep them.
    configure(&broker.address, &[("retention.ms", "-1")]);
    write(&writer, 4, DAYS_AGO);
    world.ingest();
    came_days_ago(&world.lake().join(QUARANTINE_TABLE), "ingest_date", DAYS_AGO);
    write(&writer, 2, 0);
    world.ingest();
    are_quarantined(&world, 6);
    let told = world.succeeds(&["maintain", "--once"]);
    assert!(told.contains("quarantine: 4 rows removed that have had their time"), "{told}");
    // The epoch that is published stays as it was said to be.
    assert_eq!(world.number("SELECT count(*) FROM quarantine"), 6);
    are_quarantined(&world, 2);
    let shown =
        |offset| world.run(&["quarantine", "show", "--topic", TOPIC, "--partition", "0", "--offset", offset]);
    assert!(shown("9").status.success());
    let told = String::from_utf8_lossy(&shown("1").stderr).into_owned();
    assert!(told.contains("partition 0 offset 1 is not in the quarantine"), "{told}");
    let told = world.succeeds(&["quarantine", "requeue"]);
    assert!(told.contains("0 of 2 quarantined records are rows now"), "{told}");
    // Nothing has had its time since.
    let told = world.succeeds(&["maintain", "--once"]);
    assert!(!told.contains("rows removed"), "{told}");
    are_quarantined(&world, 2);
}
