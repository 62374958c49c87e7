//! From a file to records. Values are not decoded: the end of each event is found, and what lies
//! before it checked.

use super::codec::Codec;
use super::header::Header;
use super::input::Input;
use super::{LARGEST_BLOCK_BYTES, Problem, fault};
use crate::shape::{Names, RecordShape};
use crate::walker::{Cursor, Walker};
use crate::{Error, Released, Source, catalogue, frame};
use serde_json::Value as Json;
use std::io::Read;
use std::sync::OnceLock;

/// Reads a file. Yields its records in order; after an error nothing more.
#[derive(Debug)]
pub struct ContainerReader<R> {
    input: Input<R>,
    codec: Codec,
    sync: Vec<u8>,
    /// Whether the file's schema is a union, so that every event says of which branch it is.
    is_union: bool,
    branches: Vec<Branch>,
    block: Block,
    has_events: bool,
    ended: bool,
}

/// An event of a file, checked.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The source whose event it is.
    pub source: &'static Source,
    /// The event type.
    pub event_type: &'static str,
    /// The subject id, which is the Kafka key.
    pub subject: String,
    /// The record as it travels on the wire: schema id and datum, as of [`crate::Event::to_record`].
    pub record: Vec<u8>,
}

/// A released version of which the file holds events.
#[derive(Debug)]
struct Branch {
    source: &'static Source,
    event_type: &'static str,
    schema_id: u32,
    walker: Walker,
    /// Place of the subject among the fields, from 0.
    subject: usize,
}

/// The block that is being read.
#[derive(Debug, Default)]
struct Block {
    /// From 1; 0 before the first.
    number: u64,
    /// Events that it holds.
    count: u64,
    /// Events of it that were read.
    read: u64,
    bytes: Vec<u8>,
    /// Where the next event begins in `bytes`.
    at: usize,
}

impl<R: Read> ContainerReader<R> {
    /// Reads the header of a file.
    ///
    /// # Errors
    /// [`Error::Container`] where the input is no such file, is packed in another way, or holds
    /// records that are not released event types.
    pub fn new(input: R) -> Result<Self, Error> {
        let mut input = Input::new(input);
        let place = |problem: Problem| fault("header", problem);
        let Header { schema, codec, sync } = Header::read(&mut input).map_err(place)?;
        let mut names = Names::default();
        let mut branch = |schema: &Json| Branch::find(schema, &mut names).map_err(place);
        let (is_union, branches) = match &schema {
            Json::Array(schemas) => (true, schemas.iter().map(branch).collect::<Result<_, _>>()?),
            schema => (false, vec![branch(schema)?]),
        };
        let block = Block::default();
        Ok(Self { input, codec, sync, is_union, branches, block, has_events: false, ended: false })
    }

    fn stored(&mut self) -> Result<Option<Stored>, Error> {
        while self.block.read == self.block.count {
            let left_over = self.block.bytes.len() - self.block.at;
            if left_over > 0 {
                let place = format!("block {}", self.block.number);
                return Err(fault(place, format!("{left_over} bytes are left over after its last event")));
            }
            let number = self.block.number + 1;
            match self.next_block(number).map_err(|problem| fault(format!("block {number}"), problem))? {
                Some(block) => self.block = block,
                None if self.has_events => return Ok(None),
                None => return Err(fault(format!("block {number}"), "is missing: the file holds no events")),
            }
        }
        self.has_events = true;
        self.block.read += 1;
        let stored = self.event().map_err(|problem| self.block.fault(problem))?;
        Ok(Some(stored))
    }

    fn next_block(&mut self, number: u64) -> Result<Option<Block>, Problem> {
        let Some(count) = self.input.long_or_end()? else { return Ok(None) };
        let packed = self.input.sized(LARGEST_BLOCK_BYTES)?;
        let sync = self.input.bytes(self.sync.len())?;
        if sync != self.sync {
            return Err("does not end with the file's marker; the file is damaged".to_owned());
        }
        let bytes = self.codec.unpack(packed)?;
        // Every event takes a byte at least, so more events than bytes is a lie.
        let count = u64::try_from(count).ok().filter(|count| *count <= bytes.len() as u64);
        let count = count.ok_or("claims more events than it can hold, or fewer than none")?;
        Ok(Some(Block { number, count, read: 0, bytes, at: 0 }))
    }

    /// The next event of the block.
    fn event(&mut self) -> Result<Stored, Problem> {
        let mut rest = Cursor(&self.block.bytes[self.block.at..]);
        let place = if self.is_union { rest.long().map_err(|refusal| refusal.to_string())? } else { 0 };
        let branch = usize::try_from(place).ok().and_then(|place| self.branches.get(place));
        let branch = branch.ok_or_else(|| format!("is of branch {place}, which the schema does not have"))?;
        let of_type = |refusal| format!("is no {}: {refusal}", branch.event_type);
        let length = branch.walker.value_length(rest.0).map_err(of_type)?;
        let (datum, rest) = rest.0.split_at(length);
        let subject = branch.walker.text_field(datum, branch.subject).map_err(of_type)?.to_owned();
        let record = frame::join(branch.schema_id, datum);
        self.block.at = self.block.bytes.len() - rest.len();
        Ok(Stored { source: branch.source, event_type: branch.event_type, subject, record })
    }
}

impl<R: Read> Iterator for ContainerReader<R> {
    type Item = Result<Stored, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.stored().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

impl Block {
    fn fault(&self, problem: Problem) -> Error {
        fault(format!("block {}, event {} of {}", self.number, self.read, self.count), problem)
    }
}

impl Branch {
    /// The released version that has this shape; the newest, if several have.
    fn find(schema: &Json, names: &mut Names) -> Result<Self, Problem> {
        let shape = RecordShape::of(schema, names)?;
        let versions = || known().iter().filter(|(_, known)| known.name == shape.name);
        if let Some((released, _)) = versions().find(|(_, known)| *known == shape) {
            return Self::new(released, &shape);
        }
        let newest = versions().next();
        Err(match newest.and_then(|(released, known)| Some((released, shape.difference(known)?))) {
            None => format!(
                "record `{}` is no event type of this build; leave its events out, or use a build that knows it",
                shape.name
            ),
            Some((released, field)) => format!(
                "record `{}` is none of its released versions: it differs from {}/released/{}.v{}.avsc in field \
                 `{field}`; write it with that schema",
                shape.name, released.source, released.event, released.version
            ),
        })
    }

    fn new(released: &'static Released, shape: &RecordShape) -> Result<Self, Problem> {
        let known = catalogue().event_type(&released.event);
        let (source, event) = known.ok_or_else(|| format!("{} has no current schema", released.event))?;
        let subject = shape.fields.iter().position(|(name, _)| *name == source.subject).unwrap_or_default();
        let walker = Walker::new(&released.schema).map_err(|error| error.to_string())?;
        Ok(Self { source, event_type: &event.name, schema_id: released.id, walker, subject })
    }
}

/// The released versions and their shapes, newest first. The tests of this room read them all.
fn known() -> &'static [(&'static Released, RecordShape)] {
    static KNOWN: OnceLock<Vec<(&'static Released, RecordShape)>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let shape = |released: &'static Released| {
            let schema = serde_json::from_str(&released.schema).ok()?;
            Some((released, RecordShape::of(&schema, &mut Names::default()).ok()?))
        };
        catalogue().all_released().into_iter().rev().filter_map(shape).collect()
    })
}
