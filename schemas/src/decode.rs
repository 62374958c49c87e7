//! Records of one writer schema into one Arrow batch, straight, without a value per row.
//!
//! Comes from `services/ingest`, which groups records by schema id. Every datum is walked first
//! ([`crate::walker`]), so that one bad record costs one record.

use crate::walker::Walker;
use crate::{Admitted, Catalogue, Error, Field, Refusal, Source, WideSchema, frame, wide};
use arrow::array::RecordBatch;
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::SchemaRef;
use arrow_avro::codec::Tz;
use arrow_avro::reader::{Decoder, ReaderBuilder};
use arrow_avro::schema::{AvroSchema, Fingerprint, FingerprintAlgorithm, SchemaStore};
use serde_json::Value as Json;

/// Decodes the records of one writer schema.
pub struct WriterDecoder {
    event_type: String,
    writer_id: u32,
    writer_schema: String,
    columns: WideSchema,
    decoded_schema: SchemaRef,
    walker: Walker,
    decoder: Option<Decoder>,
}

/// What became of a group of records.
#[derive(Debug)]
pub struct Decoded {
    /// One row for each good record, with the columns of [`WideSchema::decoded_schema`].
    pub batch: RecordBatch,
    /// For each row, the place of its record in the group.
    pub rows: Vec<usize>,
    /// The records that could not be used: place in the group, and why.
    pub refused: Vec<(usize, Refusal)>,
}

/// Rows that the decoder holds at most; a group may be as large.
const BATCH_ROWS: usize = 1 << 16;

impl std::fmt::Debug for WriterDecoder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "WriterDecoder({} {})", self.writer_id, self.event_type)
    }
}

impl WriterDecoder {
    /// A decoder for the released schema `id`, if there is one and it belongs to `source`.
    ///
    /// # Errors
    /// [`Error::Definition`] when the schema does not resolve to the source's wide schema.
    pub fn new(catalogue: &Catalogue, source: &Source, id: u32) -> Result<Option<Self>, Error> {
        let Some(released) = catalogue.released(id).filter(|released| released.source == source.name) else {
            return Ok(None);
        };
        Self::with_columns(WideSchema::of(source), source, id, &released.event, &released.schema).map(Some)
    }

    /// A decoder for a writer schema that was admitted under `id`; its rows have the columns that
    /// the schema adds.
    ///
    /// # Errors
    /// [`Error::Definition`] when the schema does not resolve to the source's wide schema.
    pub fn admitted(source: &Source, id: u32, admitted: &Admitted) -> Result<Self, Error> {
        let columns = WideSchema::of(source).with(&admitted.added);
        Self::with_columns(columns, source, id, &admitted.event_type, &admitted.schema)
    }

    fn with_columns(
        columns: WideSchema,
        source: &Source,
        id: u32,
        event_type: &str,
        schema: &str,
    ) -> Result<Self, Error> {
        let mut decoder = Self {
            event_type: event_type.to_owned(),
            writer_id: id,
            writer_schema: renamed(schema, &source.name)?,
            decoded_schema: columns.decoded_schema(),
            columns,
            walker: Walker::new(schema)?,
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

    /// Decodes a group of whole records, header included.
    ///
    /// # Errors
    /// [`Error::Arrow`] or [`Error::Avro`] when a batch cannot be put together: stop.
    pub fn decode(&mut self, records: &[&[u8]]) -> Result<Decoded, Error> {
        let mut refused = Vec::new();
        let mut good = Vec::with_capacity(records.len());
        for (place, record) in records.iter().enumerate() {
            let verdict = frame::split(record).and_then(|(_, datum)| self.walker.check(datum));
            match verdict {
                Ok(()) => good.push(place),
                Err(refusal) => refused.push((place, refusal)),
            }
        }
        let mut batches = Vec::new();
        let mut rows = Vec::with_capacity(good.len());
        for chunk in good.chunks(BATCH_ROWS) {
            match self.decode_checked(chunk.iter().map(|place| records[*place]))? {
                Some(batch) => {
                    batches.push(batch);
                    rows.extend_from_slice(chunk);
                }
                None => self.decode_one_by_one(chunk, records, &mut batches, &mut rows, &mut refused)?,
            }
        }
        Ok(Decoded { batch: concat_batches(&self.decoded_schema, &batches)?, rows, refused })
    }

    /// `None` when the decoder refused or miscounted what the walker had accepted.
    fn decode_checked<'a>(
        &mut self,
        records: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Option<RecordBatch>, Error> {
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
            Ok(Some(batch)) if batch.num_rows() == expected_rows => batch,
            Ok(None) if expected_rows == 0 => RecordBatch::new_empty(self.decoded_schema.clone()),
            _ => return Ok(None),
        };
        self.decoder = Some(decoder);
        self.with_lake_types(&batch).map(Some)
    }

    fn decode_one_by_one(
        &mut self,
        chunk: &[usize],
        records: &[&[u8]],
        batches: &mut Vec<RecordBatch>,
        rows: &mut Vec<usize>,
        refused: &mut Vec<(usize, Refusal)>,
    ) -> Result<(), Error> {
        for place in chunk {
            match self.decode_checked(std::iter::once(records[*place]))? {
                Some(batch) => {
                    batches.push(batch);
                    rows.push(*place);
                }
                None => refused.push((*place, Refusal::DecoderRefused)),
            }
        }
        Ok(())
    }

    fn with_lake_types(&self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        let columns = self.decoded_schema.fields().iter().map(|field| {
            let column = batch.column_by_name(field.name());
            let column = column.ok_or_else(|| Error::Avro(format!("decoder lost column {}", field.name())))?;
            Ok(cast(column, field.data_type())?)
        });
        let columns = columns.collect::<Result<Vec<_>, Error>>()?;
        Ok(RecordBatch::try_new(self.decoded_schema.clone(), columns)?)
    }

    fn build(&self) -> Result<Decoder, Error> {
        let mut store = SchemaStore::new_with_type(FingerprintAlgorithm::Id);
        store.set(Fingerprint::Id(self.writer_id), AvroSchema::new(self.writer_schema.clone()))?;
        let builder = ReaderBuilder::new()
            .with_reader_schema(AvroSchema::new(self.columns.reader_schema()))
            .with_writer_schema_store(store)
            .with_active_fingerprint(Fingerprint::Id(self.writer_id))
            .with_tz(Tz::Utc)
            .with_batch_size(BATCH_ROWS);
        builder.build_decoder().map_err(|error| Error::Definition {
            file: format!("schema id {} ({})", self.writer_id, self.event_type),
            problem: format!("does not resolve to the table of its source: {error}"),
        })
    }
}

/// The schema under the name that all event types of a source share, because Avro resolves
/// records by name.
fn renamed(schema: &str, source: &str) -> Result<String, Error> {
    let mut schema: Json = serde_json::from_str(schema).map_err(|error| Error::Avro(error.to_string()))?;
    schema["name"] = wide::RECORD_NAME.into();
    schema["namespace"] = format!("switchboard.{source}").into();
    Ok(schema.to_string())
}
