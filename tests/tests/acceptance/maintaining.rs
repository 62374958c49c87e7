//! `switchboard maintain`: it makes few files of many and changes no row, and a kill at any of its
//! steps leaves the lake as it was.

use crate::broker::Broker;
use crate::passing_time::{empty_commits, let_days_pass};
use crate::world::World;
use lake::Lake;
use queries::Engine;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

const TABLE: &str = "telephony_events";

/// Four imports of a call each, all on one day: four small files, each with the call's five events.
fn world_of_small_files() -> World {
    let world = World::new();
    for call in 1..=4 {
        world.import(&one_call(&world, call), "lake");
    }
    world
}

/// A file of one call, on 2 October 2024.
fn one_call(world: &World, call: u32) -> PathBuf {
    let heading = "call_id,queue,priority,arrived_at,ivr_ended_at,queue_entered_at,queue_left_at,answered_at,\
        ended_at,outcome,agent,customer_id\n";
    let at = |seconds: u32| format!("2024-10-02T09:0{call}:{seconds:02}");
    let times = [at(0), at(12), at(12), at(50), at(50), at(59)].join(",");
    fs::write(world.path("calls.csv"), format!("{heading}c{call},TAX,0,{times},answered,ana,42\n")).unwrap();
    world.path("calls.csv")
}

/// Every row, with all its columns, in order.
fn rows(world: &World) -> Vec<String> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let batches = runtime.block_on(async {
        let table = Lake::open(&world.lake()).unwrap().open_table(TABLE).await.unwrap().unwrap();
        let engine = Engine::new(chrono_tz::UTC, 0).unwrap();
        engine.bind(TABLE, table.snapshot().unwrap()).unwrap();
        engine.collect(&format!("SELECT * FROM {TABLE}")).await.unwrap()
    });
    let cell = |column, row| arrow::util::display::array_value_to_string(column, row).unwrap();
    let mut rows = Vec::new();
    for batch in &batches {
        let line = |row| batch.columns().iter().map(|column| cell(column, row)).collect::<Vec<_>>().join("|");
        rows.extend((0..batch.num_rows()).map(line));
    }
    rows.sort();
    rows
}

fn files(world: &World) -> usize {
    let day = world.lake().join(TABLE).join("event_date=2024-10-02");
    fs::read_dir(day).unwrap().count()
}

#[test]
fn small_files_become_one_and_no_answer_changes() {
    let world = world_of_small_files();
    for _ in 0..4 {
        world.refresh();
    }
    let visits = "SELECT * FROM queue_visits ORDER BY initial_contact_id";
    let (before, answer) = (rows(&world), world.sql(visits));
    assert_eq!((before.len(), answer.len()), (20, 4));
    let told = world.succeeds(&["maintain", "--once"]);
    for part in [
        "telephony_events: 4 small files",
        "publications: 4 small files",
        "are 1 now",
        "looked after all tables",
        "0 failed",
    ] {
        assert!(told.contains(part), "`{part}` is missing:\n{told}");
    }
    assert_eq!((rows(&world), world.sql(visits)), (before.clone(), answer.clone()));
    // What the published epochs need stays for a week, however old the files are.
    let_days_pass(&world.lake());
    world.succeeds(&["maintain", "--once"]);
    assert_eq!((files(&world), rows(&world), world.sql(visits)), (5, before, answer));
}

#[test]
fn ingest_makes_a_checkpoint_itself_where_maintenance_does_not() {
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    let checkpoints = |world: &World| {
        let log = fs::read_dir(world.lake().join(TABLE).join("_delta_log")).unwrap();
        let names = log.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        names.filter(|name| name.ends_with(".checkpoint.parquet")).count()
    };
    for (call, empty, expected) in [(1, 490, 0), (2, 10, 0), (3, 0, 1)] {
        world.import(&one_call(&world, call), "kafka");
        world.ingest();
        assert_eq!(checkpoints(&world), expected, "after call {call}");
        empty_commits(&world.lake(), TABLE, empty);
    }
    assert_eq!(rows(&world).len(), 15);
}

#[test]
fn settings_that_lose_what_readers_need_are_refused() {
    let world = World::new();
    fs::write(world.path("switchboard.toml"), "[maintenance]\nkeep_epochs_days = 0\n").unwrap();
    let told = world.fails(&["maintain", "--once"]);
    assert!(told.contains("maintenance.keep_epochs_days must be 1 at least"), "{told}");
    fs::write(world.path("switchboard.toml"), "[maintenance]\nevents_keep_days = { telephone = 3 }\n").unwrap();
    let told = world.fails(&["maintain", "--once"]);
    assert!(told.contains("there is no source `telephone`"), "{told}");
}

/// Runs maintenance up to a named point, ends it there with `kill -9`, and demands that the rows are
/// what they were; then lets it do the rest.
fn killed_at(world: &World, point: &str) {
    let (before, mark) = (rows(world), world.path(&format!("{point}.mark")));
    let mut command = world.command(&["maintain", "--once"]);
    command.env("SWITCHBOARD_FAIL_POINT", format!("{point}@1={}", mark.display()));
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while !mark.exists() {
        assert!(process.try_wait().unwrap().is_none(), "maintenance ended before it came to {point}");
        assert!(began.elapsed() < Duration::from_secs(120), "maintenance did not come to {point}");
        std::thread::sleep(Duration::from_millis(20));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(rows(world) == before, "killed at {point}, the rows differ");
    world.succeeds(&["maintain", "--once"]);
    if point != "retention.before_commit" {
        assert!(rows(world) == before, "after {point} and another run, the rows differ");
    }
}

#[test]
fn a_kill_while_files_are_put_together_changes_no_row() {
    for point in ["compaction.before_commit", "compaction.after_commit"] {
        let world = world_of_small_files();
        killed_at(&world, point);
        assert_eq!(rows(&world).len(), 20);
    }
}

#[test]
fn a_kill_in_a_checkpoint_or_in_the_clean_up_changes_no_row() {
    let world = world_of_small_files();
    empty_commits(&world.lake(), TABLE, 100);
    killed_at(&world, "checkpoint.in_file");
    let_days_pass(&world.lake());
    killed_at(&world, "maintenance.in_log_cleanup");
    let log = world.lake().join(TABLE).join("_delta_log");
    assert!(!log.join(format!("{:020}.json", 99)).exists(), "the second run did not clean up the rest");
}

#[test]
fn a_kill_while_unused_files_are_deleted_changes_no_row() {
    for (point, left) in [("vacuum.after_stamp", 5), ("vacuum.in_delete", 4)] {
        let world = world_of_small_files();
        world.succeeds(&["maintain", "--once"]);
        assert_eq!(files(&world), 5);
        let_days_pass(&world.lake());
        killed_at(&world, point);
        assert_eq!(files(&world), left, "{point}");
    }
}

#[test]
fn a_kill_before_rows_are_removed_keeps_them_and_the_next_run_removes_them() {
    let world = world_of_small_files();
    fs::write(world.path("switchboard.toml"), "[maintenance]\nevents_keep_days = { telephony = 30 }\n").unwrap();
    killed_at(&world, "retention.before_commit");
    assert_eq!(rows(&world), Vec::<String>::new());
}
