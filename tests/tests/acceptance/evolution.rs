//! A schema registry and producers that move on while ingest runs: added fields reach the table,
//! nothing old is written again, and what cannot be looked up or read waits and is not lost.

use crate::broker::Broker;
use crate::delta;
use crate::kafka::Writer;
use crate::world::{World, skip};
use pipeline_tests::registry_server::RegistryServer;
use schemas::{Event, Value, catalogue, event_id, frame};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

const SUBJECT: &str = "switchboard.telephony.contact_answered";

/// The released schema, with these entries behind its own.
fn schema(entries: &[Json]) -> String {
    let released = &catalogue().latest("contact_answered").unwrap().schema;
    let mut schema: Json = serde_json::from_str(released).unwrap();
    schema["fields"].as_array_mut().unwrap().extend_from_slice(entries);
    schema.to_string()
}

/// Music, a mood with documented values, and a remark of which nobody has said that it identifies
/// nobody.
fn newer() -> Vec<Json> {
    let null = Json::Null;
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
/// 1,500 ms (zigzag 3,000), calm, "Mrs Doe".
const MUSIC_CALM_REMARK: [u8; 19] =
    [2, 0xb8, 0x17, 2, 8, b'c', b'a', b'l', b'm', 2, 14, b'M', b'r', b's', b' ', b'D', b'o', b'e', b'.'];

struct Pipeline {
    world: World,
    writer: Writer,
    sent: i64,
}

impl Pipeline {
    fn new(broker: &Broker, registry: &RegistryServer) -> Self {
        let world = World::with_brokers(&broker.address);
        let settings = format!("[schemas]\nregistry = \"{}\"\n", registry.url());
        std::fs::write(world.path("switchboard.toml"), settings).unwrap();
        Self { world, writer: Writer::new(&broker.address), sent: 0 }
    }

    /// Sends answered calls of this schema to a partition, `more` behind each.
    fn send(&mut self, calls: i64, partition: i32, id: u32, more: &[u8]) {
        for _ in 0..calls {
            self.sent += 1;
            let datum = [answered(self.sent).as_slice(), more].concat();
            self.writer.raw(Some(&format!("C{}", self.sent)), Some(partition), &frame::join(id, &datum));
        }
        self.writer.flush();
    }

    fn table(&self) -> PathBuf {
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

fn files_below(folder: PathBuf) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let below = folders.into_iter().filter(|path| !path.ends_with("_delta_log")).flat_map(files_below);
    below.chain(files).filter(|path| path.extension().is_some_and(|kind| kind == "parquet")).collect()
}

fn modified(path: &PathBuf) -> SystemTime {
    path.metadata().unwrap().modified().unwrap()
}
