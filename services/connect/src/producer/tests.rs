//! The producer against the in-process broker of librdkafka, and against none at all.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[allow(dead_code, unreachable_pub, reason = "shared with the tests of the whole pipeline")]
#[path = "../../../../tests/src/registry_server.rs"]
mod registry_server;

use super::{KafkaProducer, SchemaIds};
use crate::Error;
use kafka::Access;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::util::Timeout;
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use registry_server::RegistryServer;
use schemas::{Event, Registry, RegistryError, Value, event_id, frame};
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

    for (call_id, (key, record)) in ["C1", "C2", "C1"].iter().zip(read(&cluster, 3)) {
        assert_eq!(key, call_id.as_bytes());
        assert_eq!(record, ended(call_id).to_record().unwrap());
    }
}

/// The first records of the topic, each with its key.
fn read(cluster: &MockCluster<'_, DefaultProducerContext>, records: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", cluster.bootstrap_servers())
        .set("group.id", "test")
        .create()
        .unwrap();
    let mut from_start = TopicPartitionList::new();
    from_start.add_partition_offset(TOPIC, 0, Offset::Beginning).unwrap();
    consumer.assign(&from_start).unwrap();
    let next = || consumer.poll(Timeout::After(Duration::from_secs(10))).unwrap().unwrap();
    (0..records)
        .map(|_| next())
        .map(|record| (record.key().unwrap().to_vec(), record.payload().unwrap().to_vec()))
        .collect()
}

/// The record on the wire is the one of this build but for its id, by which the registry gives the
/// schema that it was written with.
#[test]
fn records_carry_the_ids_of_the_registry() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut server = RegistryServer::start().unwrap();
    server.register("other", r#"{"type":"record","name":"other","fields":[]}"#);
    let registry = Registry::new(&server.url()).unwrap();
    let source = &schemas::catalogue().sources["telephony"];
    let ids = runtime.block_on(SchemaIds::registered(&registry, &[source])).unwrap();
    let cluster = cluster();
    let producer = KafkaProducer::new(&Access::plaintext(cluster.bootstrap_servers())).unwrap();
    let producer = producer.with_schema_ids(ids.clone());
    producer.send(&ended("C1")).unwrap();
    // A form is of another source, whose schemas were not registered.
    let foreign = frame::join(3001, &[]);
    assert!(matches!(producer.send_record(source, "C1", &foreign), Err(Error::Event(_))));
    producer.flush().unwrap();

    let (_, record) = &read(&cluster, 1)[0];
    let (id, datum) = frame::split(record).unwrap();
    let plain = ended("C1").to_record().unwrap();
    assert_eq!(datum, frame::split(&plain).unwrap().1);
    let released = schemas::catalogue().latest("contact_ended").unwrap();
    assert_ne!(id, released.id);
    assert_eq!(runtime.block_on(registry.schema(id)).unwrap().as_ref(), released.schema);
    // Registering again gives the same ids; without a registry there are none.
    let again = runtime.block_on(SchemaIds::registered(&registry, &[source])).unwrap();
    assert_eq!(again.framed(&plain).unwrap(), ids.framed(&plain).unwrap());
    server.refuse();
    let error = runtime.block_on(SchemaIds::registered(&registry, &[source])).unwrap_err();
    assert!(matches!(&error, Error::Registry(RegistryError::Outage { .. })), "{error}");
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
