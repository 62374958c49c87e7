//! Files of events: what is written is read back, by us and by others; what others wrote is read if
//! its events are ours; and no damage is overlooked.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use apache_avro::types::Value as Avro;
use apache_avro::{Codec, DeflateSettings, Reader, Schema, Writer, ZstandardSettings};
use common::{pass_samples, samples};
use schemas::{ContainerReader, ContainerWriter, Error, Event, Stored, catalogue, frame};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::io::{self, Read};

/// The samples that are events, as events.
fn events() -> Vec<Event> {
    let event = |sample: common::Sample| Event::from_json(&sample.event_type, &sample.json).unwrap();
    pass_samples().into_iter().map(event).collect()
}

fn written<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<u8> {
    let mut writer = ContainerWriter::new(Vec::new()).unwrap();
    for event in events {
        writer.append(event).unwrap();
    }
    writer.finish().unwrap()
}

fn read(file: &[u8]) -> Result<Vec<Stored>, Error> {
    ContainerReader::new(file)?.collect()
}

fn refused(file: &[u8]) -> String {
    read(file).unwrap_err().to_string()
}

fn records(stored: &[Stored]) -> Vec<Vec<u8>> {
    stored.iter().map(|one| one.record.clone()).collect()
}

/// The released schema of an event type, changed.
fn schema(event_type: &str, change: impl Fn(&mut Json)) -> Schema {
    let mut schema = serde_json::from_str(&catalogue().latest(event_type).unwrap().schema).unwrap();
    change(&mut schema);
    Schema::parse(&schema).unwrap()
}

/// A file that apache-avro wrote, of all samples of one event type.
fn foreign(event_type: &str, schema: &Schema, codec: Codec) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut writer = Writer::with_codec(schema, Vec::new(), codec);
    let mut expected = Vec::new();
    for sample in pass_samples().iter().filter(|sample| sample.event_type == event_type) {
        let record = sample.record();
        let own = Schema::parse_str(&catalogue().latest(event_type).unwrap().schema).unwrap();
        let datum = apache_avro::from_avro_datum(&own, &mut &record[frame::HEADER_BYTES..], None).unwrap();
        writer.append(datum).unwrap();
        expected.push(record);
    }
    (writer.into_inner().unwrap(), expected)
}

#[test]
fn every_sample_comes_back_as_it_would_from_kafka() {
    let events = events();
    let file = written(&events);
    let stored = read(&file).unwrap();
    assert_eq!(stored.len(), events.len());
    for (stored, event) in stored.iter().zip(&events) {
        assert_eq!(stored.event_type, event.event_type);
        assert_eq!(stored.source.name, catalogue().event_type(&event.event_type).unwrap().0.name);
        assert_eq!(stored.subject, event.subject());
        assert_eq!(stored.record, event.to_record().unwrap());
    }
    assert_eq!(written(&events), file, "the same events give the same bytes");
}

/// Of what is in the file, another library says the same.
#[test]
fn another_library_reads_what_was_written() {
    let (events, file) = (events(), written(&events()));
    let reader = Reader::new(file.as_slice()).unwrap();
    let Schema::Union(union) = reader.writer_schema() else { panic!("{:?}", reader.writer_schema()) };
    let types: usize = catalogue().sources.values().map(|source| source.events.len()).sum();
    assert_eq!(union.variants().len(), types);
    let mut read = 0;
    for (value, sample) in reader.zip(pass_samples()) {
        let Avro::Union(_, record) = value.unwrap() else { panic!("{}", sample.file) };
        let Avro::Record(fields) = *record else { panic!("{}: {record:?}", sample.file) };
        let fields: BTreeMap<_, _> = fields.into_iter().collect();
        let subject = &sample.source().subject;
        assert_eq!(fields[subject], Avro::String(sample.json[subject].as_str().unwrap().to_owned()));
        let id: uuid::Uuid = sample.json["event_id"].as_str().unwrap().parse().unwrap();
        assert_eq!(fields["event_id"], Avro::Fixed(16, id.as_bytes().to_vec()), "{}", sample.file);
        read += 1;
    }
    assert_eq!(read, events.len());
}

#[test]
fn blocks_are_closed_in_between() {
    let events = events();
    let many: Vec<&Event> = events.iter().cycle().take(20_000).collect();
    let file = written(many.iter().copied());
    let expected: Vec<Vec<u8>> = many.iter().map(|event| event.to_record().unwrap()).collect();
    assert_eq!(records(&read(&file).unwrap()), expected);
    let markers = file.windows(16).filter(|bytes| *bytes == &file[file.len() - 16..]).count();
    let bytes: usize = expected.iter().map(Vec::len).sum();
    assert!((4..40).contains(&markers), "{markers} markers for {bytes} bytes");
}

