//! The property of [`crate::refreshed`] would show it if refresh forgot a rule.

use crate::refreshed::{Kept, batches};
use lake::fault::{Rule, forget};
use pipeline_tests::random_story::random_story;

/// Forgets a rule in every refresh of a story that is cut down to its first events, and demands that
/// verification finds it. A few events leave days untouched that time makes final.
async fn is_noticed(rule: Rule, seed: u64, events: usize) {
    let mut kept = Kept::new();
    let mut story = random_story(seed);
    story.truncate(events);
    for (at, (batch, as_of)) in batches(seed, story).into_iter().enumerate() {
        kept.take(&batch).await;
        // The rule is forgotten on this thread, which is that of the refresh.
        forget(Some(rule));
        let refreshed = kept.refresh(as_of).await;
        forget(None);
        let found = if refreshed.rebuilt.is_some() { Vec::new() } else { kept.verify().await.differences };
        if let Some(first) = found.first() {
            println!("{rule:?} forgotten: batch {at} of seed {seed}: {:?}", first.rows.first());
            return;
        }
    }
    panic!("{rule:?} was forgotten, and nothing was noticed");
}

#[tokio::test]
async fn it_is_noticed_when_old_rows_are_not_told_of() {
    is_noticed(Rule::OldRows, 300, 400).await;
}

#[tokio::test]
async fn it_is_noticed_when_time_does_not_make_values_final() {
    is_noticed(Rule::TurningDays, 301, 100).await;
}

#[tokio::test]
async fn it_is_noticed_when_time_does_not_change_rows() {
    is_noticed(Rule::NextChange, 301, 400).await;
}

#[tokio::test]
async fn it_is_noticed_when_the_day_of_a_late_event_is_missed() {
    is_noticed(Rule::LateDays, 300, 300).await;
}
