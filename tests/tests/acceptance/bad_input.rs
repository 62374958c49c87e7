//! What goes wrong for a person gets a sentence that says what to do, and nothing is lost.

use crate::broker::Broker;
use crate::kafka::Writer;
use crate::world::World;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

const HEADING: &str = "call_id,queue,priority,arrived_at,ivr_ended_at,queue_entered_at,queue_left_at,answered_at,ended_at,outcome,agent,customer_id\n";
const GOOD: &str = "c1,TAX,0,2026-03-02T09:00:00,2026-03-02T09:00:12,2026-03-02T09:00:12,2026-03-02T09:00:54,2026-03-02T09:00:54,2026-03-02T09:04:12,answered,ana,42\n";

fn import(file: &str) -> [&str; 9] {
    ["import", "calls", file, "--source", "t", "--time-zone", "Europe/London", "--to", "lake"]
}

#[test]
fn bad_rows_are_refused_with_line_and_reason_and_the_good_ones_go_through() {
    let world = World::new();
    let rows = [
        ("c2,TAX,0,2026-03-02 9am,,,,,,abandoned_in_ivr,,\n", "arrived_at"),
        ("c3,TAX,0,2026-03-29T01:30:00,,,,,,abandoned_in_ivr,,\n", "arrived_at"),
        (
            "c4,TAX,0,2026-03-02T09:00:00,,2026-03-02T09:01:00,2026-03-02T09:00:00,,2026-03-02T09:01:00,abandoned,,\n",
            "queue_left_at",
        ),
        ("c5,TAX,0,2026-03-02T09:00:00,,,,2026-03-02T09:05:00,2026-03-02T09:04:00,answered,bea,43\n", "ended_at"),
        ("c1,TAX,0,2026-03-02T09:00:00,,,,,,abandoned_in_ivr,,\n", "call_id"),
    ];
    let text: String = [HEADING, GOOD].into_iter().chain(rows.iter().map(|row| row.0)).collect();
    fs::write(world.path("calls.csv"), text).unwrap();
    let told = world.succeeds(&import("calls.csv"));
    assert!(told.contains("6 rows read, 5 events made, 5 rows refused"), "{told}");
    let rejected = fs::read_to_string(world.path("calls.csv.rejected.csv")).unwrap();
    for (number, (row, column)) in rows.iter().enumerate() {
        let line = number + 3;
        assert!(told.contains(&format!("line {line}: ")), "line {line} is not told\n{told}");
        let kept =
            rejected.lines().find(|kept| kept.starts_with(row.trim_end())).unwrap_or_else(|| panic!("{rejected}"));
        assert!(kept.contains(&format!(",{line},")) && kept.contains(column), "{kept}");
    }
    world.refresh();
    assert_eq!(world.number("SELECT count(*) FROM calls"), 1);
}

#[test]
fn files_that_are_no_call_records_are_refused_whole() {
    let world = World::new();
    for (name, bytes, expected) in [
        ("empty.csv", Vec::new(), "empty"),
        ("unknown.csv", HEADING.replace("priority", "prioritty").into_bytes(), "priority"),
        ("missing.csv", HEADING.replace("queue,", "").into_bytes(), "queue"),
        ("latin1.csv", b"call_id,qu\xe9ue\n".to_vec(), "UTF-8"),
    ] {
        fs::write(world.path(name), bytes).unwrap();
        let told = world.fails(&import(name));
        assert!(told.contains(name) && told.contains(expected), "{told}");
    }
    let told = world.fails(&import("nowhere.csv"));
    assert!(told.contains("nowhere.csv"), "{told}");
}

