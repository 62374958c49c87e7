//! Measures taken anew for the days that were touched, and for no others.

use crate::derived;
use crate::held::Changed;
use crate::index::{Entry, as_text};
use crate::restate::Cause;
use crate::work::Work;
use crate::{Error, Plan};
use arrow::array::AsArray;
use arrow::datatypes::SchemaRef;
use chrono::{Datelike, Months, NaiveDate};
use lake::Place;
use lake::fault::{Rule, keeps};
use queries::{Catalogue, Kind, Kpi, MeasureTable, Model, catalogue, days_ending, measured_tables};
use std::collections::{BTreeMap, BTreeSet};

const DAY_MICROS: i64 = 86_400_000_000;

/// A measured table whose rows have changed, and how.
#[derive(Debug)]
pub(crate) struct Remeasured {
    pub(crate) table: &'static str,
    pub(crate) schema: SchemaRef,
    pub(crate) changed: Changed,
}

/// Measures what was touched, and puts it into the tables.
pub(crate) async fn measures(work: &mut Work<'_>) -> Result<Vec<Remeasured>, Error> {
    let touched = touched_kpis(work)?;
    let mut days = touched_days(work, &touched).await?;
    days.extend(turning_days(work, |kind| kind != Kind::Monthly));
    let mut months: BTreeSet<NaiveDate> = days.iter().filter_map(|day| day.with_day(1)).collect();
    months.extend(turning_days(work, |kind| kind == Kind::Monthly).iter().filter_map(|day| day.with_day(1)));
    let mut remeasured = Vec::new();
    let (daily, monthly): (Vec<_>, Vec<_>) =
        measured_tables(catalogue()).into_iter().partition(|table| table.name != "kpi_period");
    if !days.is_empty() {
        bind_models(work, &touched, &days).await?;
        for table in daily {
            // Days are summed from half hours.
            if table.name == "kpi_daily" && !work.engine.has_table("kpi_interval") {
                continue;
            }
            remeasured.extend(measure(work, table.only(&touched), &touched, "local_date", &days).await?);
        }
    }
    let months = with_comparisons(catalogue(), &months);
    if !months.is_empty() {
        // A year and more is read for them: of the few models that they read alone.
        let touched = monthly_ones(touched);
        bind_models(work, &touched, &days_of(&with_compared(catalogue(), &months))).await?;
        for table in monthly {
            remeasured.extend(measure(work, table.only(&touched), &touched, "local_month", &months).await?);
        }
    }
    Ok(remeasured)
}

/// The measures that read a model which has changed, or of which a day turns by the passing of time, with
/// the models that they read.
fn touched_kpis(work: &Work<'_>) -> Result<Touched, Error> {
    let mut touched = Touched::new();
    for kpi in catalogue().kpis.values() {
        let read: BTreeSet<String> = work.engine.tables_in(&kpi.sql)?.into_iter().collect();
        if !read.is_disjoint(&work.changed) || !days_that_turn(work, kpi).is_empty() {
            touched.insert(kpi.id.clone(), read);
        }
    }
    Ok(touched)
}

/// Measures by id, with the models that they read.
type Touched = BTreeMap<String, BTreeSet<String>>;

fn monthly_ones(touched: Touched) -> Touched {
    let is_monthly = |kpi: &str| catalogue().kpis.get(kpi).is_some_and(|kpi| kpi.declared.kind == Kind::Monthly);
    touched.into_iter().filter(|(kpi, _)| is_monthly(kpi)).collect()
}

