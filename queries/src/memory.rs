//! A full rebuild in memory, for tests, examples and small questions: the same models, measures
//! and views as over a lake.

use crate::{Engine, Error, Facts, bind_facts, catalogue, measured_tables};
use arrow::array::RecordBatch;
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
        let (schema, rows) = engine.define(&format!("models/{}.sql", model.name), &model.sql, &[]).await?;
        engine.bind_rows(&model.name, schema, rows)?;
    }
    for table in measured_tables(catalogue()) {
        if let Some((schema, rows)) = table.rows(engine, None).await? {
            engine.bind_rows(table.name, schema, rows)?;
        }
    }
    for (name, sql) in &catalogue().views {
        engine.bind_view(name, sql).await?;
    }
    Ok(facts)
}
