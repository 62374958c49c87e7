//! From events to a file.

use super::header::NewHeader;
use super::{SYNC_BYTES, fault, put_bytes, put_long};
use crate::{Error, Event, frame};
use std::collections::HashMap;
use std::io::{self, Write};
use zstd::bulk::Compressor;

/// Writes a file, its blocks packed with zstandard. The same events in the same order give the same
/// bytes. What was appended is in the file once [`ContainerWriter::finish`] has returned.
pub struct ContainerWriter<W> {
    out: W,
    sync: [u8; SYNC_BYTES],
    /// Place in the file's union, by schema id.
    branches: HashMap<u32, i64>,
    compressor: Compressor<'static>,
    /// The events of the block that is being filled.
    block: Vec<u8>,
    block_events: i64,
    /// Blocks that were written.
    blocks: u64,
}

/// Bytes of events after which a block is closed.
const BLOCK_BYTES: usize = 256 << 10;

impl<W> std::fmt::Debug for ContainerWriter<W> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ContainerWriter({} blocks)", self.blocks)
    }
}

impl<W: Write> ContainerWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// [`Error::Container`] when `out` cannot be written.
    pub fn new(mut out: W) -> Result<Self, Error> {
        let header = NewHeader::new()?;
        let place = |error| fault("header", unwritable(&error));
        out.write_all(&header.bytes).map_err(place)?;
        Ok(Self {
            out,
            sync: header.sync,
            branches: header.branches.iter().map(|released| released.id).zip(0..).collect(),
            compressor: Compressor::new(zstd::DEFAULT_COMPRESSION_LEVEL).map_err(place)?,
            block: Vec::new(),
            block_events: 0,
            blocks: 0,
        })
    }

    /// Adds an event.
    ///
    /// # Errors
    /// [`Error::Event`] names the field that does not fit the event's schema; the file goes on
    /// without the event. [`Error::Container`] when the file cannot be written.
    pub fn append(&mut self, event: &Event) -> Result<(), Error> {
        let record = event.to_record()?;
        let (id, datum) = frame::split(&record).map_err(|refusal| Error::Avro(refusal.to_string()))?;
        let branch =
            self.branches.get(&id).ok_or_else(|| Error::Avro(format!("schema id {id} is not released")))?;
        put_long(&mut self.block, *branch);
        self.block.extend_from_slice(datum);
        self.block_events += 1;
        if self.block.len() < BLOCK_BYTES { Ok(()) } else { self.write_block() }
    }

    /// Writes what is left, and hands the output back. A file without events is refused by readers.
    ///
    /// # Errors
    /// [`Error::Container`] when the file cannot be written.
    pub fn finish(mut self) -> Result<W, Error> {
        if self.block_events > 0 {
            self.write_block()?;
        }
        self.out.flush().map_err(|error| fault(format!("block {}", self.blocks), unwritable(&error)))?;
        Ok(self.out)
    }

    fn write_block(&mut self) -> Result<(), Error> {
        self.blocks += 1;
        let mut bytes = Vec::new();
        put_long(&mut bytes, self.block_events);
        let packed = self.compressor.compress(&self.block);
        let written = packed.and_then(|packed| {
            put_bytes(&mut bytes, &packed);
            bytes.extend_from_slice(&self.sync);
            self.out.write_all(&bytes)
        });
        self.block.clear();
        self.block_events = 0;
        written.map_err(|error| fault(format!("block {}", self.blocks), unwritable(&error)))
    }
}

fn unwritable(error: &io::Error) -> String {
    format!("cannot be written: {error}")
}
