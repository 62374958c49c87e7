//! What is done to the topic itself: made, widened, emptied, deleted.

use crate::kafka::{TOPIC, forget_before};
use crate::process::until;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use std::time::Duration;

const ANSWER_WITHIN: Duration = Duration::from_secs(30);

fn connected(brokers: &str) -> BaseConsumer {
    ClientConfig::new().set("bootstrap.servers", brokers).set("group.id", "onlooker").create().unwrap()
}

fn partitions(brokers: &str) -> i32 {
    let metadata = connected(brokers).fetch_metadata(Some(TOPIC), ANSWER_WITHIN).unwrap();
    metadata.topics()[0].partitions().len() as i32
}

fn act(brokers: &str, act: impl AsyncFnOnce(AdminClient<DefaultClientContext>)) {
    let admin = ClientConfig::new().set("bootstrap.servers", brokers).create().unwrap();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(act(admin));
}

async fn create(admin: &AdminClient<DefaultClientContext>, count: i32) {
    let topic = NewTopic::new(TOPIC, count, TopicReplication::Fixed(-1));
    admin.create_topics([&topic], &AdminOptions::new()).await.unwrap()[0].as_ref().unwrap();
}

async fn remove(admin: &AdminClient<DefaultClientContext>) {
    admin.delete_topics(&[TOPIC], &AdminOptions::new()).await.unwrap()[0].as_ref().unwrap();
}

/// Makes the topic, and waits until all know of it.
pub(crate) fn make(brokers: &str, count: i32) {
    act(brokers, async |admin| create(&admin, count).await);
    until("the new topic", || partitions(brokers) == count);
}

/// Adds partitions until there are so many.
pub(crate) fn widen(brokers: &str, count: i32) {
    act(brokers, async |admin| {
        let wider = NewPartitions::new(TOPIC, count as usize);
        admin.create_partitions([&wider], &AdminOptions::new()).await.unwrap()[0].as_ref().unwrap();
    });
    until("the added partitions", || partitions(brokers) == count);
}

pub(crate) fn delete(brokers: &str) {
    act(brokers, async |admin| remove(&admin).await);
    until("the topic's end", || partitions(brokers) == 0);
}

/// Makes the topic anew in one breath, sooner than a client that reads it asks what became of it.
pub(crate) fn replace(brokers: &str, count: i32) {
    act(brokers, async |admin| {
        remove(&admin).await;
        create(&admin, count).await;
    });
    until("the new topic", || partitions(brokers) == count);
}

/// Has Kafka drop every record of the topic; the next ones go on with their offsets.
pub(crate) fn forget_all(brokers: &str) {
    until("the topic", || partitions(brokers) > 0);
    let consumer = connected(brokers);
    for partition in 0..partitions(brokers) {
        let mut end = None;
        until("a leader of the partition", || {
            end = consumer.fetch_watermarks(TOPIC, partition, ANSWER_WITHIN).ok();
            end.is_some()
        });
        forget_before(brokers, partition, end.unwrap().1);
    }
}
