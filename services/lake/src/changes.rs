//! What has come to a table since a version, told by the log and not by any clock.

use crate::positions::find_commit;
use crate::snapshot_table::Listed;
use crate::{Error, SnapshotTable, Table};
use deltalake_core::kernel::Add;
use deltalake_core::{DeltaTableError, Path};
use serde_json::Value as Json;
use std::sync::Arc;

/// How a table has changed since a version.
#[derive(Debug)]
pub enum Changes {
    /// Not a row, whatever else the log says.
    None,
    /// These rows were added, and none was taken away.
    Appended(Arc<SnapshotTable>),
    /// It cannot be told by the rows alone; why, as the end of a sentence about the table.
    Untold(String),
}

impl Table {
    /// The rows that came between `since` and the version at hand. Files that were only put together
    /// bring none.
    ///
    /// # Errors
    /// [`Error::Delta`].
    pub async fn changes_since(&self, since: u64) -> Result<Changes, Error> {
        if since > self.version() {
            return Ok(Changes::Untold(format!("was put back to version {}", self.version())));
        }
        let snapshot = self.snapshot()?;
        let mut added = Vec::new();
        for version in since + 1..=self.version() {
            let actions = find_commit(&self.delta.log_store(), version).await;
            let Some(actions) = actions.map_err(|source| self.fault(source))? else {
                return Ok(Changes::Untold(format!("has no log left of version {version}")));
            };
            for action in &actions {
                if action["remove"]["dataChange"] == Json::Bool(true) {
                    return Ok(Changes::Untold(format!("lost rows with version {version}")));
                }
                if action["add"]["dataChange"] == Json::Bool(true) {
                    added.push(self.listed(&action["add"])?);
                }
            }
        }
        if added.is_empty() {
            return Ok(Changes::None);
        }
        let appended = snapshot.of(added);
        // What was put together with others since is still there for a day; then it is not.
        match appended.data_files().into_iter().find(|file| !file.path.is_file()) {
            Some(gone) => {
                let name = gone.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                Ok(Changes::Untold(format!("no longer has the file {name}")))
            }
            None => Ok(Changes::Appended(Arc::new(appended))),
        }
    }

    fn listed(&self, add: &Json) -> Result<Listed, Error> {
        let fault = |error: String| self.fault(DeltaTableError::Generic(error));
        let add: Add = serde_json::from_value(add.clone()).map_err(|error| fault(error.to_string()))?;
        let statistics: Json =
            add.stats.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        Ok(Listed {
            path: Path::parse(&add.path).map_err(|error| fault(error.to_string()))?,
            size: add.size,
            rows: statistics["numRecords"].as_u64().and_then(|rows| usize::try_from(rows).ok()),
            partition_values: add.partition_values,
        })
    }
}