/// What arrives byte by byte is the same file.
#[test]
fn any_input_will_do() {
    struct Slow<'a>(&'a [u8]);
    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let size = out.len().min(1);
            self.0.read(&mut out[..size])
        }
    }
    let file = written(&events());
    let stored: Result<Vec<Stored>, Error> = ContainerReader::new(Slow(&file)).unwrap().collect();
    assert_eq!(stored.unwrap().len(), events().len());
}

#[test]
fn what_another_library_wrote_is_read() {
    let codecs =
        [Codec::Null, Codec::Deflate(DeflateSettings::default()), Codec::Zstandard(ZstandardSettings::default())];
    for codec in codecs {
        for event_type in ["contact_initiated", "target_set"] {
            let (file, expected) = foreign(event_type, &schema(event_type, |_| {}), codec);
            assert!(!expected.is_empty());
            assert_eq!(records(&read(&file).unwrap()), expected, "{event_type} {codec:?}");
        }
    }
}

/// Docs, marks and where names are defined may differ.
#[test]
fn only_what_the_bytes_mean_must_be_the_same() {
    let schema = schema("queue_mapped", |schema| {
        schema["doc"] = "Told by us.".into();
        schema["name"] = "switchboard.reference.queue_mapped".into();
        schema.as_object_mut().unwrap().remove("namespace");
        for field in schema["fields"].as_array_mut().unwrap() {
            field.as_object_mut().unwrap().remove("doc");
            if field["name"] == "supersedes" {
                field["type"] = json!(["null", "switchboard.reference.Uuid"]);
            }
            if field["name"] == "queue_id" {
                field["type"] = json!({"type": "string"});
            }
        }
    });
    let (file, expected) = foreign("queue_mapped", &schema, Codec::Null);
    assert_eq!(records(&read(&file).unwrap()), expected);
}

#[test]
fn records_that_are_not_ours_are_named() {
    let fields =
        |change: fn(&mut Vec<Json>)| move |schema: &mut Json| change(schema["fields"].as_array_mut().unwrap());
    let differs = |field: &str| {
        format!(
            "header: record `switchboard.reference.queue_mapped` is none of its released versions: it differs from \
             reference/released/queue_mapped.v1.avsc in field `{field}`; write it with that schema"
        )
    };
    let empty = |schema: Schema| refused(&Writer::new(&schema, Vec::new()).into_inner().unwrap());
    let changed = |change: fn(&mut Vec<Json>)| empty(schema("queue_mapped", fields(change)));
    assert_eq!(changed(|fields| fields.swap(7, 8)), differs("service_area"));
    assert_eq!(changed(|fields| drop(fields.pop())), differs("effective_from"));
    assert_eq!(changed(|fields| fields[9]["type"] = "int".into()), differs("social_care"));
    let plain_int = |fields: &mut Vec<Json>| fields.last_mut().unwrap()["type"] = "int".into();
    assert_eq!(changed(plain_int), differs("effective_from"), "the logical type is lost");
    assert_eq!(changed(|fields| fields.push(json!({"name": "more", "type": "int"}))), differs("more"));
    let stray = empty(schema("queue_mapped", |schema| schema["namespace"] = "elsewhere".into()));
    assert!(
        stray.starts_with("header: record `elsewhere.queue_mapped` is no event type of this build;"),
        "{stray}"
    );
    let no_record = empty(Schema::parse_str("\"string\"").unwrap());
    assert_eq!(no_record, "header: holds a schema that is no record: \"string\"");
}

#[test]
fn an_event_that_fits_no_schema_is_not_written() {
    let mut writer = ContainerWriter::new(Vec::new()).unwrap();
    let good = &events()[0];
    writer.append(good).unwrap();
    let error = writer.append(&Event::new("contact_ended")).unwrap_err();
    assert!(matches!(error, Error::Event { .. }), "{error}");
    writer.append(good).unwrap();
    assert_eq!(read(&writer.finish().unwrap()).unwrap().len(), 2);
    assert!(samples().iter().any(|sample| !sample.passes));
}

#[test]
fn an_output_that_fails_is_told() {
    struct Full(usize);
    impl io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let refused = |error: Error| error.to_string();
    assert!(refused(ContainerWriter::new(Full(0)).unwrap_err()).starts_with("header: cannot be written: "));
    let mut writer = ContainerWriter::new(Full(1)).unwrap();
    writer.append(&events()[0]).unwrap();
    assert!(refused(writer.finish().err().unwrap()).starts_with("block 1: cannot be written: "));
}
