//! Stories: events as lines that a person can read, write and check by hand.
//!
//! ```text
//! # instant              subject    event type        field=value …
//! 2026-01-01T00:00:00Z   queue:TAX  queue_mapped      queue_id=TAX service_area=council_tax social_care=false effective_from=2026-01-01
//! 2026-03-02T09:00:00Z   c1         queue_entered     queue_id=TAX
//! 2026-03-02T09:00:42Z   c1         contact_answered  agent=ana wait_ms=42000 queue_id=TAX
//! ```
//!
//! Values are read by the field's kind in the catalogue: `true`, `42`, `2026-03-02`, `81.5`, a list
//! as `a,b`; `"in quotes"` where there are blanks. Fields that every event must have and that rarely
//! matter are filled, see [`read`]. The id of an event comes from its line, so a line that stands
//! twice is one event sent twice. `id=<label>` names an event, `supersedes=<label>` corrects it.

use schemas::{Event, Field, FieldKind, catalogue};
use serde_json::{Map, Value as Json, json};

/// Fields that are filled where the event type requires them and the line is silent.
const FILLED: [(&str, &str); 25] = [
    ("source", "story"),
    // Telephony.
    ("channel", "voice"),
    ("direction", "inbound"),
    ("initiation_method", "inbound"),
    ("ended_by", "unknown"),
    ("reason_code", "other"),
    ("manual_log_created", "false"),
    ("assisted_digital", "false"),
    // Web forms.
    ("assisted", "false"),
    ("started_by", "citizen"),
    ("step_id", "step"),
    ("step_no", "1"),
    ("field_id", "field"),
    ("rule", "required"),
    ("attempt", "1"),
    ("completion", "completed"),
    ("target_system", "case_system"),
    ("error_class", "other"),
    // FixMyStreet.
    ("non_public", "false"),
    ("external_system", "case_system"),
    ("send_method", "Open311"),
    ("author_role", "staff"),
    ("mark_fixed", "false"),
    ("mark_open", "false"),
    ("automated", "false"),
];

/// The events of a story, in the order of its lines.
///
/// Filled where required and absent: the fields above; `contact_id` is the subject,
/// `queue_visit_id`, `submission_id` and `update_id` the subject and `/1`, `queue_name` the `queue_id`;
/// lists are empty.
///
/// # Errors
/// A sentence with the line and what is wrong in it.
pub fn read(text: &str) -> Result<Vec<Event>, String> {
    let mut events = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let event = words(line).and_then(|words| event(&words));
        events.extend(event.map_err(|problem| format!("line {}: {problem}: {line}", index + 1))?);
    }
    Ok(events)
}

/// Splits at blanks outside quotes, up to a word that begins with `#`.
fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for letter in line.chars() {
        let word_is_empty = words.last().is_none_or(String::is_empty);
        match letter {
            '"' => quoted = !quoted,
            '#' if !quoted && word_is_empty => break,
            blank if blank.is_whitespace() && !quoted => words.push(String::new()),
            other => words.last_mut().into_iter().for_each(|word| word.push(other)),
        }
    }
    words.retain(|word| !word.is_empty());
    if quoted { Err("a quote is not closed".to_owned()) } else { Ok(words) }
}

fn event(words: &[String]) -> Result<Option<Event>, String> {
    let (occurred_at, subject, event_type, assignments) = match words {
        [] => return Ok(None),
        [occurred_at, subject, event_type, assignments @ ..] => (occurred_at, subject, event_type, assignments),
        _ => return Err("expected: instant, subject, event type, field=value …".to_owned()),
    };
    let (source, known) = catalogue().event_type(event_type).ok_or(format!("no event type `{event_type}`"))?;
    let mut given = vec![("occurred_at", occurred_at.as_str()), (source.subject.as_str(), subject)];
    for assignment in assignments {
        given.push(assignment.split_once('=').ok_or(format!("`{assignment}` is not field=value"))?);
    }
    let label = given.iter().position(|(name, _)| *name == "id").map(|at| given.remove(at).1);
    let mut object = Map::new();
    for (name, text) in &given {
        let field = known.fields.iter().find(|field| field.name == *name);
        let value = value(field.ok_or(format!("{event_type} has no field `{name}`"))?, text);
        if object.insert((*name).to_owned(), value).is_some() {
            return Err(format!("`{name}` is given twice"));
        }
    }
    for field in known.fields.iter().filter(|field| !field.nullable) {
        if let (false, Some(text)) = (object.contains_key(&field.name), filling(field, subject, &given)) {
            object.insert(field.name.clone(), value(field, &text));
        }
    }
    let id = match label {
        Some(label) => labelled(label),
        None => {
            let source = object.get("source").and_then(Json::as_str).unwrap_or_default();
            schemas::event_id(source, event_type, &format!("{subject}/{}", words.join(" "))).to_string()
        }
    };
    object.insert("event_id".to_owned(), Json::String(id));
    Event::from_json(event_type, &Json::Object(object)).map(Some).map_err(|error| error.to_string())
}

