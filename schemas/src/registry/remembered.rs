//! What a registry has answered. Pure: the time comes in as an argument.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long an id that the registry did not know is taken for unknown: it may be registered, or
/// reach the copy that was asked, a moment later.
const ABSENT_FOR: Duration = Duration::from_secs(10);
/// Ids of each kind that are kept; beyond that all are forgotten, and asked for again.
const KEPT_IDS: usize = 10_000;

/// Schemas by id, for ever, because an id never changes its schema; absent ids for a while.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    schemas: HashMap<u32, Arc<str>>,
    absent_since: HashMap<u32, Instant>,
}

/// What is known of an id.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Memory {
    Schema(Arc<str>),
    Absent,
    Nothing,
}

impl Remembered {
    pub(super) fn recall(&self, id: u32, now: Instant) -> Memory {
        match (self.schemas.get(&id), self.absent_since.get(&id)) {
            (Some(schema), _) => Memory::Schema(schema.clone()),
            (None, Some(since)) if now.duration_since(*since) < ABSENT_FOR => Memory::Absent,
            _ => Memory::Nothing,
        }
    }

    pub(super) fn keep(&mut self, id: u32, schema: Arc<str>) {
        self.absent_since.remove(&id);
        make_room(&mut self.schemas);
        self.schemas.insert(id, schema);
    }

    pub(super) fn keep_absent(&mut self, id: u32, now: Instant) {
        make_room(&mut self.absent_since);
        self.absent_since.insert(id, now);
    }
}

fn make_room<T>(held: &mut HashMap<u32, T>) {
    if held.len() >= KEPT_IDS {
        held.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_kept_for_ever_and_its_absence_for_a_while() {
        let begin = Instant::now();
        let after = |seconds| begin + Duration::from_secs(seconds);
        let mut held = Remembered::default();
        assert_eq!(held.recall(7, begin), Memory::Nothing);
        held.keep_absent(7, begin);
        assert_eq!((held.recall(7, after(9)), held.recall(7, after(10))), (Memory::Absent, Memory::Nothing));
        assert_eq!(held.recall(8, begin), Memory::Nothing);
        held.keep(7, Arc::from("schema"));
        let kept = || Memory::Schema(Arc::from("schema"));
        assert_eq!((held.recall(7, begin), held.recall(7, after(1_000_000))), (kept(), kept()));
    }

    #[test]
    fn made_up_ids_do_not_fill_the_memory() {
        let now = Instant::now();
        let mut held = Remembered::default();
        held.keep(7, Arc::from("schema"));
        for id in 0..=30_000 {
            held.keep_absent(id, now);
        }
        assert!(held.absent_since.len() <= KEPT_IDS);
        assert_eq!(held.recall(30_000, now), Memory::Absent);
        assert_eq!(held.recall(7, now), Memory::Schema(Arc::from("schema")));
    }
}
