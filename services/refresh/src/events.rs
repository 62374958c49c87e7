//! What has come to the event tables since the last epoch.

use crate::completeness::{self, Completeness};
use crate::index::Entry;
use crate::plan::Source;
use crate::publication::Publication;
use crate::work::Work;
use crate::{Error, newly_quarantined};
use lake::{Changes, Lake, QUARANTINE_TABLE, SnapshotTable, Table};
use queries::{Facts, bind_facts, catalogue};
use schemas::wide;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The event tables and the quarantine at their newest versions.
#[derive(Debug)]
pub(crate) struct Events {
    pub(crate) tables: BTreeMap<String, Table>,
    /// With what has happened to it since the last epoch.
    pub(crate) quarantine: Option<(Table, Changes)>,
    /// The rows that have come to each, where some have.
    appended: BTreeMap<String, Arc<SnapshotTable>>,
}

/// Looks at the event tables; says of each what has happened to it since the last epoch.
pub(crate) async fn look(lake: &Lake, published: &Publication) -> Result<(Events, Vec<Source>), Error> {
    let (mut tables, mut appended, mut seen) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for source in schemas::catalogue().sources.values() {
        let name = source.table.clone();
        let Some(table) = lake.open_table(&name).await? else {
            let change = published.table_versions.contains_key(&name).then(|| "is gone".to_owned());
            seen.push(Source { table: name, rows: 0, untold: change });
            continue;
        };
        let id = table.id()?;
        if published.event_table_ids.get(&name).is_some_and(|before| *before != id) {
            let change = Some("is another than before, made anew under the same name".to_owned());
            seen.push(Source { table: name, rows: 0, untold: change });
            continue;
        }
        // A table that was not there is one that was empty.
        let since = published.table_versions.get(&name).copied().unwrap_or_default();
        let change = match table.changes_since(since).await? {
            Changes::None => Source { table: name.clone(), rows: 0, untold: None },
            Changes::Untold(why) => Source { table: name.clone(), rows: 0, untold: Some(why) },
            Changes::Appended(rows) => {
                let count = rows.row_count().unwrap_or(usize::MAX);
                appended.insert(name.clone(), rows);
                Source { table: name.clone(), rows: count, untold: None }
            }
        };
        seen.push(change);
        tables.insert(name, table);
    }
    let mut quarantine = None;
    if let Some(table) = lake.open_table(QUARANTINE_TABLE).await? {
        let since = published.table_versions.get(QUARANTINE_TABLE).copied().unwrap_or_default();
        let changes = table.changes_since(since).await?;
        quarantine = Some((table, changes));
    }
    Ok((Events { tables, quarantine, appended }, seen))
}

impl Events {
    /// The id of each event table that is there.
    pub(crate) fn ids(&self) -> Result<BTreeMap<String, String>, Error> {
        self.tables.iter().map(|(name, table)| Ok((name.clone(), table.id()?))).collect()
    }

    /// The version of each table that is there.
    pub(crate) fn versions(&self) -> BTreeMap<String, u64> {
        let tables = self.tables.values().chain(self.quarantine.iter().map(|(table, _)| table));
        tables.map(|table| (table.name().to_owned(), table.version())).collect()
    }
}

/// Binds the new events of each source as changed rows, and the tables that are folded as a whole whole.
pub(crate) async fn bind(work: &mut Work<'_>) -> Result<(), Error> {
    for source in schemas::catalogue().sources.values() {
        if let Some(rows) = work.events.appended.get(&source.table).cloned() {
            let (files, bytes) = rows.file_count_and_bytes();
            work.cost.files += files;
            work.cost.bytes += bytes;
            work.engine.bind(&format!("changed_{}", source.table), rows)?;
            work.changed.insert(source.table.clone());
            let entries = Entry::of_table(catalogue(), &source.table);
            if entries.is_empty() {
                let table = work.event_table(&source.table)?;
                work.engine.bind(&format!("{}_raw", source.table), table)?;
                work.facts.insert(source.table.clone(), bind_facts(&work.engine, source).await?);
            }
            let place = wide::partition_column(source.partition);
            work.index.add(&work.engine, &entries, &format!("changed_{}", source.table), place).await?;
        }
    }
    Ok(())
}

/// How complete each source is: what the last epoch knew, and what its touched subjects have come to.
pub(crate) async fn completeness(work: &mut Work<'_>) -> Result<Vec<Completeness>, Error> {
    let quarantined = newly_quarantined::quarantined(work).await?;
    let mut seen = Vec::new();
    for source in schemas::catalogue().sources.values() {
        let before = work.published.completeness.iter().find(|one| one.source == source.name).cloned();
        let mut now = before.unwrap_or_else(|| Completeness::unseen(&source.name));
        now.quarantined = quarantined.get(&source.name).copied().unwrap_or_default();
        if let Some(table) = work.events.tables.get(&source.table) {
            now.reach(table);
        }
        if work.changed.contains(&source.table) {
            let newest = completeness::newest_event(&work.engine, &format!("changed_{}", source.table)).await?;
            now.last_event_at_micros = now.last_event_at_micros.max(newest);
            let (old, new) = match work.facts.get(&source.table) {
                Some(facts) => (now.facts(), *facts),
                None => facts_of_touched(work, source).await?,
            };
            now.advance(old, new);
        }
        seen.push(now);
    }
    Ok(seen)
}

/// What counts of the subjects that have new events: before those came, and with them.
async fn facts_of_touched(work: &mut Work<'_>, source: &'static schemas::Source) -> Result<(Facts, Facts), Error> {
    let subject = ["source".to_owned(), source.subject.clone()];
    let entry = Entry::of_events(&source.table, &subject);
    let keys = crate::index::named(&subject);
    work.keep("touched", &format!("SELECT DISTINCT {keys} FROM changed_{}", source.table)).await?;
    let places = work.places(&entry, "touched").await?;
    let of_touched = format!(
        "SELECT here.* FROM here LEFT SEMI JOIN touched ON here.source = touched.k0 AND here.\"{}\" = touched.k1",
        source.subject
    );
    let raw = format!("{}_raw", source.table);
    let now = work.event_table(&source.table)?;
    work.bind_at("here", &now, &places)?;
    work.keep(&raw, &of_touched).await?;
    let new = bind_facts(&work.engine, source).await?;
    if (new.repeats, new.superseded) == (0, 0) {
        // Then there were none before either.
        let appended = work.events.appended.get(&source.table).and_then(|rows| rows.row_count());
        if let Some(appended) = appended {
            return Ok((Facts { rows: new.rows - appended as i64, ..new }, new));
        }
    }
    let mut old = Facts::default();
    if let Some(version) = work.published.table_versions.get(&source.table) {
        let before = work.lake.open_table_at(&source.table, *version).await?;
        let before = before.snapshot()?;
        work.bind_at("here", &before, &places)?;
        if work.keep(&raw, &of_touched).await? > 0 {
            old = bind_facts(&work.engine, source).await?;
        }
    }
    Ok((old, new))
}
