//! One partition, compared window by window.

use crate::Error;
use crate::cell::{Cell, digests};
use crate::datum::Decoder;
use crate::files::{Files, Place, cell, partition_cell};
use crate::judge::{Fault, Quarantined, Reading, Record, Stored, Window, Zone};
use crate::kafka::{Delivered, Kafka, Reader};
use crate::report::{Counts, Finding, Kind, PartitionReport, Report};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use lake::DataFile;
use std::collections::HashSet;
use std::iter::once;
use std::ops::Range;

/// Offsets that are compared at once; the bound of what is held in memory follows from it.
const WINDOW: i64 = 100_000;
const QUARANTINE_COLUMNS: [&str; 4] = ["offset", "reason", "size_bytes", "content_mac"];

/// What the partitions of one topic have in common.
pub(crate) struct Topic<'a> {
    pub(crate) kafka: &'a Kafka,
    pub(crate) cluster: &'a str,
    pub(crate) name: &'a str,
    pub(crate) columns: &'a [String],
    pub(crate) events: &'a Files,
    pub(crate) quarantine: &'a Files,
    pub(crate) decoder: Decoder<'a>,
    /// See [`Window::may_lack_records`].
    pub(crate) may_lack_records: bool,
    /// Whether records above the lake's position are looked for.
    pub(crate) caught_up: bool,
}

/// One partition of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Partition {
    pub(crate) number: i32,
    /// The offsets that Kafka keeps; `None` where it has no such partition.
    pub(crate) kept: Option<Range<i64>>,
    /// The next offset that the lake would take.
    pub(crate) position: Option<i64>,
}

impl Partition {
    /// The offsets that Kafka keeps and the lake has taken.
    pub(crate) fn taken(&self) -> Range<i64> {
        let kept = self.kept();
        kept.start..self.position.unwrap_or(kept.start).max(kept.start)
    }

    /// Of a partition that Kafka does not have, all that was taken is gone.
    fn kept(&self) -> Range<i64> {
        let position = self.position.unwrap_or_default();
        self.kept.clone().unwrap_or(position..position)
    }

    /// What can be said from the positions alone.
    fn misplaced(&self) -> Option<Fault> {
        let position = self.position?;
        let fault = |kind, detail| Some(Fault { kind, offset: position, detail });
        match &self.kept {
            None => fault(Kind::BeyondKafka, "Kafka has no such partition any more".to_owned()),
            Some(kept) if position > kept.end => {
                fault(Kind::BeyondKafka, format!("the lake's position; Kafka ends at {}", kept.end))
            }
            Some(kept) if position < kept.start => {
                let last = kept.start - 1;
                fault(Kind::Missed, format!("to {last}: Kafka removed them before the lake had taken them"))
            }
            Some(_) => None,
        }
    }

    /// All offsets that there can be, cut into windows. `top` is past all that is expected.
    fn windows(&self, top: i64) -> impl Iterator<Item = (Zone, Range<i64>)> + use<> {
        let taken = self.taken();
        let end = self.position.unwrap_or(taken.start);
        let top = top.max(end);
        let cut = |zone: Zone, range: Range<i64>| {
            let starts = range.clone().step_by(WINDOW as usize);
            starts.map(move |start| (zone, start..range.end.min(start + WINDOW)))
        };
        cut(Zone::Gone, 0..taken.start.min(end))
            .chain(cut(Zone::Taken, taken))
            .chain(cut(Zone::Ahead, end..top))
            .chain(once((Zone::Ahead, top..i64::MAX)))
    }
}

impl<'a> Topic<'a> {
    /// Compares a partition and adds to the report. `advanced` is told how many offsets are done.
    pub(crate) fn compare(
        &mut self,
        partition: &Partition,
        report: &mut Report,
        advanced: &mut dyn FnMut(i64),
    ) -> Result<(), Error> {
        let kept = partition.kept();
        let mut reader = match &partition.kept {
            Some(kept) if self.caught_up || !partition.taken().is_empty() => {
                Some(self.kafka.read(self.name, partition.number, kept.start)?)
            }
            _ => None,
        };
        let mut counts = Counts::default();
        let mut problems = 0;
        let name = self.name;
        let mut tell = |fault: Fault, report: &mut Report| {
            problems += u64::from(fault.kind.is_problem());
            let topic = name.to_owned();
            let Fault { kind, offset, detail } = fault;
            report.add(Finding { kind, topic, partition: partition.number, offset, detail });
        };
        partition.misplaced().into_iter().for_each(|fault| tell(fault, report));
        let top = kept.end.max(self.events.end_of(partition.number));
        for (zone, offsets) in partition.windows(top) {
            let window = self.window(partition.number, zone, &offsets, reader.as_mut())?;
            let (counted, faults) = window.judge();
            counts.add(counted);
            faults.into_iter().for_each(|fault| tell(fault, report));
            if zone == Zone::Taken {
                advanced(offsets.end - offsets.start);
            }
        }
        report.partitions.push(PartitionReport {
            topic: name.to_owned(),
            partition: partition.number,
            from: kept.start,
            to: partition.position,
            counts,
            findings: problems,
        });
        Ok(())
    }

