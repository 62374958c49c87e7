//! Calendars of public holidays: as a table, as a row, and as they are published.

use super::{accepted, refused};
use schemas::{Event, Value};

const TOML: &str = r#"[[calendar]]
division = "england-and-wales"
dates = [2018-01-01, "2018-03-30", 2018-12-25]
"#;

/// The published file, shortened.
const PUBLISHED: &str = r#"{
  "england-and-wales": {
    "division": "england-and-wales",
    "events": [
      {"title": "New Year\u2019s Day", "date": "2018-01-01", "notes": "", "bunting": true},
      {"title": "Good Friday", "date": "2018-03-30", "notes": "", "bunting": false},
      {"title": "Christmas Day", "date": "2018-12-25", "notes": "", "bunting": true}
    ]
  },
  "scotland": {
    "division": "scotland",
    "events": [{"title": "2nd January", "date": "2018-01-02", "notes": "", "bunting": true}]
  }
}"#;

fn dates(event: &Event) -> &[String] {
    let Some(Value::TextList(dates)) = event.fields.get("dates") else { panic!("{event:?}") };
    dates
}

#[test]
fn each_form_says_the_same() {
    let events = accepted("bank-holidays.json", PUBLISHED);
    let divisions: Vec<_> = events.iter().map(|event| (event.event_type.as_str(), event.subject())).collect();
    assert_eq!(
        divisions,
        [("calendar_loaded", "calendar:england-and-wales"), ("calendar_loaded", "calendar:scotland")]
    );
    assert_eq!(dates(&events[0]), ["2018-01-01", "2018-03-30", "2018-12-25"]);
    assert_eq!(dates(&events[1]), ["2018-01-02"]);
    assert_eq!(accepted("calendar.toml", TOML), events[..1]);
    let csv = "division,dates,source_doc\nengland-and-wales,2018-12-25;2018-01-01; 2018-03-30,\n";
    assert_eq!(accepted("calendar.csv", csv), events[..1], "in order of the days");
    let with_mark = format!("\u{feff}{}", PUBLISHED.replace('\n', "\r\n"));
    assert_eq!(accepted("holidays.JSON", &with_mark), events);
}

#[test]
fn calendars_that_are_wrong() {
    let found = |instead: &str| refused("calendar.toml", TOML.replace("2018-12-25", instead).as_bytes());
    let of_dates = |what: &str| vec![format!("line 3, calendar 1, `dates`: found {what}")];
    assert_eq!(found("\"25/12/2018\""), of_dates("`25/12/2018`, expected a day such as 2026-12-25"));
    assert_eq!(found("2018-01-01"), of_dates("`2018-01-01` twice, expected each once"));
    assert_eq!(
        found("2018-12-25T00:00:00"),
        of_dates("the time 2018-12-25T00:00:00, expected a day such as 2026-12-25")
    );
    let whole = |dates: &str| {
        let (before, _) = TOML.split_once("dates").unwrap();
        refused("calendar.toml", format!("{before}{dates}\n").as_bytes())
    };
    assert_eq!(whole("dates = []"), of_dates("an empty list, expected a day such as 2026-12-25"));
    assert_eq!(
        whole("dates = 2018"),
        of_dates("the number 2018, expected a list, each item a day such as 2026-12-25")
    );
    assert_eq!(whole(""), ["line 1, calendar 1, `dates`: found nothing, expected a value"]);
    let wales = TOML.replace("england-and-wales", "wales");
    assert_eq!(
        refused("calendar.toml", wales.as_bytes()),
        ["line 2, calendar 1, `division`: found `wales`, expected one of `england-and-wales`, `scotland`, \
          `northern-ireland`"]
    );
    assert_eq!(
        refused("calendar.toml", format!("{TOML}{TOML}").as_bytes()),
        ["line 4, calendar 2: found what line 1 is about, again, expected each division once"]
    );
}

#[test]
fn published_files_that_are_wrong() {
    let found = |line: &str, instead: &str| {
        assert!(PUBLISHED.contains(line), "{line}");
        refused("holidays.json", PUBLISHED.replacen(line, instead, 1).as_bytes())
    };
    assert_eq!(
        found("\"2018-12-25\"", "\"2018-12-32\""),
        ["line 2, calendar `england-and-wales`, `dates`: found `2018-12-32`, expected a day such as 2026-12-25"]
    );
    assert_eq!(
        found("\"division\": \"scotland\"", "\"division\": \"northern-ireland\""),
        ["line 10: found the division `northern-ireland` under `scotland`, expected the same name twice"]
    );
    for (line, instead, place) in [
        ("\"date\": \"2018-12-25\", ", "", "line 7: found another file (missing field `date`"),
        ("{\"title\": \"2nd", "[{\"title\": \"2nd", "line 12: found another file (invalid"),
        ("\"events\": [", "\"events\": {", "line 4: found another file (invalid type"),
    ] {
        let problems = found(line, instead);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with(place), "{problems:?}");
        assert!(problems[0].contains("expected the published file of bank holidays: {"), "{problems:?}");
    }
    assert!(refused("holidays.json", b"{}")[0].starts_with("line 1: found no division, expected the published"));
    assert!(refused("holidays.json", b"")[0].starts_with("line 1: found another file (EOF"));
}
