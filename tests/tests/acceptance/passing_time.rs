//! A lake that is older than it is: commits have gone by, and days.

use crate::delta;
use chrono::{Days, Utc};
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

/// Has all rows of a table come so many days ago, by the column `day` that it is partitioned by. Its log is
/// to have no checkpoint.
pub(crate) fn came_days_ago(table: &Path, day: &str, days: u64) {
    let then = (Utc::now().date_naive() - Days::new(days)).to_string();
    let folders = fs::read_dir(table).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    for folder in folders.filter(|name| name.starts_with(&format!("{day}="))).collect::<Vec<_>>() {
        fs::rename(table.join(&folder), table.join(format!("{day}={then}"))).unwrap();
        let (_, now) = folder.split_once('=').unwrap();
        for entry in delta::commits(table).into_values() {
            let text = fs::read_to_string(&entry).unwrap();
            let value = |date: &str| format!("\"{day}\":\"{date}\"");
            let text = text.replace(&folder, &format!("{day}={then}")).replace(&value(now), &value(&then));
            fs::write(entry, text).unwrap();
        }
    }
}
