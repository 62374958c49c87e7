//! Every number of `calls_week.expected.json`, asked of our tables by SQL.

use crate::world::World;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::path::Path;

/// Demands that all numbers of source `bank` are as expected, whatever other sources there are:
/// total, by day, by queue, by hour, repeat, and the measures of these days that must equal them.
pub(crate) fn all_numbers_hold(world: &World, data: &Path) {
    let text = std::fs::read_to_string(data.join("calls_week.expected.json")).unwrap();
    let expected: Json = serde_json::from_str(&text).unwrap();
    let mut compared = 0;
    for (part, group) in [
        ("total", "'total'"),
        ("by_day", "CAST(local_date AS VARCHAR)"),
        ("by_queue", "queue"),
        ("by_hour", "substr(local_time, 1, 2)"),
    ] {
        let groups = match part {
            "total" => Map::from_iter([("total".to_owned(), expected[part].clone())]),
            _ => expected[part].as_object().unwrap().clone(),
        };
        let found = found(world, group);
        assert_eq!(found.keys().collect::<Vec<_>>(), groups.keys().collect::<Vec<_>>(), "groups of {part}");
        for (name, numbers) in &groups {
            for (number, value) in numbers.as_object().unwrap() {
                let ours = found[name].get(number).and_then(Json::as_i64);
                assert_eq!(ours, value.as_i64(), "{part} {name} {number}");
                compared += 1;
            }
        }
    }
    assert!(compared > 500, "only {compared} numbers were compared");
    for (number, value) in expected["repeat"].as_object().unwrap() {
        assert_eq!(Some(repeat(world, number)), value.as_i64(), "repeat {number}");
    }
    measures_hold(world, &expected);
}

const VISITS: &str = "
    SELECT {group} AS name, count(*) AS queue_offered,
        count(*) FILTER (WHERE outcome = 'answered') AS answered,
        count(*) FILTER (WHERE outcome = 'answered' AND wait_ms <= 20000) AS answered_within_20,
        count(*) FILTER (WHERE outcome = 'answered' AND wait_ms <= 60000) AS answered_within_60,
        count(*) FILTER (WHERE outcome = 'answered' AND wait_ms <= 120000) AS answered_within_120,
        count(*) FILTER (WHERE outcome = 'abandoned') AS abandoned,
        count(*) FILTER (WHERE outcome = 'abandoned' AND wait_ms <= 20000) AS abandoned_within_20,
        count(*) FILTER (WHERE outcome = 'abandoned' AND wait_ms <= 60000) AS abandoned_within_60,
        count(*) FILTER (WHERE outcome = 'abandoned' AND wait_ms <= 120000) AS abandoned_within_120,
        count(*) FILTER (WHERE is_short_abandon) AS short_abandoned_5s,
        coalesce(sum(wait_ms) FILTER (WHERE outcome = 'answered'), 0) / 1000 AS wait_answered_seconds_sum,
        coalesce(sum(wait_ms) FILTER (WHERE outcome = 'abandoned'), 0) / 1000 AS wait_abandoned_seconds_sum
    FROM queue_visits WHERE source = 'bank' GROUP BY {group}";

const CALLS: &str = "
    SELECT {group} AS name,
        count(*) FILTER (WHERE is_inbound_call) AS calls,
        count(*) FILTER (WHERE outcome = 'left_in_ivr') AS abandoned_in_ivr,
        count(*) FILTER (WHERE outcome = 'not_a_call') AS not_calls,
        coalesce(sum(handle_ms) FILTER (WHERE outcome = 'answered'), 0) / 1000 AS handle_seconds_sum
    FROM calls WHERE source = 'bank' GROUP BY {group}";

const PERCENTILES: &str = "
    WITH ranked AS (
        SELECT {group} AS name, wait_ms / 1000 AS wait,
            row_number() OVER (PARTITION BY {group} ORDER BY wait_ms) AS rank,
            count(*) OVER (PARTITION BY {group}) AS answered
        FROM queue_visits WHERE source = 'bank' AND outcome = 'answered'
    )
    SELECT name, max(wait) AS wait_max,
        min(wait) FILTER (WHERE rank * 100 >= answered * 50) AS wait_p50,
        min(wait) FILTER (WHERE rank * 100 >= answered * 90) AS wait_p90
    FROM ranked GROUP BY name";