#[test]
fn each_missing_piece_is_named_with_what_to_do() {
    let world = World::new();
    fs::write(world.path("calls.csv"), format!("{HEADING}{GOOD}")).unwrap();
    let told = world.fails(&["refresh", "--once"]);
    assert!(told.contains("no lake here yet"), "{told}");
    let told = world.fails(&["ingest", "--until-caught-up"]);
    assert!(told.contains("127.0.0.1:1") && told.contains("deploy/broker.sh start"), "{told}");
    let mut import_to_kafka = import("calls.csv");
    import_to_kafka[8] = "kafka";
    let told = world.fails(&import_to_kafka);
    assert!(told.contains("127.0.0.1:1") && told.contains("deploy/broker.sh start"), "{told}");
    world.succeeds(&import("calls.csv"));
    let told = world.fails(&["kpi"]);
    assert!(told.contains("switchboard refresh --once"), "{told}");
    fs::remove_file(world.path("keys/token.key")).unwrap();
    let told = world.fails(&import("calls.csv"));
    assert!(told.contains("token.key") && told.contains("switchboard keys new"), "{told}");
}

#[test]
fn a_folder_that_is_no_lake_is_left_alone() {
    let world = World::new();
    fs::create_dir(world.lake()).unwrap();
    fs::write(world.lake().join("accounts.xlsx"), "not ours").unwrap();
    fs::write(world.path("calls.csv"), format!("{HEADING}{GOOD}")).unwrap();
    let told = world.fails(&import("calls.csv"));
    assert!(told.contains("not a Switchboard lake"), "{told}");
    assert_eq!(fs::read_dir(world.lake()).unwrap().count(), 1);
}

#[test]
fn keys_are_private_and_never_overwritten() {
    let world = World::new();
    for name in ["token.key", "stewards.public", "stewards.secret"] {
        let mode = fs::metadata(world.path("keys").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let before = fs::read(world.path("keys/token.key")).unwrap();
    let told = world.fails(&["keys", "new"]);
    assert!(told.contains("not overwritten"), "{told}");
    assert_eq!(fs::read(world.path("keys/token.key")).unwrap(), before);
    world.succeeds(&["keys", "check"]);
    fs::set_permissions(world.path("keys/token.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let told = world.fails(&["keys", "check"]);
    assert!(told.contains("chmod 600"), "{told}");
    let mut inside = world.command(&["keys", "new"]);
    let output = inside.env("SWITCHBOARD__KEYS__FOLDER", world.lake().join("keys")).output().unwrap();
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("lies in the lake"));
}

#[test]
fn an_unknown_setting_is_refused_with_the_nearest_known_one() {
    let world = World::new();
    fs::write(world.path("own.toml"), "[kafka]\nbroker = \"b:1\"\n").unwrap();
    let told = world.fails(&["--config", "own.toml", "keys", "check"]);
    assert!(told.contains("kafka.broker") && told.contains("did you mean `kafka.brokers`"), "{told}");
}

#[test]
fn sql_can_read_and_nothing_else() {
    let world = World::new();
    fs::write(world.path("calls.csv"), format!("{HEADING}{GOOD}")).unwrap();
    world.succeeds(&import("calls.csv"));
    world.refresh();
    for statement in [
        "DROP TABLE calls",
        "CREATE TABLE x AS SELECT 1",
        "INSERT INTO calls SELECT * FROM calls",
        "COPY calls TO 'stolen.csv'",
        "CREATE EXTERNAL TABLE keys STORED AS CSV LOCATION 'keys/token.key'",
        "SET datafusion.execution.batch_size = 1",
    ] {
        world.fails(&["sql", statement]);
    }
    assert!(!world.path("stolen.csv").exists());
    let csv = world.succeeds(&["sql", "SELECT queue, outcome FROM calls", "--format", "csv"]);
    assert_eq!(csv, "queue,outcome\nTAX,answered\n");
}

#[test]
fn a_source_that_fails_ends_ingest_whatever_the_others_do() {
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    drop(Writer::new(&broker.address)); // makes the topic of telephony, and no other
    let mut command = world.command(&["ingest", "--source", "telephony", "--source", "webform"]);
    let mut ingest = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    let ended = loop {
        match ingest.try_wait().unwrap() {
            None if Instant::now() < patience => std::thread::sleep(Duration::from_millis(200)),
            ended => break ended,
        }
    };
    ingest.kill().unwrap_or_default();
    let told = String::from_utf8(ingest.wait_with_output().unwrap().stderr).unwrap();
    assert!(ended.is_some_and(|status| !status.success()), "it went on without a source\n{told}");
    assert!(told.contains("no topic `webform.events`"), "{told}");
}
