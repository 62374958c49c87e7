//! A council's export from FixMyStreet's dashboard, to the model `reports`: the right reports, states
//! and channels, and no name or text of a resident anywhere but in the file of refused rows.

use crate::delta;
use crate::world::World;
use serde_json::{Value as Json, json};
use std::fs;

const HEADING: &str = "Report ID,Title,Detail,User Name,Category,Subcategory,Created,Confirmed,Acknowledged,Fixed,\
    Closed,Status,Latitude,Longitude,Query,Ward,Easting,Northing,Report URL,Device Type,Site Used,Reported As,\
    Subscribers,External ID\n";

/// Open, with quotes and line breaks in what the resident wrote. Lines 2 to 4.
const OPEN: &str = "101,Hole by the school,\"It is deep.\n\"\"Very\"\" deep, says Eve.\n\",Ada Lovelace,Roads,\
    Potholes,2024-10-01T09:00:00,2024-10-01T09:05:00,,,,confirmed,51.24786,-0.42058,GU1 1AA,Holy Trinity,510307,\
    150877,https://surrey.example/report/101,website,surrey,,0,\n";
/// Written down by staff for a caller, and fixed.
const BY_STAFF: &str = "102,Lamp out,Dark here,Ada Lovelace,Street lighting,,2024-10-02 10:00:00,\
    2024-10-02 10:00:00,2024-10-03 09:00:00,2024-10-04 15:30:00,,fixed - council,51.3,-0.5,,Onslow,,,\
    https://surrey.example/report/102,desktop,surrey,another_user,2,Zendesk_1234\n";
/// From a system of the council, with northing and easting where degrees belong.
const IMPORTED: &str = "103,Pothole,Seen on inspection,Highways,Roads,Potholes,2024-10-02T11:00:00,\
    2024-10-02T11:00:00,2024-10-02T12:00:00,,,planned,164194,507323,,Walton,507323,164194,\
    https://surrey.example/report/103,Open311,surrey,,0,Zendesk_555\n";
/// In a state that only this council has.
const OWN_STATE: &str = "104,Skip,On the kerb,Ada Lovelace,Skips,,2024-10-03T08:00:00,2024-10-03T08:00:00,\
    2024-10-05T08:00:00,,,Awaiting Permit,51.2,-0.6,,Onslow,,,https://surrey.example/report/104,mobile,surrey,,0,\n";
const HIDDEN: &str = "105,Names somebody,Rude words,Ada Lovelace,Other,,2024-10-03T09:00:00,2024-10-03T09:00:00,,,,\
    hidden,51.2,-0.6,,Onslow,,,https://surrey.example/report/105,website,surrey,,0,\n";
const DUPLICATE: &str = "106,Hole again,The same hole,Ada Lovelace,Roads,Potholes,2024-10-04T09:00:00,\
    2024-10-04T09:00:00,2024-10-04T10:00:00,,2024-10-04T10:00:00,duplicate,51.24787,-0.42058,,Holy Trinity,,,\
    https://surrey.example/report/106,PWA (mobile),surrey,,0,\n";
/// On no earth and off the grid. Line 10.
const NOWHERE: &str = "107,Hole,Far away,Ada Lovelace,Roads,Potholes,2024-10-04T09:00:00,2024-10-04T09:00:00,,,,\
    confirmed,1641940,507323,,,,,https://surrey.example/report/107,website,surrey,,0,\n";
/// Open as some sites show it, confirmed at a time that the clock showed twice; 00:30 UTC is taken.
const LATE_AT_NIGHT: &str = "108,Noise,Loud,Ada Lovelace,Other,,2024-10-27T00:59:00,2024-10-27T01:30:00,,,,Open,\
    51.2,-0.6,,Onslow,,,https://surrey.example/report/108,iOS,surrey,,0,\n";

/// The export of 1 November, with report 101 twice.
pub(crate) fn first_export() -> String {
    let rows = [OPEN, BY_STAFF, IMPORTED, OWN_STATE, HIDDEN, DUPLICATE, NOWHERE, OPEN, LATE_AT_NIGHT];
    format!("{HEADING}{}", rows.concat())
}

