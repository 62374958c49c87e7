//! A maintenance process: it puts small files together, takes rows out that have had their time, and deletes
//! what nobody refers to.

use super::log::{Entry, Log, Put};
use lake::Span;
use lake::fault::{Rule, keeps};
use lake::fence::{REWRITER, UPLOADS_BEFORE};
use lake::protocol::{Attempt, Seen, Step};
use rand::Rng;
use rand::rngs::StdRng;

#[derive(Debug, Default)]
pub(crate) struct Maintainer {
    rewrite: Option<Rewrite>,
}

#[derive(Debug)]
struct Rewrite {
    removes: Vec<usize>,
    adds: Vec<usize>,
    spans: Vec<Span>,
    id: u64,
    attempt: Attempt,
    step: Step,
    version: usize,
}

const KEPT_FOR_MS: i64 = 24 * 3_600_000;

impl Maintainer {
    pub(crate) fn crash(&mut self) {
        self.rewrite = None;
    }

    pub(crate) fn step(&mut self, log: &mut Log, now_ms: i64, random: &mut StdRng) {
        match self.rewrite.take() {
            Some(rewrite) => self.rewrite = go_on(rewrite, log, random),
            None if random.random_bool(0.5) => self.rewrite = plan(log, now_ms, random),
            None if random.random_bool(0.5) => stamp(log, now_ms, random),
            None => log.delete_unreferenced(),
        }
    }
}

/// Some live files into one, or some whose rows have had their time out of the table.
fn plan(log: &mut Log, now_ms: i64, random: &mut StdRng) -> Option<Rewrite> {
    let version = log.listed(0, random);
    let live = log.live_at(version);
    let removes: Vec<usize> = live.into_iter().filter(|_| random.random_bool(0.5)).collect();
    let has_expired = random.random_bool(0.1);
    if removes.len() < if has_expired { 1 } else { 2 } {
        return None;
    }
    let start = log.positions_at(version).get(REWRITER).copied();
    let span = Span { fence: REWRITER.to_owned(), start, end: start.unwrap_or_default() + 1 };
    let spans: Vec<Span> = keeps(Rule::RewriterFence).then_some(span).into_iter().collect();
    let adds = if has_expired {
        Vec::new()
    } else {
        let rows = removes.iter().flat_map(|file| log.files[*file].rows.clone()).collect();
        vec![log.upload(rows, now_ms)]
    };
    let attempt = Attempt::new(spans.clone(), Some(now_ms), 0, Some(10));
    let step = attempt.begin();
    Some(Rewrite { removes, adds, spans, id: log.new_batch(), attempt, step, version })
}

fn go_on(mut at: Rewrite, log: &mut Log, random: &mut StdRng) -> Option<Rewrite> {
    at.step = match at.step {
        Step::Read { .. } if log.fails(random) => at.attempt.next(&Seen::NoAnswer),
        Step::Read { .. } => log.read(&mut at.attempt, at.id, &mut at.version, random),
        Step::Put => {
            let transactions = at.spans.iter().map(|span| (span.fence.clone(), span.end)).collect();
            let (adds, removes) = (at.adds.clone(), at.removes.clone());
            match log.put(at.version, Entry { batch: at.id, adds, removes, transactions }, random) {
                Put::Entered(version) => at.attempt.next(&Seen::Entered(version)),
                Put::NoAnswer => at.attempt.next(&Seen::NoAnswer),
            }
        }
        // Landed, or somebody else was faster: look again.
        Step::Done(_) => return None,
    };
    Some(at)
}

/// Says that what was uploaded before a time, and is not in the log, may be deleted.
fn stamp(log: &mut Log, now_ms: i64, random: &mut StdRng) {
    let held = log.positions().get(UPLOADS_BEFORE).copied();
    let transactions =
        [(UPLOADS_BEFORE.to_owned(), held.max(Some(now_ms - KEPT_FOR_MS)).unwrap_or_default())].into();
    let entry = Entry { batch: log.new_batch(), transactions, ..Entry::default() };
    // Whether or not it has landed: what may be deleted is read from the log.
    let _ = log.put(log.version(), entry, random);
}
