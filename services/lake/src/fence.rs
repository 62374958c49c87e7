//! The fence of a commit, decided without I/O.
//!
//! The log holds one position per fence: for a Kafka partition the next offset to read, for a file
//! of history 1 once it is loaded, for refresh the newest epoch. A batch says from where to where
//! it moves each of its fences; given the positions of the snapshot that it would commit on, it
//! lands, waits, or is refused.
//!
//! | the log holds | then |
//! |---|---|
//! | the expected start, for all | commit on this very snapshot |
//! | more | fenced: drop the data of those fences, go on from the log |
//! | less | the table was put back: stop |

use crate::fault::{Rule, keeps};
use std::collections::BTreeMap;

/// The fence under which refresh publishes epochs.
pub const REFRESH: &str = "v1/refresh";

/// The fence of whoever rewrites or removes files of a table.
pub const REWRITER: &str = "v1/rewriter";

/// The fence of a requeue: what stands in the quarantine is ingested again once.
pub const REQUEUE: &str = "v1/requeue";

/// The stamp of the clean-up: files that were uploaded before this time, in milliseconds since 1970,
/// and never committed are deleted.
pub const UPLOADS_BEFORE: &str = "v1/uploads-before";

/// How a batch moves one fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The fence, a Delta application id.
    pub fence: String,
    /// The position that the log must hold; `None` for a fence never seen.
    pub start: Option<i64>,
    /// The position after the batch.
    pub end: i64,
}

/// What a batch may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All positions are as expected.
    Commit,
    /// Others moved these fences; the log's positions.
    Fenced(BTreeMap<String, i64>),
    /// The log stands before the batch's start.
    Rewound(Span),
}

/// The fence of a Kafka partition: its position is the next offset to read.
pub fn of_partition(cluster: &str, topic: &str, partition: i32) -> String {
    format!("v1/{cluster}/{topic}/{partition}")
}

/// The stamp beside a Kafka partition's fence: the Kafka time, in milliseconds, up to which its
/// events are in the table; 0 for a partition that is known to be there and of which nothing says so.
pub fn completeness_of_partition(cluster: &str, topic: &str, partition: i32) -> String {
    format!("v1/valid-through/{cluster}/{topic}/{partition}")
}

/// The Kafka partition (cluster, topic, partition) of such a stamp, if it is one.
pub fn partition_of_completeness(stamp: &str) -> Option<(&str, &str, i32)> {
    place(stamp.strip_prefix("v1/valid-through/")?)
}

/// The Kafka time, in milliseconds, up to which a partition's events are in the table, if anything says so.
pub fn complete_through_ms(
    positions: &BTreeMap<String, i64>,
    cluster: &str,
    topic: &str,
    partition: i32,
) -> Option<i64> {
    positions.get(&completeness_of_partition(cluster, topic, partition)).copied().filter(|through| *through > 0)
}

/// The fence of a file of history, by the SHA-256 of its content, in hexadecimal.
pub fn of_file(sha256: &str) -> String {
    format!("v1/file/{sha256}")
}

/// Whether a fence is that of a file of history.
pub fn is_of_file(fence: &str) -> bool {
    fence.starts_with("v1/file/")
}

/// The Kafka partition (cluster, topic, partition) of a fence, if it is one's.
pub fn partition_of(fence: &str) -> Option<(&str, &str, i32)> {
    place(fence.strip_prefix("v1/")?).filter(|(cluster, ..)| *cluster != "file")
}

fn place(text: &str) -> Option<(&str, &str, i32)> {
    let mut parts = text.split('/');
    let found = (parts.next()?, parts.next()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some(found)
}

/// The stamp up to which the stewards have accepted whatever a Kafka partition holds: below this
/// offset a bad cause is only a bad record.
pub fn accepted_of_partition(cluster: &str, topic: &str, partition: i32) -> String {
    format!("v1/accepted/{cluster}/{topic}/{partition}")
}

/// The stamp of the offset at which a Kafka partition was paused because too many of its records
/// were bad.
pub fn paused_of_partition(cluster: &str, topic: &str, partition: i32) -> String {
    format!("v1/paused/{cluster}/{topic}/{partition}")
}

/// The stamp that tells the last record before a Kafka partition's position from any other: a topic
/// that was made anew holds another one there.
pub fn last_record_of_partition(cluster: &str, topic: &str, partition: i32) -> String {
    format!("v1/last-record/{cluster}/{topic}/{partition}")
}

/// Those of the stamps that are to be set for none to be less than `at_least`, given the positions of the
/// version that the commit lands after: whoever knows less than others does not take back what they said.
pub fn raised<'a>(
    at_least: &'a BTreeMap<String, i64>,
    stored: &BTreeMap<String, i64>,
) -> impl Iterator<Item = (&'a String, i64)> {
    let is_less = |(stamp, least): &(&String, &i64)| stored.get(*stamp).is_none_or(|held| held < *least);
    at_least.iter().filter(is_less).map(|(stamp, least)| (stamp, *least))
}

