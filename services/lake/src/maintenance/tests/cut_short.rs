//! A run that ends anywhere, as by a kill, leaves a whole table: the same rows, and the needed
//! version readable.

use super::{Care, Policy, Shelf, care, maintain, policy};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that ends after so many steps, and drops what it was doing.
struct CutShort<F> {
    future: Pin<Box<F>>,
    steps: usize,
}

impl<F: Future> Future for CutShort<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.steps == 0 {
            return Poll::Ready(None);
        }
        self.steps -= 1;
        self.future.as_mut().poll(context).map(Some)
    }
}

#[tokio::test]
async fn wherever_a_run_ends_the_rows_are_the_same() {
    let mut shelf = Shelf::new().await;
    let (mut steps, mut done) = (0, Vec::new());
    // Ever later, until runs come to their end; each has all kinds of work to do.
    while done.len() < 2 {
        shelf.table.write(&super::spec(), &[super::rows(&["given up"], 1_000_000, 1)]).await.unwrap();
        shelf.append_at_once(1, &[&["c", "a"], &["b"], &["a", "d"]]).await;
        let (needed, before) = (shelf.table.version(), shelf.rows().await);
        let care = Care { retained: vec![needed], ..care() };
        let policy = Policy { checkpoint_after_commits: 1, ..policy(shelf.hours_later(48 + steps as i64)) };
        let run = CutShort { future: Box::pin(maintain(&shelf.lake, &care, &policy)), steps };
        let ended = run.await;
        let read = (shelf.rows().await, shelf.rows_at(needed).await);
        assert!(read.0 == before, "cut short after {steps} steps the newest version differs");
        assert!(read.1 == before, "cut short after {steps} steps the needed version differs");
        shelf.table.update().await.unwrap();
        done.extend(ended.map(Result::unwrap));
        steps += 1 + steps / 4;
    }
    let last = done.last().unwrap();
    assert!(last.files_before > 0 && last.files_deleted > 0 && last.log_files_removed > 0, "{last:?}");
    assert!(last.checkpoint.is_some() && steps > 30, "{last:?} after {steps} steps");
}
