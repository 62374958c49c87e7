//! What counts as an event: each once, the superseded ones not at all.
//!
//! The table of a source keeps every record that Kafka delivered. Removing repeats by id from all
//! of it costs many times the fold itself, so it is done for the repeated ids alone, and not at all
//! where there are none.

use crate::{Engine, Error};
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use schemas::{FieldKind, Source};

/// What was found in a source's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// Rows in the table.
    pub rows: i64,
    /// Rows that repeat an event already there.
    pub repeats: i64,
    /// Ids that came with different contents; the smallest content hash counts.
    pub conflicts: i64,
    /// Events that a later one corrects.
    pub superseded: i64,
}

/// Binds the source's table name to its effective events, read from `<table>_raw`.
///
/// # Errors
/// [`Error::Query`].
pub async fn bind_facts(engine: &Engine, source: &Source) -> Result<Facts, Error> {
    let table = &source.table;
    let raw = whole(engine, source).await?;
    let repeated = format!("{table}_repeated");
    let superseded = format!("{table}_superseded");
    keep(engine, &repeated, &format!("SELECT event_id FROM {raw} GROUP BY event_id HAVING count(*) > 1")).await?;
    keep(
        engine,
        &superseded,
        &format!("SELECT DISTINCT supersedes AS event_id FROM {raw} WHERE supersedes IS NOT NULL"),
    )
    .await?;
    let content = content_hash(source);
    let copies = format!(
        "SELECT *, {content} AS content_hash FROM {raw} WHERE event_id IN (SELECT event_id FROM {repeated})"
    );
    let mut facts = Facts {
        rows: count(engine, &format!("SELECT count(*) FROM {raw}")).await?,
        superseded: count(
            engine,
            &format!(
                "SELECT count(DISTINCT event_id) FROM {raw} WHERE event_id IN (SELECT event_id FROM {superseded})"
            ),
        )
        .await?,
        ..Facts::default()
    };
    if count(engine, &format!("SELECT count(*) FROM {repeated}")).await? > 0 {
        let repeats = format!("SELECT count(*) - count(DISTINCT event_id) FROM ({copies}) AS copies");
        facts.repeats = count(engine, &repeats).await?;
        let conflicts = format!(
            "SELECT count(*) FROM (SELECT event_id FROM ({copies}) AS copies \
             GROUP BY event_id HAVING count(DISTINCT content_hash) > 1) AS conflicts"
        );
        facts.conflicts = count(engine, &conflicts).await?;
    }
    let mut effective = format!("SELECT * FROM {raw}");
    if facts.repeats > 0 {
        let columns = columns(source);
        effective = format!(
            "SELECT {columns} FROM {raw} WHERE event_id NOT IN (SELECT event_id FROM {repeated}) \
             UNION ALL \
             SELECT {columns} FROM (SELECT *, row_number() OVER (PARTITION BY event_id \
             ORDER BY content_hash, topic, \"partition\", \"offset\") AS copy FROM ({copies}) AS copies) AS ranked \
             WHERE copy = 1"
        );
    }
    if facts.superseded > 0 {
        effective = format!(
            "SELECT * FROM ({effective}) AS effective \
             WHERE event_id NOT IN (SELECT event_id FROM {superseded})"
        );
    }
    engine.bind_view(table, &effective).await?;
    Ok(facts)
}

/// The name of the raw table, or, where that was made before some fields of the source came and no row
/// has them yet, of a view of it in which they are null.
async fn whole(engine: &Engine, source: &Source) -> Result<String, Error> {
    let table = &source.table;
    let raw = format!("{table}_raw");
    let (found, _) = engine.read_only(&format!("SELECT * FROM {raw} LIMIT 0")).await?;
    let columns = schemas::wide::table_schema(source);
    if columns.fields().iter().all(|field| found.field_with_name(field.name()).is_ok()) {
        return Ok(raw);
    }
    let (none, whole) = (format!("{table}_columns"), format!("{table}_whole"));
    engine.bind_rows(&none, columns, Vec::new())?;
    engine.bind_view(&whole, &format!("SELECT * FROM {raw} UNION ALL BY NAME SELECT * FROM {none}")).await?;
    Ok(whole)
}

async fn keep(engine: &Engine, name: &str, sql: &str) -> Result<(), Error> {
    let (schema, rows) = engine.read_only(sql).await?;
    engine.bind_rows(name, schema, rows)
}

async fn count(engine: &Engine, sql: &str) -> Result<i64, Error> {
    let batches = engine.collect(sql).await?;
    let first = batches.iter().find(|batch| batch.num_rows() > 0);
    Ok(first.map(|batch| batch.column(0).as_primitive::<Int64Type>().value(0)).unwrap_or_default())
}

fn columns(source: &Source) -> String {
    let schema = schemas::wide::table_schema(source);
    let quoted: Vec<String> = schema.fields().iter().map(|field| format!("\"{}\"", field.name())).collect();
    quoted.join(", ")
}

/// A hash over what the event says, not over where and when it was received.
fn content_hash(source: &Source) -> String {
    let as_text = |name: &str, kind: FieldKind| match kind {
        FieldKind::Id => format!("encode(\"{name}\", 'hex')"),
        FieldKind::TextList => format!("array_to_string(\"{name}\", '\u{1f}')"),
        _ => format!("CAST(\"{name}\" AS VARCHAR)"),
    };
    let mut parts = vec!["event_type".to_owned()];
    for field in source.columns() {
        // Only what is there is hashed, with its name: a field added later changes no hash.
        let text = as_text(&field.name, field.kind);
        parts.push(format!("coalesce('\u{1e}{}=' || {text}, '')", field.name));
    }
    format!("encode(sha256({}), 'hex')", parts.join(" || "))
}
