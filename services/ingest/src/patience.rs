//! Waiting for a lake that refuses to be read or written.

use crate::Error;
use crate::watched::Watched;
use std::time::Duration;

const FIRST_PAUSE_MS: u64 = 100;
const LONGEST_PAUSE_DOUBLINGS: u32 = 6;

/// What is asked of the lake again, with pauses that grow to some seconds, for as long as it refuses.
/// What is buffered waits meanwhile, and Kafka with it.
pub(crate) struct Patience<'a> {
    table: &'a str,
    watched: &'a Watched,
    now_micros: fn() -> i64,
    failures: u32,
}

impl<'a> Patience<'a> {
    pub(crate) fn new(table: &'a str, watched: &'a Watched, now_micros: fn() -> i64) -> Self {
        Self { table, watched, now_micros, failures: 0 }
    }

    /// What was asked for; or nothing, after a pause: ask again.
    ///
    /// # Errors
    /// Whatever is no refusal of the storage.
    pub(crate) async fn take<T>(&mut self, answer: Result<T, lake::Error>) -> Result<Option<T>, Error> {
        let Self { table, failures, .. } = self;
        match answer {
            Err(error @ (lake::Error::Delta { .. } | lake::Error::Io { .. })) => {
                *failures += 1;
                let cause = error.cause();
                self.watched.lake_refuses(&cause, (self.now_micros)());
                if failures.is_power_of_two() {
                    tracing::warn!(
                        table,
                        failures,
                        cause,
                        "the lake does not answer; ingest waits and tries again"
                    );
                }
                let pause = FIRST_PAUSE_MS << (*failures).min(LONGEST_PAUSE_DOUBLINGS);
                tokio::time::sleep(Duration::from_millis(pause)).await;
                Ok(None)
            }
            done => {
                self.watched.lake_takes();
                if *failures > 0 && done.is_ok() {
                    tracing::info!(table, failures, "the lake answers again");
                }
                Ok(Some(done?))
            }
        }
    }
}
