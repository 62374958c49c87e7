//! Quarantined records opened with the stewards' secret key.

use crate::cli::quarantine::{OfPartition, QuarantinedRecord};
use crate::config::Config;
use crate::{keys, output};
use anyhow::{Context, Result};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{Int32Type, Int64Type, Schema, TimestampMicrosecondType};
use data_encoding::HEXLOWER;
use ingest::{Quarantined, StewardSecret};
use lake::{Lake, quarantine_table};
use queries::Engine;
use schemas::Source;
use std::sync::Arc;

const COLUMNS: [&str; 6] = ["partition", "offset", "kafka_time", "sealed_bytes", "reason", "quarantined_at"];

/// The records of a source in the quarantine, of one reason or of all.
pub(super) async fn records(
    lake: &Lake,
    source: &Source,
    reason: Option<&str>,
    secret: &StewardSecret,
) -> Result<Vec<Quarantined>> {
    let Some(engine) = refresh::quarantine_now(lake).await? else { return Ok(Vec::new()) };
    let and_reason = reason.map(|reason| format!("AND reason = {}", quoted(reason))).unwrap_or_default();
    let mut records = Vec::new();
    for batch in chosen(&engine, &format!("topic = {} {and_reason}", quoted(&source.topic))).await? {
        for row in 0..batch.num_rows() {
            records.push(opened(&batch, row, secret)?);
        }
    }
    Ok(records)
}

/// Prints one record: where it stood, why it is here, and its bytes.
pub(super) async fn show(config: &Config, lake: &Lake, record: &QuarantinedRecord) -> Result<()> {
    let secret = keys::load_stewards_secret(config)?;
    let QuarantinedRecord { place: OfPartition { topic, partition }, offset } = record;
    let absent = || format!("{topic} partition {partition} offset {offset} is not in the quarantine");
    let engine = refresh::quarantine_now(lake).await?.with_context(absent)?;
    let one = format!("topic = {} AND \"partition\" = {partition} AND \"offset\" = {offset}", quoted(topic));
    let batches = chosen(&engine, &one).await?;
    let batch = batches.iter().find(|batch| batch.num_rows() > 0).with_context(absent)?;
    let found = opened(batch, 0, &secret)?;
    let reason = batch.column(4).as_string::<i32>().value(0);
    let at = batch.column(5).as_primitive::<TimestampMicrosecondType>().value(0);
    println!("{topic} partition {partition} offset {offset}");
    println!("reason {reason}, quarantined at {}", output::instant(at));
    if let Some(time) = found.kafka_time_ms {
        println!("Kafka time {}", output::instant(time * 1_000));
    }
    println!("{} bytes:", found.bytes.len());
    for line in found.bytes.chunks(16) {
        let text = line.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' });
        println!("  {:<32}  {}", HEXLOWER.encode(line), text.collect::<String>());
    }
    Ok(())
}

/// The rows for which a condition holds, by partition and offset, in [`COLUMNS`] of the table's own
/// types: what a query gives may be encoded otherwise.
async fn chosen(engine: &Engine, condition: &str) -> Result<Vec<RecordBatch>> {
    let columns = COLUMNS.map(|name| format!("\"{name}\"")).join(", ");
    let sql = format!("SELECT {columns} FROM quarantine WHERE {condition} ORDER BY 1, 2");
    let table = quarantine_table().schema;
    let fields = COLUMNS.iter().map(|name| Ok(table.field_with_name(name)?.clone()));
    let schema = Arc::new(Schema::new(fields.collect::<Result<Vec<_>>>()?));
    let batches = engine.read_only(&sql).await?.1;
    let own = |batch: &RecordBatch| {
        let columns = batch.columns().iter().zip(schema.fields());
        let columns = columns.map(|(column, field)| cast(column, field.data_type()));
        Ok(RecordBatch::try_new(schema.clone(), columns.collect::<Result<_, _>>()?)?)
    };
    batches.iter().map(own).collect()
}

fn opened(batch: &RecordBatch, row: usize, secret: &StewardSecret) -> Result<Quarantined> {
    let times = batch.column(2).as_primitive::<TimestampMicrosecondType>();
    let sealed = batch.column(3).as_binary::<i32>();
    let partition = batch.column(0).as_primitive::<Int32Type>().value(row);
    let offset = batch.column(1).as_primitive::<Int64Type>().value(row);
    Ok(Quarantined {
        partition,
        offset,
        kafka_time_ms: times.is_valid(row).then(|| times.value(row) / 1_000),
        bytes: secret
            .open(sealed.value(row))
            .with_context(|| format!("partition {partition} offset {offset} was sealed to other stewards"))?,
    })
}

/// A text as an SQL literal.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
