//! What is set beside the fences, on a real table on disk, by writers that do not know of each other.

use super::lake_and_table;
use crate::Commit;
use tempfile::TempDir;

#[tokio::test]
async fn what_one_writer_says_is_not_taken_back_by_another_that_knows_less() {
    let folder = TempDir::new().unwrap();
    let (lake, mut first) = lake_and_table(&folder).await;
    let mut second = lake.open_table("events").await.unwrap().unwrap();
    let at_least = |values: &[(&str, i64)]| Commit {
        at_least: values.iter().map(|(stamp, least)| ((*stamp).to_owned(), *least)).collect(),
        ..Commit::default()
    };
    first.commit(at_least(&[("ours", 7), ("theirs", 0)])).await.unwrap();
    // It has not read on since the table was empty.
    second.commit(at_least(&[("ours", 0), ("theirs", 9), ("new", 0)])).await.unwrap();
    first.commit(at_least(&[("ours", 8), ("theirs", 0)])).await.unwrap();
    second.update().await.unwrap();
    let held = ["ours", "theirs", "new"].map(|stamp| second.positions().get(stamp).copied());
    assert_eq!(held, [Some(8), Some(9), Some(0)]);
}
