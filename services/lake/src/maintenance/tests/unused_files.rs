//! Files that nobody needs are deleted, and no others.

use super::{Care, Run, Shelf, care, data_files, maintain, policy, rows, spec};
use crate::fence::UPLOADS_BEFORE;
use crate::{Commit, Span};

#[tokio::test]
async fn files_of_needed_versions_stay_and_the_others_go() {
    let mut shelf = Shelf::new().await;
    shelf.append_files(1, 3).await;
    let first = shelf.rows().await;
    // The three become one, which with two more becomes another one.
    maintain(&shelf.lake, &care(), &policy(shelf.hours_later(0))).await.unwrap();
    shelf.append_files(1, 2).await;
    let needed = shelf.table.version();
    let before = shelf.rows().await;
    maintain(&shelf.lake, &care(), &policy(shelf.hours_later(0))).await.unwrap();
    assert_eq!(shelf.files(), 3 + 1 + 2 + 1);
    // A week later an epoch needs the version with one file and two.
    let care = Care { retained: vec![needed], ..care() };
    let done = maintain(&shelf.lake, &care, &policy(shelf.hours_later(7 * 24))).await.unwrap();
    assert_eq!((done.files_deleted, shelf.files()), (3, 4));
    assert!(done.bytes_freed > 0);
    assert_eq!((shelf.rows_at(needed).await, shelf.rows().await), (before.clone(), before));
    // When no epoch needs it any more, they go too.
    let done = maintain(&shelf.lake, &super::care(), &policy(shelf.hours_later(8 * 24))).await.unwrap();
    assert_eq!((done.files_deleted, shelf.files()), (3, 1));
    assert_eq!(shelf.rows().await.len(), first.len() + 6);
}

#[tokio::test]
async fn a_version_that_was_current_a_day_ago_is_needed() {
    let mut shelf = Shelf::new().await;
    shelf.append_files(1, 3).await;
    let version = shelf.table.version();
    let before = shelf.rows().await;
    maintain(&shelf.lake, &care(), &policy(shelf.hours_later(0))).await.unwrap();
    let done = maintain(&shelf.lake, &care(), &policy(shelf.hours_later(23))).await.unwrap();
    assert_eq!(done.files_deleted, 0);
    assert_eq!(shelf.rows_at(version).await, before);
    let done = maintain(&shelf.lake, &care(), &policy(shelf.hours_later(25))).await.unwrap();
    assert_eq!(done.files_deleted, 3);
}

#[tokio::test]
async fn uploads_that_were_given_up_go_and_young_ones_stay() {
    let mut shelf = Shelf::new().await;
    shelf.append(1, &["a"]).await;
    shelf.table.write(&spec(), &[rows(&["given up"], 50, 1)]).await.unwrap();
    let done = maintain(&shelf.lake, &care(), &policy(shelf.hours_later(0))).await.unwrap();
    assert_eq!((done.files_deleted, shelf.files()), (0, 2));
    let now_ms = shelf.hours_later(25);
    let done = maintain(&shelf.lake, &care(), &policy(now_ms)).await.unwrap();
    assert_eq!((done.files_deleted, shelf.files()), (1, 1));
    // Whoever commits later finds the stamp on the version that it commits on.
    let stamp = shelf.reopened().await.positions()[UPLOADS_BEFORE];
    assert_eq!(stamp, now_ms - 24 * super::HOUR_MS);
    // Without anything to delete there is no commit.
    let version = shelf.reopened().await.version();
    maintain(&shelf.lake, &care(), &policy(shelf.hours_later(30))).await.unwrap();
    assert_eq!(shelf.reopened().await.version(), version);
}

#[tokio::test]
async fn a_commit_that_is_faster_than_the_stamp_keeps_its_files() {
    let mut shelf = Shelf::new().await;
    shelf.append(1, &["a"]).await;
    let files = shelf.table.write(&spec(), &[rows(&["slow", "writer"], 1, 1)]).await.unwrap();
    shelf.table.write(&spec(), &[rows(&["given up"], 50, 1)]).await.unwrap();
    let (care, policy) = (care(), policy(shelf.hours_later(48)));
    let uploads_before_ms = policy.now_ms - policy.grace_ms;
    let mut run = Run::new(&shelf.lake, &care, &policy, shelf.reopened().await);
    let unused = run.unused(0, uploads_before_ms).await.unwrap();
    assert_eq!(unused.len(), 2);
    let spans = vec![Span { fence: super::PARTITION_FENCE.to_owned(), start: Some(1), end: 3 }];
    shelf.table.commit(Commit { files, spans, ..Commit::default() }).await.unwrap();
    run.delete_unused(unused, uploads_before_ms).await.unwrap();
    assert_eq!((run.done.files_deleted, shelf.files(), shelf.rows().await.len()), (1, 2, 3));
}

#[tokio::test]
async fn uploads_that_a_kill_cut_short_go_too() {
    let mut shelf = Shelf::new().await;
    shelf.append(1, &["a"]).await;
    let folder = shelf.folder.path().join("events");
    let torn = [folder.join("day=1970-01-02/part-1.zstd.parquet#1"), folder.join("_delta_log/x.json#12")];
    torn.iter().for_each(|path| std::fs::write(path, "half").unwrap());
    let done = maintain(&shelf.lake, &care(), &policy(shelf.hours_later(23))).await.unwrap();
    assert_eq!(done.files_deleted, 0);
    let done = maintain(&shelf.lake, &care(), &policy(shelf.hours_later(25))).await.unwrap();
    assert_eq!((done.files_deleted, done.bytes_freed), (2, 8));
    assert!(torn.iter().all(|path| !path.exists()) && shelf.rows().await.len() == 1);
}

#[tokio::test]
async fn what_is_no_data_file_of_ours_is_left_alone() {
    let mut shelf = Shelf::new().await;
    shelf.append(1, &["a"]).await;
    let notes = shelf.folder.path().join("events/notes.txt");
    std::fs::write(&notes, "kept").unwrap();
    let kept = data_files(&shelf.folder.path().join("events"));
    maintain(&shelf.lake, &care(), &policy(shelf.hours_later(48))).await.unwrap();
    assert!(notes.exists());
    assert_eq!(data_files(&shelf.folder.path().join("events")), kept);
}
