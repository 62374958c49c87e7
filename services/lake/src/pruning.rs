//! Which files of a version may hold rows that a filter wants, by what the log says of their values.

use arrow::array::{ArrayRef, AsArray, BooleanArray, TimestampMicrosecondArray, UInt64Array};
use arrow::datatypes::{DataType, SchemaRef, TimeUnit, TimestampMicrosecondType};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, DataFusionError, ScalarValue, ToDFSchema};
use datafusion::execution::context::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{col, lit};
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use deltalake_core::kernel::LogDataHandler;
use serde_json::Value as Json;
use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Of each file of a version, whether it may hold a row for which the predicate is true.
pub(crate) fn may_hold(
    files: LogDataHandler<'_>,
    schema: &SchemaRef,
    predicate: Arc<dyn PhysicalExpr>,
) -> Result<Vec<bool>, DataFusionError> {
    let pruning = PruningPredicateBuilder::new().with_file_schema(schema.clone()).try_build(predicate)?;
    pruning.prune(&Known(files))
}

/// Whether an instant lies in a range, microseconds since 1970, UTC.
pub(crate) fn lies_in(
    column: &str,
    range: &RangeInclusive<i64>,
    schema: &SchemaRef,
) -> Result<Arc<dyn PhysicalExpr>, DataFusionError> {
    let instant = |micros: i64| lit(ScalarValue::TimestampMicrosecond(Some(micros), Some(Arc::from("UTC"))));
    let within = col(column).between(instant(*range.start()), instant(*range.end()));
    let schema = schema.clone().to_dfschema()?;
    create_physical_expr(&within, &schema, &ExecutionProps::new(), &PhysicalPlanningContext::default())
}

/// What the log says of the values in each file. It keeps instants to the millisecond, cut off, so that the
/// latest of a file may be later than it says. Deltalake's own count of rows and nulls finds none, and files of
/// nulls alone would be kept.
struct Known<'a>(LogDataHandler<'a>);

const CUT_OFF_MICROS: i64 = 999;

impl PruningStatistics for Known<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.0.min_values(column)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        let said = self.0.max_values(column)?;
        let DataType::Timestamp(TimeUnit::Microsecond, zone) = said.data_type() else { return Some(said) };
        let instants = said.as_primitive::<TimestampMicrosecondType>();
        let latest: TimestampMicrosecondArray = instants.unary(|at| at.saturating_add(CUT_OFF_MICROS));
        Some(Arc::new(latest.with_timezone_opt(zone.clone())))
    }

    fn num_containers(&self) -> usize {
        self.0.num_containers()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let counts = self.0.iter().map(|file| {
            let said: Json = serde_json::from_str(&file.stats()?).ok()?;
            said["nullCount"][&column.name].as_u64()
        });
        Some(Arc::new(counts.collect::<UInt64Array>()))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        let counts = self.0.iter().map(|file| file.num_records().and_then(|rows| u64::try_from(rows).ok()));
        Some(Arc::new(counts.collect::<UInt64Array>()))
    }

    fn contained(&self, column: &Column, values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        self.0.contained(column, values)
    }
}

#[cfg(test)]
mod tests;
