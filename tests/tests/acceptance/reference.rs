//! `switchboard reference load`: what would change, what has changed, and what is refused.

use crate::delta;
use crate::world::{World, checkout};
use serde_json::json;
use std::fs;

const COUNCIL: &str = r#"[[queue]]
queue_id = "TAX"
service_area = "council_tax"
social_care = false
answer_target_seconds = 120
effective_from = 2024-04-01

[[calendar]]
division = "scotland"
dates = [2026-01-01, 2026-01-02]
"#;

const COVERAGE: &str = "\
call_centre,channel,in_scope,observed_by,effective_from
Customer Centre,voice,true,telephony-main,2024-04-01
Duty desk,voice,false,,2024-04-01
";

fn world() -> World {
    let world = World::new();
    fs::write(world.path("council.toml"), COUNCIL).unwrap();
    fs::write(world.path("coverage.csv"), COVERAGE).unwrap();
    world
}

const LOAD: [&str; 4] = ["reference", "load", "council.toml", "coverage.csv"];

fn dry_run(world: &World) -> String {
    world.succeeds(&[&LOAD[..], &["--dry-run"]].concat())
}

const ALL_NEW: &str = "\
council.toml: 2 new
  line 1, queue TAX, 2024-04-01: new
  line 8, calendar scotland: new
coverage.csv: 2 new
  line 2, coverage Customer Centre, voice, 2024-04-01: new
  line 3, coverage Duty desk, voice, 2024-04-01: new
";

const NOTHING_NEW: &str = "\
council.toml: says nothing new, 2 as before
  line 1, queue TAX, 2024-04-01: as before
  line 8, calendar scotland: as before
coverage.csv: says nothing new, 2 as before
  line 2, coverage Customer Centre, voice, 2024-04-01: as before
  line 3, coverage Duty desk, voice, 2024-04-01: as before
";

#[test]
fn a_load_shows_what_changes_and_a_dry_run_changes_nothing() {
    let world = world();
    assert_eq!(dry_run(&world), format!("{ALL_NEW}Dry run: nothing was loaded; 4 statements would be\n"));
    assert!(!world.lake().exists(), "a dry run makes no lake");
    assert_eq!(world.succeeds(&LOAD), format!("{ALL_NEW}4 statements loaded; they show at the next refresh\n"));
    let table = world.lake().join("reference_events");
    let version = delta::version(&table);

    assert_eq!(world.succeeds(&LOAD), format!("{NOTHING_NEW}Nothing new: nothing was loaded\n"));
    assert_eq!(dry_run(&world), format!("{NOTHING_NEW}Nothing new: nothing would be loaded\n"));
    assert_eq!(delta::version(&table), version, "what is as before is not said again");

    fs::write(world.path("council.toml"), COUNCIL.replace("120", "90").replace("01-02]", "01-05]")).unwrap();
    let changed = "council.toml: 2 changed\n  \
                   line 1, queue TAX, 2024-04-01: `answer_target_seconds` from 120 to 90\n  \
                   line 8, calendar scotland: `dates` from 2026-01-02 to 2026-01-05\n";
    let told = dry_run(&world);
    assert!(told.starts_with(changed), "{told}");
    assert!(told.ends_with("Dry run: nothing was loaded; 2 statements would be\n"), "{told}");
    assert_eq!(delta::version(&table), version);
    let told = world.succeeds(&LOAD);
    assert!(told.starts_with(changed), "{told}");
    assert!(told.ends_with("2 statements loaded; they show at the next refresh\n"), "{told}");
    assert_eq!(delta::version(&table), version + 1, "all files are one commit");

    world.refresh();
    assert_eq!(world.number("SELECT count(*) AS events FROM reference_events"), 6);
    assert_eq!(world.number("SELECT answer_target_ms FROM queue_map"), 90_000);
    let holidays = world.sql("SELECT CAST(holiday AS VARCHAR) AS holiday FROM public_holidays ORDER BY holiday");
    assert_eq!(holidays, ["2026-01-01", "2026-01-05"].map(|day| json!({"holiday": day})));
    let covered = world.sql("SELECT call_centre, in_scope FROM coverage ORDER BY call_centre");
    let expected = [("Customer Centre", true), ("Duty desk", false)];
    assert_eq!(covered, expected.map(|(centre, in_scope)| json!({"call_centre": centre, "in_scope": in_scope})));
}

#[test]
fn one_wrong_line_refuses_all_files() {
    let world = world();
    fs::write(world.path("coverage.csv"), COVERAGE.replace("true", "yes")).unwrap();
    fs::write(world.path("council.toml"), COUNCIL.replace("2024-04-01", "\"01/04/2024\"")).unwrap();
    let expected = "error: council.toml: nothing was loaded, because of one problem\n  \
                    line 6, queue 1, `effective_from`: found `01/04/2024`, expected a day such as 2026-04-01\n\
                    coverage.csv: nothing was loaded, because of one problem\n  \
                    line 2, `in_scope`: found `yes`, expected true or false\n";
    for arguments in [&LOAD[..], &[&LOAD[..], &["--dry-run"]].concat()] {
        let told = world.fails(arguments);
        assert!(told.ends_with(expected), "{told}");
    }
    fs::write(world.path("council.toml"), COUNCIL).unwrap();
    let told = world.fails(&LOAD);
    assert!(told.contains("coverage.csv: nothing was loaded") && !told.contains("council.toml"), "{told}");
    assert!(!world.lake().exists());
    let told = world.fails(&["reference", "load", "no-such-file.toml"]);
    assert!(told.contains("cannot read no-such-file.toml"), "{told}");
    let told = world.fails(&["reference", "load", "council.toml", "./council.toml"]);
    assert!(told.contains("found what line 1 of council.toml is about, again"), "{told}");
}

/// The newest statement holds: one that is already there and of a later instant would outdo what is
/// loaded now, and nobody would see why it does not show.
#[test]
fn a_statement_of_the_future_is_not_overlooked() {
    let world = world();
    let file = world.path("council.avro");
    let file = file.to_str().unwrap();
    let future = ["--from", "2099-01-01", "--months", "1", "--contacts-per-month", "100"];
    world.succeeds(&[&["simulate"][..], &future, &["--out", file]].concat());
    world.succeeds(&["import", "events", file, "--to", "lake"]);
    let example = checkout().join("deploy/reference/council.example.toml");
    let output = world.run(&["reference", "load", example.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        out.contains(
            "calendar england-and-wales: outdone by what was said at 2099-01-01T00:00:00Z, no earlier than now"
        ),
        "{out}"
    );
    assert!(error.contains("some in the lake are newer than now; check the clocks"), "{error}");
}
