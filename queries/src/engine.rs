//! The DataFusion session. The only place that makes one.

use crate::catalogue::{Catalogue, Kpi, catalogue};
use crate::{Error, content_hash, key_hash, local_time};
use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema, SchemaRef};
use chrono_tz::Tz;
use datafusion::catalog::TableProvider;
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::datasource::MemTable;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};
use futures::TryStreamExt;
use std::sync::Arc;

/// Rows with the columns that they have even where there is no row.
pub type Rows = (SchemaRef, Vec<RecordBatch>);

/// A session with the functions and definitions of this build; tables are bound by name.
#[derive(Clone)]
pub struct Engine {
    context: SessionContext,
    zone: Tz,
    as_of_micros: i64,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Engine({} as of {})", self.zone, self.as_of_micros)
    }
}

impl Engine {
    /// A session for a council in `zone`, as of an instant (microseconds since 1970, UTC), with the
    /// table `kpi_definitions` bound.
    ///
    /// # Errors
    /// [`Error::Query`].
    pub fn new(zone: Tz, as_of_micros: i64) -> Result<Self, Error> {
        let config = SessionConfig::new().with_information_schema(true);
        let context = SessionContext::new_with_config(config);
        for function in local_time::functions(zone) {
            context.register_udf(function);
        }
        context.register_udf(key_hash::function());
        context.register_udf(content_hash::function());
        let engine = Self { context, zone, as_of_micros };
        let definitions = definitions(catalogue())?;
        engine.bind_rows("kpi_definitions", definitions.schema(), vec![definitions])?;
        Ok(engine)
    }

    /// The instant as of which it measures, microseconds since 1970, UTC.
    pub fn as_of_micros(&self) -> i64 {
        self.as_of_micros
    }

    /// Binds a table; one of the same name is replaced.
    ///
    /// # Errors
    /// [`Error::Query`].
    pub fn bind(&self, name: &str, table: Arc<dyn TableProvider>) -> Result<(), Error> {
        self.context.deregister_table(name)?;
        self.context.register_table(name, table)?;
        Ok(())
    }

    /// Binds rows in memory.
    ///
    /// # Errors
    /// [`Error::Query`] when the batches do not have the schema.
    pub fn bind_rows(&self, name: &str, schema: SchemaRef, rows: Vec<RecordBatch>) -> Result<(), Error> {
        self.bind(name, Arc::new(MemTable::try_new(schema, vec![rows])?))
    }

    /// Binds a query under a name.
    ///
    /// # Errors
    /// [`Error::Query`].
    pub async fn bind_view(&self, name: &str, sql: &str) -> Result<(), Error> {
        let view = self.frame(sql, &[]).await?.into_view();
        self.bind(name, view)
    }

    /// Runs the definition in `file`, with `$as_of` and its own parameters, and gathers its rows.
    /// Every column may hold nulls: a plan that says otherwise speaks of its inputs, not of the
    /// tables that the rows go to.
    ///
    /// # Errors
    /// [`Error::Sql`] names the file.
    pub async fn define(&self, file: &str, sql: &str, parameters: &[(String, i64)]) -> Result<Rows, Error> {
        let fault = |error: Error| match error {
            Error::Query(source) => Error::Sql { file: file.to_owned(), source: Box::new(source) },
            other => other,
        };
        let frame = self.frame(sql, parameters).await.map_err(fault)?;
        // The stream's schema, not the frame's: the plan may have chosen another type for the same text.
        let stream = frame.execute_stream().await.map_err(|error| fault(error.into()))?;
        let nullable = |field: &Arc<Field>| field.as_ref().clone().with_nullable(true);
        let schema = Arc::new(Schema::new(stream.schema().fields().iter().map(nullable).collect::<Vec<_>>()));
        let rows: Vec<RecordBatch> = stream.try_collect().await.map_err(|error| fault(error.into()))?;
        let rows = rows.iter().map(|batch| RecordBatch::try_new(schema.clone(), batch.columns().to_vec()));
        Ok((schema.clone(), rows.collect::<Result<_, _>>()?))
    }

    /// Runs a query and gathers its rows.
    ///
    /// # Errors
    /// [`Error::Query`].
    pub async fn collect(&self, sql: &str) -> Result<Vec<RecordBatch>, Error> {
        Ok(self.frame(sql, &[]).await?.collect().await?)
    }

    /// Runs a query with parameters and gathers its rows.
    ///
    /// # Errors
    /// [`Error::Query`].
    pub async fn collect_with(&self, sql: &str, parameters: &[(String, i64)]) -> Result<Rows, Error> {
        let frame = self.frame(sql, parameters).await?;
        let schema = Arc::new(frame.schema().as_arrow().clone());
        Ok((schema, frame.collect().await?))
    }

