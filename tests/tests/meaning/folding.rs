//! A fold of some subjects gives the same rows for them as a fold of all.
//!
//! Without this a refresh that folds only what was touched would not be a rebuild.

use crate::rebuilt::{LATER, Rebuilt};
use pipeline_tests::random_story::random_story;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemas::Event;
use std::collections::{BTreeMap, BTreeSet};

/// Models with one row or more for each call, form or report, and the column that names it.
const BY_SUBJECT: [(&str, &str); 5] = [
    ("queue_visits", "initial_contact_id"),
    ("calls", "initial_contact_id"),
    ("form_sessions", "form_session_id"),
    ("reports", "report_id"),
    ("contacts", "contact_id"),
];
/// Models whose subjects are put together from several contacts.
const OF_CONTACTS: [&str; 2] = ["contact_demands", "customer_contacts"];
/// While some forms are open, some abandoned and some sent off.
const MEANWHILE: &str = "2026-03-29T12:00:00Z";

/// A model without a partition is folded as a whole whenever one of its events comes: it has no part.
#[test]
fn each_model_that_is_folded_in_parts_is_tried() {
    let in_parts = queries::catalogue().models.iter().filter(|model| model.declared.partition.is_some());
    let in_parts: BTreeSet<&str> = in_parts.map(|model| model.name.as_str()).collect();
    assert_eq!(in_parts, BY_SUBJECT.map(|(model, _)| model).into_iter().chain(OF_CONTACTS).collect());
}

/// What a contact is called by others.
const OWN_REF: &str = "concat(source, ':', contact_id)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_folds_as_among_all() {
    for seed in 200..202 {
        let events = random_story(seed);
        half_of_the_forms(seed, &events).await;
        let all = Rebuilt::from(&events, LATER).await;
        half_of_the_subjects(seed, &events, &all).await;
        half_of_the_demands(seed, &events, &all).await;
        half_of_the_residents(seed, &events, &all).await;
    }
}

/// The model that changes with time, when time has changed some of its rows and not others.
async fn half_of_the_forms(seed: u64, events: &[Event]) {
    let all = Rebuilt::from(events, MEANWHILE).await;
    let outcomes = all.query("SELECT DISTINCT outcome FROM form_sessions").await;
    let has = |outcome: &str| outcomes.iter().any(|row| row[0] == outcome);
    assert!(has("open") && has("abandoned"), "seed {seed}: {outcomes:?}");
    let half = half(seed, events.iter().map(|event| event.subject().to_owned()).collect());
    let some = Rebuilt::from(&only(events, |event| half.contains(event.subject())), MEANWHILE).await;
    let sql = format!("SELECT * FROM form_sessions WHERE {}", among("form_session_id", &half));
    assert!(all.query(&sql).await == some.table("form_sessions").await, "seed {seed}: forms fold differently");
}

/// The models of calls, forms and reports: the events of half of them give the rows of these.
async fn half_of_the_subjects(seed: u64, events: &[Event], all: &Rebuilt) {
    let subjects = events.iter().map(|event| event.subject().to_owned()).collect();
    let half = half(seed, subjects);
    let some = Rebuilt::from(&only(events, |event| half.contains(event.subject())), LATER).await;
    for (table, subject) in BY_SUBJECT {
        let expected = all.query(&format!("SELECT * FROM {table} WHERE {}", among(subject, &half))).await;
        assert!(!expected.is_empty(), "seed {seed}: {table} is empty");
        assert!(expected == some.table(table).await, "seed {seed}: {table} folds differently among all subjects");
    }
}

/// The model of demands: the contacts of half of them give the rows of these demands.
async fn half_of_the_demands(seed: u64, events: &[Event], all: &Rebuilt) {
    let joined = joined_contacts(all).await;
    let half = half(seed, joined.values().cloned().collect());
    let contacts =
        joined.into_iter().filter(|(_, group)| half.contains(group)).map(|(contact, _)| contact).collect();
    let some = Rebuilt::from(&only(events, |event| is_of(event, &contacts)), LATER).await;
    let expected = all.query(&format!("SELECT * FROM contact_demands WHERE {}", among(OWN_REF, &contacts))).await;
    assert!(!expected.is_empty(), "seed {seed}: no demand");
    assert!(
        expected == some.table("contact_demands").await,
        "seed {seed}: contact_demands folds differently among all demands"
    );
}

/// The model of residents: the contacts of half of them, with all that belongs to the same demands,
/// give the rows of these residents.
async fn half_of_the_residents(seed: u64, events: &[Event], all: &Rebuilt) {
    let tokens = all.query("SELECT DISTINCT customer_token FROM customer_contacts").await;
    let half = half(seed, tokens.into_iter().flatten().collect());
    let joined = joined_contacts(all).await;
    let known = all.query(&format!("SELECT unnest(customer_tokens), {OWN_REF} FROM contacts")).await;
    let own = known.iter().filter(|row| half.contains(&row[0])).map(|row| &joined[&row[1]]);
    let groups: BTreeSet<&String> = own.collect();
    let contacts = joined.iter().filter(|(_, group)| groups.contains(group)).map(|(contact, _)| contact.clone());
    let contacts = contacts.collect();
    let some = Rebuilt::from(&only(events, |event| is_of(event, &contacts)), LATER).await;
    let sql = format!("SELECT * FROM customer_contacts WHERE {}", among("customer_token", &half));
    let expected = all.query(&sql).await;
    assert!(!expected.is_empty(), "seed {seed}: nobody");
    assert!(
        expected == some.query(&sql).await,
        "seed {seed}: customer_contacts folds differently among all residents"
    );
}

/// Each contact, and the least of all contacts that chains of names join it to, of any length: a
/// demand goes no further than some steps, but what is some steps away has its own say in it.
async fn joined_contacts(all: &Rebuilt) -> BTreeMap<String, String> {
    let named = format!("SELECT {OWN_REF}, unnest(case_refs) FROM contacts");
    let itself = format!("SELECT {OWN_REF}, {OWN_REF} FROM contacts");
    let names = all.query(&format!("{named} UNION ALL {itself}")).await;
    let mut group: BTreeMap<String, String> = names.iter().map(|row| (row[0].clone(), row[0].clone())).collect();
    loop {
        let mut least: BTreeMap<&String, String> = BTreeMap::new();
        for row in &names {
            let known = least.entry(&row[1]).or_insert_with(|| group[&row[0]].clone());
            *known = known.clone().min(group[&row[0]].clone());
        }
        let mut next = group.clone();
        for row in &names {
            let least = least[&row[1]].clone();
            next.entry(row[0].clone()).and_modify(|known| *known = known.clone().min(least));
        }
        if next == group {
            return group;
        }
        group = next;
    }
}

fn half(seed: u64, all: BTreeSet<String>) -> BTreeSet<String> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    all.into_iter().filter(|_| rng.random_ratio(1, 2)).collect()
}

/// All reference events, and the others that are wanted.
fn only(events: &[Event], wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
    let reference = &schemas::catalogue().sources["reference"];
    let stays = |event: &&Event| reference.event(&event.event_type).is_some() || wanted(event);
    events.iter().filter(stays).cloned().collect()
}

fn is_of(event: &Event, contacts: &BTreeSet<String>) -> bool {
    contacts.contains(&format!("{}:{}", event.text("source").unwrap_or_default(), event.subject()))
}

fn among(column: &str, values: &BTreeSet<String>) -> String {
    let values: Vec<String> = values.iter().map(|value| format!("'{value}'")).collect();
    format!("{column} IN ({})", values.join(", "))
}
