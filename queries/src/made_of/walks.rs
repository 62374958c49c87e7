//! Walks through a measure's plan: where its aggregate is, what stands below it, what it looks at. Pure.

use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan, Projection};

/// The aggregate that the result is selected from.
pub(super) fn last_aggregate(plan: &LogicalPlan) -> Option<(&Projection, &Aggregate)> {
    match plan {
        LogicalPlan::Projection(projection) => match projection.input.as_ref() {
            LogicalPlan::Aggregate(aggregate) => Some((projection, aggregate)),
            _ => None,
        },
        _ => None,
    }
}

/// The first aggregate that counts something over things and not over other aggregates, with the
/// selection above it.
pub(super) fn first_aggregate<'a>(
    plan: &'a LogicalPlan,
    above: Option<&'a Projection>,
) -> Option<(&'a Projection, &'a Aggregate)> {
    let above = if let LogicalPlan::Projection(projection) = plan { Some(projection) } else { above };
    if let Some(found) = plan.inputs().into_iter().find_map(|input| first_aggregate(input, above)) {
        return Some(found);
    }
    match (plan, above) {
        (LogicalPlan::Aggregate(aggregate), Some(above)) if !aggregate.aggr_expr.is_empty() => {
            Some((above, aggregate))
        }
        _ => None,
    }
}

/// Selections that let go of columns of what they select from keep them.
pub(super) fn with_all_columns(plan: LogicalPlan) -> Result<LogicalPlan, DataFusionError> {
    let widened = plan.transform_up(|node| match node {
        LogicalPlan::Projection(projection) => {
            let mut selected = projection.expr;
            let used: Vec<Column> = selected.iter().flat_map(|expr| expr.column_refs()).cloned().collect();
            let names: Vec<String> = selected.iter().map(|expr| expr.qualified_name().1).collect();
            let columns = projection.input.schema().columns().into_iter();
            let more = columns.filter(|column| !used.contains(column) && !names.contains(&column.name));
            selected.extend(more.map(Expr::Column));
            Projection::try_new(selected, projection.input).map(LogicalPlan::Projection).map(Transformed::yes)
        }
        other => other.recompute_schema().map(Transformed::yes),
    })?;
    Ok(widened.data)
}

pub(super) fn model(plan: &LogicalPlan) -> Result<Option<String>, DataFusionError> {
    let mut model = None;
    plan.apply(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            model.get_or_insert_with(|| scan.table_name.table().to_owned());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(model)
}

/// Whether an aggregate over things is the sum of what it is over each of them.
pub(super) fn adds_up(aggregate: &Expr) -> bool {
    match aggregate {
        Expr::Alias(alias) => adds_up(&alias.expr),
        Expr::AggregateFunction(function) => {
            ["count", "sum"].contains(&function.func.name()) && !function.params.distinct
        }
        _ => false,
    }
}

/// What a thing must meet to count in the numerator: the conditions of the aggregate that it selects, and
/// that what it counts is there. None where the numerator is more than one aggregate.
pub(super) fn numerator_conditions(projection: &Projection, aggregate: &Aggregate) -> Vec<Expr> {
    let numerator = projection.expr.iter().find(|expr| expr.qualified_name().1 == "numerator");
    let columns = numerator.iter().flat_map(|expr| expr.column_refs());
    let places = columns.filter_map(|column| aggregate.schema.maybe_index_of_column(column));
    let places: Vec<usize> = places.filter_map(|place| place.checked_sub(aggregate.group_expr.len())).collect();
    let [place] = places.as_slice() else { return Vec::new() };
    let Some(Expr::AggregateFunction(function)) = aggregate.aggr_expr.get(*place).map(|one| one.clone().unalias())
    else {
        return Vec::new();
    };
    let filter = function.params.filter.iter().flat_map(|filter| split_conjunction(filter)).cloned();
    let counted = function.params.args.iter().filter(|argument| matches!(argument, Expr::Column(_)));
    let counted = counted.filter(|_| function.func.name() == "count");
    filter.chain(counted.map(|argument| argument.clone().is_not_null())).collect()
}

/// The columns that decide how rows are put together to things.
pub(super) fn deciding_below(source: &LogicalPlan) -> Result<Vec<String>, DataFusionError> {
    let mut deciding = Vec::new();
    source.apply(|node| {
        match node {
            LogicalPlan::Aggregate(aggregate) => deciding.extend(aggregate.aggr_expr.iter().cloned()),
            LogicalPlan::Filter(filter) => deciding.push(filter.predicate.clone()),
            _ => {}
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(columns(deciding.iter()))
}

/// The names of the columns in expressions, each once, in the order of the expressions.
pub(super) fn columns<'a>(expressions: impl Iterator<Item = &'a Expr>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for expr in expressions {
        let mut found: Vec<String> = expr.column_refs().into_iter().map(|column| column.name.clone()).collect();
        found.sort();
        found.retain(|name| !names.contains(name));
        names.extend(found);
    }
    names
}
