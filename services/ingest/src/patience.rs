//! Waiting for a lake that refuses to be written.

use crate::Error;
use crate::watched::Watched;
use std::future::Future;
use std::time::Duration;

const FIRST_PAUSE_MS: u64 = 100;
const LONGEST_PAUSE_DOUBLINGS: u32 = 6;

/// Does it again, with pauses that grow to some seconds, for as long as the storage refuses. What is
/// buffered waits meanwhile, and Kafka with it.
pub(crate) async fn patiently<T, F: Future<Output = Result<T, Error>>>(
    table: &str,
    watched: &Watched,
    now_micros: fn() -> i64,
    act: impl Fn() -> F,
) -> Result<T, Error> {
    let mut failures = 0u32;
    loop {
        match act().await {
            Err(Error::Lake(error @ (lake::Error::Delta { .. } | lake::Error::Io { .. }))) => {
                failures += 1;
                let cause = error.cause();
                watched.lake_refuses(&cause, now_micros());
                if failures.is_power_of_two() {
                    tracing::warn!(
                        table,
                        failures,
                        cause,
                        "the lake cannot be written; ingest waits and tries again"
                    );
                }
                let pause = FIRST_PAUSE_MS << failures.min(LONGEST_PAUSE_DOUBLINGS);
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
            done => {
                watched.lake_takes();
                if failures > 0 && done.is_ok() {
                    tracing::info!(table, failures, "the lake can be written again");
                }
                return done;
            }
        }
    }
}
