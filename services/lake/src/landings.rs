//! What the newest commits say of themselves: when they landed and which positions they moved.

use crate::{Error, Table};
use deltalake_core::{DeltaResult, DeltaTableError};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A commit in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landing {
    /// The version that it made.
    pub version: u64,
    /// When, milliseconds since 1970, UTC, by the clock of whoever committed.
    pub at_ms: Option<i64>,
    /// The fences and stamps that it set, with their new values.
    pub positions: BTreeMap<String, i64>,
}

impl Table {
    /// The newest `most` commits up to the version at hand, newest first; fewer where the log has
    /// been cleaned.
    ///
    /// # Errors
    /// [`Error::Delta`].
    pub async fn landings(&self, most: u64) -> Result<Vec<Landing>, Error> {
        let newest = self.version();
        let mut found = Vec::new();
        for version in (newest.saturating_sub(most.saturating_sub(1))..=newest).rev() {
            match self.landing(version).await.map_err(|source| self.fault(source))? {
                Some(landing) => found.push(landing),
                None => break,
            }
        }
        Ok(found)
    }

    async fn landing(&self, version: u64) -> DeltaResult<Option<Landing>> {
        let Some(bytes) = self.delta.log_store().read_commit_entry(version).await? else { return Ok(None) };
        let mut landing = Landing { version, at_ms: None, positions: BTreeMap::new() };
        for line in String::from_utf8_lossy(&bytes).lines().filter(|line| !line.trim().is_empty()) {
            let action: Json =
                serde_json::from_str(line).map_err(|error| DeltaTableError::Generic(error.to_string()))?;
            landing.at_ms = action["commitInfo"]["timestamp"].as_i64().or(landing.at_ms);
            let set = &action["txn"];
            if let (Some(fence), Some(value)) = (set["appId"].as_str(), set["version"].as_i64()) {
                landing.positions.insert(fence.to_owned(), value);
            }
        }
        Ok(Some(landing))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use crate::{Commit, Lake, Span, TableSpec};
    use arrow::datatypes::{DataType, Field, Schema};
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use tempfile::TempDir;

    #[tokio::test]
    async fn the_newest_commits_come_first_up_to_where_the_log_was_cleaned() {
        let folder = TempDir::new().unwrap();
        let lake = Lake::open_or_create(folder.path()).unwrap();
        let schema = Arc::new(Schema::new(vec![Field::new("number", DataType::Int64, true)]));
        let spec = TableSpec { name: "t".to_owned(), schema, partition_column: None, sort_columns: Vec::new() };
        let mut table = lake.open_or_create_table(&spec).await.unwrap();
        for end in 1..=3 {
            let spans = vec![Span { fence: "a".to_owned(), start: (end > 1).then_some(end - 1), end }];
            let stamps = BTreeMap::from([("b".to_owned(), end * 10)]);
            table.commit(Commit { spans, stamps, ..Commit::default() }).await.unwrap();
        }
        let newest = table.landings(2).await.unwrap();
        assert_eq!(newest.iter().map(|landing| landing.version).collect::<Vec<_>>(), [3, 2]);
        assert_eq!(newest[1].positions, BTreeMap::from([("a".to_owned(), 2), ("b".to_owned(), 20)]));
        // 2020 in milliseconds: the log says seconds or microseconds nowhere.
        assert!(newest[0].at_ms.unwrap() > 1_577_836_800_000 && newest[0].at_ms >= newest[1].at_ms);
        assert_eq!(table.landings(50).await.unwrap().len(), 4);
        std::fs::remove_file(folder.path().join("t/_delta_log/00000000000000000001.json")).unwrap();
        assert_eq!(table.landings(50).await.unwrap().len(), 2);
    }
}
