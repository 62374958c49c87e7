//! Three judges of one datum: the walker, apache-avro, and the Arrow decoder alone, as ingest uses it
//! but without the walker before it. What the walker passes, the other two read to the last byte, to
//! equal values. What it refuses, they refuse too, but for the exceptions that `excuses.rs` names.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod data;
mod excuses;
mod fuzz;
mod hostile;
mod places;
mod samples;
mod surprises;
mod writers;

use super::WriterDecoder;
use crate::resolve::known_field;
use crate::shape::{Names, RecordShape};
use crate::{Event, Field, FieldKind, Refusal, Source, catalogue, frame, wide};
use apache_avro::Schema;
use apache_avro::types::Value as Avro;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{DateTime, NaiveDate, SecondsFormat};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

/// The columns of a row that have a value, each as text.
type Row = BTreeMap<String, String>;

/// All that judges the data of one writer's schema.
struct Judges {
    decoder: WriterDecoder,
    shape: RecordShape,
    /// What the table knows of each of the writer's fields.
    known: Vec<Option<Field>>,
    avro: Schema,
}

impl Judges {
    fn new(source: &Source, id: u32, schema: &str) -> Self {
        // What a text may take; the library's own limit is half a gigabyte.
        apache_avro::util::max_allocation_bytes(1 << 20);
        let decoder = WriterDecoder::admit(source, id, schema).unwrap();
        let json = serde_json::from_str(schema).unwrap();
        let shape = RecordShape::of(&json, &mut Names::default()).unwrap();
        let event = source.event(shape.own_name()).unwrap();
        let known = shape.fields.iter().map(|(name, _)| known_field(source, event, name)).collect();
        Self { decoder, shape, known, avro: Schema::parse(&json).unwrap() }
    }

    /// The schema and the data of every sample that is an event.
    fn of_samples() -> Vec<(String, Self, Vec<u8>)> {
        let folders = catalogue().sources.values().map(|source| (source, samples_of(source)));
        let samples = folders.flat_map(|(source, files)| files.into_iter().map(move |file| (source, file)));
        let judges = samples.map(|(source, (file, record))| {
            let (id, datum) = frame::split(&record).unwrap();
            (file, Self::new(source, id, &catalogue().released(id).unwrap().schema), datum.to_vec())
        });
        judges.collect()
    }

    fn record(&self, datum: &[u8]) -> Vec<u8> {
        frame::join(self.decoder.writer_id, datum)
    }

    /// Compares the three verdicts and the values, and gives the walker's.
    fn judge(&mut self, datum: &[u8]) -> Result<(), Refusal> {
        let verdict = self.decoder.walker.check(datum);
        let (apache, arrow) = (self.apache(datum), self.arrow(datum));
        match verdict {
            Ok(()) => {
                let apache = apache.unwrap_or_else(|why| panic!("apache-avro: {why}: {datum:02x?}"));
                let arrow = arrow.unwrap_or_else(|| panic!("arrow-avro refuses {datum:02x?}"));
                assert_eq!(apache, arrow, "{datum:02x?}");
            }
            Err(why) => {
                let fault = self.fault(datum, why);
                assert!(apache.is_err() || fault.passes_apache(), "{fault:?}: apache-avro passes {datum:02x?}");
                assert!(arrow.is_none() || fault.passes_arrow(), "{fault:?}: arrow-avro passes {datum:02x?}");
            }
        }
        verdict
    }

    /// The datum as apache-avro reads it by the writer's schema and promotes it to the table's types.
    fn apache(&self, datum: &[u8]) -> Result<Row, String> {
        let mut bytes = Bytes { rest: datum, starved: false };
        let value = apache_avro::from_avro_datum(&self.avro, &mut bytes, None);
        let Avro::Record(fields) = value.map_err(|error| error.to_string())? else {
            return Err("no record".into());
        };
        if bytes.starved || !bytes.rest.is_empty() {
            return Err(format!("read past the end: {}, left over: {}", bytes.starved, bytes.rest.len()));
        }
        let mut row = Row::new();
        for ((name, value), field) in fields.into_iter().zip(&self.known) {
            let Some(field) = field else { continue };
            let value = if let Avro::Union(_, value) = value { *value } else { value };
            match value {
                Avro::Null if field.nullable => {}
                Avro::Null => return Err(format!("{name} is null")),
                value => drop(row.insert(name, promoted(value, field)?)),
            }
        }
        row.retain(|name, _| self.decoder.decoded_schema.column_with_name(name).is_some());
        Ok(row)
    }

