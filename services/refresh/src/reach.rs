//! How far a change reaches in a model whose rows look no further than some days: the months that are folded
//! anew, and those whose rows must be read for that. Its table and its input's are partitioned by them.

use crate::Error;
use crate::index::as_text;
use crate::work::Work;
use arrow::array::AsArray;
use chrono::{Datelike, Days, NaiveDate};
use lake::Place;
use queries::{DeclaredReach, Model};
use std::collections::BTreeSet;

/// Months by their first days.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Rows elsewhere stay as they are.
    pub(crate) folded: BTreeSet<NaiveDate>,
    /// What the folded rows look at lies in these.
    read: BTreeSet<NaiveDate>,
}

/// How far what has changed in the model's inputs reaches; `None` where a subject's rows belong together
/// however far apart they are.
pub(crate) async fn reach(work: &Work<'_>, model: &Model) -> Result<Option<Reach>, Error> {
    let Some(DeclaredReach { by, days }) = &model.declared.reach else { return Ok(None) };
    let inputs = model.folded_inputs().filter(|input| work.changed.contains(*input));
    let each: Vec<String> =
        inputs.map(|input| format!("SELECT local_date({by}) AS day FROM changed_{input}")).collect();
    let sql = format!("SELECT DISTINCT CAST(day AS VARCHAR) FROM ({}) AS days", each.join(" UNION ALL "));
    let mut changed = BTreeSet::new();
    for batch in as_text(&work.engine.collect(&sql).await?)? {
        let days = batch.column(0).as_string::<i32>().iter().flatten();
        changed.extend(days.filter_map(|day| day.parse::<NaiveDate>().ok()));
    }
    Ok(Some(Reach::of(&changed, *days)))
}

impl Reach {
    fn of(changed: &BTreeSet<NaiveDate>, days: u32) -> Self {
        let folded = around(changed, days);
        let last = |first: &NaiveDate| first.iter_days().take_while(|day| day.month() == first.month()).last();
        let ends = folded.iter().copied().chain(folded.iter().filter_map(last)).collect();
        Self { read: around(&ends, days), folded }
    }

    /// The places, of those given, whose rows are folded anew.
    pub(crate) fn folds(&self, places: BTreeSet<Place>) -> BTreeSet<Place> {
        within(places, &self.folded)
    }

    /// The places, of those given, whose rows are read for that.
    pub(crate) fn reads(&self, places: BTreeSet<Place>) -> BTreeSet<Place> {
        within(places, &self.read)
    }
}

/// The months in which something lies at most so many days from one of these.
fn around(these: &BTreeSet<NaiveDate>, days: u32) -> BTreeSet<NaiveDate> {
    // Days are 23 to 25 hours long, so a council's day more.
    let days = Days::new(u64::from(days) + 1);
    let months = these.iter().flat_map(|day| {
        let (from, until) = (day.checked_sub_days(days).unwrap_or(*day), day.checked_add_days(days));
        let until = until.unwrap_or(*day);
        from.iter_days().take_while(move |day| *day <= until).filter_map(|day| day.with_day(1))
    });
    months.collect()
}

fn within(places: BTreeSet<Place>, months: &BTreeSet<NaiveDate>) -> BTreeSet<Place> {
    let is_within = |place: &Place| place.as_ref().and_then(|place| place.parse().ok());
    places.into_iter().filter(|place| is_within(place).is_none_or(|month| months.contains(&month))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn dates(of: &[&str]) -> BTreeSet<NaiveDate> {
        of.iter().map(|day| day.parse().unwrap()).collect()
    }

    #[test]
    fn what_is_folded_finds_all_that_it_looks_at() {
        // 29 days before 2 March 2026 is 1 February; after it, 31 March. Of these months the first day looks
        // back to 3 January, the last one on to 29 April.
        let reach = Reach::of(&dates(&["2026-03-02"]), 28);
        assert_eq!(reach.folded, dates(&["2026-02-01", "2026-03-01"]));
        assert_eq!(reach.read, dates(&["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"]));
        // A day earlier it is 31 January.
        let reach = Reach::of(&dates(&["2026-03-01"]), 28);
        assert_eq!(reach.folded, dates(&["2026-01-01", "2026-02-01", "2026-03-01"]));
        // Days far apart do not bring the months between them.
        let reach = Reach::of(&dates(&["2024-07-15", "2026-07-15"]), 7);
        assert_eq!(reach.folded, dates(&["2024-07-01", "2026-07-01"]));
    }

    /// What the models and measures say of themselves must be so, else a refresh would fold too little.
    #[test]
    fn who_declares_a_reach_keeps_to_it() {
        let catalogue = queries::catalogue();
        for model in &catalogue.models {
            let Some(DeclaredReach { by, days }) = &model.declared.reach else { continue };
            let apart = format!("<= {days} * 86400000000");
            let looks = model.sql.matches("(PARTITION BY").count() + model.sql.matches("lag(").count();
            assert_eq!((model.sql.matches(&apart).count(), looks), (2, 2), "{}", model.name);
            assert!(model.sql.contains(&format!("ORDER BY {by},")), "{}", model.name);
            for input in model.folded_inputs() {
                let input = &catalogue.model(input).unwrap().declared;
                assert_eq!(input.partition, model.declared.partition, "{}", model.name);
            }
            for kpi in catalogue.kpis.values().filter(|kpi| kpi.sql.contains(&format!("FROM {}", model.name))) {
                let window = kpi.declared.parameters["window_days"];
                assert!(window <= i64::from(*days), "{} looks further than {}", kpi.id, model.name);
            }
        }
    }

    #[test]
    fn rows_without_a_month_are_always_looked_at() {
        let reach = Reach::of(&dates(&["2026-07-15"]), 7);
        let places = BTreeSet::from([None, Some("2026-07-01".to_owned()), Some("2026-06-01".to_owned())]);
        assert_eq!(reach.folds(places.clone()), BTreeSet::from([None, Some("2026-07-01".to_owned())]));
        // The first of July looks back into June.
        assert_eq!(reach.reads(places.clone()), places);
    }
}
