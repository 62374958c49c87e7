//! A writer: the production intake and commit protocol, driven a step at a time.

use super::group::Group;
use super::log::{Entry, Kafka, Log, Place, Put, fence};
use crate::intake::{Batch, Intake, Payload};
use lake::Span;
use lake::protocol::{Attempt, End, Seen, Step};
use rand::Rng;
use rand::rngs::StdRng;
use std::collections::BTreeMap;

/// Places of good records and of bad ones.
#[derive(Debug, Default, Clone)]
pub(crate) struct Places {
    good: Vec<Place>,
    bad: Vec<Place>,
}

impl Payload for Places {
    fn append(&mut self, later: Self) {
        self.good.extend(later.good);
        self.bad.extend(later.bad);
    }

    fn bytes(&self) -> usize {
        self.good.len() + self.bad.len()
    }

    fn must_be_told(&self) -> bool {
        false
    }
}

/// A batch on its way.
#[derive(Debug)]
enum Flight {
    Quarantine(Batch<Places>),
    Upload(Batch<Places>),
    Commit(Box<Committing>),
}

#[derive(Debug)]
struct Committing {
    batch: Batch<Places>,
    file: usize,
    id: u64,
    attempt: Attempt,
    step: Step,
}

#[derive(Debug)]
pub(crate) struct Writer {
    member: usize,
    intake: Intake<Places, ()>,
    /// The offset that Kafka would give next, by partition and generation.
    reading: BTreeMap<i32, (u32, Option<i64>)>,
    flight: Option<Flight>,
    /// The version that was read last.
    version: usize,
    /// The newest version that is known to be in the log.
    known_version: u64,
    is_paused: bool,
    /// The log seemed to stand before what was committed.
    pub(crate) was_rewound: bool,
}

impl Writer {
    pub(crate) fn new(member: usize) -> Self {
        Self {
            member,
            intake: Intake::default(),
            reading: BTreeMap::new(),
            flight: None,
            version: 0,
            known_version: 0,
            is_paused: false,
            was_rewound: false,
        }
    }

    /// `kill -9`, and a new process at once.
    pub(crate) fn crash(&mut self, group: &mut Group, random: &mut StdRng) {
        *self = Self::new(self.member);
        group.rebalance(random);
    }

    /// Stops answering for longer than its session, and wakes up later; or wakes up.
    pub(crate) fn pause(&mut self, group: &mut Group, random: &mut StdRng) {
        self.is_paused = !self.is_paused;
        if self.is_paused && random.random_bool(0.7) {
            group.leaves(self.member);
        } else if !self.is_paused {
            group.joins(self.member);
        }
    }

    pub(crate) fn wake(&mut self) {
        self.is_paused = false;
    }

    pub(crate) fn step(
        &mut self,
        kafka: &Kafka,
        log: &mut Log,
        group: &mut Group,
        now_ms: i64,
        random: &mut StdRng,
    ) {
        if self.is_paused {
            return;
        }
        // A zombie that has just woken up goes on for a while before it learns of the change.
        let learns = log.is_calm || random.random_bool(0.3);
        match self.flight.take() {
            Some(flight) if random.random_bool(0.6) => self.fly(flight, log, now_ms, random),
            flight => {
                self.flight = flight;
                if learns && self.flight.is_none() {
                    self.follow(group, log, random);
                }
                self.take(kafka, random);
                if self.flight.is_none() && random.random_bool(0.4) {
                    self.flight = self.intake.seal().map(Flight::Quarantine);
                }
            }
        }
    }

    /// Takes up what the group gave, and lets go of what it took away, with what was not flushed.
    fn follow(&mut self, group: &Group, log: &Log, random: &mut StdRng) {
        let owned = group.owned_by(self.member);
        let gone: Vec<i32> = self.reading.keys().filter(|partition| !owned.contains(partition)).copied().collect();
        for partition in gone {
            self.intake.revoke(partition);
            self.reading.remove(&partition);
        }
        self.version = log.listed(self.version, random);
        let positions = log.positions_at(self.version);
        for partition in owned {
            if !self.reading.contains_key(&partition) {
                let position = positions.get(&fence(partition)).copied();
                let generation = self.intake.assign(partition, position);
                self.reading.insert(partition, (generation, position));
            }
        }
    }