/// The export of 8 November: 101 is fixed, 104 is looked into, 109 is new, 106 is as it was.
fn second_export() -> String {
    let fixed = OPEN.replace(",,,,confirmed,", ",2024-11-05T09:00:00,2024-11-05T10:00:00,,fixed - user,");
    let looked_into = OWN_STATE.replace("Awaiting Permit", "investigating");
    let new = OPEN.replace("101", "109").replace("2024-10-01", "2024-11-07");
    format!("{HEADING}{}", [fixed.as_str(), &looked_into, DUPLICATE, &new].concat())
}

fn import(world: &World, name: &str, text: &str, exported_at: &str) -> String {
    fs::write(world.path(name), text).unwrap();
    let arguments = ["import", "fixmystreet", name, "--source", "fixmystreet", "--time-zone", "Europe/London"];
    world.succeeds(&[&arguments[..], &["--to", "lake", "--exported-at", exported_at]].concat())
}

fn states(world: &World) -> Vec<Json> {
    world.sql("SELECT report_id, state, state_class, channel, is_made FROM reports ORDER BY report_id")
}

fn state(report_id: &str, state: &str, state_class: &str, channel: &str, is_made: bool) -> Json {
    json!({
        "report_id": report_id, "state": state, "state_class": state_class, "channel": channel, "is_made": is_made,
    })
}

#[test]
fn an_export_becomes_reports_with_their_states_and_channels() {
    let world = World::new();
    let told = import(&world, "reports.csv", &first_export(), "2024-11-01T00:00:00Z");
    // Two for each of the open ones, 101 and 108; five each for 102 and 103, which were sent or
    // imported besides; four each for 104 and 106; three for the hidden one.
    assert!(told.contains("9 rows read, 25 events made, 2 rows refused"), "{told}");
    assert!(told.contains("1 rows, in a state that is not FixMyStreet's own"), "{told}");
    assert!(told.contains("1 rows, with a place of the British National Grid"), "{told}");
    assert!(told.contains("1 rows, with a time that the clock showed twice"), "{told}");
    assert!(
        told.contains("line 10: `Latitude`") && told.contains("line 11: found the `Report ID` of line 2"),
        "{told}"
    );
    let again = import(&world, "reports.csv", &first_export(), "2024-11-02T00:00:00Z");
    assert!(again.contains("the lake holds this very file already"), "{again}");

    world.refresh();
    let counts = world.sql(
        "SELECT event_type, count(*) AS events FROM fixmystreet_events GROUP BY event_type ORDER BY event_type",
    );
    let count = |(event_type, events): (&str, i64)| json!({"event_type": event_type, "events": events});
    let expected = [
        ("report_confirmed", 7),
        ("report_created", 7),
        ("report_hidden", 1),
        ("report_imported", 1),
        ("report_sent", 1),
        ("state_changed", 4),
        ("update_posted", 4),
    ];
    assert_eq!(counts, expected.map(count));
    assert_eq!(
        states(&world),
        [
            state("101", "confirmed", "open", "fixmystreet", true),
            state("102", "fixed - council", "fixed", "assisted", true),
            state("103", "planned", "open", "back_office", false),
            state("104", "awaiting permit", "unknown", "fixmystreet", true),
            state("105", "hidden", "hidden", "fixmystreet", false),
            state("106", "duplicate", "closed", "fixmystreet", true),
            state("108", "confirmed", "open", "fixmystreet", true),
        ]
    );
    let one = |query: &str| world.number(&format!("SELECT count(*) FROM reports WHERE {query}"));
    assert_eq!(
        one(
            "report_id = '102' AND fixed_at = '2024-10-04T14:30:00Z' AND array_to_string(case_refs, ' ') = 'zendesk:1234'"
        ),
        1
    );
    assert_eq!(one("report_id = '102' AND acknowledged_at = '2024-10-03T08:00:00Z' AND ward = 'Onslow'"), 1);
    // By the map 51.37 N, 0.46 W.
    assert_eq!(
        one("report_id = '103' AND latitude BETWEEN 51.36 AND 51.38 AND longitude BETWEEN -0.47 AND -0.45"),
        1
    );
    assert_eq!(one("report_id = '106' AND is_duplicate AND closed_at = '2024-10-04T09:00:00Z'"), 1);
    assert_eq!(one("report_id = '108' AND confirmed_at = '2024-10-27T00:30:00Z' AND device = 'iOS'"), 1);
    assert_eq!(one("category = 'Potholes'"), 3);
}

