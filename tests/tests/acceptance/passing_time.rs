//! A lake that is older than it is: commits have gone by, and days.

use lake::{Commit, Lake};
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Commits that say nothing, as a source leaves them whose records are all tombstones.
pub(crate) fn empty_commits(lake: &Path, table: &str, count: usize) {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let mut table = Lake::open(lake).unwrap().open_table(table).await.unwrap().unwrap();
        for _ in 0..count {
            table.commit(Commit::default()).await.unwrap();
        }
    });
}

/// Lets three days pass for every file of the lake.
pub(crate) fn let_days_pass(folder: &Path) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            let_days_pass(&path);
        } else {
            let then = SystemTime::now() - Duration::from_secs(3 * 86_400);
            File::options().write(true).open(&path).unwrap().set_modified(then).unwrap();
        }
    }
}
