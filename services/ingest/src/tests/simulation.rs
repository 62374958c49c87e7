//! The whole protocol under random interleavings, crashes and storage faults.
//!
//! Two writers with a group that hands partitions to and fro, two maintenance processes, and a
//! steward's requeue, step by step in a random order, over a model of Kafka and of the Delta log.
//! What decides is what production calls: [`crate::intake::Intake`], [`lake::protocol::Attempt`] and
//! [`lake::fence::judge`]; only the storage is a model. After every step the invariants are checked
//! on the log as it stands.
//!
//! A failing seed is named and can be run again alone: `SWITCHBOARD_SEED=17 cargo test simulation`.
//! `SWITCHBOARD_SEEDS` says how many are run.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod group;
mod invariants;
mod log;
mod maintainer;
mod requeue;
mod writer;

use group::Group;
use lake::fault::{Rule, forget};
use log::{Kafka, Log};
use maintainer::Maintainer;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use requeue::Requeue;
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use writer::Writer;

pub(crate) const PARTITIONS: i32 = 3;
const STEPS: usize = 600;
const STEPS_TO_DRAIN: usize = 4_000;

/// Everything there is.
struct World {
    kafka: Kafka,
    log: Log,
    group: Group,
    writers: [Writer; 2],
    maintainers: [Maintainer; 2],
    requeue: Requeue,
    /// Hours since the beginning, in milliseconds.
    now_ms: i64,
}

impl World {
    fn new() -> Self {
        Self {
            kafka: Kafka::default(),
            log: Log::default(),
            group: Group::default(),
            writers: [Writer::new(0), Writer::new(1)],
            maintainers: [Maintainer::default(), Maintainer::default()],
            requeue: Requeue::default(),
            now_ms: 100 * 3_600_000,
        }
    }

    /// One step of somebody. `calm`: nothing fails any more, and nothing new comes.
    fn step(&mut self, random: &mut StdRng, calm: bool) {
        let disturbance = if calm { 100 } else { random.random_range(0..100) };
        match disturbance {
            0..12 => self.kafka.produce(random),
            12..15 => self.group.rebalance(random),
            15..17 => self.writers[random.random_range(0..2)].crash(&mut self.group, random),
            17..19 => self.writers[random.random_range(0..2)].pause(&mut self.group, random),
            19..21 => self.maintainers[random.random_range(0..2)].crash(),
            21..26 => self.now_ms += random.random_range(0..3 * 3_600_000),
            26 => self.now_ms += 30 * 3_600_000,
            27 => self.log.outage(random),
            _ => {
                self.log.is_calm = calm;
                let actor = random.random_range(0..10);
                match actor {
                    0..7 => {
                        let writer = &mut self.writers[actor % 2];
                        writer.step(&self.kafka, &mut self.log, &mut self.group, self.now_ms, random);
                    }
                    7..9 => self.maintainers[actor - 7].step(&mut self.log, self.now_ms, random),
                    _ => self.requeue.step(&mut self.log, self.now_ms, random),
                }
            }
        }
    }

    fn check(&self) -> Result<(), String> {
        invariants::check(&self.kafka, &self.log)?;
        match self.writers.iter().position(|writer| writer.was_rewound) {
            Some(writer) => {
                Err(format!("writer {writer} found the log before what it had committed, and stopped"))
            }
            None => Ok(()),
        }
    }

    fn is_drained(&self) -> bool {
        let positions = self.log.positions();
        self.kafka.ends().all(|(partition, end)| {
            let position = positions.get(&log::fence(partition)).copied();
            position == end || end.is_none()
        })
    }
}

/// Runs one seed; the first violation, if there is one.
fn run(seed: u64) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut world = World::new();
    for step in 0..STEPS {
        world.step(&mut random, false);
        world.check().map_err(|what| format!("seed {seed}, step {step}: {what}"))?;
    }
    world.group.settle(&mut world.writers);
    for step in 0..STEPS_TO_DRAIN {
        if world.is_drained() {
            return Ok(());
        }
        world.step(&mut random, true);
        world.check().map_err(|what| format!("seed {seed}, calm {step}: {what}"))?;
    }
    Err(format!("seed {seed}: not all is in the lake after {STEPS_TO_DRAIN} calm steps"))
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

#[test]
fn no_event_is_lost_or_doubled() {
    if let Some(seed) = number("SWITCHBOARD_SEED") {
        return run(seed).unwrap();
    }
    let seeds = number("SWITCHBOARD_SEEDS").unwrap_or(200);
    let next = AtomicU64::new(0);
    let some_of_them = || -> Result<(), String> {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return Ok(());
            }
            if seed > 0 && seed.is_multiple_of(TELL_EVERY) {
                println!("{seed} seeds of {seeds}");
            }
            run(seed)?;
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let found = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(some_of_them)).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect::<Result<Vec<()>, String>>()
    });
    found.unwrap();
}

const TELL_EVERY: u64 = 1_000;

/// Seeds within which a rule that is not kept must be noticed.
const SEEDS_TO_NOTICE: u64 = 200;

fn is_noticed(rule: Rule) {
    is_noticed_by(rule, "");
}

/// By a violation in whose words this stands.
fn is_noticed_by(rule: Rule, words: &str) {
    forget(Some(rule));
    let found = (0..SEEDS_TO_NOTICE).find_map(|seed| run(seed).err().filter(|found| found.contains(words)));
    forget(None);
    let found = found.unwrap_or_else(|| panic!("{rule:?} was forgotten, and `{words}` was not noticed"));
    println!("{rule:?} forgotten: {found}");
}

#[test]
fn it_is_noticed_when_positions_are_not_checked() {
    is_noticed(Rule::Check);
}

#[test]
fn it_is_noticed_when_a_commit_without_an_answer_is_repeated() {
    is_noticed(Rule::ReadBack);
}

#[test]
fn it_is_noticed_when_a_listing_without_the_newest_entry_is_believed() {
    is_noticed(Rule::KnownVersion);
}

#[test]
fn it_is_noticed_when_two_rewrite_the_same_files() {
    is_noticed_by(Rule::RewriterFence, "is in the lake 2 times");
}

#[test]
fn it_is_noticed_when_a_rewrite_brings_back_rows_that_another_has_taken_out() {
    is_noticed_by(Rule::RewriterFence, "had its time, and is in the lake again");
}
