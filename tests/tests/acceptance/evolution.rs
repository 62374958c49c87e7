//! A schema registry and producers that move on while ingest runs: added fields reach the table,
//! nothing old is written again, and what cannot be looked up or read waits and is not lost.

use crate::broker::Broker;
use crate::delta;
use crate::kafka::{PARTITIONS, Writer};
use crate::operations::{get, listener, metric};
use crate::world::World;
use pipeline_tests::registry_server::RegistryServer;
use schemas::{Event, Value, catalogue, event_id, frame};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

pub(crate) const SUBJECT: &str = "switchboard.telephony.contact_answered";

/// The released schema, with these entries behind its own.
pub(crate) fn schema(entries: &[Json]) -> String {
    let released = &catalogue().latest("contact_answered").unwrap().schema;
    let mut schema: Json = serde_json::from_str(released).unwrap();
    schema["fields"].as_array_mut().unwrap().extend_from_slice(entries);
    schema.to_string()
}

/// Music, a mood with documented values, and a remark of which nobody has said that it identifies
/// nobody.
pub(crate) fn newer() -> Vec<Json> {
    vec![
        json!({"name": "music_ms", "type": ["null", "long"], "default": null}),
        json!({"name": "mood", "type": ["null", "string"], "default": null, "values": ["calm", "angry"]}),
        json!({"name": "remark", "type": ["null", "string"], "default": null}),
    ]
}

/// The datum of an answered call.
fn answered(number: i64) -> Vec<u8> {
    let call = format!("C{number}");
    let event = Event::new("contact_answered")
        .with("event_id", event_id("evolution", "contact_answered", &call))
        .with("occurred_at", Value::TimestampMicros(1_772_442_000_000_000 + number))
        .with("source", "evolution")
        .with("initial_contact_id", call.as_str())
        .with("contact_id", call.as_str())
        .with("queue_visit_id", call.as_str())
        .with("wait_ms", 7_000_i64);
    frame::split(&event.to_record().unwrap()).unwrap().1.to_vec()
}

/// What the newer schema has behind it, written by hand as the Avro specification says: music of
/// 1,500 ms (zigzag 3,000), calm, "Mrs Doe.".
pub(crate) const MUSIC_CALM_REMARK: [u8; 19] =
    [2, 0xb8, 0x17, 2, 8, b'c', b'a', b'l', b'm', 2, 16, b'M', b'r', b's', b' ', b'D', b'o', b'e', b'.'];

pub(crate) struct Pipeline {
    pub(crate) world: World,
    writer: Writer,
    sent: i64,
}

impl Pipeline {
    pub(crate) fn new(broker: &Broker, registry: &RegistryServer) -> Self {
        let world = World::with_brokers(&broker.address);
        let settings =
            format!("[schemas]\nregistry = \"{}\"\n[operations]\nlisten = \"127.0.0.1:0\"\n", registry.url());
        std::fs::write(world.path("switchboard.toml"), settings).unwrap();
        Self { world, writer: Writer::new(&broker.address), sent: 0 }
    }

    /// Sends answered calls of this schema to a partition, `more` behind each.
    pub(crate) fn send(&mut self, calls: i64, partition: i32, id: u32, more: &[u8]) {
        for _ in 0..calls {
            self.sent += 1;
            let datum = [answered(self.sent).as_slice(), more].concat();
            self.writer.raw(Some(&format!("C{}", self.sent)), Some(partition), &frame::join(id, &datum));
        }
        self.writer.flush();
    }

    /// What the auditor, who reads by the registry too, finds: nothing.
    pub(crate) fn is_clean(&self) {
        let told = self.world.succeeds(&["audit", "--caught-up", "--source", "telephony"]);
        assert!(told.contains(&format!("audit clean: {} records", self.sent)), "{told}");
    }

