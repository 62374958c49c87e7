//! Rows in the place of others: copy-on-write by the values of the partition column.

use super::{Commit, Table};
use crate::files::Files;
use crate::{Error, Place};
use deltalake_core::kernel::Add;
use std::collections::{BTreeMap, BTreeSet, HashSet};

impl Table {
    /// A commit after which this table holds what `base`, a version of it, holds, but for some places,
    /// which hold `files`. What was committed after `base` is taken back.
    ///
    /// # Errors
    /// [`Error::Delta`].
    pub fn replacement(&self, base: &Self, places: &BTreeSet<Place>, files: Files) -> Result<Commit, Error> {
        let of_base = base.snapshot()?;
        let mut kept = base.adds()?;
        kept.retain(|_, add| !places.contains(&of_base.place_of(&add.partition_values)));
        let there = self.adds()?;
        let removes = there.keys().filter(|path| !kept.contains_key(*path)).cloned().collect();
        let known: HashSet<&String> = there.keys().collect();
        let missing = kept.iter().filter(|(path, _)| !known.contains(path)).map(|(_, add)| add.clone());
        let adds = missing.chain(files.adds).collect();
        let files = Files { adds, ..files };
        let columns = base.columns()?;
        let schema =
            (self.columns()? != columns).then(|| std::sync::Arc::new(arrow::datatypes::Schema::new(columns)));
        Ok(Commit { files, removes, schema, ..Commit::default() })
    }

    /// The files of this version as they were added, by path.
    fn adds(&self) -> Result<BTreeMap<String, Add>, Error> {
        let snapshot = self.delta.snapshot().map_err(|source| self.fault(source))?;
        let files = snapshot.log_data();
        #[expect(deprecated, reason = "a file is added again exactly as it was")]
        let adds = files.iter().map(|file| (file.path().into_owned(), file.add_action()));
        Ok(adds.collect())
    }
}
