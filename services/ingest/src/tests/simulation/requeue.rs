//! A steward who ingests quarantined records again, under their own coordinates.

use super::log::{Entry, Log, Place, Put, fence};
use crate::requeue::span;
use lake::fence::REQUEUE;
use lake::protocol::{Attempt, Seen, Step};
use rand::Rng;
use rand::rngs::StdRng;
use std::collections::BTreeSet;

#[derive(Debug, Default)]
pub(crate) struct Requeue {
    flight: Option<(Entry, Attempt, Step, usize)>,
}

impl Requeue {
    pub(crate) fn step(&mut self, log: &mut Log, now_ms: i64, random: &mut StdRng) {
        self.flight = match self.flight.take() {
            // It may die at any point, too.
            Some(_) if random.random_bool(0.05) => None,
            Some((entry, mut attempt, step, mut version)) => match step {
                Step::Read { .. } => {
                    let step = log.read(&mut attempt, entry.batch, &mut version, random);
                    Some((entry, attempt, step, version))
                }
                Step::Put => {
                    let seen = match log.put(version, entry.clone(), random) {
                        Put::Entered(version) => Seen::Entered(version),
                        Put::NoAnswer => Seen::NoAnswer,
                    };
                    let step = attempt.next(&seen);
                    Some((entry, attempt, step, version))
                }
                Step::Done(_) => None,
            },
            None => begin(log, now_ms, random),
        };
    }
}

/// Those that count: below the position, and not among the events.
fn begin(log: &mut Log, now_ms: i64, random: &mut StdRng) -> Option<(Entry, Attempt, Step, usize)> {
    let version = log.listed(0, random);
    let positions = log.positions_at(version);
    let live = log.live_at(version);
    let rows: BTreeSet<Place> = live.iter().flat_map(|file| log.files[*file].rows.clone()).collect();
    let counts = |place: &&Place| {
        !rows.contains(place) && positions.get(&fence(place.0)).is_some_and(|position| place.1 < *position)
    };
    let chosen: Vec<Place> =
        log.quarantined.iter().filter(counts).copied().filter(|_| random.random_bool(0.5)).collect();
    if chosen.is_empty() {
        return None;
    }
    let span = span(positions.get(REQUEUE).copied());
    let transactions = [(span.fence.clone(), span.end)].into();
    let adds = vec![log.upload(chosen, now_ms)];
    let attempt = Attempt::new(vec![span], Some(now_ms), 0, Some(10));
    let step = attempt.begin();
    Some((Entry { batch: log.new_batch(), adds, transactions, ..Entry::default() }, attempt, step, version))
}
