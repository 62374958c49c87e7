//! Records of one Kafka partition as they come from the broker.

use std::ops::Range;

/// Records of one partition, one after the other in one buffer.
#[derive(Debug, Default, Clone)]
pub struct Chunk {
    /// All records' bytes.
    pub bytes: Vec<u8>,
    /// Where each record ends in `bytes`, and its coordinates.
    pub records: Vec<RecordAt>,
}

/// One record of a [`Chunk`].
#[derive(Debug, Clone, Copy)]
pub struct RecordAt {
    /// End of its bytes; it begins where the one before ends.
    pub end: usize,
    /// Kafka offset.
    pub offset: i64,
    /// Kafka time, milliseconds since 1970.
    pub kafka_time_ms: Option<i64>,
}

impl Chunk {
    /// Adds a record.
    pub fn push(&mut self, record: &[u8], offset: i64, kafka_time_ms: Option<i64>) {
        self.bytes.extend_from_slice(record);
        self.records.push(RecordAt { end: self.bytes.len(), offset, kafka_time_ms });
    }

    /// The records whose offsets lie in a range.
    #[must_use]
    pub fn of_offsets(self, offsets: Range<i64>) -> Self {
        if self.records.iter().all(|record| offsets.contains(&record.offset)) {
            return self;
        }
        let mut some = Self::default();
        for (place, record) in self.records.iter().enumerate().filter(|(_, one)| offsets.contains(&one.offset)) {
            some.push(self.record(place), record.offset, record.kafka_time_ms);
        }
        some
    }

    /// The offset after the last record's.
    pub fn end(&self) -> Option<i64> {
        self.records.last().map(|record| record.offset + 1)
    }

    /// How often an offset does not lie after the one before it, which Kafka promises never to do.
    pub(crate) fn jumps_back(&self) -> u64 {
        self.records.windows(2).filter(|pair| pair[1].offset <= pair[0].offset).count() as u64
    }

    /// The bytes of the record at a place.
    pub fn record(&self, place: usize) -> &[u8] {
        let start = place.checked_sub(1).map_or(0, |before| self.records[before].end);
        &self.bytes[start..self.records[place].end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_can_be_taken_by_offset_across_gaps() {
        let mut chunk = Chunk::default();
        chunk.push(b"one", 3, Some(10));
        chunk.push(b"", 5, None);
        chunk.push(b"three", 9, Some(30));
        let some = chunk.clone().of_offsets(4..9);
        assert_eq!((some.records.len(), some.record(0), some.end()), (1, b"".as_slice(), Some(6)));
        let all = chunk.of_offsets(i64::MIN..i64::MAX);
        assert_eq!((all.record(2), all.end(), all.jumps_back()), (b"three".as_slice(), Some(10), 0));
    }

    #[test]
    fn an_offset_that_does_not_rise_is_seen() {
        let mut chunk = Chunk::default();
        [4, 5, 5, 9, 7].into_iter().for_each(|offset| chunk.push(b"", offset, None));
        assert_eq!(chunk.jumps_back(), 2);
    }
}
