//! What is written to Kafka: random stories' telephony events over partitions in a random order,
//! with bad records and tombstones among them, all counted; and the audit that must find each.

use crate::kafka::{PARTITIONS, Writer};
use crate::topic;
use crate::world::World;
use pipeline_tests::random_story::random_story;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemas::catalogue;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Of a hundred records the first have no value, and those that follow are cut off somewhere: enough for
/// nearly every commit to have some, and too few for a partition to be paused.
const TOMBSTONES_BELOW: u32 = 1;
const BAD_BELOW: u32 = 5;

pub(crate) struct Load {
    brokers: String,
    writer: Writer,
    seed: u64,
    random: ChaCha8Rng,
    /// Good records with their keys, taken in turn.
    records: Vec<(String, Vec<u8>)>,
    partitions: i32,
    /// Records in the topic.
    pub(crate) written: usize,
    /// Those of them that are neither bad nor empty.
    pub(crate) good: usize,
}

impl Load {
    /// Begins with an empty topic; the same seed writes the same records.
    pub(crate) fn new(brokers: &str, seed: u64) -> Self {
        let of_telephony = |event_type: &str| {
            catalogue().event_type(event_type).is_some_and(|(source, _)| source.name == "telephony")
        };
        let events = random_story(seed).into_iter().filter(|event| of_telephony(&event.event_type));
        let record = |event: schemas::Event| (event.subject().to_owned(), event.to_record().unwrap());
        let writer = Writer::new(brokers);
        let load = Self {
            brokers: brokers.to_owned(),
            writer,
            seed,
            random: ChaCha8Rng::seed_from_u64(seed),
            records: events.map(record).collect(),
            partitions: PARTITIONS,
            written: 0,
            good: 0,
        };
        load.anew()
    }

    /// The same load, to be written again to an empty topic.
    pub(crate) fn anew(self) -> Self {
        topic::forget_all(&self.brokers);
        Self { random: ChaCha8Rng::seed_from_u64(self.seed), written: 0, good: 0, ..self }
    }

    /// The same load, over so many partitions from now on.
    pub(crate) fn over(self, partitions: i32) -> Self {
        // A new producer, because the old one learns of added partitions only after minutes.
        Self { writer: Writer::new(&self.brokers), partitions, ..self }
    }

    /// Writes between `least` and twice as many records.
    pub(crate) fn write_some(&mut self, least: usize) {
        let count = self.random.random_range(least..=2 * least);
        self.write(count);
    }

    /// Writes so many records, and waits until Kafka has them.
    pub(crate) fn write(&mut self, count: usize) {
        (0..count).for_each(|_| self.one());
        self.writer.flush();
    }

    fn one(&mut self) {
        let place = self.written % self.records.len();
        let (key, record) = &self.records[place];
        let partition = self.random.random_range(0..self.partitions);
        self.written += 1;
        match self.random.random_range(0..100) {
            ..TOMBSTONES_BELOW => self.writer.tombstone(key),
            TOMBSTONES_BELOW..BAD_BELOW => {
                let kept = self.random.random_range(0..record.len());
                self.writer.raw(Some(key), Some(partition), &record[..kept]);
            }
            _ => {
                self.good += 1;
                self.writer.raw(Some(key), Some(partition), record);
            }
        }
    }

    /// Lets ingest take what is left, and demands that every record is in the lake once.
    pub(crate) fn is_all_there(&self, world: &World) {
        world.succeeds(&["ingest", "--source", "telephony", "--until-caught-up"]);
        self.is_audited(world);
    }

    /// Demands that every record is in the lake once.
    pub(crate) fn is_audited(&self, world: &World) {
        let told = world.succeeds(&["audit", "--source", "telephony", "--caught-up"]);
        let verdict = format!("audit clean: {} records of {} partitions", self.written, self.partitions);
        assert!(told.contains(&verdict), "`{verdict}` is missing\n{told}");
    }
}

/// A load that goes on in a thread of its own.
pub(crate) struct Trickle {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Load>>,
}

const PAUSE: Duration = Duration::from_millis(20);
const AT_A_TIME: usize = 3;

impl Trickle {
    pub(crate) fn start(mut load: Load) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let thread = std::thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                // More only when Kafka has taken what was sent: a broker may be away or slow, and a producer
                // that waits for its answers with its hands full spins, and makes it slower still.
                if load.writer.in_flight() == 0 {
                    (0..AT_A_TIME).for_each(|_| load.one());
                }
                std::thread::sleep(PAUSE);
            }
            load.writer.flush();
            load
        });
        Self { stop, thread: Some(thread) }
    }

    /// Ends it, once Kafka has all that was written.
    pub(crate) fn finish(mut self) -> Load {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Trickle {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
