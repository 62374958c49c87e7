//! A Delta table at one version, as a plain Parquet scan.
//!
//! Files are pruned by partition value and file statistics. The plan is DataFusion's own
//! `DataSourceExec`, so that it runs in parallel and can be serialised. Deletion vectors and column
//! mapping are refused when the table is opened.

use crate::pruning;
use arrow::datatypes::{Fields, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DataFusionError, Result, ScalarValue, Statistics, ToDFSchema};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use deltalake_core::kernel::{EagerSnapshot, LogicalFileView};
use deltalake_core::{DeltaResult, DeltaTable};
use object_store::path::Path;
use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use url::Url;

/// A table at one version.
#[derive(Debug)]
pub struct SnapshotTable {
    schema: SchemaRef,
    table_schema: TableSchema,
    folder: PathBuf,
    snapshot: EagerSnapshot,
    /// Only these files, where not all of the version are meant.
    only: Option<Vec<Listed>>,
}

/// The value of a table's partition column as the log writes it, such as `2026-03-01`; `None` for null,
/// and for all of a table without such a column.
pub type Place = Option<String>;

/// A file as the log names it.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) path: Path,
    pub(crate) size: i64,
    pub(crate) rows: Option<usize>,
    pub(crate) partition_values: HashMap<String, Option<String>>,
}

impl From<&LogicalFileView> for Listed {
    fn from(file: &LogicalFileView) -> Self {
        Self {
            path: file.object_store_path(),
            size: file.size(),
            rows: file.num_records(),
            partition_values: file.partition_values_map(),
        }
    }
}

/// A file of a version.
#[derive(Debug, Clone)]
pub struct DataFile {
    /// Where it is.
    pub path: PathBuf,
    /// The values of the partition columns, as the log writes them; they stand in no file.
    pub partition_values: HashMap<String, Option<String>>,
}

impl SnapshotTable {
    pub(crate) fn new(table: &DeltaTable) -> DeltaResult<Self> {
        let snapshot = table.snapshot()?.snapshot().clone();
        let schema = snapshot.arrow_schema();
        let partition_columns = snapshot.metadata().partition_columns();
        let is_partition = |name: &String| partition_columns.contains(name);
        let (partition_fields, file_fields): (Vec<_>, Vec<_>) =
            schema.fields().iter().cloned().partition(|field| is_partition(field.name()));
        let table_schema = TableSchema::builder(Arc::new(Schema::new(file_fields)))
            .with_table_partition_cols(partition_fields)
            .build();
        let url = Url::parse(&format!("file://{}", table.table_url().path())).ok();
        let folder = url.and_then(|url| url.to_file_path().ok()).unwrap_or_default();
        Ok(Self { schema: table_schema.table_schema().clone(), table_schema, folder, snapshot, only: None })
    }

    /// The files of some places of this version, and no others.
    pub fn at(&self, places: &BTreeSet<Place>) -> Self {
        let here = |file: &Listed| places.contains(&self.place_of(&file.partition_values));
        self.of(self.listed().into_iter().filter(here).collect())
    }

    /// The files of this version that may hold, in a column, an instant within a range, microseconds since
    /// 1970, UTC; none that holds nulls alone.
    ///
    /// # Errors
    /// When there is no such column, or it has no instants.
    pub fn with_instants(&self, column: &str, range: RangeInclusive<i64>) -> Result<Self> {
        Ok(self.of(self.pruned(pruning::lies_in(column, &range, &self.schema)?)?))
    }

    /// Some files with the columns of this version, whether or not they are in it.
    pub(crate) fn of(&self, files: Vec<Listed>) -> Self {
        let (schema, table_schema) = (self.schema.clone(), self.table_schema.clone());
        Self {
            schema,
            table_schema,
            folder: self.folder.clone(),
            snapshot: self.snapshot.clone(),
            only: Some(files),
        }
    }

    /// Where a file with these partition values belongs.
    pub(crate) fn place_of(&self, partition_values: &HashMap<String, Option<String>>) -> Place {
        self.partition_column().and_then(|column| partition_values.get(column).cloned().flatten())
    }

    fn listed(&self) -> Vec<Listed> {
        match &self.only {
            Some(files) => files.clone(),
            None => self.snapshot.log_data().iter().map(|file| Listed::from(&file)).collect(),
        }
    }

    /// The table's columns, the partition columns last.
    pub fn columns(&self) -> Fields {
        self.schema.fields().clone()
    }