/// The days of all rows of models that have changed, before and after; all days if something has that
/// measures read as a whole.
async fn touched_days(work: &mut Work<'_>, touched: &Touched) -> Result<BTreeSet<NaiveDate>, Error> {
    let mut queries = Vec::new();
    for model in &catalogue().models {
        if work.changed.contains(&model.name) && model.declared.partition.is_some() {
            queries.extend(
                model.declared.days.iter().map(|day| format!("SELECT {day} AS day FROM changed_{}", model.name)),
            );
        }
    }
    if reads_changed_whole(work, touched) {
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
fn reads_changed_whole(work: &Work<'_>, touched: &Touched) -> bool {
    let whole = catalogue().models.iter().filter(|model| model.declared.partition.is_none());
    let mut changed = whole.filter(|model| work.changed.contains(&model.name));
    changed.any(|model| touched.values().any(|read| read.contains(&model.name)))
}

/// The days whose values have become final by the passing of time alone since the last epoch, or are so
/// no more where it was measured as of a later instant.
fn turning_days(work: &Work<'_>, wanted: fn(Kind) -> bool) -> BTreeSet<NaiveDate> {
    let kpis = catalogue().kpis.values().filter(|kpi| wanted(kpi.declared.kind));
    kpis.flat_map(|kpi| days_that_turn(work, kpi)).collect()
}

fn days_that_turn(work: &Work<'_>, kpi: &Kpi) -> Vec<NaiveDate> {
    turning_between(work.published.as_of_micros, work.plan, kpi)
}

fn turning_between(then: i64, plan: &Plan, kpi: &Kpi) -> Vec<NaiveDate> {
    if !keeps(Rule::TurningDays) {
        return Vec::new();
    }
    let settling = i64::from(kpi.declared.settles_after_days) * DAY_MICROS;
    let now = plan.as_of_micros;
    days_ending(plan.time_zone, then.min(now) - settling, then.max(now) - settling)
}

/// Whether the passing of time since `then`, microseconds since 1970, UTC, makes any value final.
pub(crate) fn turns_between(then: i64, plan: &Plan) -> bool {
    catalogue().kpis.values().any(|kpi| !turning_between(then, plan, kpi).is_empty())
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

/// Binds of each model that is read the rows that are measured on one of these days.
async fn bind_models(work: &mut Work<'_>, touched: &Touched, days: &BTreeSet<NaiveDate>) -> Result<(), Error> {
    let keys: Vec<String> = days.iter().map(|day| format!("('{day}')")).collect();
    work.keep("days", &format!("SELECT column1 AS k0 FROM (VALUES {}) AS days", keys.join(", "))).await?;
    let listed = listed(days);
    let is_read = |model: &&Model| touched.values().any(|read| read.contains(&model.name));
    for model in catalogue().models.iter().filter(is_read) {
        let now = work.in_hand(&model.name)?.now()?;
        if model.declared.partition.is_none() {
            work.engine.bind(&model.name, now)?;
            continue;
        }
        let entries: Vec<Entry> = model.declared.days.iter().map(|column| Entry::of_days(model, column)).collect();
        let places = work.index.places(&work.engine, &entries, "days").await?;
        let places: BTreeSet<Place> = places.into_values().flatten().collect();
        work.bind_at("here", &now, &places)?;
        let on_a_day: Vec<String> =
            model.declared.days.iter().map(|column| format!("{column} IN ({listed})")).collect();
        // Many measures read them.
        work.keep(&model.name, &format!("SELECT * FROM here WHERE {}", on_a_day.join(" OR "))).await?;
    }
    Ok(())
}

/// A condition for the rows of some measures by their definitions of this build: those of former versions
/// stay as they are.
pub(crate) fn current(wanted: impl Fn(&str) -> bool) -> String {
    let kpis = catalogue().kpis.values().filter(|kpi| wanted(&kpi.id));
    let each =
        kpis.map(|kpi| format!("kpi = '{}' AND definition_version = {}", kpi.id, kpi.declared.definition_version));
    let each: Vec<String> = each.collect();
    if each.is_empty() { "false".to_owned() } else { each.join(" OR ") }
}

/// Why the values of a measure have changed in a period, by what has changed in the models that it reads:
/// the causes by model and day.
pub(crate) async fn causes(work: &Work<'_>) -> Result<Causes, Error> {
    let mut causes = Causes { read: touched_kpis(work)?, by_model: BTreeMap::new() };
    for model in &catalogue().models {
        if !work.changed.contains(&model.name) || model.declared.partition.is_none() {
            continue;
        }
        let each = model
            .declared
            .days
            .iter()
            .map(|day| format!("SELECT {day} AS day, cause FROM changed_{}", model.name));
        let sql = format!(
            "SELECT CAST(day AS VARCHAR) AS day, CAST(min(cause) AS VARCHAR) AS cause FROM ({}) AS days \
             WHERE day IS NOT NULL GROUP BY day",
            each.collect::<Vec<_>>().join(" UNION ALL ")
        );
        let days = causes.by_model.entry(model.name.clone()).or_default();
        for batch in as_text(&work.engine.collect(&sql).await?)? {
            let (day, cause) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
            let both = day.iter().flatten().zip(cause.iter().flatten());
            days.extend(
                both.filter_map(|(day, cause)| Some((day.parse().ok()?, Cause::numbered(cause.parse().ok()?)))),
            );
        }
    }
    Ok(causes)
}

/// Why values have changed.
#[derive(Debug)]
pub(crate) struct Causes {
    read: Touched,
    by_model: BTreeMap<String, BTreeMap<NaiveDate, Cause>>,
}

impl Causes {
    /// Why a measure has changed in a period that begins on this day: the day itself, or, for a month, any
    /// day of it or of a month that it is compared with. What nobody's rows have changed was changed by the
    /// reference data that it reads.
    pub(crate) fn of(&self, kpi: &str, period: NaiveDate) -> Cause {
        let Some(known) = catalogue().kpis.get(kpi) else { return Cause::Recomputed };
        let days: BTreeSet<NaiveDate> = match known.declared.kind {
            Kind::Monthly => days_of(&with_compared(catalogue(), &BTreeSet::from([period]))),
            _ => BTreeSet::from([period]),
        };
        let models = self.read.get(kpi).into_iter().flatten().filter_map(|model| self.by_model.get(model));
        let causes = models.flat_map(|by_day| by_day.iter().filter(|(day, _)| days.contains(day)));
        causes.map(|(_, cause)| *cause).min().unwrap_or(Cause::ReferenceChange)
    }
}

/// Dates, as SQL lists them.
pub(crate) fn listed(days: &BTreeSet<NaiveDate>) -> String {
    days.iter().map(|day| format!("DATE '{day}'")).collect::<Vec<_>>().join(", ")
}

/// Measures a table for these periods; what has changed, if anything.
async fn measure(
    work: &mut Work<'_>,
    table: MeasureTable,
    touched: &Touched,
    period: &str,
    periods: &BTreeSet<NaiveDate>,
) -> Result<Option<Remeasured>, Error> {
    let condition = format!("{period} IN ({})", listed(periods));
    let Some(new) = derived::of_measures(&work.engine, &table, Some(&condition)).await? else { return Ok(None) };
    work.engine.bind_rows(table.name, new.spec.schema.clone(), new.rows.clone())?;
    let months: BTreeSet<Place> =
        periods.iter().filter_map(|day| day.with_day(1)).map(|day| Some(day.to_string())).collect();
    let there = work.table(table.name).await?.before()?;
    work.bind_at("own", &there, &months)?;
    let ours = current(|kpi| touched.contains_key(kpi));
    let old = work.engine.collect(&format!("SELECT * FROM own WHERE {condition} AND ({ours})")).await?;
    let changed = Changed::between(&derived::as_rows_of(&new.spec.schema, &old)?, &new.rows)?;
    if changed.is_empty() {
        return Ok(None);
    }
    let (lake, at) = (work.lake, (work.epoch, work.plan));
    work.table(table.name).await?.change(lake, &new.spec, &changed, at).await?;
    Ok(Some(Remeasured { table: table.name, schema: new.spec.schema, changed }))
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
