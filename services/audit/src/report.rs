//! What an audit found.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How many findings of a kind are kept with their coordinates; all are counted.
pub const EXAMPLES: usize = 20;

/// The kinds of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// In Kafka below the lake's position, and neither in the events nor in the quarantine.
    Gap,
    /// A coordinate that the events hold more than once.
    Double,
    /// In the lake, and Kafka has no such record, or the lake's position says that it is not there.
    Stranger,
    /// The content in the lake is not what the record says.
    Different,
    /// In the events although the record cannot be read.
    WronglyStored,
    /// Kafka removed records before the lake had taken them.
    Missed,
    /// The lake's position lies beyond the end of Kafka's partition.
    BeyondKafka,
    /// In Kafka above the lake's position; a finding only where the lake should be caught up.
    Behind,
    /// In the quarantine for a reason that the auditor's decoder does not see. Told, not counted.
    Readable,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind.
    pub kind: Kind,
    /// Kafka topic.
    pub topic: String,
    /// Kafka partition.
    pub partition: i32,
    /// Kafka offset, or the lake's position where the finding is about that.
    pub offset: i64,
    /// What exactly, without any content of the record.
    pub detail: String,
}

/// What was counted in a partition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Records that Kafka delivered below the lake's position.
    pub records: u64,
    /// Of these, in the events.
    pub in_events: u64,
    /// Of these, in the quarantine and not in the events.
    pub in_quarantine: u64,
    /// Coordinates of the lake whose records Kafka no longer has.
    pub not_checkable: u64,
}

/// One partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartitionReport {
    /// Kafka topic.
    pub topic: String,
    /// Kafka partition.
    pub partition: i32,
    /// The earliest offset that Kafka still has.
    pub from: i64,
    /// The lake's position: the next offset to take; `None` where nothing was ever taken.
    pub to: Option<i64>,
    /// What was counted.
    #[serde(flatten)]
    pub counts: Counts,
    /// Findings that are problems.
    pub findings: u64,
}

/// The whole audit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The partitions, by topic and number.
    pub partitions: Vec<PartitionReport>,
    /// Findings by kind, all of them.
    pub counts: BTreeMap<Kind, u64>,
    /// The first [`EXAMPLES`] of each kind.
    pub findings: Vec<Finding>,
    /// What else is worth knowing, a sentence each.
    pub notes: BTreeSet<String>,
}

impl Kind {
    /// Whether it stands for something wrong.
    pub fn is_problem(self) -> bool {
        self != Self::Readable
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Gap => "gap",
            Self::Double => "double",
            Self::Stranger => "stranger",
            Self::Different => "different",
            Self::WronglyStored => "wrongly stored",
            Self::Missed => "missed",
            Self::BeyondKafka => "beyond Kafka",
            Self::Behind => "behind",
            Self::Readable => "quarantined although readable",
        })
    }
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        self.records += other.records;
        self.in_events += other.in_events;
        self.in_quarantine += other.in_quarantine;
        self.not_checkable += other.not_checkable;
    }
}

impl Report {
    /// Findings that are problems.
    pub fn problems(&self) -> u64 {
        self.counts.iter().filter(|(kind, _)| kind.is_problem()).map(|(_, count)| count).sum()
    }

    /// The verdict in one line.
    pub fn verdict(&self) -> String {
        let records: u64 = self.partitions.iter().map(|partition| partition.counts.records).sum();
        match self.problems() {
            0 => format!(
                "audit clean: {records} records of {} partitions are in the lake once each",
                self.partitions.len()
            ),
            1 => "audit found 1 problem".to_owned(),
            problems => format!("audit found {problems} problems"),
        }
    }

    pub(crate) fn add(&mut self, finding: Finding) {
        let count = self.counts.entry(finding.kind).or_default();
        *count += 1;
        if *count <= EXAMPLES as u64 {
            self.findings.push(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(kind: Kind, offset: i64) -> Finding {
        Finding { kind, topic: "t".to_owned(), partition: 0, offset, detail: String::new() }
    }

    #[test]
    fn all_findings_are_counted_and_the_first_of_each_kind_kept() {
        let mut report = Report::default();
        (0..25).for_each(|offset| report.add(finding(Kind::Gap, offset)));
        report.add(finding(Kind::Double, 99));
        assert_eq!(report.problems(), 26);
        assert_eq!(report.findings.len(), 21);
        assert_eq!(report.findings[19].offset, 19);
        assert_eq!(report.verdict(), "audit found 26 problems");
    }

    #[test]
    fn what_is_only_told_leaves_the_audit_clean() {
        let mut report = Report::default();
        report.add(finding(Kind::Readable, 1));
        report.partitions.push(PartitionReport {
            topic: "t".to_owned(),
            partition: 0,
            from: 0,
            to: Some(2),
            counts: Counts { records: 2, in_events: 1, in_quarantine: 1, not_checkable: 0 },
            findings: 0,
        });
        assert_eq!(report.verdict(), "audit clean: 2 records of 1 partitions are in the lake once each");
    }
}
