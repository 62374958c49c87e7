//! Files that are loaded, and what they say.

use super::{SAID_AT, accepted, day, load, options};
use crate::reference::{ReferenceError, ReferenceOptions, read};
use schemas::{Event, Value, event_id};
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

const TOML: &str = r#"
[[target]]
kpi = "sla_answered"
dimensions = { service_class = "other", channel = "voice" }
value = 75
unit = "percent"
direction = "higher"
rag_amber = "67.5"
effective_from = "2026-04-01"
status = "approved"

[[queue]]
queue_id = "TAX"
service_area = "council_tax"
social_care = false
answer_target_seconds = 120
short_abandon_ms = 0
effective_from = 2026-04-01

[[baseline]]
kpi = "abandon_rate"
dimensions = ["queue = TAX"]
value = "15.2"
unit = "percent"
period = "2024-25"
status = "available"
source_doc = "Report, appendix 3"

[[queue]]
queue_id = "ADULT_SC"
service_area = "adult_social_care"
social_care = true
effective_from = 2026-04-01
"#;

const QUEUES: &str = "\
# Queues.
queue_id,service_area,social_care,answer_target_seconds,short_abandon_ms,effective_from
TAX,council_tax,false,120,0,2026-04-01

ADULT_SC,adult_social_care,true,,,2026-04-01
";

const TARGETS: &str = "\
kpi,dimensions,value,unit,direction,rag_amber,effective_from,status
sla_answered,channel=voice; service_class=other,75,percent,higher,67.5,2026-04-01,approved
";

const BASELINES: &str = "\
kpi,dimensions,value,unit,period,status,source_doc
abandon_rate,queue=TAX,15.2,percent,2024-25,available,\"Report, appendix 3\"
";

#[test]
fn a_full_file_in_order() {
    let events = accepted("council.toml", TOML);
    let expected = [
        Event::new("target_set")
            .with("reference_id", "target:sla_answered")
            .with("kpi", "sla_answered")
            .with("dimensions", vec!["channel=voice".to_owned(), "service_class=other".to_owned()])
            .with("value", Value::Decimal(750_000))
            .with("unit", "percent")
            .with("direction", "higher")
            .with("rag_amber", Value::Decimal(675_000))
            .with("effective_from", day("2026-04-01"))
            .with("status", "approved"),
        Event::new("queue_mapped")
            .with("reference_id", "queue:TAX")
            .with("queue_id", "TAX")
            .with("service_area", "council_tax")
            .with("social_care", false)
            .with("answer_target_seconds", 120)
            .with("short_abandon_ms", 0)
            .with("effective_from", day("2026-04-01")),
        Event::new("baseline_set")
            .with("reference_id", "baseline:abandon_rate")
            .with("kpi", "abandon_rate")
            .with("dimensions", vec!["queue=TAX".to_owned()])
            .with("value", Value::Decimal(152_000))
            .with("unit", "percent")
            .with("period", "2024-25")
            .with("status", "available")
            .with("source_doc", "Report, appendix 3"),
        Event::new("queue_mapped")
            .with("reference_id", "queue:ADULT_SC")
            .with("queue_id", "ADULT_SC")
            .with("service_area", "adult_social_care")
            .with("social_care", true)
            .with("effective_from", day("2026-04-01")),
    ];
    assert_eq!(events.len(), expected.len());
    for (event, expected) in events.iter().zip(expected) {
        let id = event.fields["event_id"].clone();
        let expected = expected
            .with("event_id", id)
            .with("occurred_at", Value::TimestampMicros(SAID_AT))
            .with("source", "reference");
        assert_eq!(*event, expected);
        assert_eq!(event.subject(), event.text("reference_id").unwrap());
        event.to_record().unwrap();
    }
}

/// The very same events, ids included: a council may move from one form to the other.
#[test]
fn csv_says_the_same() {
    let by_id = |events: Vec<Event>| -> BTreeMap<String, Event> {
        events.into_iter().map(|event| (format!("{:?}", event.fields["event_id"]), event)).collect()
    };
    let mut events = Vec::new();
    for (name, text) in [("queues.csv", QUEUES), ("targets.CSV", TARGETS), ("baselines.csv", BASELINES)] {
        events.extend(accepted(name, text));
    }
    assert_eq!(by_id(events), by_id(accepted("council.TOML", TOML)));
}