    /// Runs a query about one measure, `$kpi`, with parameters, and gathers its rows.
    ///
    /// # Errors
    /// [`Error::Query`].
    pub async fn collect_of(&self, sql: &str, kpi: &str, parameters: &[(String, i64)]) -> Result<Rows, Error> {
        let mut values = self.values(parameters);
        values.push(("kpi".to_owned(), ScalarValue::from(kpi)));
        let frame = self.context.sql(sql).await?.with_param_values(ParamValues::from(values))?;
        let schema = Arc::new(frame.schema().as_arrow().clone());
        Ok((schema, frame.collect().await?))
    }

    /// Runs what somebody typed: reading only, whatever the statement.
    ///
    /// # Errors
    /// [`Error::Query`], also for a statement that would change something.
    pub async fn read_only(&self, sql: &str) -> Result<Rows, Error> {
        let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        let frame = self.context.sql_with_options(sql, options).await?;
        let schema = Arc::new(frame.schema().as_arrow().clone());
        Ok((schema, frame.collect().await?))
    }

    /// The tables that a query reads, those left out that it defines itself.
    ///
    /// # Errors
    /// [`Error::Query`] when it cannot be parsed.
    pub fn tables_in(&self, sql: &str) -> Result<Vec<String>, Error> {
        let state = self.context.state();
        let statement = state.sql_to_statement(sql, &datafusion::config::Dialect::Generic)?;
        let tables = state.resolve_table_references(&statement)?;
        Ok(tables.into_iter().map(|table| table.table().to_owned()).collect())
    }

    /// Whether a table of this name is bound.
    pub fn has_table(&self, name: &str) -> bool {
        self.context.table_exist(name).unwrap_or(false)
    }

    async fn frame(&self, sql: &str, parameters: &[(String, i64)]) -> Result<DataFrame, Error> {
        let frame = self.context.sql(sql).await?;
        Ok(frame.with_param_values(ParamValues::from(self.values(parameters)))?)
    }

    /// The plan of a query with parameters as it was written: nothing moved, nothing left out.
    pub(crate) async fn plan(&self, sql: &str, parameters: &[(String, i64)]) -> Result<LogicalPlan, Error> {
        Ok(self.frame(sql, parameters).await?.into_unoptimized_plan())
    }

    /// Runs a plan and gathers its rows.
    pub(crate) async fn run(&self, plan: LogicalPlan) -> Result<Rows, Error> {
        let stream = self.context.execute_logical_plan(plan).await?.execute_stream().await?;
        let schema = stream.schema();
        Ok((schema, stream.try_collect().await?))
    }

    /// `$as_of` and the parameters.
    fn values(&self, parameters: &[(String, i64)]) -> Vec<(String, ScalarValue)> {
        let as_of = ScalarValue::TimestampMicrosecond(Some(self.as_of_micros), Some(Arc::from("UTC")));
        let numbers = parameters.iter().map(|(name, value)| (name.clone(), ScalarValue::Int64(Some(*value))));
        std::iter::once(("as_of".to_owned(), as_of)).chain(numbers).collect()
    }
}

/// The measures' definitions as a table, for whoever reads the numbers.
fn definitions(catalogue: &Catalogue) -> Result<RecordBatch, Error> {
    let kpis: Vec<&Kpi> = catalogue.kpis.values().collect();
    let text = |column: fn(&Kpi) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(kpis.iter().map(|kpi| column(kpi))))
    };
    let number = |column: fn(&Kpi) -> i32| -> ArrayRef {
        Arc::new(Int32Array::from_iter_values(kpis.iter().map(|kpi| column(kpi))))
    };
    Ok(RecordBatch::try_from_iter(vec![
        ("kpi", text(|kpi| kpi.id.clone())),
        ("section", text(|kpi| kpi.declared.section.clone())),
        ("title", text(|kpi| kpi.declared.title.clone())),
        ("question", text(|kpi| kpi.declared.question.clone())),
        ("kind", text(|kpi| kpi.declared.kind.name().to_owned())),
        ("unit", text(|kpi| kpi.declared.unit.clone())),
        ("direction", text(|kpi| kpi.declared.direction.clone())),
        ("dimensions", text(|kpi| kpi.declared.dimensions.join(", "))),
        ("settles_after_days", number(|kpi| kpi.declared.settles_after_days as i32)),
        ("standard", text(|kpi| kpi.declared.standard.clone())),
        ("owner", text(|kpi| kpi.declared.owner.clone())),
        ("definition", text(|kpi| kpi.declared.definition.trim().to_owned())),
        ("definition_version", number(|kpi| kpi.declared.definition_version)),
    ])?)
}
