//! What a refresh has to do, decided without I/O.

use crate::index::INDEX_TABLE;
use crate::publication::Publication;
use std::collections::BTreeMap;
use std::fmt;

/// What has happened to an event table since the last epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) table: String,
    /// Rows that have come to it.
    pub(crate) rows: usize,
    /// Why what has happened cannot be told by them, as the end of a sentence about the table.
    pub(crate) untold: Option<String>,
}

/// Why everything is computed from the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// There is no epoch yet.
    First,
    /// Somebody asked for it.
    Asked,
    /// These definitions are others than those of the last epoch, or new, or gone.
    Definitions(Vec<String>),
    /// The council's days are those of another time zone.
    TimeZone,
    /// The last epoch comes from a build that kept other tables.
    Tables,
    /// What happened to this table cannot be told by new rows; why.
    Untold(String, String),
    /// A version of a table that the last epoch names cannot be read any more.
    Unreadable(String),
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Doing {
    /// Everything from the beginning.
    Rebuild(Why),
    /// What has changed.
    Refresh,
}

/// What is asked for, beside what the lake says.
#[derive(Debug, Clone)]
pub(crate) struct Asked<'a> {
    pub(crate) from_scratch: bool,
    pub(crate) time_zone: &'a str,
    pub(crate) definitions: &'a BTreeMap<String, String>,
    /// The derived tables that this build keeps.
    pub(crate) tables: &'a [String],
}

/// Decides.
pub(crate) fn decide(asked: &Asked<'_>, published: &Publication, sources: &[Source]) -> Doing {
    if asked.from_scratch {
        return Doing::Rebuild(Why::Asked);
    }
    let changed = other_definitions(asked.definitions, &published.definitions);
    if !changed.is_empty() {
        return Doing::Rebuild(Why::Definitions(changed));
    }
    if asked.time_zone != published.time_zone {
        return Doing::Rebuild(Why::TimeZone);
    }
    let is_kept = |table: &str| published.table_versions.contains_key(table);
    if !is_kept(INDEX_TABLE) || !asked.tables.iter().all(|table| is_kept(table)) {
        return Doing::Rebuild(Why::Tables);
    }
    let untold = sources.iter().find_map(|one| Some((one.table.clone(), one.untold.clone()?)));
    match untold {
        Some((table, why)) => Doing::Rebuild(Why::Untold(table, why)),
        None => Doing::Refresh,
    }
}

/// The definitions that differ, are new, or are gone, in order.
pub(crate) fn other_definitions(
    ours: &BTreeMap<String, String>,
    theirs: &BTreeMap<String, String>,
) -> Vec<String> {
    let mut names: Vec<&String> = ours.keys().chain(theirs.keys()).collect();
    names.sort();
    names.dedup();
    names.into_iter().filter(|name| ours.get(*name) != theirs.get(*name)).cloned().collect()
}

impl fmt::Display for Why {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => write!(to, "there is no epoch yet"),
            Self::Asked => write!(to, "it was asked for"),
            Self::Definitions(names) => write!(to, "the definitions of {} have changed", names.join(", ")),
            Self::TimeZone => write!(to, "the council's time zone has changed"),
            Self::Tables => write!(to, "the last epoch was made by another version of Switchboard"),
            Self::Untold(table, why) => write!(to, "the table {table} {why}"),
            Self::Unreadable(what) => write!(to, "the last epoch cannot be read any more ({what})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published() -> Publication {
        let table_versions = [("calls", 3), (INDEX_TABLE, 3)].map(|(name, version)| (name.to_owned(), version));
        Publication {
            epoch: 7,
            as_of_micros: 0,
            published_at_micros: 0,
            time_zone: "Europe/London".to_owned(),
            table_versions: table_versions.into(),
            event_table_ids: BTreeMap::new(),
            definitions: BTreeMap::from([("models/calls".to_owned(), "ab".to_owned())]),
            completeness: Vec::new(),
            next_change_at_micros: None,
            superseded: Default::default(),
        }
    }

    fn decided(change: impl Fn(&mut Publication), from_scratch: bool, untold: Option<&str>) -> Doing {
        let mut published = published();
        change(&mut published);
        let definitions = BTreeMap::from([("models/calls".to_owned(), "ab".to_owned())]);
        let tables = ["calls".to_owned()];
        let asked = Asked { from_scratch, time_zone: "Europe/London", definitions: &definitions, tables: &tables };
        let untold = untold.map(ToOwned::to_owned);
        decide(&asked, &published, &[Source { table: "telephony_events".to_owned(), rows: 5, untold }])
    }

    #[test]
    fn what_has_changed_is_folded_where_that_can_be_told() {
        assert_eq!(decided(|_| (), false, None), Doing::Refresh);
        assert_eq!(decided(|_| (), true, None), Doing::Rebuild(Why::Asked));
        let lost = Why::Untold("telephony_events".to_owned(), "lost rows with version 4".to_owned());
        assert_eq!(lost.to_string(), "the table telephony_events lost rows with version 4");
        assert_eq!(decided(|_| (), false, Some("lost rows with version 4")), Doing::Rebuild(lost));
    }

    #[test]
    fn an_epoch_of_other_definitions_or_tables_is_no_base() {
        let other = |published: &mut Publication| {
            published.definitions = BTreeMap::from([("models/calls".to_owned(), "cd".to_owned())]);
        };
        assert_eq!(decided(other, false, None), Doing::Rebuild(Why::Definitions(vec!["models/calls".to_owned()])));
        let gone =
            |published: &mut Publication| published.definitions.extend([("kpis/x".to_owned(), String::new())]);
        assert_eq!(decided(gone, false, None), Doing::Rebuild(Why::Definitions(vec!["kpis/x".to_owned()])));
        let elsewhere = |published: &mut Publication| published.time_zone = "UTC".to_owned();
        assert_eq!(decided(elsewhere, false, None), Doing::Rebuild(Why::TimeZone));
        let older = |published: &mut Publication| published.table_versions.retain(|name, _| name != INDEX_TABLE);
        assert_eq!(decided(older, false, None), Doing::Rebuild(Why::Tables));
    }
}
