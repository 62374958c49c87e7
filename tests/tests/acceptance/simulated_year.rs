//! A simulated council of all sources through real Kafka: interleaved, out of order, some of it
//! twice; beside real calls. The oracle says what must come out.

use crate::broker::Broker;
use crate::delta;
use crate::expected::all_numbers_hold;
use crate::search::{Search, files};
use crate::world::{World, shared_data};
use chrono::{DateTime, NaiveDate, Utc};
use connect::producer::KafkaProducer;
use pipeline_tests::oracle::{self, MonthlyKey, RowKey};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemas::{Event, Pii, Value, catalogue};
use serde_json::Value as Json;
use simulate::{Council, Settings};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::fs;

/// A council small enough for the oracle, over thirteen months: the last one has a year before it.
const CONTACTS_PER_MONTH: u32 = 250;
const DAYS: usize = 396;
const ALL: &[&str] = &[
    "2024-12", "2025-01", "2025-02", "2025-03", "2025-04", "2025-05", "2025-06", "2025-07", "2025-08", "2025-09",
    "2025-10", "2025-11", "2025-12",
];
/// FixMyStreet is launched on 1 July; before it there is no report of a resident.
const LAUNCH: &[&str] = &["2025-07", "2025-08", "2025-09", "2025-10", "2025-11", "2025-12"];
/// The months for which each measure must have values.
const MONTHS: [(&str, &[&str]); 25] = [
    ("abandon_rate", ALL),
    ("abandon_short", ALL),
    ("aht", ALL),
    ("answered_within_120s", ALL),
    ("answered_within_20s", ALL),
    ("answered_within_60s", ALL),
    ("channel_mix", ALL),
    ("channel_shift", &["2025-12"]),
    ("chaser_contacts", ALL),
    ("fcr_agent", ALL),
    ("fcr_agent_coded", ALL),
    ("fcr_norepeat", ALL),
    ("fcr_norepeat_matchable", ALL),
    ("form_abandonment", ALL),
    ("form_completion", ALL),
    ("reports_fixed", LAUNCH),
    ("reports_fixed_in_time", LAUNCH),
    ("reports_made", LAUNCH),
    ("self_service_share", ALL),
    ("sla_answered", ALL),
    ("volume_contacts", ALL),
    ("volume_demands", ALL),
    ("wait_all", ALL),
    ("wait_asa", ALL),
    ("wait_distribution", ALL),
];

#[test]
fn a_simulated_year_through_real_kafka_beside_real_calls() {
    let Some(data) = shared_data("a_simulated_year_through_real_kafka_beside_real_calls") else { return };
    let events = told();
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    let sent = produce(&broker.address, &events);
    let mut logs = world.ingest();
    world.import(&data.join("calls_week.csv"), "lake");
    let as_of = "2026-03-01T00:00:00Z";
    let output = world.run(&["refresh", "--once", "--as-of", as_of]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    logs.push_str(&String::from_utf8_lossy(&output.stderr));

    for (table, expected) in sent {
        let rows = world.number(&format!("SELECT count(*) FROM {table} WHERE topic NOT LIKE 'file/%'"));
        assert_eq!(rows, expected, "{table}: each record of Kafka must be there once");
    }
    every_month_has_values(&world);
    let as_of_micros = as_of.parse::<DateTime<Utc>>().unwrap().timestamp_micros();
    assert_same(&oracle::measure(&events, as_of_micros), &daily(&world));
    assert_same(&oracle::distribution(&events), &distribution(&world));
    assert_same(&oracle::monthly(&events), &monthly(&world));
    all_numbers_hold(&world, &data);
    nobody_can_be_read(&world, &events, &logs);
}

/// All events of the council, in the order of their telling.
fn told() -> Vec<Event> {
    let day = |year, month| NaiveDate::from_ymd_opt(year, month, 1).unwrap();
    let settings = Settings {
        contacts_per_month: CONTACTS_PER_MONTH,
        launch: Some(day(2025, 7)),
        ..Settings::new(7, day(2024, 12))
    };
    let council = Council::new(settings).unwrap();
    let mut events = council.reference();
    events.extend(council.days().take(DAYS).flat_map(|day| day.events));
    events
}

/// Sends the events of all sources through each other, shuffled within each hour, one in fifty twice;
/// answers how many records each table must get.
fn produce(brokers: &str, events: &[Event]) -> BTreeMap<&'static str, i64> {
    const HOUR_MICROS: i64 = 3_600_000_000;
    let mut rng = ChaCha8Rng::seed_from_u64(50);
    let mut order: Vec<(i64, u32, &Event)> = Vec::new();
    for event in events {
        let Some(Value::TimestampMicros(at)) = event.fields.get("occurred_at") else { panic!("{event:?}") };
        let copies = if rng.random_ratio(1, 50) { 2 } else { 1 };
        order.extend((0..copies).map(|_| (at.div_euclid(HOUR_MICROS), rng.random(), event)));
    }
    order.sort_by_key(|(hour, place, _)| (*hour, *place));
    assert!(order.len() > events.len() + events.len() / 100, "nothing is doubled");
    let producer = KafkaProducer::new(&kafka::Access::plaintext(brokers)).unwrap();
    for source in catalogue().sources.values() {
        producer.ensure_topic(&source.topic, 4).unwrap();
    }
    let mut sent = BTreeMap::new();
    for (_, _, event) in order {
        producer.send(event).unwrap();
        let (source, _) = catalogue().event_type(&event.event_type).unwrap();
        *sent.entry(source.table.as_str()).or_default() += 1;
    }
    producer.flush().unwrap();
    sent
}

