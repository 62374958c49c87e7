//! The wire format: a zero byte, the schema id (4 bytes, big-endian), the Avro datum.
//! The format is that of Confluent-compatible serialisers.

/// Bytes before the datum.
pub const HEADER_BYTES: usize = 5;

/// Why a record cannot be used. Each is a reason in the quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum Refusal {
    /// The record has no bytes at all.
    #[error("empty")]
    Empty,
    /// The first byte is not zero, so this is not the wire format.
    #[error("wrong_magic")]
    WrongMagic,
    /// The bytes end before the datum does.
    #[error("truncated")]
    Truncated,
    /// Bytes are left over after the datum.
    #[error("trailing_bytes")]
    TrailingBytes,
    /// A text is not UTF-8.
    #[error("not_utf8")]
    NotUtf8,
    /// A length or a count is negative, untrue, or larger than the datum can hold.
    #[error("hostile_length")]
    HostileLength,
    /// A number is empty, longer or larger than its type allows.
    #[error("bad_number")]
    BadNumber,
    /// A choice (of a union, or true or false) that the schema does not offer.
    #[error("bad_choice")]
    BadChoice,
    /// Nothing, where the table must have something and only the writer's schema does not say so.
    #[error("missing_value")]
    MissingValue,
    /// A time outside the years 1 to 9999, which no table can hold.
    #[error("time_out_of_range")]
    TimeOutOfRange,
    /// A number outside the limits that its schema sets, such as a northing in place of a latitude.
    #[error("number_out_of_range")]
    NumberOutOfRange,
    /// The decoder refused what the check had accepted: a fault of ours, contained and counted.
    #[error("decoder_refused")]
    DecoderRefused,
    /// Its schema id is not known, and a steward has let the partition go on without it.
    #[error("unknown_schema")]
    UnknownSchema,
}

/// Splits a record into its schema id and its datum.
///
/// # Errors
/// [`Refusal::Empty`], [`Refusal::WrongMagic`] or [`Refusal::Truncated`].
pub fn split(record: &[u8]) -> Result<(u32, &[u8]), Refusal> {
    match record {
        [] => Err(Refusal::Empty),
        [0, a, b, c, d, datum @ ..] => Ok((u32::from_be_bytes([*a, *b, *c, *d]), datum)),
        [0, ..] => Err(Refusal::Truncated),
        _ => Err(Refusal::WrongMagic),
    }
}

/// Puts the header before a datum.
pub fn join(schema_id: u32, datum: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(HEADER_BYTES + datum.len());
    record.push(0);
    record.extend_from_slice(&schema_id.to_be_bytes());
    record.extend_from_slice(datum);
    record
}
