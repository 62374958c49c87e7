//! The example files that are handed out.

use super::options;
use crate::reference::read;
use chrono::{Datelike, NaiveDate, Weekday};
use schemas::{Event, Value};
use std::fs;
use std::path::{Path, PathBuf};
use toml::Table;

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn example(name: &str) -> Vec<Event> {
    let said = read(&[checkout().join("deploy/reference").join(name)], &options());
    let said = said.unwrap_or_else(|error| panic!("{error}"));
    let events: Vec<Event> = said.into_iter().map(|said| said.event).collect();
    for event in &events {
        event.to_record().unwrap();
    }
    events
}

#[test]
fn a_council() {
    let events = example("council.example.toml");
    let ids: Vec<&str> = events.iter().map(Event::subject).collect();
    let expected = [
        "queue:TAX",
        "queue:ADULT_SC",
        "queue:HIGHWAYS",
        "target:wait_asa",
        "target:wait_asa",
        "target:abandon_rate",
        "target:sla_answered",
        "target:fcr_agent",
        "target:repeat_rate",
        "baseline:wait_asa",
        "baseline:wait_asa",
        "baseline:abandon_rate",
        "baseline:sla_answered",
        "baseline:fcr_agent",
        "baseline:repeat_rate",
        "category:bulky_waste",
        "category:care_assessment",
        "category:Pothole",
        "calendar:england-and-wales",
        "intervention:FixMyStreet launched",
        "coverage:Customer Centre",
        "coverage:Adult social care duty desk",
        "count:face_to_face",
        "count:web_visit",
    ];
    assert_eq!(ids, expected);
    assert_eq!(example("queues.example.csv"), events[..3], "the same queues as CSV");
    assert_eq!(example("categories.example.csv"), events[15..18], "the same categories as CSV");
    assert_eq!(example("counts.example.csv"), events[22..], "the same counts as CSV");
    let values: Vec<_> = events[3..15].iter().map(|event| event.fields.get("value").cloned()).collect();
    let percent_or_seconds =
        [60_0000, 120_0000, 6_0000, 75_0000, 85_0000, 0, 77_0000, 199_0000, 15_2000, 70_0000, 81_0000, 0];
    let expected = percent_or_seconds.map(|units| (units != 0).then_some(Value::Decimal(units)));
    assert_eq!(values, expected);
}

/// As far as a measure is defined, the example speaks of it in its own unit, direction and slices.
#[test]
fn the_measures_are_those_that_are_defined() {
    const NOT_YET: [&str; 6] = [
        "repeat_rate",
        "csat",
        "complaints_stage1_in_time",
        "customer_effort_score",
        "email_response_time",
        "online_uptake",
    ];
    let mut defined = 0;
    for event in [example("council.example.toml"), example("programme_measures.toml")].concat() {
        let Some(kpi) = event.text("kpi") else { continue };
        let path = checkout().join("queries/kpis").join(format!("{kpi}.toml"));
        if NOT_YET.contains(&kpi) && !path.exists() {
            continue;
        }
        defined += 1;
        let definition: Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        if event.event_type == "measure_published" {
            continue;
        }
        assert_eq!(event.text("unit"), definition["unit"].as_str(), "{kpi}");
        if let Some(direction) = event.text("direction") {
            assert_eq!(Some(direction), definition["direction"].as_str(), "{kpi}");
        }
        let Some(Value::TextList(slice)) = event.fields.get("dimensions") else { continue };
        let dimensions = definition["dimensions"].as_array().unwrap();
        for part in slice {
            let name = part.split('=').next().unwrap();
            assert!(dimensions.iter().any(|dimension| dimension.as_str() == Some(name)), "{kpi}: {part}");
        }
    }
    assert!(defined >= 20);
}

/// Of the days there is an easy check: none of them is a weekend, as substitutes are given for those.
#[test]
fn the_holidays_are_eight_weekdays_a_year() {
    let events = example("council.example.toml");
    let calendar = events.iter().find(|event| event.event_type == "calendar_loaded").unwrap();
    let Some(Value::TextList(dates)) = calendar.fields.get("dates") else { panic!("{calendar:?}") };
    for year in ["2025", "2026"] {
        assert_eq!(dates.iter().filter(|date| date.starts_with(year)).count(), 8, "{year}");
    }
    for date in dates {
        let weekday = date.parse::<NaiveDate>().unwrap().weekday();
        assert!(!matches!(weekday, Weekday::Sat | Weekday::Sun), "{date}");
    }
}

#[test]
fn the_week_of_calls() {
    let events = example("calls_week.example.toml");
    let queues: Vec<&str> = events.iter().filter_map(|event| event.text("queue_id")).collect();
    assert_eq!(queues, ["PS", "NW", "NE", "TT", "IN", "PE"]);
    for event in &events {
        assert_eq!(event.fields["social_care"], Value::Boolean(false));
        assert_eq!(event.fields["answer_target_seconds"], Value::Number(120));
        assert_eq!(event.fields["short_abandon_ms"], Value::Number(5000));
        assert_eq!(event.fields["effective_from"], super::day("1999-01-01"));
    }
}
