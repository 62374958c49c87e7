//! What must hold of the log after every step.

use super::log::{Kafka, Log, Place, fence};
use std::collections::BTreeMap;

/// Every record below the lake's position is in the events once, or else in the quarantine, or has had its
/// time and stays out; nothing stands at or after the position; no live file is gone. The first violation, in
/// words.
pub(crate) fn check(kafka: &Kafka, log: &Log) -> Result<(), String> {
    let mut rows: BTreeMap<Place, usize> = BTreeMap::new();
    for file in log.live_at(log.version()) {
        if log.files[file].deleted {
            return Err(format!("file {file} is live and was deleted"));
        }
        log.files[file].rows.iter().for_each(|place| *rows.entry(*place).or_default() += 1);
    }
    if let Some((place, times)) = rows.iter().find(|(_, times)| **times > 1) {
        return Err(format!("{place:?} is in the lake {times} times"));
    }
    if let Some(place) = log.expired.iter().find(|place| rows.contains_key(place)) {
        return Err(format!("{place:?} had its time, and is in the lake again"));
    }
    let positions = log.positions();
    let position = |partition| positions.get(&fence(partition)).copied();
    if let Some(place) =
        rows.keys().find(|(partition, offset)| position(*partition).is_none_or(|end| *offset >= end))
    {
        return Err(format!("{place:?} is in the lake without its position"));
    }
    for (partition, records) in &kafka.records {
        let below = records.iter().take_while(|offset| position(*partition).is_some_and(|end| **offset < end));
        for place in below.map(|offset| (*partition, *offset)) {
            let is_known = log.quarantined.contains(&place) || log.expired.contains(&place);
            if !rows.contains_key(&place) && !is_known {
                return Err(format!("{place:?} is lost"));
            }
        }
    }
    never_back(log)
}

/// Positions only ever grow.
fn never_back(log: &Log) -> Result<(), String> {
    let Some(newest) = log.entries.last() else { return Ok(()) };
    let before = log.positions_at(log.version() - 1);
    let back =
        newest.transactions.iter().find(|(fence, position)| before.get(*fence).is_some_and(|was| was > *position));
    back.map_or(Ok(()), |(fence, position)| Err(format!("{fence} went back to {position}")))
}
