//! FixMyStreet's reports: every rule of the mapping worked by hand, every refusal, every oddity.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod exports;
mod files;
mod mapping;
mod places;
mod refusals;
mod states;

use super::{FixMyStreetReports, ImportOptions, Oddity, Refusal, Row};
use csv::Writer;
use schemas::{Event, Value, event_id};

/// The dashboard's columns, in its order, with the three that only some sites have.
const HEADING: [&str; 25] = [
    "Report ID",
    "Title",
    "Detail",
    "User Name",
    "Category",
    "Subcategory",
    "Created",
    "Confirmed",
    "Acknowledged",
    "Fixed",
    "Closed",
    "Status",
    "Latitude",
    "Longitude",
    "Query",
    "Ward",
    "Easting",
    "Northing",
    "Report URL",
    "Device Type",
    "Site Used",
    "Reported As",
    "Subscribers",
    "External ID",
    "Staff User",
];

/// 2024-10-01T09:00:00 in London is summer time, 08:00:00 UTC, 1,727,769,600 s since 1970.
const NINE: i64 = 1_727_769_600_000_000;
/// 2024-11-01T00:00:00Z.
const EXPORTED_AT: i64 = 1_730_419_200;

fn options() -> ImportOptions {
    let source = "fixmystreet".to_owned();
    ImportOptions { source, time_zone: chrono_tz::Europe::London, exported_at_seconds: EXPORTED_AT }
}

/// Report 7, open since five past nine, with some cells in place of the usual ones.
fn cells(others: &[(&str, &str)]) -> Vec<String> {
    let usual = [
        ("Report ID", "7"),
        ("Title", "Hole by the school"),
        ("Detail", "It is deep.\n\"Very\" deep, says Eve."),
        ("User Name", "Ada Lovelace"),
        ("Category", "Potholes"),
        ("Created", "2024-10-01T09:00:00"),
        ("Confirmed", "2024-10-01T09:05:00"),
        ("Status", "confirmed"),
        ("Latitude", "51.24786"),
        ("Longitude", "-0.42058"),
        ("Query", "GU1 1AA"),
        ("Ward", "Holy Trinity"),
        ("Easting", "510307"),
        ("Northing", "150877"),
        ("Report URL", "https://example.org/report/7"),
        ("Device Type", "website"),
        ("Site Used", "surrey"),
        ("Subscribers", "3"),
    ];
    for (column, _) in others {
        assert!(HEADING.contains(column), "{column}");
    }
    let cell = |name: &&str| others.iter().chain(&usual).find(|(column, _)| column == name).map(|(_, cell)| *cell);
    HEADING.iter().map(|name| cell(name).unwrap_or_default().to_owned()).collect()
}

fn file(rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(HEADING).unwrap();
    rows.iter().for_each(|row| writer.write_record(row).unwrap());
    writer.into_inner().unwrap()
}

fn read(bytes: &[u8]) -> Vec<Row> {
    FixMyStreetReports::new(bytes, options()).unwrap().collect::<Result<_, _>>().unwrap()
}

/// The events and oddities of one row. Every event must fit its schema.
fn accepted_by(options: ImportOptions, others: &[(&str, &str)]) -> (Vec<Event>, Vec<Oddity>) {
    let bytes = file(&[cells(others)]);
    match FixMyStreetReports::new(bytes.as_slice(), options).unwrap().next().unwrap().unwrap() {
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

fn accepted(others: &[(&str, &str)]) -> (Vec<Event>, Vec<Oddity>) {
    accepted_by(options(), others)
}

/// The event of this type of one row.
fn event(event_type: &str, others: &[(&str, &str)]) -> Event {
    let (events, _) = accepted(others);
    let mut found = events.into_iter().filter(|event| event.event_type == event_type);
    let event = found.next().unwrap_or_else(|| panic!("no {event_type}"));
    assert!(found.next().is_none(), "{event_type} twice");
    event
}

fn types(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.event_type.as_str()).collect()
}

/// Why one row is refused.
fn refused(others: &[(&str, &str)]) -> Refusal {
    match read(&file(&[cells(others)])).remove(0) {
        Row::Events { .. } => panic!("accepted: {others:?}"),
        Row::Refused(refused) => {
            assert_eq!(refused.line, 2);
            refused.reason
        }
    }
}

fn at(seconds_past_nine: i64) -> Value {
    Value::TimestampMicros(NINE + seconds_past_nine * 1_000_000)
}

/// An event of report 7 with its envelope and these fields, nulls left out. `told` is what makes its
/// id beside the report and the time.
fn expected(event_type: &str, seconds_past_nine: i64, told: &[&str], fields: &[(&str, Value)]) -> Event {
    let when = (NINE + seconds_past_nine * 1_000_000).to_string();
    let key = [&["7", when.as_str()], told].concat().join("\u{1f}");
    let envelope = [
        ("event_id", Value::Id(event_id("fixmystreet", event_type, &key))),
        ("occurred_at", at(seconds_past_nine)),
        ("source", "fixmystreet".into()),
        ("report_id", "7".into()),
    ];
    let fields = envelope.iter().chain(fields).map(|(name, value)| ((*name).to_owned(), value.clone()));
    Event { event_type: event_type.to_owned(), fields: fields.collect() }
}

fn without_nulls(events: Vec<Event>) -> Vec<Event> {
    let filled = |event: Event| {
        let fields = event.fields.into_iter().filter(|(_, value)| *value != Value::Null).collect();
        Event { event_type: event.event_type, fields }
    };
    events.into_iter().map(filled).collect()
}
