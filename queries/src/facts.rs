//! What counts as an event: each once, the superseded ones not at all.
//!
//! The table of a source keeps every record that Kafka delivered. Removing repeats by id from all
//! of it costs many times the fold itself, so it is done for the repeated ids alone, and not at all
//! where there are none.
//!
//! An id is its subject's: a source makes it from its own key, which names the subject. So what counts
//! of a subject follows from its own events, whoever else's are looked at.

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
    let subject = format!("source, \"{}\"", source.subject);
    let several = format!("SELECT event_id FROM {raw} GROUP BY event_id HAVING count(*) > 1");
    let repeats_there = keep(engine, &repeated, &several).await?;
    let corrected = format!("SELECT DISTINCT {subject}, supersedes FROM {raw} WHERE supersedes IS NOT NULL");
    let corrections_there = keep(engine, &superseded, &corrected).await?;
    // A correction is of the same subject as what it corrects.
    let of_one_subject = format!(
        "facts.event_id = corrected.supersedes AND facts.source = corrected.source \
         AND facts.\"{0}\" = corrected.\"{0}\"",
        source.subject
    );
    let mut facts =
        Facts { rows: count(engine, &format!("SELECT count(*) FROM {raw}")).await?, ..Facts::default() };
    if corrections_there {
        let gone = format!(
            "SELECT count(*) FROM (SELECT DISTINCT {subject}, event_id FROM {raw} AS facts \
             LEFT SEMI JOIN {superseded} AS corrected ON {of_one_subject}) AS gone"
        );
        facts.superseded = count(engine, &gone).await?;
    }
    let mut effective = format!("SELECT * FROM {raw}");
    if repeats_there {
        let copies = format!("{table}_copies");
        let content = content_hash(source);
        let sql = format!(
            "SELECT *, {content} AS content_hash FROM {raw} WHERE event_id IN (SELECT event_id FROM {repeated})"
        );
        keep(engine, &copies, &sql).await?;
        let known = format!("SELECT DISTINCT {subject}, event_id FROM {copies}");
        facts.repeats = count(engine, &format!("SELECT count(*) FROM {copies}")).await?
            - count(engine, &format!("SELECT count(*) FROM ({known}) AS known")).await?;
        let conflicts = format!(
            "SELECT count(*) FROM (SELECT {subject}, event_id FROM {copies} \
             GROUP BY {subject}, event_id HAVING count(DISTINCT content_hash) > 1) AS conflicts"
        );
        facts.conflicts = count(engine, &conflicts).await?;
        let columns = columns(source);
        let winners = format!("{table}_winners");
        let sql = format!(
            "SELECT {columns} FROM (SELECT *, row_number() OVER (PARTITION BY {subject}, event_id \
             ORDER BY content_hash, topic, \"partition\", \"offset\") AS copy FROM {copies}) AS ranked \
             WHERE copy = 1"
        );
        keep(engine, &winners, &sql).await?;
        effective = format!(
            "SELECT {columns} FROM {raw} WHERE event_id NOT IN (SELECT event_id FROM {repeated}) \
             UNION ALL SELECT {columns} FROM {winners}"
        );
    }
    if facts.superseded > 0 {
        effective = format!(
            "SELECT * FROM ({effective}) AS facts LEFT ANTI JOIN {superseded} AS corrected ON {of_one_subject}"
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

/// Binds the rows of a query; says whether there is one.
async fn keep(engine: &Engine, name: &str, sql: &str) -> Result<bool, Error> {
    let (schema, rows) = engine.read_only(sql).await?;
    let is_there = rows.iter().any(|batch| batch.num_rows() > 0);
    engine.bind_rows(name, schema, rows)?;
    Ok(is_there)
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
        _ => format!("\"{name}\""),
    };
    let fields = source
        .columns()
        .into_iter()
        .map(|field| format!("'{}', {}", field.name, as_text(&field.name, field.kind)));
    let parts: Vec<String> = std::iter::once("'event_type', event_type".to_owned()).chain(fields).collect();
    format!("content_hash({})", parts.join(", "))
}
