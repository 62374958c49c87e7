//! One Delta table: open, write files, commit under a fence, and read the outcome back.

use crate::fault::{self, Rule, keeps};
use crate::fence::Span;
use crate::files::{self, Files};
use crate::positions::{Positions, find_commit};
use crate::protocol::{Attempt, End, Seen, Step};
use crate::{Error, SnapshotTable};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake_core::kernel::{Action, Add, MetadataExt, StructType, Transaction};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::table::state::DeltaTableState;
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
    pub(crate) delta: DeltaTable,
    pub(crate) positions: Positions,
    resolved_commits: u64,
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
    /// Paths of files whose rows are taken out for good.
    pub removes: Vec<String>,
    /// The table's columns from now on, if they change.
    pub schema: Option<SchemaRef>,
    /// The fences that it moves.
    pub spans: Vec<Span>,
    /// Values set beside the fences, without a check.
    pub stamps: BTreeMap<String, i64>,
    /// What else the commit says of itself, in the log.
    pub notes: BTreeMap<String, Json>,
    /// How long to try.
    pub patience: Patience,
}

/// The outcome of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// In the log, at this version.
    Landed(u64),
    /// Others moved these fences; nothing was written. The log's positions.
    Fenced(BTreeMap<String, i64>),
    /// Nothing was written, because a clean-up may have taken the files: upload them anew.
    Stale,
}

/// How long a commit is tried while the storage gives no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patience {
    /// Some seconds: somebody waits for the outcome.
    #[default]
    Short,
    /// For as long as it takes: nothing else could be done meanwhile.
    Endless,
}

