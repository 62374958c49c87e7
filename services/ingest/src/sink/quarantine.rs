//! The bad records of a batch, sealed for the stewards.

use super::Sink;
use crate::Error;
use crate::intake::Batch;
use crate::patience::Patience;
use crate::rows::ChunkRows;
use arrow::array::{
    ArrayRef, BinaryArray, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use lake::{Commit, Committed, TableSpec, fault, quarantine_table};
use std::sync::Arc;

impl Sink {
    /// Writes the bad records of a batch, sealed; they count once the position of the events table has passed them.
    pub(super) async fn quarantine(
        &mut self,
        batch: &Batch<ChunkRows>,
        now_micros: fn() -> i64,
    ) -> Result<(), Error> {
        let spec = quarantine_table();
        let rows = self.quarantine_rows(batch, now_micros(), &spec)?;
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let (lake, quarantine, watched) = (&self.lake, &mut self.quarantine, &self.watched);
        let mut patience = Patience::new(&spec.name, watched, now_micros);
        let opened = loop {
            if let Some(table) = quarantine.take() {
                break table;
            }
            *quarantine = patience.take(lake.open_or_create_table(&spec).await).await?;
        };
        let table = quarantine.insert(opened);
        let batches = [rows];
        loop {
            let uploaded_at_ms = Some(now_micros() / 1_000);
            let written = table.write(&spec, &batches).await;
            let Some(mut files) = patience.take(written).await? else { continue };
            files.uploaded_at_ms = uploaded_at_ms;
            fault::point("ingest.in_quarantine_append", files.rows);
            let columns = Some(spec.schema.clone());
            let commit = Commit { files, columns, patience: lake::Patience::Endless, ..Commit::default() };
            if table.commit(commit).await? != Committed::Stale {
                fault::point("ingest.after_quarantine_append", batches[0].num_rows());
                return Ok(());
            }
        }
    }

    fn quarantine_rows(
        &self,
        batch: &Batch<ChunkRows>,
        now_micros: i64,
        spec: &TableSpec,
    ) -> Result<RecordBatch, Error> {
        let parts = batch.parts.iter();
        let bad: Vec<_> =
            parts.flat_map(|(partition, part)| part.rows.bad.iter().map(|one| (*partition, one))).collect();
        let rows = bad.len();
        let sealed = bad.iter().map(|(_, one)| self.steward.seal(&one.bytes)).collect::<Result<Vec<_>, _>>()?;
        let same = |text: &str| -> ArrayRef { Arc::new(StringArray::from_iter_values((0..rows).map(|_| text))) };
        let times = |times: TimestampMicrosecondArray| -> ArrayRef { Arc::new(times.with_timezone("UTC")) };
        let today = i32::try_from(now_micros.div_euclid(86_400_000_000)).unwrap_or_default();
        let columns: Vec<ArrayRef> = vec![
            same(&self.cluster),
            same(&self.topic),
            Arc::new(Int32Array::from_iter_values(bad.iter().map(|(partition, _)| *partition))),
            Arc::new(Int64Array::from_iter_values(bad.iter().map(|(_, one)| one.offset))),
            same(&self.source.name),
            Arc::new(Int64Array::from_iter(bad.iter().map(|(_, one)| one.schema_id.map(i64::from)))),
            Arc::new(StringArray::from_iter_values(bad.iter().map(|(_, one)| one.reason.to_string()))),
            times(TimestampMicrosecondArray::from_iter(
                bad.iter().map(|(_, one)| one.kafka_time_ms.map(|millis| millis * 1_000)),
            )),
            times(TimestampMicrosecondArray::from_value(now_micros, rows)),
            Arc::new(Int64Array::from_iter_values(bad.iter().map(|(_, one)| one.bytes.len() as i64))),
            Arc::new(BinaryArray::from_iter_values(sealed)),
            Arc::new(BinaryArray::from_iter_values(bad.iter().map(|(_, one)| one.content_mac))),
            Arc::new(Date32Array::from_value(today, rows)),
        ];
        Ok(RecordBatch::try_new(spec.schema.clone(), columns)?)
    }
}
