//! Records on their way from Kafka's thread to the loop: gathered into chunks, handed over in
//! order, and kept back while the loop does not take them.

use super::Brought;
use crate::chunk::Chunk;
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

const CHUNK_RECORDS: usize = 4_096;
const CHUNK_BYTES: usize = 1 << 20;
const CHUNK_WAIT: Duration = Duration::from_millis(20);
/// A shorter jam is waited for: a pause makes Kafka send again what it has sent ahead.
const PAUSE_AFTER: Duration = Duration::from_millis(200);

/// What has been read and not yet handed over.
pub(super) struct Gathering {
    brought: Sender<Brought>,
    chunks: HashMap<i32, (u32, Chunk)>,
    waiting: VecDeque<Brought>,
    jammed_since: Option<Instant>,
    paused: bool,
    handed_over: Instant,
}

impl Gathering {
    pub(super) fn new(brought: Sender<Brought>) -> Self {
        Self {
            brought,
            chunks: HashMap::new(),
            waiting: VecDeque::new(),
            jammed_since: None,
            paused: false,
            handed_over: Instant::now(),
        }
    }

    pub(super) fn add(
        &mut self,
        partition: i32,
        generation: u32,
        record: &[u8],
        offset: i64,
        kafka_time_ms: Option<i64>,
    ) {
        let (held, chunk) = self.chunks.entry(partition).or_default();
        if *held != generation {
            *chunk = Chunk::default();
            *held = generation;
        }
        chunk.push(record, offset, kafka_time_ms);
        if chunk.records.len() >= CHUNK_RECORDS || chunk.bytes.len() >= CHUNK_BYTES {
            let chunk = std::mem::take(chunk);
            self.waiting.push_back(Brought::Records { partition, generation, chunk });
        }
    }

    pub(super) fn reached_end(&mut self, partition: i32, generation: u32) {
        if let Some((generation, chunk)) = self.chunks.remove(&partition) {
            self.put(partition, generation, chunk);
        }
        self.waiting.push_back(Brought::ReachedEnd { partition, generation });
    }

    /// Hands over what is full, and all of it when it has waited long enough.
    pub(super) fn hand_over_due(&mut self) {
        if self.handed_over.elapsed() >= CHUNK_WAIT {
            self.hand_over_all();
        } else {
            self.drain();
        }
    }

    pub(super) fn hand_over_all(&mut self) {
        let chunks: Vec<_> = self.chunks.drain().collect();
        for (partition, (generation, chunk)) in chunks {
            self.put(partition, generation, chunk);
        }
        self.handed_over = Instant::now();
        self.drain();
    }

    /// Whether all partitions are to be paused now, or resumed; `None` while nothing changes.
    pub(super) fn turn(&mut self) -> Option<bool> {
        let jammed_for = self.jammed_since.map(|since| since.elapsed());
        let pause =
            jammed_for.is_some_and(|jammed| jammed >= PAUSE_AFTER) || (self.paused && jammed_for.is_some());
        if pause == self.paused {
            if jammed_for.is_some() && !self.paused {
                // Not long enough for a pause; read no further meanwhile.
                std::thread::sleep(Duration::from_millis(5));
            }
            return None;
        }
        self.paused = pause;
        Some(pause)
    }

    fn put(&mut self, partition: i32, generation: u32, chunk: Chunk) {
        if !chunk.records.is_empty() {
            self.waiting.push_back(Brought::Records { partition, generation, chunk });
        }
    }

    fn drain(&mut self) {
        while let Some(next) = self.waiting.pop_front() {
            match self.brought.try_send(next) {
                Ok(()) => {}
                Err(TrySendError::Full(next)) => {
                    self.waiting.push_front(next);
                    self.jammed_since.get_or_insert_with(Instant::now);
                    return;
                }
                // The loop has ended, and the thread ends next.
                Err(TrySendError::Closed(_)) => self.waiting.clear(),
            }
        }
        self.jammed_since = None;
    }
}
