//! The lake's end of the pipe: quarantine rows first, then files and positions in one commit.

use crate::Error;
use crate::buffer::{Buffers, PartitionBuffer};
use crate::sealed::StewardKey;
use arrow::array::{
    ArrayRef, BinaryArray, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use lake::{Commit, Committed, Lake, Span, Table, TableSpec, fence, quarantine_table};
use schemas::{Source, wide};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The events table of a source: rows sorted by subject and time inside a file.
pub fn event_table(source: &Source) -> TableSpec {
    TableSpec {
        name: source.table.clone(),
        schema: wide::table_schema(source),
        partition_column: Some(wide::partition_column(source.partition).to_owned()),
        sort_columns: vec!["source".to_owned(), source.subject.clone(), "occurred_at".to_owned()],
    }
}

/// What became of a flush.
#[derive(Debug)]
pub(crate) enum Flushed {
    /// All is in the lake.
    Committed { rows: u64, quarantined: u64 },
    /// Others moved these partitions; nothing was written. The lake's positions.
    Fenced(BTreeMap<i32, i64>),
}

/// Writes one topic into one events table.
#[derive(Debug)]
pub(crate) struct Sink {
    lake: Lake,
    cluster: String,
    topic: String,
    source: &'static Source,
    steward: StewardKey,
    spec: TableSpec,
    events: Table,
    quarantine: Option<Table>,
}

impl Sink {
    pub(crate) async fn open(
        lake: &Lake,
        source: &'static Source,
        cluster: String,
        steward: StewardKey,
    ) -> Result<Self, Error> {
        let spec = event_table(source);
        let events = lake.open_or_create_table(&spec).await?;
        let topic = source.topic.clone();
        Ok(Self { lake: lake.clone(), cluster, topic, source, steward, spec, events, quarantine: None })
    }

    /// Reads on, so that positions are those of the newest version.
    pub(crate) async fn refresh(&mut self) -> Result<(), Error> {
        Ok(self.events.update().await?)
    }

    /// The next offset to read of a partition, as the lake holds it.
    pub(crate) fn position(&self, partition: i32) -> Option<i64> {
        self.events.positions().get(&self.fence(partition)).copied()
    }

    /// Makes all that is buffered safe, or says which partitions others have moved.
    pub(crate) async fn flush(&mut self, buffers: &mut Buffers, now_micros: i64) -> Result<Flushed, Error> {
        let moved: Vec<(&i32, &PartitionBuffer)> =
            buffers.partitions.iter().filter(|(_, buffer)| buffer.has_moved()).collect();
        if moved.is_empty() {
            return Ok(Flushed::Committed { rows: 0, quarantined: 0 });
        }
        self.quarantine(&moved, now_micros).await?;
        let batches: Vec<RecordBatch> = moved.iter().flat_map(|(_, buffer)| buffer.batches.clone()).collect();
        let files = self.events.write(&self.spec, &batches).await?;
        let rows = files.rows;
        let bad: usize = moved.iter().map(|(_, buffer)| buffer.bad.len()).sum();
        let mut commit = Commit { files, ..Commit::default() };
        let mut offsets = serde_json::Map::new();
        for (partition, buffer) in &moved {
            let Some(end) = buffer.next else { continue };
            offsets.insert(partition.to_string(), json!([buffer.committed, end]));
            commit.spans.push(Span { fence: self.fence(**partition), start: buffer.committed, end });
            let through_ms = if buffer.at_end { Some(now_micros / 1_000) } else { buffer.kafka_time_ms };
            if let Some(through_ms) = through_ms {
                let stamp = fence::completeness_of_partition(&self.cluster, &self.topic, **partition);
                commit.stamps.insert(stamp, through_ms);
            }
        }
        commit.notes.insert("offsets".to_owned(), json!(offsets));
        commit.notes.insert("rows".to_owned(), json!(rows));
        commit.notes.insert("quarantined".to_owned(), json!(bad));
        let outcome = self.events.commit(commit).await?;
        match outcome {
            Committed::Landed(version) => {
                tracing::info!(table = self.spec.name, version, rows, quarantined = bad, "committed");
                buffers.committed();
                Ok(Flushed::Committed { rows: rows as u64, quarantined: bad as u64 })
            }
            Committed::Fenced(positions) => {
                let by_partition = positions.iter().filter_map(|(held, position)| {
                    fence::partition_of(held).map(|(_, _, partition)| (partition, *position))
                });
                Ok(Flushed::Fenced(by_partition.collect()))
            }
        }
    }

    fn fence(&self, partition: i32) -> String {
        fence::of_partition(&self.cluster, &self.topic, partition)
    }

    async fn quarantine(&mut self, moved: &[(&i32, &PartitionBuffer)], now_micros: i64) -> Result<(), Error> {
        let spec = quarantine_table();
        let batch = self.quarantine_rows(moved, now_micros, &spec)?;
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let table = match &mut self.quarantine {
            Some(table) => table,
            none => none.insert(self.lake.open_or_create_table(&spec).await?),
        };
        let files = table.write(&spec, &[batch]).await?;
        table.commit(Commit { files, ..Commit::default() }).await?;
        Ok(())
    }

    fn quarantine_rows(
        &self,
        moved: &[(&i32, &PartitionBuffer)],
        now_micros: i64,
        spec: &TableSpec,
    ) -> Result<RecordBatch, Error> {
        let bad: Vec<_> =
            moved.iter().flat_map(|(partition, buffer)| buffer.bad.iter().map(|one| (**partition, one))).collect();
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
            Arc::new(Date32Array::from_value(today, rows)),
        ];
        Ok(RecordBatch::try_new(spec.schema.clone(), columns)?)
    }
}
