//! The positions that a table's log holds: every application transaction, newest first wins.
//!
//! Delta's own look-up replays the log once per fence; this reads the newest checkpoint and the
//! commits after it once, and then only what is new.

use crate::home::LOG_FOLDER;
use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use bytes::Bytes;
use deltalake_core::logstore::LogStoreRef;
use deltalake_core::{DeltaResult, DeltaTableError, ObjectStore, Path};
use futures::TryStreamExt;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Positions by fence, as of a version of the log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Positions {
    read_through: Option<u64>,
    /// The newest checkpoint that has been seen.
    pub(crate) checkpoint: Option<u64>,
    pub(crate) by_fence: BTreeMap<String, i64>,
}

impl Positions {
    /// Reads on to `version`.
    pub(crate) async fn advance(&mut self, log: &LogStoreRef, version: u64) -> DeltaResult<()> {
        let mut next = match self.read_through {
            Some(seen) => seen + 1,
            None => self.read_checkpoint(log, 0, version).await?.unwrap_or_default(),
        };
        while next <= version {
            let Some(actions) = find_commit(log, next).await? else {
                // Cleaned away since: the checkpoint that it went into has its positions.
                next = self.read_checkpoint(log, next, version).await?.ok_or_else(|| missing(next))?;
                continue;
            };
            for action in actions {
                let txn = &action["txn"];
                if let (Some(fence), Some(position)) = (txn["appId"].as_str(), txn["version"].as_i64()) {
                    self.by_fence.insert(fence.to_owned(), position);
                }
            }
            next += 1;
        }
        self.read_through = Some(version);
        Ok(())
    }

    /// Takes the positions of the newest checkpoint up to `version`, and says which commit comes next;
    /// `None` where there is none from `first` on: an older one would take positions back.
    async fn read_checkpoint(&mut self, log: &LogStoreRef, first: u64, version: u64) -> DeltaResult<Option<u64>> {
        let store = log.object_store(None);
        let files: Vec<_> = store.list(Some(&Path::from(LOG_FOLDER))).try_collect().await?;
        let checkpoint_of = |path: &Path| {
            let name = path.filename()?.strip_suffix(".checkpoint.parquet")?;
            name.parse::<u64>().ok().filter(|found| (first..=version).contains(found))
        };
        let newest = files.iter().filter_map(|file| Some((checkpoint_of(&file.location)?, &file.location))).max();
        let Some((checkpoint, path)) = newest else { return Ok(None) };
        let bytes = store.get_opts(path, Default::default()).await?.bytes().await?;
        self.read_checkpoint_file(bytes)?;
        self.checkpoint = Some(checkpoint);
        Ok(Some(checkpoint + 1))
    }

    fn read_checkpoint_file(&mut self, bytes: Bytes) -> DeltaResult<()> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
        let only_txn = ProjectionMask::columns(builder.parquet_schema(), ["txn.appId", "txn.version"]);
        for batch in builder.with_projection(only_txn).build()? {
            let batch = batch?;
            let Some(txn) = batch.column_by_name("txn").and_then(|column| column.as_struct_opt()) else {
                continue;
            };
            let fences = txn.column_by_name("appId").and_then(|column| column.as_string_opt::<i32>());
            let positions =
                txn.column_by_name("version").and_then(|column| column.as_primitive_opt::<Int64Type>());
            let (Some(fences), Some(positions)) = (fences, positions) else { continue };
            for row in (0..txn.len()).filter(|row| txn.is_valid(*row) && fences.is_valid(*row)) {
                self.by_fence.insert(fences.value(row).to_owned(), positions.value(row));
            }
        }
        Ok(())
    }
}

/// The actions of one commit.
pub(crate) async fn commit_actions(log: &LogStoreRef, version: u64) -> DeltaResult<Vec<Json>> {
    find_commit(log, version).await?.ok_or_else(|| missing(version))
}

/// The actions of one commit; `None` when the log does not hold it, or not any more.
pub(crate) async fn find_commit(log: &LogStoreRef, version: u64) -> DeltaResult<Option<Vec<Json>>> {
    let Some(bytes) = log.read_commit_entry(version).await? else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let actions =
        lines.map(|line| serde_json::from_str(line).map_err(|error| DeltaTableError::Generic(error.to_string())));
    actions.collect::<DeltaResult<_>>().map(Some)
}

fn missing(version: u64) -> DeltaTableError {
    DeltaTableError::Generic(format!("commit {version} is missing from the log"))
}
