//! How far a new contact reaches back: the row of the contact before it is another if that was within 28
//! days, and is left alone, with its month and its measures, if it was longer ago.

use crate::refreshed::Kept;
use pipeline_tests::story;
use refresh::{Plan, Told};
use std::collections::BTreeMap;

const MAP: &str = "
2024-01-01T00:00:00Z queue:HWY queue_mapped queue_id=HWY service_area=highways social_care=false effective_from=2024-01-01
2024-03-05T09:00:00Z c1 contact_initiated source=telephony ani=01632960123
2024-03-05T09:00:20Z c1 queue_entered source=telephony queue_id=HWY
2024-03-05T09:01:20Z c1 contact_answered source=telephony wait_ms=60000 queue_id=HWY agent=ana
2024-03-05T09:05:00Z c1 contact_ended source=telephony talk_ms=220000 outcome=answered
";

/// The same resident rings again at this instant.
fn again(call: &str, at: &str) -> String {
    format!(
        "{at} {call} contact_initiated source=telephony ani=01632960123
{at} {call} queue_entered source=telephony queue_id=HWY
{at} {call} contact_answered source=telephony wait_ms=0 queue_id=HWY agent=ana
{at} {call} contact_ended source=telephony talk_ms=60000 outcome=answered
"
    )
}

/// Refreshes; how many rows of each table have changed, a row that became another counted before and after.
async fn changed(kept: &Kept) -> BTreeMap<String, usize> {
    let as_of_micros = 1_800_000_000_000_000;
    let time_zone = chrono_tz::Europe::London;
    let plan = Plan { time_zone, as_of_micros, now_micros: as_of_micros, from_scratch: false };
    let mut rows = BTreeMap::new();
    let tell = |told: Told<'_>| {
        if let Told::Table(name, count) = told {
            rows.insert(name.to_owned(), count);
        }
    };
    refresh::refresh(kept.lake(), &plan, tell).await.unwrap();
    let found = kept.verify().await;
    assert!(found.differences.is_empty(), "{:#?}", found.differences);
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_changes_the_one_before_it_within_28_days_and_none_that_is_older() {
    let mut kept = Kept::new();
    kept.take(&story::read(MAP).unwrap()).await;
    changed(&kept).await;
    // The only row that changes is that of the call itself.
    kept.take(&story::read(&again("c2", "2026-03-31T09:00:00Z")).unwrap()).await;
    assert_eq!(changed(&kept).await["customer_contacts"], 1);
    // 28 days of 24 hours later, to the second: from the end of one month to the end of the next, so that a
    // reach of two days less would not find it.
    kept.take(&story::read(&again("c3", "2026-04-28T09:00:00Z")).unwrap()).await;
    assert_eq!(changed(&kept).await["customer_contacts"], 3);
    kept.take(&story::read(&again("c4", "2026-05-26T09:00:01Z")).unwrap()).await;
    assert_eq!(changed(&kept).await["customer_contacts"], 1);
    // Between two that knew nothing of each other: both are others now.
    kept.take(&story::read(&again("c5", "2026-05-10T09:00:00Z")).unwrap()).await;
    assert_eq!(changed(&kept).await["customer_contacts"], 5);
}
