//! One Delta table: open, write files, commit under a fence, and read the outcome back.

use crate::fence::{Span, Verdict, judge};
use crate::files::{self, Files};
use crate::positions::{Positions, commit_actions};
use crate::{Error, SnapshotTable};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake_core::kernel::{Action, Add, MetadataExt, StructType, Transaction};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::{DeltaResult, DeltaTable, DeltaTableBuilder, DeltaTableError};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use uuid::Uuid;

/// What a table is made of.
#[derive(Debug, Clone)]
pub struct TableSpec {
    /// Name; also the folder.
    pub name: String,
    /// Columns, the partition column last.
    pub schema: SchemaRef,
    /// The column that partitions it, if any.
    pub partition_column: Option<String>,
    /// The order of rows inside a file.
    pub sort_columns: Vec<String>,
}

/// A table at one version, which moves on with each commit.
#[derive(Debug)]
pub struct Table {
    name: String,
    delta: DeltaTable,
    positions: Positions,
}

/// What to commit.
#[derive(Debug, Default)]
pub struct Commit {
    /// Files to add.
    pub files: Files,
    /// Whether they take the place of all files that are there.
    pub replace: bool,
    /// Paths of files that are taken out, as the log names them; `files` hold their rows anew.
    pub rewrites: Vec<String>,
    /// The table's columns from now on, if they change.
    pub schema: Option<SchemaRef>,
    /// The fences that it moves.
    pub spans: Vec<Span>,
    /// Values set beside the fences, without a check.
    pub stamps: BTreeMap<String, i64>,
    /// What else the commit says of itself, in the log.
    pub notes: BTreeMap<String, Json>,
}

/// The outcome of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// In the log, at this version.
    Landed(u64),
    /// Others moved these fences; nothing was written. The log's positions.
    Fenced(BTreeMap<String, i64>),
}

const COMMIT_ATTEMPTS: u32 = 10;
const FIRST_PAUSE_MS: u64 = 20;

impl Table {
    pub(crate) async fn create(spec: &TableSpec, url: Url) -> Result<Self, Error> {
        let fault = |source| Error::Delta { table: spec.name.clone(), source: Box::new(source) };
        let schema = kernel_schema(&spec.schema).map_err(fault)?;
        let store =
            DeltaTableBuilder::from_url(url.clone()).and_then(|table| table.build_storage()).map_err(fault)?;
        let created = CreateBuilder::new()
            .with_log_store(store)
            .with_table_name(&spec.name)
            .with_columns(schema.fields().cloned())
            .with_partition_columns(spec.partition_column.iter())
            .with_save_mode(SaveMode::ErrorIfExists)
            .await;
        // Two processes may create it at once: the loser opens what the winner made.
        match created {
            Ok(_) => Self::load(&spec.name, url, None).await,
            Err(error) => match Self::load(&spec.name, url, None).await {
                Ok(table) => Ok(table),
                Err(_) => Err(fault(error)),
            },
        }
    }

    pub(crate) async fn load(name: &str, url: Url, version: Option<u64>) -> Result<Self, Error> {
        let fault = |source| Error::Delta { table: name.to_owned(), source: Box::new(source) };
        let mut builder = DeltaTableBuilder::from_url(url).map_err(fault)?;
        if let Some(version) = version {
            builder = builder.with_version(version);
        }
        let delta = builder.load().await.map_err(fault)?;
        let mut table = Self { name: name.to_owned(), delta, positions: Positions::default() };
        table.refuse_unsupported()?;
        table.read_positions().await.map_err(fault)?;
        Ok(table)
    }

    /// Name of the table.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version at hand.
    pub fn version(&self) -> u64 {
        self.delta.version().unwrap_or_default()
    }

    /// The positions in the log at this version, by fence.
    pub fn positions(&self) -> &BTreeMap<String, i64> {
        &self.positions.by_fence
    }

