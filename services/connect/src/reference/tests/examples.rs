//! The example files that are handed out.

use super::options;
use crate::reference::read;
use schemas::{Event, Value};
use std::fs;
use std::path::{Path, PathBuf};
use toml::Table;

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn example(name: &str) -> Vec<Event> {
    let events = read(&checkout().join("deploy/reference").join(name), &options());
    let events = events.unwrap_or_else(|error| panic!("{error}"));
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
    ];
    assert_eq!(ids, expected);
    assert_eq!(example("queues.example.csv"), events[..3], "the same queues as CSV");
    let values: Vec<_> = events[3..].iter().map(|event| event.fields.get("value").cloned()).collect();
    let percent_or_seconds =
        [60_0000, 120_0000, 6_0000, 75_0000, 85_0000, 0, 77_0000, 199_0000, 15_2000, 70_0000, 81_0000, 0];
    let expected = percent_or_seconds.map(|units| (units != 0).then_some(Value::Decimal(units)));
    assert_eq!(values, expected);
}

/// As far as a measure is defined, the example speaks of it in its own unit, direction and slices.
#[test]
fn the_measures_are_those_that_are_defined() {
    let mut defined = 0;
    for event in example("council.example.toml") {
        let Some(kpi) = event.text("kpi") else { continue };
        let path = checkout().join("queries/kpis").join(format!("{kpi}.toml"));
        if kpi == "repeat_rate" && !path.exists() {
            continue;
        }
        defined += 1;
        let definition: Table = fs::read_to_string(&path).unwrap().parse().unwrap();
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
    assert!(defined >= 10);
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
