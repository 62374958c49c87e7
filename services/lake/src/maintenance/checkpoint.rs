//! Checkpoints: the whole state of a table in one file, so that a reader need not begin at the first
//! commit.

use super::{Halt, Run, plan};
use crate::home::LOG_FOLDER;
use crate::{Error, Table};
use deltalake_core::checkpoints::create_checkpoint;
use deltalake_core::{DeltaResult, ObjectMeta, Path};
use futures::TryStreamExt;

impl Table {
    /// Makes a checkpoint of the version at hand if this many commits have come since the last one;
    /// says of which version. Where none is due that costs nothing.
    ///
    /// # Errors
    /// [`Error::Delta`]; the table is as it was.
    pub async fn checkpoint_if_due(&mut self, commits: u64) -> Result<Option<u64>, Error> {
        let version = self.version();
        if plan::commits_since(self.positions.checkpoint, version) < commits {
            return Ok(None);
        }
        // Another process may have made one meanwhile; the log knows.
        let log = self.log_files().await.map_err(|source| self.fault(source))?;
        self.positions.checkpoint = plan::newest_checkpoint(&log, version);
        if plan::commits_since(self.positions.checkpoint, version) < commits {
            return Ok(None);
        }
        create_checkpoint(&self.delta, None).await.map_err(|source| self.fault(source))?;
        self.positions.checkpoint = Some(version);
        tracing::info!(table = self.name(), version, "checkpoint made");
        Ok(Some(version))
    }

    /// The files of the log that belong to a version.
    pub(super) async fn log_files(&self) -> DeltaResult<Vec<plan::LogFile>> {
        let store = self.delta.log_store().object_store(None);
        let files: Vec<ObjectMeta> = store.list(Some(&Path::from(LOG_FOLDER))).try_collect().await?;
        let of_version =
            |file: &ObjectMeta| plan::log_file(file.location.filename()?, file.last_modified.timestamp_millis());
        Ok(files.iter().filter_map(of_version).collect())
    }
}

impl Run<'_> {
    pub(super) async fn checkpoint(&mut self) -> Result<(), Halt> {
        self.done.checkpoint = self.table.checkpoint_if_due(self.policy.checkpoint_after_commits).await?;
        Ok(())
    }
}
