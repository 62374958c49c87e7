//! Kafka's own thread: polls, gathers chunks, and asks the loop where to resume.
//!
//! Polling has a thread of its own because librdkafka calls back from inside `poll`, and because an
//! asynchronous stream can lose a wake-up and stall. What goes out is one enum of events; what
//! comes in is one enum of commands.

mod assignment;
mod entering;
mod gathering;
mod topic_id;

use crate::Error;
use crate::chunk::Chunk;
use crate::kafka::Reading;
use assignment::Assignment;
use gathering::Gathering;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::Message;
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaRespErr;
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;
use tokio::sync::mpsc::{Sender, UnboundedSender};
use topic_id::TopicId;

/// What Kafka's thread tells the loop, besides records.
pub(crate) enum Event {
    /// Partitions were given to this member; it waits for their positions.
    Assigned(Vec<i32>, mpsc::Sender<Vec<Start>>),
    /// Partitions are taken away; it waits until their rows are safe, for a while.
    Revoked(Vec<i32>, mpsc::Sender<()>),
    /// Kafka's thread has ended.
    Failed(Error),
}

/// What Kafka's thread brings.
pub(crate) enum Brought {
    /// Records of one partition.
    Records { partition: i32, generation: u32, chunk: Chunk },
    /// A partition has been read to its end.
    ReachedEnd { partition: i32, generation: u32 },
}

/// What the loop tells Kafka's thread.
pub(crate) enum Command {
    /// Read on from another offset, also if the partition was held.
    Rewind(Start),
    /// Read no more of a partition.
    Hold { partition: i32, generation: u32 },
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
    /// Whether it is held, and not to be read.
    pub(crate) held: bool,
}

const POLL_FOR: Duration = Duration::from_millis(20);
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Well within `max.poll.interval.ms`, past which the group would give this member up.
pub(crate) const FLUSH_WITHIN: Duration = Duration::from_secs(30);

/// Polls until the loop is gone. Runs on a thread of its own, and never stops polling while it
/// waits for the loop: it pauses the partitions instead.
pub(crate) fn poll(
    consumer: &BaseConsumer<Context>,
    commands: &mpsc::Receiver<Command>,
    brought: Sender<Brought>,
) {
    let context = consumer.context();
    if let Err(error) = consumer.subscribe(&[&context.topic]) {
        return context.tell(Event::Failed(error.into()));
    }
    let mut gathering = Gathering::new(brought);
    let mut refused = Vec::new();
    while !context.events.is_closed() {
        let waiting = std::mem::take(&mut refused);
        for command in waiting.into_iter().chain(commands.try_iter()) {
            refused.extend(context.obey(consumer, command));
        }
        let polled = consumer.poll(POLL_FOR);
        // What has come since may be of the new topic; librdkafka puts the news before it.
        if let Some(error) = context.topic_id().made_anew(&context.topic) {
            return context.tell(Event::Failed(error));
        }
        match polled {
            None => gathering.hand_over_all(),
            Some(Ok(message)) => {
                let generation = context.generation(message.partition());
                let payload = message.payload().unwrap_or_default();
                let kafka_time_ms = message.timestamp().to_millis();
                gathering.add(message.partition(), generation, payload, message.offset(), kafka_time_ms);
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                gathering.reached_end(partition, context.generation(partition));
            }
            Some(Err(error)) => {
                if let Some(error) = context.reading.lasting(&context.topic, error) {
                    let error = context.refused_offset(consumer).unwrap_or(error);
                    return context.tell(Event::Failed(error));
                }
            }
        }
        gathering.hand_over_due();
        let pressed = gathering.turn().map(|presses_back| context.press_back(consumer, presses_back));
        if let Some(Err(error)) = pressed {
            tracing::warn!(topic = context.topic, %error, "kafka does not let partitions wait");
        }
    }
}

/// What librdkafka calls back.
pub(crate) struct Context {
    topic: String,
    reading: Reading,
    events: UnboundedSender<Event>,
    assignment: Mutex<Assignment>,
    topic_id: Mutex<TopicId>,
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Debug => self.topic_id().hear(&self.topic, message),
            _ => self.reading.complaints.log(facility, message),
        }
    }

    fn stats(&self, statistics: Statistics) {
        self.reading.watched.look(&statistics);
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
            // None where the loop has ended and nothing is read any more. The group must have its answer
            // all the same, or the consumer cannot be closed.
            let starts = self.starts(partitions).unwrap_or_default();
            self.assign(consumer, list, &starts, cooperative)
        } else {
            self.hand_on(&partitions);
            self.assignment().forget(&partitions);
            self.tell_pressed_back();
            let done = if cooperative { consumer.incremental_unassign(list) } else { consumer.unassign() };
            done.map_err(Error::from)
        };
        if let Err(error) = done {
            self.tell(Event::Failed(error));
        }
    }
}