    /// Both sides of a stretch of offsets.
    fn window(
        &mut self,
        partition: i32,
        zone: Zone,
        offsets: &Range<i64>,
        reader: Option<&mut Reader<'_>>,
    ) -> Result<Window<'a>, Error> {
        let quarantined = match zone {
            Zone::Ahead => Vec::new(),
            Zone::Gone | Zone::Taken => self.quarantined(partition, offsets)?,
        };
        let stored = self.stored(partition, offsets)?;
        let mut records = Vec::new();
        if let (true, Some(reader)) = (zone == Zone::Taken || zone == Zone::Ahead && self.caught_up, reader) {
            let with_mac: HashSet<i64> = quarantined.iter().map(|one| one.offset).collect();
            while let Some(delivered) = reader.next_below(offsets.end)? {
                records.push(self.record(zone, &delivered, with_mac.contains(&delivered.offset))?);
            }
        }
        let (columns, may_lack_records) = (self.columns, self.may_lack_records);
        Ok(Window { zone, columns, may_lack_records, records, stored, quarantined })
    }

    fn record(&mut self, zone: Zone, delivered: &Delivered, with_mac: bool) -> Result<Record, Error> {
        Ok(Record {
            offset: delivered.offset,
            size_bytes: i64::try_from(delivered.bytes.len()).unwrap_or(i64::MAX),
            mac: with_mac.then(|| self.decoder.mac(&delivered.bytes)),
            reading: match zone {
                Zone::Ahead => Reading::Unread,
                Zone::Gone | Zone::Taken => self.decoder.read(&delivered.bytes)?,
            },
        })
    }

    fn stored(&self, partition: i32, offsets: &Range<i64>) -> Result<Vec<Stored>, Error> {
        let place = Place { cluster: None, topic: self.name.to_owned(), partition };
        let wanted: Vec<&str> = self.columns.iter().map(String::as_str).chain(once("offset")).collect();
        let mut rows = Vec::new();
        self.events.scan(&place, offsets, &wanted, &mut |file, batch| {
            let at = batch["offset"].as_primitive::<Int64Type>();
            for row in 0..batch.num_rows() {
                let content = digests(&content(file, batch, self.columns, row)?);
                rows.push(Stored { offset: at.value(row), content });
            }
            Ok(())
        })?;
        Ok(rows)
    }

    fn quarantined(&self, partition: i32, offsets: &Range<i64>) -> Result<Vec<Quarantined>, Error> {
        let place = Place { cluster: Some(self.cluster.to_owned()), topic: self.name.to_owned(), partition };
        let mut rows = Vec::new();
        self.quarantine.scan(&place, offsets, &QUARANTINE_COLUMNS, &mut |_, batch| {
            let offsets = batch["offset"].as_primitive::<Int64Type>();
            let reasons = batch["reason"].as_string::<i32>();
            let sizes = batch["size_bytes"].as_primitive::<Int64Type>();
            let macs = batch.column_by_name("content_mac").and_then(|column| column.as_binary_opt::<i32>());
            rows.extend((0..batch.num_rows()).map(|row| Quarantined {
                offset: offsets.value(row),
                reason: reasons.value(row).to_owned(),
                size_bytes: sizes.value(row),
                mac: macs.filter(|macs| macs.is_valid(row)).map(|macs| macs.value(row).to_vec()),
            }));
            Ok(())
        })?;
        Ok(rows)
    }
}

/// A row's values in the order of the columns compared; a column that a file does not have is null.
fn content(
    file: &DataFile,
    batch: &RecordBatch,
    columns: &[String],
    row: usize,
) -> Result<Vec<Option<Cell>>, Error> {
    let value = |name: &String| match batch.column_by_name(name) {
        Some(column) => cell(column, row).map_err(|kind| {
            let problem = format!("column {name} is of type {kind}, which no table of ours has");
            Error::File { path: file.path.clone(), source: problem.into() }
        }),
        None => Ok(partition_cell(file, name)),
    };
    columns.iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(kept: Option<Range<i64>>, position: Option<i64>) -> Partition {
        Partition { number: 0, kept, position }
    }

    fn windows(kept: Range<i64>, position: Option<i64>, top: i64) -> Vec<(Zone, Range<i64>)> {
        partition(Some(kept), position).windows(top).collect()
    }

    #[test]
    fn the_windows_cover_every_offset_once() {
        use Zone::{Ahead, Gone, Taken};
        let all = windows(50..250_000, Some(200_050), 250_000);
        let expected = [
            (Gone, 0..50),
            (Taken, 50..100_050),
            (Taken, 100_050..200_050),
            (Ahead, 200_050..250_000),
            (Ahead, 250_000..i64::MAX),
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn nothing_is_taken_where_the_lake_never_was_or_kafka_went_past_it() {
        use Zone::{Ahead, Gone};
        assert_eq!(windows(50..60, None, 60), [(Gone, 0..50), (Ahead, 50..60), (Ahead, 60..i64::MAX)]);
        assert_eq!(windows(50..60, Some(40), 60), [(Gone, 0..40), (Ahead, 40..60), (Ahead, 60..i64::MAX)]);
        assert_eq!(windows(0..0, None, 0), [(Ahead, 0..i64::MAX)]);
    }

    #[test]
    fn positions_alone_show_what_was_missed_and_what_kafka_no_longer_has() {
        let kind = |kept, position| partition(kept, position).misplaced().map(|fault| (fault.kind, fault.offset));
        assert_eq!(kind(Some(50..60), Some(40)), Some((Kind::Missed, 40)));
        assert_eq!(kind(Some(50..60), Some(61)), Some((Kind::BeyondKafka, 61)));
        assert_eq!(kind(None, Some(9)), Some((Kind::BeyondKafka, 9)));
        for position in [None, Some(50), Some(60)] {
            assert_eq!(kind(Some(50..60), position), None);
        }
        assert_eq!(partition(None, Some(9)).taken(), 9..9);
    }
}
