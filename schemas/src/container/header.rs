//! The front of a file: what it holds, how it is packed, and the marker between its blocks.

use super::codec::Codec;
use super::input::Input;
use super::{MAGIC, Problem, SYNC_BYTES, put_bytes, put_long};
use crate::{Error, Released, catalogue};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::io::Read;
use uuid::Uuid;

/// The header of a file that is read.
pub(super) struct Header {
    pub(super) schema: Json,
    pub(super) codec: Codec,
    pub(super) sync: Vec<u8>,
}

/// The header of a file that is written.
pub(super) struct NewHeader {
    pub(super) bytes: Vec<u8>,
    pub(super) sync: [u8; SYNC_BYTES],
    /// The released versions, in order of the union.
    pub(super) branches: Vec<&'static Released>,
}

/// Far more than the schemas of all sources take.
const LARGEST_ENTRY_BYTES: usize = 16 << 20;

impl Header {
    pub(super) fn read<R: Read>(input: &mut Input<R>) -> Result<Self, Problem> {
        if input.bytes(MAGIC.len()).ok().as_deref() != Some(&MAGIC) {
            return Err(
                "is no Avro object container file, which begins with `Obj` and a byte of value 1".to_owned()
            );
        }
        let (mut schema, mut codec) = (None, None);
        loop {
            let count = input.long()?;
            if count == 0 {
                break;
            }
            if count < 0 {
                // The size of the entries in bytes, by which others may skip them.
                input.long()?;
            }
            for _ in 0..count.unsigned_abs() {
                let key = input.sized(LARGEST_ENTRY_BYTES)?;
                let value = input.sized(LARGEST_ENTRY_BYTES)?;
                match key.as_slice() {
                    b"avro.schema" => schema = Some(value),
                    b"avro.codec" => codec = Some(value),
                    _ => {}
                }
            }
        }
        let schema = schema.ok_or("has no `avro.schema`")?;
        let schema = serde_json::from_slice(&schema).map_err(|error| format!("its schema is no JSON: {error}"))?;
        Ok(Self { schema, codec: Codec::named(codec.as_deref())?, sync: input.bytes(SYNC_BYTES)? })
    }
}

impl NewHeader {
    /// The header of every file of this build. Its marker is a hash of what stands before it, so that
    /// the same events give the same file.
    pub(super) fn new() -> Result<Self, Error> {
        let events = catalogue().sources.values().flat_map(|source| &source.events);
        let branches: Vec<_> = events.filter_map(|event| catalogue().latest(&event.name)).collect();
        let mut defined = BTreeSet::new();
        let schemas = branches.iter().map(|released| {
            let schema = serde_json::from_str(&released.schema);
            let mut schema: Json = schema.map_err(|error| Error::Avro(error.to_string()))?;
            let namespace = schema["namespace"].as_str().unwrap_or_default().to_owned();
            define_once(&mut schema, &namespace, &mut defined);
            Ok(schema)
        });
        let union = Json::Array(schemas.collect::<Result<_, Error>>()?).to_string();
        let mut bytes = MAGIC.to_vec();
        put_long(&mut bytes, 2);
        put_bytes(&mut bytes, b"avro.codec");
        put_bytes(&mut bytes, b"zstandard");
        put_bytes(&mut bytes, b"avro.schema");
        put_bytes(&mut bytes, union.as_bytes());
        put_long(&mut bytes, 0);
        let sync = Uuid::new_v5(&Uuid::nil(), &bytes).into_bytes();
        bytes.extend_from_slice(&sync);
        Ok(Self { bytes, sync, branches })
    }
}

/// A schema document defines a name once; from then on it is referred to.
fn define_once(schema: &mut Json, namespace: &str, defined: &mut BTreeSet<String>) {
    match schema {
        Json::Object(parts) if parts.get("type").is_some_and(|kind| kind == "fixed") => {
            let name = parts.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
            if !defined.insert(format!("{namespace}.{name}")) {
                *schema = Json::String(name);
            }
        }
        Json::Object(parts) => {
            for key in ["type", "fields", "items"] {
                if let Some(part) = parts.get_mut(key) {
                    define_once(part, namespace, defined);
                }
            }
        }
        Json::Array(branches) => branches.iter_mut().for_each(|branch| define_once(branch, namespace, defined)),
        _ => {}
    }
}
