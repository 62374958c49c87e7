//! What the partitions of a topic have brought and not yet committed, decided without I/O: which
//! records are taken, what goes into a commit, and what becomes of it afterwards.
//!
//! A partition is known by its generation: each assignment or rewind begins a new one, and records
//! of an older generation, still on their way, are not taken.
//!
//! ```text
//! assign ─► take … take ─► seal ─► (upload, check, commit: lake::protocol) ─► landed
//!   ▲         └─ held: a bad cause           │
//!   │                                        └─► fenced: those partitions begin anew at the lake's
//! revoke: forgotten                              position, the others' rows are committed again
//! ```

use std::collections::BTreeMap;

/// What is gathered of a partition.
pub(crate) trait Payload: Default {
    /// Adds what came after it.
    fn append(&mut self, later: Self);
    /// Bytes that it keeps in memory.
    fn bytes(&self) -> usize;
    /// Whether the lake must hear of it even if no offset has moved.
    fn must_be_told(&self) -> bool;
}

/// One assigned partition. `C` is the cause for which it may be held.
#[derive(Debug)]
pub(crate) struct Partition<R, C> {
    pub(crate) generation: u32,
    /// The position that the lake holds; `None` if it never saw the partition.
    pub(crate) committed: Option<i64>,
    /// The position once the batch in flight has landed.
    pub(crate) sealed: Option<i64>,
    /// The next offset to take; `None` until the first record of a partition never seen.
    pub(crate) next: Option<i64>,
    pub(crate) rows: R,
    /// Why it does not go on.
    pub(crate) held: Option<C>,
    /// Whether Kafka had no more when it was asked last.
    pub(crate) at_end: bool,
}

/// All assigned partitions of a topic.
#[derive(Debug)]
pub(crate) struct Intake<R, C> {
    pub(crate) partitions: BTreeMap<i32, Partition<R, C>>,
    last_generation: u32,
}

/// A partition's share of a batch.
#[derive(Debug)]
pub(crate) struct Part<R> {
    generation: u32,
    /// The position that the lake must hold.
    pub(crate) start: Option<i64>,
    /// The position afterwards.
    pub(crate) end: i64,
    pub(crate) rows: R,
}

/// What goes into one commit.
#[derive(Debug)]
pub(crate) struct Batch<R> {
    pub(crate) parts: BTreeMap<i32, Part<R>>,
}

impl<R, C> Default for Intake<R, C> {
    fn default() -> Self {
        Self { partitions: BTreeMap::new(), last_generation: 0 }
    }
}

impl<R: Payload, C> Intake<R, C> {
    /// Begins a generation of a partition at the lake's position.
    pub(crate) fn assign(&mut self, partition: i32, committed: Option<i64>) -> u32 {
        let generation = self.new_generation();
        self.partitions.insert(partition, Partition::new(generation, committed));
        generation
    }

    /// Forgets a partition and what it has not committed; whoever comes next reads that again.
    pub(crate) fn revoke(&mut self, partition: i32) {
        self.partitions.remove(&partition);
    }

    /// Whether records of this generation that end before `end` bring anything new, and from which
    /// offset on.
    pub(crate) fn wants(&self, partition: i32, generation: u32, end: i64) -> Option<i64> {
        let held = self.partitions.get(&partition)?;
        let is_new =
            held.generation == generation && held.held.is_none() && held.next.is_none_or(|next| end > next);
        is_new.then_some(held.next.unwrap_or(i64::MIN))
    }

    /// Takes what the records before `end` became, and the cause for which the partition goes no
    /// further, if there is one.
    pub(crate) fn take(&mut self, partition: i32, end: i64, rows: R, held: Option<C>) {
        let Some(taken) = self.partitions.get_mut(&partition) else { return };
        taken.rows.append(rows);
        taken.next = Some(end);
        taken.at_end = false;
        taken.held = held;
    }

    /// Holds a partition that has just begun.
    pub(crate) fn hold(&mut self, partition: i32, cause: C) {
        if let Some(holding) = self.partitions.get_mut(&partition) {
            holding.held = Some(cause);
        }
    }

