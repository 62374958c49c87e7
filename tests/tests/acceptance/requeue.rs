//! What stewards do with records of a schema that nobody knows: accept them into the quarantine, look
//! at one, and ingest them again once the schema is known.

use crate::broker::Broker;
use crate::delta;
use crate::evolution::{MUSIC_CALM_REMARK, Pipeline, SUBJECT, newer, schema};
use pipeline_tests::registry_server::RegistryServer;

const PLACE: [&str; 4] = ["--topic", "telephony.events", "--partition", "0"];

fn ingest(pipeline: &Pipeline) -> Option<i32> {
    pipeline.world.run(&["ingest", "--until-caught-up", "--source", "telephony"]).status.code()
}

#[test]
fn what_was_accepted_is_ingested_again_once_its_schema_is_registered() {
    let broker = Broker::start();
    let registry = RegistryServer::start().unwrap();
    let first = registry.register(SUBJECT, &schema(&[]));
    let mut pipeline = Pipeline::new(&broker, &registry);
    pipeline.send(3, 0, first, &[]);
    // The id that the registry gives next, and something that no schema mends.
    pipeline.send(5, 0, first + 1, &MUSIC_CALM_REMARK);
    pipeline.send(1, 0, first, b"more");
    pipeline.send(2, 0, first, &[]);
    assert_eq!(ingest(&pipeline), Some(2));
    let quarantine = |words: &[&str]| pipeline.world.succeeds(&[&["quarantine"], words].concat());
    quarantine(&[&["accept"][..], &PLACE].concat());
    assert_eq!(ingest(&pipeline), Some(0));
    assert_eq!(delta::coordinates(&pipeline.table()).len(), 5);
    refreshed(&pipeline, 6);
    let shown = quarantine(&[&["show"][..], &PLACE, &["--offset", "3"]].concat());
    assert!(shown.contains("reason unknown_schema"), "{shown}");
    let told = quarantine(&["requeue"]);
    assert!(told.contains("telephony.events: 0 of 6 quarantined records are rows now"), "{told}");
    assert!(told.contains("partition 0 offset 3 stays: unknown_schema"), "{told}");

    assert_eq!(registry.register(SUBJECT, &schema(&newer())), first + 1);
    let told = quarantine(&["requeue"]);
    assert!(told.contains("telephony.events: 5 of 6 quarantined records are rows now"), "{told}");
    assert!(told.contains("partition 0 offset 8 stays: trailing_bytes"), "{told}");
    // They are in the lake once, whoever asks how often.
    let told = quarantine(&["requeue"]);
    assert!(told.contains("telephony.events: 0 of 1 quarantined records are rows now"), "{told}");
    let told = quarantine(&["requeue", "--reason", "unknown_schema"]);
    assert!(told.contains("nothing is in the quarantine that could be requeued"), "{told}");
    assert_eq!(delta::coordinates(&pipeline.table()).len(), 10);
    pipeline.is_clean();
    refreshed(&pipeline, 1);
    let heard = "SELECT count(music_ms) FROM telephony_events";
    assert_eq!(pipeline.world.number(heard), 5);
    pipeline.send(1, 0, first, b"more");
    pipeline.send(2, 0, first, &[]);
    assert_eq!(ingest(&pipeline), Some(0));
    refreshed(&pipeline, 2);
}

/// Refreshes; so many records are in the quarantine then, and verify finds the same.
fn refreshed(pipeline: &Pipeline, quarantined: i64) {
    pipeline.world.refresh();
    assert_eq!(pipeline.world.number("SELECT count(*) FROM quarantine"), quarantined);
    pipeline.world.succeeds(&["verify"]);
}