    pub(crate) fn table(&self) -> PathBuf {
        self.world.lake().join("telephony_events")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.world.path("ingest.log")).unwrap_or_default()
    }

    fn wait_for_rows(&self, rows: usize) {
        self.wait("rows", || delta::coordinates(&self.table()).len() >= rows);
        assert_eq!(delta::coordinates(&self.table()).len(), rows);
    }

    fn wait(&self, what: &str, until: impl Fn() -> bool) {
        let began = Instant::now();
        while !until() {
            assert!(began.elapsed() < Duration::from_secs(120), "waited in vain for {what}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The files of rows, and when each was written.
    fn files(&self) -> BTreeMap<PathBuf, SystemTime> {
        files_below(self.table()).into_iter().map(|path| (path.clone(), modified(&path))).collect()
    }
}

#[test]
fn an_added_field_reaches_the_table_while_ingest_runs() {
    let broker = Broker::start();
    let registry = RegistryServer::start().unwrap();
    let first = registry.register(SUBJECT, &schema(&[]));
    let mut pipeline = Pipeline::new(&broker, &registry);
    (0..PARTITIONS).for_each(|partition| pipeline.send(20, partition, first, &[]));
    let _ingest = pipeline.world.start(&["ingest", "--source", "telephony"], "ingest.log");
    pipeline.wait_for_rows(120);
    pipeline.world.refresh();
    let before = pipeline.files();

    let second = registry.register(SUBJECT, &schema(&newer()));
    pipeline.send(30, 0, second, &MUSIC_CALM_REMARK);
    // Both versions in one partition, as when producers are replaced one after the other.
    pipeline.send(15, 1, second, &[0, 0, 0]);
    pipeline.send(10, 1, first, &[]);
    pipeline.wait_for_rows(175);
    let after = pipeline.files();
    assert!(
        before.iter().all(|(file, written)| after.get(file) == Some(written)),
        "an old file was written again"
    );
    let told = pipeline.world.fails(&["sql", "SELECT music_ms FROM telephony_events"]);
    assert!(told.contains("music_ms"), "{told}");
    pipeline.world.refresh();
    let query = "SELECT count(*) AS calls, count(music_ms) AS heard, sum(music_ms) AS ms, min(mood) AS mood, \
                 count(wait_ms) AS waited FROM telephony_events";
    let expected = json!({"calls": 175, "heard": 30, "ms": 45_000, "mood": "calm", "waited": 175});
    assert_eq!(pipeline.world.sql(query), [expected]);
    let silent = "SELECT count(*) FROM telephony_events WHERE music_ms IS NULL AND mood IS NULL";
    assert_eq!(pipeline.world.number(silent), 145);

    // Nobody has said of the remark that it identifies nobody: it is nowhere, and that is said once.
    let told = pipeline.world.fails(&["sql", "SELECT remark FROM telephony_events"]);
    assert!(told.contains("remark"), "{told}");
    assert!(!delta::cells(&pipeline.table()).iter().any(|cell| cell.contains("Doe")));
    let log = pipeline.log();
    assert_eq!(log.matches("nobody has said that it identifies nobody").count(), 1, "{log}");
    // The columns came with the first rows that have them, in one entry.
    let entries = delta::log(&pipeline.table());
    let changes: Vec<u64> = entries
        .iter()
        .filter(|(_, actions)| actions.iter().any(|action| !action["metaData"].is_null()))
        .map(|(version, _)| *version)
        .collect();
    let [0, widened] = changes.as_slice() else { panic!("the columns changed at {changes:?}") };
    assert!(entries[widened].iter().any(|action| !action["add"].is_null()), "{:?}", entries[widened]);
    pipeline.is_clean();
}

#[test]
fn an_unknown_id_waits_for_the_registry_and_goes_on_by_itself() {
    let broker = Broker::start();
    let mut registry = RegistryServer::start().unwrap();
    let first = registry.register(SUBJECT, &schema(&[]));
    let mut pipeline = Pipeline::new(&broker, &registry);
    pipeline.send(20, 0, first, &[]);
    let _ingest = pipeline.world.start(&["ingest", "--source", "telephony"], "ingest.log");
    pipeline.wait_for_rows(20);
    let operations = listener(&pipeline.world, "ingest.log");
    let paused = |cause: &str| {
        let label = format!("cause=\"{cause}\"");
        metric(&get(&operations, "/metrics").body, "switchboard_ingest_partitions_paused", &[&label])
    };
    pipeline.wait("readiness", || get(&operations, "/readyz").status == 200);

    registry.refuse();
    let second = registry.register(SUBJECT, &schema(&newer()));
    pipeline.send(5, 0, second, &MUSIC_CALM_REMARK);
    pipeline.send(5, 0, first, &[]);
    pipeline.send(5, 1, first, &[]);
    pipeline.wait("the outage to be told", || pipeline.log().contains("does not answer"));
    // The other partition goes on; this one waits at the record that cannot be looked up.
    pipeline.wait_for_rows(25);
    let unready = get(&operations, "/readyz");
    assert_eq!(unready.status, 503, "{}", unready.body);
    for said in
        ["partition 0 waits at offset 20", "does not answer", "goes on by itself when the registry answers"]
    {
        assert!(unready.body.contains(said), "{said}\n{}", unready.body);
    }
    pipeline.wait("the pause to be measured", || paused("registry") == Some(1.0));
    assert_eq!(paused("unknown_schema"), Some(0.0));
    registry.fail_with(503);
    registry.come_back().unwrap();
    let asked = registry.requests();
    pipeline.wait("two more questions", || registry.requests() >= asked + 2);
    assert_eq!(pipeline.log().matches("does not answer").count(), 1, "{}", pipeline.log());
    pipeline.wait_for_rows(25);
    assert_eq!(get(&operations, "/readyz").status, 503);
    registry.fail_with(0);
    pipeline.wait_for_rows(35);
    pipeline.wait("readiness again", || get(&operations, "/readyz").status == 200);
    let causes = ["registry", "unknown_schema", "share_refused", "memory"];
    assert_eq!(causes.map(paused), [Some(0.0); 4]);
    pipeline.is_clean();
    assert_eq!(pipeline.log().matches("the schema registry answers again").count(), 1, "{}", pipeline.log());
}

#[test]
fn what_the_registry_cannot_give_waits_with_its_sentence() {
    let broker = Broker::start();
    let registry = RegistryServer::start().unwrap();
    let first = registry.register(SUBJECT, &schema(&[]));
    let leaning = registry.register_with_reference(SUBJECT, &schema(&newer()), "switchboard.common.Envelope");
    let as_text = schema(&[]).replace(
        &serde_json::to_string(&wait_ms()).unwrap(),
        &serde_json::to_string(&json!({"name": "wait_ms", "type": "string"})).unwrap(),
    );
    let contrary = registry.register(SUBJECT, &as_text);
    assert_eq!((first, leaning, contrary), (1, 2, 3));
    let mut pipeline = Pipeline::new(&broker, &registry);
    for (partition, id) in [(0, leaning), (1, 999), (2, contrary)] {
        pipeline.send(5, partition, first, &[]);
        pipeline.send(1, partition, id, &[]);
        pipeline.send(5, partition, first, &[]);
    }
    for _ in 0..2 {
        let output = pipeline.world.run(&["ingest", "--until-caught-up", "--source", "telephony"]);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        for (partition, sentence) in [
            (
                0,
                "schema id 2 uses schema references (switchboard.common.Envelope), which Switchboard does not read",
            ),
            (1, "the schema registry has no schema id 999"),
            (
                2,
                "schema id 3: record `switchboard.telephony.contact_answered`: field `wait_ms`: string cannot be read",
            ),
        ] {
            let waits = format!("partition {partition} waits at offset 5: {sentence}");
            assert!(told.contains(&waits), "{waits}\n{told}");
        }
        assert_eq!(delta::coordinates(&pipeline.table()).len(), 15);
    }
}

/// The entry of the field in the released schema.
fn wait_ms() -> Json {
    let schema: Json = serde_json::from_str(&schema(&[])).unwrap();
    let mut entries = schema["fields"].as_array().unwrap().iter();
    entries.find(|entry| entry["name"] == "wait_ms").unwrap().clone()
}

#[test]
fn an_import_registers_its_schemas_and_ingest_looks_them_up() {
    let broker = Broker::start();
    let registry = RegistryServer::start().unwrap();
    // Ids that the build knows too, by other schemas: it must not go by them.
    for number in 1..=1_004 {
        registry
            .register("other", &json!({"type": "record", "name": format!("o{number}"), "fields": []}).to_string());
    }
    let pipeline = Pipeline::new(&broker, &registry);
    let call = "2026-03-02T09:00";
    let calls = format!(
        "call_id,queue,priority,arrived_at,ivr_ended_at,queue_entered_at,queue_left_at,answered_at,ended_at,outcome,\
         agent,customer_id\nc1,TAX,0,{call}:00,{call}:12,{call}:12,{call}:54,{call}:54,{call}:59,answered,ana,x\n"
    );
    std::fs::write(pipeline.world.path("calls.csv"), calls).unwrap();
    pipeline.world.import(&pipeline.world.path("calls.csv"), "kafka");
    pipeline.world.ingest();
    pipeline.world.refresh();
    // A call of one stay in a queue is five events.
    let query = "SELECT count(*) AS events, max(wait_ms) AS wait_ms FROM telephony_events";
    assert_eq!(pipeline.world.sql(query), [json!({"events": 5, "wait_ms": 42_000})]);
    assert_eq!(pipeline.world.number("SELECT count(*) FROM quarantine"), 0);
}

fn files_below(folder: PathBuf) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let below = folders.into_iter().filter(|path| !path.ends_with("_delta_log")).flat_map(files_below);
    below.chain(files).filter(|path| path.extension().is_some_and(|kind| kind == "parquet")).collect()
}

fn modified(path: &Path) -> SystemTime {
    path.metadata().unwrap().modified().unwrap()
}
