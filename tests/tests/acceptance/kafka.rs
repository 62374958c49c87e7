//! Writing to Kafka as the tests need it: raw records, chosen partitions, a chosen pace; and
//! reading everything back independently of ingest.

use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use schemas::Event;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

pub(crate) const TOPIC: &str = "telephony.events";
pub(crate) const PARTITIONS: i32 = 6;

/// All events of a call-record file, in the file's order.
pub(crate) fn events_of(file: &Path) -> Vec<Event> {
    use connect::call_records::{ImportOptions, Report, open};
    let options = ImportOptions { source: "bank".to_owned(), time_zone: chrono_tz::Europe::London };
    let mut report = Report::default();
    let rows = open(file, options).unwrap();
    rows.flat_map(|row| report.take(row.unwrap())).collect()
}

pub(crate) struct Writer {
    producer: BaseProducer,
}

impl Writer {
    /// A producer, with the topic made.
    pub(crate) fn new(brokers: &str) -> Self {
        Self::of_records_up_to(brokers, 1_048_588)
    }

    /// The same, for records that may be larger than Kafka takes where nothing else is set.
    pub(crate) fn of_records_up_to(brokers: &str, bytes: usize) -> Self {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", brokers).set("enable.idempotence", "true").set("linger.ms", "5");
        config.set("queue.buffering.max.messages", "1000000").set("message.max.bytes", bytes.to_string());
        let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // As many copies as the broker is set to make.
        let topic = NewTopic::new(TOPIC, PARTITIONS, TopicReplication::Fixed(-1));
        let made = runtime.block_on(admin.create_topics([&topic], &AdminOptions::new())).unwrap();
        assert!(matches!(&made[0], Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists))), "{made:?}");
        Self { producer: config.create().unwrap() }
    }

    pub(crate) fn event(&self, event: &Event) {
        self.raw(Some(event.subject()), None, &event.to_record().unwrap());
    }

    pub(crate) fn raw(&self, key: Option<&str>, partition: Option<i32>, payload: &[u8]) {
        let mut record = BaseRecord::<str, [u8]>::to(TOPIC).payload(payload);
        record.key = key;
        record.partition = partition;
        while let Err((error, again)) = self.producer.send(record) {
            assert_eq!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull));
            self.producer.poll(Duration::from_millis(20));
            record = again;
        }
        self.producer.poll(Duration::ZERO);
    }

    /// A record of a partition that was made then, milliseconds since 1970.
    pub(crate) fn raw_at(&self, partition: i32, payload: &[u8], made_at_ms: i64) {
        let record = BaseRecord::<str, [u8]>::to(TOPIC).payload(payload).partition(partition);
        assert!(self.producer.send(record.timestamp(made_at_ms)).is_ok());
    }

    /// A record without a value.
    pub(crate) fn tombstone(&self, key: &str) {
        assert!(self.producer.send(BaseRecord::<str, [u8]>::to(TOPIC).key(key)).is_ok());
    }

    /// A record without a value, in a partition of choice.
    pub(crate) fn tombstone_in(&self, partition: i32, key: &str) {
        assert!(self.producer.send(BaseRecord::<str, [u8]>::to(TOPIC).key(key).partition(partition)).is_ok());
    }

    /// How many records Kafka has not taken yet.
    pub(crate) fn in_flight(&self) -> i32 {
        self.producer.poll(Duration::ZERO);
        self.producer.in_flight_count()
    }

    pub(crate) fn flush(&self) {
        self.producer.flush(Duration::from_secs(300)).unwrap();
    }
}

/// Writes records in one transaction, and commits or aborts it.
pub(crate) fn transaction(brokers: &str, partition: i32, records: &[Vec<u8>], commits: bool) {
    let within = Duration::from_secs(60);
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("transactional.id", "in-turns");
    let producer: BaseProducer = config.create().unwrap();
    producer.init_transactions(within).unwrap();
    producer.begin_transaction().unwrap();
    for record in records {
        assert!(producer.send(BaseRecord::<str, [u8]>::to(TOPIC).partition(partition).payload(record)).is_ok());
    }
    producer.flush(within).unwrap();
    if commits { producer.commit_transaction(within) } else { producer.abort_transaction(within) }.unwrap();
}

/// Has Kafka forget what is below an offset, as its retention would.
pub(crate) fn forget_before(brokers: &str, partition: i32, offset: i64) {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(TOPIC, partition, Offset::Offset(offset)).unwrap();
    on_admin(brokers, async |admin| drop(admin.delete_records(&list, &AdminOptions::new()).await.unwrap()));
}

/// Makes the topic a compacted one.
pub(crate) fn make_compacted(brokers: &str) {
    configure(brokers, &[("cleanup.policy", "compact")]);
}

/// Sets these settings of the topic, and all others back.
pub(crate) fn configure(brokers: &str, settings: &[(&str, &str)]) {
    let topic = AlterConfig::new(ResourceSpecifier::Topic(TOPIC));
    let change = settings.iter().fold(topic, |change, (name, value)| change.set(name, value));
    on_admin(brokers, async |admin| {
        admin.alter_configs([&change], &AdminOptions::new()).await.unwrap()[0].as_ref().unwrap();
    });
}

fn on_admin(brokers: &str, act: impl AsyncFnOnce(AdminClient<DefaultClientContext>)) {
    let admin = ClientConfig::new().set("bootstrap.servers", brokers).create().unwrap();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(act(admin));
}

/// What Kafka holds of the topic: the key by (partition, offset).
pub(crate) fn read_back(brokers: &str) -> BTreeMap<(i32, i64), String> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("group.id", "verifier").set("enable.partition.eof", "true");
    let consumer: BaseConsumer = config.create().unwrap();
    let mut all = TopicPartitionList::new();
    (0..PARTITIONS).for_each(|partition| {
        all.add_partition_offset(TOPIC, partition, Offset::Beginning).unwrap();
    });
    consumer.assign(&all).unwrap();
    let (mut found, mut ended) = (BTreeMap::new(), BTreeSet::new());
    while ended.len() < PARTITIONS as usize {
        match consumer.poll(Duration::from_secs(30)).expect("Kafka stopped answering the verifier") {
            Ok(message) => {
                let key = message.key().map(|key| String::from_utf8_lossy(key).into_owned()).unwrap_or_default();
                found.insert((message.partition(), message.offset()), key);
            }
            Err(KafkaError::PartitionEOF(partition)) => drop(ended.insert(partition)),
            // A node that is away or comes back; the others answer.
            Err(error) => eprintln!("the verifier was told: {error}"),
        }
    }
    found
}
