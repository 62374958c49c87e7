//! A full rebuild: every model and measure from the events alone, published as one epoch.

use crate::Error;
use crate::derived;
use crate::former::Former;
use crate::held::replace;
use crate::index::{self, INDEX_TABLE, Index};
use crate::indexed;
use crate::passing_time;
use crate::plan::Why;
use crate::publication::Publication;
use crate::restate::RESTATEMENTS_TABLE;
use crate::sources::{self, Bound};
use arrow::array::RecordBatch;
use chrono_tz::Tz;
use data_encoding::HEXLOWER;
use lake::Lake;
use queries::catalogue::KpiFile;
use queries::{Engine, catalogue, measured_tables};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What to build.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The council's time zone.
    pub time_zone: Tz,
    /// The instant as of which to measure, microseconds since 1970, UTC.
    pub as_of_micros: i64,
    /// The instant of the publication, microseconds since 1970, UTC.
    pub now_micros: i64,
    /// Whether everything is to be computed from the beginning, whatever the last epoch has.
    pub from_scratch: bool,
}

/// Rebuilds and publishes. `on_table` is told each derived table and its rows as it is written.
///
/// # Errors
/// [`Error::Overtaken`] when another refresh was faster; whatever fails, the published epoch stands.
pub(crate) async fn rebuild(
    lake: &Lake,
    plan: &Plan,
    before: Option<(&Publication, &Why)>,
    mut on_table: impl FnMut(&str, usize),
) -> Result<Publication, Error> {
    let epoch = before.map_or(0, |(published, _)| published.epoch) + 1;
    let engine = Engine::new(plan.time_zone, plan.as_of_micros)?;
    let Bound { versions: mut table_versions, ids: event_table_ids, completeness } =
        sources::bind(lake, &engine, None).await?;
    let mut index = Index::bind(&engine, None)?;
    indexed::add_events(&mut index, &engine).await?;
    for model in &catalogue().models {
        let derived = derived::of_model(&engine, model, None).await?;
        let table = replace(lake, &derived.spec, None, &derived.rows, (epoch, plan)).await?;
        on_table(table.name(), derived.row_count());
        engine.bind(table.name(), table.snapshot()?)?;
        indexed::add_model(&mut index, &engine, model).await?;
        table_versions.insert(derived.spec.name, table.version());
    }
    let next_change_at_micros = passing_time::next_change_of_all(&engine).await?;
    let mut former = Former::open(lake, before).await;
    for measured in measured_tables(catalogue()) {
        let Some(mut derived) = derived::of_measures(&engine, &measured, None).await? else { continue };
        former.compare(&derived).await?;
        derived.rows.extend(former.superseded(&derived).await?);
        let table = replace(lake, &derived.spec, None, &derived.rows, (epoch, plan)).await?;
        on_table(table.name(), derived.row_count());
        engine.bind(table.name(), table.snapshot()?)?;
        table_versions.insert(derived.spec.name, table.version());
    }
    let (level, _) = index::level_for(index.added.iter().map(RecordBatch::num_rows).sum(), &BTreeMap::new());
    let rows = index::at_level(&index.added, level)?;
    let table = replace(lake, &index::spec(), None, &rows, (epoch, plan)).await?;
    table_versions.insert(INDEX_TABLE.to_owned(), table.version());
    let superseded = former.superseded_versions();
    let version = former.keep(lake, (epoch, plan)).await?;
    table_versions.insert(RESTATEMENTS_TABLE.to_owned(), version);
    let publication = Publication {
        epoch,
        as_of_micros: plan.as_of_micros,
        published_at_micros: plan.now_micros,
        time_zone: plan.time_zone.name().to_owned(),
        table_versions,
        event_table_ids,
        definitions: definition_hashes(),
        completeness,
        next_change_at_micros,
        superseded,
    };
    publication.publish(lake).await?;
    tracing::info!(epoch, "published");
    Ok(publication)
}

/// The definitions of this build, so that it can be told whether an epoch is of the same: all that
/// decides what a row is, and the build itself.
pub(crate) fn definition_hashes() -> BTreeMap<String, String> {
    let hash = |text: String| HEXLOWER.encode(&Sha256::digest(text)[..8]);
    let build = std::iter::once(("build".to_owned(), env!("CARGO_PKG_VERSION").to_owned()));
    let models = catalogue()
        .models
        .iter()
        .map(|model| (format!("models/{}", model.name), hash(format!("{} {:?}", model.sql, model.declared))));
    let kpis = catalogue().kpis.values().map(|kpi| {
        let KpiFile { kind, dimensions, settles_after_days, parameters, .. } = &kpi.declared;
        let decides = format!("{} {kind:?} {dimensions:?} {settles_after_days} {parameters:?}", kpi.sql);
        (format!("kpis/{}", kpi.id), format!("v{} {}", kpi.declared.definition_version, hash(decides)))
    });
    build.chain(models).chain(kpis).collect()
}
