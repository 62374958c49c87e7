//! Kafka's own thread: polls, gathers chunks, and asks the loop where to resume.
//!
//! Polling has a thread of its own because librdkafka calls back from inside `poll`, and because an
//! asynchronous stream can lose a wake-up and stall. What goes out is one enum of events; what
//! comes in is one enum of commands.

use crate::Error;
use crate::kafka::Reading;
use crate::rows::Chunk;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaRespErr;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Sender;

/// What Kafka's thread tells the loop.
pub(crate) enum Event {
    /// Partitions were given to this member; it waits for their positions.
    Assigned(Vec<i32>, mpsc::Sender<Vec<Start>>),
    /// Partitions are taken away; it waits until their rows are safe, for a while.
    Revoked(Vec<i32>, mpsc::Sender<()>),
    /// Records of one partition.
    Records { partition: i32, generation: u32, chunk: Chunk },
    /// A partition has been read to its end.
    ReachedEnd { partition: i32, generation: u32 },
    /// Kafka's thread has ended.
    Failed(Error),
}

/// What the loop tells Kafka's thread.
pub(crate) enum Command {
    /// Read on from another offset.
    Rewind(Start),
    /// Read no more of a partition.
    Hold(i32),
    /// Publish positions to the group, for lag tools.
    Publish(Vec<(i32, i64)>),
}

/// Where a partition begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub(crate) partition: i32,
    /// `None`: the lake never saw it, so from its beginning.
    pub(crate) offset: Option<i64>,
    pub(crate) generation: u32,
}

const CHUNK_RECORDS: usize = 4_096;
const CHUNK_BYTES: usize = 1 << 20;
const CHUNK_WAIT: Duration = Duration::from_millis(20);
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Well within `max.poll.interval.ms`, past which the group would give this member up.
const FLUSH_WITHIN: Duration = Duration::from_secs(30);

/// Polls until the loop is gone. Runs on a thread of its own.
pub(crate) fn poll(consumer: &BaseConsumer<Context>, commands: &mpsc::Receiver<Command>) {
    let context = consumer.context();
    if let Err(error) = consumer.subscribe(&[&context.topic]) {
        return context.tell(Event::Failed(error.into()));
    }
    let mut gathering: HashMap<i32, (u32, Chunk)> = HashMap::new();
    let mut since = Instant::now();
    while !context.events.is_closed() {
        for command in commands.try_iter() {
            context.obey(consumer, command);
        }
        let polled = consumer.poll(CHUNK_WAIT);
        let idle = polled.is_none();
        match polled {
            None => {}
            Some(Ok(message)) => {
                let generation = context.generation(message.partition());
                let (held, chunk) = gathering.entry(message.partition()).or_default();
                if *held != generation {
                    *chunk = Chunk::default();
                    *held = generation;
                }
                chunk.push(
                    message.payload().unwrap_or_default(),
                    message.offset(),
                    message.timestamp().to_millis(),
                );
                if chunk.records.len() >= CHUNK_RECORDS || chunk.bytes.len() >= CHUNK_BYTES {
                    context.hand_over(message.partition(), generation, std::mem::take(chunk));
                }
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                if let Some((generation, chunk)) = gathering.remove(&partition) {
                    context.hand_over(partition, generation, chunk);
                }
                let generation = context.generation(partition);
                context.tell(Event::ReachedEnd { partition, generation });
            }
            Some(Err(error)) => {
                if let Some(error) = lasting(error, context) {
                    return context.tell(Event::Failed(error));
                }
            }
        }
        if idle || since.elapsed() >= CHUNK_WAIT {
            for (partition, (generation, chunk)) in gathering.drain() {
                context.hand_over(partition, generation, chunk);
            }
            since = Instant::now();
        }
    }
}