    /// Reads on to the newest version.
    ///
    /// # Errors
    /// [`Error::Delta`].
    pub async fn update(&mut self) -> Result<(), Error> {
        let moved = self.delta.update_incremental(None).await;
        let read = match moved {
            Ok(()) => self.read_positions().await,
            failed => failed,
        };
        read.map_err(|source| self.fault(source))
    }

    /// The table at this version, for DataFusion.
    ///
    /// # Errors
    /// [`Error::Delta`].
    pub fn snapshot(&self) -> Result<Arc<SnapshotTable>, Error> {
        SnapshotTable::new(&self.delta).map(Arc::new).map_err(|source| self.fault(source))
    }

    /// Writes rows as files, sorted, one partition value a file at least. Nothing is visible yet.
    ///
    /// # Errors
    /// [`Error::Arrow`] when the batches do not fit the table; [`Error::Delta`].
    pub async fn write(&self, spec: &TableSpec, batches: &[RecordBatch]) -> Result<Files, Error> {
        let partition = spec.partition_column.as_deref();
        let parts = files::sorted_parts(&spec.schema, batches, partition, &spec.sort_columns)?;
        let written = files::write(self.delta.table_url().as_str(), &spec.schema, partition, parts).await;
        written.map_err(|source| self.fault(source))
    }

