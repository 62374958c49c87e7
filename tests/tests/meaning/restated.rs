//! A final value that changes is kept with what it was, what it is, and why.

use crate::refreshed::Kept;
use chrono::{DateTime, Utc};
use pipeline_tests::story;

/// Two calls on Monday 2 March, and one of Tuesday, all answered: 42 s and 10 s, and 7 s.
const CALLS: &str = "
2026-03-02T09:00:00Z c1 contact_initiated
2026-03-02T09:00:00Z c1 queue_entered queue_id=TAX
2026-03-02T09:00:42Z c1 contact_answered queue_id=TAX wait_ms=42000
2026-03-03T09:00:00Z c2 contact_initiated
2026-03-03T09:00:00Z c2 queue_entered queue_id=TAX
2026-03-03T09:00:07Z c2 contact_answered queue_id=TAX wait_ms=7000
";
const LATE: &str = "
2026-03-02T10:00:00Z c3 contact_initiated
2026-03-02T10:00:00Z c3 queue_entered queue_id=TAX
2026-03-02T10:00:10Z c3 contact_answered queue_id=TAX wait_ms=10000 id=first
";
const CORRECTED: &str = "2026-03-02T10:00:20Z c3 contact_answered queue_id=TAX wait_ms=20000 supersedes=first";
/// Holds from the Tuesday on: the Monday stays without a service.
const MAPPED: &str = "2026-03-20T09:00:00Z queue:TAX queue_mapped queue_id=TAX service_area=council_tax social_care=false effective_from=2026-03-03";

/// Final values of the average speed of answer that have changed.
const RESTATED: &str = "
    SELECT CAST(epoch AS VARCHAR), CAST(period AS VARCHAR), service_area,
        concat(coalesce(CAST(old_numerator AS VARCHAR), '-'), '/', coalesce(CAST(old_denominator AS VARCHAR), '-')),
        concat(coalesce(CAST(new_numerator AS VARCHAR), '-'), '/', coalesce(CAST(new_denominator AS VARCHAR), '-')),
        cause
    FROM kpi_restatements WHERE kpi = 'wait_asa'";

fn at(instant: &str) -> i64 {
    instant.parse::<DateTime<Utc>>().unwrap().timestamp_micros()
}

async fn then(kept: &mut Kept, events: &str, as_of: &str) {
    kept.take(&story::read(events.trim()).unwrap()).await;
    let refreshed = kept.refresh(at(as_of)).await;
    assert_eq!(refreshed.rebuilt, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn final_values_that_change_are_told_with_their_cause() {
    let mut kept = Kept::new();
    kept.take(&story::read(CALLS.trim()).unwrap()).await;
    // Tuesday's values are not final before Thursday begins.
    kept.refresh(at("2026-03-04T12:00:00Z")).await;
    then(&mut kept, LATE, "2026-03-20T12:00:00Z").await;
    then(&mut kept, CORRECTED, "2026-03-20T13:00:00Z").await;
    then(&mut kept, MAPPED, "2026-03-20T14:00:00Z").await;
    let told = kept.read().await.query(RESTATED).await;
    let expected = [
        ["2", "2026-03-02", "(unknown)", "42000/1", "52000/2", "late event"],
        ["3", "2026-03-02", "(unknown)", "52000/2", "62000/2", "correction"],
        ["4", "2026-03-03", "(unknown)", "7000/1", "-/-", "reference change"],
        ["4", "2026-03-03", "council_tax", "-/-", "7000/1", "reference change"],
    ];
    assert_eq!(told, expected);
    // The values' own history: in what was measured as of Wednesday, Monday was final and Tuesday was not.
    kept.rebuild(at("2026-03-20T15:00:00Z")).await;
    assert_eq!(kept.read().await.query(RESTATED).await, expected);
    let found = kept.verify().await;
    assert!(found.differences.is_empty(), "{:#?}", found.differences);
}
