//! What people decide about a partition that waits or has lost records: a stamp or a position in the
//! log of the events table, where a running ingest finds it.

use crate::Error;
use crate::entry::{Entry, entry};
use crate::sink::event_table;
use ::kafka::Watermarks;
use lake::{Commit, Committed, Lake, Span, fence};
use schemas::Source;
use serde_json::json;

/// Where a decision was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// In the log.
    Written,
    /// Nowhere: the partition has moved on; its position now.
    Moved(i64),
}

/// Records that Kafka has dropped before the lake had read them: those from `first` up to, and without,
/// `next_kept`. There is one only where Kafka itself has said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    first: i64,
    next_kept: i64,
}

/// Why there is no such loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchLoss {
    /// Kafka has the first of them.
    #[error(
        "Kafka keeps everything from offset {} up to its end, {}, so nothing is lost from offset {first} on, and there \
         is nothing to accept. `switchboard status` tells where the lake stands",
        kept.begin, kept.end
    )]
    NothingLost {
        /// The first that was said to be lost.
        first: i64,
        /// What Kafka has.
        kept: Watermarks,
    },
    /// Kafka's first kept offset is another.
    #[error(
        "the first offset that Kafka keeps is {kept_from}, not {said}: {}. What is lost is from offset {first} to {}: \
         type `--from {first} --to {kept_from}`",
        what_is_wrong(*kept_from, *said), kept_from - 1
    )]
    KeptFrom {
        /// The first that is lost.
        first: i64,
        /// The first offset that Kafka has.
        kept_from: i64,
        /// The one that was said to be.
        said: i64,
    },
}

fn what_is_wrong(kept_from: i64, said: i64) -> String {
    match said > kept_from {
        true => format!("the records from {kept_from} to {} are there and would be left out for good", said - 1),
        false => format!("the records from {said} to {} are gone as well", kept_from - 1),
    }
}

impl Loss {
    /// The loss of what lies from `first` up to, and without, `next_kept`, if that is what is missing from
    /// what Kafka has now. A range that is only nearly so would pass over records that are there.
    ///
    /// # Errors
    /// What Kafka has instead.
    pub fn of(first: i64, next_kept: i64, kept: Watermarks) -> Result<Self, NoSuchLoss> {
        match entry(first, kept.begin, kept.end) {
            Entry::Lost { first, next_kept: kept_from } if kept_from == next_kept => Ok(Self { first, next_kept }),
            Entry::Lost { first, next_kept: kept_from } => {
                Err(NoSuchLoss::KeptFrom { first, kept_from, said: next_kept })
            }
            Entry::From(_) | Entry::Beyond { .. } => Err(NoSuchLoss::NothingLost { first, kept }),
        }
    }
}

/// Lets a partition go on: below the offset `through`, a bad cause is only a bad record.
///
/// # Errors
/// [`Error::Lake`].
pub async fn accept_bad(
    lake: &Lake,
    source: &Source,
    cluster: &str,
    partition: i32,
    through: i64,
) -> Result<(), Error> {
    let mut table = lake.open_or_create_table(&event_table(source)).await?;
    let stamp = fence::accepted_of_partition(cluster, &source.topic, partition);
    let through = table.positions().get(&stamp).copied().max(Some(through)).unwrap_or(through);
    let notes = [("accepted".to_owned(), json!({ partition.to_string(): through }))].into();
    table.commit(Commit { stamps: [(stamp, through)].into(), notes, ..Commit::default() }).await?;
    Ok(())
}

/// Moves a partition's position over records that Kafka has dropped: they are lost for good.
///
/// # Errors
/// [`Error::Lake`].
pub async fn accept_loss(
    lake: &Lake,
    source: &Source,
    cluster: &str,
    partition: i32,
    loss: Loss,
) -> Result<Decided, Error> {
    let Loss { first, next_kept } = loss;
    let mut table = lake.open_or_create_table(&event_table(source)).await?;
    let fence = fence::of_partition(cluster, &source.topic, partition);
    let held = table.positions().get(&fence).copied();
    if held != Some(first) {
        return Ok(Decided::Moved(held.unwrap_or_default()));
    }
    let spans = vec![Span { fence: fence.clone(), start: Some(first), end: next_kept }];
    let notes = [("lost".to_owned(), json!({ partition.to_string(): [first, next_kept] }))].into();
    Ok(match table.commit(Commit { spans, notes, ..Commit::default() }).await? {
        Committed::Landed(_) => Decided::Written,
        Committed::Fenced(positions) => Decided::Moved(positions.get(&fence).copied().unwrap_or_default()),
        Committed::Stale => Decided::Moved(first),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: Watermarks = Watermarks { begin: 155, end: 300 };

    fn refused(first: i64, next_kept: i64) -> String {
        Loss::of(first, next_kept, KEPT).err().map(|refused| refused.to_string()).unwrap_or_default()
    }

    #[test]
    fn only_what_kafka_has_dropped_can_be_accepted_as_lost() {
        assert_eq!(Loss::of(150, 155, KEPT), Ok(Loss { first: 150, next_kept: 155 }));
        let all_dropped = Watermarks { begin: 300, end: 300 };
        assert_eq!(Loss::of(150, 300, all_dropped), Ok(Loss { first: 150, next_kept: 300 }));
    }

    #[test]
    fn a_range_that_is_not_what_is_missing_is_refused_with_the_one_that_is() {
        let too_far = refused(150, 1_550);
        let too_short = refused(150, 152);
        assert!(too_far.contains("the records from 155 to 1549 are there"), "{too_far}");
        assert!(too_short.contains("the records from 152 to 154 are gone as well"), "{too_short}");
        for told in [too_far, too_short, refused(150, 150), refused(150, 0)] {
            assert!(told.contains("is 155, not") && told.ends_with("type `--from 150 --to 155`"), "{told}");
        }
    }

    #[test]
    fn where_nothing_is_missing_there_is_nothing_to_accept() {
        for (first, next_kept) in [(155, 160), (200, 155), (300, 400), (301, 400)] {
            let told = refused(first, next_kept);
            assert!(
                told.contains("from offset 155 up to its end, 300") && told.contains("nothing to accept"),
                "{told}"
            );
        }
    }
}
