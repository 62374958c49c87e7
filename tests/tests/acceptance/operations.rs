//! Seen from outside: metrics, health, readiness and `switchboard status`, on real Kafka that also fails.

use crate::broker::Broker;
use crate::delta;
use crate::kafka::{PARTITIONS, TOPIC, Writer, events_of};
use crate::server::{Answer, ask};
use crate::world::World;
use serde_json::Value as Json;
use std::fs;
use std::time::{Duration, Instant};

const HEADING: &str = "call_id,queue,priority,arrived_at,ivr_ended_at,queue_entered_at,queue_left_at,answered_at,ended_at,outcome,agent,customer_id\n";
/// What stands in a bad record must never be seen in a metric.
const SECRET: &str = "Mary Smith 07700 900123";

fn write_calls(world: &World, writer: &Writer, calls: std::ops::Range<usize>) -> usize {
    let call = |number| {
        let day = "2026-03-02";
        format!(
            "c{number},TAX,0,{day}T09:00:00,{day}T09:00:12,{day}T09:00:12,{day}T09:00:54,{day}T09:00:54,{day}T09:04:12,answered,ana,{number}\n"
        )
    };
    let rows: String = calls.map(call).collect();
    fs::write(world.path("calls.csv"), format!("{HEADING}{rows}")).unwrap();
    let events = events_of(&world.path("calls.csv"));
    events.iter().for_each(|event| writer.event(event));
    writer.flush();
    events.len()
}

/// A world whose long-running commands have an operations listener on any free port.
fn watched_world(brokers: &str) -> World {
    let world = World::with_brokers(brokers);
    fs::write(world.path("switchboard.toml"), "[operations]\nlisten = \"127.0.0.1:0\"\n").unwrap();
    world
}

fn until<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The address of the operations listener, as the process tells it.
pub(crate) fn listener(world: &World, log: &str) -> String {
    until("the address of the operations listener", || {
        let told = fs::read_to_string(world.path(log)).unwrap();
        let rest = told.split("operations on http://").nth(1)?;
        rest.split(": ").next().map(str::to_owned)
    })
}

pub(crate) fn get(address: &str, path: &str) -> Answer {
    ask(address, "GET", path, "")
}

/// The sum of a metric's samples that have all these labels.
pub(crate) fn metric(text: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let samples = text.lines().filter(|line| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(['{', ' '])) && labels.iter().all(|label| line.contains(label))
    });
    let values: Vec<f64> = samples.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect();
    (!values.is_empty()).then(|| values.iter().sum())
}

fn status(world: &World) -> Json {
    serde_json::from_str(&world.succeeds(&["status", "--format", "json"])).unwrap()
}

fn of_source<'a>(status: &'a Json, name: &str) -> &'a Json {
    let sources = status["sources"].as_array().unwrap();
    sources.iter().find(|source| source["source"] == name).unwrap()
}

fn sum(partitions: &Json, field: &str) -> i64 {
    partitions.as_array().unwrap().iter().map(|one| one[field].as_i64().unwrap_or_default()).sum()
}

#[test]
fn ingest_is_seen_from_outside_also_while_kafka_is_gone() {
    let broker = Broker::start();
    let world = watched_world(&broker.address);
    let writer = Writer::new(&broker.address);
    let events = write_calls(&world, &writer, 0..300);
    for (partition, bytes) in [(0, &b""[..]), (1, b""), (2, SECRET.as_bytes())] {
        writer.raw(None, Some(partition), bytes);
    }
    writer.flush();
    let ingest = world.start(&["ingest", "--source", "telephony"], "ingest.log");
    let address = listener(&world, "ingest.log");
    let text = until("all rows are counted and the lag is gone", || {
        let text = get(&address, "/metrics").body;
        let rows = metric(&text, "switchboard_ingest_rows_total", &[])?;
        let lag = metric(&text, "switchboard_ingest_lag_messages", &[])?;
        // Not told before the client has heard of the end of each partition.
        let behind_seconds = metric(&text, "switchboard_ingest_lag_seconds", &[])?;
        (rows >= events as f64 && lag == 0.0 && behind_seconds == 0.0).then_some(text)
    });
    metrics_agree_with_the_lake(&world, &text, events);
    assert_eq!(get(&address, "/healthz").body, "ok\n");
    let ready = get(&address, "/readyz");
    assert_eq!((ready.status, ready.body.as_str()), (200, "{\"ready\":true,\"reasons\":[]}"));
    status_says_where_all_stands(&world, events + 3);

    broker.stop();
    let told = until("ingest is not ready", || {
        let answer = get(&address, "/readyz");
        (answer.status == 503).then_some(answer)
    });
    assert_eq!(told.header("content-type"), "application/json");
    let told: Json = serde_json::from_str(&told.body).unwrap();
    let reasons = told["reasons"].as_array().unwrap();
    assert_eq!((told["ready"].as_bool(), reasons.len()), (Some(false), 1), "{told}");
    let reason = reasons[0].as_str().unwrap();
    assert!(reason.contains("no Kafka broker") && reason.contains(&broker.address), "{reason}");
    assert_eq!(get(&address, "/healthz").status, 200);
    status_tells_the_lakes_part(&world, events + 3);

    broker.come_back();
    until("ingest is ready again", || (get(&address, "/readyz").status == 200).then_some(()));
    let more = write_calls(&world, &writer, 300..320);
    until("the newer rows are counted", || {
        let rows = metric(&get(&address, "/metrics").body, "switchboard_ingest_rows_total", &[])?;
        (rows == (events + more) as f64).then_some(())
    });
    drop(ingest);
    let after = status(&world);
    assert_eq!(of_source(&after, "telephony")["lag_messages"], 0);
}

