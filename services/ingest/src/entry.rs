//! Where to begin to read a partition, given the lake's position and what Kafka still holds. Pure.

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
}
