//! Which partitions Kafka's thread has, and which of them are read just now. Pure.
//!
//! Two things keep a partition from being read: it is held, or the loop does not keep up. Kafka's
//! client knows only one pause for both and keeps it from one assignment to the next, so after each
//! change whoever made it asks here whether the partition is read.

use super::Start;
use std::collections::BTreeMap;

/// The assigned partitions.
#[derive(Debug, Default)]
pub(super) struct Assignment {
    partitions: BTreeMap<i32, Assigned>,
    /// Whether the loop does not keep up, so that none is read.
    presses_back: bool,
}

#[derive(Debug)]
struct Assigned {
    generation: u32,
    held: bool,
}

impl Assignment {
    /// A partition begins.
    pub(super) fn begin(&mut self, start: &Start) {
        let Start { generation, held, .. } = *start;
        self.partitions.insert(start.partition, Assigned { generation, held });
    }

    /// Whether a partition is still to begin there, and not of an assignment that has ended since.
    pub(super) fn awaits(&self, start: &Start) -> bool {
        self.generation(start.partition).is_some_and(|current| current <= start.generation)
    }

    /// A partition is held; false if the command comes too late.
    pub(super) fn hold(&mut self, partition: i32, generation: u32) -> bool {
        let assigned = self.partitions.get_mut(&partition).filter(|assigned| assigned.generation == generation);
        assigned.map(|assigned| assigned.held = true).is_some()
    }

    /// These partitions are taken away.
    pub(super) fn forget(&mut self, partitions: &[i32]) {
        self.partitions.retain(|partition, _| !partitions.contains(partition));
    }

    /// The loop does not keep up, or does again: the partitions that pause or go on for it.
    pub(super) fn press_back(&mut self, presses_back: bool) -> Vec<i32> {
        self.presses_back = presses_back;
        self.free().collect()
    }

    /// How many partitions nothing but the back-pressure keeps from being read.
    pub(super) fn pressed_back(&self) -> usize {
        if self.presses_back { self.free().count() } else { 0 }
    }

    pub(super) fn is_read(&self, partition: i32) -> bool {
        !self.presses_back && self.free().any(|free| free == partition)
    }

    /// The generation of a partition, if it is assigned.
    pub(super) fn generation(&self, partition: i32) -> Option<u32> {
        self.partitions.get(&partition).map(|assigned| assigned.generation)
    }

    fn free(&self) -> impl Iterator<Item = i32> {
        self.partitions.iter().filter(|(_, assigned)| !assigned.held).map(|(partition, _)| *partition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(partition: i32, generation: u32, held: bool) -> Start {
        Start { partition, offset: None, generation, held }
    }

    #[test]
    fn a_partition_that_comes_or_begins_anew_is_not_read_before_the_loop_keeps_up() {
        let mut assignment = Assignment::default();
        assignment.begin(&start(0, 1, false));
        assert_eq!((assignment.is_read(0), assignment.pressed_back()), (true, 0));
        assert_eq!(assignment.press_back(true), [0]);
        assignment.begin(&start(1, 2, false));
        assignment.begin(&start(2, 3, true));
        assignment.begin(&start(0, 4, false));
        assert!((0..3).all(|partition| !assignment.is_read(partition)));
        assert_eq!(assignment.pressed_back(), 2);
        assert_eq!(assignment.press_back(false), [0, 1]);
        assert_eq!([0, 1, 2].map(|partition| assignment.is_read(partition)), [true, true, false]);
        assert_eq!(assignment.pressed_back(), 0);
    }

    #[test]
    fn a_jam_that_outlasts_all_partitions_ends_for_those_that_come() {
        let mut assignment = Assignment::default();
        assignment.begin(&start(0, 1, false));
        assignment.press_back(true);
        assignment.forget(&[0]);
        assert_eq!(assignment.pressed_back(), 0);
        assert_eq!(assignment.press_back(false), [0; 0]);
        assignment.begin(&start(0, 2, false));
        assert!(assignment.is_read(0));
    }

    #[test]
    fn a_command_for_an_assignment_that_has_ended_is_not_obeyed() {
        let mut assignment = Assignment::default();
        assert!(!assignment.awaits(&start(0, 1, false)) && !assignment.hold(0, 1));
        assignment.begin(&start(0, 3, false));
        assert!(!assignment.awaits(&start(0, 2, false)) && !assignment.hold(0, 2));
        assert_eq!((assignment.is_read(0), assignment.generation(0)), (true, Some(3)));
        assert!(assignment.hold(0, 3) && !assignment.is_read(0));
        assert!(assignment.awaits(&start(0, 4, false)));
    }
}
