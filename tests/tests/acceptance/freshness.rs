//! How long an event takes to its number: sent to Kafka at a steady rate, taken in and refreshed by the
//! services, seen in the newest epoch. The times are printed. What must hold is that every event is seen in
//! the end, that every epoch is whole, that others count the same rows in it, and that files and logs stay few.

use crate::broker::Broker;
use crate::few_files::{appended_tables_have_few_files, derived_tables_have_a_file_a_place, logs_are_short};
use crate::kafka::Writer;
use crate::other_readers::{others_count_the_same, python};
use crate::steady::{Steady, now_micros};
use crate::world::World;
use arrow::array::{Array, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::Int64Type;
use lake::Lake;
use refresh::{Publication, Reading};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

const LOOK_EVERY: Duration = Duration::from_millis(100);
const OTHERS_COUNT_EVERY: Duration = Duration::from_secs(10);
/// By then what was sent has been seen, also on a machine that is busy with other things.
const SEEN_WITHIN: Duration = Duration::from_secs(600);

#[test]
fn events_become_numbers_at_any_rate() {
    let Some(python) = python("events_become_numbers_at_any_rate") else { return };
    let broker = Broker::start();
    let world = World::with_brokers(&broker.address);
    drop(Writer::new(&broker.address));
    fs::write(world.path("switchboard.toml"), "[maintenance]\nevery_minutes = 1\n").unwrap();
    world.ingest();
    let services = ["ingest", "refresh", "maintain"].map(|name| world.start(&[name], &format!("{name}.log")));
    let mut watcher = Watcher::new(&world, python);
    let mut table = format!(
        "{:28}{:>8}{:>8}{:>8}{:>8}{:>8}{:>9}\n",
        "sent to seen, seconds", "events", "epochs", "p50", "p90", "p99", "longest"
    );
    for steady in rates() {
        let (took, epochs) = watcher.watch(steady, &broker.address);
        table += &line(steady, epochs, took);
    }
    watcher.finish();
    drop(services);
    // Shown whether or not the tests' output is.
    write!(std::io::stderr(), "\n{table}\n").unwrap();

    let refreshes = fs::read_to_string(world.path("refresh.log")).unwrap();
    let rebuilt = refreshes.matches("everything is computed from the beginning").count();
    assert_eq!(rebuilt, 1, "after the first epoch only what has changed is to be computed\n{refreshes}");
    world.succeeds(&["verify"]);
    world.audit();
    derived_tables_have_a_file_a_place(&world);
    world.succeeds(&["maintain", "--once"]);
    appended_tables_have_few_files(&world);
    logs_are_short(&world);
}

/// Events per second, one rate after the other, each for so many seconds.
fn rates() -> Vec<Steady> {
    let given = |name: &str, usual: &str| std::env::var(name).unwrap_or(usual.to_owned());
    let seconds = given("SWITCHBOARD_SECONDS", "60").parse().unwrap();
    let rates = given("SWITCHBOARD_RATES", "5 500");
    rates.split(' ').map(|rate| Steady { per_second: rate.parse().unwrap(), seconds }).collect()
}

fn line(steady: Steady, epochs: usize, mut took_micros: Vec<i64>) -> String {
    took_micros.sort_unstable();
    // The nearest rank.
    let percentile = |percent: usize| took_micros[(took_micros.len() * percent).div_ceil(100) - 1] as f64 / 1e6;
    let rate = format!("{} a second for {} s", steady.per_second, steady.seconds);
    let [p50, p90, p99, longest] = [50, 90, 99, 100].map(percentile);
    format!("{rate:28}{:>8}{epochs:>8}{p50:>8.2}{p90:>8.2}{p99:>8.2}{longest:>9.2}\n", took_micros.len())
}

/// Looks at every epoch as it comes.
struct Watcher {
    runtime: Runtime,
    lake: Lake,
    python: PathBuf,
    epoch: i64,
    counting: Option<JoinHandle<()>>,
    counted_at: Instant,
}

impl Watcher {
    fn new(world: &World, python: PathBuf) -> Self {
        let (runtime, lake) = (Runtime::new().unwrap(), Lake::open(&world.lake()).unwrap());
        Self { runtime, lake, python, epoch: 0, counting: None, counted_at: Instant::now() }
    }

    /// Has events sent, and waits until all are seen; for each how long that took, microseconds, and how
    /// many epochs there were.
    fn watch(&mut self, steady: Steady, brokers: &str) -> (Vec<i64>, usize) {
        let mut sending = Some(steady.send(brokers));
        let (mut sent, mut sent_all_at) = (Vec::new(), Instant::now());
        // By the event's number: the instant that the number has, and when it was seen.
        let mut seen: BTreeMap<usize, (i64, i64)> = BTreeMap::new();
        let mut epochs = 0;
        while sending.is_some() || seen.len() < sent.len() {
            if let Some(ended) = sending.take_if(|thread| thread.is_finished()) {
                (sent, sent_all_at) = (ended.join().unwrap(), Instant::now());
            }
            let waited = sent_all_at.elapsed();
            assert!(sending.is_some() || waited < SEEN_WITHIN, "{} of {} were seen", seen.len(), sent.len());
            if let Some((reading, at_micros)) = self.next_epoch() {
                epochs += 1;
                self.is_whole(&reading);
                for (number, instant) in self.seen_in(&reading, steady) {
                    seen.entry(number).or_insert((instant, at_micros));
                }
                self.let_others_count();
            }
            std::thread::sleep(LOOK_EVERY);
        }
        let took = |(number, at): (usize, &i64)| {
            let (instant, seen_at) = seen[&number];
            assert_eq!(instant, *at, "event {number} of {steady:?}");
            seen_at - instant
        };
        (sent.iter().enumerate().map(took).collect(), epochs)
    }

    /// The newest epoch and when it was seen, if it is one that has not been seen before.
    fn next_epoch(&mut self) -> Option<(Reading, i64)> {
        let newest = self.runtime.block_on(Publication::newest_epoch(&self.lake)).unwrap();
        let newest = newest.filter(|newest| *newest > self.epoch)?;
        let noticed_at = now_micros();
        let reading = self.runtime.block_on(refresh::open(&self.lake)).unwrap();
        self.epoch = reading.publication.epoch;
        // There may have been another meanwhile.
        let at_micros = if self.epoch == newest { noticed_at } else { now_micros() };
        Some((reading, at_micros))
    }

    fn numbers(&self, reading: &Reading, sql: &str) -> Vec<Vec<Option<i64>>> {
        let batches = self.runtime.block_on(reading.engine.collect(sql)).unwrap();
        let of_batch = |batch: &RecordBatch| {
            let columns: Vec<_> =
                batch.columns().iter().map(|column| column.as_primitive::<Int64Type>()).collect();
            let cell = |column: &Int64Array, row| column.is_valid(row).then(|| column.value(row));
            let row = |row| columns.iter().map(|column| cell(column, row)).collect();
            (0..batch.num_rows()).map(row).collect::<Vec<_>>()
        };
        batches.iter().flat_map(of_batch).collect()
    }

    /// Every event of the epoch stands in its models, and every call in its measures.
    fn is_whole(&self, reading: &Reading) {
        let found = self.numbers(
            reading,
            "SELECT
                (SELECT count(*) FROM telephony_events) AS events,
                (SELECT count(arrived_at) + count(ended_at) FROM calls)
                    + (SELECT count(entered_at) + count(answered_at) FROM queue_visits) AS folded,
                (SELECT count(*) FROM calls WHERE is_inbound_call) AS calls,
                (SELECT CAST(coalesce(sum(numerator), 0) AS BIGINT) FROM kpi_daily WHERE kpi = 'volume_contacts')
                    AS measured",
        );
        let [events, folded, calls, measured] = found[0][..] else { panic!("{found:?}") };
        assert_eq!((events, calls), (folded, measured), "epoch {} is not whole", self.epoch);
    }

    /// The events that are seen in an epoch, by their numbers, with the instant that the models have of each.
    fn seen_in(&self, reading: &Reading, steady: Steady) -> Vec<(usize, i64)> {
        let rows = self.numbers(
            reading,
            &format!(
                "SELECT CAST(split_part(calls.initial_contact_id, '/', 2) AS BIGINT) AS call,
                    CAST(arrived_at AS BIGINT) AS arrived_at,
                    CAST(entered_at AS BIGINT) AS entered_at,
                    CAST(queue_visits.answered_at AS BIGINT) AS answered_at, CAST(ended_at AS BIGINT) AS ended_at
                FROM calls LEFT JOIN queue_visits ON queue_visits.source = calls.source
                    AND queue_visits.initial_contact_id = calls.initial_contact_id
                WHERE calls.source = '{}'",
                steady.source()
            ),
        );
        let of_call = |row: &Vec<Option<i64>>| {
            let call = row[0].unwrap() as usize;
            let stages = row[1..].iter().enumerate();
            stages.filter_map(|(stage, at)| Some((steady.number(call, stage), (*at)?))).collect::<Vec<_>>()
        };
        rows.iter().flat_map(of_call).collect()
    }

    /// Has others count now and then, beside everything else.
    fn let_others_count(&mut self) {
        let is_counting = self.counting.as_ref().is_some_and(|thread| !thread.is_finished());
        if is_counting || self.counted_at.elapsed() < OTHERS_COUNT_EVERY {
            return;
        }
        self.join_counting();
        let (python, lake) = (self.python.clone(), self.lake.folder().to_owned());
        self.counting = Some(std::thread::spawn(move || others_count_the_same(&python, &lake)));
        self.counted_at = Instant::now();
    }

    fn join_counting(&mut self) {
        self.counting.take().into_iter().for_each(|thread| thread.join().unwrap());
    }

    fn finish(mut self) {
        self.join_counting();
        others_count_the_same(&self.python, self.lake.folder());
    }
}
