//! What counts as an event, and what is counted of the rest.

use crate::rebuilt::{LATER, Rebuilt};
use pipeline_tests::story;
use queries::Facts;

const STORY: &str = "
2026-03-02T09:00:00Z c1 queue_entered queue_id=TAX
2026-03-02T09:00:30Z c1 contact_answered id=first wait_ms=30000
# The same id with another wait: a conflict.
2026-03-02T09:00:30Z c1 contact_answered id=first wait_ms=20000
2026-03-02T09:10:00Z c2 queue_entered queue_id=TAX
# Sent twice.
2026-03-02T09:10:00Z c2 queue_entered queue_id=TAX
2026-03-02T09:10:40Z c2 contact_answered id=wrong wait_ms=40000
# Corrected: the wait was 35 s.
2026-03-02T09:10:35Z c2 contact_answered id=right supersedes=wrong wait_ms=35000
";

const ONLINE: &str = "
2026-03-02T09:00:00Z f1 form_started form_id=band
# Sent twice.
2026-03-02T09:05:00Z f1 form_submitted
2026-03-02T09:05:00Z f1 form_submitted
2026-03-02T10:00:00Z r1 report_confirmed
# Corrected: it was mended a day later.
2026-03-03T10:00:00Z r1 state_changed to_state=fixed id=wrong
2026-03-04T10:00:00Z r1 state_changed to_state=fixed supersedes=wrong
# The same id with another photo: a conflict.
2026-03-04T11:00:00Z r1 update_posted id=update has_photo=true
2026-03-04T11:00:00Z r1 update_posted id=update has_photo=false
";

const WAITS: &str = "SELECT initial_contact_id, wait_ms FROM queue_visits";

#[tokio::test]
async fn repeats_conflicts_and_corrections_are_counted_and_settled() {
    let events = story::read(STORY).unwrap();
    let rebuilt = Rebuilt::from(&events, LATER).await;
    // Seven rows; one sent twice and one in conflict repeat an id; `wrong` is corrected.
    assert_eq!(rebuilt.facts, Facts { rows: 7, repeats: 2, conflicts: 1, superseded: 1 });
    let waits = rebuilt.query(WAITS).await;
    assert_eq!(waits[1], ["c2", "35000"]);
    // Which of two contents counts is nobody's choice, but it is always the same one.
    let backwards: Vec<_> = events.into_iter().rev().collect();
    assert_eq!(Rebuilt::from(&backwards, LATER).await.query(WAITS).await, waits);
}

#[tokio::test]
async fn every_source_is_counted() {
    let rebuilt = Rebuilt::from(&story::read(ONLINE).unwrap(), LATER).await;
    assert_eq!(rebuilt.facts, Facts { rows: 8, repeats: 2, conflicts: 1, superseded: 1 });
    let fixed = "SELECT CAST(local_date AS VARCHAR), numerator FROM kpi_daily WHERE kpi = 'reports_fixed'";
    assert_eq!(rebuilt.query(fixed).await, [["2026-03-04", "1"]]);
}

#[tokio::test]
async fn a_correction_counts_whichever_comes_first_and_is_corrected_in_turn() {
    let again = "2026-03-02T09:10:36Z c2 contact_answered supersedes=right wait_ms=36000";
    let mut events = story::read(&format!("{STORY}{again}")).unwrap();
    let settled = Rebuilt::from(&events, LATER).await;
    assert_eq!(
        (settled.facts.superseded, settled.query(WAITS).await[1].clone()),
        (2, vec!["c2".into(), "36000".into()])
    );
    events.reverse();
    assert_eq!(Rebuilt::from(&events, LATER).await.query(WAITS).await, settled.query(WAITS).await);
}
