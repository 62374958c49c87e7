//! What an import did, and the identity of the file that it read.

use super::{Refused, Row};
use schemas::Event;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;

/// Counts of an import. `rows_read` is the rows that became events and the refused ones.
#[derive(Debug)]
pub struct Report<O, R> {
    /// Rows, without the heading and blank lines.
    pub rows_read: u64,
    /// Events made.
    pub events_made: u64,
    /// The rows that could not be used.
    pub refused: Vec<Refused<R>>,
    /// Rows by what is odd about them; a row counts once a kind.
    pub oddities: BTreeMap<O, u64>,
}

impl<O, R> Default for Report<O, R> {
    fn default() -> Self {
        Self { rows_read: 0, events_made: 0, refused: Vec::new(), oddities: BTreeMap::new() }
    }
}

impl<O: Ord, R> Report<O, R> {
    /// Counts a row and hands on its events.
    pub fn take(&mut self, row: Row<O, R>) -> Vec<Event> {
        self.rows_read += 1;
        match row {
            Row::Events { events, oddities, .. } => {
                self.events_made += events.len() as u64;
                for kind in oddities {
                    *self.oddities.entry(kind).or_default() += 1;
                }
                events
            }
            Row::Refused(refused) => {
                self.refused.push(refused);
                Vec::new()
            }
        }
    }
}

/// The SHA-256 of a file: which history it is.
///
/// # Errors
/// The file cannot be read.
pub fn file_sha256(path: &Path) -> io::Result<[u8; 32]> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(hash.finalize().into())
}
