//! The comparison, without I/O: what Kafka delivered, and what the lake holds, for the same
//! stretch of one partition's offsets.

use crate::cell::Digests;
use crate::report::{Counts, Kind};

/// Where a stretch of offsets lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zone {
    /// Kafka has removed what was here: the lake cannot be compared with anything.
    Gone,
    /// Kafka still has it, and the lake says that it has taken it.
    Taken,
    /// From the lake's position on.
    Ahead,
}

/// A record that Kafka delivered.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) offset: i64,
    pub(crate) size_bytes: i64,
    /// The HMAC of its bytes, where a quarantined one is to be compared with it.
    pub(crate) mac: Option<Vec<u8>>,
    pub(crate) reading: Reading,
}

/// What the auditor's own decoder makes of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reading {
    /// A row, as digests of its columns.
    Row(Digests),
    /// It cannot be used, and why.
    Refused(&'static str),
    /// It was not looked into.
    Unread,
}

/// A row of the events table.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) offset: i64,
    pub(crate) content: Digests,
}

/// A row of the quarantine.
#[derive(Debug, Clone)]
pub(crate) struct Quarantined {
    pub(crate) offset: i64,
    pub(crate) reason: String,
    pub(crate) size_bytes: i64,
    /// Absent from tables that were made before it was kept.
    pub(crate) mac: Option<Vec<u8>>,
}

/// A stretch of offsets of one partition, seen from both sides.
#[derive(Debug)]
pub(crate) struct Window<'a> {
    pub(crate) zone: Zone,
    /// The names of the columns that the digests stand for.
    pub(crate) columns: &'a [String],
    /// Whether rows without a record prove nothing: the topic is compacted, or several clusters
    /// feed the table under one topic's name.
    pub(crate) may_lack_records: bool,
    pub(crate) records: Vec<Record>,
    pub(crate) stored: Vec<Stored>,
    pub(crate) quarantined: Vec<Quarantined>,
}

/// What is wrong at one offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) offset: i64,
    pub(crate) detail: String,
}

/// The one reason of the quarantine that a decoder cannot judge: a steward let the partition go on
/// although nobody knew the record's schema. It may be known by now.
const NOT_OF_THE_BYTES: &str = "unknown_schema";

impl Window<'_> {
    /// Compares offset by offset.
    pub(crate) fn judge(mut self) -> (Counts, Vec<Fault>) {
        self.records.sort_by_key(|one| one.offset);
        self.stored.sort_by_key(|one| one.offset);
        self.quarantined.sort_by_key(|one| one.offset);
        let of_records = self.records.iter().map(|one| one.offset);
        let of_stored = self.stored.iter().map(|one| one.offset);
        let of_quarantined = self.quarantined.iter().map(|one| one.offset);
        let mut offsets: Vec<i64> = of_records.chain(of_stored).chain(of_quarantined).collect();
        offsets.sort_unstable();
        offsets.dedup();
        let mut faults = Faults { counts: Counts::default(), list: Vec::new(), offset: 0 };
        let (mut records, mut stored, mut quarantined) =
            (self.records.as_slice(), self.stored.as_slice(), self.quarantined.as_slice());
        for offset in offsets {
            faults.offset = offset;
            let record = run_at(&mut records, |one| one.offset == offset).first();
            let stored = run_at(&mut stored, |one| one.offset == offset);
            let quarantined = run_at(&mut quarantined, |one| one.offset == offset);
            if stored.len() > 1 {
                faults.add(Kind::Double, format!("{} times in the events", stored.len()));
            }
            match (self.zone, record) {
                (Zone::Gone, _) => faults.counts.not_checkable += 1,
                (Zone::Ahead, record) => ahead(record, stored, &mut faults),
                (Zone::Taken, Some(record)) => self.taken(record, stored, quarantined, &mut faults),
                (Zone::Taken, None) if self.may_lack_records => faults.counts.not_checkable += 1,
                (Zone::Taken, None) => {
                    let place = if stored.is_empty() { "the quarantine" } else { "the events" };
                    faults.add(Kind::Stranger, format!("in {place}, and Kafka has no such record"));
                }
            }
        }
        (faults.counts, faults.list)
    }

    fn taken(&self, record: &Record, stored: &[Stored], quarantined: &[Quarantined], faults: &mut Faults) {
        faults.counts.records += 1;
        match (stored, quarantined) {
            ([], []) => {
                let what = match record.reading {
                    Reading::Refused(why) => format!("a record that cannot be read ({why})"),
                    _ => "a readable record".to_owned(),
                };
                faults.add(Kind::Gap, format!("{what}, neither in the events nor in the quarantine"));
            }
            ([], quarantined) => {
                faults.counts.in_quarantine += 1;
                quarantined_record(record, quarantined, faults);
            }
            (stored, _) => {
                faults.counts.in_events += 1;
                self.stored_record(record, stored, faults);
            }
        }
    }

    fn stored_record(&self, record: &Record, stored: &[Stored], faults: &mut Faults) {
        match &record.reading {
            Reading::Row(row) => {
                if let Some(other) = stored.iter().find(|one| &one.content != row) {
                    let pairs = self.columns.iter().zip(row.iter().zip(&other.content));
                    let differing = pairs.filter(|(_, (ours, theirs))| ours != theirs);
                    let names: Vec<&str> = differing.map(|(name, _)| name.as_str()).collect();
                    faults.add(Kind::Different, format!("columns {}", names.join(", ")));
                }
            }
            Reading::Refused(why) => {
                faults.add(Kind::WronglyStored, format!("the record cannot be read: {why}"));
            }
            Reading::Unread => {}
        }
    }
}

/// In the events above the position: nothing can have put it there. In Kafka above the position:
/// not taken yet.
fn ahead(record: Option<&Record>, stored: &[Stored], faults: &mut Faults) {
    if !stored.is_empty() {
        faults.add(Kind::Stranger, "in the events, at or above the lake's position".to_owned());
    }
    if record.is_some() {
        faults.add(Kind::Behind, "in Kafka, and not taken yet".to_owned());
    }
}

fn quarantined_record(record: &Record, quarantined: &[Quarantined], faults: &mut Faults) {
    let other_size = quarantined.iter().find(|one| one.size_bytes != record.size_bytes);
    let other_bytes = quarantined.iter().any(|one| match (&one.mac, &record.mac) {
        (Some(theirs), Some(ours)) => theirs != ours,
        _ => false,
    });
    if let Some(other) = other_size {
        let sizes = (other.size_bytes, record.size_bytes);
        faults.add(Kind::Different, format!("quarantined with {} bytes, {} in Kafka", sizes.0, sizes.1));
    } else if other_bytes {
        faults.add(Kind::Different, "quarantined with other bytes than Kafka has".to_owned());
    }
    let refused = quarantined.iter().find(|one| one.reason != NOT_OF_THE_BYTES);
    if let (Reading::Row(_), Some(refused)) = (&record.reading, refused) {
        faults.add(Kind::Readable, format!("quarantined as {}, and readable to the auditor", refused.reason));
    }
}

struct Faults {
    counts: Counts,
    list: Vec<Fault>,
    offset: i64,
}

impl Faults {
    fn add(&mut self, kind: Kind, detail: String) {
        self.list.push(Fault { kind, offset: self.offset, detail });
    }
}

/// Takes from the front what stands at one offset.
fn run_at<'a, T>(rest: &mut &'a [T], is_here: impl Fn(&T) -> bool) -> &'a [T] {
    let length = rest.iter().take_while(|one| is_here(one)).count();
    let (run, after) = rest.split_at(length);
    *rest = after;
    run
}

#[cfg(test)]
mod tests;
