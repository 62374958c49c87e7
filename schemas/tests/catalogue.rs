//! Contracts made up for the test: what the rules refuse, what is dropped on the way to the
//! table, and how two versions of one event end up in the same table.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use apache_avro::Schema;
use apache_avro::types::Value as Avro;
use common::cell;
use schemas::{Catalogue, Field, Refusal, WriterDecoder, catalogue, frame};
use serde_json::{Value as Json, json};

const SOURCE: &str = r#"
topic = "letter.events"
table = "letter_events"
subject = "letter_id"
partition = "month"
order = ["letter_received"]
"#;

const IDS: &str = r#"
[[schema]]
id = 1
source = "letter"
event = "letter_received"
version = 1

[[schema]]
id = 2
source = "letter"
event = "letter_received"
version = 2
"#;

fn field(name: &str, avro_type: Json) -> Json {
    json!({"name": name, "type": avro_type, "doc": "A field."})
}

fn nullable(name: &str, avro_type: Json) -> Json {
    json!({"name": name, "type": ["null", avro_type], "default": null, "doc": "A field."})
}

fn letter(more: &[Json]) -> Json {
    let texts = json!({"type": "array", "items": "string"});
    let mut fields = vec![
        field("event_id", json!({"type": "fixed", "name": "Uuid", "size": 16})),
        field("occurred_at", json!({"type": "long", "logicalType": "timestamp-micros"})),
        field("source", json!("string")),
        field("letter_id", json!("string")),
        nullable("sequence", json!("long")),
        field("case_refs", texts),
        nullable("supersedes", json!("Uuid")),
    ];
    fields.extend_from_slice(more);
    json!({"type": "record", "name": "letter_received", "namespace": "switchboard.letter", "fields": fields})
}

fn marked(field: Json, mark: &str) -> Json {
    let mut field = field;
    field["pii"] = mark.into();
    field
}

