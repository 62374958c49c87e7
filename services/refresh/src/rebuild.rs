//! A full rebuild: every model and measure from the events alone, published as one epoch.

use crate::Error;
use crate::completeness;
use crate::publication::Publication;
use crate::reading::bind_quarantine;
use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use chrono_tz::Tz;
use data_encoding::HEXLOWER;
use lake::{Commit, Committed, Lake, QUARANTINE_TABLE, Span, Table, TableSpec, fence};
use queries::{Engine, Rows, bind_facts, catalogue, measured_tables};
use schemas::wide;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

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
    let mut table_versions = BTreeMap::new();
    let completeness = bind_sources(lake, &engine, &mut table_versions).await?;
    for model in &catalogue().models {
        let rows = engine.define(&format!("models/{}.sql", model.name), &model.sql, &[]).await?;
        let rows = as_in_the_lake(&rows)?;
        let spec = TableSpec {
            name: model.name.clone(),
            schema: rows.0,
            partition_column: model.declared.partition.clone(),
            sort_columns: model.declared.row_key.clone(),
        };
        let table = replace(lake, &spec, &rows.1, epoch, plan).await?;
        on_table(&spec.name, rows.1.iter().map(RecordBatch::num_rows).sum());
        engine.bind(&spec.name, table.snapshot()?)?;
        table_versions.insert(spec.name, table.version());
    }
    for measured in measured_tables(catalogue()) {
        let Some(rows) = measured.rows(&engine).await? else { continue };
        let (schema, rows) = as_in_the_lake(&rows)?;
        let sort = schema.fields().iter().map(|field| field.name().clone());
        let sort_columns = sort.filter(|name| !VALUE_COLUMNS.contains(&name.as_str())).collect();
        let partition_column = Some("local_month".to_owned());
        let spec = TableSpec { name: measured.name.to_owned(), schema, partition_column, sort_columns };
        let table = replace(lake, &spec, &rows, epoch, plan).await?;
        on_table(&spec.name, rows.iter().map(RecordBatch::num_rows).sum());
        table_versions.insert(spec.name, table.version());
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

const VALUE_COLUMNS: [&str; 5] = ["numerator", "denominator", "count", "status", "local_month"];

/// Binds every source's events at their newest version, each event once, and the quarantine.
async fn bind_sources(
    lake: &Lake,
    engine: &Engine,
    versions: &mut BTreeMap<String, u64>,
) -> Result<Vec<completeness::Completeness>, Error> {
    let mut tables = Vec::new();
    for source in schemas::catalogue().sources.values() {
        let raw = format!("{}_raw", source.table);
        match lake.open_table(&source.table).await? {
            Some(table) => {
                engine.bind(&raw, table.snapshot()?)?;
                versions.insert(source.table.clone(), table.version());
                tables.push(table);
            }
            None => engine.bind_rows(&raw, wide::table_schema(source), Vec::new())?,
        }
    }
    let quarantine = lake.open_table(QUARANTINE_TABLE).await?;
    versions.extend(quarantine.iter().map(|table| (QUARANTINE_TABLE.to_owned(), table.version())));
    bind_quarantine(engine, quarantine.as_ref(), &tables, "_raw").await?;
    let mut completeness = Vec::new();
    for source in schemas::catalogue().sources.values() {
        let facts = bind_facts(engine, source).await?;
        let table = tables.iter().find(|table| table.name() == source.table);
        completeness.push(completeness::of_source(engine, source, table, facts).await?);
    }
    Ok(completeness)
}

/// The rows with the types of the lake.
fn as_in_the_lake((schema, batches): &Rows) -> Result<Rows, Error> {
    let schema = lake_schema(schema);
    let typed = batches.iter().map(|batch| {
        let columns = batch.columns().iter().zip(schema.fields());
        let columns = columns.map(|(column, field)| cast(column, field.data_type())).collect::<Result<_, _>>()?;
        RecordBatch::try_new(schema.clone(), columns)
    });
    let typed = typed.collect::<Result<_, _>>()?;
    Ok((schema, typed))
}

fn lake_schema(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| Field::new(field.name(), lake_type(field.data_type()), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn lake_type(kind: &DataType) -> DataType {
    match kind {
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
        DataType::UInt64 | DataType::UInt32 => DataType::Int64,
        DataType::Timestamp(_, _) => schemas::field::timestamp_type(),
        DataType::List(_) => schemas::field::text_list_type(),
        DataType::Dictionary(_, value) => lake_type(value),
        other => other.clone(),
    }
}

/// Puts the rows in the place of all that the table holds.
async fn replace(
    lake: &Lake,
    spec: &TableSpec,
    rows: &[RecordBatch],
    epoch: i64,
    plan: Plan,
) -> Result<Table, Error> {
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

fn definition_hashes() -> BTreeMap<String, String> {
    let hash = |sql: &str| HEXLOWER.encode(&Sha256::digest(sql.as_bytes())[..8]);
    let models = catalogue().models.iter().map(|model| (format!("models/{}", model.name), hash(&model.sql)));
    let kpis = catalogue().kpis.values().map(|kpi| {
        (format!("kpis/{}", kpi.id), format!("v{} {}", kpi.declared.definition_version, hash(&kpi.sql)))
    });
    models.chain(kpis).collect()
}