    fn take(&mut self, kafka: &Kafka, random: &mut StdRng) {
        for (partition, (generation, next)) in &mut self.reading {
            let records = kafka.poll(*partition, *next, random.random_range(0..4));
            let Some(end) = records.last().map(|last| last + 1) else { continue };
            *next = Some(end);
            let Some(from) = self.intake.wants(*partition, *generation, end) else { continue };
            let mut places = Places::default();
            for offset in records.into_iter().filter(|offset| *offset >= from) {
                // Two builds may judge a record differently.
                let is_bad = offset % 5 == 0 && random.random_bool(0.8);
                if is_bad { places.bad.push((*partition, offset)) } else { places.good.push((*partition, offset)) }
            }
            self.intake.take(*partition, end, places, None);
        }
    }

    fn fly(&mut self, flight: Flight, log: &mut Log, now_ms: i64, random: &mut StdRng) {
        self.flight = match flight {
            Flight::Quarantine(batch) if log.fails(random) => Some(Flight::Quarantine(batch)),
            Flight::Quarantine(batch) => {
                log.quarantined.extend(batch.parts.values().flat_map(|part| part.rows.bad.iter().copied()));
                Some(Flight::Upload(batch))
            }
            Flight::Upload(batch) if log.fails(random) => Some(Flight::Upload(batch)),
            Flight::Upload(batch) => {
                let rows = batch.parts.values().flat_map(|part| part.rows.good.iter().copied()).collect();
                let file = log.upload(rows, now_ms);
                let spans = batch.parts.iter().map(|(partition, part)| Span {
                    fence: fence(*partition),
                    start: part.start,
                    end: part.end,
                });
                let attempt = Attempt::new(spans.collect(), Some(now_ms), self.known_version, None);
                let (step, id) = (attempt.begin(), log.new_batch());
                Some(Flight::Commit(Box::new(Committing { batch, file, id, attempt, step })))
            }
            Flight::Commit(committing) => self.commit(*committing, log, random),
        };
    }

    fn commit(&mut self, mut at: Committing, log: &mut Log, random: &mut StdRng) -> Option<Flight> {
        at.step = match at.step {
            Step::Read { .. } if log.fails(random) => at.attempt.next(&Seen::NoAnswer),
            Step::Read { .. } => log.read(&mut at.attempt, at.id, &mut self.version, random),
            Step::Put => {
                let transactions = at.batch.parts.iter().map(|(partition, part)| (fence(*partition), part.end));
                let transactions = transactions.collect();
                let entry = Entry { batch: at.id, adds: vec![at.file], transactions, ..Entry::default() };
                match log.put(self.version, entry, random) {
                    Put::Entered(version) => at.attempt.next(&Seen::Entered(version)),
                    Put::NoAnswer => at.attempt.next(&Seen::NoAnswer),
                }
            }
            Step::Done(end) => return self.ended(end, at.batch),
        };
        Some(Flight::Commit(Box::new(at)))
    }

    fn ended(&mut self, end: End, mut batch: Batch<Places>) -> Option<Flight> {
        match end {
            End::Landed(version) => {
                self.known_version = self.known_version.max(version);
                self.intake.landed(batch.ends());
                None
            }
            End::Stale => Some(Flight::Upload(batch)),
            End::Fenced(positions) => {
                let by_partition: BTreeMap<i32, i64> = positions
                    .iter()
                    .filter_map(|(held, position)| {
                        lake::fence::partition_of(held).map(|(_, _, at)| (at, *position))
                    })
                    .collect();
                for (partition, position, generation) in self.intake.fenced(&mut batch, &by_partition) {
                    self.reading.insert(partition, (generation, Some(position)));
                }
                (!batch.parts.is_empty()).then_some(Flight::Upload(batch))
            }
            // Ingest stops here, and nobody has put the log back.
            end @ (End::Rewound(_) | End::Unresolved { .. }) => {
                *self = Self { was_rewound: matches!(end, End::Rewound(_)), ..Self::new(self.member) };
                None
            }
        }
    }
}