fn metrics_agree_with_the_lake(world: &World, text: &str, events: usize) {
    let table = world.lake().join("telephony_events");
    let value = |name: &str, labels: &[&str]| metric(text, &format!("switchboard_ingest_{name}"), labels);
    assert_eq!(delta::coordinates(&table).len(), events);
    assert_eq!(value("rows_total", &["topic=\"telephony.events\""]), Some(events as f64));
    assert_eq!(value("records_total", &[]), Some((events + 3) as f64));
    assert_eq!(value("quarantined_total", &["reason=\"empty\""]), Some(2.0));
    assert_eq!(value("quarantined_total", &["reason=\"wrong_magic\""]), Some(1.0));
    assert_eq!(value("quarantined_total", &[]), Some(3.0));
    let log = delta::log(&table);
    let commits = log.values().flatten().filter(|action| action["commitInfo"]["offsets"].is_object()).count();
    assert_eq!(value("commits_total", &["outcome=\"landed\""]), Some(commits as f64));
    assert_eq!(value("commits_total", &[]), Some(commits as f64));
    assert_eq!(value("commit_seconds_count", &[]), Some(commits as f64));
    assert_eq!(value("upload_seconds_count", &[]), Some(commits as f64));
    assert_eq!(value("flushes_total", &[]), Some(commits as f64));
    assert_eq!(value("partitions_assigned", &[]), Some(f64::from(PARTITIONS)));
    for none in
        ["offset_gaps_total", "duplicates_dropped_total", "partitions_paused", "lag_seconds", "buffered_bytes"]
    {
        assert_eq!(value(none, &[]), Some(0.0), "{none}");
    }
    assert!(value("received_bytes_total", &[]) > value("rows_total", &[]));
    for line in text.lines().filter(|line| line.starts_with("# TYPE ")) {
        let name = line.split(' ').nth(2).unwrap();
        assert!(text.contains(&format!("# HELP {name} ")), "{name} is not described");
    }
    let readme = fs::read_to_string(crate::world::checkout().join("README.md")).unwrap();
    let named: Vec<&str> = readme.split('`').filter(|word| word.starts_with("switchboard_")).collect();
    assert!(named.len() > 5, "README names {named:?}");
    for name in named {
        assert!(text.contains(&format!("# HELP {name} ")), "README names {name}, which is not there");
    }
    assert!(!text.contains("Mary") && !text.contains("07700"));
}

fn status_says_where_all_stands(world: &World, records: usize) {
    let found = status(world);
    assert_eq!(found["kafka_problems"].as_array().map(Vec::len), Some(0));
    assert!(found["cluster"].is_string());
    let telephony = of_source(&found, "telephony");
    let partitions = &telephony["partitions"];
    assert_eq!(partitions.as_array().unwrap().len(), PARTITIONS as usize);
    assert_eq!((sum(partitions, "kafka_end"), sum(partitions, "position")), (records as i64, records as i64));
    assert_eq!((&telephony["lag_messages"], &telephony["quarantined"]), (&Json::from(0), &Json::from(3)));
    for (partition, expected) in [(0, 1), (1, 1), (2, 1), (3, 0)] {
        assert_eq!(partitions[partition]["quarantined"], expected, "partition {partition}");
    }
    assert!(telephony["valid_through"].is_string() && telephony["last_commit"]["at"].is_string());
    assert_eq!(telephony["last_commit"]["version"], delta::version(&world.lake().join("telephony_events")));
    let webform = of_source(&found, "webform");
    assert!(webform["valid_through"].is_null() && webform["last_commit"].is_null());
    let printed = world.succeeds(&["status"]);
    assert!(
        printed.contains(&format!("telephony ({TOPIC}): has all that Kafka has; complete up to 20")),
        "{printed}"
    );
    assert!(printed.contains("webform (webform.events): nothing seen yet; Kafka has no topic"), "{printed}");
    assert!(!printed.contains("Mary"));
}

fn status_tells_the_lakes_part(world: &World, records: usize) {
    let output = world.run(&["status", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let found: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert!(found["kafka_problems"][0].as_str().unwrap().contains("no Kafka broker answers"), "{found}");
    let telephony = of_source(&found, "telephony");
    assert_eq!(sum(&telephony["partitions"], "position"), records as i64);
    assert!(telephony["lag_messages"].is_null() && telephony["partitions"][0]["kafka_end"].is_null());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("no Kafka broker answers") && told.contains(&world.brokers), "{told}");
}

#[test]
fn serve_is_ready_once_something_is_published() {
    let world = watched_world("127.0.0.1:1");
    fs::write(
        world.path("calls.csv"),
        format!("{HEADING}c1,TAX,0,2026-03-02T09:00:00,2026-03-02T09:00:12,2026-03-02T09:00:12,2026-03-02T09:00:54,2026-03-02T09:00:54,2026-03-02T09:04:12,answered,ana,1\n"),
    )
    .unwrap();
    world.import(&world.path("calls.csv"), "lake");
    let serving = world.start(&["serve", "--listen", "127.0.0.1:0"], "serve.log");
    let address = listener(&world, "serve.log");
    let before = get(&address, "/readyz");
    assert_eq!(before.status, 503);
    assert!(before.body.contains("switchboard refresh --once"), "{}", before.body);
    assert_eq!(get(&address, "/healthz").status, 200);
    world.refresh();
    until("serve is ready", || (get(&address, "/readyz").status == 200).then_some(()));
    assert_eq!(get(&address, "/elsewhere").status, 404);
    drop(serving);

    let output = world.run(&["status"]);
    assert_eq!(output.status.code(), Some(1), "there is no Kafka here");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(printed.contains("telephony (telephony.events): from 1 files only; last commit at 20"), "{printed}");
}
