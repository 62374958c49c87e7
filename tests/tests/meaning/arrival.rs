//! The order in which events arrive, and how often, changes nothing.

use crate::rebuilt::{LATER, Rebuilt};
use pipeline_tests::random_story::random_story;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn order_and_repetition_change_no_row() {
    for seed in 100..102 {
        let events = random_story(seed);
        let mut disturbed = [events.as_slice(), events.as_slice()].concat();
        disturbed.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let (once, twice) = (Rebuilt::from(&events, LATER).await, Rebuilt::from(&disturbed, LATER).await);
        let models = queries::catalogue().models.iter().map(|model| model.name.as_str());
        for table in models.chain(["kpi_interval", "kpi_daily", "kpi_distribution", "kpi_period"]) {
            let (expected, found) = (once.table(table).await, twice.table(table).await);
            let lost: Vec<_> = expected.iter().filter(|row| found.binary_search(row).is_err()).take(3).collect();
            let gained: Vec<_> = found.iter().filter(|row| expected.binary_search(row).is_err()).take(3).collect();
            assert!(expected == found, "seed {seed}, {table}\n  lost {lost:?}\n  gained {gained:?}");
        }
    }
}