fn decimal() -> Json {
    json!({"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 4})
}

fn limited(field: Json, least: impl Into<Json>, most: impl Into<Json>) -> Json {
    let mut field = field;
    field["minimum"] = least.into();
    field["maximum"] = most.into();
    field
}

/// The first version: who wrote and what, which no table may hold, and the pages.
fn first() -> Json {
    letter(&[
        marked(field("writer_name", json!("string")), "name"),
        marked(field("paragraphs", json!({"type": "array", "items": "string"})), "free_text"),
        field("pages", json!("int")),
    ])
}

/// The second version leaves the name out and adds the colour.
fn second() -> Json {
    letter(&[
        marked(field("paragraphs", json!({"type": "array", "items": "string"})), "free_text"),
        field("pages", json!("int")),
        nullable("colour", json!("string")),
    ])
}

fn load(current: &Json, source: &str, ids: &str, more: &[(&str, &str)]) -> Result<Catalogue, String> {
    let (first, second, current) = (first().to_string(), second().to_string(), current.to_string());
    let mut files = vec![
        ("ids.toml", ids),
        ("letter/source.toml", source),
        ("letter/letter_received.avsc", &current),
        ("letter/released/letter_received.v1.avsc", &first),
        ("letter/released/letter_received.v2.avsc", &second),
    ];
    files.extend_from_slice(more);
    Catalogue::load(&files).map_err(|error| error.to_string())
}

fn decoder(catalogue: &Catalogue, id: u32) -> WriterDecoder {
    WriterDecoder::new(catalogue, &catalogue.sources["letter"], id).unwrap().unwrap()
}

/// A record with these values after the envelope.
fn record(id: u32, schema: &Json, more: Vec<(&str, Avro)>) -> Vec<u8> {
    let null = || Avro::Union(0, Box::new(Avro::Null));
    let text = |text: &str| Avro::String(text.to_owned());
    let mut values = vec![
        ("event_id", Avro::Fixed(16, vec![7; 16])),
        ("occurred_at", Avro::TimestampMicros(0)),
        ("source", text("post-room")),
        ("letter_id", text("l-1")),
        ("sequence", null()),
        ("case_refs", Avro::Array(vec![text("crm:1")])),
        ("supersedes", null()),
    ];
    values.extend(more);
    let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    frame::join(id, &apache_avro::to_avro_datum(&Schema::parse(schema).unwrap(), Avro::Record(values)).unwrap())
}

fn texts(texts: &[&str]) -> Avro {
    Avro::Array(texts.iter().map(|text| Avro::String((*text).to_owned())).collect())
}

fn first_record() -> Vec<u8> {
    let name = Avro::String("A. Resident".to_owned());
    let more = vec![("writer_name", name), ("paragraphs", texts(&["Dear", "Sir"])), ("pages", Avro::Int(2))];
    record(1, &first(), more)
}

#[test]
fn two_versions_fill_the_same_columns_and_words_never_arrive() {
    let catalogue = load(&second(), SOURCE, IDS, &[]).unwrap();
    let colour = Avro::Union(1, Box::new(Avro::String("blue".to_owned())));
    let more = vec![("paragraphs", texts(&["Again"])), ("pages", Avro::Int(3)), ("colour", colour)];
    let old = decoder(&catalogue, 1).decode(&[&first_record()]).unwrap();
    let new = decoder(&catalogue, 2).decode(&[&record(2, &second(), more)]).unwrap();
    assert_eq!(old.batch.schema(), new.batch.schema());
    for dropped in ["writer_name", "paragraphs"] {
        assert!(old.batch.column_by_name(dropped).is_none(), "{dropped}");
    }
    for (decoded, pages, colour) in [(&old, "2", None), (&new, "3", Some("blue"))] {
        assert_eq!(cell(&decoded.batch, "case_refs", 0).as_deref(), Some(r#"["crm:1"]"#));
        assert_eq!(cell(&decoded.batch, "pages", 0).as_deref(), Some(pages));
        assert_eq!(cell(&decoded.batch, "colour", 0).as_deref(), colour);
    }
}

/// The decoder skips a dropped list by the size that the record claims. Were that size untrue,
/// words would be read as the fields that follow.
#[test]
fn a_dropped_list_is_skipped_only_by_a_true_size() {
    let catalogue = load(&second(), SOURCE, IDS, &[]).unwrap();
    let plain = first_record();
    let list = [4, 8, b'D', b'e', b'a', b'r', 6, b'S', b'i', b'r', 0, 4];
    let head = plain.strip_suffix(&list[..]).unwrap();
    let in_block = |size: u8| [head, &[3, size * 2], &list[1..]].concat();
    let (good, short, long) = (in_block(9), in_block(8), in_block(10));
    let decoded = decoder(&catalogue, 1).decode(&[&plain, &good, &short, &long, &plain]).unwrap();
    assert_eq!(decoded.rows, [0, 1, 4]);
    assert_eq!(decoded.refused, [(2, Refusal::HostileLength), (3, Refusal::HostileLength)]);
    for row in 0..3 {
        assert_eq!(cell(&decoded.batch, "pages", row).as_deref(), Some("2"));
    }
}

#[test]
fn a_released_version_that_does_not_fit_the_table_is_no_decoder() {
    let changed = letter(&[field("pages", json!("boolean"))]);
    let catalogue = load(&changed, SOURCE, IDS, &[]).unwrap();
    let error = WriterDecoder::new(&catalogue, &catalogue.sources["letter"], 1).unwrap_err().to_string();
    assert!(error.contains("schema id 1") && error.contains("letter_received"), "{error}");
}

#[test]
fn a_field_that_breaks_a_rule_is_named() {
    let enumeration = json!({"type": "enum", "name": "colours", "symbols": ["blue"]});
    let places = json!({"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2});
    let bad = [
        field("colour", enumeration),
        field("colour", json!({"type": "map", "values": "string"})),
        field("colour", json!("double")),
        field("colour", places),
        field("colour", json!(["string", "null"])),
        field("colour", json!(["null", "string", "long"])),
        json!({"name": "colour", "type": "string"}),
        json!({"name": "colour", "type": "string", "doc": " "}),
        marked(field("colour", json!("string")), "shoe_size"),
        marked(field("colour", json!("long")), "phone"),
        limited(field("colour", json!("long")), "0", "1"),
        limited(field("colour", json!("string")), "0", "1"),
        limited(field("colour", decimal()), "1", "0.9999"),
        limited(field("colour", decimal()), "one", "2"),
        limited(field("colour", decimal()), "0", "0.00001"),
        limited(field("colour", decimal()), 0, 1),
    ];
    for entry in bad {
        let error = load(&letter(std::slice::from_ref(&entry)), SOURCE, IDS, &[]).unwrap_err();
        assert!(error.starts_with("letter/letter_received.avsc: field `colour`"), "{entry}: {error}");
    }
}

#[test]
fn the_limits_of_a_decimal_are_read() {
    let limits = |entry: Json| Field::parse(&entry).unwrap().limits;
    let weight = || field("weight", decimal());
    assert_eq!(limits(weight()), None);
    assert_eq!(limits(limited(weight(), "-0.5", "90")), Some(-5000..=900_000));
    let widest = 999_999_999_999_999_999;
    let mut one_sided = limited(weight(), "1", "2");
    one_sided.as_object_mut().unwrap().remove("maximum");
    assert_eq!(limits(one_sided), Some(10_000..=widest));
    let latitude = catalogue().event_type("report_confirmed").unwrap().1.fields.iter();
    let mut latitude = latitude.filter(|field| field.limits.is_some());
    assert_eq!(latitude.next().unwrap().limits, Some(-900_000..=900_000));
    assert_eq!(latitude.next().unwrap().limits, Some(-1_800_000..=1_800_000));
    assert_eq!(latitude.next(), None);
}

#[test]
fn a_file_that_breaks_a_rule_is_named() {
    let refused = |current: &Json, source: &str, ids: &str, more: &[(&str, &str)], file: &str| {
        let error = load(current, source, ids, more).unwrap_err();
        assert!(error.starts_with(file), "expected {file}: {error}");
    };
    let second = second();
    let mut renamed = second.clone();
    renamed["name"] = "letter_arrived".into();
    refused(&renamed, SOURCE, IDS, &[], "letter/letter_received.avsc");
    let mut without_envelope = second.clone();
    without_envelope["fields"].as_array_mut().unwrap().remove(4);
    refused(&without_envelope, SOURCE, IDS, &[], "letter/letter_received.avsc");
    refused(&second, &SOURCE.replace("month", "week"), IDS, &[], "letter/source.toml");
    refused(&second, &SOURCE.replace("]", ", \"letter_lost\"]"), IDS, &[], "letter/letter_lost.avsc");
    refused(&second, SOURCE, IDS, &[("letter/stray.avsc", "{}")], "letter/stray.avsc");
    refused(&second, SOURCE, &IDS.replace("version = 2", "version = 3"), &[], "ids.toml");
    refused(&second, SOURCE, &IDS.replace("id = 2", "id = 1"), &[], "ids.toml");
    refused(&second, SOURCE, &IDS.replace("[[schema]]", "[[schema]]\nkind = 1"), &[], "ids.toml");
}

/// Whichever source it is in: names are unique over all of them.
#[test]
fn a_reserved_name_is_refused() {
    let reserved = format!("{SOURCE}reserved = [\"letter_burnt\", \"letter_received\"]\n");
    let error = load(&second(), &reserved, IDS, &[]).unwrap_err();
    assert_eq!(error, "letter/source.toml: `letter_received` is reserved in letter/source.toml");
    let other = "topic = \"t\"\ntable = \"t\"\nsubject = \"s\"\npartition = \"month\"\norder = []\n";
    let other = format!("{other}reserved = [\"letter_received\"]");
    let error = load(&second(), SOURCE, IDS, &[("post/source.toml", &other)]).unwrap_err();
    assert_eq!(error, "letter/source.toml: `letter_received` is reserved in post/source.toml");
    assert!(load(&second(), &reserved.replace(", \"letter_received\"", ""), IDS, &[]).is_ok());
    assert_eq!(catalogue().sources["reference"].reserved, ["erasure_requested"]);
}

#[test]
fn one_field_name_has_one_meaning_within_a_source() {
    let source = SOURCE.replace("]", ", \"letter_sent\"]");
    let weighed = limited(nullable("weight", decimal()), "0", "2");
    let mut second = second();
    second["fields"].as_array_mut().unwrap().push(nullable("weight", decimal()));
    for other in
        [field("pages", json!("long")), marked(field("colour", json!(["null", "string"])), "name"), weighed]
    {
        let mut sent = letter(std::slice::from_ref(&other));
        sent["name"] = "letter_sent".into();
        let error = load(&second, &source, IDS, &[("letter/letter_sent.avsc", &sent.to_string())]).unwrap_err();
        assert!(error.starts_with("letter/letter_sent.avsc: field"), "{error}");
    }
}
