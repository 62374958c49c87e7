//! What nobody needs any more is deleted: old entries of the log, and data files that no version
//! refers to which is still needed.
//!
//! A file that is uploaded and not yet committed looks just like one that was given up. So the
//! clean-up first commits a stamp, and deletes only what was written before it; whoever commits
//! looks at the stamp on the very version that it commits on, and uploads anew what is older.

use super::{Halt, Run, plan};
use crate::fence::UPLOADS_BEFORE;
use crate::home::LOG_FOLDER;
use crate::positions::commit_actions;
use crate::{Commit, Error, Table, fault};
use deltalake_core::{DeltaResult, ObjectMeta, ObjectStoreError, Path as StorePath};
use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

impl Run<'_> {
    /// Takes from the log what lies before the oldest version that is needed, which it returns.
    pub(super) async fn clean_log(&mut self) -> Result<u64, Halt> {
        let log = self.table.log_files().await.map_err(|source| self.table.fault(source))?;
        let kept_since_ms = self.policy.now_ms - self.policy.grace_ms;
        let oldest_needed = plan::oldest_needed(&log, &self.care.retained, kept_since_ms);
        if let Some((checkpoint, superseded)) = plan::superseded(log, oldest_needed) {
            // A checkpoint that cannot be read must not be all that is left.
            self.lake.open_table_at(&self.care.table, checkpoint).await?;
            let rows = self.rows();
            for file in superseded {
                let path = StorePath::from_iter([LOG_FOLDER, &file.name]);
                delete(&self.table, &path).await.map_err(|source| self.table.fault(source))?;
                self.done.log_files_removed += 1;
                fault::point("maintenance.in_log_cleanup", rows);
            }
        }
        Ok(oldest_needed)
    }

    /// Deletes the data files that no version from the oldest needed on refers to.
    pub(super) async fn vacuum(&mut self, oldest_needed: u64) -> Result<(), Halt> {
        let stored = self.table.positions().get(UPLOADS_BEFORE).copied();
        let Some(uploads_before_ms) = plan::next_uploads_before(stored, self.policy) else { return Ok(()) };
        self.delete_torn(uploads_before_ms)?;
        let unused = self.unused(oldest_needed, uploads_before_ms).await?;
        if unused.is_empty() { Ok(()) } else { self.delete_unused(unused, uploads_before_ms).await }
    }

    /// Deletes uploads that a kill has cut short. The storage hides them: no commit can name them.
    fn delete_torn(&mut self, uploads_before_ms: i64) -> Result<(), Halt> {
        let folder = self.lake.folder().join(&self.care.table);
        let torn =
            torn_uploads(&folder, uploads_before_ms).map_err(|source| Error::Io { path: folder, source })?;
        for (path, bytes) in torn {
            std::fs::remove_file(&path).map_err(|source| Error::Io { path, source })?;
            self.done.files_deleted += 1;
            self.done.bytes_freed += bytes;
        }
        Ok(())
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
        let rows = self.rows();
        for file in plan::unused(unused, &since, uploads_before_ms) {
            let deleted = delete(&self.table, &StorePath::from(file.path)).await;
            deleted.map_err(|source| self.table.fault(source))?;
            self.done.files_deleted += 1;
            self.done.bytes_freed += file.bytes;
            fault::point("vacuum.in_delete", rows);
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

/// Uploads below a folder that were begun before the stamp and never finished, with their sizes. Until
/// it is whole, the storage keeps a file on disk under its name with `#` and a number behind it.
fn torn_uploads(folder: &Path, uploads_before_ms: i64) -> io::Result<Vec<(PathBuf, u64)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        let since_1970 = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let is_old = since_1970.as_millis() < u128::try_from(uploads_before_ms).unwrap_or_default();
        if metadata.is_dir() {
            found.extend(torn_uploads(&entry.path(), uploads_before_ms)?);
        } else if is_old && is_torn(&entry.file_name().to_string_lossy()) {
            found.push((entry.path(), metadata.len()));
        }
    }
    Ok(found)
}

fn is_torn(name: &str) -> bool {
    name.rsplit_once('#').is_some_and(|(_, number)| number.parse::<u32>().is_ok())
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
                paths.insert(StorePath::from_url_path(path)?.to_string());
            }
        }
    }
    Ok(paths)
}

/// Deletes a file; that another process was faster is no failure.
async fn delete(table: &Table, path: &StorePath) -> DeltaResult<()> {
    match table.delta.log_store().object_store(None).delete(path).await {
        Ok(()) | Err(ObjectStoreError::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
