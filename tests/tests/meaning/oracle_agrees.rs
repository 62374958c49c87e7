//! The oracle and the SQL give the same rows for random stories.

use crate::rebuilt::{LATER, Rebuilt};
use pipeline_tests::oracle::{self, MonthlyKey, RowKey};
use pipeline_tests::random_story::random_story;
use schemas::Event;
use std::collections::BTreeMap;
use std::fmt::Debug;

const SEEDS: u64 = 20;
/// Enough rows to see what is wrong.
const SHOWN: usize = 12;

#[test]
fn the_oracle_measures_every_kpi() {
    let defined: Vec<&str> = queries::catalogue().kpis.keys().map(String::as_str).collect();
    assert_eq!(oracle::kpis(), defined);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oracle_agrees_with_the_sql() {
    let mut problems = Vec::new();
    for seed in 0..SEEDS {
        let events = random_story(seed);
        let rebuilt = Rebuilt::from(&events, LATER).await;
        let shown = differing(&events, &rebuilt).await;
        if !shown.is_empty() {
            let some: Vec<&str> = shown.iter().take(SHOWN).map(String::as_str).collect();
            problems.push(format!("seed {seed}, {} rows:\n{}", shown.len(), some.join("\n")));
        }
    }
    assert!(problems.is_empty(), "oracle and SQL differ\n{}", problems.join("\n"));
}

/// Where the oracle and tables over the same events differ, row by row.
pub(crate) async fn differing(events: &[Event], tables: &Rebuilt) -> Vec<String> {
    let measured = oracle::measure(events, tables.engine().as_of_micros());
    [
        differences(&measured, &tables.parts().await, RowKey::to_string),
        differences(&measured, &tables.intervals().await, |key| format!("intervals of {key}")),
        differences(&oracle::distribution(events), &tables.counts().await, |(key, value)| {
            format!("{key} value {value}")
        }),
        differences(&oracle::monthly(events), &tables.months().await, MonthlyKey::to_string),
    ]
    .concat()
}

/// Rows that only one of the two has, or that they have with different values.
fn differences<K: Ord, V: PartialEq + Debug>(
    oracle: &BTreeMap<K, V>,
    sql: &BTreeMap<K, V>,
    name: impl Fn(&K) -> String,
) -> Vec<String> {
    let of_oracle = oracle.iter().map(|(key, value)| (key, Some(value), sql.get(key)));
    let only_sql =
        sql.iter().filter(|(key, _)| !oracle.contains_key(key)).map(|(key, value)| (key, None, Some(value)));
    let differing = of_oracle.chain(only_sql).filter(|(_, oracle, sql)| oracle != sql);
    differing.map(|(key, oracle, sql)| format!("  {}: oracle {oracle:?}, SQL {sql:?}", name(key))).collect()
}
