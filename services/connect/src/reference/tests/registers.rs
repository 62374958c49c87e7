//! Coverage, counts and published measures: what files say of them, and what is refused.

use super::{accepted, day, refused};
use schemas::{Event, Value};

const TOML: &str = r#"[[coverage]]
call_centre = "Customer Centre"
channel = "voice"
in_scope = true
observed_by = "telephony-main"
effective_from = 2024-04-01

[[count]]
channel = "face_to_face"
place = "County Hall"
first_day = 2023-04-01
last_day = 2024-03-31
contacts = 4700
published_as = "over 4,700"

[[measure]]
report = "Report, appendix 3"
number = 2
measure = "Average call wait time"
target_published = "60-120 s"
target_status = "approved"
baseline_published = "77-199 s"
baseline_status = "available"
current_published = "66-103 s"
current_status = "available"
reading = "The lower number is social care."
kpi = "wait_asa"
"#;

const COVERAGE: &str = "\
call_centre,channel,in_scope,observed_by,effective_from,source_doc
Customer Centre,voice,true,telephony-main,2024-04-01,
";

const COUNTS: &str = "\
channel,place,first_day,last_day,contacts,published_as,source_doc
face_to_face,County Hall,2023-04-01,2024-03-31,4700,\"over 4,700\",
";

const MEASURES: &str = "\
report,number,measure,target_published,target_status,baseline_published,baseline_status,current_published,\
current_status,reading,kpi
\"Report, appendix 3\",2,Average call wait time,60-120 s,approved,77-199 s,available,66-103 s,available,\
The lower number is social care.,wait_asa
";

#[test]
fn what_they_say_in_either_form() {
    let events = accepted("registers.toml", TOML);
    let expected = [
        Event::new("coverage_declared")
            .with("reference_id", "coverage:Customer Centre")
            .with("call_centre", "Customer Centre")
            .with("channel", "voice")
            .with("in_scope", true)
            .with("observed_by", "telephony-main")
            .with("effective_from", day("2024-04-01")),
        Event::new("volume_counted")
            .with("reference_id", "count:face_to_face")
            .with("channel", "face_to_face")
            .with("place", "County Hall")
            .with("first_day", day("2023-04-01"))
            .with("last_day", day("2024-03-31"))
            .with("contacts", 4700)
            .with("published_as", "over 4,700"),
        Event::new("measure_published")
            .with("reference_id", "measure:Average call wait time")
            .with("report", "Report, appendix 3")
            .with("number", 2)
            .with("measure", "Average call wait time")
            .with("target_published", "60-120 s")
            .with("target_status", "approved")
            .with("baseline_published", "77-199 s")
            .with("baseline_status", "available")
            .with("current_published", "66-103 s")
            .with("current_status", "available")
            .with("reading", "The lower number is social care.")
            .with("kpi", "wait_asa"),
    ];
    assert_eq!(events.len(), expected.len());
    for (event, expected) in events.iter().zip(expected) {
        let set = ["event_id", "occurred_at", "source"];
        let set = set.into_iter().fold(expected, |all, name| all.with(name, event.fields[name].clone()));
        assert_eq!(*event, set);
    }
    for (place, (name, csv)) in [("c.csv", COVERAGE), ("n.csv", COUNTS), ("m.csv", MEASURES)].iter().enumerate() {
        assert_eq!(accepted(name, csv), events[place..=place], "{name}");
    }
}

#[test]
fn what_is_refused() {
    let coverage = "expected one of `voice`, `email`, `chat`, `web_form`, `fixmystreet`, `face_to_face`, \
                    `web_visit`, `post`, `social_media`, `councillor_portal`";
    for (line, instead, expected) in [
        (
            "channel = \"voice\"",
            "channel = \"phone\"",
            format!("line 3, coverage 1, `channel`: found `phone`, {coverage}"),
        ),
        (
            "last_day = 2024-03-31",
            "last_day = 2023-03-31",
            "line 12, count 1, `last_day`: found the time 2023-03-31, before `first_day`, expected that day or a \
             later one"
                .to_owned(),
        ),
        (
            "contacts = 4700",
            "contacts = \"4,700\"",
            "line 13, count 1, `contacts`: found `4,700`, expected a whole number from 0 to 999999999999"
                .to_owned(),
        ),
        (
            "contacts = 4700",
            "contacts = -1",
            "line 13, count 1, `contacts`: found the number -1, expected a whole number from 0 to 999999999999"
                .to_owned(),
        ),
        (
            "target_status = \"approved\"",
            "target_status = \"see comment\"",
            "line 21, measure 1, `target_status`: found `see comment`, expected one of `approved`, `proposed`, \
             `tbd`"
                .to_owned(),
        ),
        (
            "baseline_published = \"77-199 s\"\n",
            "",
            "line 16, measure 1, `baseline_published`: found nothing, expected what the report writes, because \
             `baseline_status` is `available`"
                .to_owned(),
        ),
    ] {
        assert!(TOML.contains(line), "{line}");
        assert_eq!(refused("registers.toml", TOML.replace(line, instead).as_bytes()), [expected]);
    }
    let one_day = TOML.replace("last_day = 2024-03-31", "last_day = 2023-04-01");
    assert_eq!(accepted("registers.toml", &one_day)[1].fields["last_day"], day("2023-04-01"));
    let visits = TOML.replace("4700\n", "2_900_000\n");
    assert_eq!(accepted("registers.toml", &visits)[1].fields["contacts"], Value::Number(2_900_000));
}

/// Erasure is not available yet: nothing else may be called so.
#[test]
fn erasure_is_no_table_of_a_file() {
    let found = refused("erasure.toml", b"[[erasure]]\ncustomer = \"x\"\n");
    assert!(found[0].starts_with("line 1: found an unknown table `erasure`, expected tables"), "{found:?}");
}
