//! Two rewriters at once: the stock OPTIMIZE doubles rows, ours gives way, and without the fence it
//! would double them too.

use super::{Care, Run, Shelf, care, maintain, policy};
use crate::fault::{Rule, forget};
use crate::maintenance::Halt;
use crate::maintenance::compaction::Rewritten;

/// Rewrites all that is due, up to the commit.
async fn prepared(run: &Run<'_>) -> Rewritten {
    let origin = run.origin().unwrap();
    let mut rewritten = Rewritten::default();
    for group in run.groups(&origin) {
        run.rewrite(&origin, group, &mut rewritten).await.unwrap();
    }
    rewritten
}

#[tokio::test]
async fn two_stock_optimize_runs_on_one_version_double_every_row() {
    let mut shelf = Shelf::new().await;
    shelf.append_files(1, 4).await;
    let before = shelf.rows().await;
    let (first, second) = (shelf.reopened().await.delta, shelf.reopened().await.delta);
    first.optimize().await.unwrap();
    second.optimize().await.unwrap();
    assert_eq!((before.len(), shelf.rows().await.len()), (12, 24));
}

#[tokio::test]
async fn of_two_of_ours_on_one_version_one_gives_way() {
    let mut shelf = Shelf::new().await;
    shelf.append_files(1, 4).await;
    let (care, policy, before) = (care(), policy(shelf.hours_later(0)), shelf.rows().await);
    let mut first = Run::new(&shelf.lake, &care, &policy, shelf.reopened().await);
    let mut second = Run::new(&shelf.lake, &care, &policy, shelf.reopened().await);
    let (of_first, of_second) = (prepared(&first).await, prepared(&second).await);
    first.land(of_first).await.unwrap();
    let fenced = second.land(of_second).await;
    assert!(matches!(fenced, Err(Halt::GaveWay)), "{fenced:?}");
    assert_eq!(shelf.rows().await, before);
    assert_eq!((first.done.files_before, second.done.files_before), (4, 0));
}

#[tokio::test]
async fn without_the_fence_two_of_ours_would_double_every_row() {
    let mut shelf = Shelf::new().await;
    shelf.append_files(1, 4).await;
    let (care, policy) = (care(), policy(shelf.hours_later(0)));
    let mut first = Run::new(&shelf.lake, &care, &policy, shelf.reopened().await);
    let mut second = Run::new(&shelf.lake, &care, &policy, shelf.reopened().await);
    let (of_first, of_second) = (prepared(&first).await, prepared(&second).await);
    forget(Some(Rule::RewriterFence));
    let landed = (first.land(of_first).await, second.land(of_second).await);
    forget(None);
    assert!(landed.0.is_ok() && landed.1.is_ok(), "{landed:?}");
    assert_eq!(shelf.rows().await.len(), 24);
}

#[tokio::test]
async fn whoever_began_before_another_cleaned_up_gives_way() {
    let mut shelf = Shelf::new().await;
    shelf.append_files(1, 4).await;
    let (care, policy, before) = (care(), policy(shelf.hours_later(48)), shelf.rows().await);
    let mut paused = Run::new(&shelf.lake, &care, &policy, shelf.reopened().await);
    let of_paused = prepared(&paused).await;
    // The other one finds the uploads of the paused one two days old, and deletes them.
    let replaced = Care { appended: None, ..care.clone() };
    let done = maintain(&shelf.lake, &replaced, &policy).await.unwrap();
    assert_eq!(done.files_deleted, 1);
    let fenced = paused.land(of_paused).await;
    assert!(matches!(fenced, Err(Halt::GaveWay)), "{fenced:?}");
    assert_eq!(shelf.rows().await, before);
}
