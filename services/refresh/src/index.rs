//! The index: at which places of a table the rows of a subject lie.
//!
//! It is a table of (entry, hash of a key, place), where an entry is a table and a way of naming its
//! rows, such as `telephony_events by source, initial_contact_id`. It may say too much: rows that have
//! moved since, or two keys of one hash. It never says too little; `verify` looks.

use crate::Error;
use arrow::array::{ArrayRef, AsArray, Int32Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use lake::{Place, SnapshotTable, TableSpec};
use queries::{Catalogue, Engine, Model};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Name of its table.
pub const INDEX_TABLE: &str = "subject_index";

/// A table and a way of naming its rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) table: String,
    /// Expressions over a row, one for each part of the key; a row may have several keys.
    keys: Vec<Vec<String>>,
}

impl Entry {
    /// The rows of a model by its subject.
    pub(crate) fn of_rows(model: &Model) -> Self {
        Self { table: model.name.clone(), keys: vec![model.declared.subject.clone()] }
    }

    /// The rows of an input by the subject that they are folded for.
    pub(crate) fn of_input(model: &Model, input: &str) -> Self {
        let keys = match model.declared.joined_by.as_slice() {
            [] => vec![model.subject_in(input).to_vec()],
            names => names.iter().map(|name| vec![name.clone()]).collect(),
        };
        Self { table: input.to_owned(), keys }
    }

    /// The rows of an event table by their subject.
    pub(crate) fn of_events(table: &str, subject: &[String]) -> Self {
        Self { table: table.to_owned(), keys: vec![subject.to_vec()] }
    }

    /// The rows of a model by a day on which they may be measured.
    pub(crate) fn of_days(model: &Model, column: &str) -> Self {
        Self { table: model.name.clone(), keys: vec![vec![format!("CAST({column} AS VARCHAR)")]] }
    }

    /// All entries of a table.
    pub(crate) fn of_table(catalogue: &Catalogue, table: &str) -> BTreeSet<Self> {
        let placed = catalogue.models.iter().filter(|model| model.declared.partition.is_some());
        let of_model = |model: &Model| {
            let days = model.declared.days.iter().map(|column| Self::of_days(model, column));
            let own = std::iter::once(Self::of_rows(model)).chain(days).filter(|_| model.name == table);
            let inputs = model.folded_inputs().filter(|input| *input == table);
            own.chain(inputs.map(|input| Self::of_input(model, input))).collect::<Vec<_>>()
        };
        placed.flat_map(of_model).collect()
    }

    pub(crate) fn name(&self) -> String {
        let keys: Vec<String> = self.keys.iter().map(|key| key.join(", ")).collect();
        format!("{} by {}", self.table, keys.join(" or "))
    }

    /// A query for the rows of the index that the rows of `from` need.
    pub(crate) fn rows_sql(&self, from: &str, place_column: &str) -> String {
        let place = format!("coalesce(CAST({place_column} AS VARCHAR), '') AS place");
        let keys = self.keys.iter().map(|key| format!("SELECT {}, {place} FROM {from}", named(key)));
        let parts = self.keys.first().map_or(0, Vec::len);
        format!(
            "SELECT DISTINCT '{}' AS entry, {} AS key_hash, place FROM ({}) AS keys WHERE k0 IS NOT NULL",
            self.name(),
            hashed(parts),
            keys.collect::<Vec<_>>().join(" UNION ALL ")
        )
    }
}

/// Expressions under the names `k0`, `k1`, ….
pub(crate) fn named(key: &[String]) -> String {
    let parts = key.iter().enumerate().map(|(at, part)| format!("{part} AS k{at}"));
    parts.collect::<Vec<_>>().join(", ")
}

fn hashed(parts: usize) -> String {
    let parts: Vec<String> = (0..parts).map(|at| format!("k{at}")).collect();
    format!("key_hash(concat({}))", parts.join(", chr(31), "))
}

/// What is known in a refresh: the index of the last epoch, and what has come since.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) added: Vec<RecordBatch>,
}

impl Index {
    /// Binds the index of the last epoch.
    pub(crate) fn bind(engine: &Engine, published: Option<Arc<SnapshotTable>>) -> Result<Self, Error> {
        match published {
            Some(table) => engine.bind("index_published", table)?,
            None => engine.bind_rows("index_published", spec().schema, Vec::new())?,
        }
        engine.bind_rows("index_added", row_schema(), Vec::new())?;
        Ok(Self { added: Vec::new() })
    }

    /// Adds what the rows bound as `from` need; `place_column` is the table's partition column.
    pub(crate) async fn add(
        &mut self,
        engine: &Engine,
        entries: &BTreeSet<Entry>,
        from: &str,
        place_column: &str,
    ) -> Result<(), Error> {
        for entry in entries {
            let rows = engine.collect(&entry.rows_sql(from, place_column)).await?;
            self.added.extend(as_rows(&rows)?);
        }
        engine.bind_rows("index_added", row_schema(), self.added.clone())?;
        Ok(())
    }

