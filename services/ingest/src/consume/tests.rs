//! What is read of which partition, by a client of librdkafka from its own mock of a broker.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::Health;
use crate::kafka::{Connected, connect};
use crate::tests::parts;
use crate::watched::Watched;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc::unbounded_channel;

const TOPIC: &str = "t.events";
const RECORDS: i64 = 20;

/// A client that nobody but the test assigns partition 0 to.
struct Reader {
    consumer: BaseConsumer<Context>,
    watched: Arc<Watched>,
    _broker: MockCluster<'static, DefaultProducerContext>,
}

impl Reader {
    fn new() -> Self {
        let broker = MockCluster::new(1).unwrap();
        broker.create_topic(TOPIC, 1, 1).unwrap();
        let options = parts::options(&broker.bootstrap_servers(), Health::default());
        let producer: BaseProducer = options.access.config("test").create().unwrap();
        for _ in 0..RECORDS {
            producer.send(BaseRecord::<(), str>::to(TOPIC).partition(0).payload("x")).unwrap();
        }
        producer.flush(Duration::from_secs(10)).unwrap();
        let watched = Arc::new(Watched::new(TOPIC, &options.access.brokers, options.health.clone(), 0));
        let (tell, _) = unbounded_channel();
        let Connected { consumer, .. } = connect(&options, TOPIC, tell, watched.clone()).unwrap();
        Self { consumer, watched, _broker: broker }
    }

    fn context(&self) -> &Context {
        self.consumer.context()
    }

    fn assign(&self, start: Start) {
        let mut list = self.context().list(&[start.partition]);
        self.context().assign(&self.consumer, &mut list, &[start], false).unwrap();
    }

    fn revoke(&self) {
        self.context().assignment().forget(&[0]);
        self.consumer.unassign().unwrap();
        self.reads_nothing();
    }

    fn obeys(&self, command: Command) {
        // A seek is refused while the client has not begun to read.
        let mut refused = Some(command);
        let began = Instant::now();
        while let Some(command) = refused.take() {
            assert!(began.elapsed() < Duration::from_secs(20), "refused for long");
            refused = self.context().obey(&self.consumer, command);
        }
    }

    fn press_back(&self, presses_back: bool) {
        self.context().press_back(&self.consumer, presses_back).unwrap();
    }

    /// The offset of the next record, if one comes within so long.
    fn next(&self, within: Duration) -> Option<i64> {
        let until = Instant::now() + within;
        while Instant::now() < until {
            if let Some(Ok(message)) = self.consumer.poll(POLL_FOR) {
                return Some(message.offset());
            }
        }
        None
    }

    fn reads_nothing(&self) {
        assert_eq!(self.next(Duration::from_millis(500)), None);
    }

    fn reads_on_from(&self, offset: i64) {
        assert_eq!(self.next(Duration::from_secs(20)), Some(offset));
    }
}

fn start(offset: i64, generation: u32, held: bool) -> Start {
    Start { partition: 0, offset: Some(offset), generation, held }
}

#[test]
fn nothing_is_read_of_a_partition_that_comes_or_begins_anew_in_a_jam() {
    let reader = Reader::new();
    reader.press_back(true);
    reader.assign(start(5, 1, false));
    reader.reads_nothing();
    reader.press_back(false);
    // The record before the position is read once more, to compare it.
    reader.reads_on_from(4);
    reader.press_back(true);
    reader.obeys(Command::Rewind(start(9, 2, false)));
    reader.reads_nothing();
    reader.press_back(false);
    reader.reads_on_from(9);
}

#[test]
fn a_partition_that_is_let_go_while_paused_is_read_when_it_comes_back() {
    let reader = Reader::new();
    reader.assign(start(5, 1, false));
    reader.reads_on_from(4);
    reader.obeys(Command::Hold { partition: 0, generation: 1 });
    reader.reads_nothing();
    reader.revoke();
    reader.assign(start(12, 2, false));
    reader.reads_on_from(11);
    // One that comes back held stays so until it is let go on.
    reader.revoke();
    reader.assign(start(12, 3, true));
    reader.reads_nothing();
    reader.obeys(Command::Rewind(start(12, 4, false)));
    reader.reads_on_from(12);
}

#[test]
fn a_partition_that_comes_after_a_jam_without_any_is_heard_of() {
    let reader = Reader::new();
    reader.assign(start(RECORDS, 1, false));
    reader.reads_on_from(RECORDS - 1);
    reader.press_back(true);
    reader.revoke();
    reader.press_back(false);
    reader.watched.assigned(0, Some(RECORDS), None);
    reader.assign(start(RECORDS, 2, false));
    let began = Instant::now();
    while reader.watched.stood_at_end_ms(0, RECORDS).is_none() {
        assert!(began.elapsed() < Duration::from_secs(20), "not heard of for long");
        reader.next(POLL_FOR);
    }
}
