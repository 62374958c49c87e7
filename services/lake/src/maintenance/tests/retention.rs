//! Rows that have had their time are taken out, by whole partitions.

use super::{Appended, Care, Retention, Shelf, care, maintain, policy, spec};
use crate::positions::commit_actions;
use schemas::PartitionBy;

const DAY_MS: i64 = 86_400_000;

fn kept_for(keep_days: u32) -> Care {
    let retention = Some(Retention { period: PartitionBy::Date, keep_days });
    Care { appended: Some(Appended { sort_columns: spec().sort_columns, retention }), ..care() }
}

#[tokio::test]
async fn partitions_that_have_had_their_time_go_and_the_others_stay() {
    let mut shelf = Shelf::new().await;
    for day in [10, 11, 11, 12] {
        shelf.append(day, &["a", "b"]).await;
    }
    let (version, before) = (shelf.table.version(), shelf.rows().await);
    // Day 11 ends with day 12, and 90 days later is day 102.
    let done = maintain(&shelf.lake, &kept_for(90), &policy(102 * DAY_MS - 1)).await.unwrap();
    assert_eq!(done.expired_rows, 2);
    let done = maintain(&shelf.lake, &kept_for(90), &policy(102 * DAY_MS)).await.unwrap();
    assert_eq!(done.expired_rows, 4);
    let left = shelf.rows().await;
    assert_eq!(left.len(), 2);
    assert!(left.iter().all(|row| row.ends_with("| 1970-01-13")), "{left:?}");
    // This is a change of what the table says, and an older version says what it said.
    let newest = shelf.reopened().await;
    let actions = commit_actions(&newest.delta.log_store(), newest.version()).await.unwrap();
    let removed = actions.iter().filter(|action| action["remove"]["dataChange"] == true);
    assert_eq!(removed.count(), 2);
    assert_eq!(shelf.rows_at(version).await, before);
}

#[tokio::test]
async fn without_retention_everything_stays() {
    let mut shelf = Shelf::new().await;
    shelf.append(0, &["a", "b"]).await;
    let done = maintain(&shelf.lake, &care(), &policy(shelf.hours_later(0))).await.unwrap();
    assert_eq!((done.expired_rows, shelf.rows().await.len()), (0, 2));
}

#[tokio::test]
async fn a_writer_may_append_to_a_partition_that_is_being_removed() {
    let mut shelf = Shelf::new().await;
    shelf.append(10, &["a"]).await;
    let mut writer = shelf.reopened().await;
    let late = writer.write(&spec(), &[super::rows(&["late"], 1, 10)]).await.unwrap();
    maintain(&shelf.lake, &kept_for(1), &policy(20 * DAY_MS)).await.unwrap();
    writer.commit(crate::Commit { files: late, ..crate::Commit::default() }).await.unwrap();
    assert_eq!(shelf.rows().await.len(), 1);
    assert_eq!(maintain(&shelf.lake, &kept_for(1), &policy(20 * DAY_MS)).await.unwrap().expired_rows, 1);
    assert_eq!(shelf.rows().await.len(), 0);
}
