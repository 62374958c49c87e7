//! What nobody needs any more is deleted: old entries of the log, and data files that no version
//! refers to which is still needed.
//!
//! A file that is uploaded and not yet committed looks just like one that was given up. So the
//! clean-up first commits a stamp, and deletes only what was written before it; whoever commits
//! looks at the stamp on the very version that it commits on, and uploads anew what is older.

use super::checkpoint::LOG_FOLDER;
use super::{Halt, Run, plan};
use crate::fence::UPLOADS_BEFORE;
use crate::positions::commit_actions;
use crate::{Commit, Table, fault};
use deltalake_core::{DeltaResult, ObjectMeta, ObjectStore, ObjectStoreError, Path};
use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;

impl Run<'_> {
    /// Takes from the log what lies before the oldest version that is needed, which it returns.
    pub(super) async fn clean_log(&mut self) -> Result<u64, Halt> {
        let log = self.table.log_files().await.map_err(|source| self.table.fault(source))?;
        let kept_since_ms = self.policy.now_ms - self.policy.grace_ms;
        let oldest_needed = plan::oldest_needed(&log, &self.care.retained, kept_since_ms);
        if let Some((checkpoint, superseded)) = plan::superseded(log, oldest_needed) {
            // A checkpoint that cannot be read must not be all that is left.
            self.lake.open_table_at(&self.care.table, checkpoint).await?;
            for file in superseded {
                let path = Path::from_iter([LOG_FOLDER, &file.name]);
                delete(&self.table, &path).await.map_err(|source| self.table.fault(source))?;
                self.done.log_files_removed += 1;
                if self.done.log_files_removed == 1 {
                    fault::point("maintenance.in_log_cleanup", self.rows());
                }
            }
        }
        Ok(oldest_needed)
    }

    /// Deletes the data files that no version from the oldest needed on refers to.
    pub(super) async fn vacuum(&mut self, oldest_needed: u64) -> Result<(), Halt> {
        let stored = self.table.positions().get(UPLOADS_BEFORE).copied();
        let Some(uploads_before_ms) = plan::next_uploads_before(stored, self.policy) else { return Ok(()) };
        let unused = self.unused(oldest_needed, uploads_before_ms).await?;
        if unused.is_empty() { Ok(()) } else { self.delete_unused(unused, uploads_before_ms).await }
    }

    /// Commits the stamp, and then deletes what is still not in use.
    pub(super) async fn delete_unused(
        &mut self,
        unused: Vec<plan::StoredFile>,
        uploads_before_ms: i64,
    ) -> Result<(), Halt> {
        let seen = self.table.version();
        let stamps = BTreeMap::from([(UPLOADS_BEFORE.to_owned(), uploads_before_ms)]);
        self.commit(Commit { stamps, ..Commit::default() }).await?;
        fault::point("vacuum.after_stamp", unused.len());
        // A commit that was faster than the stamp may name files that were not in use a moment ago; one
        // that comes after it may not.
        let since = added(&self.table, seen + 1..=self.table.version()).await;
        let since = since.map_err(|source| self.table.fault(source))?;
        for file in plan::unused(unused, &since, uploads_before_ms) {
            let deleted = delete(&self.table, &Path::from(file.path)).await;
            deleted.map_err(|source| self.table.fault(source))?;
            self.done.files_deleted += 1;
            self.done.bytes_freed += file.bytes;
            if self.done.files_deleted == 1 {
                fault::point("vacuum.in_delete", self.rows());
            }
        }
        Ok(())
    }

    /// The files written before the stamp that no version from the oldest needed to this one refers to.
    pub(super) async fn unused(
        &self,
        oldest_needed: u64,
        uploads_before_ms: i64,
    ) -> Result<Vec<plan::StoredFile>, Halt> {
        let fault = |source| self.table.fault(source);
        let stored = stored_files(&self.table).await.map_err(fault)?;
        let current = active(&self.table).map_err(fault)?;
        let unused = plan::unused(stored, &current, uploads_before_ms);
        if unused.is_empty() {
            return Ok(unused);
        }
        let oldest = self.lake.open_table_at(&self.care.table, oldest_needed).await?;
        let mut in_use = active(&oldest).map_err(fault)?;
        in_use.extend(added(&self.table, oldest_needed + 1..=self.table.version()).await.map_err(fault)?);
        Ok(plan::unused(unused, &in_use, uploads_before_ms))
    }
}

/// Every file in the table's folder.
async fn stored_files(table: &Table) -> DeltaResult<Vec<plan::StoredFile>> {
    let files: Vec<ObjectMeta> = table.delta.log_store().object_store(None).list(None).try_collect().await?;
    let stored = files.into_iter().map(|file| plan::StoredFile {
        path: file.location.to_string(),
        bytes: file.size,
        modified_ms: file.last_modified.timestamp_millis(),
    });
    Ok(stored.collect())
}

/// The files of a version.
fn active(table: &Table) -> DeltaResult<HashSet<String>> {
    let log = table.delta.snapshot()?;
    Ok(log.log_data().iter().map(|file| file.object_store_path().to_string()).collect())
}

/// The files that commits have added.
async fn added(table: &Table, versions: RangeInclusive<u64>) -> DeltaResult<HashSet<String>> {
    let mut paths = HashSet::new();
    for version in versions {
        for action in commit_actions(&table.delta.log_store(), version).await? {
            if let Some(path) = action["add"]["path"].as_str() {
                paths.insert(Path::from_url_path(path)?.to_string());
            }
        }
    }
    Ok(paths)
}

/// Deletes a file; that another process was faster is no failure.
async fn delete(table: &Table, path: &Path) -> DeltaResult<()> {
    match table.delta.log_store().object_store(None).delete(path).await {
        Ok(()) | Err(ObjectStoreError::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
