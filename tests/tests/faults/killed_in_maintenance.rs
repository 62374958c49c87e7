//! `kill -9` of maintenance at every named point: no row changes, and the next run does what is left.

use crate::broker::Broker;
use crate::held::Held;
use crate::load::{Load, Trickle};
use crate::passing_time::{came_days_ago, empty_commits, let_days_pass};
use crate::process::{Process, commits, ingest};
use crate::seeds;
use crate::world::{World, copy};
use std::fs;

const EVENTS: &str = "telephony_events";
const QUARANTINE: &str = "quarantine";
const SETTINGS: &str = "switchboard.toml";

/// What makes work due for a point.
#[derive(Clone, Copy)]
enum Due {
    /// Small files, as ingest leaves them.
    SmallFiles,
    /// More commits than may follow a checkpoint.
    ManyCommits,
    /// A checkpoint, and older entries of the log.
    OldLog,
    /// Files that were put together days ago.
    OldFiles,
    /// A setting by which events have had their time. It is forgotten after the kill.
    OldEvents,
    /// The same for quarantined records.
    OldQuarantine,
}

fn killed_at(points: &[(&str, Due)]) {
    let broker = Broker::start();
    for seed in seeds() {
        let (world, load) = filled(&broker, seed);
        let original = world.path("as-filled");
        fs::rename(world.lake(), &original).unwrap();
        for (point, due) in points {
            println!("{point}, seed {seed}");
            if world.lake().exists() {
                fs::remove_dir_all(world.lake()).unwrap();
            }
            copy(&original, &world.lake());
            round(&world, &load, point, *due, seed);
            fs::remove_file(world.path("mark")).unwrap();
        }
        answers_are_right(&world, &load);
    }
}

/// A lake that a running ingest has filled in small commits.
fn filled(broker: &Broker, seed: u64) -> (World, Load) {
    let mut load = Load::new(&broker.address, seed);
    let world = World::with_brokers(&broker.address);
    load.write_some(200);
    let load = Trickle::start(load);
    let running = Process::start(ingest(&world), world.path("ingest.log"));
    commits(&world, 12);
    running.stop();
    let load = load.finish();
    load.is_all_there(&world);
    (world, load)
}

fn round(world: &World, load: &Load, point: &str, due: Due, seed: u64) {
    make_due(world, due);
    // There is such work in two tables, the quarantine and the events; but only one keeps nothing that is old.
    let is_retention = matches!(due, Due::OldEvents | Due::OldQuarantine);
    let pass = if is_retention { 1 } else { 1 + seed % 2 };
    let mut held = Held::start(world.command(&["maintain", "--once"]), point, pass, world.folder.path());
    held.stands(|| {});
    held.kill();
    load.is_audited(world);
    if is_retention {
        fs::remove_file(world.path(SETTINGS)).unwrap();
    }
    let told = world.succeeds(&["maintain", "--once"]);
    assert!(told.contains("0 failed"), "{told}");
    load.is_audited(world);
}

/// What SQL says, of a lake that has been through a kill and its repair.
fn answers_are_right(world: &World, load: &Load) {
    world.refresh();
    let count = |table| world.number(&format!("SELECT count(*) FROM {table}")) as usize;
    assert_eq!((count(EVENTS), count(QUARANTINE)), (load.good, load.written - load.good));
}

fn make_due(world: &World, due: Due) {
    match due {
        Due::SmallFiles => {}
        Due::ManyCommits => many_commits(world),
        Due::OldLog => {
            many_commits(world);
            world.succeeds(&["maintain", "--once"]);
            let_days_pass(&world.lake());
        }
        Due::OldFiles => {
            world.succeeds(&["maintain", "--once"]);
            let_days_pass(&world.lake());
        }
        Due::OldEvents => {
            fs::write(world.path(SETTINGS), "[maintenance]\nevents_keep_days = { telephony = 30 }\n").unwrap();
        }
        Due::OldQuarantine => {
            fs::write(world.path(SETTINGS), "[maintenance]\nquarantine_keep_days = 30\n").unwrap();
            came_days_ago(&world.lake().join(QUARANTINE), "ingest_date", 60);
        }
    }
}

/// The small files are put together first: each commit looks at all of them.
fn many_commits(world: &World) {
    world.succeeds(&["maintain", "--once"]);
    [EVENTS, QUARANTINE].iter().for_each(|table| empty_commits(&world.lake(), table, 100));
}

#[test]
fn killed_while_small_files_are_put_together() {
    killed_at(&[("compaction.before_commit", Due::SmallFiles), ("compaction.after_commit", Due::SmallFiles)]);
}

#[test]
fn killed_while_the_log_is_looked_after() {
    killed_at(&[
        ("checkpoint.in_file", Due::ManyCommits),
        ("checkpoint.before_hint", Due::ManyCommits),
        ("maintenance.in_log_cleanup", Due::OldLog),
    ]);
}

#[test]
fn killed_while_what_is_not_needed_is_deleted() {
    killed_at(&[
        ("vacuum.after_stamp", Due::OldFiles),
        ("vacuum.in_delete", Due::OldFiles),
        ("retention.before_commit", Due::OldEvents),
        ("retention.before_commit", Due::OldQuarantine),
    ]);
}
