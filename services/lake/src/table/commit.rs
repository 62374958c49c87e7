//! One commit under its fences: put, read back, and judged by [`crate::protocol`].

use super::{Table, kernel_schema};
use crate::fault::{self, Rule, keeps};
use crate::fence::{self, Span};
use crate::files::Files;
use crate::positions::find_commit;
use crate::protocol::{Attempt, End, Seen, Step};
use crate::{Error, columns};
use arrow::datatypes::SchemaRef;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake_core::kernel::{Action, Add, MetadataExt, Transaction};
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::table::state::DeltaTableState;
use deltalake_core::{DeltaResult, DeltaTableError};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;
use uuid::Uuid;

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
    /// The columns of the files; those that the table lacks at the version after which the commit
    /// lands are added to it, nullable.
    pub columns: Option<SchemaRef>,
    /// The fences that it moves.
    pub spans: Vec<Span>,
    /// Values set beside the fences, without a check.
    pub stamps: BTreeMap<String, i64>,
    /// Stamps that are raised to these values: set where the very version after which the commit lands holds
    /// less, or none.
    pub at_least: BTreeMap<String, i64>,
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
        let (spans, uploaded_at_ms) = (commit.spans.clone(), commit.files.uploaded_at_ms);
        let mut attempt = Attempt::new(spans, uploaded_at_ms, self.known_version, limit);
        let mut last_failure = None;
        // An append without a fence, such as the quarantine's, decides nothing, and has points of its own.
        let decided_rows = if commit.spans.is_empty() { 0 } else { commit.files.rows };
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
                        Ok(landed) => self.judged(&mut attempt, &mut last_failure, landed),
                        Err(error) => self.no_answer(&mut attempt, &mut last_failure, error),
                    }
                }
                Step::Put => {
                    fault::point("commit.after_check", decided_rows);
                    let actions = self.actions(&commit).map_err(|source| self.fault(source))?;
                    let put = self.put(&commit, actions, &batch_id).await;
                    fault::point("commit.after_log_entry", decided_rows);
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

    fn judged(&self, attempt: &mut Attempt, last_failure: &mut Option<Error>, landed: Option<u64>) -> Step {
        let (version, known) = (self.version(), self.known_version);
        let step = attempt.next(&Seen::Log { version, positions: self.positions(), landed });
        if version < known {
            let told = format!("its log was listed up to version {version}, and version {known} is in it");
            self.note_failure(&step, last_failure, self.fault(DeltaTableError::Generic(told)));
        }
        step
    }

    fn no_answer(&self, attempt: &mut Attempt, last_failure: &mut Option<Error>, error: Error) -> Step {
        let step = attempt.next(&Seen::NoAnswer);
        self.note_failure(&step, last_failure, error);
        step
    }

    /// Tells of each failure while it is new, then ever more rarely.
    fn note_failure(&self, step: &Step, last_failure: &mut Option<Error>, error: Error) {
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
    }

    async fn ended(&mut self, end: End, last_failure: Option<Error>) -> Result<Committed, Error> {
        match end {
            End::Landed(version) => {
                self.known_version = self.known_version.max(version);
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
        let raised = fence::raised(&commit.at_least, self.positions());
        let transactions =
            spans.chain(stamps).chain(raised).map(|(id, value)| Transaction::new(id, value)).collect();
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
        let schema = match (&commit.schema, &commit.columns) {
            (None, Some(files)) => columns::widened(&snapshot.snapshot().arrow_schema(), files)
                .map_err(|msg| DeltaTableError::SchemaMismatch { msg })?,
            (schema, _) => schema.clone(),
        };
        if let Some(schema) = &schema {
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

    fn rewound(&self, span: &Span) -> Error {
        let stored = self.positions.by_fence.get(&span.fence).copied();
        Error::Rewound { table: self.name.clone(), fence: span.fence.clone(), stored, expected: span.start }
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
