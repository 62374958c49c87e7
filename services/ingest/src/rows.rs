//! Records of one Kafka partition into rows of the source's table.
//!
//! Every record is either a row, a bad record with its reason, or the first of a schema that this
//! build does not know: there the partition must wait.

use crate::Error;
use crate::places;
use crate::tokens::{TokenKey, Tokeniser, token_lists};
use arrow::array::{
    ArrayRef, AsArray, Date32Array, Int32Array, Int64Array, PrimitiveArray, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::compute::unary;
use arrow::datatypes::{Date32Type, SchemaRef, TimestampMicrosecondType};
use chrono::{DateTime, Datelike};
use schemas::{Decoded, PartitionBy, Pii, Refusal, Source, WriterDecoder, frame, wide};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

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

/// A record that could not be used.
#[derive(Debug, Clone)]
pub struct BadRecord {
    /// Kafka offset.
    pub offset: i64,
    /// The schema id that it claims, if it has one.
    pub schema_id: Option<u32>,
    /// Why.
    pub reason: Refusal,
    /// Kafka time, milliseconds since 1970.
    pub kafka_time_ms: Option<i64>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What became of a chunk.
#[derive(Debug, Default)]
pub struct ChunkRows {
    /// Rows with the table's columns.
    pub batches: Vec<RecordBatch>,
    /// Records for the quarantine.
    pub bad: Vec<BadRecord>,
    /// The offset and schema id of the first record whose schema is not known; it and all after it
    /// are not in the rows.
    pub unknown_schema: Option<(i64, u32)>,
}

/// Builds the rows of one source.
pub struct RowBuilder {
    source: &'static Source,
    table_schema: SchemaRef,
    decoders: HashMap<u32, WriterDecoder>,
    tokeniser: Tokeniser,
}

impl std::fmt::Debug for RowBuilder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "RowBuilder({})", self.source.name)
    }
}

impl Chunk {
    /// Adds a record.
    pub fn push(&mut self, record: &[u8], offset: i64, kafka_time_ms: Option<i64>) {
        self.bytes.extend_from_slice(record);
        self.records.push(RecordAt { end: self.bytes.len(), offset, kafka_time_ms });
    }

    /// The records from `offset` on.
    #[must_use]
    pub fn from_offset(self, offset: i64) -> Self {
        if self.records.first().is_none_or(|first| first.offset >= offset) {
            return self;
        }
        let mut rest = Self::default();
        for place in (0..self.records.len()).filter(|place| self.records[*place].offset >= offset) {
            rest.push(self.record(place), self.records[place].offset, self.records[place].kafka_time_ms);
        }
        rest
    }

    fn record(&self, place: usize) -> &[u8] {
        let start = place.checked_sub(1).map_or(0, |before| self.records[before].end);
        &self.bytes[start..self.records[place].end]
    }
}

impl RowBuilder {
    /// A builder for a source's table.
    pub fn new(source: &'static Source, key: TokenKey) -> Self {
        let table_schema = wide::table_schema(source);
        Self { source, table_schema, decoders: HashMap::new(), tokeniser: Tokeniser::new(key) }
    }

    /// Checks and decodes a chunk. `ingested_at_micros` is the time to write beside the rows.
    ///
    /// # Errors
    /// Only for faults of ours; what is wrong with a record is in the result.
    pub fn rows(
        &mut self,
        chunk: &Chunk,
        topic: &str,
        partition: i32,
        ingested_at_micros: i64,
    ) -> Result<ChunkRows, Error> {
        let mut result = ChunkRows::default();
        let mut by_schema: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for place in 0..chunk.records.len() {
            match frame::split(chunk.record(place)) {
                Err(reason) => result.bad.push(bad_record(chunk, place, None, reason)),
                Ok((id, _)) if self.knows(id)? => by_schema.entry(id).or_default().push(place),
                Ok((id, _)) => {
                    result.unknown_schema = Some((chunk.records[place].offset, id));
                    break;
                }
            }
        }
        for (id, places) in by_schema {
            let records: Vec<&[u8]> = places.iter().map(|place| chunk.record(*place)).collect();
            let Some(decoder) = self.decoders.get_mut(&id) else { continue };
            let decoded = decoder.decode(&records)?;
            if decoded.surprises > 0 {
                tracing::error!(
                    topic,
                    partition,
                    schema_id = id,
                    chunks = decoded.surprises,
                    "the decoder erred on records that the check had passed, a fault of Switchboard's; those that \
                     cannot be decoded are in the quarantine as decoder_refused, all others are rows"
                );
            }
            let bad = decoded.refused.iter().map(|(at, reason)| bad_record(chunk, places[*at], Some(id), *reason));
            result.bad.extend(bad);
            if decoded.batch.num_rows() > 0 {
                let offsets = decoded.rows.iter().map(|at| chunk.records[places[*at]].offset);
                let place = Coordinates { topic, partition, offsets: offsets.collect(), ingested_at_micros };
                result.batches.push(self.complete(id, decoded, place)?);
            }
        }
        Ok(result)
    }

