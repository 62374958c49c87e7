//! Where to begin to read a partition, given the lake's position and what Kafka still holds. Pure.

use crate::kafka::Reaches;
use crate::{Error, Sign};

/// Where to begin, or why it cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Read from this offset: one before the position where Kafka still has it, so that the last
    /// record in the lake can be compared with what stands there.
    From(i64),
    /// Kafka has dropped the records from `first` up to, and without, `next_kept`.
    Lost { first: i64, next_kept: i64 },
    /// The partition ends before the position: it is not the one that the lake was filled from.
    Beyond { end: i64 },
}

impl Entry {
    /// The offset to read from, or the error with which ingest ends.
    pub(crate) fn offset(self, topic: &str, partition: i32, position: i64) -> Result<i64, Error> {
        let topic = || topic.to_owned();
        match self {
            Self::From(offset) => Ok(offset),
            Self::Lost { first, next_kept } => {
                Err(Error::OffsetLost { topic: topic(), partition, first, next_kept })
            }
            Self::Beyond { end } => {
                let sign = Sign::Shorter { partition, position, end };
                Err(Error::TopicMadeAnew { topic: topic(), sign })
            }
        }
    }
}

/// Judges the positions of all partitions. Whoever finds nothing to do may end before it is given any
/// partition, and must not say that all is well then.
///
/// Other members may move the positions, and Kafka its records, between two looks: so the beginnings
/// are those from `before` the positions were read, the ends those from `after`.
pub(crate) fn judge_all(
    topic: &str,
    position: impl Fn(i32) -> Option<i64>,
    before: &Reaches,
    after: &Reaches,
) -> Result<(), Error> {
    for (partition, marks) in after {
        let begin = before.get(partition).map_or(0, |marks| marks.begin);
        if let Some(position) = position(*partition) {
            entry(position, begin, marks.end).offset(topic, *partition, position)?;
        }
    }
    Ok(())
}

/// Judges a position against Kafka's first kept offset and its end.
pub(crate) fn entry(position: i64, low: i64, high: i64) -> Entry {
    match () {
        () if position > high => Entry::Beyond { end: high },
        () if position < low => Entry::Lost { first: position, next_kept: low },
        () => Entry::From((position - 1).max(low)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::kafka::Watermarks;

    #[test]
    fn reads_from_one_before_the_position_where_that_is_kept() {
        assert_eq!(entry(10, 0, 20), Entry::From(9));
        assert_eq!(entry(10, 9, 10), Entry::From(9));
        assert_eq!(entry(10, 10, 20), Entry::From(10));
        assert_eq!(entry(0, 0, 0), Entry::From(0));
    }

    #[test]
    fn stops_where_records_are_missing_or_the_topic_is_another() {
        assert_eq!(entry(10, 15, 20), Entry::Lost { first: 10, next_kept: 15 });
        // All that was there has been dropped, and nothing came since.
        assert_eq!(entry(10, 20, 20), Entry::Lost { first: 10, next_kept: 20 });
        assert_eq!(entry(10, 0, 7), Entry::Beyond { end: 7 });
    }

    #[test]
    fn all_are_judged_by_where_they_began_before_and_ended_after_the_lake_was_read() {
        let reaches =
            |begin, end| Reaches::from([(0, Watermarks { begin: 0, end: 9 }), (4, Watermarks { begin, end })]);
        let judged = |position, before, after| {
            judge_all("t", |partition| (partition == 4).then_some(position), &before, &after)
        };
        // Another member has read on between the two looks, and Kafka has dropped what was read.
        assert!(judged(10, reaches(2, 8), reaches(12, 15)).is_ok());
        let lost = judged(10, reaches(12, 12), reaches(12, 12));
        assert!(matches!(lost, Err(Error::OffsetLost { partition: 4, first: 10, next_kept: 12, .. })), "{lost:?}");
        let anew = judged(10, reaches(0, 7), reaches(0, 7));
        assert!(
            matches!(anew, Err(Error::TopicMadeAnew { sign: Sign::Shorter { partition: 4, end: 7, .. }, .. })),
            "{anew:?}"
        );
    }
}
