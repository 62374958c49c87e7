//! Subjects that are folded together because they share a name, through any number of steps.

use crate::Error;
use crate::index::{Entry, as_text, named};
use crate::restate::Cause;
use crate::work::Work;
use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use lake::Place;
use queries::Model;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Binds as `keys` all names that the changed rows of the model's input are joined to by, one after the
/// other; the subjects are among them. Says how many there are.
///
/// The rows that are there now are enough to go by: a link that is no more was one of a changed row, and
/// the search begins with all names of those, old and new.
pub(crate) async fn dirty_subjects(work: &mut Work<'_>, model: &Model, keys: &str) -> Result<usize, Error> {
    let Some(input) = model.folded_inputs().next().cloned() else { return Ok(0) };
    if !work.changed.contains(&input) {
        return Ok(0);
    }
    let entry = Entry::of_input(model, &input);
    let mut search = Search::default();
    let mut fresh =
        search.reach(names(work, model, &format!("changed_{input}")).await?.into_iter().map(|(_, name)| name));
    let mut seen: BTreeSet<Place> = BTreeSet::new();
    while !fresh.is_empty() {
        bind_names(work, "names", &fresh)?;
        let places: BTreeSet<Place> = work.places(&entry, "names").await?.difference(&seen).cloned().collect();
        seen.extend(places.iter().cloned());
        let table = work.in_hand(&input)?.now()?;
        work.bind_at("here", &table, &places)?;
        let rows = names(work, model, "here").await?;
        fresh = search.add(rows);
    }
    bind_keys(work, model, &input, keys, &search).await?;
    Ok(search.known.len())
}

/// Binds all that was reached, each name with the first cause that reaches it.
async fn bind_keys(work: &Work<'_>, model: &Model, input: &str, keys: &str, search: &Search) -> Result<(), Error> {
    let (mut names_of, mut causes) = (Vec::new(), Vec::new());
    let mut told = BTreeSet::new();
    for cause in Cause::OF_CHANGES {
        let of_cause = format!("(SELECT * FROM changed_{input} WHERE cause = {})", cause.number());
        let starts = names(work, model, &of_cause).await?.into_iter().map(|(_, name)| name);
        for name in search.reachable(starts) {
            if told.insert(name.clone()) {
                names_of.push(name);
                causes.push(cause.number());
            }
        }
    }
    let columns: Vec<ArrayRef> =
        vec![Arc::new(StringArray::from_iter_values(names_of)), Arc::new(Int64Array::from(causes))];
    let fields = vec![Field::new("k0", DataType::Utf8, false), Field::new("cause", DataType::Int64, false)];
    let rows = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
    Ok(work.engine.bind_rows(keys, rows.schema(), vec![rows])?)
}

/// Each row's own name with each of its names.
async fn names(work: &Work<'_>, model: &Model, from: &str) -> Result<Vec<(String, String)>, Error> {
    let own = &model.declared.subject[0];
    let each = model
        .declared
        .joined_by
        .iter()
        .map(|name| format!("SELECT {own} AS own, {} FROM {from} AS rows", named(std::slice::from_ref(name))));
    let each = each.collect::<Vec<_>>().join(" UNION ");
    let rows = work.engine.collect(&format!("SELECT own, k0 FROM ({each}) AS names WHERE k0 IS NOT NULL")).await?;
    let mut found = Vec::new();
    for batch in as_text(&rows)? {
        let (own, name) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
        let pairs = own
            .iter()
            .zip(name)
            .map(|(own, name)| (own.unwrap_or_default().to_owned(), name.unwrap_or_default().to_owned()));
        found.extend(pairs);
    }
    Ok(found)
}

fn bind_names(work: &Work<'_>, table: &str, names: &BTreeSet<String>) -> Result<(), Error> {
    let column = Arc::new(StringArray::from_iter_values(names));
    let schema = Arc::new(Schema::new(vec![Field::new("k0", DataType::Utf8, false)]));
    let rows = RecordBatch::try_new(schema.clone(), vec![column])?;
    Ok(work.engine.bind_rows(table, schema, vec![rows])?)
}

/// What is joined to what has changed, as far as rows have been looked at. Pure.
#[derive(Debug, Default)]
struct Search {
    /// The names that are reached.
    known: BTreeSet<String>,
    /// Which rows have a name, and which names a row.
    by_name: BTreeMap<String, BTreeSet<String>>,
    by_row: BTreeMap<String, BTreeSet<String>>,
}

impl Search {
    /// Looks at more rows, each by its own name and one other; answers the names that are new.
    fn add(&mut self, rows: Vec<(String, String)>) -> BTreeSet<String> {
        for (row, name) in rows {
            self.by_name.entry(name.clone()).or_default().insert(row.clone());
            self.by_row.entry(row).or_default().insert(name);
        }
        let known: Vec<String> = self.known.iter().cloned().collect();
        let next = known.iter().flat_map(|name| self.beside(name)).collect::<Vec<_>>();
        self.reach(next)
    }

    /// Takes names as reached, with all that the rows looked at join to them; answers those that are new.
    fn reach(&mut self, names: impl IntoIterator<Item = String>) -> BTreeSet<String> {
        let reached = self.reachable(names);
        let new: BTreeSet<String> = reached.difference(&self.known).cloned().collect();
        self.known.extend(new.iter().cloned());
        new
    }

    /// All names that chains of looked-at rows join to these.
    fn reachable(&self, names: impl IntoIterator<Item = String>) -> BTreeSet<String> {
        let mut waiting: Vec<String> = names.into_iter().collect();
        let mut reached = BTreeSet::new();
        while let Some(name) = waiting.pop() {
            if reached.insert(name.clone()) {
                waiting.extend(self.beside(&name));
            }
        }
        reached
    }

    /// The names of all rows that have this one.
    fn beside(&self, name: &str) -> Vec<String> {
        let rows = self.by_name.get(name).into_iter().flatten();
        rows.filter_map(|row| self.by_row.get(row)).flatten().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter().map(|(row, name)| ((*row).to_owned(), (*name).to_owned())).collect()
    }

    #[test]
    fn chains_are_followed_as_rows_come_to_light() {
        let mut search = Search::default();
        assert_eq!(search.reach(["a".to_owned()]), BTreeSet::from(["a".to_owned()]));
        // a and b share the case x; c is about something else.
        let first = search.add(pairs(&[("a", "a"), ("a", "x"), ("b", "b"), ("b", "x"), ("c", "c"), ("c", "y")]));
        assert_eq!(first, BTreeSet::from(["b".to_owned(), "x".to_owned()]));
        // A row that names b and y brings c along, which was looked at before.
        let second = search.add(pairs(&[("d", "d"), ("d", "b"), ("d", "y")]));
        assert_eq!(second, ["c", "d", "y"].map(str::to_owned).into());
        assert!(search.add(Vec::new()).is_empty());
        assert_eq!(search.reachable(["y".to_owned()]).len(), 6);
    }
}