    /// The datum as the Arrow decoder reads it alone, with the checks that ingest makes.
    fn arrow(&mut self, datum: &[u8]) -> Option<Row> {
        let record = self.record(datum);
        let batch = self.decoder.attempt(std::iter::once(record.as_slice())).unwrap()?;
        Some(row(&batch, 0))
    }

    /// All of the data at once, as ingest decodes them: the rows of those that pass, in order.
    fn rows(&mut self, data: &[Vec<u8>]) -> Vec<Row> {
        let records: Vec<Vec<u8>> = data.iter().map(|datum| self.record(datum)).collect();
        let decoded = self.decoder.decode(&records.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        assert_eq!(decoded.surprises, 0);
        let passes = |place: &usize| self.decoder.walker.check(&data[*place]).is_ok();
        assert_eq!(decoded.rows, (0..data.len()).filter(passes).collect::<Vec<_>>());
        assert_eq!(decoded.refused.len() + decoded.rows.len(), data.len());
        (0..decoded.rows.len()).map(|place| row(&decoded.batch, place)).collect()
    }
}

/// Bytes that tell when more was asked for than there is: apache-avro takes a text that was cut short
/// for a null, and a union where nothing is left for its first type.
struct Bytes<'a> {
    rest: &'a [u8],
    starved: bool,
}

impl Read for Bytes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.starved |= buffer.len() > self.rest.len();
        self.rest.read(buffer)
    }
}

/// Names and records of a source's samples that are events.
fn samples_of(source: &Source) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(&source.name).join("samples");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let events = paths.iter().filter(|path| name(path).ends_with(".pass.json")).map(|path| {
        let json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let event = Event::from_json(name(path).split('.').next().unwrap(), &json).unwrap();
        (name(path), event.to_record().unwrap())
    });
    events.collect()
}

fn row(batch: &RecordBatch, row: usize) -> Row {
    let columns =
        batch.schema_ref().fields().iter().zip(batch.columns()).filter(|(_, column)| !column.is_null(row));
    columns.map(|(field, column)| (field.name().clone(), cell(column.as_ref(), row))).collect()
}

fn cell(column: &dyn Array, row: usize) -> String {
    if let Some(lists) = column.as_list_opt::<i32>() {
        return format!(
            "{:?}",
            lists.value(row).as_string::<i32>().iter().map(Option::unwrap).collect::<Vec<_>>()
        );
    }
    ArrayFormatter::try_new(column, &FormatOptions::default()).unwrap().value(row).to_string()
}

/// A value after apache-avro's own promotion to the table's type, as [`cell`] writes it.
fn promoted(value: Avro, field: &Field) -> Result<String, String> {
    // To apache-avro a decimal of fewer bytes than its digits could need is none.
    if let Avro::Decimal(decimal) = &value {
        return Ok(decimal_text(&Vec::try_from(decimal).map_err(|error| error.to_string())?));
    }
    let schema = Schema::parse(&wide::avro_type(field)).unwrap();
    Ok(match value.resolve(&schema).map_err(|error| error.to_string())? {
        Avro::String(text) => text,
        Avro::Long(number) => number.to_string(),
        Avro::Int(number) => number.to_string(),
        Avro::Boolean(flag) => flag.to_string(),
        Avro::Fixed(_, bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        Avro::TimestampMicros(micros) => {
            let time = DateTime::from_timestamp_micros(micros).ok_or("no time")?;
            time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
        }
        Avro::Date(days) => NaiveDate::from_epoch_days(days).ok_or("no date")?.to_string(),
        Avro::Array(items) if field.kind == FieldKind::TextList => {
            let text = |item| if let Avro::String(text) = item { text } else { panic!("{item:?}") };
            format!("{:?}", items.into_iter().map(text).collect::<Vec<String>>())
        }
        other => panic!("{other:?}"),
    })
}

fn decimal_text(bytes: &[u8]) -> String {
    let sign = if bytes.first().is_some_and(|first| *first >= 0x80) { -1 } else { 0 };
    let units = bytes.iter().fold(sign, |units: i128, byte| units << 8 | i128::from(*byte));
    let size = units.unsigned_abs();
    format!("{}{}.{:04}", if units < 0 { "-" } else { "" }, size / 10_000, size % 10_000)
}
