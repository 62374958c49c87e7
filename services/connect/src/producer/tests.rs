//! The producer against the in-process broker of librdkafka, and against none at all.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::KafkaProducer;
use crate::Error;
use kafka::Access;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::util::Timeout;
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use schemas::{Event, Value, event_id};
use std::time::{Duration, Instant};

const TOPIC: &str = "telephony.events";

fn ended(call_id: &str) -> Event {
    Event::new("contact_ended")
        .with("event_id", event_id("test", "contact_ended", call_id))
        .with("occurred_at", Value::TimestampMicros(0))
        .with("source", "test")
        .with("initial_contact_id", call_id)
        .with("contact_id", call_id)
        .with("ended_by", "unknown")
        .with("outcome", "answered")
}

fn cluster() -> MockCluster<'static, DefaultProducerContext> {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 1, 1).unwrap();
    cluster
}

#[test]
fn events_arrive_under_their_subject() {
    let cluster = cluster();
    let producer = KafkaProducer::new(&Access::plaintext(cluster.bootstrap_servers())).unwrap();
    producer.send(&ended("C1")).unwrap();
    // One that is a record already goes the same way.
    let source = &schemas::catalogue().sources["telephony"];
    producer.send_record(source, "C2", &ended("C2").to_record().unwrap()).unwrap();
    producer.send(&ended("C1")).unwrap();
    producer.flush().unwrap();

    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", cluster.bootstrap_servers())
        .set("group.id", "test")
        .create()
        .unwrap();
    let mut from_start = TopicPartitionList::new();
    from_start.add_partition_offset(TOPIC, 0, Offset::Beginning).unwrap();
    consumer.assign(&from_start).unwrap();
    for call_id in ["C1", "C2", "C1"] {
        let record = consumer.poll(Timeout::After(Duration::from_secs(10))).unwrap().unwrap();
        assert_eq!(record.key().unwrap(), call_id.as_bytes());
        assert_eq!(record.payload().unwrap(), ended(call_id).to_record().unwrap());
    }
}

#[test]
fn a_lost_event_is_an_error_for_good() {
    let cluster = cluster();
    let producer = KafkaProducer::new(&Access::plaintext(cluster.bootstrap_servers())).unwrap();
    let refusal = RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    cluster.request_errors(RDKafkaApiKey::Produce, &[refusal]);
    producer.send(&ended("C1")).unwrap();
    for _ in 0..2 {
        let Err(Error::Undelivered { count: 1, first }) = producer.flush() else { panic!("no loss noticed") };
        assert!(first.contains("MessageSizeTooLarge"), "{first}");
    }
    assert!(matches!(producer.send(&ended("C2")), Err(Error::Undelivered { .. })));
}

#[test]
fn an_event_that_fits_no_schema_is_not_sent() {
    let cluster = cluster();
    let producer = KafkaProducer::new(&Access::plaintext(cluster.bootstrap_servers())).unwrap();
    assert!(matches!(producer.send(&Event::new("contact_ended")), Err(Error::Event(_))));
    assert!(matches!(producer.send(&Event::new("contact_sneezed")), Err(Error::Event(_))));
    producer.flush().unwrap();
}

#[test]
fn no_broker_is_a_clear_error() {
    let begun = Instant::now();
    let Err(error) = KafkaProducer::new(&Access::plaintext("127.0.0.1:1")) else { panic!("connected to port 1") };
    let text = error.to_string();
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert!(matches!(error, Error::Reach(kafka::Error::NoAnswer { .. })), "{text}");
    for part in ["127.0.0.1:1", "Connection refused", "deploy/broker.sh start"] {
        assert!(text.contains(part), "{text}");
    }
}
