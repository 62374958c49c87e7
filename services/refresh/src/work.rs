//! A refresh at work: the tables that it has in hand, what has changed so far, and what that has cost.

use crate::events::Events;
use crate::held::{Changed, Held};
use crate::index::{Entry, INDEX_TABLE, Index};
use crate::publication::Publication;
use crate::{Error, Plan};
use arrow::array::RecordBatch;
use lake::fault::{Rule, keeps};
use lake::{Lake, Place, SnapshotTable};
use queries::{Engine, Facts, Rows, catalogue};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a refresh has read and folded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Data files that it looked into; one that it came back to counts again.
    pub files: usize,
    /// Their size, bytes; of most only some columns were read.
    pub bytes: u64,
    /// Rows of events and models that were folded.
    pub rows: usize,
}

/// A refresh at work.
pub(crate) struct Work<'a> {
    pub(crate) lake: &'a Lake,
    pub(crate) plan: &'a Plan,
    pub(crate) published: &'a Publication,
    pub(crate) epoch: i64,
    pub(crate) engine: Engine,
    pub(crate) events: Events,
    pub(crate) index: Index,
    pub(crate) tables: BTreeMap<String, Held>,
    /// The tables whose changed rows, old and new, are bound as `changed_<table>`.
    pub(crate) changed: BTreeSet<String>,
    /// What counts of the sources whose events are looked at as a whole.
    pub(crate) facts: BTreeMap<String, Facts>,
    pub(crate) cost: Cost,
}

impl<'a> Work<'a> {
    pub(crate) async fn begin(
        lake: &'a Lake,
        plan: &'a Plan,
        published: &'a Publication,
        events: Events,
    ) -> Result<Self, Error> {
        let engine = Engine::new(plan.time_zone, plan.as_of_micros)?;
        let index = held(lake, published, INDEX_TABLE).await?;
        let mut work = Self {
            lake,
            plan,
            published,
            epoch: published.epoch + 1,
            events,
            index: Index::bind(&engine, Some(index.before()?))?,
            engine,
            tables: BTreeMap::from([(INDEX_TABLE.to_owned(), index)]),
            changed: BTreeSet::new(),
            facts: BTreeMap::new(),
            cost: Cost::default(),
        };
        for model in &catalogue().models {
            let table = held(lake, published, &model.name).await?;
            if model.declared.partition.is_none() {
                work.engine.bind(&model.name, table.before()?)?;
            }
            work.tables.insert(model.name.clone(), table);
        }
        Ok(work)
    }

    /// A derived table, opened where it is not yet.
    pub(crate) async fn table(&mut self, name: &str) -> Result<&mut Held, Error> {
        if !self.tables.contains_key(name) {
            let table = held(self.lake, self.published, name).await?;
            self.tables.insert(name.to_owned(), table);
        }
        self.tables.get_mut(name).ok_or_else(|| missing(name))
    }

    /// A derived table in hand.
    pub(crate) fn in_hand(&self, name: &str) -> Result<&Held, Error> {
        self.tables.get(name).ok_or_else(|| missing(name))
    }

    /// An event table at the version that the epoch is made from.
    pub(crate) fn event_table(&self, name: &str) -> Result<Arc<SnapshotTable>, Error> {
        Ok(self.events.tables.get(name).ok_or_else(|| missing(name))?.snapshot()?)
    }

    /// Binds a table's files at some places.
    pub(crate) fn bind_at(
        &mut self,
        name: &str,
        table: &SnapshotTable,
        places: &BTreeSet<Place>,
    ) -> Result<(), Error> {
        self.bind_files(name, table.at(places))
    }

    /// Binds some of a table's files, all of which will be looked into.
    pub(crate) fn bind_files(&mut self, name: &str, files: SnapshotTable) -> Result<(), Error> {
        let (count, bytes) = files.file_count_and_bytes();
        self.cost.files += count;
        self.cost.bytes += bytes;
        Ok(self.engine.bind(name, Arc::new(files))?)
    }

    /// Where the rows of the keys may lie that are bound as `keys`.
    pub(crate) async fn places(&self, entry: &Entry, keys: &str) -> Result<BTreeSet<Place>, Error> {
        let mut places = self.index.places(&self.engine, std::slice::from_ref(entry), keys).await?;
        Ok(places.remove(&entry.name()).unwrap_or_default())
    }

    /// Binds the rows of a query under a name; says how many there are.
    pub(crate) async fn keep(&mut self, name: &str, sql: &str) -> Result<usize, Error> {
        let (schema, rows): Rows = self.engine.define(name, sql, &[]).await?;
        let count = rows.iter().map(RecordBatch::num_rows).sum();
        self.engine.bind_rows(name, schema, rows)?;
        Ok(count)
    }

    /// Remembers what has changed in a table, and where its new rows are found from now on.
    pub(crate) async fn remember(
        &mut self,
        table: &str,
        changed: &Changed,
        partition: Option<&str>,
    ) -> Result<(), Error> {
        let Some(first) = changed.removed.first().or(changed.added.first()) else { return Ok(()) };
        let told = if keeps(Rule::OldRows) { changed.rows() } else { changed.added.clone() };
        self.engine.bind_rows(&format!("changed_{table}"), first.schema(), told)?;
        self.changed.insert(table.to_owned());
        if let (Some(partition), Some(added)) = (partition, changed.added.first()) {
            self.engine.bind_rows("added", added.schema(), changed.added.clone())?;
            let entries = Entry::of_table(catalogue(), table);
            self.index.add(&self.engine, &entries, "added", partition).await?;
        }
        Ok(())
    }
}

async fn held(lake: &Lake, published: &Publication, name: &str) -> Result<Held, Error> {
    let version = published.table_versions.get(name).ok_or_else(|| missing(name))?;
    Held::open(lake, name, *version).await
}

fn missing(name: &str) -> Error {
    Error::Publication(format!("it names no table `{name}`"))
}
