//! Categories and interventions: what is said of them, and what is wrong with it.

use super::{SAID_AT, accepted, day, refused};
use schemas::{Event, Value};

const TOML: &str = r#"
[[category]]
system = "fixmystreet"
category = "Pothole"
subject_group = "highways"
service_area = "highways"
social_care = false
effective_from = 2024-09-16

[[intervention]]
name = "FixMyStreet launched"
happened_on = 2024-09-16
affects = ["chaser_contacts", "channel_mix"]
source_doc = "Report, paragraph 20"

[[intervention]]
name = "Opening hours extended"
happened_on = 2026-02-01
"#;

const CATEGORIES: &str = "\
system,category,subject_group,service_area,social_care,effective_from
fixmystreet,Pothole,highways,highways,false,2024-09-16
";

const INTERVENTIONS: &str = "\
name,happened_on,affects,source_doc
FixMyStreet launched,2024-09-16,channel_mix; chaser_contacts,\"Report, paragraph 20\"
Opening hours extended,2026-02-01,,
";

#[test]
fn what_they_say() {
    let events = accepted("council.toml", TOML);
    let affects = vec!["channel_mix".to_owned(), "chaser_contacts".to_owned()];
    let expected = [
        Event::new("category_mapped")
            .with("reference_id", "category:Pothole")
            .with("category_system", "fixmystreet")
            .with("category", "Pothole")
            .with("subject_group", "highways")
            .with("service_area", "highways")
            .with("social_care", false)
            .with("effective_from", day("2024-09-16")),
        Event::new("intervention_logged")
            .with("reference_id", "intervention:FixMyStreet launched")
            .with("name", "FixMyStreet launched")
            .with("happened_on", day("2024-09-16"))
            .with("affects", affects)
            .with("source_doc", "Report, paragraph 20"),
        Event::new("intervention_logged")
            .with("reference_id", "intervention:Opening hours extended")
            .with("name", "Opening hours extended")
            .with("happened_on", day("2026-02-01")),
    ];
    assert_eq!(events.len(), expected.len());
    for (event, expected) in events.iter().zip(expected) {
        let id = event.fields["event_id"].clone();
        let said_at = Value::TimestampMicros(SAID_AT);
        let expected = expected.with("event_id", id).with("occurred_at", said_at).with("source", "reference");
        assert_eq!(*event, expected);
        event.to_record().unwrap();
    }
}

#[test]
fn csv_says_the_same() {
    let mut events = accepted("categories.csv", CATEGORIES);
    events.extend(accepted("interventions.csv", INTERVENTIONS));
    assert_eq!(events, accepted("council.toml", TOML));
    let without = TOML.replace("happened_on = 2026-02-01", "happened_on = 2026-02-01\naffects = []");
    assert_eq!(accepted("council.toml", &without), events);
}

/// The only problem of the file when one of its lines is another.
fn problem(line: &str, instead: &str) -> String {
    assert!(TOML.contains(line), "{line}");
    let mut problems = refused("council.toml", TOML.replacen(line, instead, 1).as_bytes());
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

#[test]
fn what_is_wrong_with_them() {
    let affects = "line 13, intervention 1, `affects`: found";
    for (line, instead, expected) in [
        (
            "\"fixmystreet\"",
            "\"fixmystret\"",
            "line 3, category 1, `system`: found `fixmystret`, expected one of `webform`, `fixmystreet` (did you \
             mean `fixmystreet`?)"
                .to_owned(),
        ),
        (
            "system = \"fixmystreet\"\n",
            "",
            "line 2, category 1, `system`: found nothing, expected a value".to_owned(),
        ),
        (
            "= false",
            "= \"no\"",
            "line 7, category 1, `social_care`: found `no`, expected true or false".to_owned(),
        ),
        ("[\"chaser_contacts\",", "[7,", format!("{affects} the number 7, expected a text in quotes")),
        ("[\"chaser_contacts\",", "[\"\",", format!("{affects} nothing, expected a text in quotes")),
        (
            "[\"chaser_contacts\",",
            "[\"channel_mix\",",
            format!("{affects} `channel_mix` twice, expected each once"),
        ),
        (
            "[\"chaser_contacts\", \"channel_mix\"]",
            "true",
            format!("{affects} true, expected a list, each item a text in quotes"),
        ),
        (
            "happened_on = 2026-02-01",
            "",
            "line 16, intervention 2, `happened_on`: found nothing, expected a value".to_owned(),
        ),
    ] {
        assert_eq!(problem(line, instead), expected);
    }
    // A file has the shorter name of the key, and no other.
    let found = refused("council.toml", TOML.replace("system =", "category_system =").as_bytes());
    assert_eq!(
        found,
        [
            "line 2, category 1, `system`: found nothing, expected a value",
            "line 3, category 1: found an unknown key `category_system`, expected `system`, `category`, \
             `subject_group`, `service_area`, `social_care`, `effective_from`",
        ]
    );
}

#[test]
fn the_same_matter_twice() {
    let twice = format!("{CATEGORIES}fixmystreet,Pothole,roads,roads,true,2024-09-16\n");
    assert_eq!(
        refused("categories.csv", twice.as_bytes()),
        ["line 3: found what line 2 is about, again, expected each system and category and effective_from once"]
    );
    // The same name in another system, and the same from another day on.
    let other = format!(
        "{CATEGORIES}webform,Pothole,roads,roads,true,2024-09-16\nfixmystreet,Pothole,roads,roads,true,2025-04-01\n"
    );
    assert_eq!(accepted("categories.csv", &other).len(), 3);
    let again = format!("{INTERVENTIONS}Opening hours extended,2026-03-01,,\n");
    assert_eq!(
        refused("interventions.csv", again.as_bytes()),
        ["line 4: found what line 3 is about, again, expected each name once"]
    );
}