    /// Rows by the files' own count; `None` if a file does not say.
    pub fn row_count(&self) -> Option<usize> {
        self.listed().iter().map(|file| file.rows).sum()
    }

    /// How many files, and their size in bytes.
    pub fn file_count_and_bytes(&self) -> (usize, u64) {
        let files = self.listed();
        (files.len(), files.iter().map(|file| u64::try_from(file.size).unwrap_or_default()).sum())
    }

    /// The files of this version, for a reader that brings its own Parquet.
    pub fn data_files(&self) -> Vec<DataFile> {
        let described = self.listed().into_iter().map(|file| DataFile {
            path: self.folder.join(file.path.as_ref()),
            partition_values: file.partition_values,
        });
        described.collect()
    }

    fn files(&self, predicate: Option<&Arc<dyn PhysicalExpr>>) -> Result<Vec<PartitionedFile>> {
        let files = match predicate {
            Some(predicate) if self.only.is_none() => self.pruned(predicate.clone())?,
            _ => self.listed(),
        };
        files.iter().map(|file| self.partitioned(file)).collect()
    }

    /// The files of the whole version that may hold a row for which the predicate is true.
    fn pruned(&self, predicate: Arc<dyn PhysicalExpr>) -> Result<Vec<Listed>> {
        let log_data = self.snapshot.log_data();
        let kept = pruning::may_hold(log_data.clone(), &self.schema, predicate)?;
        let files = log_data.iter().zip(kept).filter(|(_, is_kept)| *is_kept);
        Ok(files.map(|(file, _)| Listed::from(&file)).collect())
    }

    pub(crate) fn partitioned_file(&self, file: &LogicalFileView) -> Result<PartitionedFile> {
        self.partitioned(&Listed::from(file))
    }

    fn partitioned(&self, file: &Listed) -> Result<PartitionedFile> {
        let path = self.folder.join(file.path.as_ref());
        let size = u64::try_from(file.size).unwrap_or_default();
        let values = &file.partition_values;
        let partition_values = self.table_schema.table_partition_cols().iter().map(|field| {
            let value = values.get(field.name()).cloned().flatten();
            ScalarValue::try_from(field.data_type()).and_then(|null| match value {
                Some(text) => ScalarValue::try_from_string(text, field.data_type()),
                None => Ok(null),
            })
        });
        let mut statistics = Statistics::new_unknown(&self.schema);
        if let Some(rows) = file.rows {
            statistics.num_rows = Precision::Exact(rows);
        }
        Ok(PartitionedFile::new(path.to_string_lossy(), size)
            .with_partition_values(partition_values.collect::<Result<_>>()?)
            .with_statistics(Arc::new(statistics)))
    }

    /// A scan of some files, one after the other, with all columns.
    pub(crate) fn scan_of(&self, files: FileGroup) -> Arc<dyn ExecutionPlan> {
        let source = Arc::new(ParquetSource::new(self.table_schema.clone()));
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), source);
        DataSourceExec::from_data_source(config.with_file_group(files).build())
    }

    /// The column that the table is partitioned by, if any.
    pub(crate) fn partition_column(&self) -> Option<&str> {
        self.table_schema.table_partition_cols().first().map(|field| field.name().as_str())
    }
}

#[async_trait]
impl TableProvider for SnapshotTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // Pruning skips files and row groups; DataFusion still filters the rows.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let df_schema = self.schema.clone().to_dfschema()?;
        let predicate = conjunction(filters.to_vec())
            .map(|filter| state.create_physical_expr(filter, &df_schema))
            .transpose()?;
        let files = self.files(predicate.as_ref())?;
        if files.is_empty() {
            let projected = match projection {
                Some(columns) => Arc::new(self.schema.project(columns)?),
                None => self.schema.clone(),
            };
            return Ok(Arc::new(EmptyExec::new(projected)));
        }
        let mut source = ParquetSource::new(self.table_schema.clone());
        if let Some(predicate) = predicate {
            source = source.with_predicate(predicate);
        }
        let groups = FileGroup::new(files).split_files(state.config().target_partitions());
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            // A limit may only be pushed down where no row is filtered out later.
            .with_limit(limit.filter(|_| filters.is_empty()))
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

impl From<crate::Error> for DataFusionError {
    fn from(error: crate::Error) -> Self {
        Self::External(Box::new(error))
    }
}
