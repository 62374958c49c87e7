//! A condition as the SQL that somebody would write. Pure.

use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::Expr;
use datafusion::sql::unparser::expr_to_sql;

/// The condition, its columns without the table's name.
pub(crate) fn of(condition: &Expr) -> String {
    let bare = condition.clone().transform(|expr| {
        Ok(match expr {
            Expr::Column(column) => Transformed::yes(Expr::Column(Column::from_name(column.name))),
            other => Transformed::no(other),
        })
    });
    let bare = bare.map_or_else(|_| condition.clone(), |bare| bare.data);
    let text = expr_to_sql(&bare).map_or_else(|_| bare.human_display().to_string(), |sql| sql.to_string());
    let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    // Only a pair that belongs together is taken off: `(a) = (b)` keeps both.
    inner.filter(|inner| is_balanced(inner)).map_or(text.clone(), str::to_owned)
}

fn is_balanced(text: &str) -> bool {
    let mut depth = 0_i32;
    for letter in text.chars() {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::prelude::{col, lit};

    #[test]
    fn conditions_read_as_sql() {
        assert_eq!(of(&col("queue_visits.wait_ms").lt_eq(lit(60_000_i64))), "wait_ms <= 60000");
        assert_eq!(of(&col("t.was_followed").is_not_null()), "was_followed IS NOT NULL");
        assert!(is_balanced("a = (b)") && !is_balanced("a) = (b"));
    }
}
