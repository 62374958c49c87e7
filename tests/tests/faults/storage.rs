//! Storage that fails: a store that does not keep its word, and a disk that is full. Ingest waits, says
//! so, and goes on by itself.

use crate::broker::Broker;
use crate::faulty_store::{self, FAULTS, Fault};
use crate::load::{Load, Trickle};
use crate::process::{Process, commits, commits_of, events_table, ingest, until};
use crate::seeds;
use crate::small_disk::SmallDisk;
use crate::world::{World, skip};
use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use ingest::{Budget, GroupProtocol, Health, Options, StewardKey, TokenKey};
use lake::{Appended, Care, Commit, Committed, Lake, Patience, Policy, Span, TableSpec};
use schemas::catalogue;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

const SCHEME: &str = "faulty";
const FOUL_PERCENT: u32 = 10;
/// Each fault is met this often before the weather is fair again.
const OFTEN: u64 = 5;
const MAINTAIN_EVERY: Duration = Duration::from_millis(500);

fn options(brokers: &str) -> Options {
    Options {
        access: kafka::Access::plaintext(brokers),
        group: "storage".to_owned(),
        protocol: GroupProtocol::Classic,
        flush_after: Duration::from_millis(100),
        flush_bytes: 1 << 20,
        budget: Budget::new(64 << 20),
        registry: None,
        pause_above_bad_percent: 100,
        committed_rows: Arc::default(),
        health: Health::default(),
        until_caught_up: false,
    }
}

/// Maintains the events table again and again; what it does not manage it tries again.
async fn maintain(lake: &Lake, over: &AtomicBool) {
    let sort_columns = ["source", "contact_id", "occurred_at"].map(str::to_owned).to_vec();
    let appended = Some(Appended { sort_columns, retention: None });
    let care = Care { table: "telephony_events".to_owned(), retained: Vec::new(), appended };
    while !over.load(Ordering::Relaxed) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let mut policy = Policy::at(now.as_millis() as i64, 64 << 20);
        policy.checkpoint_after_commits = 5;
        if let Err(error) = lake::maintain(lake, &care, &policy).await {
            println!("maintenance did not manage: {error}");
        }
        tokio::time::sleep(MAINTAIN_EVERY).await;
    }
}

/// Delta catches the panic of a writer that is given up after its end, once for each upload that was denied:
/// their traces would bury what is wrong.
fn silence_panics_that_delta_catches() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let is_caught = |file: &str| file.contains("/object_store-") && file.ends_with("/buffered.rs");
        if !panic.location().is_some_and(|place| is_caught(place.file())) {
            tell(panic);
        }
    }));
}

#[test]
fn a_store_that_does_not_keep_its_word_loses_and_doubles_nothing() {
    silence_panics_that_delta_catches();
    let broker = Broker::start();
    for seed in seeds() {
        println!("seed {seed}");
        let weather = faulty_store::install(SCHEME, seed);
        let world = World::with_brokers(&broker.address);
        let key = |name: &str| fs::read_to_string(world.path("keys").join(name)).unwrap();
        let token = TokenKey::parse(&key("token.key")).unwrap();
        let steward = StewardKey::parse(&key("stewards.public")).unwrap();
        let lake = Lake::open_or_create(&world.lake()).unwrap().by_scheme(SCHEME);
        let load = Trickle::start(Load::new(&broker.address, seed));
        let over = Arc::new(AtomicBool::new(false));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (options, runs) = (options(&broker.address), over.clone());
        let mut ingest = Some(std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let source = &catalogue().sources["telephony"];
                let told = async { stopped.await.unwrap() };
                let ingested = ingest::run(&lake, source, &options, token, steward, told);
                let (ended, ()) = tokio::join!(
                    async {
                        let ended = ingested.await;
                        runs.store(true, Ordering::Relaxed);
                        ended
                    },
                    maintain(&lake, &runs)
                );
                ended
            })
        }));
        commits(&world, 2);
        weather.foul(FOUL_PERCENT);
        until("every fault to be met often", || {
            if let Some(ended) = ingest.take_if(|running| running.is_finished()) {
                panic!("ingest has ended by itself: {:?}", ended.join().unwrap());
            }
            FAULTS.iter().all(|fault| weather.seen(*fault) >= OFTEN)
        });
        weather.foul(0);
        // Nobody has to help it.
        commits(&world, 2);
        let load = load.finish();
        stop.send(()).unwrap();
        ingest.unwrap().join().unwrap().unwrap();
        load.is_all_there(&world);
    }
}

/// One fence moved by ten commits, on a storage of which every second listing does not know of the last.
#[tokio::test]
async fn a_listing_without_the_newest_entry_takes_no_position_back() {
    let weather = faulty_store::install("forgetful", 0);
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::open_or_create(folder.path()).unwrap().by_scheme("forgetful");
    let field = Field::new("at", DataType::Int64, true);
    let schema = Arc::new(Schema::new(vec![field]));
    let spec = TableSpec { name: "rows".to_owned(), schema, partition_column: None, sort_columns: vec![] };
    let mut table = lake.open_or_create_table(&spec).await.unwrap();
    weather.hide_newest(50);
    for end in 1..=10 {
        let row: ArrayRef = Arc::new(Int64Array::from(vec![end]));
        let row = RecordBatch::try_new(spec.schema.clone(), vec![row]).unwrap();
        let files = table.write(&spec, &[row]).await.unwrap();
        let span = Span { fence: "f".to_owned(), start: (end > 1).then_some(end - 1), end };
        let commit = Commit { files, spans: vec![span], patience: Patience::Endless, ..Commit::default() };
        // The table was made at version 0.
        assert_eq!(table.commit(commit).await.unwrap(), Committed::Landed(end as u64));
    }
    assert!(weather.seen(Fault::Wrong) >= OFTEN);
    weather.hide_newest(0);
    table.update().await.unwrap();
    assert_eq!(table.positions()["f"], 10);
}

#[test]
fn a_full_disk_is_waited_for() {
    let name = "a_full_disk_is_waited_for";
    let broker = Broker::start();
    let mut world = World::with_brokers(&broker.address);
    let Some(disk) = SmallDisk::at(&world.lake()) else {
        return skip(name, "this system lets nobody mount a disk in a namespace of its own");
    };
    world.inside = disk.enter();
    let load = Trickle::start(Load::new(&broker.address, 3));
    let mut running = Process::start(ingest(&world), world.path("ingest.log"));
    let table = disk.seen_from_outside(&events_table(&world));
    commits_of(&table, 2);
    disk.fill();
    let waits = |running: &Process| {
        let said = running.said();
        said.contains("ingest waits and tries again") && said.contains("No space left on device")
    };
    until("ingest to say that the disk is full", || waits(&running));
    running.runs_on();
    disk.empty();
    commits_of(&table, 2);
    running.runs_on();
    let load = load.finish();
    running.stop();
    load.is_all_there(&world);
}
