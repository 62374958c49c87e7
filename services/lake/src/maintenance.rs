//! Looking after a table: small files put together, checkpoints, the log and unused files cleaned
//! up, rows removed that have had their time.
//!
//! What a reader of any version that is still needed sees never changes, except by retention. All
//! commits are made under the rewriters' fence: whoever else rewrites or cleans up this table finds
//! it moved, and gives way. Killed between any two steps, the table is whole, and the next run does
//! what is left.

mod checkpoint;
mod cleanup;
mod compaction;
mod plan;
mod retention;
#[cfg(test)]
mod tests;

use crate::fault::{self, Rule};
use crate::fence::{REWRITER, Span};
use crate::{Commit, Committed, Error, Lake, Table};
use schemas::PartitionBy;

/// When what is due, and how much is done at once.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The instant of this run, milliseconds since 1970.
    pub now_ms: i64,
    /// How long a writer may take from an upload to its commit, and a reader from opening a version
    /// to its last row, milliseconds.
    pub grace_ms: i64,
    /// Memory for sorting rows, bytes; what does not fit goes to temporary files meanwhile.
    pub memory_bytes: usize,
    /// A file below this size is small, bytes.
    pub small_bytes: u64,
    /// Small files are put together up to this size, bytes.
    pub target_bytes: u64,
    /// So many small files of one partition are worth putting together.
    pub small_files: usize,
    /// A checkpoint is made after so many commits.
    pub checkpoint_after_commits: u64,
    /// Unused files are looked for again after this time, milliseconds.
    pub vacuum_every_ms: i64,
}

/// A table and what is to be done for it.
#[derive(Debug, Clone)]
pub struct Care {
    /// Its name.
    pub table: String,
    /// The versions that published epochs refer to.
    pub retained: Vec<u64>,
    /// How its rows are kept, if they are only ever appended; `None` for a table that is replaced
    /// as a whole.
    pub appended: Option<Appended>,
}

/// How the rows of a table are kept that are only ever appended.
#[derive(Debug, Clone)]
pub struct Appended {
    /// The order of rows inside a file.
    pub sort_columns: Vec<String>,
    /// How long they are kept; `None` for ever.
    pub retention: Option<Retention>,
}

/// How long rows are kept: whole partitions go at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// What a partition holds; its value is the first day.
    pub period: PartitionBy,
    /// Whole days that a partition is kept after its last day.
    pub keep_days: u32,
}

/// What was done for a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// Rows removed because they have had their time.
    pub expired_rows: usize,
    /// Small files that were put together.
    pub files_before: usize,
    /// Files that hold their rows now.
    pub files_after: usize,
    /// Size of the small files, bytes.
    pub bytes_before: u64,
    /// Size of the files that took their place, bytes.
    pub bytes_after: u64,
    /// The version of the checkpoint that was made.
    pub checkpoint: Option<u64>,
    /// Files removed from the log.
    pub log_files_removed: usize,
    /// Unused files deleted.
    pub files_deleted: usize,
    /// Their size, bytes.
    pub bytes_freed: u64,
    /// Another process is looking after this table; it was left to it.
    pub gave_way: bool,
}

const HOUR_MS: i64 = 3_600_000;

impl Policy {
    /// The usual policy: a day of grace, 128 MiB files.
    pub fn at(now_ms: i64, memory_bytes: usize) -> Self {
        Self {
            now_ms,
            grace_ms: 24 * HOUR_MS,
            memory_bytes,
            small_bytes: 32 << 20,
            target_bytes: 128 << 20,
            small_files: 4,
            checkpoint_after_commits: 100,
            vacuum_every_ms: 6 * HOUR_MS,
        }
    }
}

/// Does for a table what is due; a table that is not there needs nothing.
///
/// # Errors
/// [`Error::Delta`], [`Error::Unresolved`]. What was done before the error stays done.
pub async fn maintain(lake: &Lake, care: &Care, policy: &Policy) -> Result<Done, Error> {
    let Some(table) = lake.open_table(&care.table).await? else { return Ok(Done::default()) };
    let mut run = Run::new(lake, care, policy, table);
    match run.all().await {
        Ok(()) => Ok(run.done),
        Err(Halt::GaveWay) => Ok(Done { gave_way: true, ..run.done }),
        Err(Halt::Failed(error)) => Err(error),
    }
}

/// Why a run ends before its last step.
#[derive(Debug)]
enum Halt {
    GaveWay,
    Failed(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// One table being looked after.
#[derive(Debug)]
struct Run<'a> {
    lake: &'a Lake,
    care: &'a Care,
    policy: &'a Policy,
    table: Table,
    /// The rewriters' fence as this run has found or left it.
    fence: Option<i64>,
    done: Done,
}

impl<'a> Run<'a> {
    fn new(lake: &'a Lake, care: &'a Care, policy: &'a Policy, table: Table) -> Self {
        let fence = table.positions().get(REWRITER).copied();
        Self { lake, care, policy, table, fence, done: Done::default() }
    }

    async fn all(&mut self) -> Result<(), Halt> {
        self.retain().await?;
        self.compact().await?;
        self.checkpoint().await?;
        let oldest_needed = self.clean_log().await?;
        self.vacuum(oldest_needed).await
    }

    /// Commits under the rewriters' fence, and reads the table on to its newest version.
    async fn commit(&mut self, mut commit: Commit) -> Result<(), Halt> {
        let end = self.fence.unwrap_or_default() + 1;
        if fault::keeps(Rule::RewriterFence) {
            commit.spans.push(Span { fence: REWRITER.to_owned(), start: self.fence, end });
        }
        match self.table.commit(commit).await? {
            Committed::Landed(_) => self.fence = Some(end),
            Committed::Fenced(_) | Committed::Stale => return Err(Halt::GaveWay),
        }
        Ok(self.table.update().await?)
    }
}
