//! Every metric that is used is described, and every described one is used.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// Keeps what it is told, and nothing of the values.
#[derive(Default)]
struct Told {
    described: Mutex<BTreeMap<String, &'static str>>,
    used: Mutex<BTreeMap<String, &'static str>>,
    labels: Mutex<BTreeSet<(String, String)>>,
}

impl Told {
    fn describes(&self, key: &KeyName, kind: &'static str) {
        self.described.lock().unwrap().insert(key.as_str().to_owned(), kind);
    }

    fn uses(&self, key: &Key, kind: &'static str) {
        self.used.lock().unwrap().insert(key.name().to_owned(), kind);
        let labels = key.labels().map(|label| (label.key().to_owned(), label.value().to_owned()));
        self.labels.lock().unwrap().extend(labels);
    }
}

impl metrics::Recorder for Told {
    fn describe_counter(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.describes(&key, "counter");
    }

    fn describe_gauge(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.describes(&key, "gauge");
    }

    fn describe_histogram(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.describes(&key, "histogram");
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.uses(key, "counter");
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.uses(key, "gauge");
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.uses(key, "histogram");
        Histogram::noop()
    }
}

/// Records everything that there is to record.
fn record_all() {
    let recorder = Recorder::new("t.events");
    recorder.received(3, 300);
    recorder.rows(2);
    recorder.quarantined(Refusal::NotUtf8);
    recorder.commit(CommitOutcome::Landed, Duration::from_millis(7));
    recorder.flush(FlushReason::Time);
    recorder.uploaded(Duration::from_millis(5));
    recorder.offset_gaps(1);
    recorder.duplicates_dropped(4);
    recorder.decoder_surprises(1);
    recorder.lag(0, 12, Some(1.5));
    recorder.memory(300, 1_000);
    recorder.partitions(3, &[PauseCause::Registry]);
    recorder.pressed_back(2);
}

#[test]
fn every_metric_that_is_used_is_described_and_every_described_one_is_used() {
    let told = Told::default();
    metrics::with_local_recorder(&told, || {
        describe();
        record_all();
    });
    assert_eq!(*told.described.lock().unwrap(), *told.used.lock().unwrap());
    assert_eq!(told.described.lock().unwrap().len(), METRICS.len(), "a name stands in the table twice");
    let constants = include_str!("table.rs").matches(": Metric =").count();
    assert_eq!(constants, METRICS.len(), "a metric is missing in METRICS");
}

#[test]
fn names_say_what_is_counted_and_in_which_unit() {
    for Metric { name, kind, unit, description } in METRICS {
        assert!(name.starts_with("switchboard_ingest_"), "{name}");
        assert!(name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_'), "{name}");
        assert_eq!(name.ends_with("_total"), kind == Kind::Counter, "{name}");
        let measured = name.trim_end_matches("_total");
        assert_eq!(measured.ends_with("_bytes"), unit == Unit::Bytes, "{name}");
        assert_eq!(measured.ends_with("_seconds"), unit == Unit::Seconds, "{name}");
        assert!(description.ends_with('.') && !description.contains("  "), "{name}: {description}");
    }
}

#[test]
fn labels_are_the_topic_the_partition_and_words_of_ours() {
    let told = Told::default();
    metrics::with_local_recorder(&told, record_all);
    let labels = told.labels.lock().unwrap();
    let of = |key: &str| {
        let values = labels.iter().filter(|(held, _)| held == key).map(|(_, value)| value.as_str());
        values.collect::<Vec<_>>()
    };
    assert_eq!(
        labels.iter().map(|(key, _)| key.as_str()).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>(),
        ["cause", "outcome", "partition", "reason", "topic"]
    );
    assert_eq!((of("topic"), of("partition")), (vec!["t.events"], vec!["0"]));
    assert_eq!(of("outcome"), ["failed", "fenced", "landed", "stale", "unknown_resolved"]);
    assert_eq!(of("cause"), ["memory", "registry", "share_refused", "unknown_schema"]);
    assert_eq!(of("reason"), ["memory", "not_utf8", "revoke", "size", "stop", "time"]);
}
