//! Any data of any schema that is admitted, 200 seeds of them. `SWITCHBOARD_SEEDS` sets another
//! number; a seed that fails is named, and `SWITCHBOARD_SEED` runs it alone.

use super::Judges;
use super::data::{damage, datum};
use super::writers::{Dice, source, writer};
use crate::{Source, WriterDecoder};
use serde_json::Value as Json;
use std::ops::Range;

/// Data of each schema.
const DATA: usize = 24;

fn seeds() -> Range<u64> {
    let given = |name: &str| std::env::var(name).ok().map(|number| number.parse().unwrap());
    match (given("SWITCHBOARD_SEED"), given("SWITCHBOARD_SEEDS")) {
        (Some(seed), _) => seed..seed + 1,
        (None, seeds) => 0..seeds.unwrap_or(200),
    }
}

/// Names its seed if the test fails while it is there.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {0} failed; to run it alone, set SWITCHBOARD_SEED={0}", self.0);
        }
    }
}

#[derive(Debug, Default)]
struct Counts {
    schemas_refused: usize,
    passed: usize,
    refused: usize,
}

#[test]
fn the_judges_agree_on_any_data_of_any_schema() {
    let mut counts = Counts::default();
    for seed in seeds() {
        let named = Seed(seed);
        let mut dice = Dice(seed);
        let source = source(&mut dice);
        let schema = writer(&mut dice, &source);
        run(&mut dice, &source, &schema, &mut counts);
        drop(named);
    }
    println!("{counts:?}");
    if seeds().count() >= 200 {
        let Counts { schemas_refused, passed, refused } = counts;
        assert!(schemas_refused > 5 && passed > 1000 && refused > 1000, "the draw is one-sided: {counts:?}");
    }
}

fn run(dice: &mut Dice, source: &Source, schema: &Json, counts: &mut Counts) {
    let schema = schema.to_string();
    if WriterDecoder::admit(source, 9, &schema).is_err() {
        counts.schemas_refused += 1;
        return;
    }
    let mut judges = Judges::new(source, 9, &schema);
    let mut data: Vec<Vec<u8>> = (0..DATA).map(|_| datum(dice, &judges.shape, &judges.known)).collect();
    data.iter_mut().skip(DATA / 3).for_each(|datum| damage(dice, datum));
    let mut rows = Vec::new();
    for datum in &data {
        match judges.judge(datum) {
            Ok(()) => rows.push(judges.arrow(datum).unwrap()),
            Err(_) => counts.refused += 1,
        }
    }
    counts.passed += rows.len();
    assert_eq!(judges.rows(&data), rows, "together as one by one");
}
