//! The contacts of an explanation, and their events, as text. Pure.

use crate::explaining::explanation::{Contact, Explanation, Group};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What counts, in which way, and what was left out.
pub(super) fn text(explanation: &Explanation) -> String {
    let contacts = &explanation.contacts;
    let mut out = format!("\nWhat counts: {} ({})\n", contacts.model_title, contacts.model);
    for (what, conditions) in
        [("to count", &contacts.conditions), ("to count in the numerator", &contacts.numerator_conditions)]
    {
        if !conditions.is_empty() {
            let _ = writeln!(out, "  {what}: {}", conditions.join(", and "));
        }
    }
    let counted = match (contacts.numerator_conditions.is_empty(), explanation.unit.as_str()) {
        (true, _) => "count",
        (false, _) => "count in the numerator",
    };
    for (what, group) in [
        (counted, &contacts.counted),
        ("count in the denominator only", &contacts.denominator_only),
        ("were left out", &contacts.left_out),
    ] {
        out.push_str(&told_group(what, group));
    }
    match contacts.adds_up {
        Some(true) => out.push_str("\nWhat they add is the published number.\n"),
        Some(false) => out.push_str(
            "\nWhat they add is NOT the published number. Was it published by another build? \
             `switchboard verify` compares the whole epoch with its events.\n",
        ),
        None => out.push_str("\nThe parts of a month are worked out from all of them together.\n"),
    }
    out
}

fn told_group(what: &str, group: &Group) -> String {
    if group.count == 0 {
        return String::new();
    }
    let mut out = format!("\n{} {what}", group.count);
    if !group.unmet.is_empty() {
        let _ = write!(out, "; not met: {}", unmet(&group.unmet));
    }
    let shown = group.shown.len();
    if shown < group.count {
        let _ = write!(out, " ({shown} shown)");
    }
    out.push('\n');
    group.shown.iter().for_each(|contact| out.push_str(&told_contact(contact)));
    out
}

fn told_contact(contact: &Contact) -> String {
    let adds = contact.adds.iter().map(|(part, number)| format!("{part} {number}"));
    let adds: Vec<String> = adds.collect();
    let mut out = format!("  {}", pairs(&contact.key));
    if !adds.is_empty() {
        let _ = write!(out, "; adds {}", adds.join(", "));
    }
    if !contact.unmet.is_empty() {
        let _ = write!(out, "; not met: {}", contact.unmet.join(", "));
    }
    let _ = writeln!(out, "\n    {}", pairs(&contact.decided_by));
    for row in &contact.rows {
        let _ = writeln!(out, "    row: {}", pairs(row));
    }
    contact.events.iter().for_each(|event| out.push_str(&told_event(event)));
    out
}

fn told_event(event: &Json) -> String {
    let text = |name: &str| match &event[name] {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    };
    let says = event["says"].as_object().into_iter().flatten();
    let says: Vec<String> =
        says.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default())).collect();
    let mut out = format!(
        "      {} ({}) {} from {}, {} {} {}",
        text("local_time"),
        text("occurred_at"),
        text("event_type"),
        text("source"),
        short(&text("topic")),
        text("partition"),
        text("offset")
    );
    match text("standing").as_str() {
        "repeat" => out.push_str("; the same event once more"),
        "conflict" => out.push_str("; the same id with other content, one of them counts"),
        _ => {}
    }
    if !text("corrects").is_empty() {
        let _ = write!(out, "; corrects {}", text("corrects"));
    }
    if !text("corrected_by").is_empty() {
        let _ = write!(out, "; does not count: {} is corrected by {}", text("event_id"), text("corrected_by"));
    }
    let _ = writeln!(out, "\n        {}", says.join(" "));
    out
}

/// A topic; of a file's hash only the beginning, which tells it from others.
fn short(topic: &str) -> String {
    match topic.strip_prefix("file/").and_then(|hash| hash.get(..12)) {
        Some(begin) => format!("file/{begin}…"),
        None => topic.to_owned(),
    }
}

/// Conditions, with how many do not meet each.
pub(super) fn unmet(unmet: &BTreeMap<String, usize>) -> String {
    unmet.iter().map(|(condition, count)| format!("{condition} ({count})")).collect::<Vec<_>>().join(", ")
}

fn pairs(cells: &BTreeMap<String, String>) -> String {
    cells.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}
