//! A new user's path, as the README tells it: the very commands of its start, one after the other.

use crate::world::{World, binary, checkout, skip};
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

#[test]
fn the_readmes_path_works() {
    let data = std::env::var_os("SWITCHBOARD_SHARED_DATA").map(PathBuf::from);
    let data = data.unwrap_or_else(|| checkout().join("../shared/data"));
    if !data.join("calls_week.csv").is_file() {
        return skip("the_readmes_path_works", "the folder of real call records is absent");
    }
    let readme = std::fs::read_to_string(checkout().join("README.md")).unwrap();
    let begin = readme.find("<!-- start -->").expect("README marks its start");
    let end = readme.find("<!-- end of start -->").expect("README marks the end of its start");
    let block = readme[begin..end].split("```").nth(1).unwrap();
    let commands: Vec<&str> = block.lines().skip(1).filter(|line| !line.trim().is_empty()).collect();
    assert!(commands.len() >= 7, "{commands:?}");
    let folder = TempDir::new().unwrap();
    let path = format!("{}:{}", binary().parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut printed = String::new();
    for command in commands.iter().filter(|command| !command.starts_with("cargo ")) {
        // The user's folder is elsewhere, the port one that nobody else uses; all else is as written.
        let command = command
            .replace("../shared/data", &data.display().to_string())
            .replace("deploy/", &format!("{}/deploy/", checkout().display()))
            .replace("broker.sh start", "broker.sh start --port 19392");
        let mut shell = Command::new("bash");
        shell.args(["-c", &command]).current_dir(folder.path()).env("PATH", &path).env("KAFKA_HEAP", "512m");
        let output = shell.env("SWITCHBOARD__KAFKA__BROKERS", "127.0.0.1:19392").output().unwrap();
        let told =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if !output.status.success() {
            stop(&folder);
            panic!("`{command}` failed\n{told}");
        }
        printed.push_str(&told);
    }
    stop(&folder);
    // 237,924 s of wait over 7,429 answered calls, from calls_week.expected.json: 32.02… s.
    assert!(printed.contains("Average speed of answer") && printed.contains("32.0"), "{printed}");
}

fn stop(folder: &TempDir) {
    let script = checkout().join("deploy/broker.sh");
    let stopped = Command::new(script).arg("stop").current_dir(folder.path()).output();
    assert!(stopped.is_ok_and(|output| output.status.success()));
}

#[test]
fn the_scorecard_shows_targets_baselines_and_completeness() {
    let world = World::new();
    let heading = "call_id,queue,priority,arrived_at,ivr_ended_at,queue_entered_at,queue_left_at,answered_at,ended_at,outcome,agent,customer_id\n";
    // Waits of 42 s and 78 s: 60.0 s on average, which meets a target of 60 s.
    let rows = "c1,TAX,0,2026-03-02T09:00:00,2026-03-02T09:00:12,2026-03-02T09:00:12,2026-03-02T09:00:54,2026-03-02T09:00:54,2026-03-02T09:04:12,answered,ana,42\n\
        c2,TAX,0,2026-03-02T10:00:00,2026-03-02T10:00:00,2026-03-02T10:00:00,2026-03-02T10:01:18,2026-03-02T10:01:18,2026-03-02T10:04:12,answered,ana,43\n";
    std::fs::write(world.path("calls.csv"), format!("{heading}{rows}")).unwrap();
    world.import(&world.path("calls.csv"), "lake");
    std::fs::write(
        world.path("council.toml"),
        "[[queue]]\nqueue_id = \"TAX\"\nservice_area = \"council_tax\"\nsocial_care = false\n\
         answer_target_seconds = 60\neffective_from = 2026-01-01\n\
         [[target]]\nkpi = \"wait_asa\"\nvalue = \"60\"\nunit = \"seconds\"\ndirection = \"lower\"\n\
         effective_from = 2026-01-01\nstatus = \"approved\"\n\
         [[baseline]]\nkpi = \"wait_asa\"\nvalue = \"199\"\nunit = \"seconds\"\nstatus = \"available\"\n\
         [[baseline]]\nkpi = \"aht\"\nunit = \"seconds\"\nstatus = \"being_established\"\n",
    )
    .unwrap();
    world.succeeds(&["reference", "load", "council.toml"]);
    world.succeeds(&["refresh", "--once", "--as-of", "2026-03-03T12:00:00Z"]);
    let told = world.succeeds(&["kpi"]);
    let asa = told.lines().find(|line| line.contains("Average speed of answer")).unwrap();
    for part in ["60.0", "yes", "199", "provisional", "of 2"] {
        assert!(asa.contains(part), "`{part}` is not in {asa}");
    }
    assert!(
        told.lines().any(|line| line.contains("Average handling") && line.contains("being established")),
        "{told}"
    );
    assert!(told.contains("telephony: 10 rows, newest event 2026-03-02T10:04:12Z, from files only"), "{told}");
    // One of two was answered within the queue's own 60 s; the day is final a day after its end.
    world.succeeds(&["refresh", "--once", "--as-of", "2026-03-04T00:00:00Z"]);
    let rows =
        world.sql("SELECT numerator, denominator, status, service_area FROM kpi_daily WHERE kpi = 'sla_answered'");
    assert_eq!(
        rows,
        vec![
            serde_json::json!({"numerator": 1, "denominator": 2, "status": "final", "service_area": "council_tax"})
        ]
    );
}