fn found(world: &World, group: &str) -> BTreeMap<String, Map<String, Json>> {
    let mut numbers: BTreeMap<String, Map<String, Json>> = BTreeMap::new();
    for query in [VISITS, CALLS, PERCENTILES] {
        for row in world.sql(&query.replace("{group}", group)) {
            let name = row["name"].as_str().unwrap().to_owned();
            numbers.entry(name).or_default().extend(row.as_object().unwrap().clone());
        }
    }
    // A group without any visit has none of each.
    for row in numbers.values_mut() {
        for query in [VISITS, CALLS] {
            let columns = query.split(" AS ").skip(1).filter_map(|part| part.split([',', '\n', ' ']).next());
            for column in columns {
                row.entry(column).or_insert(Json::from(0));
            }
        }
    }
    numbers
}

fn repeat(world: &World, number: &str) -> i64 {
    let answered = "SELECT unnest(customer_tokens) AS customer, arrived_at, source, initial_contact_id
        FROM calls WHERE source = 'bank' AND outcome = 'answered' AND customer_tokens IS NOT NULL";
    let followed = |seconds: i64| {
        format!(
            "SELECT count(*) FROM (SELECT CAST(lead(arrived_at) OVER (PARTITION BY customer ORDER BY arrived_at,
                initial_contact_id) AS BIGINT) - CAST(arrived_at AS BIGINT) AS gap FROM ({answered}) AS answered)
             AS gaps WHERE gap <= {}",
            seconds * 1_000_000
        )
    };
    world.number(&match number {
        "answered_with_customer" => format!("SELECT count(*) FROM ({answered}) AS answered"),
        "customers" => format!("SELECT count(DISTINCT customer) FROM ({answered}) AS answered"),
        "followed_within_24h" => followed(86_400),
        "followed_within_7d_seen_in_file" => followed(7 * 86_400),
        other => panic!("no query for repeat {other}"),
    })
}

/// The stored measures, day by day, against the same numbers.
fn measures_hold(world: &World, expected: &Json) {
    let query = "SELECT kpi, CAST(local_date AS VARCHAR) AS day, sum(numerator) AS numerator,
        sum(denominator) AS denominator FROM kpi_daily GROUP BY kpi, local_date";
    let rows = world.sql(query);
    let part = |kpi: &str, day: &str, column: &str| {
        let row = rows.iter().find(|row| row["kpi"] == kpi && row["day"] == day);
        row.and_then(|row| row[column].as_i64()).unwrap_or_default()
    };
    for (day, numbers) in expected["by_day"].as_object().unwrap() {
        let number = |name: &str| numbers[name].as_i64().unwrap();
        let offered_long = number("queue_offered") - number("short_abandoned_5s");
        let wait_ms = (number("wait_answered_seconds_sum") + number("wait_abandoned_seconds_sum")) * 1_000;
        for (kpi, numerator, denominator) in [
            ("wait_asa", number("wait_answered_seconds_sum") * 1_000, number("answered")),
            ("wait_all", wait_ms, number("queue_offered")),
            ("answered_within_20s", number("answered_within_20"), offered_long),
            ("answered_within_60s", number("answered_within_60"), offered_long),
            ("answered_within_120s", number("answered_within_120"), offered_long),
            ("abandon_rate", number("abandoned") - number("short_abandoned_5s"), offered_long),
            ("abandon_short", number("short_abandoned_5s"), number("queue_offered")),
            ("volume_contacts", number("calls"), 0),
            ("aht", number("handle_seconds_sum") * 1_000, number("answered")),
        ] {
            let ours = (part(kpi, day, "numerator"), part(kpi, day, "denominator"));
            assert_eq!(ours, (numerator, denominator), "{kpi} on {day}");
        }
    }
}