    fn knows(&mut self, id: u32) -> Result<bool, Error> {
        if self.decoders.contains_key(&id) {
            return Ok(true);
        }
        let decoder = WriterDecoder::new(schemas::catalogue(), self.source, id)?;
        Ok(decoder.map(|decoder| self.decoders.insert(id, decoder)).is_some())
    }

    /// Adds to the decoded columns what the table has besides, replaces identifiers by tokens and
    /// makes places coarse.
    fn complete(&mut self, id: u32, decoded: Decoded, place: Coordinates<'_>) -> Result<RecordBatch, Error> {
        let rows = decoded.batch.num_rows();
        let event_type = self.decoders.get(&id).map(|decoder| decoder.event_type().to_owned()).unwrap_or_default();
        let mut columns: HashMap<&str, ArrayRef> = HashMap::new();
        let mut customer: Vec<ArrayRef> = Vec::new();
        let fields = self.source.columns();
        for (field, column) in fields.iter().zip(decoded.batch.columns()) {
            let column = match field.pii {
                Some(kind) if kind.is_token() => self.tokeniser.column(kind, column),
                Some(Pii::Location) => places::coarse(column),
                _ => column.clone(),
            };
            if field.identifies_customer {
                customer.push(column.clone());
            }
            columns.insert(&field.name, column);
        }
        let partition_value = partition_values(columns.get("occurred_at"), self.source.partition);
        columns.insert("event_type", Arc::new(StringArray::from_iter_values((0..rows).map(|_| &event_type))));
        columns.insert("customer_tokens", token_lists(&customer, rows));
        columns.insert("topic", Arc::new(StringArray::from_iter_values((0..rows).map(|_| place.topic))));
        columns.insert("partition", Arc::new(Int32Array::from_value(place.partition, rows)));
        columns.insert("offset", Arc::new(Int64Array::from(place.offsets)));
        let ingested_at =
            TimestampMicrosecondArray::from_value(place.ingested_at_micros, rows).with_timezone("UTC");
        columns.insert("ingested_at", Arc::new(ingested_at));
        columns.insert(wide::partition_column(self.source.partition), Arc::new(partition_value));
        let ordered =
            self.table_schema.fields().iter().filter_map(|field| columns.get(field.name().as_str()).cloned());
        Ok(RecordBatch::try_new(self.table_schema.clone(), ordered.collect())?)
    }
}

struct Coordinates<'a> {
    topic: &'a str,
    partition: i32,
    offsets: Vec<i64>,
    ingested_at_micros: i64,
}

fn bad_record(chunk: &Chunk, place: usize, schema_id: Option<u32>, reason: Refusal) -> BadRecord {
    let RecordAt { offset, kafka_time_ms, .. } = chunk.records[place];
    BadRecord { offset, schema_id, reason, kafka_time_ms, bytes: chunk.record(place).to_vec() }
}

const MICROS_PER_DAY: i64 = 86_400_000_000;

fn partition_values(occurred_at: Option<&ArrayRef>, partition: PartitionBy) -> Date32Array {
    let Some(times) = occurred_at else { return Date32Array::from(Vec::<i32>::new()) };
    let times: &PrimitiveArray<TimestampMicrosecondType> = times.as_primitive();
    let day = |micros: i64| i32::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or_default();
    match partition {
        PartitionBy::Date => unary::<_, _, Date32Type>(times, day),
        PartitionBy::Month => unary::<_, _, Date32Type>(times, |micros| {
            let date = DateTime::from_timestamp_micros(micros).unwrap_or_default().date_naive();
            date.with_day(1).unwrap_or(date).to_epoch_days()
        }),
    }
}
