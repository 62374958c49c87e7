//! Records of one writer schema into one Arrow batch, straight, without a value per row.
//!
//! Comes from `services/ingest`, which groups records by schema id. Every datum is walked first
//! ([`crate::walker`]), so that one bad record costs one record. Should the decoder still err on what
//! the walker passed, the fault is ours; it costs the records on which it errs, and is counted.

use crate::resolve::Resolved;
use crate::shape::{Names, RecordShape};
use crate::walker::Walker;
use crate::{Catalogue, Error, EventType, Field, Refusal, Source, WideSchema, frame};
use arrow::array::RecordBatch;
use arrow::compute::{CastOptions, cast_with_options, concat_batches};
use arrow::datatypes::SchemaRef;
use arrow_avro::codec::Tz;
use arrow_avro::reader::{Decoder, ReaderBuilder};
use arrow_avro::schema::{AvroSchema, Fingerprint, FingerprintAlgorithm, SchemaStore};

/// Decodes the records of one writer schema.
pub struct WriterDecoder {
    event_type: String,
    writer_id: u32,
    writer_schema: String,
    columns: WideSchema,
    decoded_schema: SchemaRef,
    walker: Walker,
    /// Lost at a surprise, because half a record may be left in it.
    decoder: Option<Decoder>,
}

/// What became of a group of records.
#[derive(Debug)]
pub struct Decoded {
    /// One row for each good record, with the columns of [`WideSchema::decoded_schema`].
    pub batch: RecordBatch,
    /// For each row, the place of its record in the group.
    pub rows: Vec<usize>,
    /// The records that could not be used: place in the group, and why; in order of their places.
    pub refused: Vec<(usize, Refusal)>,
    /// Chunks in which the decoder erred or miscounted although the walker had passed every datum.
    /// The data that it errs on alone are refused as [`Refusal::DecoderRefused`]; there may be none.
    pub surprises: usize,
}

/// Rows that the decoder holds at most, and so what a surprise has decoded again, one by one.
const CHUNK_ROWS: usize = 1 << 10;

impl std::fmt::Debug for WriterDecoder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "WriterDecoder({} {})", self.writer_id, self.event_type)
    }
}

impl WriterDecoder {
    /// A decoder for the released schema `id`, if there is one and it belongs to `source`.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when the schema cannot be read into the source's table.
    pub fn new(catalogue: &Catalogue, source: &Source, id: u32) -> Result<Option<Self>, Error> {
        let released = catalogue.released(id).filter(|released| released.source == source.name);
        released.map(|released| Self::admit(source, id, &released.schema)).transpose()
    }

    /// A decoder for a writer's schema (Avro JSON), whoever published it under `id`. The record's
    /// name without its namespace is the event type.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when no datum of the schema could be read into the source's table.
    pub fn admit(source: &Source, id: u32, schema: &str) -> Result<Self, Error> {
        let refused = |problem: String| Error::Unreadable { schema_id: id, problem };
        let json = serde_json::from_str(schema).map_err(|error| refused(format!("is no JSON: {error}")))?;
        let writer = RecordShape::of(&json, &mut Names::default()).map_err(refused)?;
        let in_record = |problem: String| refused(format!("record `{}`: {problem}", writer.name));
        let event = source.event(writer.own_name());
        let event = event.ok_or_else(|| in_record(format!("is no event type of the source {}", source.name)))?;
        Self::of(source, event, id, &writer, WideSchema::of(source))
    }

    /// A decoder for a writer's schema of this event type, which yields these columns.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when no datum of the schema could be read into the columns.
    pub(crate) fn of(
        source: &Source,
        event: &EventType,
        id: u32,
        writer: &RecordShape,
        columns: WideSchema,
    ) -> Result<Self, Error> {
        let refused = |problem: String| {
            let problem = format!("record `{}`: {problem}", writer.name);
            Error::Unreadable { schema_id: id, problem }
        };
        let resolved = Resolved::new(source, event, writer, columns.added()).map_err(refused)?;
        let mut decoder = Self {
            event_type: event.name.clone(),
            writer_id: id,
            writer_schema: resolved.decoder_schema,
            decoded_schema: columns.decoded_schema(),
            columns,
            walker: resolved.walker,
            decoder: None,
        };
        decoder.decoder = Some(decoder.build()?);
        Ok(decoder)
    }

    /// The fields of the columns that it yields, in their order.
    pub fn columns(&self) -> impl Iterator<Item = &Field> {
        self.columns.columns()
    }

