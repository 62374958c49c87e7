//! Every reason for which a row is refused, and what its text may say.

use super::super::Refusal;
use super::{file, read, refused, report};
use crate::call_records::Row;
use crate::rows::Fault;

const ARRIVED: &str = "2026-07-01T09:00:00";

/// A row that nothing is wrong with, but for the cell of one column.
fn with(column: &str, cell: &str) -> String {
    let cells = [
        ("call_id", "C1"),
        ("queue", "PS"),
        ("priority", "0"),
        ("arrived_at", ARRIVED),
        ("ivr_ended_at", "2026-07-01T09:00:05"),
        ("queue_entered_at", "2026-07-01T09:00:05"),
        ("queue_left_at", "2026-07-01T09:00:09"),
        ("answered_at", "2026-07-01T09:00:08"),
        ("ended_at", "2026-07-01T09:01:00"),
        ("outcome", "answered"),
        ("agent", "Avigail"),
        ("customer_id", "4711-X"),
    ];
    cells.map(|(name, usual)| if name == column { cell } else { usual }).join(",")
}

#[test]
fn empty_cells() {
    for column in ["call_id", "queue", "arrived_at", "outcome"] {
        assert_eq!(refused(&with(column, " ")), Fault::Empty { column }.into());
    }
    assert_eq!(refused(&with("queue", "")).to_string(), "`queue`: found nothing, expected a value");
}

#[test]
fn times_that_do_not_read() {
    let reason = |cell: &str| refused(&with("ended_at", cell)).to_string();
    assert_eq!(
        reason("8/3/99 9:05"),
        "`ended_at`: found a text of the form `9/9/99 9:99`, expected a time `YYYY-MM-DDTHH:MM:SS`"
    );
    assert_eq!(
        reason("2026-02-30T09:00:00"),
        "`ended_at`: found `2026-02-30T09:00:00`, expected a time `YYYY-MM-DDTHH:MM:SS`"
    );
    for cell in [
        "2026-07-01 09:00:00",
        "2026-7-1T09:00:00",
        "2026-07-01T09:00:60",
        "2026-07-01T24:00:00",
        "2026-07-01T09:00:00Z",
        "0000-07-01T09:00:00",
        "٢٠٢٦-07-01T09:0",
        "x",
    ] {
        assert!(
            matches!(refused(&with("ended_at", cell)), Refusal::Row(Fault::Time { column: "ended_at", .. })),
            "{cell}"
        );
    }
}

#[test]
fn a_time_that_the_clocks_skipped() {
    let reason = refused("C1,PS,0,2026-03-29T01:30:00,,,,,,abandoned_in_ivr,,");
    assert_eq!(
        reason.to_string(),
        "`arrived_at`: found `2026-03-29T01:30:00`, which the clocks of Europe/London skipped, \
         expected a time that they showed"
    );
}

#[test]
fn stages_that_end_before_they_begin() {
    assert_eq!(
        refused(&with("queue_left_at", "2026-07-01T09:00:03")).to_string(),
        "found `queue_left_at` 2 s before `queue_entered_at`, expected it at the same time or later"
    );
    assert_eq!(
        refused(&with("ended_at", "2026-07-01T09:00:07")),
        Refusal::Backwards { begin: "answered_at", end: "ended_at", by_seconds: 1 }
    );
}

#[test]
fn outcomes_and_the_times_that_they_need() {
    assert_eq!(
        refused(&with("outcome", "voicemail")).to_string(),
        "`outcome`: found `voicemail`, expected one of `answered`, `abandoned`, `abandoned_in_ivr`, `not_a_call`"
    );
    let missing = |outcome, column| Refusal::MissingTime { outcome, column };
    assert_eq!(refused(&with("answered_at", "")), missing("answered", "answered_at"));
    assert_eq!(refused(&with("ended_at", "")), missing("answered", "ended_at"));
    assert_eq!(refused("C1,PS,0,2026-07-01T09:00:00,,,,,,abandoned,,"), missing("abandoned", "queue_entered_at"));
    let half = |present, missing| Refusal::HalfVisit { present, missing };
    assert_eq!(refused(&with("queue_left_at", "")), half("queue_entered_at", "queue_left_at"));
    assert_eq!(refused(&with("queue_entered_at", "")), half("queue_left_at", "queue_entered_at"));
}

#[test]
fn priorities_that_are_no_number() {
    for cell in ["high", "1.5", "9999999999"] {
        assert!(matches!(refused(&with("priority", cell)), Refusal::Priority { .. }), "{cell}");
    }
}

#[test]
fn rows_that_cannot_be_taken_apart() {
    assert_eq!(refused("C1,PS,0"), Fault::FieldCount { found: 3, expected: 12 }.into());
    assert_eq!(refused(&with("agent", "a,b")), Fault::FieldCount { found: 13, expected: 12 }.into());
    assert_eq!(refused(&with("customer_id", "\"4711")), Refusal::OpenQuote);
    assert_eq!(refused(&with("agent", &"x".repeat(70_000))), Fault::TooLong.into());
    let mut bytes = file(&[&with("agent", "Zo?")]);
    let place = bytes.iter().position(|byte| *byte == b'?').unwrap();
    bytes[place] = 0xeb;
    let Row::Refused(one) = read(&bytes).remove(0) else { panic!("accepted") };
    assert_eq!(one.reason, Fault::NotUtf8.into());
    assert_eq!(&one.fields[10], b"Zo\xeb");
}

#[test]
fn a_call_twice_and_good_rows_beside_bad_ones() {
    let good = with("call_id", "C2");
    let open_quote = with("queue", "\"PS");
    let report = report(&file(&[&with("queue", ""), &with("", ""), "", &open_quote, &good, &good]));
    let refused: Vec<_> = report.refused.iter().map(|one| (one.line, one.reason.clone())).collect();
    let twice = Refusal::Duplicate { first_line: 6 };
    assert_eq!(refused, [(2, Fault::Empty { column: "queue" }.into()), (5, Refusal::OpenQuote), (7, twice)]);
    assert_eq!((report.rows_read, report.events_made), (5, 10));
}

#[test]
fn no_reason_names_anybody() {
    // Each column in turn holds the agent, the customer, or what a swapped column would hold.
    let columns = ["priority", "arrived_at", "queue_left_at", "answered_at", "ended_at", "outcome"];
    for column in columns {
        for cell in ["Avigail", "4711-X", "Moshe Levi", "07700900123"] {
            let reason = refused(&with(column, cell));
            assert!(!reason.to_string().contains(cell), "{reason}");
        }
    }
    let row = with("arrived_at", "yesterday");
    let Row::Refused(one) = read(&file(&[&row])).remove(0) else { panic!("accepted") };
    let shown = format!("{one:?} {}", one.reason);
    assert!(!shown.contains("Avigail") && !shown.contains("4711"), "{shown}");
    let swapped = "C1,PS,0,2026-07-01T09:00:00,,,,,,levi,levi,levi";
    assert!(!refused(swapped).to_string().contains("levi"));
}
