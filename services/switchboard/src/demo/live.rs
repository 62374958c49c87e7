//! The live stream: the council's days go on, each event when it is due, and never more of them
//! under way than the broker in this process surely keeps.

use crate::config::Config;
use crate::output;
use anyhow::{Result, anyhow};
use connect::in_process_broker::KEPT_RECORDS;
use connect::producer::KafkaProducer;
use schemas::{Event, Value};
use simulate::Days;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::sync::watch;

/// While the stream is behind the clock, an hour of it goes by in a second.
const CATCH_UP_SPEED: i64 = 3_600;
const A_MOMENT: Duration = Duration::from_millis(20);

/// A stream that runs in a thread of its own.
pub(super) struct Live(JoinHandle<Result<u64>>);

impl Live {
    /// Starts; with `until_now` it ends when all that is due by now has been committed, and does not
    /// wait between events.
    pub(super) fn start(
        config: &Config,
        days: Days,
        committed_rows: Arc<AtomicU64>,
        until_now: bool,
        stopped: watch::Receiver<bool>,
    ) -> Result<Self> {
        let producer = KafkaProducer::new(&config.kafka.connection.access()?)?;
        let stream =
            Stream { producer, committed_rows, until: until_now.then(output::now_micros), stopped, sent: 0 };
        let thread = thread::Builder::new().name("live".to_owned()).spawn(move || stream.run(days))?;
        Ok(Self(thread))
    }

    /// Waits for the end of a stream that has one; answers how many events it sent.
    pub(super) async fn caught_up(self) -> Result<u64> {
        while !self.0.is_finished() {
            tokio::time::sleep(A_MOMENT).await;
        }
        self.0.join().map_err(|_| anyhow!("the live stream fell over"))?
    }

    /// Resolves when the stream has ended by a failure.
    pub(super) async fn failed(self) -> anyhow::Error {
        match self.caught_up().await {
            Err(error) => error,
            Ok(_) => std::future::pending().await,
        }
    }
}

struct Stream {
    producer: KafkaProducer,
    committed_rows: Arc<AtomicU64>,
    /// Events after this instant are not sent.
    until: Option<i64>,
    stopped: watch::Receiver<bool>,
    sent: u64,
}

impl Stream {
    fn run(mut self, days: Days) -> Result<u64> {
        let began = output::now_micros();
        let mut first_event_at = None;
        for event in days.flat_map(|day| day.events) {
            let at = occurred_at(&event);
            let from = *first_event_at.get_or_insert(at);
            if self.until.is_some_and(|until| at > until) {
                break;
            }
            loop {
                if *self.stopped.borrow() {
                    return Ok(self.sent);
                }
                let now = output::now_micros();
                let is_due = self.until.is_some() || is_due(at, from, began, now);
                if is_due && self.sent - self.committed() < KEPT_RECORDS {
                    break;
                }
                thread::sleep(A_MOMENT);
            }
            self.producer.send(&event)?;
            self.sent += 1;
        }
        self.producer.flush()?;
        while self.committed() < self.sent && !*self.stopped.borrow() {
            thread::sleep(A_MOMENT);
        }
        Ok(self.sent)
    }

    fn committed(&self) -> u64 {
        self.committed_rows.load(Ordering::Relaxed)
    }
}

/// Whether an event of the instant `at` is due at `now`: never before it happens, and while the stream
/// catches up, which it has done since `began` from the instant `from` on, an hour a second.
fn is_due(at: i64, from: i64, began: i64, now: i64) -> bool {
    let caught_up_to = from + (now - began) * CATCH_UP_SPEED;
    at <= now.min(caught_up_to)
}

fn occurred_at(event: &Event) -> i64 {
    match event.fields.get("occurred_at") {
        Some(Value::TimestampMicros(at)) => *at,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;
    const HOUR: i64 = 3_600 * SECOND;

    #[test]
    fn an_hour_goes_by_in_a_second_until_the_clock_is_reached() {
        let (from, began) = (0, 100 * HOUR);
        assert!(is_due(0, from, began, began));
        assert!(!is_due(HOUR, from, began, began + SECOND - 1));
        assert!(is_due(HOUR, from, began, began + SECOND));
        // Long after, the clock alone decides.
        let now = began + 1_000 * SECOND;
        assert!(is_due(now, from, began, now) && !is_due(now + 1, from, began, now));
    }
}