#[test]
fn of_two_exports_the_newer_is_right_whichever_is_imported_first() {
    let exports = [
        ("first.csv", first_export(), "2024-11-01T00:00:00Z"),
        ("second.csv", second_export(), "2024-11-08T00:00:00Z"),
    ];
    for order in [[0, 1], [1, 0]] {
        let world = World::new();
        for (name, text, exported_at) in order.map(|place| &exports[place]) {
            import(&world, name, text, exported_at);
        }
        let told = world.succeeds(&["refresh", "--once"]);
        let fixmystreet = told.split("  fixmystreet: ").nth(1).unwrap();
        assert!(fixmystreet.contains("0 with conflicting contents"), "{told}");
        assert_eq!(
            states(&world),
            [
                state("101", "fixed - user", "fixed", "fixmystreet", true),
                state("102", "fixed - council", "fixed", "assisted", true),
                state("103", "planned", "open", "back_office", false),
                state("104", "investigating", "open", "fixmystreet", true),
                state("105", "hidden", "hidden", "fixmystreet", false),
                state("106", "duplicate", "closed", "fixmystreet", true),
                state("108", "confirmed", "open", "fixmystreet", true),
                state("109", "confirmed", "open", "fixmystreet", true),
            ]
        );
        let ends = world.sql(
            "SELECT report_id, fixed_at, closed_at FROM reports \
             WHERE fixed_at IS NOT NULL OR closed_at IS NOT NULL ORDER BY report_id",
        );
        assert_eq!(
            ends,
            [
                json!({"report_id": "101", "fixed_at": "2024-11-05T10:00:00Z"}),
                json!({"report_id": "102", "fixed_at": "2024-10-04T14:30:00Z"}),
                json!({"report_id": "106", "closed_at": "2024-10-04T09:00:00Z"}),
            ]
        );
    }
}

#[test]
fn names_and_texts_are_in_the_file_of_refused_rows_alone() {
    let world = World::new();
    fs::write(world.path("reports.csv"), first_export()).unwrap();
    let import = [
        "import",
        "fixmystreet",
        "reports.csv",
        "--source",
        "fixmystreet",
        "--time-zone",
        "Europe/London",
        "--to",
        "lake",
    ];
    let output =
        world.command(&import).env("SWITCHBOARD__LOG__LEVEL", "trace,buoyant_kernel=trace").output().unwrap();
    assert!(output.status.success());
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(
        told.contains("taken as exported at 20") && told.contains("rows added to fixmystreet_events"),
        "{told}"
    );
    let cells = delta::cells(&world.lake().join("fixmystreet_events")).join("\n");
    assert!(cells.contains("Potholes") && cells.contains("Onslow"), "nothing to search");
    for text in ["Ada Lovelace", "school", "deep", "Rude words", "GU1 1AA", "Far away", "1641940"] {
        assert!(!told.contains(text), "`{text}` is told\n{told}");
        assert!(!cells.contains(text), "`{text}` is in the lake");
    }
    let rejected = fs::read_to_string(world.path("reports.csv.rejected.csv")).unwrap();
    assert!(rejected.contains("Ada Lovelace") && rejected.contains("Far away"), "{rejected}");
    // Mended, the file of refused rows can be imported as it lies there.
    fs::write(world.path("mended.csv"), rejected.replace("1641940", "164194").replace("\n101,", "\n110,"))
        .unwrap();
    let mut mended = import;
    mended[2] = "mended.csv";
    let told = world.succeeds(&mended);
    assert!(told.contains("2 rows read, 4 events made, 0 rows refused"), "{told}");
    assert!(!told.contains("columns that are not known"), "{told}");
}

#[test]
fn files_that_are_no_export_of_reports_are_refused_whole() {
    let world = World::new();
    for (name, text, expected) in [
        (
            "updates.csv",
            "Report ID,Update ID,Date,Status,Problem state,Text,User Name,Reported As\n",
            "export of updates",
        ),
        ("unknown.csv", &HEADING.replace("Device Type", "Devices Type"), "did you mean `Device Type`"),
        ("row.csv", OPEN, "no known column"),
    ] {
        fs::write(world.path(name), text).unwrap();
        let arguments =
            ["import", "fixmystreet", name, "--source", "f", "--time-zone", "Europe/London", "--to", "lake"];
        let told = world.fails(&arguments);
        assert!(told.contains(name) && told.contains(expected) && !told.contains("Ada"), "{told}");
    }
}
