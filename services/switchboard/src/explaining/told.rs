//! An explanation as text for people. Pure.

mod contacts;

use crate::explaining::asked::nearest;
use crate::explaining::explanation::{Explanation, Group, Row};
use comfy_table::{Cell, CellAlignment, Table, TableComponent, presets};
use queries::MadeOf;
use serde_json::Value as Json;
use std::fmt::Write as _;

/// The whole answer.
pub(crate) fn text(explanation: &Explanation) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write!(out, "{}{}", heading(explanation), made_up(explanation));
    let _ = write!(out, "{}{}", contacts::text(explanation), definition(explanation));
    let _ = write!(out, "{}", provenance(explanation));
    out
}

/// Why things make no number: how many were left out, and by which conditions; nothing where some count.
pub(crate) fn left_out(made_of: &MadeOf) -> Option<String> {
    let things: Vec<_> = made_of.things.iter().filter(|thing| thing.adds.is_none()).collect();
    if things.is_empty() || things.len() < made_of.things.len() {
        return None;
    }
    let Group { count, unmet, .. } = Group::of(&things, Vec::new());
    Some(format!("all {count} rows of {} were left out, not met: {}", made_of.model, contacts::unmet(&unmet)))
}

/// What there is instead of a value of a dimension that is not there; nothing where it is.
pub(crate) fn instead_of(name: &str, value: &str, names: &[&str]) -> Option<String> {
    if names.is_empty() || names.contains(&value) {
        return None;
    }
    let meant = nearest(value, names).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Some(format!("of {name} there is {} then{meant}", names.join(", ")))
}

fn heading(explanation: &Explanation) -> String {
    let Explanation { title, question, first_day, last_day, time_zone, .. } = explanation;
    let days = if first_day == last_day { first_day.clone() } else { format!("{first_day} to {last_day}") };
    let slice = explanation.slice.iter().map(|(name, value)| format!(", {name} {value}")).collect::<String>();
    let mut out = format!("{title}, {days}{slice} ({time_zone})\n{question}\n\n");
    match explanation.published.as_slice() {
        [one] => {
            let _ = writeln!(out, "  {}", value(one, &explanation.kind));
        }
        many => out.push_str(&table(many)),
    }
    let _ = writeln!(
        out,
        "  epoch {}, published at {}, as of {}; final {} d after the last day's end",
        explanation.epoch, explanation.published_at, explanation.as_of, explanation.definition.settles_after_days
    );
    for row in &explanation.targets {
        let slice = if cell(row, "slice").is_empty() { "all".to_owned() } else { cell(row, "slice") };
        let met = match row.get("meets_target") {
            Some(Json::Bool(true)) => ", met",
            Some(Json::Bool(false)) => ", not met",
            _ => "",
        };
        let stated = |number: &str, status: &str| {
            format!("{} ({})", or_none(&plain(&cell(row, number))), or_none(&cell(row, status)))
        };
        let _ = writeln!(
            out,
            "  for {slice}: value {}, target {}{met}, baseline {}",
            cell(row, "value"),
            stated("target", "target_status"),
            stated("baseline", "baseline_status")
        );
    }
    out
}

/// The value with its parts in words: `81.25 %: 13 of 16, final`.
fn value(row: &Row, kind: &str) -> String {
    let (unit, status) = (cell(row, "unit"), cell(row, "status"));
    if kind == "distribution" {
        let [count, median, p90, longest] = ["count", "median", "p90", "longest"].map(|name| cell(row, name));
        return format!("median {median} {unit}, 90th percentile {p90}, longest {longest}, of {count}; {status}");
    }
    let (numerator, denominator) = (cell(row, "numerator"), cell(row, "denominator"));
    let parts = match unit.as_str() {
        "percent" => format!(": {numerator} of {denominator}"),
        "seconds" => format!(": {numerator} ms over {denominator}"),
        _ => String::new(),
    };
    let value = match cell(row, "value") {
        none if none.is_empty() => "no value, nothing to divide by".to_owned(),
        value => format!("{} {}", plain(&value), words(&unit)),
    };
    format!("{}{parts}; {status}", value.trim_end())
}

fn made_up(explanation: &Explanation) -> String {
    let mut out = String::new();
    for (name, rows) in &explanation.by_dimension {
        let _ = writeln!(out, "\nBy {}", name.replace('_', " "));
        out.push_str(&table(rows));
    }
    out
}

