//! A measure's plan, taken apart into the things that it counts and what it does with them. Pure.
//!
//! A measure is an aggregate over things, and things are the rows of a model, or groups of them. What is
//! below the aggregate makes the things; the aggregate's groups are the period and the dimensions. Run
//! with one more group, the number of the thing, the same aggregate says what each thing adds: sums and
//! counts add up over any division of what they are taken over.

use super::{Slice, walks};
use crate::{Error, catalogue};
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, ScalarValue, TableReference};
use datafusion::datasource::provider_as_source;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan, LogicalPlanBuilder, Projection};
use datafusion::prelude::lit;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The column that numbers the things.
pub(crate) const NUMBER: &str = "explained_number";

/// The column that says whether a thing meets a condition to count.
pub(crate) fn condition(place: usize) -> String {
    format!("explained_condition_{place}")
}

/// The column that says whether it meets a condition of the numerator.
pub(crate) fn numerator_condition(place: usize) -> String {
    format!("explained_numerator_{place}")
}

/// Whether a column was added here.
pub(crate) fn is_ours(name: &str) -> bool {
    name.starts_with("explained_")
}

/// A measure, taken apart.
#[derive(Debug)]
pub(crate) struct TakenApart {
    pub(crate) model: String,
    pub(crate) key: Vec<String>,
    pub(crate) is_row: bool,
    pub(crate) conditions: Vec<Expr>,
    pub(crate) numerator_conditions: Vec<Expr>,
    pub(crate) deciding: Vec<String>,
    pub(crate) deciding_in_rows: Vec<String>,
    is_by_month: bool,
    /// Makes the things, those that do not meet the conditions too.
    source: LogicalPlan,
    aggregate: Aggregate,
    /// What becomes of the aggregate.
    projection: Projection,
}

/// Why a measure cannot be taken apart.
#[derive(Debug)]
pub(crate) enum Problem {
    Shape(&'static str),
    Query(DataFusionError),
}

impl From<DataFusionError> for Problem {
    fn from(error: DataFusionError) -> Self {
        Self::Query(error)
    }
}

impl Problem {
    pub(crate) fn of_kpi(self, kpi: &str) -> Error {
        match self {
            Self::Query(error) => error.into(),
            Self::Shape(problem) => Error::Definition {
                file: format!("kpis/{kpi}.sql"),
                problem: format!("cannot be explained: {problem}"),
            },
        }
    }
}

impl TakenApart {
    /// Takes a measure's plan apart at its last aggregate; that of a measure by month, which goes on from
    /// sums to shares and differences, at its first.
    pub(crate) fn of(plan: &LogicalPlan, is_by_month: bool) -> Result<Self, Problem> {
        let found = if is_by_month { walks::first_aggregate(plan, None) } else { walks::last_aggregate(plan) };
        let (projection, aggregate) =
            found.ok_or(Problem::Shape("its result is not a selection from one GROUP BY"))?;
        if !aggregate.aggr_expr.iter().all(walks::adds_up) {
            return Err(Problem::Shape("it takes something else than a count or a sum, which does not add up"));
        }
        let (mut source, mut conditions) = (aggregate.input.as_ref(), Vec::new());
        while let LogicalPlan::Filter(filter) = source {
            conditions.extend(split_conjunction(&filter.predicate).into_iter().cloned());
            source = filter.input.as_ref();
        }
        let source = walks::with_all_columns(source.clone())?;
        let model = walks::model(&source)?.ok_or(Problem::Shape("it reads no model"))?;
        let relations: BTreeSet<_> = source.schema().columns().into_iter().map(|column| column.relation).collect();
        if relations.len() != 1 {
            return Err(Problem::Shape("its last GROUP BY is over several tables at once"));
        }
        let row_key = catalogue().model(&model).map(|model| model.declared.row_key.clone()).unwrap_or_default();
        let has = |name: &String| source.schema().has_column_with_unqualified_name(name);
        let key: Vec<String> = row_key.iter().filter(|name| has(name)).cloned().collect();
        let numerator_conditions = walks::numerator_conditions(projection, aggregate);
        let deciding = walks::columns(conditions.iter().chain(&aggregate.aggr_expr));
        let is_row = key.len() == row_key.len();
        let deciding_in_rows = if is_row { Vec::new() } else { walks::deciding_below(&source)? };
        let (aggregate, projection) = (aggregate.clone(), projection.clone());
        Ok(Self {
            model,
            is_row,
            key,
            conditions,
            numerator_conditions,
            deciding,
            deciding_in_rows,
            is_by_month,
            source,
            aggregate,
            projection,
        })
    }

