//! How far the lake is behind Kafka, partition by partition, and when there was no more to be had.
//! Pure: Kafka's numbers and the clock's come in as arguments.

use std::collections::BTreeMap;

/// What Kafka's client knows of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The first offset that Kafka holds.
    pub(crate) first: i64,
    /// The offset after the last one that may be read.
    pub(crate) end: i64,
    /// The offset after the last record that was handed to the loop; `None` before the first.
    pub(crate) handed_over: Option<i64>,
    /// The end of the partition that was last reached.
    pub(crate) reached: Option<i64>,
    /// Until when the client has surely heard of new records, milliseconds since 1970; `None` while
    /// it does not hear of them.
    pub(crate) heard_ms: Option<i64>,
}

/// How far behind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Behind {
    /// Offsets between the lake's position and the end. Offsets that hold no record are among them.
    pub(crate) messages: i64,
    /// How long ago the lake surely had everything; `None` while nothing says when it had.
    pub(crate) seconds: Option<f64>,
}

#[derive(Debug, Default)]
struct Partition {
    position: Option<i64>,
    /// Up to when everything is in the lake, milliseconds since 1970.
    complete_through_ms: Option<i64>,
    /// Until when Kafka surely had no more, and the offset after the last record handed over by then.
    stood_at_end: Option<(i64, i64)>,
}

/// The assigned partitions of a topic.
#[derive(Debug, Default)]
pub(crate) struct Lag(BTreeMap<i32, Partition>);

impl Lag {
    /// This process has the partition from now on; the lake's position, and up to when it is complete.
    pub(crate) fn assigned(&mut self, partition: i32, position: Option<i64>, complete_through_ms: Option<i64>) {
        self.0.insert(partition, Partition { position, complete_through_ms, stood_at_end: None });
    }

    /// This process has the partition no more.
    pub(crate) fn revoked(&mut self, partition: i32) {
        self.0.remove(&partition);
    }

    /// The lake's position has moved; `kafka_time_ms` is the Kafka time of the newest record below it.
    pub(crate) fn committed(&mut self, partition: i32, position: i64, kafka_time_ms: Option<i64>) {
        if let Some(held) = self.0.get_mut(&partition) {
            held.position = Some(position);
            held.complete_through_ms = held.complete_through_ms.max(kafka_time_ms);
        }
    }

    /// Until when, in milliseconds since 1970, Kafka had no record of the partition but those before
    /// `next`; `None` if it is not known to have stood there.
    pub(crate) fn stood_at_end_ms(&self, partition: i32, next: i64) -> Option<i64> {
        let (handed_over, until_ms) = self.0.get(&partition)?.stood_at_end?;
        (handed_over <= next).then_some(until_ms)
    }

    /// How far behind a partition is at `now_ms`; `None` if it is not of this process.
    pub(crate) fn behind(&mut self, partition: i32, seen: Seen, now_ms: i64) -> Option<Behind> {
        let held = self.0.get_mut(&partition)?;
        let ends_here = seen.first >= seen.end || seen.reached == Some(seen.end);
        if let Some(heard_ms) = seen.heard_ms.filter(|_| ends_here) {
            held.stood_at_end = Some((seen.handed_over.unwrap_or_default(), heard_ms));
        }
        let messages = match has_everything(held.position, seen) {
            true => 0,
            false => (seen.end - held.position.unwrap_or(seen.first)).max(0),
        };
        if let Some(heard_ms) = seen.heard_ms.filter(|_| messages == 0) {
            held.complete_through_ms = held.complete_through_ms.max(Some(heard_ms));
            return Some(Behind { messages, seconds: Some(0.0) });
        }
        let seconds = held.complete_through_ms.map(|through_ms| (now_ms - through_ms).max(0) as f64 / 1_000.0);
        Some(Behind { messages, seconds })
    }
}

