//! Measures taken anew for the days that were touched, and for no others.

use crate::Error;
use crate::derived;
use crate::held::Changed;
use crate::index::{Entry, as_text};
use crate::work::Work;
use arrow::array::AsArray;
use chrono::{Datelike, Months, NaiveDate};
use lake::Place;
use lake::fault::{Rule, keeps};
use queries::{Catalogue, Kind, MeasureTable, Model, catalogue, days_ending, measured_tables};
use std::collections::{BTreeMap, BTreeSet};

const DAY_MICROS: i64 = 86_400_000_000;

/// A measured table whose rows have changed, and how.
pub(crate) type Remeasured = Vec<(MeasureTable, Changed)>;

/// Measures what was touched, and puts it into the tables.
pub(crate) async fn measures(work: &mut Work<'_>) -> Result<Remeasured, Error> {
    let mut days = touched_days(work).await?;
    days.extend(turning_days(work, |kind| kind != Kind::Monthly));
    let mut months: BTreeSet<NaiveDate> = days.iter().filter_map(|day| day.with_day(1)).collect();
    months.extend(turning_days(work, |kind| kind == Kind::Monthly).iter().filter_map(|day| day.with_day(1)));
    let mut remeasured = Vec::new();
    let (daily, monthly): (Vec<_>, Vec<_>) =
        measured_tables(catalogue()).into_iter().partition(|table| table.name != "kpi_period");
    if !days.is_empty() {
        bind_models(work, &days).await?;
        for table in daily {
            remeasured.extend(measure(work, table, "local_date", &days).await?);
        }
    }
    let months = with_comparisons(catalogue(), &months);
    if !months.is_empty() {
        bind_models(work, &days_of(&with_compared(catalogue(), &months))).await?;
        for table in monthly {
            remeasured.extend(measure(work, table, "local_month", &months).await?);
        }
    }
    Ok(remeasured)
}

/// The days of all rows of models that have changed, before and after; all days if something has that
/// measures read as a whole.
async fn touched_days(work: &mut Work<'_>) -> Result<BTreeSet<NaiveDate>, Error> {
    let mut queries = Vec::new();
    for model in &catalogue().models {
        if work.changed.contains(&model.name) && model.declared.partition.is_some() {
            queries.extend(
                model.declared.days.iter().map(|day| format!("SELECT {day} AS day FROM changed_{}", model.name)),
            );
        }
    }
    if reads_changed_whole(work)? {
        for table in ["kpi_daily", "kpi_distribution"] {
            let there = work.table(table).await?.before()?;
            work.engine.bind(table, there)?;
            queries.push(format!("SELECT local_date AS day FROM {table}"));
        }
    }
    if queries.is_empty() {
        return Ok(BTreeSet::new());
    }
    let sql = format!("SELECT DISTINCT CAST(day AS VARCHAR) FROM ({}) AS days", queries.join(" UNION ALL "));
    let mut days = BTreeSet::new();
    for batch in as_text(&work.engine.collect(&sql).await?)? {
        days.extend(
            batch.column(0).as_string::<i32>().iter().flatten().filter_map(|day| day.parse::<NaiveDate>().ok()),
        );
    }
    if !keeps(Rule::LateDays) {
        days = days.last().copied().into_iter().collect();
    }
    Ok(days)
}