const SHORT_PATIENCE_FAILURES: u32 = 10;
const FIRST_PAUSE_MS: u64 = 20;
const LONGEST_PAUSE_DOUBLINGS: u32 = 8;

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
        let mut table =
            Self { name: name.to_owned(), delta, positions: Positions::default(), resolved_commits: 0 };
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

    /// How many commits have landed whose outcome was not known at first, since the table was opened.
    pub fn resolved_commits(&self) -> u64 {
        self.resolved_commits
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

    /// Writes rows as files, sorted, one partition value a file at least, one file open at a time.
    /// Nothing is visible yet.
    ///
    /// # Errors
    /// [`Error::Arrow`] when the batches do not fit the table; [`Error::Delta`].
    pub async fn write(&self, spec: &TableSpec, batches: &[RecordBatch]) -> Result<Files, Error> {
        let partition = spec.partition_column.as_deref();
        let parts = files::Sorted::new(&spec.schema, batches, partition, &spec.sort_columns)?;
        let mut files = Files::default();
        for part in parts.iter() {
            let part = part?;
            let rows = part.num_rows();
            let written = files::write(self.delta.table_url().as_str(), &spec.schema, partition, part).await;
            files.adds.extend(written.map_err(|source| self.fault(source))?);
            files.rows += rows;
            fault::point("upload.after_file", files.rows);
        }
        Ok(files)
    }

    /// Commits under the fences of `commit.spans`. Whatever the storage answers, the outcome is
    /// read back from the log before it is reported.
    ///
    /// # Errors
    /// [`Error::Rewound`]; [`Error::Unresolved`] when patience is short; [`Error::Delta`] when what
    /// is to be committed does not fit the table.
    pub async fn commit(&mut self, commit: Commit) -> Result<Committed, Error> {
        let batch_id = Uuid::new_v4().to_string();
        let first_unseen = self.version() + 1;
        let limit = (commit.patience == Patience::Short).then_some(SHORT_PATIENCE_FAILURES);
        let mut attempt = Attempt::new(commit.spans.clone(), commit.files.uploaded_at_ms, limit);
        let mut last_failure = None;
        let mut step = attempt.begin();
        loop {
            step = match step {
                Step::Read { failures } => {
                    if failures > 0 {
                        let pause = FIRST_PAUSE_MS << failures.min(LONGEST_PAUSE_DOUBLINGS);
                        tokio::time::sleep(Duration::from_millis(pause)).await;
                    }
                    let sought = attempt.may_have_landed().then_some((first_unseen, batch_id.as_str()));
                    match self.read_back(sought).await {
                        Ok(landed) => attempt.next(&Seen::Log { positions: self.positions(), landed }),
                        Err(error) => self.no_answer(&mut attempt, &mut last_failure, error),
                    }
                }
                Step::Put => {
                    fault::point("commit.after_check", commit.files.rows);
                    let actions = self.actions(&commit).map_err(|source| self.fault(source))?;
                    let put = self.put(&commit, actions, &batch_id).await;
                    fault::point("commit.after_log_entry", commit.files.rows);
                    match put {
                        Ok(version) => attempt.next(&Seen::Entered(version)),
                        Err(source) => {
                            let error = self.fault(source);
                            self.no_answer(&mut attempt, &mut last_failure, error)
                        }
                    }
                }
                Step::Done(end) => return self.ended(end, last_failure).await,
            }
        }
    }

    /// Reads on, and looks for an entry of this batch among the versions that were not seen before.
    async fn read_back(&mut self, sought: Option<(u64, &str)>) -> Result<Option<u64>, Error> {
        self.update().await?;
        match sought {
            Some((first_unseen, batch_id)) => {
                let landed = self.find_batch(first_unseen, batch_id).await?;
                self.resolved_commits += u64::from(landed.is_some());
                Ok(landed)
            }
            None => Ok(None),
        }
    }

    fn no_answer(&self, attempt: &mut Attempt, last_failure: &mut Option<Error>, error: Error) -> Step {
        let step = attempt.next(&Seen::NoAnswer);
        // Each failure while it is new, then ever more rarely.
        if let Step::Read { failures } = step
            && failures.is_power_of_two()
        {
            let cause = error.cause();
            tracing::warn!(
                table = self.name,
                failures,
                cause,
                "no answer to a commit; reading back, trying again"
            );
        }
        *last_failure = Some(error);
        step
    }

    async fn ended(&mut self, end: End, last_failure: Option<Error>) -> Result<Committed, Error> {
        match end {
            End::Landed(version) => {
                if last_failure.is_some() {
                    tracing::info!(table = self.name, version, "a commit that had no answer at first has landed");
                }
                // It has landed whether or not the table can be read just now.
                if let Err(error) = self.update().await {
                    tracing::debug!(table = self.name, %error, "cannot read on after a commit");
                }
                Ok(Committed::Landed(version))
            }
            End::Fenced(positions) => Ok(Committed::Fenced(positions)),
            End::Stale => Ok(Committed::Stale),
            End::Rewound(span) => Err(self.rewound(&span)),
            End::Unresolved { failures } => Err(Error::Unresolved {
                table: self.name.clone(),
                attempts: failures,
                source: last_failure.map(Box::new),
            }),
        }
    }

    /// Puts one entry after the version at hand; fails if another stands there.
    pub(crate) async fn put(&self, commit: &Commit, actions: Vec<Action>, batch_id: &str) -> DeltaResult<u64> {
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
            .with_actions(actions)
            .build(Some(self.delta.snapshot()?), self.delta.log_store(), operation)
            .await?;
        Ok(finalized.version())
    }

    pub(crate) fn actions(&self, commit: &Commit) -> DeltaResult<Vec<Action>> {
        let mut actions = Vec::new();
        let snapshot = self.delta.snapshot()?;
        if let Some(schema) = &commit.schema {
            let metadata = snapshot.metadata().clone().with_schema(&kernel_schema(schema)?)?;
            actions.push(Action::Metadata(metadata));
        }
        if commit.replace {
            actions.extend(snapshot.log_data().iter().map(|file| Action::Remove(file.remove_action(true))));
        }
        actions.extend(removals(snapshot, &commit.removes, true)?);
        actions.extend(removals(snapshot, &commit.rewrites, false)?);
        let data_change = commit.rewrites.is_empty();
        let adds = commit.files.adds.iter().cloned();
        actions.extend(adds.map(|add| Action::Add(Add { data_change, ..add })));
        Ok(actions)
    }

    /// The version at which a commit of this batch landed, if it did.
    pub(crate) async fn find_batch(&self, first_unseen: u64, batch_id: &str) -> Result<Option<u64>, Error> {
        for version in first_unseen..=self.version() {
            let actions = find_commit(&self.delta.log_store(), version).await;
            // An entry that a clean-up has taken since cannot be looked at: the fences alone judge then.
            let actions = actions.map_err(|source| self.fault(source))?.unwrap_or_default();
            if actions.iter().any(|action| action["commitInfo"]["batchId"] == batch_id) {
                return Ok(Some(version));
            }
        }
        Ok(None)
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

    pub(crate) fn fault(&self, source: DeltaTableError) -> Error {
        Error::Delta { table: self.name.clone(), source: Box::new(source) }
    }
}

/// Takes files out. All of them must be there: what somebody else has rewritten or removed meanwhile
/// must not be written again.
fn removals(snapshot: &DeltaTableState, paths: &[String], data_change: bool) -> DeltaResult<Vec<Action>> {
    let paths: HashSet<&str> = paths.iter().map(String::as_str).collect();
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let files = snapshot.log_data();
    let there = files.iter().filter(|file| paths.contains(file.path().as_ref()));
    let removals: Vec<Action> = there.map(|file| Action::Remove(file.remove_action(data_change))).collect();
    if removals.len() < paths.len() && keeps(Rule::RewriterFence) {
        return Err(DeltaTableError::Generic("a file to be rewritten is not in the table any more".to_owned()));
    }
    Ok(removals)
}

fn kernel_schema(schema: &SchemaRef) -> DeltaResult<StructType> {
    Ok(schema.as_ref().try_into_kernel()?)
}