    /// The things of a slice, by key, with a column for each condition.
    pub(crate) fn things(&self, slice: &Slice) -> Result<LogicalPlan, Error> {
        let things = LogicalPlanBuilder::from(self.source.clone()).filter(self.of_slice(slice)?)?;
        let in_order: Vec<_> = self.key.iter().map(|name| self.column(name).sort(true, true)).collect();
        let things = if in_order.is_empty() { things } else { things.sort(in_order)? };
        let columns = self.source.schema().columns().into_iter().map(Expr::Column);
        let is_met = |condition: &Expr, name: String| Expr::IsTrue(Box::new(condition.clone())).alias(name);
        let conditions = self.conditions.iter().enumerate().map(|(place, one)| is_met(one, condition(place)));
        let of_numerator = self.numerator_conditions.iter().enumerate();
        let of_numerator = of_numerator.map(|(place, one)| is_met(one, numerator_condition(place)));
        Ok(things.project(columns.chain(conditions).chain(of_numerator).collect::<Vec<_>>())?.build()?)
    }

    /// The measure over its numbered things, with the number as one more group.
    pub(crate) fn told_apart(&self, things: Arc<dyn TableProvider>) -> Result<LogicalPlan, Error> {
        let relation = self.relation().unwrap_or_else(|| TableReference::bare("things"));
        let number = Expr::Column(Column::new(Some(relation.clone()), NUMBER));
        let mut plan = LogicalPlanBuilder::scan(relation, provider_as_source(things), None)?;
        if let Some(all) = conjunction(self.conditions.iter().cloned()) {
            plan = plan.filter(all)?;
        }
        let groups = self.aggregate.group_expr.iter().cloned().chain([number.clone()]);
        let plan = plan.aggregate(groups, self.aggregate.aggr_expr.iter().cloned())?;
        let selected: Vec<Expr> = match self.is_by_month {
            true => plan
                .schema()
                .columns()
                .into_iter()
                .skip(self.aggregate.group_expr.len() + 1)
                .take(1)
                .map(Expr::Column)
                .collect(),
            false => self.projection.expr.clone(),
        };
        Ok(plan.project(selected.into_iter().chain([number.alias(NUMBER)]).collect::<Vec<_>>())?.build()?)
    }

    /// Restricts things to a period and values of dimensions.
    fn of_slice(&self, slice: &Slice) -> Result<Expr, Error> {
        let day = ScalarValue::Date32(Some(slice.period.to_epoch_days()));
        let period = self.group(if self.is_by_month { "local_month" } else { "local_date" })?;
        let mut all = period.eq(Expr::Literal(day, None));
        for (name, value) in &slice.dimensions {
            let group = self.group(name)?;
            let is_value = group.clone().eq(lit(value.as_str()));
            // What has no value is shown as unknown.
            all = all.and(if value == "(unknown)" { is_value.or(group.is_null()) } else { is_value });
        }
        Ok(all)
    }

    /// What an output of the measure is called by, in columns of the things.
    fn group(&self, output: &str) -> Result<Expr, Error> {
        let selected = self.projection.expr.iter().find(|expr| expr.qualified_name().1 == output);
        let missing = || Error::Query(DataFusionError::Plan(format!("the measure has no column {output}")));
        let over_groups = selected.ok_or_else(missing)?.clone().unalias().transform(|expr| {
            let Expr::Column(column) = &expr else { return Ok(Transformed::no(expr)) };
            let place = self.aggregate.schema.index_of_column(column)?;
            Ok(match self.aggregate.group_expr.get(place) {
                Some(group) => Transformed::yes(group.clone().unalias()),
                None => Transformed::no(expr),
            })
        })?;
        Ok(over_groups.data)
    }

    fn column(&self, name: &str) -> Expr {
        let found = self.source.schema().columns().into_iter().find(|column| column.name == *name);
        Expr::Column(found.unwrap_or_else(|| Column::from_name(name)))
    }

    /// The name by which the measure speaks of its things.
    fn relation(&self) -> Option<TableReference> {
        self.source.schema().columns().into_iter().find_map(|column| column.relation)
    }
}
