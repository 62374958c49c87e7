//! The server as its readers meet it: over a real socket, before and after the first epoch.

use crate::server::Serving;
use crate::world::World;
use serde_json::{Value as Json, json};
use std::fs;
use std::time::{Duration, Instant};

const HEADING: &str = "call_id,queue,priority,arrived_at,ivr_ended_at,queue_entered_at,queue_left_at,answered_at,ended_at,outcome,agent,customer_id\n";

/// A call that waits 42 s on the day.
fn call(id: &str, queue: &str, day: &str) -> String {
    format!(
        "{id},{queue},0,{day}T09:00:00,{day}T09:00:12,{day}T09:00:12,{day}T09:00:54,{day}T09:00:54,{day}T09:04:12,answered,ana,{id}\n"
    )
}

/// A lake with the calls of a file, measured as of the middle of April 2026 unless nothing is to be published.
fn world(calls: &[String], is_published: bool) -> World {
    let world = World::new();
    fs::write(world.path("calls.csv"), format!("{HEADING}{}", calls.concat())).unwrap();
    world.import(&world.path("calls.csv"), "lake");
    if is_published {
        refresh(&world);
    }
    world
}

fn refresh(world: &World) {
    world.succeeds(&["refresh", "--once", "--as-of", "2026-04-15T12:00:00Z"]);
}

#[test]
fn a_measure_is_served_with_what_qualifies_it() {
    let calls = [call("c1", "TAX", "2026-02-03"), call("c2", "TAX", "2026-03-02"), call("c3", "PS", "2026-03-02")];
    let world = world(&calls, true);
    let serving = Serving::start(&world);
    let answer = serving.json("/api/kpis/wait_asa");
    assert_eq!((&answer["epoch"], &answer["as_of"]), (&json!(1), &json!("2026-04-15T12:00:00Z")));
    assert_eq!((&answer["definition_version"], &answer["unit"]), (&json!(1), &json!("seconds")));
    let telephony = answer["completeness"].as_array().unwrap().iter().find(|one| one["source"] == "telephony");
    // Five events a call.
    assert_eq!(telephony.unwrap()["rows"], 15);
    let months: Vec<Json> = answer["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| {
            json!([point["month"], point["numerator"], point["denominator"], point["value"], point["status"]])
        })
        .collect();
    let expected =
        [json!(["2026-02-01", 42000, 1, "42.0000", "final"]), json!(["2026-03-01", 84000, 2, "42.0000", "final"])];
    assert_eq!(months, expected);
    let listed = serving.json("/api/kpis");
    assert!(listed["kpis"].as_array().unwrap().iter().any(|kpi| kpi["kpi"] == "abandon_rate"));
    let days = serving.json("/api/kpis/wait_asa?grain=day&by=queue&from=2026-03-01&to=2026-03-31");
    let queues: Vec<Json> = days["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| json!([point["day"], point["queue"], point["channel"], point["denominator"]]))
        .collect();
    assert_eq!(queues, [json!(["2026-03-02", "PS", "(all)", 1]), json!(["2026-03-02", "TAX", "(all)", 1])]);
    let spread = serving.json("/api/kpis/wait_distribution?from=2026-03-15");
    let spread: Vec<Json> = spread["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| json!([point["month"], point["value"], point["count"]]))
        .collect();
    assert_eq!(spread, [json!(["2026-03-01", 42, 2])]);
}

#[test]
fn csv_has_the_same_rows_to_be_saved() {
    let world = world(&[call("c1", "=TAX", "2026-03-02")], true);
    let serving = Serving::start(&world);
    let answer = serving.get("/api/kpis/volume_contacts.csv?grain=day&by=queue", "");
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/csv; charset=utf-8"));
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"volume_contacts-epoch-1.csv\"");
    let provenance: Json = serde_json::from_str(answer.header("switchboard-provenance")).unwrap();
    assert_eq!(provenance["completeness"], serving.json("/api/kpis/volume_contacts")["completeness"]);
    assert_eq!(provenance["epoch"], 1);
    let mut lines = answer.body.split("\r\n");
    let heading = "kpi,definition_version,day,service_area,service_class,queue,channel,subject_group,numerator,denominator,value,unit,status";
    assert_eq!(lines.next(), Some(heading));
    let version = serving.json("/api/kpis/volume_contacts")["definition_version"].clone();
    // A queue's name that a spreadsheet would take for a formula is made harmless.
    let row = format!("volume_contacts,{version},2026-03-02,(all),(all),'=TAX,(all),(all),1,,1.0000,count,final");
    assert_eq!(lines.next(), Some(row.as_str()));
    assert_eq!(
        serving.get("/api/kpis/volume_contacts?format=csv", "").header("content-type"),
        "text/csv; charset=utf-8"
    );
}

