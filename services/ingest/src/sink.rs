//! The lake's end of the pipe: quarantine rows first, then files and positions in one commit.

mod quarantine;

use crate::Error;
use crate::intake::{Batch, Part};
use crate::metrics::CommitOutcome;
use crate::patience::Patience;
use crate::rows::ChunkRows;
use crate::sealed::StewardKey;
use crate::watched::Watched;
use arrow::array::{RecordBatch, new_null_array};
use arrow::datatypes::SchemaRef;
use lake::{Commit, Committed, Files, Lake, Span, Table, TableSpec, fault, fence};
use schemas::{Source, WideSchema, wide};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

/// The events table of a source: rows sorted by subject and time inside a file.
pub fn event_table(source: &Source) -> TableSpec {
    TableSpec {
        name: source.table.clone(),
        schema: wide::table_schema(source),
        partition_column: Some(wide::partition_column(source.partition).to_owned()),
        sort_columns: vec!["source".to_owned(), source.subject.clone(), "occurred_at".to_owned()],
    }
}

/// What became of a batch.
#[derive(Debug)]
pub(crate) enum Flushed {
    /// All is in the lake.
    Landed { rows: u64, quarantined: u64 },
    /// Others moved these partitions; nothing was written. The lake's positions.
    Fenced(BTreeMap<i32, i64>),
}

/// What the lake holds of a partition besides its position; see [`lake::fence`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stamps {
    pub(crate) accepted: Option<i64>,
    pub(crate) paused_at: Option<i64>,
    pub(crate) last_record: Option<i64>,
    pub(crate) complete_through_ms: Option<i64>,
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
    watched: Arc<Watched>,
}

impl Sink {
    pub(crate) async fn open(
        lake: &Lake,
        source: &'static Source,
        cluster: String,
        steward: StewardKey,
        watched: Arc<Watched>,
    ) -> Result<Self, Error> {
        let spec = event_table(source);
        let mut events = lake.open_or_create_table(&spec).await?;
        let present = events.columns()?;
        if spec.schema.fields().iter().any(|column| present.find(column.name()).is_none()) {
            // This build knows more than the one that made the table, and its readers ask for it.
            events.commit(Commit { columns: Some(spec.schema.clone()), ..Commit::default() }).await?;
        }
        let topic = source.topic.clone();
        Ok(Self { lake: lake.clone(), cluster, topic, source, steward, spec, events, quarantine: None, watched })
    }

