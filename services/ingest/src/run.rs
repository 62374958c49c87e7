//! The loop: takes what Kafka's thread brings, flushes when it is time, ends when told.

use crate::bad_share::BadShare;
use crate::budget::Budget;
use crate::caught_up::Watch;
use crate::consume::{self, Brought, Command, Event};
use crate::entry::judge_all;
use crate::held::Held;
use crate::inquiries::Inquiries;
use crate::intake::Intake;
use crate::kafka::{self, Connected};
use crate::metrics::FlushReason;
use crate::outlet::Outlet;
use crate::resolving::Answered;
use crate::rows::ChunkRows;
use crate::sink::Sink;
use crate::watched::Watched;
use crate::{Error, Health, Ids, RowBuilder, StewardKey, TokenKey};
use ::kafka::Watermarks;
use lake::{Lake, fault};
use schemas::{Registry, Source};
use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, mpsc as std_mpsc};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How to ingest.
#[derive(Debug, Clone)]
pub struct Options {
    /// How Kafka is reached.
    pub access: ::kafka::Access,
    /// Consumer group; the topic's name is added.
    pub group: String,
    /// How members share the partitions.
    pub protocol: GroupProtocol,
    /// A commit at least this often while records come in.
    pub flush_after: Duration,
    /// A commit at the latest when a source has buffered this much, in bytes.
    pub flush_bytes: usize,
    /// What all sources of the process may buffer together.
    pub budget: Budget,
    /// Gives the schemas, by the ids in the records; without one they are those of this build.
    pub registry: Option<Arc<Registry>>,
    /// A partition is paused when more than this share of its last 10,000 records is bad.
    pub pause_above_bad_percent: u32,
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
    /// Partitions that wait, and for what: sentences for the operator.
    pub held: Vec<String>,
}

const CHUNKS_IN_FLIGHT: usize = 16;
/// How often a held partition is looked at again.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(2);
/// How long until a flush that is due is looked at again, while another is under way.
const SETTLE_STEP: Duration = Duration::from_millis(50);

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
    let (tell, events) = mpsc::unbounded_channel();
    let (bring, brought) = mpsc::channel(CHUNKS_IN_FLIGHT);
    let (command, commands) = std_mpsc::channel();
    let health = options.health.clone();
    let watched = Arc::new(Watched::new(&source.topic, &options.access.brokers, health, now_micros()));
    let for_thread = (options.clone(), source.topic.clone(), watched.clone());
    let connected =
        tokio::task::spawn_blocking(move || kafka::connect(&for_thread.0, &for_thread.1, tell, for_thread.2));
    let connected = connected.await.map_err(thread_ended)?;
    if matches!(connected, Ok(_) | Err(Error::NoTopic { .. })) {
        watched.reached();
    }
    let Connected { consumer, cluster, reaches } = connected?;
    let sink = Sink::open(lake, source, cluster.id().to_owned(), steward, watched.clone()).await?;
    let (again, asked_ms) = (options.clone(), now_micros() / 1_000);
    let later = tokio::task::spawn_blocking(move || kafka::reaches(&cluster, &again, &source.topic));
    let later = later.await.map_err(thread_ended)??;
    judge_all(&source.topic, |partition| sink.position(partition), &reaches, &later)?;
    watched.asked(&later, asked_ms, |partition| sink.position(partition));
    let ids = if options.registry.is_some() { Ids::OfRegistry } else { Ids::OfBuild };
    let rows = RowBuilder::with_columns(source, sink.columns()?, ids, key);
    let (answer, answers) = mpsc::unbounded_channel();
    let thread = std::thread::Builder::new().name(format!("poll {}", source.topic));
    let polling = thread.spawn(move || consume::poll(&consumer, &commands, bring)).map_err(thread_ended)?;
    let mut ingest = Ingest::new(options.clone(), sink, rows, watched, answer, command);
    ingest.ends = reaches.iter().map(|(partition, marks)| (*partition, end_to_reach(*marks))).collect();
    let result = ingest.drive(events, brought, answers, stop).await;
    ingest.options.budget.note(&source.name, 0, 0);
    // The channels are closed by now, so the thread ends by itself.
    let _ = tokio::task::spawn_blocking(move || polling.join()).await;
    result.map(|()| ingest.finished())
}

pub(crate) struct Ingest {
    pub(crate) source: &'static Source,
    pub(crate) options: Options,
    pub(crate) rows: RowBuilder,
    pub(crate) outlet: Outlet,
    pub(crate) intake: Intake<ChunkRows, Held>,
    pub(crate) shares: HashMap<i32, BadShare>,
    /// Of each partition, the offset below which a bad cause is only a bad record.
    pub(crate) accepted: HashMap<i32, i64>,
    /// Of partitions just assigned: their position, and what the lake knows of the record before it.
    pub(crate) last_records: HashMap<i32, (i64, i64)>,
    pub(crate) watched: Arc<Watched>,
    /// What the registry is to be asked for.
    pub(crate) inquiries: Inquiries,
    /// Where its answers come in.
    pub(crate) answer: mpsc::UnboundedSender<Answered>,
    /// Fields of which it has been said that they are not stored.
    pub(crate) told_left_out: HashSet<String>,
    pub(crate) command: std_mpsc::Sender<Command>,
    /// Of each partition, the position at which all is read that was in the topic at the start.
    pub(crate) ends: HashMap<i32, i64>,
    pub(crate) outcome: Outcome,
}

