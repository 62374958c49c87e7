//! Records of one Kafka partition into rows of the source's table.
//!
//! Every record is either a row, a bad record with its reason, or the first of a schema that is not
//! known: there the partition must wait. Known are the schemas of this build or, where a registry
//! gives the ids, those that were admitted ([`RowBuilder::admit`]).

use crate::Error;
use crate::chunk::{Chunk, RecordAt};
use crate::event_dates;
use crate::intake::Payload;
use crate::places;
use crate::tokens::{TokenKey, Tokeniser, token_lists};
use arrow::array::{
    ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::datatypes::SchemaRef;
use schemas::{Decoded, LeftOut, Pii, Refusal, Source, WideSchema, WriterDecoder, admit, frame, wide};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

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
    /// HMAC-SHA-256 of its bytes under the token key, by which an auditor who may not open them can
    /// compare them.
    pub content_mac: [u8; 32],
}

/// What became of a chunk, or of several.
#[derive(Debug, Default)]
pub struct ChunkRows {
    /// Rows with the table's columns, as they were known when the rows were made.
    pub batches: Vec<RecordBatch>,
    /// Records for the quarantine.
    pub bad: Vec<BadRecord>,
    /// The offset and schema id of the first record whose schema is not known; it and all after it
    /// are not in the rows.
    pub unknown_schema: Option<(i64, u32)>,
    /// Bytes that the rows and the bad records keep in memory.
    pub bytes: usize,
    /// The latest Kafka time among the records, milliseconds since 1970.
    pub kafka_time_ms: Option<i64>,
    /// What tells the last record from any other; see [`RowBuilder::fingerprint`].
    pub last_record: Option<i64>,
    /// Groups of records on which the decoder erred although the check had passed them.
    pub surprises: usize,
    /// The offset at which the partition was paused because too many records were bad.
    pub paused_at: Option<i64>,
}

/// Builds the rows of one source.
pub struct RowBuilder {
    source: &'static Source,
    columns: WideSchema,
    /// Of those columns.
    table_schema: SchemaRef,
    ids: Ids,
    decoders: HashMap<u32, WriterDecoder>,
    /// Ids of which the registry has said that they cannot be read, or are not there.
    unreadable: HashSet<u32>,
    tokeniser: Tokeniser,
}

/// Where the ids of schemas come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// From this build: `schemas/ids.toml`.
    OfBuild,
    /// From a registry, whose answers are handed to [`RowBuilder::admit`].
    OfRegistry,
}

impl std::fmt::Debug for RowBuilder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "RowBuilder({})", self.source.name)
    }
}

impl RowBuilder {
    /// A builder for a source's table with the columns of this build.
    pub fn new(source: &'static Source, key: TokenKey) -> Self {
        Self::with_columns(source, WideSchema::of(source), Ids::OfBuild, key)
    }

    /// A builder for a table that may have more columns.
    pub fn with_columns(source: &'static Source, columns: WideSchema, ids: Ids, key: TokenKey) -> Self {
        let (decoders, unreadable, tokeniser) = (HashMap::new(), HashSet::new(), Tokeniser::new(key));
        let table_schema = columns.table_schema();
        Self { source, columns, table_schema, ids, decoders, unreadable, tokeniser }
    }

    /// The table that the rows are for.
    pub fn table_schema(&self) -> SchemaRef {
        self.table_schema.clone()
    }

    /// Reads records of this id from now on, with the schema that the registry has for it. `table` has
    /// the columns that the table has by now. Says which fields are left out.
    ///
    /// # Errors
    /// Why it cannot be read; its records then wait, or are bad records.
    pub fn admit(&mut self, id: u32, schema: &str, table: WideSchema) -> Result<Vec<LeftOut>, schemas::Error> {
        let columns = table.with(self.columns.added());
        let admitted = admit(self.source, &columns, id, schema)?;
        self.decoders.insert(id, admitted.decoder);
        self.unreadable.remove(&id);
        self.columns = columns.with(&admitted.added);
        self.table_schema = self.columns.table_schema();
        Ok(admitted.left_out)
    }

    /// Notes that records of this id cannot be read.
    pub fn refuse(&mut self, id: u32) {
        self.unreadable.insert(id);
    }

    /// Where the ids come from.
    pub fn ids(&self) -> Ids {
        self.ids
    }

