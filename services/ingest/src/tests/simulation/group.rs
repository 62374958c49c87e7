//! The consumer group: who has which partition, and who only believes so.

use super::PARTITIONS;
use super::writer::Writer;
use rand::Rng;
use rand::rngs::StdRng;

/// The group's own view. A member learns of a change when it steps; one that is paused, later.
#[derive(Debug, Default)]
pub(crate) struct Group {
    owners: [usize; PARTITIONS as usize],
    /// Members that do not answer: their partitions go to the other.
    gone: [bool; 2],
}

impl Group {
    pub(crate) fn rebalance(&mut self, random: &mut StdRng) {
        self.owners = std::array::from_fn(|_| random.random_range(0..2));
        self.reassign();
    }

    pub(crate) fn leaves(&mut self, member: usize) {
        self.gone[member] = true;
        self.reassign();
    }

    pub(crate) fn joins(&mut self, member: usize) {
        self.gone[member] = false;
        self.reassign();
    }

    pub(crate) fn owned_by(&self, member: usize) -> Vec<i32> {
        let partitions = (0..PARTITIONS).zip(&self.owners);
        partitions.filter(|(_, owner)| **owner == member).map(|(partition, _)| partition).collect()
    }

    /// Everybody is there again.
    pub(crate) fn settle(&mut self, writers: &mut [Writer; 2]) {
        writers.iter_mut().for_each(Writer::wake);
        self.gone = [false; 2];
    }

    fn reassign(&mut self) {
        for owner in &mut self.owners {
            if self.gone[*owner] && !self.gone[1 - *owner] {
                *owner = 1 - *owner;
            }
        }
    }
}
