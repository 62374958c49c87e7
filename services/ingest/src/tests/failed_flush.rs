//! A flush that fails is told from one that takes too long.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::parts::Alone;
use crate::Error;
use crate::consume::Event;
use crate::outlet::Outlet;
use std::future::pending;
use std::sync::mpsc;

#[tokio::test]
async fn a_flush_that_fails_while_a_partition_goes_stops_ingest_with_its_cause() {
    let mut alone = Alone::new().await;
    let task = tokio::spawn(pending());
    task.abort();
    alone.ingest.outlet = Outlet::Busy { task, bytes: 1 };
    let (reply, answer) = mpsc::channel();
    let outcome = alone.ingest.handle(Event::Revoked(vec![0], reply)).await;
    assert!(matches!(outcome, Err(Error::Thread(_))), "{outcome:?}");
    assert!(answer.recv().is_err(), "nobody may take the partition for handed on");
}