#[test]
fn byte_order_marks_windows_line_ends_and_a_spreadsheets_empty_rows() {
    let queues = format!("\u{feff}{}", QUEUES.replace('\n', "\r\n").replace("\r\n\r\n", "\r\n,,,,,\r\n"));
    assert_eq!(accepted("queues.csv", &queues), accepted("queues.csv", QUEUES));
    let toml = format!("\u{feff}{}", TOML.replace('\n', "\r\n"));
    assert_eq!(accepted("council.toml", &toml), accepted("council.toml", TOML));
}

/// Columns in another order, and a slice that is none in each way of saying so.
#[test]
fn ways_of_writing_the_same() {
    let turned = |text: &str| -> String {
        let rows = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        rows.map(|row| row.split(',').rev().collect::<Vec<_>>().join(",") + "\n").collect()
    };
    assert_eq!(accepted("queues.csv", &turned(QUEUES)), accepted("queues.csv", QUEUES));

    let target = |dimensions: &str, value: &str| {
        let text = format!(
            "[[target]]\nkpi = \"x\"\nvalue = {value}\nunit = \"count\"\ndirection = \"neutral\"\n\
             effective_from = 2026-04-01\nstatus = \"proposed\"\n{dimensions}"
        );
        accepted("targets.toml", &text)
    };
    let whole = target("", "75");
    for dimensions in ["dimensions = []", "dimensions = {}", "[target.dimensions]"] {
        assert_eq!(target(dimensions, "\"75.0\""), whole, "{dimensions}");
    }
    let slice = target("dimensions = { channel = \"voice\", queue = \"TAX\" }", "75");
    for dimensions in [
        "dimensions = [\"queue=TAX\", \"channel=voice\"]",
        "dimensions = \"queue=TAX;channel=voice\"",
        "dimensions.queue = \"TAX\"\ndimensions.channel = \"voice\"",
        "[target.dimensions]\nqueue = \"TAX\"\nchannel = \"voice\"",
    ] {
        assert_eq!(target(dimensions, "0x4B"), slice, "{dimensions}");
    }
    assert_ne!(slice, whole);
}

#[test]
fn loaded_again_it_is_said_again() {
    let ids = |source: &str, said_at_micros: i64| -> Vec<Value> {
        let options = ReferenceOptions { source: source.to_owned(), said_at_micros };
        let events = load("council.toml", TOML.as_bytes(), &options).unwrap();
        events.iter().map(|event| event.fields["event_id"].clone()).collect()
    };
    let said = [ids("reference", SAID_AT), ids("reference", SAID_AT + 1), ids("other", SAID_AT)];
    let different: HashSet<String> = said.iter().flatten().map(|id| format!("{id:?}")).collect();
    assert_eq!(different.len(), 12);
    assert_eq!(ids("reference", SAID_AT), said[0], "said once, however often it is sent");
}

/// The key is part of every id that was ever given out: it must not change.
#[test]
fn the_id_is_that_of_the_time_and_the_content() {
    let events = accepted("queues.csv", QUEUES);
    let key = "1775034000000000/answer_target_seconds=3:120/effective_from=5:20544/queue_id=3:TAX\
               /service_area=11:council_tax/short_abandon_ms=1:0/social_care=5:false";
    assert_eq!(events[0].fields["event_id"], Value::Id(event_id("reference", "queue_mapped", key)));
}

/// A new statement about a queue from another day on is no duplicate, nor is another slice.
#[test]
fn different_matters_with_the_same_name() {
    let queues = "queue_id,service_area,social_care,effective_from\n\
                  TAX,council_tax,false,2026-04-01\nTAX,revenues,false,2026-10-01\n";
    assert_eq!(accepted("queues.csv", queues).len(), 2);
    let baselines = "kpi,dimensions,unit,status\nx,,count,not_available\nx,queue=A,count,not_available\n\
                     y,,count,being_established\n";
    assert_eq!(accepted("baselines.csv", baselines).len(), 3);
}

#[test]
fn what_cannot_be_opened() {
    let error = read(&[PathBuf::from("queues.xlsx")], &options()).unwrap_err();
    assert_eq!(error.to_string(), "queues.xlsx: expected a file whose name ends in `.toml`, `.csv` or `.json`");
    let error = read(&[PathBuf::from("no/such/file.toml")], &options()).unwrap_err();
    assert!(matches!(error, ReferenceError::Read { .. }), "{error}");
    let options = ReferenceOptions { said_at_micros: i64::MAX, ..options() };
    let error = load("queues.csv", QUEUES.as_bytes(), &options).unwrap_err();
    assert!(matches!(error, ReferenceError::Event(_)), "{error}");
}
