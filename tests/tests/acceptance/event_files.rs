//! Files of ready events, of several sources at once, into the lake and by way of Kafka.

use crate::broker::Broker;
use crate::fixmystreet_csv::first_export;
use crate::world::World;
use connect::{call_records, fixmystreet};
use schemas::{ContainerWriter, Event};
use serde_json::json;
use std::fs;

const CALLS: &str = "call_id,queue,priority,arrived_at,ivr_ended_at,queue_entered_at,queue_left_at,answered_at,\
    ended_at,outcome,agent,customer_id\n\
    c1,TAX,0,2024-10-02T09:00:00,2024-10-02T09:00:12,2024-10-02T09:00:12,2024-10-02T09:00:54,2024-10-02T09:00:54,\
    2024-10-02T09:04:12,answered,ana,42\n";

/// The five events of one call and the 25 of seven reports, in turn.
fn events() -> Vec<Event> {
    let time_zone = chrono_tz::Europe::London;
    let options = call_records::ImportOptions { source: "telephony-main".to_owned(), time_zone };
    let rows = call_records::CallRecords::new(CALLS.as_bytes(), options).unwrap();
    let mut report = call_records::Report::default();
    let calls = rows.flat_map(|row| report.take(row.unwrap()));
    let options = fixmystreet::ImportOptions {
        source: "fixmystreet".to_owned(),
        time_zone,
        exported_at_seconds: 1_730_419_200,
    };
    let text = first_export();
    let rows = fixmystreet::FixMyStreetReports::new(text.as_bytes(), options).unwrap();
    let mut report = fixmystreet::Report::default();
    let mut reports = rows.flat_map(|row| report.take(row.unwrap()));
    let mut mixed: Vec<Event> = calls.flat_map(|call| [Some(call), reports.next()]).flatten().collect();
    mixed.extend(reports);
    mixed
}

fn file(events: &[Event]) -> Vec<u8> {
    let mut writer = ContainerWriter::new(Vec::new()).unwrap();
    events.iter().for_each(|event| writer.append(event).unwrap());
    writer.finish().unwrap()
}

fn all_is_there(world: &World) {
    world.refresh();
    let counts = world.sql(
        "SELECT (SELECT count(*) FROM calls) AS calls, (SELECT count(*) FROM reports) AS reports, \
         (SELECT count(*) FROM telephony_events) AS of_calls, (SELECT count(*) FROM fixmystreet_events) AS of_reports",
    );
    assert_eq!(counts, [json!({"calls": 1, "reports": 7, "of_calls": 5, "of_reports": 25})]);
}

#[test]
fn a_file_of_two_sources_is_loaded_once() {
    let world = World::new();
    fs::write(world.path("day.avro"), file(&events())).unwrap();
    let told = world.succeeds(&["import", "events", "day.avro", "--to", "lake"]);
    for part in
        ["30 events of 2 sources", "5 rows added to telephony_events", "25 rows added to fixmystreet_events"]
    {
        assert!(told.contains(part), "{told}");
    }
    let told = world.succeeds(&["import", "events", "day.avro", "--to", "lake"]);
    assert_eq!(told.matches("holds this very file already; nothing was added").count(), 2, "{told}");
    all_is_there(&world);
}

#[test]
fn a_damaged_file_is_no_history_at_all() {
    let world = World::new();
    let whole = file(&events());
    let flipped = whole.iter().enumerate().map(|(at, byte)| if at == whole.len() - 1 { !byte } else { *byte });
    for (name, bytes) in [
        ("cut.avro", whole[..whole.len() - 5].to_vec()),
        ("flipped.avro", flipped.collect()),
        ("empty.avro", Vec::new()),
        ("calls.csv", CALLS.as_bytes().to_vec()),
    ] {
        fs::write(world.path(name), bytes).unwrap();
        for to in ["lake", "kafka"] {
            let told = world.fails(&["import", "events", name, "--to", to]);
            assert!(told.contains(name) && told.contains("nothing of it was taken"), "{told}");
        }
    }
    let told = world.fails(&["import", "events", "nowhere.avro", "--to", "lake"]);
    assert!(told.contains("cannot open nowhere.avro"), "{told}");
    assert!(!world.lake().exists(), "a lake was begun for nothing");
}

#[test]
fn events_and_reports_go_by_way_of_kafka() {
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    fs::write(world.path("day.avro"), file(&events())).unwrap();
    let told = world.succeeds(&["import", "events", "day.avro", "--to", "kafka"]);
    assert!(told.contains("sent to fixmystreet.events, telephony.events"), "{told}");
    // The same reports once more, from the file that they came from: they are the same events.
    fs::write(world.path("reports.csv"), first_export()).unwrap();
    let import =
        ["import", "fixmystreet", "reports.csv", "--source", "fixmystreet", "--time-zone", "Europe/London"];
    let options = ["--to", "kafka", "--exported-at", "2024-11-01T00:00:00Z"];
    let told = world.succeeds(&[&import[..], &options].concat());
    assert!(told.contains("switchboard ingest --until-caught-up --source fixmystreet"), "{told}");
    world.succeeds(&["ingest", "--until-caught-up", "--source", "telephony", "--source", "fixmystreet"]);
    let told = world.succeeds(&["refresh", "--once"]);
    let fixmystreet = told.split("  fixmystreet: ").nth(1).unwrap();
    assert!(fixmystreet.contains("25 repeated, 0 with conflicting contents"), "{told}");
    assert_eq!(world.number("SELECT count(*) FROM reports"), 7);
    assert_eq!(world.number("SELECT count(*) FROM calls"), 1);
}
