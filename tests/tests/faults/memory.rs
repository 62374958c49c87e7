//! What a catch-up over many event dates takes at most, measured on the process.

use crate::broker::Broker;
use crate::delta;
use crate::kafka::{PARTITIONS, Writer};
use crate::process::{Process, events_table, ingest, position, until};
use crate::world::World;
use schemas::{Event, Value};
use std::fs;

const DATES: usize = 5_000;
/// Twelve records of each date, far from each other: every batch has every date.
const RECORDS: usize = 60_000;
/// Coprime to the number of dates, so that each comes once in a turn.
const STEP: usize = 2_741;
const FIRST_DATE_MICROS: i64 = 1_262_304_000_000_000; // 2010-01-01
const DAY_MICROS: i64 = 86_400_000_000;

/// Less than all the records take: ingest comes to its end more than once.
const BUDGET_MIB: u64 = 16;
/// What ingest takes besides its budget; the README of ingest says so.
const CONSTANT_MIB: u64 = 256;

/// A source's late history comes at once, a date after the other in no order.
#[test]
fn five_thousand_event_dates_in_one_catch_up_stay_within_the_budget() {
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    write(&broker.address);
    let mut command = ingest(&world);
    command.env("SWITCHBOARD__INGEST__MEMORY_MIB", BUDGET_MIB.to_string());
    command.env("SWITCHBOARD__INGEST__FLUSH_AFTER_MS", "5000");
    command.env("SWITCHBOARD__LOG__LEVEL", "info,ingest=debug");
    let mut running = Process::start(command, world.path("ingest.log"));
    let table = events_table(&world);
    let mut seen = None;
    until("all records to be in the lake", || {
        running.runs_on();
        let newest = Some(delta::version(&table));
        // A commit of so many files takes long to read.
        let is_new = newest != seen;
        seen = newest;
        let read = || (0..PARTITIONS).filter_map(|partition| position(&table, partition)).sum::<i64>();
        is_new && read() == RECORDS as i64
    });
    let peak_mib = running.peak_bytes() >> 20;
    let turns = |on: bool| running.said().matches(&format!("\"presses_back\":{on}")).count();
    until("Kafka to be read again", || turns(true) == turns(false));
    assert!(turns(true) > 0, "the budget was never reached");
    running.stop();
    println!("{RECORDS} records of {DATES} dates: {peak_mib} MiB at most, with a budget of {BUDGET_MIB} MiB");
    assert!(peak_mib <= BUDGET_MIB + CONSTANT_MIB, "{peak_mib} MiB");
    let partitions = fs::read_dir(&table).unwrap().map(|entry| entry.unwrap().file_name());
    let dates = partitions.filter(|name| name.to_string_lossy().starts_with("event_date=")).count();
    assert_eq!(dates, DATES);
}

fn write(brokers: &str) {
    let sample = include_str!("../../../schemas/telephony/samples/queue_entered.call_c_1001.pass.json");
    let mut event = Event::from_json("queue_entered", &serde_json::from_str(sample).unwrap()).unwrap();
    let writer = Writer::new(brokers);
    for number in 0..RECORDS {
        let date = FIRST_DATE_MICROS + (number * STEP % DATES) as i64 * DAY_MICROS;
        event.fields.insert("occurred_at".to_owned(), Value::TimestampMicros(date));
        writer.raw(None, Some((number % PARTITIONS as usize) as i32), &event.to_record().unwrap());
    }
    writer.flush();
}