impl Context {
    pub(crate) fn new(topic: &str, reading: Reading, events: UnboundedSender<Event>) -> Self {
        let topic = topic.to_owned();
        Self { topic, reading, events, assignment: Mutex::default(), topic_id: Mutex::default() }
    }

    /// Has the loop make safe what it holds of partitions. No answer in time means that the rows are dropped;
    /// whoever comes next reads them again.
    fn hand_on(&self, partitions: &[i32]) {
        let (reply, answer) = mpsc::channel();
        self.tell(Event::Revoked(partitions.to_vec(), reply));
        let _ = answer.recv_timeout(FLUSH_WITHIN);
    }

    /// Pauses those of the partitions that are not to be read, and lets the others go on: Kafka's client
    /// knows the pauses of an assignment that has ended, and not of those that began before this one.
    fn follow(&self, consumer: &BaseConsumer<Self>, partitions: &[i32]) -> KafkaResult<()> {
        let (read, paused): (Vec<i32>, Vec<i32>) =
            partitions.iter().partition(|partition| self.assignment().is_read(**partition));
        consumer.resume(&self.list(&read))?;
        consumer.pause(&self.list(&paused))
    }

    /// Pauses all partitions while the loop does not keep up, and lets them go on when it has.
    fn press_back(&self, consumer: &BaseConsumer<Self>, presses_back: bool) -> KafkaResult<()> {
        let free = self.assignment().press_back(presses_back);
        tracing::debug!(topic = self.topic, presses_back, "back-pressure");
        self.tell_pressed_back();
        self.follow(consumer, &free)
    }

    /// Also without a partition to pause or to resume: it would be taken for paused, and not heard of, for
    /// ever after.
    fn tell_pressed_back(&self) {
        self.reading.watched.presses_back(self.assignment().pressed_back());
    }

    fn assignment(&self) -> std::sync::MutexGuard<'_, Assignment> {
        self.assignment.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn topic_id(&self) -> std::sync::MutexGuard<'_, TopicId> {
        self.topic_id.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn generation(&self, partition: i32) -> u32 {
        self.assignment().generation(partition).unwrap_or_default()
    }

    fn list(&self, partitions: &[i32]) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            list.add_partition(&self.topic, *partition);
        }
        list
    }

    /// A closed channel means that the loop has ended, and `poll` ends next.
    fn tell(&self, event: Event) {
        let _ = self.events.send(event);
    }

    /// Gives a command back that must be tried again.
    fn obey(&self, consumer: &BaseConsumer<Self>, command: Command) -> Option<Command> {
        let outcome = match &command {
            Command::Rewind(start) if !self.assignment().awaits(start) => return None,
            Command::Rewind(start) => {
                let sought =
                    consumer.seek(&self.topic, start.partition, kafka_offset(start.offset), ANSWER_WITHIN);
                sought.and_then(|()| {
                    // Not before: what is read until then lies elsewhere.
                    self.assignment().begin(start);
                    self.follow(consumer, &[start.partition])
                })
            }
            Command::Hold { partition, generation } if !self.assignment().hold(*partition, *generation) => {
                return None;
            }
            Command::Hold { partition, .. } => consumer.pause(&self.list(&[*partition])),
            Command::Publish(positions) => {
                let mut list = TopicPartitionList::new();
                let added = positions.iter().try_for_each(|(partition, offset)| {
                    list.add_partition_offset(&self.topic, *partition, Offset::Offset(*offset))
                });
                added.and_then(|()| consumer.commit(&list, CommitMode::Async))
            }
        };
        self.tell_pressed_back();
        let error = outcome.err()?;
        tracing::warn!(topic = self.topic, %error, "kafka refused a command");
        // Without its rewind a partition would go on at a later offset.
        matches!(command, Command::Rewind(_)).then_some(command)
    }
}

fn kafka_offset(position: Option<i64>) -> Offset {
    position.map_or(Offset::Beginning, Offset::Offset)
}

#[cfg(test)]
mod tests;