#[test]
fn what_has_not_changed_is_not_sent_again_until_the_next_epoch() {
    let world = world(&[call("c1", "TAX", "2026-03-02")], true);
    let serving = Serving::start(&world);
    let first = serving.get("/api/kpis/wait_asa", "");
    assert_eq!((first.header("etag"), first.header("cache-control")), ("\"epoch-1\"", "no-cache"));
    let held = serving.get("/api/kpis/wait_asa", "If-None-Match: \"epoch-1\"\r\n");
    assert_eq!((held.status, held.body.as_str()), (304, ""));
    for path in ["/", "/style.css"] {
        let etag = serving.get(path, "").header("etag").to_owned();
        assert_eq!(serving.get(path, &format!("If-None-Match: {etag}\r\n")).status, 304, "{path}");
    }
    refresh(&world);
    let patience = Instant::now() + Duration::from_secs(30);
    let newer = loop {
        let answer = serving.get("/api/kpis/wait_asa", "If-None-Match: \"epoch-1\"\r\n");
        if answer.status != 304 || Instant::now() > patience {
            break answer;
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    assert_eq!((newer.status, newer.header("etag")), (200, "\"epoch-2\""));
}

#[test]
fn what_cannot_be_answered_says_what_can() {
    let world = world(&[call("c1", "TAX", "2026-03-02")], true);
    let serving = Serving::start(&world);
    for (path, status, told) in [
        ("/api/kpis/wait_assa", 404, "did you mean `wait_asa`?"),
        ("/api/kpis/wait_asa?by=ward", 400, "it has service_area, service_class, queue, channel"),
        ("/api/kpis/wait_asa?from=yesterday", 400, "a day such as 2026-10-31"),
        ("/api/kpis/wait_asa?since=2026-01-01", 400, "unknown parameter `since`"),
        ("/api/kpis/wait_asa?by=queue%27--", 400, "no dimension `queue'--`"),
    ] {
        let answer = serving.get(path, "");
        assert_eq!((answer.status, answer.header("content-type")), (status, "application/json"), "{path}");
        let problem: Json = serde_json::from_str(&answer.body).unwrap();
        assert!(problem["error"].as_str().unwrap().contains(told), "{path}: {problem}");
    }
    let nowhere = serving.get("/nowhere", "");
    assert_eq!((nowhere.status, nowhere.header("content-type")), (404, "text/html; charset=utf-8"));
    assert_eq!(serving.ask("POST", "/", "Content-Length: 0\r\n").status, 405);
}

#[test]
fn every_answer_is_guarded_and_a_head_has_no_body() {
    let world = world(&[call("c1", "TAX", "2026-03-02")], true);
    let serving = Serving::start(&world);
    for path in ["/", "/style.css", "/healthz", "/nowhere", "/api/kpis", "/api/kpis/nothing"] {
        let answer = serving.get(path, "");
        assert!(
            answer.header("content-security-policy").starts_with("default-src 'none'; style-src 'self'"),
            "{path}"
        );
        assert_eq!(
            (answer.header("x-content-type-options"), answer.header("referrer-policy")),
            ("nosniff", "no-referrer")
        );
    }
    let head = serving.ask("HEAD", "/", "");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(serving.get("/healthz", "").body, "ok\n");
    let page = serving.get("/", "").body;
    assert!(!page.contains("<script") && !page.contains(" style="), "the policy allows neither");
    assert!(page.contains("1 to 31 March 2026") && page.contains("from files only"), "{page}");
}

#[test]
fn before_the_first_epoch_it_says_what_to_do_and_then_serves() {
    let world = world(&[call("c1", "TAX", "2026-03-02")], false);
    let mut serving = Serving::start(&world);
    assert_eq!(serving.get("/healthz", "").status, 200);
    for (path, status) in [("/", 200), ("/api/kpis", 503), ("/api/kpis/wait_asa", 503)] {
        let answer = serving.get(path, "");
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.body.contains("switchboard refresh --once"), "{path}: {}", answer.body);
    }
    refresh(&world);
    assert_eq!(serving.get("/api/kpis/wait_asa", "").status, 200);
    assert!(serving.end(), "it did not end in peace");
}

#[test]
fn a_missing_lake_and_a_taken_address_are_told() {
    let told = World::new().fails(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(told.contains("no lake here yet"), "{told}");
    let world = world(&[call("c1", "TAX", "2026-03-02")], true);
    let serving = Serving::start(&world);
    let told = world.fails(&["serve", "--listen", &serving.address]);
    assert!(told.contains(&serving.address) && told.contains("--listen"), "{told}");
}