fn definition(explanation: &Explanation) -> String {
    let definition = &explanation.definition;
    let mut out = format!("\nDefinition, version {}\n", definition.version);
    for line in definition.text.lines() {
        let _ = writeln!(out, "  {line}");
    }
    for (name, number) in &definition.parameters {
        let _ = writeln!(out, "  {name} = {number}");
    }
    let _ = writeln!(out, "  follows: {}\n  owner: {}", definition.standard, definition.owner);
    for change in &definition.changes {
        let _ = writeln!(
            out,
            "  version {} of {}: {}",
            change["version"],
            change["date"].as_str().unwrap_or_default(),
            change["why"].as_str().unwrap_or_default()
        );
    }
    let _ = writeln!(out, "  SQL: queries/kpis/{}.sql", explanation.kpi);
    out
}

fn provenance(explanation: &Explanation) -> String {
    let versions = explanation.table_versions.iter().map(|(name, version)| format!("{name} {version}"));
    let mut out = format!("\nRead from, by version: {}\n", versions.collect::<Vec<_>>().join(", "));
    for source in &explanation.completeness {
        let text = |name: &str| source[name].as_str().unwrap_or_default().to_owned();
        let (last, through) = (text("last_event_at"), text("valid_through"));
        if last.is_empty() {
            let _ = writeln!(out, "  {}: nothing seen yet", text("source"));
            continue;
        }
        let through = match through.is_empty() {
            true => text("no_time_because"),
            false => format!("complete up to what Kafka held at {through}"),
        };
        let _ = writeln!(
            out,
            "  {}: {} rows, newest event {last}, {through}; {} quarantined, {} repeated, {} with conflicting contents, {} corrected",
            text("source"),
            source["rows"],
            source["quarantined"],
            source["repeats"],
            source["conflicts"],
            source["superseded"]
        );
    }
    out
}

/// The columns of a table, in this order, as far as its rows have them.
const COLUMNS: [&str; 15] = [
    "service_area",
    "service_class",
    "queue",
    "channel",
    "subject_group",
    "part",
    "value",
    "unit",
    "numerator",
    "denominator",
    "count",
    "median",
    "p90",
    "longest",
    "status",
];

/// Rows as a table, numbers to the right.
fn table(rows: &[Row]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let names: Vec<&str> = COLUMNS.into_iter().filter(|name| first.contains_key(*name)).collect();
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_style(TableComponent::HeaderLines, '─').set_header(names.clone());
    for row in rows {
        table.add_row(names.iter().map(|name| {
            let text = match *name {
                "value" => plain(&cell(row, name)),
                _ => cell(row, name),
            };
            let is_number = row.get(*name).is_some_and(Json::is_number) || *name == "value";
            Cell::new(text).set_alignment(if is_number { CellAlignment::Right } else { CellAlignment::Left })
        }));
    }
    format!("{table}\n")
}

/// A cell as text; empty for null.
fn cell(row: &Row, name: &str) -> String {
    match row.get(name) {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A decimal without the zeros at its end.
fn plain(number: &str) -> String {
    match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => number.to_owned(),
    }
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "none".to_owned() } else { text.replace('_', " ") }
}

fn words(unit: &str) -> &str {
    match unit {
        "percent" => "%",
        "seconds" => "s",
        "count" => "",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(cells: Json) -> Row {
        cells.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn a_value_is_told_with_its_parts() {
        for (kind, cells, told) in [
            (
                "ratio",
                json!({"value": "81.2500", "unit": "percent", "numerator": 13, "denominator": 16, "status": "final"}),
                "81.25 %: 13 of 16; final",
            ),
            (
                "ratio",
                json!({"value": "60.0000", "unit": "seconds", "numerator": 120_000, "denominator": 2, "status": "final"}),
                "60 s: 120000 ms over 2; final",
            ),
            (
                "ratio",
                json!({"value": null, "unit": "percent", "numerator": 0, "denominator": 0, "status": "provisional"}),
                "no value, nothing to divide by: 0 of 0; provisional",
            ),
            (
                "count",
                json!({"value": "100.0000", "unit": "count", "numerator": 100, "status": "final"}),
                "100; final",
            ),
        ] {
            assert_eq!(value(&row(cells), kind), told);
        }
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is() {
        let told = instead_of("queue", "tax", &["PS", "TAX"]);
        assert_eq!(told.as_deref(), Some("of queue there is PS, TAX then; did you mean `TAX`?"));
        assert_eq!(instead_of("queue", "TAX", &["PS", "TAX"]), None);
        assert_eq!(instead_of("queue", "TAX", &[]), None);
    }
}
