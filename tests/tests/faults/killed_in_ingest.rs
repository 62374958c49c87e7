//! `kill -9` of ingest at every named point of a commit, with work in flight.

use crate::broker::Broker;
use crate::held::Held;
use crate::load::Load;
use crate::passing_time::empty_commits;
use crate::process::{Process, events_table, ingest, until};
use crate::seeds;
use crate::world::{World, copy};

/// A seed chooses up to which pass of its point the process lives.
const PASSES: u64 = 3;

fn killed_at(points: &[&str]) {
    let broker = Broker::start();
    for seed in seeds() {
        let mut load = Load::new(&broker.address, seed);
        for point in points {
            println!("{point}, seed {seed}");
            load = load.anew();
            round(&broker, &mut load, point, seed);
        }
    }
}

fn round(broker: &Broker, load: &mut Load, point: &str, seed: u64) {
    let world = World::with_brokers(&broker.address);
    load.write_some(600);
    let mut held = Held::start(ingest(&world), point, 1 + seed % PASSES, world.folder.path());
    // Later passes need more to commit.
    held.stands(|| load.write_some(20));
    held.kill();
    load.write_some(100);
    load.is_all_there(&world);
}

#[test]
fn killed_before_in_and_after_the_upload() {
    killed_at(&["ingest.before_upload", "upload.in_file", "upload.after_file", "ingest.after_upload"]);
}

#[test]
fn killed_around_the_log_entry() {
    killed_at(&["commit.after_check", "commit.after_log_entry", "ingest.after_reply"]);
}

#[test]
fn killed_around_the_append_to_the_quarantine() {
    killed_at(&["ingest.in_quarantine_append", "ingest.after_quarantine_append"]);
}

/// So many commits without a checkpoint that ingest makes one itself, after its own. They take long to make, so
/// each round begins with a copy of them.
#[test]
fn killed_in_its_own_checkpoint() {
    let broker = Broker::start();
    let mut load = Load::new(&broker.address, 0);
    let world = World::with_brokers(&broker.address);
    load.write_some(100);
    load.is_all_there(&world);
    empty_commits(&world.lake(), "telephony_events", 500);
    let original = world.path("as-filled");
    std::fs::rename(world.lake(), &original).unwrap();
    for seed in seeds() {
        for point in ["checkpoint.in_file", "checkpoint.before_hint"] {
            println!("{point}, seed {seed}");
            copy(&original, &world.lake());
            load.write_some(100);
            let mut held = Held::start(ingest(&world), point, 1, world.folder.path());
            held.stands(|| ());
            assert_eq!(has_checkpoint(&world), point == "checkpoint.before_hint");
            held.kill();
            load.write_some(100);
            load.is_all_there(&world);
            assert!(has_checkpoint(&world));
            std::fs::remove_dir_all(world.lake()).unwrap();
            std::fs::remove_file(world.path("mark")).unwrap();
        }
    }
}

fn has_checkpoint(world: &World) -> bool {
    let log = std::fs::read_dir(events_table(world).join("_delta_log")).unwrap();
    let mut names = log.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.any(|name| name.ends_with(".checkpoint.parquet"))
}

/// A second member makes the first give partitions up of which it holds rows, and that is its end;
/// with every second seed it is the end of the second as well.
#[test]
fn killed_while_partitions_are_taken_away() {
    let broker = Broker::start();
    for seed in seeds() {
        println!("ingest.in_revoke, seed {seed}");
        let mut load = Load::new(&broker.address, seed);
        let world = World::with_brokers(&broker.address);
        load.write_some(600);
        let mut never_by_itself = ingest(&world);
        never_by_itself.env("SWITCHBOARD__INGEST__FLUSH_AFTER_MS", "3600000");
        let mut first = Held::start(never_by_itself, "ingest.in_revoke", 1, world.folder.path());
        let log = world.path("held.log");
        let assigned = || std::fs::read_to_string(&log).unwrap().contains("partitions assigned");
        until("the first member to have its partitions", assigned);
        let second = Process::start(ingest(&world), world.path("second.log"));
        first.stands(|| load.write_some(20));
        first.kill();
        if seed % 2 == 1 {
            second.kill();
        } else {
            second.stop();
        }
        load.is_all_there(&world);
    }
}