    /// Whose topic it is.
    pub(crate) fn source(&self) -> &'static Source {
        self.source
    }

    /// Reads on, so that positions are those of the newest version.
    pub(crate) async fn refresh(&mut self) -> Result<(), Error> {
        Ok(self.events.update().await?)
    }

    /// The same, and waits for as long as the lake does not answer.
    pub(crate) async fn refresh_patiently(&mut self, now_micros: fn() -> i64) -> Result<(), Error> {
        let mut patience = Patience::new(&self.spec.name, &self.watched, now_micros);
        while patience.take(self.events.update().await).await?.is_none() {}
        Ok(())
    }

    /// The columns that the table has at the version at hand.
    pub(crate) fn columns(&self) -> Result<WideSchema, Error> {
        Ok(WideSchema::of_table(self.source, &self.events.columns()?)?)
    }

    /// The next offset to read of a partition, as the lake holds it.
    pub(crate) fn position(&self, partition: i32) -> Option<i64> {
        self.events.positions().get(&self.fence(partition)).copied()
    }

    /// The stamps that the lake holds of a partition.
    pub(crate) fn stamps(&self, partition: i32) -> Stamps {
        let held = |stamp: fn(&str, &str, i32) -> String| {
            self.events.positions().get(&stamp(&self.cluster, &self.topic, partition)).copied()
        };
        Stamps {
            accepted: held(fence::accepted_of_partition),
            paused_at: held(fence::paused_of_partition),
            last_record: held(fence::last_record_of_partition),
            complete_through_ms: fence::complete_through_ms(
                self.events.positions(),
                &self.cluster,
                &self.topic,
                partition,
            ),
        }
    }

    /// Makes a batch safe, or says which partitions others have moved. `complete_through_ms`: up to when what
    /// is in the lake with this batch is all that Kafka had of a partition; 0 for one that is only known to be
    /// there. Waits for as long as the lake does not answer.
    pub(crate) async fn flush(
        &mut self,
        batch: &Batch<ChunkRows>,
        complete_through_ms: &[(i32, i64)],
        now_micros: fn() -> i64,
    ) -> Result<Flushed, Error> {
        let in_flight: usize = batch.parts.values().map(|part| part.rows.records()).sum();
        self.quarantine(batch, now_micros).await?;
        let (schema, batches) =
            alike(&self.spec.schema, batch.parts.values().flat_map(|part| &part.rows.batches))?;
        let spec = TableSpec { schema: schema.clone(), ..self.spec.clone() };
        loop {
            fault::point("ingest.before_upload", in_flight);
            let began = Instant::now();
            let files = self.upload(&spec, &batches, now_micros).await?;
            self.watched.recorder.uploaded(began.elapsed());
            fault::point("ingest.after_upload", files.rows);
            let rows = files.rows as u64;
            let mut commit = self.to_commit(batch, files, complete_through_ms, now_micros());
            commit.columns = Some(schema.clone());
            let quarantined = batch.parts.values().map(|part| part.rows.bad.len() as u64).sum();
            match self.commit(commit).await? {
                Committed::Landed(version) => {
                    tracing::info!(table = self.spec.name, version, rows, quarantined, "committed");
                    fault::point("ingest.after_reply", in_flight);
                    self.checkpoint().await;
                    return Ok(Flushed::Landed { rows, quarantined });
                }
                Committed::Fenced(positions) => {
                    let by_partition = positions.iter().filter_map(|(held, position)| {
                        fence::partition_of(held).map(|(_, _, partition)| (partition, *position))
                    });
                    return Ok(Flushed::Fenced(by_partition.collect()));
                }
                Committed::Stale => {
                    tracing::warn!(
                        table = self.spec.name,
                        "the files lay too long before their commit; writing anew"
                    );
                }
            }
        }
    }

    /// Writes the rows as files, and waits for as long as the storage refuses them.
    async fn upload(
        &self,
        spec: &TableSpec,
        batches: &[RecordBatch],
        now_micros: fn() -> i64,
    ) -> Result<Files, Error> {
        let mut patience = Patience::new(&self.spec.name, &self.watched, now_micros);
        loop {
            let uploaded_at_ms = Some(now_micros() / 1_000);
            if let Some(mut files) = patience.take(self.events.write(spec, batches).await).await? {
                files.uploaded_at_ms = uploaded_at_ms;
                return Ok(files);
            }
        }
    }

    async fn commit(&mut self, commit: Commit) -> Result<Committed, Error> {
        let (began, resolved_before) = (Instant::now(), self.events.resolved_commits());
        let committed = self.events.commit(commit).await;
        let outcome = match &committed {
            Ok(Committed::Landed(_)) if self.events.resolved_commits() > resolved_before => {
                CommitOutcome::UnknownResolved
            }
            Ok(Committed::Landed(_)) => CommitOutcome::Landed,
            Ok(Committed::Fenced(_)) => CommitOutcome::Fenced,
            Ok(Committed::Stale) => CommitOutcome::Stale,
            Err(_) => CommitOutcome::Failed,
        };
        self.watched.recorder.commit(outcome, began.elapsed());
        if matches!(committed, Err(lake::Error::Rewound { .. })) {
            self.watched.recorder.offset_gaps(1);
        }
        Ok(committed?)
    }

    fn to_commit(
        &self,
        batch: &Batch<ChunkRows>,
        files: Files,
        complete_through_ms: &[(i32, i64)],
        now_micros: i64,
    ) -> Commit {
        let mut commit = Commit { files, patience: lake::Patience::Endless, ..Commit::default() };
        let mut offsets = serde_json::Map::new();
        let stamp = |of: fn(&str, &str, i32) -> String, partition| of(&self.cluster, &self.topic, partition);
        for (partition, part) in &batch.parts {
            let Part { start, end, rows, .. } = part;
            offsets.insert(partition.to_string(), json!([start, end]));
            commit.spans.push(Span { fence: self.fence(*partition), start: *start, end: *end });
            let stamps = [
                (stamp(fence::last_record_of_partition, *partition), rows.last_record),
                (stamp(fence::paused_of_partition, *partition), rows.paused_at),
            ];
            commit.stamps.extend(stamps.into_iter().filter_map(|(stamp, value)| Some((stamp, value?))));
        }
        let newest =
            batch.parts.iter().filter_map(|(partition, part)| Some((*partition, part.rows.kafka_time_ms?)));
        for (partition, through_ms) in newest.chain(complete_through_ms.iter().copied()) {
            let least_ms = commit.at_least.entry(stamp(fence::completeness_of_partition, partition)).or_default();
            // A producer's clock may be ahead.
            *least_ms = (*least_ms).max(through_ms.min(now_micros / 1_000));
        }
        let bad: usize = batch.parts.values().map(|part| part.rows.bad.len()).sum();
        commit.notes.insert("offsets".to_owned(), json!(offsets));
        commit.notes.insert("rows".to_owned(), json!(commit.files.rows));
        commit.notes.insert("quarantined".to_owned(), json!(bad));
        commit
    }

    fn fence(&self, partition: i32) -> String {
        fence::of_partition(&self.cluster, &self.topic, partition)
    }

    /// Makes a checkpoint where maintenance has made none for long: without one each commit takes longer
    /// than the one before.
    async fn checkpoint(&mut self) {
        for table in [Some(&mut self.events), self.quarantine.as_mut()].into_iter().flatten() {
            if let Err(error) = table.checkpoint_if_due(COMMITS_WITHOUT_CHECKPOINT).await {
                let cause = error.cause();
                tracing::warn!(
                    table = table.name(),
                    cause,
                    "no checkpoint could be made; `switchboard maintain` does"
                );
            }
        }
    }
}

const COMMITS_WITHOUT_CHECKPOINT: u64 = 500;

/// The batches with the columns of the widest: those that were made before a column was added have
/// nulls there. Columns are only ever added, so the widest has them all.
pub(crate) fn alike<'a>(
    least: &SchemaRef,
    batches: impl Iterator<Item = &'a RecordBatch> + Clone,
) -> Result<(SchemaRef, Vec<RecordBatch>), Error> {
    let schemas = batches.clone().map(RecordBatch::schema);
    let widest = schemas.max_by_key(|schema| schema.fields().len()).unwrap_or_else(|| least.clone());
    let padded = batches.map(|batch| {
        let columns = widest.fields().iter().map(|field| match batch.column_by_name(field.name()) {
            Some(column) => column.clone(),
            None => new_null_array(field.data_type(), batch.num_rows()),
        });
        RecordBatch::try_new(widest.clone(), columns.collect())
    });
    let padded = padded.collect::<Result<_, _>>()?;
    Ok((widest, padded))
}
