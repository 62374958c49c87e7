//! Checkpoints, and the log before them taken away: versions that are needed stay readable, with
//! their positions.

use super::{Care, PARTITION_FENCE, Policy, Shelf, care, maintain, policy, rows, spec};
use crate::{Commit, Committed, Files, Span};
use std::collections::BTreeMap;

/// A checkpoint after four commits, and nothing rewritten.
fn quiet(now_ms: i64) -> Policy {
    Policy { checkpoint_after_commits: 4, small_files: 1_000, ..policy(now_ms) }
}

async fn position(shelf: &Shelf, version: u64) -> i64 {
    shelf.lake.open_table_at("events", version).await.unwrap().positions()[PARTITION_FENCE]
}

#[tokio::test]
async fn a_checkpoint_is_made_when_enough_commits_have_come() {
    let mut shelf = Shelf::new().await;
    shelf.append_files(1, 3).await;
    // Versions 0 to 3: the table and three commits.
    assert_eq!(shelf.table.checkpoint_if_due(5).await.unwrap(), None);
    assert_eq!(shelf.table.checkpoint_if_due(4).await.unwrap(), Some(3));
    assert_eq!(shelf.table.checkpoint_if_due(4).await.unwrap(), None);
    shelf.append_files(1, 4).await;
    let mut other = shelf.reopened().await;
    assert_eq!(other.checkpoint_if_due(4).await.unwrap(), Some(7));
    // This one does not know of it, but the log does.
    assert_eq!(shelf.table.checkpoint_if_due(4).await.unwrap(), None);
    assert_eq!(shelf.rows().await.len(), 21);
}

#[tokio::test]
async fn the_log_goes_up_to_the_newest_checkpoint_before_what_is_needed() {
    let mut shelf = Shelf::new().await;
    let mut rows = Vec::new();
    for _ in 0..3 {
        shelf.append_files(1, 4).await;
        rows.push(shelf.rows().await);
        // Half an hour later everything is still young: a checkpoint is made and nothing goes.
        let done = maintain(&shelf.lake, &care(), &quiet(shelf.hours_later(0))).await.unwrap();
        assert_eq!((done.checkpoint, done.log_files_removed), (Some(shelf.table.version()), 0));
    }
    shelf.append_files(1, 2).await;
    let newest = shelf.rows().await;
    // Two days later an epoch still needs version 10: it is read from the checkpoint of 8.
    let care = Care { retained: vec![10, 12], ..care() };
    let done = maintain(&shelf.lake, &care, &quiet(shelf.hours_later(48))).await.unwrap();
    // The commits 0 to 7 and the checkpoint of 4.
    assert_eq!((done.checkpoint, done.log_files_removed), (None, 9));
    assert_eq!((shelf.rows_at(8).await, shelf.rows_at(12).await), (rows[1].clone(), rows[2].clone()));
    assert_eq!((shelf.rows_at(10).await.len(), shelf.rows().await), (30, newest));
    assert_eq!((position(&shelf, 10).await, position(&shelf, 14).await), (30, 42));
    assert!(shelf.lake.open_table_at("events", 7).await.is_err(), "version 7 can be read without its log");
}

#[tokio::test]
async fn without_a_checkpoint_before_what_is_needed_nothing_goes() {
    let mut shelf = Shelf::new().await;
    shelf.append_files(1, 6).await;
    let care = Care { retained: vec![5], ..care() };
    for _ in 0..2 {
        // The first makes the checkpoint of version 6, which does not help to read version 5.
        let done = maintain(&shelf.lake, &care, &quiet(shelf.hours_later(48))).await.unwrap();
        assert_eq!(done.log_files_removed, 0);
    }
    assert_eq!(shelf.rows_at(5).await.len(), 15);
}

#[tokio::test]
async fn a_writer_that_slept_through_the_clean_up_reads_on() {
    let mut shelf = Shelf::new().await;
    shelf.append_files(1, 2).await;
    let mut sleeper = shelf.reopened().await;
    shelf.append_files(1, 6).await;
    let mut later = shelf.hours_later(48);
    for _ in 0..2 {
        maintain(&shelf.lake, &care(), &quiet(later)).await.unwrap();
        later += 1;
    }
    shelf.append_files(1, 1).await;
    let log = shelf.folder.path().join("events/_delta_log");
    assert!(!log.join("00000000000000000003.json").exists(), "nothing was cleaned up");
    sleeper.update().await.unwrap();
    assert_eq!(sleeper.positions(), shelf.table.positions());
    assert_eq!(sleeper.positions()[PARTITION_FENCE], 27);
}

#[tokio::test]
async fn a_lost_answer_is_judged_by_the_fences_once_its_entry_is_cleaned_away() {
    let mut shelf = Shelf::new().await;
    let sleeper = shelf.reopened().await;
    let spans = vec![Span { fence: PARTITION_FENCE.to_owned(), start: None, end: 3 }];
    let files = sleeper.write(&spec(), &[rows(&["a", "b", "c"], 0, 1)]).await.unwrap();
    let commit = Commit { files, spans, ..Commit::default() };
    sleeper.put(&commit, sleeper.actions(&commit).unwrap(), "batch-1").await.unwrap();
    shelf.table.update().await.unwrap();
    shelf.next_offset = 3;
    shelf.append_files(1, 6).await;
    maintain(&shelf.lake, &care(), &quiet(shelf.hours_later(48))).await.unwrap();
    let mut sleeper = sleeper;
    sleeper.update().await.unwrap();
    assert_eq!(sleeper.find_batch(1, "batch-1").await.unwrap(), None);
    // It is fenced, and goes on from where the lake is.
    let again = Commit { files: Files::default(), ..commit };
    let fenced = BTreeMap::from([(PARTITION_FENCE.to_owned(), 21)]);
    assert_eq!(sleeper.commit(again).await.unwrap(), Committed::Fenced(fenced));
    assert_eq!(shelf.rows().await.len(), 21);
}

#[tokio::test]
async fn a_checkpoint_that_cannot_be_read_keeps_the_log_before_it() {
    let mut shelf = Shelf::new().await;
    for _ in 0..2 {
        shelf.append_files(1, 4).await;
        maintain(&shelf.lake, &care(), &quiet(shelf.hours_later(0))).await.unwrap();
    }
    let checkpoint = shelf.folder.path().join("events/_delta_log/00000000000000000004.checkpoint.parquet");
    let whole = std::fs::read(&checkpoint).unwrap();
    std::fs::write(&checkpoint, &whole[..whole.len() / 2]).unwrap();
    // Version 6 would be read from it.
    let care = Care { retained: vec![6], ..care() };
    let refused = maintain(&shelf.lake, &care, &quiet(shelf.hours_later(48))).await;
    assert!(refused.is_err(), "{refused:?}");
    std::fs::remove_file(&checkpoint).unwrap();
    assert_eq!((shelf.rows_at(6).await.len(), shelf.rows().await.len()), (18, 24));
}
