//! The loop: takes what Kafka's thread brings, flushes when it is time, ends when told.

use crate::buffer::Buffers;
use crate::caught_up::Watch;
use crate::consume::{self, Command, Event, Start};
use crate::kafka::{self, Connected};
use crate::rows::Chunk;
use crate::sink::{Flushed, Sink};
use crate::{Error, Health, RowBuilder, StewardKey, TokenKey};
use lake::Lake;
use schemas::Source;
use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc as std_mpsc};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How to ingest.
#[derive(Debug, Clone)]
pub struct Options {
    /// Kafka's bootstrap addresses.
    pub brokers: String,
    /// Consumer group; the topic's name is added.
    pub group: String,
    /// How members share the partitions.
    pub protocol: GroupProtocol,
    /// A commit at least this often while records come in.
    pub flush_after: Duration,
    /// A commit at the latest when this much is buffered.
    pub flush_bytes: usize,
    /// Counts the rows as they are committed, for whoever shows progress.
    pub committed_rows: Arc<AtomicU64>,
    /// Told what stands in the way, and what does no more.
    pub health: Health,
    /// End when everything is committed that was in the topic at the start.
    pub until_caught_up: bool,
}

/// Kafka's group protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupProtocol {
    /// The one that every broker speaks.
    #[default]
    Classic,
    /// KIP-848, of Kafka 4.
    Consumer,
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Rows committed.
    pub rows: u64,
    /// Records quarantined.
    pub quarantined: u64,
    /// Partitions that wait, and for what.
    pub held: Vec<Stopped>,
}

/// A partition that does not go on until somebody acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset at which it waits.
    pub offset: i64,
    /// The schema id that is not known.
    pub schema_id: u32,
}

const EVENTS_IN_FLIGHT: usize = 16;

/// Ingests one source until `stop` resolves, or until caught up.
///
/// # Errors
/// Whatever no retry mends; all that was read and not committed is read again next time.
pub async fn run(
    lake: &Lake,
    source: &'static Source,
    options: &Options,
    key: TokenKey,
    steward: StewardKey,
    stop: impl Future<Output = ()>,
) -> Result<Outcome, Error> {
    let (tell, events) = mpsc::channel(EVENTS_IN_FLIGHT);
    let (command, commands) = std_mpsc::channel();
    let for_thread = (options.clone(), source.topic.clone());
    let connected = tokio::task::spawn_blocking(move || kafka::connect(&for_thread.0, &for_thread.1, tell));
    let Connected { consumer, cluster, ends } = connected.await.map_err(thread_ended)??;
    let sink = Sink::open(lake, source, cluster, steward).await?;
    let thread = std::thread::Builder::new().name(format!("poll {}", source.topic));
    let polling = thread.spawn(move || consume::poll(&consumer, &commands)).map_err(thread_ended)?;
    let mut ingest = Ingest {
        source,
        options: options.clone(),
        rows: RowBuilder::new(source, key),
        sink,
        buffers: Buffers::default(),
        command,
        ends,
        outcome: Outcome::default(),
    };
    let result = ingest.drive(events, stop).await;
    // The channel of events is closed by now, so the thread ends by itself.
    let _ = tokio::task::spawn_blocking(move || polling.join()).await;
    result.map(|()| ingest.outcome)
}

pub(crate) struct Ingest {
    pub(crate) source: &'static Source,
    options: Options,
    rows: RowBuilder,
    pub(crate) sink: Sink,
    pub(crate) buffers: Buffers,
    command: std_mpsc::Sender<Command>,
    pub(crate) ends: HashMap<i32, i64>,
    outcome: Outcome,
}

impl Ingest {
    async fn drive(
        &mut self,
        mut events: mpsc::Receiver<Event>,
        stop: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        tokio::pin!(stop);
        let mut flush_at = Instant::now() + self.options.flush_after;
        let mut watch = Watch::new();
        loop {
            tokio::select! {
                biased;
                () = &mut stop => return self.flush().await,
                event = events.recv() => match event {
                    Some(event) => self.handle(event).await?,
                    None => return self.flush().await,
                },
                () = tokio::time::sleep_until(flush_at) => {}
            }
            if Instant::now() >= flush_at || self.buffers.buffered_bytes() >= self.options.flush_bytes {
                self.flush().await?;
                flush_at = Instant::now() + self.options.flush_after;
            }
            if self.options.until_caught_up && self.is_caught_up(&mut watch).await? {
                return Ok(());
            }
        }
    }