/// The value as the JSON that [`Event::from_json`] takes, which also refuses what does not fit.
fn value(field: &Field, text: &str) -> Json {
    let read = |parsed: Option<Json>| parsed.unwrap_or_else(|| json!(text));
    match field.kind {
        FieldKind::Long | FieldKind::Int => read(text.parse().ok().map(|number: i64| json!(number))),
        FieldKind::Boolean => read(text.parse().ok().map(|flag: bool| json!(flag))),
        FieldKind::Id => Json::String(labelled(text)),
        FieldKind::TextList => text.split(',').filter(|item| !item.is_empty()).collect(),
        FieldKind::Text | FieldKind::Timestamp | FieldKind::Date | FieldKind::Decimal => json!(text),
    }
}

fn filling(field: &Field, subject: &str, given: &[(&str, &str)]) -> Option<String> {
    match field.name.as_str() {
        "case_refs" | "dimensions" | "bodies" => Some(String::new()),
        "contact_id" => Some(subject.to_owned()),
        "queue_visit_id" | "submission_id" | "update_id" => Some(format!("{subject}/1")),
        "queue_name" => given.iter().find(|(name, _)| *name == "queue_id").map(|(_, queue)| (*queue).to_owned()),
        name => FILLED.iter().find(|(filled, _)| *filled == name).map(|(_, text)| (*text).to_owned()),
    }
}

/// The id of the event that a story calls by this label.
fn labelled(label: &str) -> String {
    schemas::event_id("story", "id", label).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use schemas::Value;

    const ANSWERED: &str = "2026-03-02T09:00:42Z c1 contact_answered agent=\"ana b\" wait_ms=42000 queue_id=TAX";

    #[test]
    fn a_line_is_an_event_of_the_catalogue() {
        let events = read(&format!("# comment\n\n{ANSWERED} # and more")).unwrap();
        let [event] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(event.event_type, "contact_answered");
        assert_eq!(event.fields["occurred_at"], Value::TimestampMicros(1_772_442_042_000_000));
        assert_eq!(event.fields["wait_ms"], Value::Number(42_000));
        assert_eq!(event.text("agent"), Some("ana b"));
        assert_eq!(event.subject(), "c1");
        let filled = ["source", "contact_id", "queue_visit_id"].map(|field| event.text(field).unwrap());
        assert_eq!(filled, ["story", "c1", "c1/1"]);
    }

    #[test]
    fn reference_events_are_told_the_same_way() {
        let text = "2026-01-01T00:00:00Z queue:TAX queue_mapped queue_id=TAX service_area=council_tax \
                    social_care=false answer_target_seconds=120 effective_from=2026-01-01";
        let event = read(text).unwrap().remove(0);
        assert_eq!(event.subject(), "queue:TAX");
        assert_eq!(event.fields["effective_from"], Value::Date(20_454));
        assert_eq!(event.fields["social_care"], Value::Boolean(false));
    }

    #[test]
    fn every_source_is_told_the_same_way() {
        let text = "2026-03-02T09:00:00Z f1 form_started form_id=band_review customer_account=a1
                    2026-03-02T09:05:00Z f1 form_submitted case_refs=case:1,case:2
                    2026-03-02T10:00:00Z r1 report_created category=\"Missed bin\"
                    2026-03-02T10:01:00Z r1 report_confirmed latitude=51.2362
                    2026-03-03T10:00:00Z r1 state_changed to_state=\"fixed - council\"";
        let events = read(text).unwrap();
        assert_eq!(events.iter().map(Event::subject).collect::<Vec<_>>(), ["f1", "f1", "r1", "r1", "r1"]);
        assert_eq!(events[0].fields["assisted"], Value::Boolean(false));
        assert_eq!(events[1].fields["case_refs"], Value::TextList(vec!["case:1".into(), "case:2".into()]));
        assert_eq!(events[1].text("submission_id"), Some("f1/1"));
        // Not required, so not filled: nobody said who brought the report.
        assert_eq!((events[2].text("category"), events[2].text("channel")), (Some("Missed bin"), None));
        assert_eq!(events[3].fields["latitude"], Value::Decimal(512_362));
        assert_eq!(events[4].text("to_state"), Some("fixed - council"));
    }

    #[test]
    fn ids_follow_the_line_or_the_label() {
        let twice =
            read(&format!("{ANSWERED}\n  {}", ANSWERED.replace(' ', "  ").replace("ana  b", "ana b"))).unwrap();
        assert_eq!(twice[0], twice[1]);
        let labelled = read(&format!("{ANSWERED} id=a\n{ANSWERED} id=b supersedes=a")).unwrap();
        assert_ne!(labelled[0].fields["event_id"], labelled[1].fields["event_id"]);
        assert_eq!(labelled[0].fields["event_id"], labelled[1].fields["supersedes"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, expected) in [
            ("2026-03-02T09:00:00Z c1", "line 1: expected: instant"),
            ("\n2026-03-02T09:00:00Z c1 contact_lost", "line 2: no event type `contact_lost`"),
            ("2026-03-02T09:00:00Z c1 queue_entered queue=TAX", "queue_entered has no field `queue`"),
            ("2026-03-02T09:00:00Z c1 queue_entered", "field `queue_id` is required"),
            ("2026-03-02T09:00:00Z c1 contact_answered wait_ms=soon", "\"soon\" is not a whole number"),
            ("today c1 queue_entered queue_id=TAX", "\"today\" is not a time"),
            ("2026-03-02T09:00:00Z c1 queue_entered queue_id=\"TAX", "a quote is not closed"),
        ] {
            let problem = read(text).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        }
    }
}
