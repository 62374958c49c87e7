//! What a partition has read and not yet committed. Pure: no Kafka, no disk, no clock.
//!
//! A partition is known by its generation: each assignment or rewind begins a new one, and chunks
//! of an older generation, still on their way, are not taken.

use crate::rows::{BadRecord, ChunkRows};
use arrow::array::RecordBatch;
use std::collections::BTreeMap;

/// One assigned partition.
#[derive(Debug, Default)]
pub(crate) struct PartitionBuffer {
    pub(crate) generation: u32,
    /// The position that the lake holds; `None` if it never saw the partition.
    pub(crate) committed: Option<i64>,
    /// The next offset to take; `None` until the first record of a partition never seen.
    pub(crate) next: Option<i64>,
    pub(crate) batches: Vec<RecordBatch>,
    pub(crate) bad: Vec<BadRecord>,
    pub(crate) kafka_time_ms: Option<i64>,
    pub(crate) held: Option<Held>,
    pub(crate) at_end: bool,
    pub(crate) bytes: usize,
}

/// Why a partition does not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) offset: i64,
    pub(crate) schema_id: u32,
}

/// All assigned partitions of a topic.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    pub(crate) partitions: BTreeMap<i32, PartitionBuffer>,
    last_generation: u32,
}

impl PartitionBuffer {
    /// Whether a commit would move the lake's position.
    pub(crate) fn has_moved(&self) -> bool {
        self.next != self.committed
    }

    /// Whether a chunk of this generation, whose last record is at `last_offset`, brings anything new.
    pub(crate) fn takes(&self, generation: u32, last_offset: i64) -> bool {
        self.generation == generation && self.held.is_none() && self.next.is_none_or(|next| last_offset >= next)
    }

    /// Takes what a chunk became. `last_offset` is that of its last record.
    pub(crate) fn take(&mut self, rows: ChunkRows, last_offset: i64, kafka_time_ms: Option<i64>, bytes: usize) {
        self.batches.extend(rows.batches);
        self.bad.extend(rows.bad);
        self.bytes += bytes;
        self.at_end = false;
        match rows.unknown_schema {
            None => {
                self.next = Some(last_offset + 1);
                self.kafka_time_ms = kafka_time_ms.or(self.kafka_time_ms);
            }
            Some((offset, schema_id)) => {
                self.held = Some(Held { offset, schema_id });
                self.next = Some(offset);
            }
        }
    }
}

impl Buffers {
    /// Begins a generation of a partition at the lake's position.
    pub(crate) fn begin(&mut self, partition: i32, committed: Option<i64>) -> u32 {
        self.last_generation += 1;
        let generation = self.last_generation;
        let fresh = PartitionBuffer { generation, committed, next: committed, ..PartitionBuffer::default() };
        self.partitions.insert(partition, fresh);
        generation
    }

    pub(crate) fn buffered_bytes(&self) -> usize {
        self.partitions.values().map(|partition| partition.bytes).sum()
    }

    pub(crate) fn has_moved(&self) -> bool {
        self.partitions.values().any(PartitionBuffer::has_moved)
    }

    /// Forgets what a commit has made safe.
    pub(crate) fn committed(&mut self) {
        for partition in self.partitions.values_mut() {
            partition.committed = partition.next;
            partition.batches.clear();
            partition.bad.clear();
            partition.bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_generation_and_a_repeated_offset_are_not_taken() {
        let mut buffers = Buffers::default();
        let first = buffers.begin(0, Some(10));
        let buffer = &buffers.partitions[&0];
        assert!(buffer.takes(first, 10) && buffer.takes(first, 12) && !buffer.takes(first, 9));
        let second = buffers.begin(0, Some(10));
        assert!(!buffers.partitions[&0].takes(first, 10) && buffers.partitions[&0].takes(second, 10));
    }

    #[test]
    fn a_chunk_of_bad_records_alone_moves_the_position() {
        let mut buffers = Buffers::default();
        buffers.begin(0, None);
        assert!(!buffers.has_moved());
        if let Some(buffer) = buffers.partitions.get_mut(&0) {
            buffer.take(ChunkRows::default(), 41, Some(7), 100);
        }
        assert!(buffers.has_moved());
        assert_eq!(buffers.partitions[&0].next, Some(42));
        buffers.committed();
        assert!(!buffers.has_moved());
        assert_eq!(buffers.buffered_bytes(), 0);
    }

    #[test]
    fn an_unknown_schema_holds_the_partition_at_its_record() {
        let mut buffers = Buffers::default();
        let generation = buffers.begin(0, Some(5));
        if let Some(buffer) = buffers.partitions.get_mut(&0) {
            let rows = ChunkRows { unknown_schema: Some((8, 77)), ..ChunkRows::default() };
            buffer.take(rows, 11, None, 0);
        }
        let buffer = &buffers.partitions[&0];
        assert_eq!((buffer.next, buffer.held.as_ref()), (Some(8), Some(&Held { offset: 8, schema_id: 77 })));
        assert!(!buffer.takes(generation, 12));
    }
}
