//! What the things behind a number add is the number, for every KPI, day and slice of random stories.

use crate::rebuilt::{LATER, Rebuilt};
use chrono::{Months, NaiveDate};
use pipeline_tests::oracle::RowKey;
use pipeline_tests::random_story::random_story;
use queries::{Kind, Kpi, MadeOf, Slice, Thing};
use std::collections::{BTreeMap, BTreeSet};

/// How many slices of each KPI are explained in a story, spread over all that there are.
const SLICES: usize = 2;

/// Numerator and denominator; a distribution has its count as the numerator, by value.
type Sums = BTreeMap<Option<i64>, (i64, i64)>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_things_of_a_day_add_is_the_published_number() {
    for seed in 300..302 {
        let story = Rebuilt::from(&random_story(seed), LATER).await;
        let published = published(&story).await;
        for kpi in queries::catalogue().kpis.values().filter(|kpi| kpi.declared.kind != Kind::Monthly) {
            let rows: Vec<_> = published.iter().filter(|(key, _)| key.kpi == kpi.id).collect();
            assert!(!rows.is_empty(), "seed {seed}: {} is never measured", kpi.id);
            for (key, sums) in rows.iter().step_by(rows.len().div_ceil(SLICES)) {
                let made_of = explained(&story, kpi, slice(kpi, key)).await;
                assert_eq!(&added(&made_of), *sums, "seed {seed}: {key}");
            }
            let days: BTreeSet<NaiveDate> = rows.iter().map(|(key, _)| key.local_date).collect();
            for day in days.iter().step_by(days.len().div_ceil(SLICES)) {
                let mut whole = Sums::new();
                for (_, sums) in rows.iter().filter(|(key, _)| key.local_date == *day) {
                    sums.iter().for_each(|(value, sums)| add(&mut whole, *value, *sums));
                }
                let made_of = explained(&story, kpi, Slice { period: *day, dimensions: BTreeMap::new() }).await;
                assert_eq!(added(&made_of), whole, "seed {seed}: {} on {day}", kpi.id);
                every_thing_stands_once_with_its_reason(&made_of, &kpi.id);
            }
        }
    }
}

/// A month's parts do not add up from contacts, but what they are worked out from does: each channel's
/// demands, in thousandths for the shift.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_things_of_a_month_are_the_demands_that_entered_it() {
    let story = Rebuilt::from(&random_story(300), LATER).await;
    let months = story.months().await;
    let (mut shares, mut shifts) = (0, 0);
    for (key, (numerator, _)) in &months {
        let kpi = &queries::catalogue().kpis[&key.kpi];
        let dimensions = BTreeMap::from([("channel".to_owned(), key.channel.clone())]);
        let period = match key.part.as_str() {
            "year_before" => key.local_month.checked_sub_months(Months::new(12)).unwrap(),
            "share" | "now" => key.local_month,
            _ => continue,
        };
        let made_of = explained(&story, kpi, Slice { period, dimensions }).await;
        let things: i64 = added(&made_of).values().map(|(numerator, _)| numerator).sum();
        let each = if key.part == "share" { 1 } else { 1_000 };
        assert_eq!(things * each, *numerator, "{key}");
        every_thing_stands_once_with_its_reason(&made_of, &kpi.id);
        *(if each == 1 { &mut shares } else { &mut shifts }) += 1;
    }
    assert!(shares > 0 && shifts > 0, "{shares} shares, {shifts} shifts");
    let monthly = queries::catalogue().kpis.values().filter(|kpi| kpi.declared.kind == Kind::Monthly);
    let named: Vec<&str> = monthly.map(|kpi| kpi.id.as_str()).collect();
    assert_eq!(named, ["channel_mix", "channel_shift"], "say here what a new one is worked out from");
}

async fn explained(story: &Rebuilt, kpi: &Kpi, slice: Slice) -> MadeOf {
    let made_of = story.engine().made_of(kpi, &slice).await;
    made_of.unwrap_or_else(|error| panic!("{} {slice:?}: {error}", kpi.id))
}

/// Ratios, counts and distributions, a distribution's row with all its values.
async fn published(story: &Rebuilt) -> BTreeMap<RowKey, Sums> {
    let mut published: BTreeMap<RowKey, Sums> = BTreeMap::new();
    for (key, (numerator, denominator)) in story.parts().await {
        let sums = (numerator.unwrap_or_default(), denominator.unwrap_or_default());
        add(published.entry(key).or_default(), None, sums);
    }
    for ((key, value), count) in story.counts().await {
        add(published.entry(key).or_default(), Some(value), (count, 0));
    }
    published
}

fn added(made_of: &MadeOf) -> Sums {
    let mut sums = Sums::new();
    for adds in made_of.things.iter().filter_map(|thing| thing.adds) {
        let parts = (adds.numerator.unwrap_or_default(), adds.denominator.unwrap_or_default());
        add(&mut sums, adds.value, parts);
    }
    sums
}

fn add(sums: &mut Sums, value: Option<i64>, more: (i64, i64)) {
    let sum = sums.entry(value).or_default();
    *sum = (sum.0 + more.0, sum.1 + more.1);
}

fn slice(kpi: &Kpi, key: &RowKey) -> Slice {
    let of = |dimension: &String| match dimension.as_str() {
        "service_area" => &key.service_area,
        "service_class" => &key.service_class,
        "queue" => &key.queue,
        "channel" => &key.channel,
        _ => &key.subject_group,
    };
    let dimensions = kpi.declared.dimensions.iter().map(|name| (name.clone(), of(name).clone()));
    Slice { period: key.local_date, dimensions: dimensions.collect() }
}

/// No thing counts twice; what was left out or is not in the numerator fails a condition, and the others none.
fn every_thing_stands_once_with_its_reason(made_of: &MadeOf, kpi: &str) {
    let name = |thing: &Thing| made_of.key.iter().map(|key| thing.cells[key].clone()).collect::<Vec<_>>();
    let names: BTreeSet<Vec<String>> = made_of.things.iter().map(name).collect();
    assert!(!made_of.key.is_empty() && names.len() == made_of.things.len(), "{kpi}: {:?}", made_of.key);
    for thing in &made_of.things {
        let is_whole = match thing.adds {
            None => false,
            Some(_) if made_of.numerator_conditions.is_empty() => true,
            Some(adds) => adds.numerator.is_some_and(|numerator| numerator > 0),
        };
        assert_eq!(thing.unmet.is_empty(), is_whole, "{kpi}: {thing:?}");
    }
}
