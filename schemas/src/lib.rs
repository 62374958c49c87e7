#![doc = include_str!("../README.md")]

pub mod admission;
pub mod catalogue;
pub mod container;
pub mod decode;
pub mod event;
pub mod field;
pub mod frame;
mod json;
pub mod registry;
mod resolve;
mod row;
mod shape;
pub mod walker;
pub mod wide;

pub use admission::{Admitted, LeftOut, admit};
pub use catalogue::{Catalogue, EventType, PartitionBy, Released, Source, catalogue};
pub use container::{ContainerReader, ContainerWriter, Stored};
pub use decode::{Decoded, WriterDecoder};
pub use event::{Event, Value, event_id};
pub use field::{Field, FieldKind, Pii};
pub use frame::Refusal;
pub use registry::{Registry, RegistryError};
pub use wide::WideSchema;

/// What can be wrong with a schema, a catalogue file or an event that was built or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A schema or `source.toml` file breaks the rules of this room; stop and mend the file.
    #[error("{file}: {problem}")]
    Definition {
        /// The file, relative to `schemas/`.
        file: String,
        /// What is wrong and what was expected.
        problem: String,
    },
    /// An event does not fit its schema; refuse the input that it was made from.
    #[error("event {event_type}: {problem}")]
    Event {
        /// The event type.
        event_type: String,
        /// What is wrong and what was expected.
        problem: String,
    },
    /// A file of events is damaged, foreign, or cannot be read or written; use no part of it.
    #[error("{place}: {problem}")]
    Container {
        /// Where in the file, such as `header` or `block 3, event 2 of 900`.
        place: String,
        /// What is wrong and what was expected.
        problem: String,
    },
    /// A writer's schema cannot be read into the table; take none of its records, mend the schema.
    #[error("schema id {schema_id}: {problem}")]
    Unreadable {
        /// The id on the wire.
        schema_id: u32,
        /// What the table cannot take, and in which field.
        problem: String,
    },
    /// The Avro libraries refused a schema that this room accepted; stop.
    #[error("avro: {0}")]
    Avro(String),
    /// Arrow refused a batch that was decoded; stop.
    #[error(transparent)]
    Arrow(#[from] arrow::error::ArrowError),
}