    /// Partitions of which Kafka had no more when it was asked last, and of which all is committed or
    /// sealed; each with the position after what was taken, 0 where nothing ever was.
    pub(crate) fn at_end(&self) -> Vec<(i32, i64)> {
        let at_end =
            self.partitions.iter().filter(|(_, one)| one.at_end && one.held.is_none() && !one.has_moved());
        at_end.map(|(partition, one)| (*partition, one.next.unwrap_or_default())).collect()
    }

    /// Notes that Kafka has no more of a partition just now.
    pub(crate) fn reached_end(&mut self, partition: i32, generation: u32) {
        let reached = self.partitions.get_mut(&partition);
        if let Some(reached) = reached.filter(|reached| reached.generation == generation) {
            reached.at_end = true;
        }
    }

    /// Lets a held partition go on: a new generation, from the next offset on, its rows kept.
    pub(crate) fn release(&mut self, partition: i32) -> Option<(u32, Option<i64>)> {
        let generation = self.new_generation();
        let released = self.partitions.get_mut(&partition)?;
        released.held.take()?;
        released.generation = generation;
        Some((generation, released.next))
    }

    /// Takes all that has moved out into a batch; `None` if nothing has.
    pub(crate) fn seal(&mut self) -> Option<Batch<R>> {
        let mut parts = BTreeMap::new();
        for (partition, sealing) in &mut self.partitions {
            let Some(end) = sealing.next.filter(|_| sealing.has_moved()) else { continue };
            let rows = std::mem::take(&mut sealing.rows);
            parts.insert(*partition, Part { generation: sealing.generation, start: sealing.sealed, end, rows });
            sealing.sealed = Some(end);
        }
        (!parts.is_empty()).then_some(Batch { parts })
    }

    /// Notes that a batch is in the lake.
    pub(crate) fn landed(&mut self, ends: impl IntoIterator<Item = (i32, u32, i64)>) {
        for (partition, generation, end) in ends {
            let landed = self.partitions.get_mut(&partition);
            // A release begins a new generation of rows that go on; only an assignment begins anew.
            if let Some(landed) =
                landed.filter(|landed| landed.generation >= generation && landed.sealed >= Some(end))
            {
                landed.committed = landed.committed.max(Some(end));
            }
        }
    }

    /// Others have moved these partitions, which now stand at these positions, and nothing of the
    /// batch was written: takes their parts out, and says where each that is still assigned begins
    /// anew: partition, offset, generation.
    pub(crate) fn fenced(&mut self, batch: &mut Batch<R>, positions: &BTreeMap<i32, i64>) -> Vec<(i32, i64, u32)> {
        let mut rewinds = Vec::new();
        for (partition, position) in positions {
            batch.parts.remove(partition);
            if self.partitions.contains_key(partition) {
                rewinds.push((*partition, *position, self.assign(*partition, Some(*position))));
            }
        }
        rewinds
    }

    /// Whether all that was taken is in the lake.
    pub(crate) fn is_committed(&self) -> bool {
        self.partitions.values().all(|partition| partition.next == partition.committed)
    }

    /// Bytes that wait to be sealed.
    pub(crate) fn bytes(&self) -> usize {
        self.partitions.values().map(|partition| partition.rows.bytes()).sum()
    }

    fn new_generation(&mut self) -> u32 {
        self.last_generation += 1;
        self.last_generation
    }
}

impl<R: Payload, C> Partition<R, C> {
    pub(crate) fn new(generation: u32, committed: Option<i64>) -> Self {
        let (rows, held, at_end) = (R::default(), None, false);
        Self { generation, committed, sealed: committed, next: committed, rows, held, at_end }
    }

    fn has_moved(&self) -> bool {
        self.next != self.sealed || self.rows.must_be_told()
    }
}

