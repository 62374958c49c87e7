//! The models: Kafka's partitions, and the Delta log with its files.

use super::PARTITIONS;
use lake::fence;
use lake::fence::{REQUEUE, UPLOADS_BEFORE};
use lake::protocol::{Attempt, Seen, Step};
use rand::Rng;
use rand::rngs::StdRng;
use std::collections::{BTreeMap, BTreeSet};

/// A record's place.
pub(crate) type Place = (i32, i64);

/// What Kafka holds: the offsets of each partition, with gaps, as transactions and compaction leave
/// them; and the position after its newest record.
#[derive(Debug, Default)]
pub(crate) struct Kafka {
    pub(crate) records: BTreeMap<i32, Vec<i64>>,
}

impl Kafka {
    pub(crate) fn produce(&mut self, random: &mut StdRng) {
        let records = self.records.entry(random.random_range(0..PARTITIONS)).or_default();
        for _ in 0..random.random_range(1..5) {
            let next = records.last().map_or(0, |last| last + 1);
            records.push(next + if random.random_bool(0.1) { 2 } else { 0 });
        }
    }

    /// The next records of a partition from an offset on.
    pub(crate) fn poll(&self, partition: i32, from: Option<i64>, at_most: usize) -> Vec<i64> {
        let records = self.records.get(&partition).map(Vec::as_slice).unwrap_or_default();
        let from = from.unwrap_or(i64::MIN);
        records.iter().copied().filter(|offset| *offset >= from).take(at_most).collect()
    }

    pub(crate) fn ends(&self) -> impl Iterator<Item = (i32, Option<i64>)> {
        (0..PARTITIONS).map(|partition| {
            (partition, self.records.get(&partition).and_then(|records| records.last()).map(|last| last + 1))
        })
    }
}

/// A file: the places of its rows, and when it was uploaded.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) rows: Vec<Place>,
    pub(crate) uploaded_at_ms: i64,
    pub(crate) deleted: bool,
}

/// One entry of the log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    pub(crate) batch: u64,
    pub(crate) adds: Vec<usize>,
    pub(crate) removes: Vec<usize>,
    pub(crate) transactions: BTreeMap<String, i64>,
}

/// What a put seems to have done.
pub(crate) enum Put {
    Entered(u64),
    NoAnswer,
}

/// The table: files, the log over them, and the quarantine's rows.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) files: Vec<File>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) quarantined: BTreeSet<Place>,
    /// Rows that have had their time and were taken out.
    pub(crate) expired: BTreeSet<Place>,
    /// Nothing fails.
    pub(crate) is_calm: bool,
    failing_for: u32,
    last_batch: u64,
}

pub(crate) fn fence(partition: i32) -> String {
    fence::of_partition("c", "t", partition)
}

impl Log {
    pub(crate) fn new_batch(&mut self) -> u64 {
        self.last_batch += 1;
        self.last_batch
    }

    pub(crate) fn outage(&mut self, random: &mut StdRng) {
        self.failing_for = random.random_range(1..10);
    }

    /// Whether the storage fails just now.
    pub(crate) fn fails(&mut self, random: &mut StdRng) -> bool {
        let failing = self.failing_for > 0;
        self.failing_for = self.failing_for.saturating_sub(1);
        !self.is_calm && (failing || random.random_bool(0.03))
    }

    /// The version that somebody gets to see who has seen `seen` before: now and then the newest entry is
    /// not listed yet.
    pub(crate) fn listed(&self, seen: usize, random: &mut StdRng) -> usize {
        let is_behind = !self.is_calm && random.random_bool(0.1);
        self.version().saturating_sub(usize::from(is_behind)).max(seen)
    }

    pub(crate) fn upload(&mut self, rows: Vec<Place>, now_ms: i64) -> usize {
        self.files.push(File { rows, uploaded_at_ms: now_ms, deleted: false });
        self.files.len() - 1
    }

    /// The log's version: how many entries it has.
    pub(crate) fn version(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn positions(&self) -> BTreeMap<String, i64> {
        self.positions_at(self.version())
    }

    pub(crate) fn positions_at(&self, version: usize) -> BTreeMap<String, i64> {
        self.entries[..version].iter().flat_map(|entry| entry.transactions.clone()).collect()
    }

    /// Files that are live at a version, doubled where they were added twice.
    pub(crate) fn live_at(&self, version: usize) -> Vec<usize> {
        let mut live = Vec::new();
        for entry in &self.entries[..version] {
            live.retain(|file| !entry.removes.contains(file));
            live.extend(&entry.adds);
        }
        live
    }

    /// Reads on from `version`, and judges the attempt to commit a batch on what is there.
    pub(crate) fn read(
        &self,
        attempt: &mut Attempt,
        batch: u64,
        version: &mut usize,
        random: &mut StdRng,
    ) -> Step {
        *version = self.listed(*version, random);
        let landed = attempt.may_have_landed().then(|| self.landed_at(*version, batch)).flatten();
        attempt.next(&Seen::Log { version: *version as u64, positions: &self.positions_at(*version), landed })
    }

    /// The version at which a batch stands, if it stands in the log up to `version`.
    fn landed_at(&self, version: usize, batch: u64) -> Option<u64> {
        self.entries[..version].iter().position(|entry| entry.batch == batch).map(|at| at as u64 + 1)
    }

    /// Puts an entry after `version` if nothing stands there; the answer may be lost either way.
    pub(crate) fn put(&mut self, version: usize, entry: Entry, random: &mut StdRng) -> Put {
        if self.fails(random) && random.random_bool(0.5) {
            return Put::NoAnswer;
        }
        if version != self.version() {
            return Put::NoAnswer;
        }
        if entry.adds.is_empty() {
            self.expired.extend(entry.removes.iter().flat_map(|file| self.files[*file].rows.clone()));
        }
        if entry.transactions.contains_key(REQUEUE) {
            // A steward has asked for them once more.
            for place in entry.adds.iter().flat_map(|file| &self.files[*file].rows) {
                self.expired.remove(place);
            }
        }
        self.entries.push(entry);
        if !self.is_calm && random.random_bool(0.15) { Put::NoAnswer } else { Put::Entered(version as u64 + 1) }
    }

    /// Deletes what no entry of the log has ever added and was uploaded before the stamp, and what
    /// has long been removed.
    pub(crate) fn delete_unreferenced(&mut self) {
        let Some(before) = self.positions().get(UPLOADS_BEFORE).copied() else { return };
        let live: BTreeSet<usize> = self.live_at(self.version()).into_iter().collect();
        for (at, file) in self.files.iter_mut().enumerate() {
            file.deleted |= !live.contains(&at) && file.uploaded_at_ms < before;
        }
    }
}
