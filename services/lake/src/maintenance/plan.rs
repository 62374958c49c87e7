//! What is due, decided without I/O and without a clock.

use super::{Policy, Retention};
use chrono::{DateTime, Days, Months, NaiveDate};
use schemas::PartitionBy;
use std::collections::{BTreeMap, HashSet};

/// A data file of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataFile {
    pub(crate) path: String,
    /// The partition value; `None` for a table without partitions.
    pub(crate) partition: Option<String>,
    pub(crate) bytes: u64,
    pub(crate) rows: usize,
}

/// Files of one partition whose rows are to stand in one file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) paths: Vec<String>,
    pub(crate) bytes: u64,
    pub(crate) rows: usize,
}

/// Which files to put together. The smallest go first, so that a file that has grown once is not
/// written again for each few that come after it.
pub(crate) fn groups(files: Vec<DataFile>, policy: &Policy) -> Vec<Group> {
    let mut small: BTreeMap<Option<String>, Vec<DataFile>> = BTreeMap::new();
    for file in files.into_iter().filter(|file| file.bytes < policy.small_bytes) {
        small.entry(file.partition.clone()).or_default().push(file);
    }
    let mut groups = Vec::new();
    for mut files in small.into_values() {
        files.sort_by(|one, other| (one.bytes, &one.path).cmp(&(other.bytes, &other.path)));
        let mut group = Group::default();
        for file in files {
            if group.bytes + file.bytes > policy.target_bytes {
                groups.push(std::mem::take(&mut group));
            }
            group.paths.push(file.path);
            group.bytes += file.bytes;
            group.rows += file.rows;
        }
        groups.push(group);
    }
    groups.retain(|group| group.paths.len() >= policy.small_files.max(2));
    groups
}

/// Whether the partition that begins with this day has had its time.
pub(crate) fn is_expired(first_day: NaiveDate, retention: Retention, now_ms: i64) -> bool {
    let ended = match retention.period {
        PartitionBy::Date => first_day.checked_add_days(Days::new(1)),
        PartitionBy::Month => first_day.checked_add_months(Months::new(1)),
    };
    let kept_until = ended.and_then(|ended| ended.checked_add_days(Days::new(u64::from(retention.keep_days))));
    let today = DateTime::from_timestamp_millis(now_ms).map(|now| now.date_naive());
    kept_until.zip(today).is_some_and(|(kept_until, today)| kept_until <= today)
}

/// A file of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogFile {
    pub(crate) name: String,
    pub(crate) version: u64,
    pub(crate) kind: LogFileKind,
    pub(crate) modified_ms: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFileKind {
    Commit,
    /// A checkpoint in one file, as we write it and as the positions are read from it.
    Checkpoint,
    /// A checksum, or whatever else another engine puts beside a version.
    Other,
}

/// Reads a name such as `00000000000000000010.checkpoint.parquet`; `None` for what belongs to no version.
pub(crate) fn log_file(name: &str, modified_ms: i64) -> Option<LogFile> {
    let (digits, ending) = name.split_at_checked(20)?;
    let version = digits.parse().ok()?;
    let kind = match ending {
        ".json" => LogFileKind::Commit,
        ".checkpoint.parquet" => LogFileKind::Checkpoint,
        _ => LogFileKind::Other,
    };
    Some(LogFile { name: name.to_owned(), version, kind, modified_ms })
}

/// Commits since the newest checkpoint; without one, since the table was made.
pub(crate) fn commits_since(checkpoint: Option<u64>, version: u64) -> u64 {
    checkpoint.map_or(version + 1, |checkpoint| version.saturating_sub(checkpoint))
}

/// The newest checkpoint at or below a version.
pub(crate) fn newest_checkpoint(log: &[LogFile], version: u64) -> Option<u64> {
    of_kind(log, LogFileKind::Checkpoint).filter(|checkpoint| *checkpoint <= version).max()
}

/// The oldest version that must stay readable: the oldest that an epoch refers to, or that was the
/// newest at some time since `since_ms`. What cannot be read any more need not stay readable.
pub(crate) fn oldest_needed(log: &[LogFile], retained: &[u64], since_ms: i64) -> u64 {
    let before = log.iter().filter(|file| file.kind == LogFileKind::Commit && file.modified_ms <= since_ms);
    let current_then = before.map(|file| file.version).max();
    let needed = retained.iter().copied().chain([current_then.unwrap_or_default()]).min();
    needed.unwrap_or_default().max(first_readable(log))
}

/// The oldest version of which the log still tells everything.
fn first_readable(log: &[LogFile]) -> u64 {
    let whole = of_kind(log, LogFileKind::Commit).any(|version| version == 0);
    if whole { 0 } else { of_kind(log, LogFileKind::Checkpoint).min().unwrap_or_default() }
}

fn of_kind(log: &[LogFile], kind: LogFileKind) -> impl Iterator<Item = u64> {
    log.iter().filter(move |file| file.kind == kind).map(|file| file.version)
}

