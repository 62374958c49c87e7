//! What Kafka does to a running ingest: members paused, coming and going, brokers lost, partitions
//! added. It goes on by itself, and all is in the lake once.

use crate::broker::Broker;
use crate::held::Held;
use crate::kafka::PARTITIONS;
use crate::load::{Load, Trickle};
use crate::process::{Process, commits, events_table, ingest, position, until};
use crate::topic;
use crate::world::World;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const CLASSIC: &str = "classic";
/// KIP-848.
const CONSUMER: &str = "consumer";

fn member(world: &World, protocol: &str, name: &str) -> Process {
    let mut command = ingest(world);
    command.env("SWITCHBOARD__KAFKA__GROUP_PROTOCOL", protocol);
    Process::start(command, world.path(&format!("{name}.log")))
}

/// A member stands still past its session, another takes its partitions over, and it wakes up with
/// rows in its hands that are in the lake by then.
fn a_zombie(protocol: &str) {
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    let load = Trickle::start(Load::new(&broker.address, 1));
    let mut first = member(&world, protocol, "first");
    commits(&world, 2);
    first.signal("STOP");
    let mut second = member(&world, protocol, "second");
    // Nobody else can have made these.
    commits(&world, 2);
    first.signal("CONT");
    commits(&world, 2);
    first.runs_on();
    second.runs_on();
    second.kill();
    // Once the second is given up, the partitions are the first's again.
    every_partition_moves(&world);
    first.runs_on();
    let load = load.finish();
    first.stop();
    load.is_all_there(&world);
}

/// Waits until each partition's position in the lake is another than now.
fn every_partition_moves(world: &World) {
    let table = events_table(world);
    let before: Vec<_> = (0..PARTITIONS).map(|partition| position(&table, partition)).collect();
    let moved = |partition: i32| position(&table, partition) > before[partition as usize];
    until("every partition to move", || (0..PARTITIONS).all(moved));
}

/// It sleeps between its upload and its commit, and wakes up when all that it holds is in the lake by another
/// hand: only the table can keep it out.
#[test]
fn a_commit_that_wakes_up_too_late_is_fenced_by_the_table() {
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    let load = Trickle::start(Load::new(&broker.address, 4));
    let mut first = Held::start(ingest(&world), "ingest.after_upload", 2, world.folder.path());
    first.stands(|| ());
    first.pause();
    let second = member(&world, CLASSIC, "second");
    // The first stands still, so it is the second that moves them.
    every_partition_moves(&world);
    let mut first = first.go_on();
    until("the table to fence it", || first.said().contains("fenced: another writer was here"));
    second.kill();
    every_partition_moves(&world);
    first.runs_on();
    let load = load.finish();
    first.stop();
    load.is_all_there(&world);
}

/// What it is writing hangs while another member comes and takes partitions away: they go without it, the
/// next owner reads their rows again, and what hung goes into the lake without them.
#[test]
fn a_flush_that_is_not_done_in_time_is_left_to_the_next_owner() {
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    let load = Trickle::start(Load::new(&broker.address, 5));
    let mut first = Held::start(ingest(&world), "ingest.after_upload", 2, world.folder.path());
    first.stands(|| ());
    let mut second = member(&world, CLASSIC, "second");
    until("the first to give its partitions up unsafe", || first.said().contains("not safe in time"));
    // The first cannot have made these.
    commits(&world, 2);
    let mut first = first.go_on();
    until("the table to fence it", || first.said().contains("fenced: another writer was here"));
    every_partition_moves(&world);
    first.runs_on();
    second.runs_on();
    let load = load.finish();
    first.stop();
    second.stop();
    load.is_all_there(&world);
}

#[test]
fn a_member_paused_past_its_session_goes_on_when_it_wakes() {
    a_zombie(CLASSIC);
}

#[test]
fn a_member_paused_past_its_session_goes_on_when_it_wakes_in_the_newer_protocol() {
    a_zombie(CONSUMER);
}

/// One member, then six, then one again, of which some leave and some are killed.
fn a_storm(protocol: &str) {
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let load = Trickle::start(Load::new(&broker.address, 2));
    let mut members = Vec::new();
    for number in 1..=6 {
        members.push(member(&world, protocol, &format!("member-{number}")));
        commits(&world, 1);
    }
    while members.len() > 1 {
        members.iter_mut().for_each(Process::runs_on);
        let leaving = members.swap_remove(random.random_range(0..members.len()));
        if members.len() % 2 == 0 {
            leaving.kill()
        } else {
            leaving.stop()
        }
        commits(&world, 1);
    }
    commits(&world, 2);
    let load = load.finish();
    members.remove(0).stop();
    load.is_all_there(&world);
}

#[test]
fn members_come_and_go_in_a_storm() {
    a_storm(CLASSIC);
}

#[test]
fn members_come_and_go_in_a_storm_in_the_newer_protocol() {
    a_storm(CONSUMER);
}

fn a_lost_node(broker: &Broker) {
    let world = World::with_brokers(&broker.address);
    let load = Trickle::start(Load::new(&broker.address, 3));
    let mut ingesting = member(&world, CLASSIC, "ingest");
    commits(&world, 2);
    broker.kill(1);
    if broker.has_others() {
        commits(&world, 2);
    }
    broker.start_again(1);
    assert!(broker.is_whole());
    commits(&world, 2);
    ingesting.runs_on();
    let load = load.finish();
    ingesting.stop();
    load.is_all_there(&world);
}

#[test]
fn the_broker_is_killed_and_comes_back() {
    a_lost_node(&Broker::start());
}

#[test]
fn one_of_three_brokers_is_lost_and_comes_back() {
    a_lost_node(&Broker::three());
}

#[test]
fn partitions_are_added_while_events_come_in() {
    let broker = Broker::start();
    topic::make(&broker.address, 4);
    let world = World::with_brokers(&broker.address);
    let load = Trickle::start(Load::new(&broker.address, 4).over(4));
    let mut ingesting = member(&world, CLASSIC, "ingest");
    commits(&world, 2);
    topic::widen(&broker.address, 12);
    commits(&world, 1);
    let load = Trickle::start(load.finish().over(12));
    let table = events_table(&world);
    until("every partition to be in the lake", || (0..12).all(|partition| position(&table, partition).is_some()));
    ingesting.runs_on();
    let load = load.finish();
    ingesting.stop();
    load.is_all_there(&world);
}
