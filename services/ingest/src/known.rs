//! Which partitions the topic has, also those that other members read or that nobody reads yet. Pure.
//!
//! The lake must hear of each: a source is complete up to the time of its slowest partition, and one that
//! the lake has never heard of would be left out.

use crate::kafka::Reaches;
use std::collections::BTreeMap;

/// The partitions that were seen, with the time up to which the lake had all of each when Kafka was asked,
/// milliseconds since 1970; 0 where it had not.
#[derive(Debug, Default)]
pub(crate) struct Known(BTreeMap<i32, i64>);

impl Known {
    /// Kafka was asked how far each reaches, and the lake stood at `position`. One that is empty has nothing
    /// that could be missing.
    pub(crate) fn asked(&mut self, reaches: &Reaches, asked_ms: i64, position: impl Fn(i32) -> Option<i64>) {
        for (partition, marks) in reaches {
            let has_all = position(*partition).unwrap_or(marks.begin) == marks.end;
            self.0.insert(*partition, if has_all { asked_ms } else { 0 });
        }
    }

    /// Kafka's client has heard of these.
    pub(crate) fn heard_of(&mut self, partitions: impl IntoIterator<Item = i32>) {
        for partition in partitions {
            self.0.entry(partition).or_default();
        }
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<(i32, i64)> {
        self.0.iter().map(|(partition, through_ms)| (*partition, *through_ms)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::kafka::Watermarks;

    #[test]
    fn a_partition_of_which_nothing_was_missing_was_complete_when_kafka_was_asked() {
        let reaches = [(0, (0, 0)), (1, (30, 30)), (2, (0, 9)), (3, (0, 9)), (4, (5, 9))];
        let reaches = reaches.map(|(partition, (begin, end))| (partition, Watermarks { begin, end }));
        let mut known = Known::default();
        known.asked(&reaches.into(), 1_000, |partition| [None, None, Some(9), Some(8), None][partition as usize]);
        assert_eq!(known.all(), [(0, 1_000), (1, 1_000), (2, 1_000), (3, 0), (4, 0)]);
    }

    #[test]
    fn a_partition_that_came_later_is_known_and_nothing_is_said_of_it() {
        let mut known = Known::default();
        known.asked(&[(0, Watermarks { begin: 0, end: 0 })].into(), 1_000, |_| None);
        known.heard_of([0, 1]);
        assert_eq!(known.all(), [(0, 1_000), (1, 0)]);
    }
}
