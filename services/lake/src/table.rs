//! One Delta table: open, read on, write files; and commit, in `commit.rs`.

mod commit;
mod replacement;

pub use commit::{Commit, Committed, Patience};

use crate::files::{self, Files};
use crate::positions::Positions;
use crate::{Error, QUARANTINE_TABLE, SnapshotTable, fault};
use arrow::array::RecordBatch;
use arrow::datatypes::{Fields, SchemaRef};
use deltalake_core::kernel::StructType;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::SaveMode;
use deltalake_core::{DeltaResult, DeltaTable, DeltaTableBuilder, DeltaTableError};
use std::collections::BTreeMap;
use std::sync::Arc;
use url::Url;

/// What a table is made of.
#[derive(Debug, Clone)]
pub struct TableSpec {
    /// Name; also the folder.
    pub name: String,
    /// Columns, the partition column last.
    pub schema: SchemaRef,
    /// The column that partitions it, if any.
    pub partition_column: Option<String>,
    /// The order of rows inside a file.
    pub sort_columns: Vec<String>,
}

/// A table at one version, which moves on with each commit.
#[derive(Debug)]
pub struct Table {
    name: String,
    pub(crate) delta: DeltaTable,
    pub(crate) positions: Positions,
    /// The newest version that this process knows to be in the log, whatever the storage lists.
    known_version: u64,
    resolved_commits: u64,
}

impl Table {
    pub(crate) async fn create(spec: &TableSpec, url: Url) -> Result<Self, Error> {
        let fault = |source| Error::Delta { table: spec.name.clone(), source: Box::new(source) };
        let schema = kernel_schema(&spec.schema).map_err(fault)?;
        let store =
            DeltaTableBuilder::from_url(url.clone()).and_then(|table| table.build_storage()).map_err(fault)?;
        let created = CreateBuilder::new()
            .with_log_store(store)
            .with_table_name(&spec.name)
            .with_columns(schema.fields().cloned())
            .with_partition_columns(spec.partition_column.iter())
            .with_save_mode(SaveMode::ErrorIfExists)
            .await;
        // Two processes may create it at once: the loser opens what the winner made.
        match created {
            Ok(_) => Self::load(&spec.name, url, None).await,
            Err(error) => match Self::load(&spec.name, url, None).await {
                Ok(table) => Ok(table),
                Err(_) => Err(fault(error)),
            },
        }
    }

    pub(crate) async fn load(name: &str, url: Url, version: Option<u64>) -> Result<Self, Error> {
        let fault = |source| Error::Delta { table: name.to_owned(), source: Box::new(source) };
        let mut builder = DeltaTableBuilder::from_url(url).map_err(fault)?;
        if let Some(version) = version {
            builder = builder.with_version(version);
        }
        let delta = builder.load().await.map_err(fault)?;
        let (name, positions) = (name.to_owned(), Positions::default());
        let mut table = Self { name, delta, positions, known_version: 0, resolved_commits: 0 };
        table.refuse_unsupported()?;
        table.read_positions().await.map_err(fault)?;
        Ok(table)
    }

    /// Name of the table.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version at hand.
    pub fn version(&self) -> u64 {
        self.delta.version().unwrap_or_default()
    }

    /// Which table this is: one that is deleted and made anew under the same name has another id.
    ///
    /// # Errors
    /// [`Error::Delta`].
    pub fn id(&self) -> Result<String, Error> {
        let snapshot = self.delta.snapshot().map_err(|source| self.fault(source))?;
        Ok(snapshot.metadata().id().to_owned())
    }

    /// The positions in the log at this version, by fence.
    pub fn positions(&self) -> &BTreeMap<String, i64> {
        &self.positions.by_fence
    }

    /// How many commits have landed whose outcome was not known at first, since the table was opened.
    pub fn resolved_commits(&self) -> u64 {
        self.resolved_commits
    }

    /// The columns at this version.
    ///
    /// # Errors
    /// [`Error::Delta`].
    pub fn columns(&self) -> Result<Fields, Error> {
        let snapshot = self.delta.snapshot().map_err(|source| self.fault(source))?;
        Ok(snapshot.snapshot().arrow_schema().fields().clone())
    }

    /// Reads on to the newest version.
    ///
    /// # Errors
    /// [`Error::Delta`].
    pub async fn update(&mut self) -> Result<(), Error> {
        let moved = self.delta.update_incremental(None).await;
        let read = match moved {
            Ok(()) => self.read_positions().await,
            failed => failed,
        };
        read.map_err(|source| self.fault(source))
    }

    /// The table at this version, for DataFusion.
    ///
    /// # Errors
    /// [`Error::Delta`].
    pub fn snapshot(&self) -> Result<Arc<SnapshotTable>, Error> {
        SnapshotTable::new(&self.delta).map(Arc::new).map_err(|source| self.fault(source))
    }

    /// Writes rows as files, sorted, one partition value a file at least, one file open at a time.
    /// Nothing is visible yet.
    ///
    /// # Errors
    /// [`Error::Arrow`] when the batches do not fit the table; [`Error::Delta`].
    pub async fn write(&self, spec: &TableSpec, batches: &[RecordBatch]) -> Result<Files, Error> {
        let partition = spec.partition_column.as_deref();
        let parts = files::Sorted::new(&spec.schema, batches, partition, &spec.sort_columns)?;
        let mut files = Files::default();
        for part in parts.iter() {
            let part = part?;
            let rows = part.num_rows();
            let written = files::write(self.delta.table_url().as_str(), &spec.schema, partition, part).await;
            files.adds.extend(written.map_err(|source| self.fault(source))?);
            files.rows += rows;
            // The quarantine's upload decides nothing.
            let in_flight = if spec.name == QUARANTINE_TABLE { 0 } else { files.rows };
            fault::point("upload.after_file", in_flight);
        }
        Ok(files)
    }

    async fn read_positions(&mut self) -> DeltaResult<()> {
        let version = self.version();
        self.positions.advance(&self.delta.log_store(), version).await
    }

    fn refuse_unsupported(&self) -> Result<(), Error> {
        let snapshot = self.delta.snapshot().map_err(|source| self.fault(source))?;
        let configuration = snapshot.metadata().configuration();
        let on = |key: &str, off: &str| configuration.get(key).is_some_and(|value| value != off);
        let feature = match () {
            () if on("delta.enableDeletionVectors", "false") => "deletion vectors",
            () if on("delta.columnMapping.mode", "none") => "column mapping",
            // Positions would expire, and Kafka would be read again from the start.
            () if configuration.contains_key("delta.setTransactionRetentionDuration") => "expiring transactions",
            () => return Ok(()),
        };
        Err(Error::Unsupported { table: self.name.clone(), feature: feature.to_owned() })
    }

    pub(crate) fn fault(&self, source: DeltaTableError) -> Error {
        Error::Delta { table: self.name.clone(), source: Box::new(source) }
    }
}

fn kernel_schema(schema: &SchemaRef) -> DeltaResult<StructType> {
    Ok(schema.as_ref().try_into_kernel()?)
}