    /// Where the rows of the keys may lie that are bound as `keys`, with columns `k0`, `k1`, …: by entry.
    pub(crate) async fn places(
        &self,
        engine: &Engine,
        entries: &[Entry],
        keys: &str,
    ) -> Result<BTreeMap<String, BTreeSet<Place>>, Error> {
        let mut found: BTreeMap<String, BTreeSet<Place>> = BTreeMap::new();
        let Some(parts) = entries.first().and_then(|entry| entry.keys.first()).map(Vec::len) else {
            return Ok(found);
        };
        let names: Vec<String> = entries.iter().map(|entry| format!("'{}'", entry.name())).collect();
        let sql = format!(
            "SELECT DISTINCT entry, place FROM (\
                 SELECT entry, key_hash, place FROM index_published WHERE entry IN ({names}) \
                 UNION ALL SELECT entry, key_hash, place FROM index_added WHERE entry IN ({names})\
             ) AS known WHERE key_hash IN (SELECT {} FROM {keys})",
            hashed(parts),
            names = names.join(", "),
        );
        for batch in as_text(&engine.collect(&sql).await?)? {
            let (entries, places) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
            for (entry, place) in entries.iter().zip(places) {
                let place = place.filter(|place| !place.is_empty()).map(ToOwned::to_owned);
                found.entry(entry.unwrap_or_default().to_owned()).or_default().insert(place);
            }
        }
        Ok(found)
    }
}

/// Into which level rows go, given how many rows each level holds, and which levels go with them: each
/// level is one file at most, so that there are few, and holds twice the rows of the one below, so that
/// a row is seldom written again.
pub(crate) fn level_for(rows: usize, levels: &BTreeMap<i32, usize>) -> (i32, Vec<i32>) {
    let (mut all, mut with) = (rows, Vec::new());
    loop {
        let level = all.max(1).ilog2() as i32;
        let next = levels.iter().find(|(one, _)| **one <= level && !with.contains(*one));
        let Some((next, more)) = next else { return (level, with) };
        all += more;
        with.push(*next);
    }
}

/// Index rows, as rows of the table.
pub(crate) fn at_level(batches: &[RecordBatch], level: i32) -> Result<Vec<RecordBatch>, Error> {
    let typed = as_rows(batches)?.into_iter().map(|batch| {
        let levels: ArrayRef = Arc::new(Int32Array::from(vec![level; batch.num_rows()]));
        let columns = batch.columns().iter().cloned().chain([levels]).collect();
        Ok(RecordBatch::try_new(spec().schema, columns)?)
    });
    typed.collect()
}

fn row_schema() -> SchemaRef {
    let schema = spec().schema;
    Arc::new(Schema::new(schema.fields()[..3].to_vec()))
}

/// The batches with the columns of an index row.
fn as_rows(batches: &[RecordBatch]) -> Result<Vec<RecordBatch>, Error> {
    let schema = row_schema();
    let typed = batches.iter().filter(|batch| batch.num_rows() > 0).map(|batch| {
        let columns = batch.columns().iter().zip(schema.fields());
        let columns = columns.map(|(column, field)| arrow::compute::cast(column, field.data_type()));
        Ok(RecordBatch::try_new(schema.clone(), columns.collect::<Result<_, _>>()?)?)
    });
    typed.collect()
}

/// Text columns of whichever of Arrow's text types, as plain ones.
pub(crate) fn as_text(batches: &[RecordBatch]) -> Result<Vec<RecordBatch>, Error> {
    let typed = batches.iter().map(|batch| {
        let schema = batch.schema();
        let fields = schema.fields().iter().map(|field| Field::new(field.name(), DataType::Utf8, true));
        let columns = batch.columns().iter().map(|column| arrow::compute::cast(column, &DataType::Utf8));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Ok(RecordBatch::try_new(schema, columns.collect::<Result<_, _>>()?)?)
    });
    typed.collect()
}

/// The table: sorted by entry and key inside a file, a file for each level.
pub(crate) fn spec() -> TableSpec {
    let schema = Schema::new(vec![
        Field::new("entry", DataType::Utf8, true),
        Field::new("key_hash", DataType::Int64, true),
        Field::new("place", DataType::Utf8, true),
        Field::new("level", DataType::Int32, true),
    ]);
    TableSpec {
        name: INDEX_TABLE.to_owned(),
        schema: Arc::new(schema),
        partition_column: Some("level".to_owned()),
        sort_columns: ["entry", "key_hash", "place"].map(ToOwned::to_owned).to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_where_they_double_what_is_there() {
        let levels = |of: &[(i32, usize)]| of.iter().copied().collect::<BTreeMap<_, _>>();
        // 10 rows are more than 8 and less than 16: level 3; what is below comes along.
        assert_eq!(level_for(10, &levels(&[])), (3, vec![]));
        assert_eq!(level_for(10, &levels(&[(5, 40)])), (3, vec![]));
        // With the 12 of level 3 there are 22: level 4, where nobody is; with 20 there, 42: level 5.
        assert_eq!(level_for(10, &levels(&[(3, 12), (5, 40)])), (4, vec![3]));
        assert_eq!(level_for(10, &levels(&[(3, 12), (4, 20)])), (5, vec![3, 4]));
        assert_eq!(level_for(10, &levels(&[(0, 1), (1, 2), (6, 100)])), (3, vec![0, 1]));
    }

    #[test]
    fn a_table_is_found_by_each_way_that_somebody_looks_for_it() {
        let names =
            |table| Entry::of_table(queries::catalogue(), table).iter().map(Entry::name).collect::<Vec<_>>();
        assert_eq!(names("telephony_events"), ["telephony_events by source, initial_contact_id"]);
        assert_eq!(
            names("reports"),
            [
                "reports by CAST(fixed_local_date AS VARCHAR)",
                "reports by CAST(local_date AS VARCHAR)",
                "reports by source, report_id"
            ]
        );
        assert_eq!(
            names("contacts"),
            [
                "contacts by CAST(local_date AS VARCHAR)",
                "contacts by own_ref or unnest(case_refs)",
                "contacts by source, contact_id"
            ]
        );
    }
}