/// What may go from the log: all that lies before the newest checkpoint from which the oldest needed
/// version can be read, the oldest first. The checkpoint's version stands beside it.
pub(crate) fn superseded(mut log: Vec<LogFile>, oldest_needed: u64) -> Option<(u64, Vec<LogFile>)> {
    let checkpoint = newest_checkpoint(&log, oldest_needed)?;
    log.retain(|file| file.version < checkpoint);
    log.sort_by(|one, other| (one.version, &one.name).cmp(&(other.version, &other.name)));
    (!log.is_empty()).then_some((checkpoint, log))
}

/// The next stamp of the clean-up, if one is due: uploads from before it count as given up.
pub(crate) fn next_uploads_before(stored: Option<i64>, policy: &Policy) -> Option<i64> {
    let next = policy.now_ms - policy.grace_ms;
    stored.is_none_or(|stored| next - stored >= policy.vacuum_every_ms.max(1)).then_some(next)
}

/// A file in the table's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredFile {
    pub(crate) path: String,
    pub(crate) bytes: u64,
    pub(crate) modified_ms: i64,
}

/// The files that nothing refers to and that were written before the stamp.
pub(crate) fn unused(files: Vec<StoredFile>, in_use: &HashSet<String>, uploads_before_ms: i64) -> Vec<StoredFile> {
    let is_data = |path: &str| path.ends_with(".parquet") && !path.starts_with('_') && !path.starts_with('.');
    let is_unused = |file: &StoredFile| {
        is_data(&file.path) && file.modified_ms < uploads_before_ms && !in_use.contains(&file.path)
    };
    files.into_iter().filter(is_unused).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    fn policy() -> Policy {
        Policy { small_bytes: 30, target_bytes: 100, small_files: 3, ..Policy::at(1_000 * HOUR_MS, 0) }
    }

    fn files(sizes: &[(&str, u64)]) -> Vec<DataFile> {
        let file = |(at, (partition, bytes)): (usize, &(&str, u64))| DataFile {
            path: format!("f{at}"),
            partition: Some((*partition).to_owned()),
            bytes: *bytes,
            rows: 1,
        };
        sizes.iter().enumerate().map(file).collect()
    }

    fn paths(groups: &[Group]) -> Vec<String> {
        groups.iter().map(|group| group.paths.join(" ")).collect()
    }

    #[test]
    fn only_partitions_with_enough_small_files_are_put_together() {
        let two_and_a_good_one = [("a", 5), ("a", 6), ("a", 90)];
        assert_eq!(groups(files(&two_and_a_good_one), &policy()), []);
        let three_in_b = [("a", 5), ("b", 9), ("b", 7), ("a", 6), ("b", 8), ("b", 30)];
        let found = groups(files(&three_in_b), &policy());
        assert_eq!(found, [Group { paths: vec!["f2".into(), "f4".into(), "f1".into()], bytes: 24, rows: 3 }]);
    }

    #[test]
    fn a_group_stays_below_the_target_and_what_is_full_is_left_alone() {
        // 1 + 2 + 3 + 29 + 29 + 29 = 93; a seventh would make 122, and it alone is not worth a rewrite.
        let sizes = [("a", 29), ("a", 29), ("a", 1), ("a", 29), ("a", 2), ("a", 3), ("a", 29)];
        assert_eq!(paths(&groups(files(&sizes), &policy())), ["f2 f4 f5 f0 f1 f3"]);
        // After that the partition holds 93 and 29, and nothing is due.
        assert_eq!(groups(files(&[("a", 93), ("a", 29)]), &policy()), []);
    }

    #[test]
    fn one_file_is_never_put_together_with_nothing() {
        assert_eq!(groups(files(&[("a", 5)]), &Policy { small_files: 1, ..policy() }), []);
    }

    #[test]
    fn a_partition_is_kept_for_whole_days_after_its_last() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let at = |text: &str| text.parse::<DateTime<chrono::Utc>>().unwrap().timestamp_millis();
        let quarter = Retention { period: PartitionBy::Date, keep_days: 90 };
        let expired = |now: &str| is_expired(day("2026-03-02"), quarter, at(now));
        // It has ended when the 3rd begins; 29 days of March, 30 of April and 31 of May later is 1 June.
        assert!(!expired("2026-05-31T23:59:59Z"));
        assert!(expired("2026-06-01T00:00:00Z"));
        let one_more = Retention { period: PartitionBy::Month, keep_days: 1 };
        let month = |now: &str| is_expired(day("2026-02-01"), one_more, at(now));
        assert!(!month("2026-03-01T23:59:59Z"));
        assert!(month("2026-03-02T00:00:00Z"));
    }

    /// A log of commits `from..=to`, each an hour after the one before, with checkpoints.
    fn log(from: u64, to: u64, checkpoints: &[u64]) -> Vec<LogFile> {
        let commits = (from..=to).map(|version| (format!("{version:020}.json"), version));
        let checkpoints =
            checkpoints.iter().map(|version| (format!("{version:020}.checkpoint.parquet"), *version));
        let files = commits.chain(checkpoints);
        files.map(|(name, version)| log_file(&name, version as i64 * HOUR_MS).unwrap()).collect()
    }

    #[test]
    fn names_in_the_log_are_read() {
        let kind = |name: &str| log_file(name, 0).map(|file| (file.version, file.kind));
        assert_eq!(kind("00000000000000000012.json"), Some((12, LogFileKind::Commit)));
        assert_eq!(kind("00000000000000000012.checkpoint.parquet"), Some((12, LogFileKind::Checkpoint)));
        // One of several parts alone is no checkpoint to rely on.
        let part = "00000000000000000012.checkpoint.0000000001.0000000002.parquet";
        assert_eq!(kind(part), Some((12, LogFileKind::Other)));
        assert_eq!(kind("00000000000000000012.crc"), Some((12, LogFileKind::Other)));
        assert_eq!(kind("_last_checkpoint"), None);
        assert_eq!(kind("0012.json"), None);
    }

    #[test]
    fn a_checkpoint_is_due_by_the_commits_since_the_last() {
        assert_eq!((commits_since(None, 99), commits_since(None, 0)), (100, 1));
        assert_eq!((commits_since(Some(40), 99), commits_since(Some(99), 99)), (59, 0));
    }

    #[test]
    fn versions_of_epochs_and_of_the_last_day_are_needed() {
        let log = log(0, 50, &[]);
        // At hour 40 version 40 was the newest, and stayed it until 41 came.
        assert_eq!(oldest_needed(&log, &[], 40 * HOUR_MS), 40);
        assert_eq!(oldest_needed(&log, &[], 41 * HOUR_MS - 1), 40);
        assert_eq!(oldest_needed(&log, &[45, 12, 50], 40 * HOUR_MS), 12);
        assert_eq!(oldest_needed(&log, &[45], 40 * HOUR_MS), 40);
        // Younger than the time asked for: all of it.
        assert_eq!(oldest_needed(&log, &[45], -HOUR_MS), 0);
    }

    #[test]
    fn what_cannot_be_read_any_more_is_not_needed() {
        let cleaned = log(20, 50, &[20, 30]);
        assert_eq!(oldest_needed(&cleaned, &[3], 40 * HOUR_MS), 20);
    }

    #[test]
    fn the_log_is_cut_at_the_newest_checkpoint_before_what_is_needed() {
        let names = |checkpoints: &[u64], needed| {
            let (checkpoint, files) = superseded(log(0, 6, checkpoints), needed)?;
            let versions = files.iter().map(|file| file.version.to_string());
            Some((checkpoint, versions.collect::<Vec<_>>().join(" ")))
        };
        assert_eq!(names(&[2, 4], 5), Some((4, "0 1 2 2 3".to_owned())));
        assert_eq!(names(&[2, 4], 4), Some((4, "0 1 2 2 3".to_owned())));
        // Version 3 is read from the checkpoint 2 and the commit 3.
        assert_eq!(names(&[2, 4], 3), Some((2, "0 1".to_owned())));
        assert_eq!(names(&[2, 4], 1), None);
        assert_eq!(names(&[], 6), None);
        assert_eq!(superseded(log(4, 6, &[4]), 6), None);
    }

    #[test]
    fn the_stamp_moves_on_and_never_back() {
        let policy = Policy { grace_ms: 24 * HOUR_MS, vacuum_every_ms: 6 * HOUR_MS, ..policy() };
        assert_eq!(next_uploads_before(None, &policy), Some(976 * HOUR_MS));
        assert_eq!(next_uploads_before(Some(970 * HOUR_MS), &policy), Some(976 * HOUR_MS));
        assert_eq!(next_uploads_before(Some(970 * HOUR_MS + 1), &policy), None);
        assert_eq!(next_uploads_before(Some(990 * HOUR_MS), &policy), None);
        let always = Policy { vacuum_every_ms: 0, ..policy };
        assert_eq!(next_uploads_before(Some(976 * HOUR_MS), &always), None);
    }

    #[test]
    fn only_old_data_files_that_nothing_refers_to_are_unused() {
        let file = |path: &str, modified_ms| StoredFile { path: path.to_owned(), bytes: 1, modified_ms };
        let folder = vec![
            file("day=1/used.parquet", 10),
            file("day=1/unused.parquet", 10),
            file("day=1/young.parquet", 20),
            file("_delta_log/00000000000000000002.checkpoint.parquet", 10),
            file("notes.txt", 10),
        ];
        let in_use = HashSet::from(["day=1/used.parquet".to_owned()]);
        assert_eq!(unused(folder, &in_use, 20), [file("day=1/unused.parquet", 10)]);
    }
}
