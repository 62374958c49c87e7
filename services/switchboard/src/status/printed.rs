//! What `switchboard status` prints: a line and a table for each source, or all of it as JSON.

use crate::output::instant;
use crate::status::standing::{PartitionStanding, SourceStanding};
use comfy_table::{Cell, CellAlignment, Table, TableComponent, presets};
use serde_json::json;

/// Prints the sources for people.
pub(super) fn table(sources: &[SourceStanding]) {
    for source in sources {
        println!("{}", summary(source));
        if !source.partitions.is_empty() {
            println!("{}\n", partitions(&source.partitions));
        }
    }
}

/// The sources for machines.
pub(super) fn json(
    sources: &[SourceStanding],
    cluster: Option<&str>,
    problems: &[kafka::Error],
    now_micros: i64,
) -> String {
    let asked_at = instant(now_micros);
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    json!({ "asked_at": asked_at, "cluster": cluster, "kafka_problems": problems, "sources": sources }).to_string()
}

/// A source in one line.
fn summary(source: &SourceStanding) -> String {
    let SourceStanding { source: name, topic, .. } = source;
    let mut told = Vec::new();
    match (source.files, source.partitions.iter().any(|one| one.position.is_some())) {
        (0, false) => told.push("nothing seen yet".to_owned()),
        (files, false) => told.push(format!("from {files} files only")),
        (0, true) => {}
        (files, true) => told.push(format!("{files} files of history")),
    }
    match (source.topic_exists, source.lag_messages) {
        (Some(false), _) => told.push(format!("Kafka has no topic {topic}")),
        (Some(true), Some(0)) => told.push("has all that Kafka has".to_owned()),
        (Some(true), Some(lag)) => told.push(format!("{lag} messages behind Kafka")),
        _ => {}
    }
    match &source.valid_through {
        Some(through) => told.push(format!("complete up to {through}")),
        None if source.partitions.iter().any(|one| one.position.is_some()) => {
            told.push("not yet read from all partitions".to_owned());
        }
        None => {}
    }
    if source.quarantined > 0 {
        told.push(format!("{} quarantined", source.quarantined));
    }
    if let Some(last) = &source.last_commit {
        let at = last.at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
        told.push(format!("last commit{at}, version {}", last.version));
    }
    format!("{name} ({topic}): {}", told.join("; "))
}

const HEADINGS: [&str; 10] = [
    "partition",
    "kafka first",
    "kafka end",
    "lake position",
    "lag",
    "last commit",
    "version",
    "quarantined",
    "complete up to",
    "",
];

fn partitions(partitions: &[PartitionStanding]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_style(TableComponent::HeaderLines, '─').set_header(HEADINGS);
    for one in partitions {
        let number = |number: Option<i64>| right(number.map_or("-".to_owned(), |number| number.to_string()));
        let last = one.last_commit.as_ref();
        table.add_row(vec![
            number(Some(one.partition.into())),
            number(one.kafka_first),
            number(one.kafka_end),
            number(one.position),
            number(one.lag_messages),
            Cell::new(last.and_then(|last| last.at.as_deref()).unwrap_or("-")),
            right(last.map_or("-".to_owned(), |last| last.version.to_string())),
            number(Some(one.quarantined)),
            Cell::new(one.valid_through.as_deref().unwrap_or("-")),
            Cell::new(one.remark.as_deref().unwrap_or_default()),
        ]);
    }
    table
}

fn right(text: String) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::standing::LastCommit;

    fn source() -> SourceStanding {
        SourceStanding {
            source: "telephony".to_owned(),
            topic: "telephony.events".to_owned(),
            topic_exists: Some(true),
            files: 0,
            lag_messages: Some(0),
            quarantined: 0,
            valid_through: None,
            last_commit: None,
            partitions: Vec::new(),
        }
    }

    #[test]
    fn a_line_says_how_far_a_source_is() {
        let never = SourceStanding { topic_exists: Some(false), lag_messages: None, ..source() };
        assert_eq!(
            summary(&never),
            "telephony (telephony.events): nothing seen yet; Kafka has no topic telephony.events"
        );
        let waits = SourceStanding { lag_messages: Some(12), ..source() };
        assert_eq!(summary(&waits), "telephony (telephony.events): nothing seen yet; 12 messages behind Kafka");
        let last_commit = Some(LastCommit { version: 7, at: Some("2026-03-02T09:00:00Z".to_owned()) });
        let known = SourceStanding {
            files: 2,
            quarantined: 3,
            valid_through: Some("2026-03-02T08:59:58Z".to_owned()),
            last_commit,
            topic_exists: None,
            lag_messages: None,
            ..source()
        };
        assert_eq!(
            summary(&known),
            "telephony (telephony.events): from 2 files only; complete up to 2026-03-02T08:59:58Z; 3 quarantined; \
             last commit at 2026-03-02T09:00:00Z, version 7"
        );
    }
}
