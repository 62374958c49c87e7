//! A full rebuild: every model and measure from the events alone, published as one epoch.

use crate::Error;
use crate::derived::{self, Derived};
use crate::publication::Publication;
use crate::sources::{self, Bound};
use chrono_tz::Tz;
use data_encoding::HEXLOWER;
use lake::{Commit, Committed, Lake, Span, Table, fence};
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
}

/// Rebuilds and publishes. `on_table` is told each derived table and its rows as it is written.
///
/// # Errors
/// [`Error::Overtaken`] when another refresh was faster; whatever fails, the published epoch stands.
pub async fn rebuild(
    lake: &Lake,
    plan: Plan,
    mut on_table: impl FnMut(&str, usize),
) -> Result<Publication, Error> {
    let epoch = Publication::newest(lake).await?.map_or(0, |newest| newest.epoch) + 1;
    let engine = Engine::new(plan.time_zone, plan.as_of_micros)?;
    let Bound { versions: mut table_versions, completeness } = sources::bind(lake, &engine, None).await?;
    for model in &catalogue().models {
        let derived = derived::of_model(&engine, model).await?;
        let table = replace(lake, &derived, epoch, plan).await?;
        on_table(table.name(), derived.row_count());
        engine.bind(table.name(), table.snapshot()?)?;
        table_versions.insert(derived.spec.name, table.version());
    }
    for measured in measured_tables(catalogue()) {
        let Some(derived) = derived::of_measures(&engine, &measured).await? else { continue };
        let table = replace(lake, &derived, epoch, plan).await?;
        on_table(table.name(), derived.row_count());
        table_versions.insert(derived.spec.name, table.version());
    }
    let publication = Publication {
        epoch,
        as_of_micros: plan.as_of_micros,
        published_at_micros: plan.now_micros,
        time_zone: plan.time_zone.name().to_owned(),
        table_versions,
        definitions: definition_hashes(),
        completeness,
    };
    publication.publish(lake).await?;
    tracing::info!(epoch, "published");
    Ok(publication)
}

/// Puts the rows in the place of all that the table holds.
async fn replace(lake: &Lake, derived: &Derived, epoch: i64, plan: Plan) -> Result<Table, Error> {
    let Derived { spec, rows } = derived;
    let mut table = lake.open_or_create_table(spec).await?;
    let mut files = table.write(spec, rows).await?;
    files.uploaded_at_ms = Some(plan.now_micros / 1_000);
    let start = table.positions().get(fence::REFRESH).copied();
    let spans = vec![Span { fence: fence::REFRESH.to_owned(), start, end: epoch }];
    let changed = table.snapshot()?.columns() != *spec.schema.fields();
    let schema = changed.then(|| spec.schema.clone());
    let commit = Commit { files, replace: true, schema, spans, ..Commit::default() };
    match table.commit(commit).await? {
        // Exactly this version, whoever has committed since.
        Committed::Landed(version) => Ok(lake.open_table_at(&spec.name, version).await?),
        Committed::Fenced(_) => Err(Error::Overtaken { table: spec.name.clone() }),
        Committed::Stale => Err(lake::Error::Stale { table: spec.name.clone() }.into()),
    }
}

/// The definitions of this build, so that it can be told whether an epoch is of the same.
pub(crate) fn definition_hashes() -> BTreeMap<String, String> {
    let hash = |sql: &str| HEXLOWER.encode(&Sha256::digest(sql.as_bytes())[..8]);
    let models = catalogue().models.iter().map(|model| (format!("models/{}", model.name), hash(&model.sql)));
    let kpis = catalogue().kpis.values().map(|kpi| {
        (format!("kpis/{}", kpi.id), format!("v{} {}", kpi.declared.definition_version, hash(&kpi.sql)))
    });
    models.chain(kpis).collect()
}
