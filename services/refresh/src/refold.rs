//! Models folded anew for the subjects that were touched, and for no others.

use crate::Error;
use crate::derived;
use crate::held::Changed;
use crate::index::{Entry, named};
use crate::joined;
use crate::passing_time;
use crate::reach::{self, Reach};
use crate::remeasure::listed;
use crate::restate::Cause;
use crate::work::Work;
use lake::Place;
use queries::{Lookup, Model, bind_facts, catalogue};
use schemas::Source;
use std::collections::BTreeSet;

/// The keys of the subjects to fold, as columns `k0`, `k1`, ….
const DIRTY: &str = "dirty";

/// Folds what was touched of a model, and puts it into its table; says how many rows have changed.
pub(crate) async fn model(work: &mut Work<'_>, model: &Model) -> Result<usize, Error> {
    let touched = model.declared.inputs.iter().any(|input| work.changed.contains(input));
    if !touched && !passing_time::ages(work, model) {
        return Ok(0);
    }
    let (new, old) = match model.declared.partition {
        None => (derived::of_model(&work.engine, model, None).await?, whole(work, model).await?),
        Some(_) => {
            if dirty_subjects(work, model).await? == 0 {
                return Ok(0);
            }
            let reach = reach::reach(work, model).await?;
            for input in model.folded_inputs() {
                bind_input(work, model, input, reach.as_ref()).await?;
            }
            let mut picked = of_dirty(model, "folded");
            if let (Some(reach), Some(month)) = (&reach, &model.declared.partition) {
                let months = listed(&reach.folded);
                picked.push_str(&format!(" WHERE folded.{month} IS NULL OR folded.{month} IN ({months})"));
            }
            let folded = derived::of_model(&work.engine, model, Some(&picked)).await?;
            let old = old_rows(work, model, reach.as_ref()).await?;
            (folded, old)
        }
    };
    let old = derived::as_rows_of(&new.spec.schema, &old)?;
    let changed = Changed::between(&old, &new.rows)?;
    if changed.is_empty() {
        return Ok(0);
    }
    let (lake, at) = (work.lake, (work.epoch, work.plan));
    work.table(&model.name).await?.change(lake, &new.spec, &changed, at).await?;
    work.remember(&model.name, &changed, model.declared.partition.as_deref()).await?;
    if model.declared.partition.is_some() {
        // Whoever goes on from these rows knows why they have changed.
        let name = format!("changed_{}", model.name);
        let sql = format!(
            "SELECT changed.*, {DIRTY}.cause FROM {name} AS changed JOIN {DIRTY} ON {}",
            equal("changed", &model.declared.subject)
        );
        work.keep(&name, &sql).await?;
    }
    if model.declared.partition.is_none() {
        let now = work.in_hand(&model.name)?.now()?;
        work.engine.bind(&model.name, now)?;
    }
    Ok(changed.row_count())
}

async fn whole(work: &Work<'_>, model: &Model) -> Result<Vec<arrow::array::RecordBatch>, Error> {
    work.engine.bind("whole", work.in_hand(&model.name)?.before()?)?;
    Ok(work.engine.collect("SELECT * FROM whole").await?)
}

/// Binds the keys of the subjects to fold; says how many there are.
async fn dirty_subjects(work: &mut Work<'_>, model: &Model) -> Result<usize, Error> {
    if !model.declared.joined_by.is_empty() {
        return joined::dirty_subjects(work, model, DIRTY).await;
    }
    let inputs = model.folded_inputs().filter(|input| work.changed.contains(*input));
    let by_input = inputs.map(|input| {
        format!("SELECT {}, {} AS cause FROM changed_{input}", named(model.subject_in(input)), cause_in(input))
    });
    let mut touched: Vec<String> = by_input.collect();
    for (input, lookup) in &model.declared.lookups {
        if work.changed.contains(input) {
            touched.extend(looked_up(model, input, lookup));
            let own = work.in_hand(&model.name)?.before()?;
            work.engine.bind("own", own)?;
        }
    }
    touched.extend(passing_time::changed_subjects(work, model)?);
    if touched.is_empty() {
        return Ok(0);
    }
    let keys = (0..model.declared.subject.len()).map(|at| format!("k{at}")).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "SELECT {keys}, min(cause) AS cause FROM ({}) AS touched WHERE k0 IS NOT NULL GROUP BY {keys}",
        touched.join(" UNION ALL ")
    );
    work.keep(DIRTY, &sql).await
}

/// Why the changed rows of an input have changed, as an expression over them.
fn cause_in(input: &str) -> String {
    match catalogue().model(input) {
        Some(_) => "cause".to_owned(),
        None => format!(
            "CASE WHEN supersedes IS NOT NULL THEN {} ELSE {} END",
            Cause::Correction.number(),
            Cause::LateEvent.number()
        ),
    }
}

