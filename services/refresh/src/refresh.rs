//! A refresh: what has come since the last epoch is folded and measured, and published as the next.
//! Where the last epoch is no base for that, everything is computed from the beginning.

use crate::events;
use crate::index::{self, INDEX_TABLE};
use crate::plan::{Asked, Doing, Why, decide};
use crate::publication::Publication;
use crate::rebuild::{definition_hashes, rebuild};
use crate::remeasure::Remeasured;
use crate::restate::{self, RESTATEMENTS_TABLE};
use crate::work::{Cost, Work};
use crate::{Error, Plan, passing_time, refold, remeasure};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Int32Type, Int64Type};
use lake::{Lake, Place, QUARANTINE_TABLE, Table, fault};
use queries::{catalogue, measured_tables};
use std::collections::{BTreeMap, BTreeSet};

/// What somebody who waits for a refresh is told.
#[derive(Debug)]
pub enum Told<'a> {
    /// Everything is computed from the beginning, and why.
    Rebuilding(&'a Why),
    /// So many rows of a table were written: all of them in a rebuild, else those that have changed.
    Table(&'a str, usize),
}

/// What a refresh has published.
#[derive(Debug, Clone)]
pub struct Refreshed {
    /// The epoch.
    pub publication: Publication,
    /// Why it was computed from the beginning, if it was.
    pub rebuilt: Option<Why>,
    /// What was read and folded, where it was not.
    pub cost: Cost,
}

/// Refreshes, and publishes. `tell` is told how far it is.
///
/// # Errors
/// [`Error::Overtaken`] when another refresh was faster; whatever fails, the published epoch stands.
pub async fn refresh(lake: &Lake, plan: &Plan, mut tell: impl FnMut(Told<'_>)) -> Result<Refreshed, Error> {
    let Some(published) = Publication::newest(lake).await? else {
        return from_the_beginning(lake, plan, None, Why::First, tell).await;
    };
    let (events, seen) = events::look(lake, &published).await?;
    let models = catalogue().models.iter().map(|model| model.name.clone());
    let tables: Vec<String> = models.chain([RESTATEMENTS_TABLE.to_owned()]).collect();
    let definitions = definition_hashes();
    let time_zone = plan.time_zone.name();
    let asked = Asked { from_scratch: plan.from_scratch, time_zone, definitions: &definitions, tables: &tables };
    match decide(&asked, &published, &seen) {
        Doing::Rebuild(why) => from_the_beginning(lake, plan, Some(&published), why, tell).await,
        Doing::Refresh => match Work::begin(lake, plan, &published, events).await {
            Ok(work) => forward(work, tell).await,
            Err(Error::Lake(error)) => {
                let why = Why::Unreadable(error.cause());
                from_the_beginning(lake, plan, Some(&published), why, &mut tell).await
            }
            Err(error) => Err(error),
        },
    }
}

/// Whether a refresh may publish anything but the same again: rows have come, the passing of time changes a row
/// or makes a value final (and so does going back in time), or the last epoch was made another way.
///
/// # Errors
/// [`Error::Lake`], [`Error::Publication`].
pub async fn is_due(lake: &Lake, plan: &Plan) -> Result<bool, Error> {
    let Some(published) = Publication::newest(lake).await? else { return Ok(true) };
    let same = published.time_zone == plan.time_zone.name() && published.definitions == definition_hashes();
    let passed = remeasure::turns_between(published.as_of_micros, plan)
        || passing_time::may_change(&published, plan.as_of_micros);
    if !same || plan.from_scratch || passed {
        return Ok(true);
    }
    let names = schemas::catalogue().sources.values().map(|source| source.table.as_str());
    for name in names.chain([QUARANTINE_TABLE]) {
        let newest = lake.open_table(name).await?;
        if newest.as_ref().map(Table::version) != published.table_versions.get(name).copied() {
            return Ok(true);
        }
        let before = published.event_table_ids.get(name);
        if let (Some(before), Some(now)) = (before, newest)
            && *before != now.id()?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn from_the_beginning(
    lake: &Lake,
    plan: &Plan,
    published: Option<&Publication>,
    why: Why,
    mut tell: impl FnMut(Told<'_>),
) -> Result<Refreshed, Error> {
    tell(Told::Rebuilding(&why));
    tracing::info!(%why, "everything is computed from the beginning");
    let publication = rebuild(lake, plan, published.map(|published| (published, &why)), |table, rows| {
        tell(Told::Table(table, rows))
    })
    .await?;
    Ok(Refreshed { publication, rebuilt: Some(why), cost: Cost::default() })
}

/// From the last epoch to the next.
async fn forward(mut work: Work<'_>, mut tell: impl FnMut(Told<'_>)) -> Result<Refreshed, Error> {
    events::bind(&mut work).await?;
    fault::point("refresh.after_events", 1);
    for model in &catalogue().models {
        let rows = refold::model(&mut work, model).await?;
        if rows > 0 {
            tell(Told::Table(&model.name, rows));
        }
    }
    fault::point("refresh.after_models", 1);
    let remeasured = remeasure::measures(&mut work).await?;
    for Remeasured { table, changed, .. } in &remeasured {
        tell(Told::Table(table, changed.row_count()));
    }
    restate(&mut work, &remeasured).await?;
    fault::point("refresh.after_measures", 1);
    keep_index(&mut work).await?;
    let publication = Publication {
        epoch: work.epoch,
        as_of_micros: work.plan.as_of_micros,
        published_at_micros: work.plan.now_micros,
        time_zone: work.plan.time_zone.name().to_owned(),
        completeness: events::completeness(&mut work).await?,
        table_versions: versions(&work),
        event_table_ids: work.events.ids()?,
        definitions: definition_hashes(),
        next_change_at_micros: passing_time::next_change_of(&mut work).await?,
        superseded: work.published.superseded.clone(),
    };
    fault::point("refresh.before_publication", 1);
    publication.publish(work.lake).await?;
    fault::point("refresh.after_publication", 1);
    tracing::info!(epoch = publication.epoch, "published");
    Ok(Refreshed { publication, rebuilt: None, cost: work.cost })
}

/// Keeps which final values have changed, and why.
async fn restate(work: &mut Work<'_>, remeasured: &[Remeasured]) -> Result<(), Error> {
    let when = (work.plan.time_zone, work.published.as_of_micros);
    let mut values = Vec::new();
    for Remeasured { table, schema, changed } in remeasured.iter().filter(|one| restate::is_restated(one.table)) {
        values.extend(restate::restated(when, "true", table, schema, &changed.removed, &changed.added).await?);
    }
    if values.iter().all(|batch| batch.num_rows() == 0) {
        return Ok(());
    }
    let causes = remeasure::causes(work).await?;
    let rows = restate::rows(&values, (work.epoch, work.plan.now_micros), |batch, row| {
        let period = batch["period"].as_primitive::<Date32Type>().value_as_date(row).unwrap_or_default();
        causes.of(batch["kpi"].as_string::<i32>().value(row), period)
    })?;
    let (lake, at) = (work.lake, (work.epoch, work.plan));
    // No place is taken out: what is there stays.
    work.table(RESTATEMENTS_TABLE).await?.put(lake, &restate::spec(), &BTreeSet::new(), &rows, at).await
}

/// The version of each table in the epoch being made.
fn versions(work: &Work<'_>) -> BTreeMap<String, u64> {
    let mut versions = work.events.versions();
    let measured: Vec<&str> = measured_tables(catalogue()).iter().map(|table| table.name).collect();
    for (name, version) in &work.published.table_versions {
        let is_derived =
            catalogue().model(name).is_some() || measured.contains(&name.as_str()) || name == RESTATEMENTS_TABLE;
        if is_derived {
            versions.insert(name.clone(), *version);
        }
    }
    versions.extend(work.tables.iter().map(|(name, held)| (name.clone(), held.version())));
    versions
}

/// Puts what is new into the index.
async fn keep_index(work: &mut Work<'_>) -> Result<(), Error> {
    let sql = "SELECT DISTINCT entry, key_hash, place FROM index_added AS new WHERE NOT EXISTS (\
                   SELECT 1 FROM index_published AS old WHERE old.entry = new.entry \
                   AND old.key_hash = new.key_hash AND old.place = new.place)";
    if work.keep("index_new", sql).await? == 0 {
        return Ok(());
    }
    let levels = levels(work).await?;
    let new = work.engine.collect("SELECT * FROM index_new").await?;
    let (level, with) = index::level_for(new.iter().map(RecordBatch::num_rows).sum(), &levels);
    let merged: Vec<String> = with.iter().chain([&level]).map(ToString::to_string).collect();
    let sql = format!(
        "SELECT entry, key_hash, place FROM index_new \
         UNION SELECT entry, key_hash, place FROM index_published WHERE level IN ({})",
        merged.join(", ")
    );
    let rows = index::at_level(&work.engine.collect(&sql).await?, level)?;
    let places: BTreeSet<Place> = merged.into_iter().map(Some).collect();
    let (lake, at) = (work.lake, (work.epoch, work.plan));
    work.table(INDEX_TABLE).await?.put(lake, &index::spec(), &places, &rows, at).await
}

/// How many rows each level of the index holds.
async fn levels(work: &Work<'_>) -> Result<BTreeMap<i32, usize>, Error> {
    let mut levels = BTreeMap::new();
    for batch in work.engine.collect("SELECT level, count(*) FROM index_published GROUP BY level").await? {
        let (names, counts) =
            (batch.column(0).as_primitive::<Int32Type>(), batch.column(1).as_primitive::<Int64Type>());
        levels.extend(names.values().iter().zip(counts.values()).map(|(level, rows)| (*level, *rows as usize)));
    }
    Ok(levels)
}