    async fn handle(&mut self, event: Event) -> Result<(), Error> {
        match event {
            Event::Assigned(partitions, reply) => {
                self.sink.refresh().await?;
                let starts = partitions.iter().map(|partition| self.start(*partition)).collect();
                tracing::info!(topic = self.source.topic, ?partitions, "partitions assigned");
                // No receiver means that Kafka's thread has ended; its last event says why.
                let _ = reply.send(starts);
                Ok(())
            }
            Event::Revoked(partitions, reply) => {
                self.flush().await?;
                for partition in &partitions {
                    self.buffers.partitions.remove(partition);
                }
                tracing::info!(topic = self.source.topic, ?partitions, "partitions revoked");
                let _ = reply.send(());
                Ok(())
            }
            Event::Records { partition, generation, chunk } => self.take(partition, generation, chunk),
            Event::ReachedEnd { partition, generation } => {
                let buffer = self.buffers.partitions.get_mut(&partition);
                if let Some(buffer) = buffer.filter(|buffer| buffer.generation == generation) {
                    buffer.at_end = true;
                }
                Ok(())
            }
            Event::Failed(error) => {
                self.flush().await?;
                Err(error)
            }
        }
    }

    fn start(&mut self, partition: i32) -> Start {
        let offset = self.sink.position(partition);
        Start { partition, offset, generation: self.buffers.begin(partition, offset) }
    }

    fn take(&mut self, partition: i32, generation: u32, chunk: Chunk) -> Result<(), Error> {
        let Some(buffer) = self.buffers.partitions.get_mut(&partition) else { return Ok(()) };
        let Some(last) = chunk.records.last().map(|record| record.offset) else { return Ok(()) };
        if !buffer.takes(generation, last) {
            return Ok(());
        }
        let chunk = chunk.from_offset(buffer.next.unwrap_or_default());
        let kafka_time_ms = chunk.records.iter().filter_map(|record| record.kafka_time_ms).max();
        let rows = self.rows.rows(&chunk, &self.source.topic, partition, now_micros())?;
        if let Some((offset, schema_id)) = rows.unknown_schema {
            self.hold(partition, offset, schema_id);
        }
        if let Some(buffer) = self.buffers.partitions.get_mut(&partition) {
            buffer.take(rows, last, kafka_time_ms, chunk.bytes.len());
        }
        Ok(())
    }

    fn hold(&mut self, partition: i32, offset: i64, schema_id: u32) {
        let topic = &self.source.topic;
        tracing::error!(
            topic,
            partition,
            offset,
            schema_id,
            "unknown schema id: this partition waits, the others go on. Release the schema (a file under \
             schemas/, its id in schemas/ids.toml) in a new build and restart ingest; nothing is lost meanwhile"
        );
        self.outcome.held.push(Stopped { topic: topic.clone(), partition, offset, schema_id });
        let _ = self.command.send(Command::Hold(partition));
    }

    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        if !self.buffers.has_moved() {
            return Ok(());
        }
        let fenced = match self.sink.flush(&mut self.buffers, now_micros()).await? {
            Flushed::Committed { rows, quarantined } => {
                self.outcome.rows += rows;
                self.outcome.quarantined += quarantined;
                self.options.committed_rows.fetch_add(rows, Ordering::Relaxed);
                let committed = self.buffers.partitions.iter();
                let positions = committed.filter_map(|(partition, buffer)| Some((*partition, buffer.committed?)));
                let _ = self.command.send(Command::Publish(positions.collect()));
                return Ok(());
            }
            Flushed::Fenced(positions) => positions,
        };
        for (partition, position) in fenced {
            tracing::warn!(
                topic = self.source.topic,
                partition,
                position,
                "fenced: another writer was here; rewinding"
            );
            let start = self.start(partition);
            let _ = self.command.send(Command::Rewind(start));
        }
        // What the other partitions hold goes with the next flush, under fresh files.
        Ok(())
    }
}

fn now_micros() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX)
}

fn thread_ended(error: impl std::fmt::Display) -> Error {
    Error::Thread(error.to_string())
}
