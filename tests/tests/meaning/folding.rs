//! A fold of some subjects gives the same rows for them as a fold of all.
//!
//! Without this a refresh that folds only what was touched would not be a rebuild.

use crate::rebuilt::{LATER, Rebuilt};
use pipeline_tests::random_story::random_story;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemas::Event;
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_folds_as_among_all() {
    for seed in 200..202 {
        let events = random_story(seed);
        let all = Rebuilt::from(&events, LATER).await;
        half_of_the_calls(seed, &events, &all).await;
        half_of_the_residents(seed, &events, &all).await;
    }
}

/// The models of calls: the events of half of the calls give the rows of these calls.
async fn half_of_the_calls(seed: u64, events: &[Event], all: &Rebuilt) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let subjects: BTreeSet<&str> = events.iter().map(Event::subject).collect();
    let half: BTreeSet<&str> = subjects.into_iter().filter(|_| rng.random_ratio(1, 2)).collect();
    let some = Rebuilt::from(&only(events, |event| half.contains(event.subject())), LATER).await;
    for table in ["queue_visits", "calls"] {
        let expected = restricted(all, table, "initial_contact_id", |id| half.contains(id)).await;
        assert!(!expected.is_empty(), "seed {seed}: {table} is empty");
        assert!(expected == some.table(table).await, "seed {seed}: {table} folds differently among all calls");
    }
}

/// The model of residents: the calls of half of them give the rows of these residents.
async fn half_of_the_residents(seed: u64, events: &[Event], all: &Rebuilt) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let tokens = all.query("SELECT DISTINCT customer_token FROM customer_contacts").await;
    let half: BTreeSet<String> = tokens.into_iter().flatten().filter(|_| rng.random_ratio(1, 2)).collect();
    let of_half = |token: &str| half.contains(token);
    let tokens = "SELECT unnest(customer_tokens), initial_contact_id FROM calls";
    let calls = all.query(tokens).await.into_iter().filter(|row| of_half(&row[0]));
    let calls: BTreeSet<String> = calls.map(|row| row[1].clone()).collect();
    let some = Rebuilt::from(&only(events, |event| calls.contains(event.subject())), LATER).await;
    let expected = restricted(all, "customer_contacts", "customer_token", of_half).await;
    let found = restricted(&some, "customer_contacts", "customer_token", of_half).await;
    assert!(!expected.is_empty(), "seed {seed}: nobody");
    assert!(expected == found, "seed {seed}: customer_contacts folds differently among all residents");
}

/// All reference events, and the telephony events that are wanted.
fn only(events: &[Event], wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
    events.iter().filter(|event| event.event_type == "queue_mapped" || wanted(event)).cloned().collect()
}

async fn restricted(all: &Rebuilt, table: &str, column: &str, wanted: impl Fn(&str) -> bool) -> Vec<Vec<String>> {
    let at = all.columns(table).await.iter().position(|name| name == column).unwrap();
    let mut rows = all.table(table).await;
    rows.retain(|row| wanted(&row[at]));
    rows
}
