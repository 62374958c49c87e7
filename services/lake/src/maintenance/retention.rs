//! Rows that have had their time: whole partitions are taken out of the table. Their files go when
//! no version that is needed refers to them any more.

use super::{Halt, Run, plan};
use crate::{Commit, fault};
use deltalake_core::DeltaResult;
use deltalake_core::kernel::LogicalFileView;

impl Run<'_> {
    pub(super) async fn retain(&mut self) -> Result<(), Halt> {
        let Some(retention) = self.care.appended.as_ref().and_then(|appended| appended.retention) else {
            return Ok(());
        };
        let now_ms = self.policy.now_ms;
        let is_expired = |value: &str| value.parse().is_ok_and(|day| plan::is_expired(day, retention, now_ms));
        let files = self.files().map_err(|source| self.table.fault(source))?;
        let expired = files.iter().filter(|file| partition_value(file).is_some_and(|value| is_expired(&value)));
        let (mut removes, mut rows) = (Vec::new(), 0);
        for file in expired {
            removes.push(file.path().into_owned());
            rows += file.num_records().unwrap_or_default();
        }
        if removes.is_empty() {
            return Ok(());
        }
        fault::point("retention.before_commit", rows);
        self.commit(Commit { removes, ..Commit::default() }).await?;
        self.done.expired_rows = rows;
        Ok(())
    }

    /// The files of the table as it is now.
    pub(super) fn files(&self) -> DeltaResult<Vec<LogicalFileView>> {
        Ok(self.table.delta.snapshot()?.log_data().iter().collect())
    }

    /// Rows of the table as it is now, by the files' own count.
    pub(super) fn rows(&self) -> usize {
        let files = self.files().unwrap_or_default();
        files.iter().filter_map(LogicalFileView::num_records).sum()
    }
}

/// The partition value of a file, as the log writes it. Our tables have one partition column at most.
pub(super) fn partition_value(file: &LogicalFileView) -> Option<String> {
    file.partition_values_map().into_values().next().flatten()
}