/// Whether a measure reads a model that is folded as a whole and has changed.
fn reads_changed_whole(work: &Work<'_>) -> Result<bool, Error> {
    let whole = catalogue().models.iter().filter(|model| model.declared.partition.is_none());
    let changed: Vec<&Model> = whole.filter(|model| work.changed.contains(&model.name)).collect();
    if changed.is_empty() {
        return Ok(false);
    }
    for kpi in catalogue().kpis.values() {
        let read = work.engine.tables_in(&kpi.sql)?;
        if changed.iter().any(|model| read.contains(&model.name)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The days whose values have become final by the passing of time alone since the last epoch, or are so
/// no more where it was measured as of a later instant.
fn turning_days(work: &Work<'_>, wanted: fn(Kind) -> bool) -> BTreeSet<NaiveDate> {
    if !keeps(Rule::TurningDays) {
        return BTreeSet::new();
    }
    let (then, now) = (work.published.as_of_micros, work.plan.as_of_micros);
    let kpis = catalogue().kpis.values().filter(|kpi| wanted(kpi.declared.kind));
    let settling: BTreeSet<i64> = kpis.map(|kpi| i64::from(kpi.declared.settles_after_days)).collect();
    let turning = settling.into_iter().flat_map(|days| {
        let shift = days * DAY_MICROS;
        days_ending(work.plan.time_zone, then.min(now) - shift, then.max(now) - shift)
    });
    turning.collect()
}

/// The months, and those that are compared with them.
fn with_comparisons(catalogue: &Catalogue, months: &BTreeSet<NaiveDate>) -> BTreeSet<NaiveDate> {
    let later =
        |month: &NaiveDate| distances(catalogue).filter_map(|by| month.checked_add_months(by)).collect::<Vec<_>>();
    months.iter().flat_map(later).chain(months.iter().copied()).collect()
}

/// The months, and those that they are compared with.
fn with_compared(catalogue: &Catalogue, months: &BTreeSet<NaiveDate>) -> BTreeSet<NaiveDate> {
    let earlier =
        |month: &NaiveDate| distances(catalogue).filter_map(|by| month.checked_sub_months(by)).collect::<Vec<_>>();
    months.iter().flat_map(earlier).chain(months.iter().copied()).collect()
}

fn distances(catalogue: &Catalogue) -> impl Iterator<Item = Months> {
    let all = catalogue.kpis.values().flat_map(|kpi| kpi.declared.compares_with_months_before.iter());
    all.map(|months| Months::new(*months))
}

fn days_of(months: &BTreeSet<NaiveDate>) -> BTreeSet<NaiveDate> {
    months.iter().flat_map(|month| month.iter_days().take_while(|day| day.month() == month.month())).collect()
}

/// Binds of each model the rows that are measured on one of these days.
async fn bind_models(work: &mut Work<'_>, days: &BTreeSet<NaiveDate>) -> Result<(), Error> {
    let keys: Vec<String> = days.iter().map(|day| format!("('{day}')")).collect();
    work.keep("days", &format!("SELECT column1 AS k0 FROM (VALUES {}) AS days", keys.join(", "))).await?;
    let listed = listed(days);
    for model in &catalogue().models {
        let now = work.in_hand(&model.name)?.now()?;
        if model.declared.partition.is_none() {
            work.engine.bind(&model.name, now)?;
            continue;
        }
        let entries: Vec<Entry> = model.declared.days.iter().map(|column| Entry::of_days(model, column)).collect();
        let places = work.index.places(&work.engine, &entries, "days").await?;
        let places: BTreeSet<Place> = places.into_values().flatten().collect();
        let here = format!("{}_here", model.name);
        work.bind_at(&here, &now, &places)?;
        let on_a_day: Vec<String> =
            model.declared.days.iter().map(|column| format!("{column} IN ({listed})")).collect();
        work.engine
            .bind_view(&model.name, &format!("SELECT * FROM {here} WHERE {}", on_a_day.join(" OR ")))
            .await?;
    }
    Ok(())
}

fn listed(days: &BTreeSet<NaiveDate>) -> String {
    days.iter().map(|day| format!("DATE '{day}'")).collect::<Vec<_>>().join(", ")
}

/// Measures a table for these periods; what has changed, if anything.
async fn measure(
    work: &mut Work<'_>,
    table: MeasureTable,
    period: &str,
    periods: &BTreeSet<NaiveDate>,
) -> Result<Option<(MeasureTable, Changed)>, Error> {
    let condition = format!("{period} IN ({})", listed(periods));
    let Some(new) = derived::of_measures(&work.engine, &table, Some(&condition)).await? else { return Ok(None) };
    work.engine.bind_rows(table.name, new.spec.schema.clone(), new.rows.clone())?;
    let months: BTreeSet<Place> =
        periods.iter().filter_map(|day| day.with_day(1)).map(|day| Some(day.to_string())).collect();
    let there = work.table(table.name).await?.before()?;
    work.bind_at("own", &there, &months)?;
    let old = work.engine.collect(&format!("SELECT * FROM own WHERE {condition}")).await?;
    let changed = Changed::between(&derived::as_rows_of(&new.spec.schema, &old)?, &new.rows)?;
    if changed.is_empty() {
        return Ok(None);
    }
    let (lake, at) = (work.lake, (work.epoch, work.plan));
    work.table(table.name).await?.change(lake, &new.spec, &changed, at).await?;
    Ok(Some((table, changed)))
}

/// How many rows of each table have changed.
pub(crate) fn counts(remeasured: &Remeasured) -> BTreeMap<&'static str, usize> {
    remeasured.iter().map(|(table, changed)| (table.name, changed.row_count())).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn months(of: &[&str]) -> BTreeSet<NaiveDate> {
        of.iter().map(|month| format!("{month}-01").parse().unwrap()).collect()
    }

    #[test]
    fn a_month_is_measured_with_that_a_year_before_and_a_year_after() {
        let touched = months(&["2026-03", "2026-04"]);
        let measured = with_comparisons(catalogue(), &touched);
        assert_eq!(measured, months(&["2026-03", "2026-04", "2027-03", "2027-04"]));
        let read = with_compared(catalogue(), &measured);
        assert_eq!(read, months(&["2025-03", "2025-04", "2026-03", "2026-04", "2027-03", "2027-04"]));
        assert_eq!(days_of(&months(&["2026-02", "2028-02"])).len(), 28 + 29);
    }
}