/// Judges a batch on the positions of the version that it would be committed on.
pub fn judge(spans: &[Span], stored: &BTreeMap<String, i64>) -> Verdict {
    if !keeps(Rule::Check) {
        return Verdict::Commit;
    }
    let mut fenced = BTreeMap::new();
    for span in spans {
        match (stored.get(&span.fence).copied(), span.start) {
            (held, start) if held == start => {}
            (Some(held), start) if start.is_none_or(|start| held > start) => {
                fenced.insert(span.fence.clone(), held);
            }
            _ => return Verdict::Rewound(span.clone()),
        }
    }
    if fenced.is_empty() { Verdict::Commit } else { Verdict::Fenced(fenced) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(positions: &[(&str, i64)]) -> BTreeMap<String, i64> {
        positions.iter().map(|(fence, position)| ((*fence).to_owned(), *position)).collect()
    }

    fn span(fence: &str, start: Option<i64>, end: i64) -> Span {
        Span { fence: fence.to_owned(), start, end }
    }

    #[test]
    fn commits_only_from_the_expected_positions() {
        let batch = [span("a", Some(5), 9), span("b", None, 3)];
        assert_eq!(judge(&batch, &stored(&[("a", 5), ("other", 70)])), Verdict::Commit);
        assert_eq!(judge(&batch, &stored(&[("a", 6)])), Verdict::Fenced(stored(&[("a", 6)])));
        assert_eq!(judge(&batch, &stored(&[("a", 5), ("b", 0)])), Verdict::Fenced(stored(&[("b", 0)])));
        assert_eq!(judge(&batch, &stored(&[("a", 4)])), Verdict::Rewound(batch[0].clone()));
        assert_eq!(judge(&batch, &stored(&[])), Verdict::Rewound(batch[0].clone()));
    }

    #[test]
    fn partition_fences_can_be_read_back() {
        let fence = of_partition("c1", "telephony.events", 3);
        assert_eq!(partition_of(&fence), Some(("c1", "telephony.events", 3)));
        assert_eq!(partition_of(&of_file("ab")), None);
        assert!(is_of_file(&of_file("ab")) && !is_of_file(&fence));
        assert_eq!(partition_of(&completeness_of_partition("c1", "t", 3)), None);
        assert_eq!(partition_of(&accepted_of_partition("c1", "t", 3)), None);
        assert_eq!(partition_of(REFRESH), None);
        assert_eq!(partition_of_completeness(&completeness_of_partition("c1", "t", 3)), Some(("c1", "t", 3)));
        assert_eq!(partition_of_completeness(&fence), None);
    }

    #[test]
    fn a_stamp_is_raised_and_never_taken_back() {
        let at_least = stored(&[("behind", 5), ("equal", 5), ("ahead", 0), ("new", 0)]);
        let held = stored(&[("behind", 4), ("equal", 5), ("ahead", 6), ("other", 7)]);
        let set: Vec<(&str, i64)> =
            raised(&at_least, &held).map(|(stamp, value)| (stamp.as_str(), value)).collect();
        assert_eq!(set, [("behind", 5), ("new", 0)]);
    }

    #[test]
    fn a_partition_that_is_only_known_to_be_there_is_complete_up_to_no_time() {
        let mut positions = stored(&[(&completeness_of_partition("c", "t", 1), 0)]);
        assert_eq!(complete_through_ms(&positions, "c", "t", 1), None);
        positions.insert(completeness_of_partition("c", "t", 1), 9);
        assert_eq!(complete_through_ms(&positions, "c", "t", 1), Some(9));
        assert_eq!(complete_through_ms(&positions, "c", "t", 2), None);
    }
}