impl Ingest {
    /// One that has no partition yet.
    pub(crate) fn new(
        options: Options,
        sink: Sink,
        rows: RowBuilder,
        watched: Arc<Watched>,
        answer: mpsc::UnboundedSender<Answered>,
        command: std_mpsc::Sender<Command>,
    ) -> Self {
        Self {
            source: sink.source(),
            options,
            rows,
            outlet: Outlet::Idle(Box::new(sink)),
            intake: Intake::default(),
            shares: HashMap::new(),
            accepted: HashMap::new(),
            last_records: HashMap::new(),
            watched,
            inquiries: Inquiries::default(),
            answer,
            told_left_out: HashSet::new(),
            command,
            ends: HashMap::new(),
            outcome: Outcome::default(),
        }
    }

    /// Works until told to stop, whatever it waits for just then, and makes safe what it has.
    async fn drive(
        &mut self,
        events: mpsc::UnboundedReceiver<Event>,
        brought: mpsc::Receiver<Brought>,
        answers: mpsc::UnboundedReceiver<Answered>,
        stop: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        tokio::select! {
            biased;
            () = stop => self.finish().await,
            worked = self.work(events, brought, answers) => worked,
        }
    }

    async fn work(
        &mut self,
        mut events: mpsc::UnboundedReceiver<Event>,
        mut brought: mpsc::Receiver<Brought>,
        mut answers: mpsc::UnboundedReceiver<Answered>,
    ) -> Result<(), Error> {
        let mut flush_at = Instant::now() + self.options.flush_after;
        let mut look_at = Instant::now() + LOOK_AGAIN_AFTER;
        let mut watch = Watch::new();
        loop {
            self.note_state();
            let busy = self.outlet.is_busy();
            tokio::select! {
                biased;
                settled = self.outlet.settled(), if busy => self.take_in(settled?)?,
                event = events.recv() => match event {
                    Some(event) => self.handle(event).await?,
                    None => return self.finish().await,
                },
                Some(answered) = answers.recv() => self.take_answer(answered).await?,
                Some(brought) = brought.recv(), if self.options.budget.has_room() => self.receive(brought)?,
                () = tokio::time::sleep_until(flush_at.min(look_at)) => {}
            }
            let timely = (Instant::now() >= flush_at).then_some(FlushReason::Time);
            match self.full().or(timely) {
                Some(reason) if !self.outlet.is_busy() => {
                    self.begin_flush(reason);
                    flush_at = Instant::now() + self.options.flush_after;
                }
                Some(_) => flush_at = flush_at.max(Instant::now() + SETTLE_STEP),
                None => {}
            }
            if Instant::now() >= look_at {
                self.look_at_held().await?;
                self.ask_registry();
                look_at = Instant::now() + LOOK_AGAIN_AFTER;
            }
            if self.options.until_caught_up && self.is_caught_up(&mut watch).await? {
                return Ok(());
            }
        }
    }

    pub(crate) async fn handle(&mut self, event: Event) -> Result<(), Error> {
        match event {
            Event::Assigned(partitions, reply) => {
                self.settle().await?;
                self.outlet.sink()?.refresh_patiently(now_micros).await?;
                let starts =
                    partitions.iter().map(|partition| self.start(*partition)).collect::<Result<_, _>>()?;
                tracing::info!(topic = self.source.topic, ?partitions, "partitions assigned");
                // No receiver means that Kafka's thread has ended; its last event says why.
                let _ = reply.send(starts);
                Ok(())
            }
            Event::Revoked(partitions, reply) => {
                fault::point("ingest.in_revoke", self.intake.bytes());
                self.hand_on(&partitions).await?;
                for partition in &partitions {
                    self.intake.revoke(*partition);
                    self.shares.remove(partition);
                }
                self.watched.revoked(&partitions);
                tracing::info!(topic = self.source.topic, ?partitions, "partitions revoked");
                let _ = reply.send(());
                Ok(())
            }
            Event::Failed(error) => {
                self.finish().await?;
                Err(error)
            }
        }
    }

    fn finished(mut self) -> Outcome {
        self.outcome.held = self.held_sentences();
        self.outcome
    }
}

pub(crate) fn now_micros() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX)
}

/// The position at which all that a partition held is read; none where it held nothing.
fn end_to_reach(marks: Watermarks) -> i64 {
    if marks.begin == marks.end { 0 } else { marks.end }
}

fn thread_ended(error: impl std::fmt::Display) -> Error {
    Error::Thread(error.to_string())
}
