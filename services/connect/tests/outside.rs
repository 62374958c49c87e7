//! What needs something from outside this folder: the real call records, a real Kafka.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use connect::call_records::{ImportOptions, Oddity, Report, open};
use connect::producer::KafkaProducer;
use std::collections::{BTreeMap, HashSet};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, process};

/// Says that a test did not run, where the one who runs all tests will look.
fn skip(test: &str, why: &str) {
    eprintln!("SKIP {test}: {why}");
    if let Some(path) = env::var_os("SWITCHBOARD_SKIPS") {
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        writeln!(file, "SKIP {test}: {why}").unwrap();
    }
}

fn shared_data() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    env::var_os("SWITCHBOARD_SHARED_DATA").map_or(beside, PathBuf::from)
}

#[test]
fn a_real_week_of_calls() {
    let path = shared_data().join("calls_week.csv");
    if !path.exists() {
        return skip("a_real_week_of_calls", "no calls_week.csv in the shared data");
    }
    let options = ImportOptions { source: "telephony-main".to_owned(), time_zone: chrono_tz::Europe::London };
    let mut report = Report::default();
    let mut types: BTreeMap<String, u64> = BTreeMap::new();
    let mut ids = HashSet::new();
    for row in open(&path, options).unwrap() {
        for event in report.take(row.unwrap()) {
            event.to_record().unwrap();
            assert!(ids.insert(format!("{:?}", event.fields["event_id"])), "an event id twice");
            *types.entry(event.event_type).or_default() += 1;
        }
    }
    assert_eq!((report.rows_read, report.refused.len()), (9007, 0));
    // As the data's README counts them: 8, 19 and 8. Its "2 end before they leave" the queue are
    // those with a likely end; 3 more have midnight for their answer and end, before they arrived.
    let oddities = [
        (Oddity::QueuedBeforeArrival, 8),
        (Oddity::AnsweredBeforeQueued, 19),
        (Oddity::EndedBeforeArrival, 3),
        (Oddity::EndedBeforeLeavingQueue, 2),
        (Oddity::LeftIvrBeforeArrival, 8),
    ];
    assert_eq!(report.oddities, BTreeMap::from(oddities));
    // 7,429 answered (3,675 after a wait), 856 abandoned, 663 left earlier, 59 were no calls.
    let expected = [
        ("contact_abandoned", 856),
        ("contact_answered", 7429),
        ("contact_ended", 9007),
        ("contact_initiated", 9007),
        ("ivr_exited", 7429 + 856 + 663),
        ("queue_entered", 3675 + 856),
    ];
    assert_eq!(types, expected.map(|(name, count)| (name.to_owned(), count)).into());
    assert_eq!(report.events_made, ids.len() as u64);
}

#[test]
fn a_topic_is_made_once() {
    let Ok(brokers) = env::var("SWITCHBOARD_TEST_BROKERS") else {
        return skip("a_topic_is_made_once", "SWITCHBOARD_TEST_BROKERS is not set");
    };
    let producer = KafkaProducer::new(&kafka::Access::plaintext(brokers)).unwrap();
    let topic = format!("connect-test-{}", process::id());
    producer.ensure_topic(&topic, 3).unwrap();
    producer.ensure_topic(&topic, 3).unwrap();
    producer.ensure_topic(&topic, 5).unwrap();
    let error = producer.ensure_topic("not a topic name!", 1).unwrap_err();
    assert_eq!(error.to_string(), "kafka: cannot create topic `not a topic name!` with 1 partitions");
    producer.flush().unwrap();
}