    /// Checks and decodes a chunk. `ingested_at_micros` is the time to write beside the rows. Below
    /// the offset `accepted` a record whose schema cannot be read is a bad record; one whose schema
    /// has yet to be asked for is not.
    ///
    /// # Errors
    /// Only for faults of ours; what is wrong with a record is in the result.
    pub fn rows(
        &mut self,
        chunk: &Chunk,
        topic: &str,
        partition: i32,
        ingested_at_micros: i64,
        accepted: i64,
    ) -> Result<ChunkRows, Error> {
        let mut result = ChunkRows::default();
        let mut by_schema: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for place in 0..chunk.records.len() {
            match frame::split(chunk.record(place)) {
                Err(reason) => result.bad.push(self.bad_record(chunk, place, None, reason)),
                Ok((id, _)) if self.knows(id)? => by_schema.entry(id).or_default().push(place),
                Ok((id, _)) if chunk.records[place].offset < accepted && self.is_unreadable(id) => {
                    result.bad.push(self.bad_record(chunk, place, Some(id), Refusal::UnknownSchema));
                }
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
            result.surprises += decoded.surprises;
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
            for (at, reason) in &decoded.refused {
                result.bad.push(self.bad_record(chunk, places[*at], Some(id), *reason));
            }
            if decoded.batch.num_rows() > 0 {
                let offsets = decoded.rows.iter().map(|at| chunk.records[places[*at]].offset);
                let place = Coordinates { topic, partition, offsets: offsets.collect(), ingested_at_micros };
                result.batches.push(self.complete(id, decoded, place)?);
            }
        }
        let taken = chunk
            .records
            .iter()
            .take_while(|record| result.unknown_schema.is_none_or(|(offset, _)| record.offset < offset));
        let taken = taken.count();
        result.kafka_time_ms = chunk.records[..taken].iter().filter_map(|record| record.kafka_time_ms).max();
        result.last_record = taken.checked_sub(1).map(|last| self.fingerprint(chunk, last));
        result.bytes = result.batches.iter().map(RecordBatch::get_array_memory_size).sum::<usize>()
            + result.bad.iter().map(|bad| bad.bytes.len() + size_of::<BadRecord>()).sum::<usize>();
        Ok(result)
    }

    /// What tells a record from any other that could stand at its offset: the first 63 bits of an HMAC
    /// of its bytes and its Kafka time under the token key, so that it tells nothing else.
    pub fn fingerprint(&self, chunk: &Chunk, place: usize) -> i64 {
        let time = chunk.records[place].kafka_time_ms.unwrap_or_default().to_be_bytes();
        let mac = self.tokeniser.mac(&[&time, chunk.record(place)]);
        let first = mac.first_chunk::<8>().copied().unwrap_or_default();
        i64::from_be_bytes(first) & i64::MAX
    }

    fn bad_record(&self, chunk: &Chunk, place: usize, schema_id: Option<u32>, reason: Refusal) -> BadRecord {
        let RecordAt { offset, kafka_time_ms, .. } = chunk.records[place];
        let bytes = chunk.record(place).to_vec();
        let content_mac = self.tokeniser.mac(&[&bytes]);
        BadRecord { offset, schema_id, reason, kafka_time_ms, bytes, content_mac }
    }

    fn knows(&mut self, id: u32) -> Result<bool, Error> {
        if self.decoders.contains_key(&id) || self.ids == Ids::OfRegistry {
            return Ok(self.decoders.contains_key(&id));
        }
        let decoder = WriterDecoder::new(schemas::catalogue(), self.source, id)?;
        Ok(decoder.map(|decoder| self.decoders.insert(id, decoder)).is_some())
    }

    fn is_unreadable(&self, id: u32) -> bool {
        self.ids == Ids::OfBuild || self.unreadable.contains(&id)
    }

    /// Adds to the decoded columns what the table has besides, replaces identifiers by tokens and
    /// makes places coarse.
    fn complete(&mut self, id: u32, decoded: Decoded, place: Coordinates<'_>) -> Result<RecordBatch, Error> {
        let rows = decoded.batch.num_rows();
        let Some(decoder) = self.decoders.get(&id) else { return Ok(RecordBatch::new_empty(self.table_schema())) };
        let mut columns: HashMap<&str, ArrayRef> = HashMap::new();
        let mut customer: Vec<ArrayRef> = Vec::new();
        for (field, column) in decoder.columns().zip(decoded.batch.columns()) {
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
        let partition_value = event_dates::of(columns.get("occurred_at"), self.source.partition);
        let event_types = (0..rows).map(|_| decoder.event_type());
        columns.insert("event_type", Arc::new(StringArray::from_iter_values(event_types)));
        columns.insert("customer_tokens", token_lists(&customer, rows));
        columns.insert("topic", Arc::new(StringArray::from_iter_values((0..rows).map(|_| place.topic))));
        columns.insert("partition", Arc::new(Int32Array::from_value(place.partition, rows)));
        columns.insert("offset", Arc::new(Int64Array::from(place.offsets)));
        let ingested_at =
            TimestampMicrosecondArray::from_value(place.ingested_at_micros, rows).with_timezone("UTC");
        columns.insert("ingested_at", Arc::new(ingested_at));
        columns.insert(wide::partition_column(self.source.partition), Arc::new(partition_value));
        let schema = self.table_schema();
        // A column that another writer schema has added has no value here.
        let ordered = schema.fields().iter().map(|field| match columns.get(field.name().as_str()) {
            Some(column) => column.clone(),
            None => new_null_array(field.data_type(), rows),
        });
        let ordered = ordered.collect();
        Ok(RecordBatch::try_new(schema, ordered)?)
    }
}

impl ChunkRows {
    /// Records that became rows or went to the quarantine.
    pub(crate) fn records(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum::<usize>() + self.bad.len()
    }
}

impl Payload for ChunkRows {
    fn append(&mut self, later: Self) {
        self.batches.extend(later.batches);
        self.bad.extend(later.bad);
        self.bytes += later.bytes;
        self.surprises += later.surprises;
        self.kafka_time_ms = self.kafka_time_ms.max(later.kafka_time_ms);
        self.last_record = later.last_record.or(self.last_record);
        self.paused_at = later.paused_at.or(self.paused_at);
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn must_be_told(&self) -> bool {
        self.paused_at.is_some()
    }
}

struct Coordinates<'a> {
    topic: &'a str,
    partition: i32,
    offsets: Vec<i64>,
    ingested_at_micros: i64,
}
