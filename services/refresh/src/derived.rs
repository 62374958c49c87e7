//! The derived tables: what each holds, computed from what the session has bound. Nothing is written here,
//! so that whoever builds and whoever verifies compute the same.

use crate::Error;
use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use lake::TableSpec;
use queries::{Engine, MeasureTable, Model, Rows};
use std::sync::Arc;

/// All rows of a derived table, with the types of the lake.
#[derive(Debug)]
pub(crate) struct Derived {
    pub(crate) spec: TableSpec,
    pub(crate) rows: Vec<RecordBatch>,
}

impl Derived {
    pub(crate) fn row_count(&self) -> usize {
        self.rows.iter().map(RecordBatch::num_rows).sum()
    }
}

/// Folds a model from its inputs. `picked` is joined to the rows, as `folded`, where not all are wanted.
pub(crate) async fn of_model(engine: &Engine, model: &Model, picked: Option<&str>) -> Result<Derived, Error> {
    let sql = match picked {
        Some(picked) => format!("SELECT folded.* FROM ({}\n) AS folded {picked}", model.sql),
        None => model.sql.clone(),
    };
    let rows = engine.define(&format!("models/{}.sql", model.name), &sql, &[]).await?;
    let (schema, rows) = as_in_the_lake(&rows)?;
    let partition_column = model.declared.partition.clone();
    let sort_columns = model.declared.row_key.clone();
    let spec = TableSpec { name: model.name.clone(), schema, partition_column, sort_columns };
    Ok(Derived { spec, rows })
}

const VALUE_COLUMNS: [&str; 5] = ["numerator", "denominator", "count", "status", "local_month"];

/// Measures a table's measures from the models, where `condition` holds if one is given; `None` if it has none.
pub(crate) async fn of_measures(
    engine: &Engine,
    measured: &MeasureTable,
    condition: Option<&str>,
) -> Result<Option<Derived>, Error> {
    let Some(rows) = measured.rows(engine, condition).await? else { return Ok(None) };
    let (schema, rows) = as_in_the_lake(&rows)?;
    let sort = schema.fields().iter().map(|field| field.name().clone());
    let sort_columns = sort.filter(|name| !VALUE_COLUMNS.contains(&name.as_str())).collect();
    let partition_column = Some("local_month".to_owned());
    let spec = TableSpec { name: measured.name.to_owned(), schema, partition_column, sort_columns };
    Ok(Some(Derived { spec, rows }))
}

/// The rows with the columns of a derived table.
pub(crate) fn as_rows_of(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Vec<RecordBatch>, Error> {
    let typed = batches.iter().map(|batch| {
        let column = |field: &Arc<Field>| cast(&batch[field.name().as_str()], field.data_type());
        let columns = schema.fields().iter().map(column).collect::<Result<_, _>>()?;
        Ok(RecordBatch::try_new(schema.clone(), columns)?)
    });
    typed.collect()
}

/// The rows with the types of the lake.
pub(crate) fn as_in_the_lake((schema, batches): &Rows) -> Result<Rows, Error> {
    let schema = lake_schema(schema);
    let typed = batches.iter().map(|batch| {
        let columns = batch.columns().iter().zip(schema.fields());
        let columns = columns.map(|(column, field)| cast(column, field.data_type())).collect::<Result<_, _>>()?;
        RecordBatch::try_new(schema.clone(), columns)
    });
    let typed = typed.collect::<Result<_, _>>()?;
    Ok((schema, typed))
}

fn lake_schema(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| Field::new(field.name(), lake_type(field.data_type()), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn lake_type(kind: &DataType) -> DataType {
    match kind {
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
        DataType::UInt64 | DataType::UInt32 => DataType::Int64,
        DataType::Timestamp(_, _) => schemas::field::timestamp_type(),
        DataType::List(_) => schemas::field::text_list_type(),
        DataType::Dictionary(_, value) => lake_type(value),
        other => other.clone(),
    }
}