    /// Commits under the fences of `commit.spans`. Whatever the storage answers, the outcome is
    /// read back from the log before it is reported.
    ///
    /// # Errors
    /// [`Error::Rewound`], [`Error::Unresolved`].
    pub async fn commit(&mut self, commit: Commit) -> Result<Committed, Error> {
        let batch_id = Uuid::new_v4().to_string();
        let first_unseen = self.version() + 1;
        let mut last_failure = None;
        for attempt in 0..COMMIT_ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(FIRST_PAUSE_MS << attempt.min(7))).await;
            }
            if let Err(error) = self.update().await {
                tracing::warn!(table = self.name, %error, "cannot read the table, trying again");
                continue;
            }
            let landed = match last_failure {
                Some(_) => self.find_batch(first_unseen, &batch_id).await?,
                None => None,
            };
            match judge(&commit.spans, &self.positions.by_fence, landed.is_some()) {
                Verdict::Commit => {}
                Verdict::Landed => {
                    tracing::info!(table = self.name, "a commit of unknown outcome had landed");
                    return Ok(Committed::Landed(landed.unwrap_or_default()));
                }
                Verdict::Fenced(positions) => return Ok(Committed::Fenced(positions)),
                Verdict::Rewound(span) => return Err(self.rewound(&span)),
            }
            match self.try_commit(&commit, &batch_id).await {
                Ok(version) => {
                    self.update().await?;
                    return Ok(Committed::Landed(version));
                }
                Err(error) => {
                    tracing::warn!(table = self.name, attempt, %error, "commit outcome unknown, reading back");
                    last_failure = Some(error);
                }
            }
        }
        let source = last_failure.unwrap_or_else(|| DeltaTableError::Generic("the table cannot be read".into()));
        Err(Error::Unresolved { table: self.name.clone(), attempts: COMMIT_ATTEMPTS, source: Box::new(source) })
    }

    pub(crate) async fn try_commit(&self, commit: &Commit, batch_id: &str) -> DeltaResult<u64> {
        let spans = commit.spans.iter().map(|span| (&span.fence, span.end));
        let stamps = commit.stamps.iter().map(|(stamp, value)| (stamp, *value));
        let transactions = spans.chain(stamps).map(|(id, value)| Transaction::new(id, value)).collect();
        let mut notes: BTreeMap<String, Json> = commit.notes.clone();
        notes.insert("batchId".to_owned(), json!(batch_id));
        // Checkpoints and log cleaning would hold up the hot path; they are maintenance.
        let properties = CommitProperties::default()
            .with_application_transactions(transactions)
            .with_metadata(notes)
            .with_create_checkpoint(false)
            .with_cleanup_expired_logs(Some(false))
            // Only on the very version that was judged: whoever was faster is read and judged anew.
            .with_max_retries(0);
        let mode = if commit.replace { SaveMode::Overwrite } else { SaveMode::Append };
        let operation = DeltaOperation::Write { mode, partition_by: None, predicate: None };
        let finalized = CommitBuilder::from(properties)
            .with_actions(self.actions(commit)?)
            .build(Some(self.delta.snapshot()?), self.delta.log_store(), operation)
            .await?;
        Ok(finalized.version())
    }

    fn actions(&self, commit: &Commit) -> DeltaResult<Vec<Action>> {
        let mut actions = Vec::new();
        let snapshot = self.delta.snapshot()?;
        if let Some(schema) = &commit.schema {
            let metadata = snapshot.metadata().clone().with_schema(&kernel_schema(schema)?)?;
            actions.push(Action::Metadata(metadata));
        }
        if commit.replace {
            actions.extend(snapshot.log_data().iter().map(|file| Action::Remove(file.remove_action(true))));
        }
        let rewritten: HashSet<&str> = commit.rewrites.iter().map(String::as_str).collect();
        let files = snapshot.log_data().into_iter().filter(|file| rewritten.contains(file.path().as_ref()));
        let removes: Vec<Action> = files.map(|file| Action::Remove(file.remove_action(false))).collect();
        if removes.len() != rewritten.len() {
            return Err(DeltaTableError::Generic(
                "a file to be rewritten is not in the table any more".to_owned(),
            ));
        }
        let data_change = removes.is_empty();
        actions.extend(removes);
        let adds = commit.files.adds.iter().cloned();
        actions.extend(adds.map(|add| Action::Add(Add { data_change, ..add })));
        Ok(actions)
    }

    /// The version at which a commit of this batch landed, if it did.
    pub(crate) async fn find_batch(&self, first_unseen: u64, batch_id: &str) -> Result<Option<u64>, Error> {
        for version in first_unseen..=self.version() {
            let actions = commit_actions(&self.delta.log_store(), version).await;
            let actions = actions.map_err(|source| self.fault(source))?;
            if actions.iter().any(|action| action["commitInfo"]["batchId"] == batch_id) {
                return Ok(Some(version));
            }
        }
        Ok(None)
    }

    #[cfg(test)]
    pub(crate) fn delta(&self) -> &DeltaTable {
        &self.delta
    }

    async fn read_positions(&mut self) -> DeltaResult<()> {
        let version = self.version();
        self.positions.advance(&self.delta.log_store(), version).await
    }

    fn refuse_unsupported(&self) -> Result<(), Error> {
        let snapshot = self.delta.snapshot().map_err(|source| self.fault(source))?;
        let configuration = snapshot.metadata().configuration();
        let on = |key: &str, off: &str| configuration.get(key).is_some_and(|value| value != off);
        let feature = match () {
            () if on("delta.enableDeletionVectors", "false") => "deletion vectors",
            () if on("delta.columnMapping.mode", "none") => "column mapping",
            // Positions would expire, and Kafka would be read again from the start.
            () if configuration.contains_key("delta.setTransactionRetentionDuration") => "expiring transactions",
            () => return Ok(()),
        };
        Err(Error::Unsupported { table: self.name.clone(), feature: feature.to_owned() })
    }

    fn rewound(&self, span: &Span) -> Error {
        let stored = self.positions.by_fence.get(&span.fence).copied();
        Error::Rewound { table: self.name.clone(), fence: span.fence.clone(), stored, expected: span.start }
    }

    fn fault(&self, source: DeltaTableError) -> Error {
        Error::Delta { table: self.name.clone(), source: Box::new(source) }
    }
}

fn kernel_schema(schema: &SchemaRef) -> DeltaResult<StructType> {
    Ok(schema.as_ref().try_into_kernel()?)
}