/// The error, if waiting will not mend it.
fn lasting(error: KafkaError, context: &Context) -> Option<Error> {
    use RDKafkaErrorCode::{AutoOffsetReset, Fatal, OffsetOutOfRange, UnknownTopic, UnknownTopicOrPartition};
    let (topic, code) = (&context.topic, error.rdkafka_error_code());
    if let Some(refusal) = context.reading.refusal(topic, code) {
        return Some(refusal);
    }
    match code {
        Some(AutoOffsetReset | OffsetOutOfRange) => Some(Error::OffsetLost { topic: topic.to_owned() }),
        Some(UnknownTopic | UnknownTopicOrPartition) => Some(Error::NoTopic { topic: topic.to_owned() }),
        Some(Fatal) => Some(error.into()),
        _ => {
            tracing::warn!(topic, %error, "kafka reports a passing error");
            None
        }
    }
}

/// What librdkafka calls back.
pub(crate) struct Context {
    topic: String,
    reading: Reading,
    events: Sender<Event>,
    generations: Mutex<HashMap<i32, u32>>,
}

impl ClientContext for Context {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.reading.complaints.log(facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.reading.complaints.error(&error, reason);
    }
}

impl ConsumerContext for Context {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, kind: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let partitions: Vec<i32> = list.elements().iter().map(|element| element.partition()).collect();
        let cooperative = matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative);
        let done = if kind == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            let Some(starts) = self.starts(partitions) else { return };
            let placed = starts.iter().try_for_each(|start| {
                self.begin(start);
                list.set_partition_offset(&self.topic, start.partition, kafka_offset(start.offset))
            });
            placed
                .and_then(|()| if cooperative { consumer.incremental_assign(list) } else { consumer.assign(list) })
        } else {
            let (reply, answer) = mpsc::channel();
            self.tell(Event::Revoked(partitions, reply));
            // No answer in time means that the rows are dropped; whoever comes next reads them again.
            let _ = answer.recv_timeout(FLUSH_WITHIN);
            if cooperative { consumer.incremental_unassign(list) } else { consumer.unassign() }
        };
        if let Err(error) = done {
            self.tell(Event::Failed(error.into()));
        }
    }
}

impl Context {
    pub(crate) fn new(topic: &str, reading: Reading, events: Sender<Event>) -> Self {
        Self { topic: topic.to_owned(), reading, events, generations: Mutex::default() }
    }

    fn starts(&self, partitions: Vec<i32>) -> Option<Vec<Start>> {
        let (reply, answer) = mpsc::channel();
        self.tell(Event::Assigned(partitions, reply));
        answer.recv().ok()
    }

    fn begin(&self, start: &Start) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.insert(start.partition, start.generation);
    }

    fn generation(&self, partition: i32) -> u32 {
        let generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.get(&partition).copied().unwrap_or_default()
    }

    fn hand_over(&self, partition: i32, generation: u32, chunk: Chunk) {
        if !chunk.records.is_empty() {
            self.tell(Event::Records { partition, generation, chunk });
        }
    }

    /// A closed channel means that the loop has ended, and `poll` ends next.
    fn tell(&self, event: Event) {
        let _ = self.events.blocking_send(event);
    }

    fn obey(&self, consumer: &BaseConsumer<Self>, command: Command) {
        let outcome = match command {
            Command::Rewind(start) => {
                self.begin(&start);
                consumer.seek(&self.topic, start.partition, kafka_offset(start.offset), ANSWER_WITHIN)
            }
            Command::Hold(partition) => {
                let mut list = TopicPartitionList::new();
                list.add_partition(&self.topic, partition);
                consumer.pause(&list)
            }
            Command::Publish(positions) => {
                let mut list = TopicPartitionList::new();
                let added = positions.iter().try_for_each(|(partition, offset)| {
                    list.add_partition_offset(&self.topic, *partition, Offset::Offset(*offset))
                });
                added.and_then(|()| consumer.commit(&list, CommitMode::Async))
            }
        };
        if let Err(error) = outcome {
            // A rewind that fails leaves the partition at a later offset: only a restart is safe.
            tracing::warn!(topic = self.topic, %error, "kafka refused a command");
        }
    }
}

fn kafka_offset(position: Option<i64>) -> Offset {
    position.map_or(Offset::Beginning, Offset::Offset)
}
