//! Rows that the passing of time alone changes: a model that reads `$as_of` says of each row over which instants
//! it holds, from its `holds_from` until before its `next_change_at`, where it has one.

use crate::Error;
use crate::index::named;
use crate::publication::Publication;
use crate::restate::Cause;
use crate::work::Work;
use arrow::array::AsArray;
use arrow::compute::min;
use arrow::datatypes::TimestampMicrosecondType;
use lake::fault::{Rule, keeps};
use queries::{Engine, Model, catalogue};

/// Whether rows of an epoch may be others as of this instant, microseconds since 1970, UTC.
pub(crate) fn may_change(published: &Publication, as_of_micros: i64) -> bool {
    let is_due = published.next_change_at_micros.is_some_and(|at| at <= as_of_micros);
    keeps(Rule::NextChange) && (is_due || as_of_micros < published.as_of_micros)
}

/// Whether rows of the model may be others now, though nothing has come.
pub(crate) fn ages(work: &Work<'_>, model: &Model) -> bool {
    model.changes_with_time() && may_change(work.published, work.plan.as_of_micros)
}

/// A query for the subjects of the rows that no longer hold, or do not yet where the last epoch was made as of a
/// later instant; `None` where there can be none.
pub(crate) fn changed_subjects(work: &mut Work<'_>, model: &Model) -> Result<Option<String>, Error> {
    if !ages(work, model) {
        return Ok(None);
    }
    let (then, now) = (work.published.as_of_micros, work.plan.as_of_micros);
    let table = work.in_hand(&model.name)?.before()?;
    let (column, instants, is_another) = match then <= now {
        true => ("next_change_at", i64::MIN..=now, "next_change_at <= $as_of"),
        false => ("holds_from", now + 1..=i64::MAX, "holds_from > $as_of"),
    };
    let files = table.with_instants(column, instants).map_err(queries::Error::from)?;
    work.bind_files("passed", files)?;
    let (subject, cause) = (named(&model.declared.subject), Cause::PassingTime.number());
    Ok(Some(format!("SELECT {subject}, {cause} AS cause FROM passed WHERE {is_another}")))
}

/// The first instant as of which a row of the epoch being made is another, microseconds since 1970, UTC.
pub(crate) async fn next_change_of(work: &mut Work<'_>) -> Result<Option<i64>, Error> {
    let mut next = None;
    for model in changing_models() {
        let now = work.in_hand(&model.name)?.now()?;
        let waiting = now.with_instants("next_change_at", i64::MIN..=i64::MAX).map_err(queries::Error::from)?;
        work.bind_files("waiting", waiting)?;
        next = earlier(next, first_change(&work.engine, "waiting").await?);
    }
    Ok(next)
}

/// The same of all models, bound under their names.
pub(crate) async fn next_change_of_all(engine: &Engine) -> Result<Option<i64>, Error> {
    let mut next = None;
    for model in changing_models() {
        next = earlier(next, first_change(engine, &model.name).await?);
    }
    Ok(next)
}

fn changing_models() -> impl Iterator<Item = &'static Model> {
    catalogue().models.iter().filter(|model| model.changes_with_time())
}

fn earlier(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    one.into_iter().chain(other).min()
}

async fn first_change(engine: &Engine, table: &str) -> Result<Option<i64>, Error> {
    let rows = engine.collect(&format!("SELECT min(next_change_at) FROM {table}")).await?;
    Ok(rows.first().and_then(|rows| min(rows.column(0).as_primitive::<TimestampMicrosecondType>())))
}