impl<R: Payload> Batch<R> {
    /// Bytes that it keeps in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.parts.values().map(|part| part.rows.bytes()).sum()
    }

    /// Where each part ends: partition, generation, position.
    pub(crate) fn ends(&self) -> Vec<(i32, u32, i64)> {
        self.parts.iter().map(|(partition, part)| (*partition, part.generation, part.end)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Offsets(Vec<i64>);

    impl Payload for Offsets {
        fn append(&mut self, later: Self) {
            self.0.extend(later.0);
        }

        fn bytes(&self) -> usize {
            self.0.len()
        }

        fn must_be_told(&self) -> bool {
            false
        }
    }

    fn intake(partitions: &[i32]) -> Intake<Offsets, &'static str> {
        let mut intake = Intake::default();
        for partition in partitions {
            intake.assign(*partition, Some(10));
        }
        intake
    }

    #[test]
    fn an_older_generation_and_a_repeated_offset_are_not_taken() {
        let mut intake = intake(&[0]);
        assert_eq!((intake.wants(0, 1, 13), intake.wants(0, 1, 10)), (Some(10), None));
        let second = intake.assign(0, Some(10));
        assert_eq!((intake.wants(0, 1, 13), intake.wants(0, second, 13)), (None, Some(10)));
    }

    #[test]
    fn a_partition_that_was_always_empty_is_at_its_end_too() {
        let mut intake = intake(&[0]);
        let never_seen = intake.assign(1, None);
        assert_eq!(intake.at_end(), []);
        intake.reached_end(0, 1);
        intake.reached_end(1, never_seen);
        assert_eq!(intake.at_end(), [(0, 10), (1, 0)]);
        intake.take(1, 1, Offsets(vec![0]), None);
        assert_eq!(intake.at_end(), [(0, 10)]);
    }

    #[test]
    fn records_that_left_no_row_move_the_position_all_the_same() {
        let mut intake = intake(&[0]);
        assert!(intake.seal().is_none());
        intake.take(0, 42, Offsets::default(), None);
        let batch = intake.seal().unwrap_or_else(|| panic!("nothing to commit"));
        assert_eq!((batch.parts[&0].start, batch.parts[&0].end), (Some(10), 42));
        assert!(!intake.is_committed() && intake.seal().is_none());
        intake.landed(batch.ends());
        assert!(intake.is_committed());
    }

    #[test]
    fn a_fenced_partition_begins_anew_and_the_others_keep_their_rows() {
        let mut intake = intake(&[0, 1]);
        intake.take(0, 12, Offsets(vec![10, 11]), None);
        intake.take(1, 11, Offsets(vec![10]), None);
        let mut batch = intake.seal().unwrap_or_else(|| panic!("nothing to commit"));
        // Read while the batch was on its way.
        intake.take(0, 13, Offsets(vec![12]), None);
        intake.take(1, 12, Offsets(vec![11]), None);
        let rewinds = intake.fenced(&mut batch, &BTreeMap::from([(0, 15)]));
        assert_eq!(rewinds, [(0, 15, 3)]);
        assert_eq!(batch.parts.keys().collect::<Vec<_>>(), [&1]);
        assert_eq!((intake.partitions[&0].next, intake.partitions[&1].next), (Some(15), Some(12)));
        intake.landed(batch.ends());
        assert_eq!(intake.partitions[&1].committed, Some(11));
    }

    #[test]
    fn partitions_that_come_and_go_leave_the_others_with_their_rows() {
        let mut intake = intake(&[0, 1]);
        intake.take(0, 12, Offsets(vec![10, 11]), None);
        intake.take(1, 11, Offsets(vec![10]), None);
        intake.revoke(0);
        intake.assign(2, None);
        // Its generation goes on, so that nothing of it is read twice.
        assert_eq!((intake.wants(1, 2, 20), intake.wants(0, 1, 20)), (Some(11), None));
        let batch = intake.seal().unwrap_or_else(|| panic!("nothing to commit"));
        assert_eq!(batch.parts.keys().collect::<Vec<_>>(), [&1]);
        assert_eq!(batch.parts[&1].rows, Offsets(vec![10]));
    }

    #[test]
    fn a_held_partition_takes_nothing_until_it_is_released_where_it_stood() {
        let mut intake = intake(&[0]);
        intake.take(0, 12, Offsets(vec![10, 11]), Some("unknown schema"));
        assert_eq!(intake.wants(0, 1, 20), None);
        assert_eq!(intake.release(0), Some((2, Some(12))));
        assert_eq!((intake.wants(0, 1, 20), intake.wants(0, 2, 20)), (None, Some(12)));
        assert_eq!(intake.partitions[&0].rows, Offsets(vec![10, 11]));
        assert_eq!(intake.release(0), None);
    }
}