/// Whether the lake has all records. Its position may stand before the end even then: the last offsets
/// may hold no record, but the mark of a transaction.
fn has_everything(position: Option<i64>, seen: Seen) -> bool {
    let is_empty = seen.first >= seen.end;
    let all_read = seen.reached == Some(seen.end);
    let all_committed = seen.handed_over.is_none_or(|handed_over| position.is_some_and(|at| at >= handed_over));
    is_empty || position.is_some_and(|at| at >= seen.end) || all_read && all_committed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kafka ends at `end`, as heard at `heard_ms`.
    fn seen(end: i64, heard_ms: i64) -> Seen {
        Seen { first: 0, end, handed_over: None, reached: None, heard_ms: Some(heard_ms) }
    }

    fn behind(messages: i64, seconds: Option<f64>) -> Option<Behind> {
        Some(Behind { messages, seconds })
    }

    #[test]
    fn lag_counts_from_the_lakes_position_not_from_what_was_read() {
        let mut lag = Lag::default();
        lag.assigned(0, Some(40), None);
        let all_read = Seen { handed_over: Some(100), reached: Some(100), ..seen(100, 9_000) };
        assert_eq!(lag.behind(0, all_read, 9_000), behind(60, None));
        lag.committed(0, 90, Some(7_500));
        assert_eq!(lag.behind(0, all_read, 9_000), behind(10, Some(1.5)));
        lag.committed(0, 100, Some(8_000));
        assert_eq!(lag.behind(0, all_read, 9_000), behind(0, Some(0.0)));
    }

    #[test]
    fn seconds_count_from_when_the_lake_had_all_not_from_the_last_record() {
        let mut lag = Lag::default();
        lag.assigned(0, Some(10), Some(1_000));
        // Nobody calls for an hour, and then somebody does.
        assert_eq!(lag.behind(0, seen(10, 3_601_000), 3_601_500), behind(0, Some(0.0)));
        assert_eq!(lag.behind(0, seen(11, 3_603_000), 3_603_000), behind(1, Some(2.0)));
        // A record that was made before that does not put the clock back.
        lag.committed(0, 11, Some(2_000));
        assert_eq!(lag.behind(0, seen(12, 3_604_000), 3_604_000), behind(1, Some(3.0)));
    }

    #[test]
    fn while_kafka_is_silent_nobody_knows_and_the_seconds_grow() {
        let mut lag = Lag::default();
        lag.assigned(0, Some(10), None);
        assert_eq!(lag.behind(0, seen(10, 5_000), 5_000), behind(0, Some(0.0)));
        let silent = Seen { heard_ms: None, reached: Some(10), ..seen(10, 0) };
        assert_eq!(lag.behind(0, silent, 65_000), behind(0, Some(60.0)));
        assert_eq!(lag.stood_at_end_ms(0, 10), None);
    }

    #[test]
    fn a_partition_stood_at_its_end_only_for_whoever_has_taken_all_of_it() {
        let mut lag = Lag::default();
        lag.assigned(0, None, None);
        assert_eq!(lag.stood_at_end_ms(0, 100), None);
        let at_end = Seen { handed_over: Some(98), reached: Some(100), ..seen(100, 9_000) };
        assert_eq!(lag.behind(0, at_end, 9_500), behind(100, None));
        assert_eq!((lag.stood_at_end_ms(0, 97), lag.stood_at_end_ms(0, 98)), (None, Some(9_000)));
        // More has come since; up to 9 s there was no more than those.
        lag.behind(0, Seen { end: 120, heard_ms: Some(11_000), ..at_end }, 11_000);
        assert_eq!((lag.stood_at_end_ms(0, 97), lag.stood_at_end_ms(0, 98)), (None, Some(9_000)));
        lag.assigned(0, Some(98), None);
        assert_eq!(lag.stood_at_end_ms(0, 98), None, "what another process heard is not known");
    }

    #[test]
    fn the_mark_of_a_transaction_at_the_end_is_no_lag() {
        let mut lag = Lag::default();
        lag.assigned(0, Some(5), None);
        let marked = Seen { handed_over: Some(5), reached: Some(6), ..seen(6, 1_000) };
        assert_eq!(lag.behind(0, marked, 1_000), behind(0, Some(0.0)));
        // The same, where this process has handed over nothing because the lake had everything before.
        assert_eq!(lag.behind(0, Seen { handed_over: None, ..marked }, 1_000), behind(0, Some(0.0)));
        // Two more offsets, and the end is not reached any more.
        assert_eq!(lag.behind(0, Seen { end: 8, heard_ms: None, ..marked }, 2_000), behind(3, Some(1.0)));
    }

    #[test]
    fn a_partition_never_committed_is_behind_by_all_that_kafka_holds() {
        let mut lag = Lag::default();
        lag.assigned(0, None, None);
        lag.assigned(1, None, None);
        let kept = Seen { first: 30, ..seen(50, 1_000) };
        assert_eq!(lag.behind(0, kept, 1_000), behind(20, None));
        // Emptied by retention: nothing is there to be had.
        assert_eq!(lag.behind(1, Seen { first: 50, ..kept }, 1_000), behind(0, Some(0.0)));
    }

    #[test]
    fn a_partition_of_another_process_has_no_lag_here() {
        let mut lag = Lag::default();
        assert_eq!(lag.behind(0, seen(10, 1_000), 1_000), None);
        lag.assigned(0, Some(1), None);
        lag.revoked(0);
        assert_eq!(lag.behind(0, seen(10, 1_000), 1_000), None);
    }
}
