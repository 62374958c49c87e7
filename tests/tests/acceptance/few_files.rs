//! What must stay few, however long the services run: the files of each table, and the commits that a
//! reader goes through.

use crate::delta;
use crate::world::World;
use lake::{Lake, QUARANTINE_TABLE, Table};
use refresh::{PUBLICATIONS_TABLE, Publication, RESTATEMENTS_TABLE, VERIFICATIONS_TABLE};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use tokio::runtime::Runtime;

/// The tables of the newest epoch, or the newest of all others.
fn tables(world: &World) -> Vec<Table> {
    Runtime::new().unwrap().block_on(async {
        let lake = Lake::open(&world.lake()).unwrap();
        let published = Publication::newest(&lake).await.unwrap().unwrap().table_versions;
        let mut tables = Vec::new();
        for name in lake.tables().unwrap() {
            let is_derived = published.contains_key(&name) && !appended().contains(name.as_str());
            tables.push(match is_derived {
                true => lake.open_table_at(&name, published[&name]).await.unwrap(),
                false => lake.open_table(&name).await.unwrap().unwrap(),
            });
        }
        tables
    })
}

/// The tables to which rows are only ever added.
fn appended() -> BTreeSet<&'static str> {
    let events = schemas::catalogue().sources.values().map(|source| source.table.as_str());
    events.chain([QUARANTINE_TABLE, PUBLICATIONS_TABLE, RESTATEMENTS_TABLE, VERIFICATIONS_TABLE]).collect()
}

/// The most files that a place of the table has.
fn files_of_a_place(table: &Table) -> usize {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for file in table.snapshot().unwrap().data_files() {
        *places.entry(format!("{:?}", file.partition_values)).or_default() += 1;
    }
    places.into_values().max().unwrap_or_default()
}

/// A derived table has one file in each of its places.
pub(crate) fn derived_tables_have_a_file_a_place(world: &World) {
    let derived: Vec<Table> =
        tables(world).into_iter().filter(|table| !appended().contains(table.name())).collect();
    assert!(derived.len() > 10, "{derived:?}");
    for table in derived {
        assert!(
            files_of_a_place(&table) <= 1,
            "{} has {} files in one place",
            table.name(),
            files_of_a_place(&table)
        );
    }
}

/// After maintenance, fewer than it finds worth putting together.
pub(crate) fn appended_tables_have_few_files(world: &World) {
    for table in tables(world).into_iter().filter(|table| appended().contains(table.name())) {
        assert!(
            files_of_a_place(&table) < 4,
            "{} has {} files in one place",
            table.name(),
            files_of_a_place(&table)
        );
    }
}

/// Of no table a reader must go through 500 commits or more.
pub(crate) fn logs_are_short(world: &World) {
    for table in tables(world) {
        let folder = world.lake().join(table.name());
        let names = fs::read_dir(folder.join("_delta_log")).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        let checkpoints = names.filter_map(|name| name.strip_suffix(".checkpoint.parquet")?.parse().ok());
        let since = delta::version(&folder) - checkpoints.max().unwrap_or(0u64);
        assert!(since < 500, "{} has {since} commits since its last checkpoint", table.name());
    }
}
