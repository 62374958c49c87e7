//! How the blocks of a file are packed.

use super::{LARGEST_BLOCK_BYTES, Problem};
use flate2::read::DeflateDecoder;
use std::io::Read;
use zstd::stream::read::Decoder;

/// A packing that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Null,
    Deflate,
    Zstandard,
}

/// The base-2 logarithm of [`LARGEST_BLOCK_BYTES`]: no block needs a longer look back.
const WINDOW_LOG: u32 = LARGEST_BLOCK_BYTES.ilog2();

impl Codec {
    /// The codec that a header names; one that names none packs nothing.
    pub(super) fn named(name: Option<&[u8]>) -> Result<Self, Problem> {
        match name {
            None | Some(b"null") => Ok(Self::Null),
            Some(b"deflate") => Ok(Self::Deflate),
            Some(b"zstandard") => Ok(Self::Zstandard),
            Some(other) => Err(format!(
                "its codec is `{}`; write it with `null`, `deflate` or `zstandard`",
                other.escape_ascii()
            )),
        }
    }

    /// A block as it was before it was packed.
    pub(super) fn unpack(self, packed: Vec<u8>) -> Result<Vec<u8>, Problem> {
        let mut block = Vec::new();
        // One byte more than may be, to see whether there is more.
        let most = LARGEST_BLOCK_BYTES as u64 + 1;
        let read = match self {
            Self::Null => return Ok(packed),
            Self::Deflate => DeflateDecoder::new(packed.as_slice()).take(most).read_to_end(&mut block),
            Self::Zstandard => Decoder::with_buffer(packed.as_slice()).and_then(|mut decoder| {
                decoder.window_log_max(WINDOW_LOG)?;
                decoder.take(most).read_to_end(&mut block)
            }),
        };
        match read {
            Ok(bytes) if bytes > LARGEST_BLOCK_BYTES => {
                Err(format!("unpacks to more than {} MiB, which no block needs", LARGEST_BLOCK_BYTES >> 20))
            }
            Ok(_) => Ok(block),
            Err(error) => Err(format!("does not unpack: {error}")),
        }
    }
}
