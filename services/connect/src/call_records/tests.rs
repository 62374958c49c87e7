//! Call records: every refusal, every oddity, and one row of each outcome worked by hand.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod files;
mod mapping;
mod refusals;

use super::{CallRecords, ImportOptions, Oddity, Refusal, Report, Row};
use schemas::Event;

const HEADING: &str = "call_id,queue,priority,arrived_at,ivr_ended_at,queue_entered_at,queue_left_at,answered_at,\
                       ended_at,outcome,agent,customer_id";

fn options() -> ImportOptions {
    ImportOptions { source: "telephony-main".to_owned(), time_zone: chrono_tz::Europe::London }
}

fn file(rows: &[&str]) -> Vec<u8> {
    let mut text = HEADING.to_owned();
    for row in rows {
        text.push('\n');
        text.push_str(row);
    }
    text.into_bytes()
}

fn read(bytes: &[u8]) -> Vec<Row> {
    CallRecords::new(bytes, options()).unwrap().collect::<Result<_, _>>().unwrap()
}

/// The events and oddities of one row. Every event must fit its schema.
fn accepted(row: &str) -> (Vec<Event>, Vec<Oddity>) {
    match read(&file(&[row])).remove(0) {
        Row::Events { line, events, oddities } => {
            assert_eq!(line, 2);
            for event in &events {
                event.to_record().unwrap();
            }
            (events, oddities)
        }
        Row::Refused(refused) => panic!("{refused:?}"),
    }
}

/// Why one row is refused.
fn refused(row: &str) -> Refusal {
    match read(&file(&[row])).remove(0) {
        Row::Events { .. } => panic!("accepted: {row}"),
        Row::Refused(refused) => {
            assert_eq!(refused.line, 2);
            refused.reason
        }
    }
}

fn report(bytes: &[u8]) -> Report {
    let mut report = Report::default();
    for row in read(bytes) {
        report.take(row);
    }
    report
}
