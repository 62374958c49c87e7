//! Calls as they happen: events sent to Kafka at a steady rate, each with the instant of its sending.

use crate::kafka::Writer;
use chrono::{DateTime, SecondsFormat};
use pipeline_tests::story;
use schemas::Event;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What happens in a call, in this order.
const STAGES: [&str; 4] = [
    "contact_initiated customer_account=CUSTOMER",
    "queue_entered queue_id=TAX",
    "contact_answered queue_id=TAX agent=ana wait_ms=2000",
    "contact_ended outcome=answered talk_ms=2000",
];
const SECONDS_BETWEEN_STAGES: usize = 2;
const CUSTOMERS: usize = 5_000;
const PAUSE: Duration = Duration::from_millis(20);

/// A steady stream of events.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steady {
    pub(crate) per_second: usize,
    pub(crate) seconds: usize,
}

impl Steady {
    /// Calls that go on at once.
    fn width(self) -> usize {
        self.per_second * SECONDS_BETWEEN_STAGES
    }

    /// Which call the event of this number is of, and which stage of the call it is.
    fn place(self, number: usize) -> (usize, usize) {
        let (round, within) = (number / (STAGES.len() * self.width()), number % (STAGES.len() * self.width()));
        (round * self.width() + within % self.width(), within / self.width())
    }

    /// The other way round.
    pub(crate) fn number(self, call: usize, stage: usize) -> usize {
        let (round, within) = (call / self.width(), call % self.width());
        (round * STAGES.len() + stage) * self.width() + within
    }

    /// The source that the calls are said to come from.
    pub(crate) fn source(self) -> String {
        format!("steady-{}", self.per_second)
    }

    fn event(self, number: usize, at_micros: i64) -> Event {
        let (call, stage) = self.place(number);
        let at = DateTime::from_timestamp_micros(at_micros).unwrap().to_rfc3339_opts(SecondsFormat::Micros, true);
        let told = STAGES[stage].replace("CUSTOMER", &format!("customer-{}", call % CUSTOMERS));
        // Two streams may meet in one lake: each has calls of its own.
        let line = format!("{at} {}/{call} {told} source={}", self.per_second, self.source());
        story::read(&line).unwrap().remove(0)
    }

    /// Sends them in a thread of its own, which ends when Kafka has all; it gives the instant of each,
    /// microseconds since 1970.
    pub(crate) fn send(self, brokers: &str) -> JoinHandle<Vec<i64>> {
        let writer = Writer::new(brokers);
        std::thread::spawn(move || {
            let (began, mut sent) = (Instant::now(), Vec::new());
            while sent.len() < self.per_second * self.seconds {
                let due = began.elapsed().as_millis() as usize * self.per_second / 1_000;
                // More only when Kafka has taken what was sent, so that a slow broker is waited for.
                if writer.in_flight() == 0 {
                    for number in sent.len()..due.min(self.per_second * self.seconds) {
                        sent.push(now_micros());
                        writer.event(&self.event(number, sent[number]));
                    }
                }
                std::thread::sleep(PAUSE);
            }
            writer.flush();
            sent
        })
    }
}

pub(crate) fn now_micros() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64
}

#[test]
fn each_call_goes_through_its_stages_in_order() {
    let steady = Steady { per_second: 5, seconds: 60 };
    // Ten calls go on at once: the first begin, then the same ten enter the queue.
    assert_eq!((steady.place(0), steady.place(9), steady.place(10)), ((0, 0), (9, 0), (0, 1)));
    assert_eq!((steady.place(39), steady.place(40)), ((9, 3), (10, 0)));
    for number in 0..300 {
        let (call, stage) = steady.place(number);
        assert_eq!(steady.number(call, stage), number);
    }
}
