//! Small files of one partition become one, their rows sorted anew. The same rows, to the last
//! column: what the table holds does not change, only how many files a reader opens.

use super::retention::partition_value;
use super::{Halt, Policy, Run, plan};
use crate::{Commit, Files, SnapshotTable, fault, files};
use datafusion::common::Result as QueryResult;
use datafusion::datasource::physical_plan::FileGroup;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::col;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::sorts::sort::SortExec;
use deltalake_core::kernel::{Add, LogicalFileView};
use deltalake_core::writer::DeltaWriter;
use deltalake_core::{DeltaResult, DeltaTableError};
use futures::TryStreamExt;
use std::collections::HashMap;
use std::sync::Arc;

/// Files rewritten that go into one commit at most, so that a kill costs little.
const FILES_PER_COMMIT: usize = 1_000;

/// The version of the table from which the files were chosen.
pub(super) struct Origin {
    table: Arc<SnapshotTable>,
    files: HashMap<String, LogicalFileView>,
}

/// Rewritten and not yet committed.
#[derive(Debug, Default)]
pub(super) struct Rewritten {
    paths: Vec<String>,
    bytes: u64,
    files: Files,
}

impl Rewritten {
    fn is_full(&self, policy: &Policy) -> bool {
        self.bytes >= policy.target_bytes || self.paths.len() >= FILES_PER_COMMIT
    }
}

impl Run<'_> {
    pub(super) async fn compact(&mut self) -> Result<(), Halt> {
        if self.care.appended.is_none() {
            return Ok(());
        }
        let origin = self.origin()?;
        let mut rewritten = Rewritten::default();
        for group in self.groups(&origin) {
            self.rewrite(&origin, group, &mut rewritten).await?;
            if rewritten.is_full(self.policy) {
                self.land(std::mem::take(&mut rewritten)).await?;
            }
        }
        self.land(rewritten).await
    }

    pub(super) fn origin(&self) -> Result<Origin, Halt> {
        let files = self.files().map_err(|source| self.table.fault(source))?;
        let files = files.into_iter().map(|file| (file.path().into_owned(), file)).collect();
        Ok(Origin { table: self.table.snapshot()?, files })
    }

    pub(super) fn groups(&self, origin: &Origin) -> Vec<plan::Group> {
        let described = origin.files.iter().filter_map(|(path, file)| {
            Some(plan::DataFile {
                path: path.clone(),
                partition: partition_value(file),
                bytes: u64::try_from(file.size()).ok()?,
                rows: file.num_records()?,
            })
        });
        plan::groups(described.collect(), self.policy)
    }

    /// Writes the rows of a group into one new file, which nobody sees yet.
    pub(super) async fn rewrite(
        &self,
        origin: &Origin,
        group: plan::Group,
        rewritten: &mut Rewritten,
    ) -> Result<(), Halt> {
        let written = self.written(origin, &group).await.map_err(|source| self.table.fault(source))?;
        rewritten.files.adds.extend(written);
        rewritten.files.rows += group.rows;
        rewritten.bytes += group.bytes;
        rewritten.paths.extend(group.paths);
        Ok(())
    }

    async fn written(&self, origin: &Origin, group: &plan::Group) -> DeltaResult<Vec<Add>> {
        let sort_columns = self.care.appended.as_ref().map(|appended| appended.sort_columns.as_slice());
        let mut sorted = origin.sorted(&group.paths, sort_columns.unwrap_or_default(), self.policy)?;
        let partition = origin.table.partition_column();
        let mut writer = files::writer(self.table.delta.table_url().as_str(), &sorted.schema(), partition)?;
        let mut rows = 0;
        while let Some(batch) = sorted.try_next().await? {
            rows += batch.num_rows();
            writer.write(batch).await?;
        }
        if rows != group.rows {
            let (files, by_log) = (group.paths.len(), group.rows);
            let problem = format!("{files} files hold {rows} rows, {by_log} by the log; they stay as they are");
            return Err(DeltaTableError::Generic(problem));
        }
        writer.flush().await
    }

    /// Puts the new files in the place of the old ones.
    pub(super) async fn land(&mut self, rewritten: Rewritten) -> Result<(), Halt> {
        let Rewritten { paths, bytes, mut files } = rewritten;
        // No file is older than the run; another clean-up may have gone by since.
        files.uploaded_at_ms = Some(self.policy.now_ms);
        if paths.is_empty() {
            return Ok(());
        }
        let (before, after, rows) = (paths.len(), files.adds.len(), files.rows);
        let sizes = files.adds.iter().filter_map(|add| u64::try_from(add.size).ok());
        let bytes_after = sizes.sum::<u64>();
        fault::point("compaction.before_commit", rows);
        self.commit(Commit { files, rewrites: paths, ..Commit::default() }).await?;
        fault::point("compaction.after_commit", rows);
        self.done.files_before += before;
        self.done.files_after += after;
        self.done.bytes_before += bytes;
        self.done.bytes_after += bytes_after;
        Ok(())
    }
}

impl Origin {
    /// The rows of some of its files, sorted, in one stream. A column that a file does not have, because
    /// it is older than the column, is null.
    fn sorted(
        &self,
        paths: &[String],
        sort_columns: &[String],
        policy: &Policy,
    ) -> QueryResult<SendableRecordBatchStream> {
        let files = paths.iter().filter_map(|path| self.files.get(path));
        let files: Vec<_> = files.map(|file| self.table.partitioned_file(file)).collect::<QueryResult<_>>()?;
        let scan = self.table.scan_of(FileGroup::new(files));
        let schema = scan.schema();
        let present = sort_columns.iter().filter(|name| schema.column_with_name(name).is_some());
        let order = present.map(|name| Ok(PhysicalSortExpr::new_default(col(name, &schema)?)));
        let sorted: Arc<dyn ExecutionPlan> = match LexOrdering::new(order.collect::<QueryResult<Vec<_>>>()?) {
            Some(order) => Arc::new(SortExec::new(order, scan)),
            None => scan,
        };
        let runtime = RuntimeEnvBuilder::new().with_memory_limit(policy.memory_bytes, 1.0).build_arc()?;
        sorted.execute(0, Arc::new(TaskContext::default().with_runtime(runtime)))
    }
}