fn every_month_has_values(world: &World) {
    let named: Vec<&str> = MONTHS.iter().map(|(kpi, _)| *kpi).collect();
    let defined: Vec<&str> = queries::catalogue().kpis.keys().map(String::as_str).collect();
    assert_eq!(named, defined);
    let rows = world.sql(
        "SELECT DISTINCT kpi, substr(CAST(local_date AS VARCHAR), 1, 7) AS month FROM kpi_daily
            WHERE numerator IS NOT NULL AND coalesce(denominator, 1) > 0
         UNION SELECT kpi, substr(CAST(local_date AS VARCHAR), 1, 7) FROM kpi_distribution
         UNION SELECT kpi, substr(CAST(local_month AS VARCHAR), 1, 7) FROM kpi_period",
    );
    let found: BTreeSet<(&str, &str)> =
        rows.iter().map(|row| (row["kpi"].as_str().unwrap(), row["month"].as_str().unwrap())).collect();
    for (kpi, months) in MONTHS {
        let missing: Vec<&&str> = months.iter().filter(|month| !found.contains(&(kpi, *month))).collect();
        assert!(missing.is_empty(), "{kpi} has no value in {missing:?}");
    }
}

/// Rows since the council began; the real calls are of 1999.
const SINCE: &str = "local_date >= DATE '2024-01-01'";
const KEY: &str =
    "kpi, CAST(local_date AS VARCHAR) AS day, service_area, service_class, queue, channel, subject_group";

fn daily(world: &World) -> BTreeMap<RowKey, (Option<i64>, Option<i64>)> {
    let rows = world.sql(&format!("SELECT {KEY}, numerator, denominator FROM kpi_daily WHERE {SINCE}"));
    rows.iter().map(|row| (row_key(row), (row["numerator"].as_i64(), row["denominator"].as_i64()))).collect()
}

fn distribution(world: &World) -> BTreeMap<(RowKey, i64), i64> {
    let rows = world.sql(&format!("SELECT {KEY}, value, count FROM kpi_distribution WHERE {SINCE}"));
    rows.iter().map(|row| ((row_key(row), number(row, "value")), number(row, "count"))).collect()
}

fn monthly(world: &World) -> BTreeMap<MonthlyKey, (i64, i64)> {
    let rows = world.sql(
        "SELECT kpi, CAST(local_month AS VARCHAR) AS month, channel, part, numerator, denominator FROM kpi_period
            WHERE local_month >= DATE '2024-01-01'",
    );
    let key = |row: &Json| MonthlyKey {
        kpi: text(row, "kpi"),
        local_month: text(row, "month").parse().unwrap(),
        channel: text(row, "channel"),
        part: text(row, "part"),
    };
    rows.iter().map(|row| (key(row), (number(row, "numerator"), number(row, "denominator")))).collect()
}

fn row_key(row: &Json) -> RowKey {
    RowKey {
        kpi: text(row, "kpi"),
        local_date: text(row, "day").parse().unwrap(),
        service_area: text(row, "service_area"),
        service_class: text(row, "service_class"),
        queue: text(row, "queue"),
        channel: text(row, "channel"),
        subject_group: text(row, "subject_group"),
    }
}

fn text(row: &Json, column: &str) -> String {
    row[column].as_str().unwrap().to_owned()
}

fn number(row: &Json, column: &str) -> i64 {
    row[column].as_i64().unwrap()
}

fn assert_same<K: Ord + Debug, V: PartialEq + Debug>(oracle: &BTreeMap<K, V>, sql: &BTreeMap<K, V>) {
    assert!(oracle.len() > 12, "the oracle has only {} rows", oracle.len());
    let keys: BTreeSet<&K> = oracle.keys().chain(sql.keys()).collect();
    let differing = keys.into_iter().filter(|key| oracle.get(key) != sql.get(key));
    let told: Vec<String> = differing
        .take(12)
        .map(|key| format!("{key:?}: oracle {:?}, SQL {:?}", oracle.get(key), sql.get(key)))
        .collect();
    assert!(told.is_empty(), "oracle and SQL differ\n{}", told.join("\n"));
}

/// No number, address, account, member of staff or name of the council's people is in lake or logs.
fn nobody_can_be_read(world: &World, events: &[Event], logs: &str) {
    let mut people = BTreeSet::new();
    for event in events {
        let fields = &catalogue().event_type(&event.event_type).unwrap().1.fields;
        let told = fields.iter().filter(|field| field.pii.is_some_and(|pii| pii.is_token() || pii == Pii::Name));
        people.extend(told.filter_map(|field| event.text(&field.name)));
    }
    assert!(people.len() > 1_000, "only {} people", people.len());
    let search = Search::of(people.into_iter());
    let raw: Vec<u8> = events.iter().flat_map(|event| event.to_record().unwrap()).collect();
    assert!(search.first_in(&raw).is_some(), "the search finds nothing at all");
    assert_eq!(search.first_in(logs.as_bytes()), None, "can be read in the logs");
    for path in files(&world.lake()) {
        assert_eq!(search.first_in(&fs::read(&path).unwrap()), None, "can be read in {}", path.display());
    }
    for source in catalogue().sources.values() {
        let cells = delta::cells(&world.lake().join(&source.table)).join("\n");
        assert!(!cells.is_empty(), "{}: nothing to search", source.table);
        assert_eq!(search.first_in(cells.as_bytes()), None, "can be read in {} (decompressed)", source.table);
    }
}