    /// The event type of every record of this schema.
    pub fn event_type(&self) -> &str {
        &self.event_type
    }

    /// Decodes a group of whole records, header included; of less than 2 GiB together, which is as
    /// far as a column of texts can count.
    ///
    /// # Errors
    /// [`Error::Arrow`] or [`Error::Unreadable`] when a batch cannot be put together: stop.
    pub fn decode(&mut self, records: &[&[u8]]) -> Result<Decoded, Error> {
        let (mut passed, mut refused) = (Vec::with_capacity(records.len()), Vec::new());
        for (place, record) in records.iter().enumerate() {
            match frame::split(record).and_then(|(_, datum)| self.walker.check(datum)) {
                Ok(()) => passed.push(place),
                Err(refusal) => refused.push((place, refusal)),
            }
        }
        self.decode_passed(records, &passed, refused)
    }

    /// Decodes those records that passed the walker. A chunk that surprises is decoded again, each
    /// record by itself, so that none but those that cannot be decoded are lost to it.
    fn decode_passed(
        &mut self,
        records: &[&[u8]],
        passed: &[usize],
        mut refused: Vec<(usize, Refusal)>,
    ) -> Result<Decoded, Error> {
        let mut batches = Vec::new();
        let mut rows = Vec::with_capacity(passed.len());
        let mut surprises = 0;
        for chunk in passed.chunks(CHUNK_ROWS) {
            if let Some(batch) = self.attempt(chunk.iter().map(|place| records[*place]))? {
                batches.push(batch);
                rows.extend_from_slice(chunk);
                continue;
            }
            surprises += 1;
            for place in chunk {
                match self.attempt(std::iter::once(records[*place]))? {
                    Some(batch) => {
                        batches.push(batch);
                        rows.push(*place);
                    }
                    None => refused.push((*place, Refusal::DecoderRefused)),
                }
            }
        }
        refused.sort_unstable();
        Ok(Decoded { batch: concat_batches(&self.decoded_schema, &batches)?, rows, refused, surprises })
    }

    /// One batch of all these records; `None` when the decoder erred or miscounted, and is gone.
    fn attempt<'a>(&mut self, records: impl Iterator<Item = &'a [u8]>) -> Result<Option<RecordBatch>, Error> {
        let mut decoder = match self.decoder.take() {
            Some(decoder) => decoder,
            None => self.build()?,
        };
        let mut expected_rows = 0;
        for record in records {
            let capacity = decoder.capacity();
            match decoder.decode(record) {
                Ok(consumed) if consumed == record.len() && decoder.capacity() + 1 == capacity => {}
                _ => return Ok(None),
            }
            expected_rows += 1;
        }
        let batch = match decoder.flush() {
            Ok(Some(batch)) if batch.num_rows() == expected_rows => self.with_lake_types(&batch),
            _ => return Ok(None),
        };
        self.decoder = Some(decoder);
        Ok(batch)
    }

    /// The same with the columns of the lake; `None` where one is missing, holds what the lake's type
    /// does not, or a null where there must be a value.
    fn with_lake_types(&self, batch: &RecordBatch) -> Option<RecordBatch> {
        let exactly = CastOptions { safe: false, ..CastOptions::default() };
        let columns = self.decoded_schema.fields().iter().map(|field| {
            let column = batch.column_by_name(field.name())?;
            cast_with_options(column, field.data_type(), &exactly).ok()
        });
        RecordBatch::try_new(self.decoded_schema.clone(), columns.collect::<Option<_>>()?).ok()
    }

    fn build(&self) -> Result<Decoder, Error> {
        let mut store = SchemaStore::new_with_type(FingerprintAlgorithm::Id);
        store.set(Fingerprint::Id(self.writer_id), AvroSchema::new(self.writer_schema.clone()))?;
        let builder = ReaderBuilder::new()
            .with_reader_schema(AvroSchema::new(self.columns.reader_schema()))
            .with_writer_schema_store(store)
            .with_active_fingerprint(Fingerprint::Id(self.writer_id))
            .with_tz(Tz::Utc)
            .with_batch_size(CHUNK_ROWS);
        builder.build_decoder().map_err(|error| Error::Unreadable {
            schema_id: self.writer_id,
            problem: format!("record `{}`: the decoder cannot read it: {error}", self.event_type),
        })
    }
}

#[cfg(test)]
mod tests;
