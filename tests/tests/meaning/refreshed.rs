//! A refresh of what has changed gives what a rebuild gives: a random council, its events cut into
//! batches anyhow, in any order, twice, late, corrected, with changes of the reference data among them,
//! as time goes by.

use crate::oracle_agrees::differing;
use crate::rebuilt::Rebuilt;
use chrono::DateTime;
use ingest::TokenKey;
use lake::Lake;
use pipeline_tests::random_story::random_story;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use refresh::{Plan, Publication, Refreshed, Verification};
use schemas::Event;
use tempfile::TempDir;

const DAY: i64 = 86_400_000_000;
/// Instants as of which is measured: before, in and after the weeks of the story, and long after, but
/// not in this order only.
const INSTANTS: [&str; 7] = [
    "2026-03-20T12:00:00Z",
    "2026-03-30T00:00:00Z",
    "2026-04-02T22:59:59Z",
    "2026-04-02T23:00:00Z",
    "2026-04-09T10:00:00Z",
    "2026-05-08T00:00:00Z",
    "2030-01-01T00:00:00Z",
];

/// A lake that is refreshed again and again.
pub(crate) struct Kept {
    folder: TempDir,
    lake: Lake,
    files: u32,
}

impl Kept {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let lake = Lake::open_or_create(&folder.path().join("lake")).unwrap();
        Self { folder, lake, files: 0 }
    }

    /// Takes events in, those of a source in one commit.
    pub(crate) async fn take(&mut self, events: &[Event]) {
        for source in schemas::catalogue().sources.values() {
            let of_source = events.iter().filter(|event| source.event(&event.event_type).is_some());
            let records: Vec<Vec<u8>> = of_source.map(|event| event.to_record().unwrap()).collect();
            if records.is_empty() {
                continue;
            }
            self.files += 1;
            let key = TokenKey::parse(&"07".repeat(32)).unwrap();
            let records = records.into_iter().map(Ok);
            ingest::load_history(&self.lake, source, &format!("{:064x}", self.files), records, key, 0)
                .await
                .unwrap();
        }
    }

    pub(crate) async fn refresh(&self, as_of_micros: i64) -> Refreshed {
        // As after a restart: nothing is remembered but what the lake has.
        let lake = Lake::open(&self.folder.path().join("lake")).unwrap();
        refresh::refresh(&lake, &plan(as_of_micros, false), |_| {}).await.unwrap()
    }

    pub(crate) async fn is_due(&self, as_of_micros: i64) -> bool {
        refresh::is_due(&self.lake, &plan(as_of_micros, false)).await.unwrap()
    }

    pub(crate) async fn rebuild(&self, as_of_micros: i64) -> Refreshed {
        refresh::refresh(&self.lake, &plan(as_of_micros, true), |_| {}).await.unwrap()
    }

    pub(crate) async fn verify(&self) -> Verification {
        let newest = Publication::newest(&self.lake).await.unwrap().unwrap();
        refresh::verify(&self.lake, &newest, 0, |_, _| {}).await.unwrap()
    }

    pub(crate) async fn read(&self) -> Rebuilt {
        Rebuilt::over(refresh::open(&self.lake).await.unwrap().engine)
    }

    pub(crate) fn lake(&self) -> &Lake {
        assert!(self.folder.path().is_dir());
        &self.lake
    }
}

fn plan(as_of_micros: i64, from_scratch: bool) -> Plan {
    let time_zone = chrono_tz::Europe::London;
    Plan { time_zone, as_of_micros, now_micros: as_of_micros, from_scratch }
}

/// The events in batches, and the instant as of which is measured after each.
pub(crate) fn batches(seed: u64, mut events: Vec<Event>) -> Vec<(Vec<Event>, i64)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    events.shuffle(&mut rng);
    let count = if rng.random_ratio(1, 2) { rng.random_range(2..5) } else { 6 };
    let mut cut: Vec<Vec<Event>> = vec![Vec::new(); count];
    for event in events {
        let often = if rng.random_ratio(1, 12) { 2 } else { 1 };
        for _ in 0..often {
            // Small batches among large ones.
            let into = rng.random_range(0..count * 2).min(count - 1);
            cut[into].push(event.clone());
        }
    }
    cut.shuffle(&mut rng);
    // Nothing comes, and time passes.
    cut.insert(rng.random_range(1..=count), Vec::new());
    let instant = |rng: &mut ChaCha8Rng| {
        let instant = INSTANTS.choose(rng).unwrap().parse::<DateTime<chrono::Utc>>().unwrap().timestamp_micros();
        if rng.random_ratio(1, 3) { instant + rng.random_range(0..DAY) } else { instant }
    };
    cut.into_iter().map(|batch| (batch, instant(&mut rng))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_of_what_changed_is_a_rebuild() {
    let seeds = std::env::var("SWITCHBOARD_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    for seed in 300..300 + seeds {
        let mut kept = Kept::new();
        let (mut taken, batches) = (Vec::new(), batches(seed, random_story(seed)));
        let last = batches.len() - 1;
        for (at, (batch, as_of)) in batches.into_iter().enumerate() {
            kept.take(&batch).await;
            taken.extend(batch);
            let refreshed = kept.refresh(as_of).await;
            assert_eq!(refreshed.rebuilt.is_some(), at == 0, "seed {seed} batch {at}: {:?}", refreshed.rebuilt);
            let found = kept.verify().await;
            assert!(found.differences.is_empty(), "seed {seed} batch {at}:\n{:#?}", found.differences);
            // It takes as long as all else together, so only every second seed asks it each time.
            if at == last || seed % 2 == 0 {
                let shown = differing(&taken, &kept.read().await).await;
                assert!(shown.is_empty(), "seed {seed} batch {at}: the oracle differs\n{}", shown.join("\n"));
            }
        }
        assert!(kept.lake().tables().unwrap().contains(&"calls".to_owned()));
    }
}
