//! A full rebuild in memory, for tests, examples and small questions: the same models, measures
//! and views as over a lake.

use crate::{Engine, Error, Facts, Rows, bind_facts, catalogue, measured_tables};
use arrow::array::RecordBatch;
use futures::TryStreamExt;
use schemas::wide;
use std::collections::BTreeMap;

/// Binds the events of each table, then every model, measured table and view; says what was found
/// in each source.
///
/// # Errors
/// [`Error::Sql`] names the definition that failed.
pub async fn rebuild_in_memory(
    engine: &Engine,
    mut events: BTreeMap<String, Vec<RecordBatch>>,
) -> Result<BTreeMap<String, Facts>, Error> {
    let mut facts = BTreeMap::new();
    for source in schemas::catalogue().sources.values() {
        let rows = events.remove(&source.table).unwrap_or_default();
        engine.bind_rows(&format!("{}_raw", source.table), wide::table_schema(source), rows)?;
        facts.insert(source.name.clone(), bind_facts(engine, source).await?);
    }
    for model in &catalogue().models {
        let file = format!("models/{}.sql", model.name);
        let rows = run(engine, &file, &model.sql, &[]).await?;
        engine.bind_rows(&model.name, rows.0, rows.1)?;
    }
    for table in measured_tables(catalogue()) {
        let mut all = Vec::new();
        let mut schema = None;
        for query in &table.queries {
            let (found, rows) = run(engine, &query.file, &query.sql, &query.parameters).await?;
            schema.get_or_insert(found);
            all.extend(rows);
        }
        if let Some(schema) = schema {
            let rows = all.iter().map(|batch| RecordBatch::try_new(schema.clone(), batch.columns().to_vec()));
            engine.bind_rows(table.name, schema.clone(), rows.collect::<Result<_, _>>()?)?;
        }
    }
    for (name, sql) in &catalogue().views {
        engine.bind_view(name, sql).await?;
    }
    Ok(facts)
}

async fn run(engine: &Engine, file: &str, sql: &str, parameters: &[(String, i64)]) -> Result<Rows, Error> {
    let fault = |error: Error| match error {
        Error::Query(source) => Error::Sql { file: file.to_owned(), source: Box::new(source) },
        other => other,
    };
    let stream = engine.stream(sql, parameters).await.map_err(fault)?;
    // Rows in memory may be null where the plan says they are not: the tables in the lake are nullable too.
    let schema = nullable(&stream.schema());
    let rows: Vec<RecordBatch> = stream.try_collect().await.map_err(|error| fault(error.into()))?;
    let rows = rows.iter().map(|batch| RecordBatch::try_new(schema.clone(), batch.columns().to_vec()));
    Ok((schema.clone(), rows.collect::<Result<_, _>>()?))
}

fn nullable(schema: &arrow::datatypes::SchemaRef) -> arrow::datatypes::SchemaRef {
    let fields = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
    std::sync::Arc::new(arrow::datatypes::Schema::new(fields.collect::<Vec<_>>()))
}