/// Queries for the subjects whose rows look up, on one of their days, what has changed.
fn looked_up<'a>(model: &'a Model, input: &'a str, lookup: &'a Lookup) -> impl Iterator<Item = String> + 'a {
    let subject: Vec<String> = model.declared.subject.iter().map(|column| format!("own.{column}")).collect();
    lookup.days.iter().map(move |day| {
        format!(
            "SELECT {}, {} AS cause FROM own JOIN changed_{input} AS map ON own.{} = map.{} \
             WHERE map.effective_from <= own.{day} \
             AND (map.effective_until IS NULL OR own.{day} < map.effective_until) \
             AND own.{day} >= (SELECT min(effective_from) FROM changed_{input})",
            named(&subject),
            Cause::ReferenceChange.number(),
            lookup.column,
            lookup.key
        )
    })
}

/// Binds an input's rows of the subjects to fold, and no others.
async fn bind_input(work: &mut Work<'_>, model: &Model, input: &str, reach: Option<&Reach>) -> Result<(), Error> {
    let entry = Entry::of_input(model, input);
    let mut places = work.places(&entry, DIRTY).await?;
    if let Some(reach) = reach {
        places = reach.reads(places);
    }
    match schemas::catalogue().sources.values().find(|source| source.table == input) {
        Some(source) => bind_events(work, source, model, &places).await,
        None => {
            let table = work.in_hand(input)?.now()?;
            work.bind_at("here", &table, &places)?;
            let sql = of_subjects(model, input);
            let rows = work.keep(input, &sql).await?;
            work.cost.rows += rows;
            Ok(())
        }
    }
}

async fn bind_events(
    work: &mut Work<'_>,
    source: &'static Source,
    model: &Model,
    places: &BTreeSet<Place>,
) -> Result<(), Error> {
    let table = work.event_table(&source.table)?;
    work.bind_at("here", &table, places)?;
    let sql = of_subjects(model, &source.table);
    let rows = work.keep(&format!("{}_raw", source.table), &sql).await?;
    work.cost.rows += rows;
    bind_facts(&work.engine, source).await?;
    // A model reads them more than once.
    work.keep(&source.table, &format!("SELECT * FROM {}", source.table)).await?;
    Ok(())
}

/// The rows of `here`, an input's at some places, whose subjects are to be folded.
fn of_subjects(model: &Model, input: &str) -> String {
    let key = match model.declared.joined_by.is_empty() {
        true => model.subject_in(input),
        false => &model.declared.subject,
    };
    let is_column = |part: &String| part.chars().all(|one| one.is_alphanumeric() || one == '_');
    if key.iter().all(is_column) {
        return format!("SELECT here.* FROM here LEFT SEMI JOIN {DIRTY} ON {}", equal("here", key));
    }
    // Of a row with several subjects one may be among them.
    let row_key = catalogue().model(input).map(|input| input.declared.row_key.clone()).unwrap_or_default();
    let columns = row_key.join(", ");
    let same: Vec<String> = row_key.iter().map(|column| format!("here.{column} = wanted.{column}")).collect();
    let keys: Vec<String> = (0..key.len()).map(|at| format!("k{at}")).collect();
    format!(
        "SELECT here.* FROM here LEFT SEMI JOIN (\
             SELECT DISTINCT {columns} FROM (SELECT {columns}, {} FROM here) AS named \
             LEFT SEMI JOIN {DIRTY} ON {}\
         ) AS wanted ON {}",
        named(key),
        equal("named", &keys),
        same.join(" AND ")
    )
}

fn equal(table: &str, columns: &[String]) -> String {
    let parts = columns.iter().enumerate().map(|(at, column)| format!("{table}.{column} = {DIRTY}.k{at}"));
    parts.collect::<Vec<_>>().join(" AND ")
}

/// Picks the rows of the subjects to fold out of all of `rows`.
fn of_dirty(model: &Model, rows: &str) -> String {
    format!("LEFT SEMI JOIN {DIRTY} ON {}", equal(rows, &model.declared.subject))
}

/// The rows that the last epoch has of the subjects to fold.
async fn old_rows(
    work: &mut Work<'_>,
    model: &Model,
    reach: Option<&Reach>,
) -> Result<Vec<arrow::array::RecordBatch>, Error> {
    let mut places = work.places(&Entry::of_rows(model), DIRTY).await?;
    if let Some(reach) = reach {
        places = reach.folds(places);
    }
    let table = work.in_hand(&model.name)?.before()?;
    work.bind_at("own", &table, &places)?;
    Ok(work.engine.collect(&format!("SELECT own.* FROM own {}", of_dirty(model, "own"))).await?)
}
