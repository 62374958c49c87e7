//! The samples against the contracts: what is an event is carried whole into its row, what is
//! none is refused by the field that its file name says.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use chrono::{DateTime, SecondsFormat};
use common::{Sample, cell, pass_samples, samples};
use schemas::walker::Walker;
use schemas::{Event, Field, FieldKind, Pii, Value, catalogue, event_id, frame, wide};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use uuid::Uuid;

fn fields_of(event_type: &str) -> &'static [Field] {
    &catalogue().event_type(event_type).unwrap().1.fields
}

#[test]
fn every_event_type_has_a_sample_that_passes_and_one_that_fails() {
    let samples = samples();
    for event in catalogue().sources.values().flat_map(|source| &source.events) {
        for passes in [true, false] {
            let found = samples.iter().any(|one| one.event_type == event.name && one.passes == passes);
            assert!(found, "{} has no sample with passes = {passes}", event.name);
        }
    }
}

#[test]
fn every_sample_belongs_to_an_event_type_of_its_folder() {
    for (name, source) in &catalogue().sources {
        for path in common::entries(common::root().join(name).join("samples")) {
            let file = path.file_name().unwrap().to_str().unwrap();
            let event_type = file.split('.').next().unwrap();
            assert!(source.event(event_type).is_some(), "{}: stray", path.display());
        }
    }
}

#[test]
fn the_samples_show_every_field_with_a_value_and_every_nullable_one_without() {
    let samples = pass_samples();
    for event in catalogue().sources.values().flat_map(|source| &source.events) {
        let of_type = || samples.iter().filter(|one| one.event_type == event.name);
        for field in &event.fields {
            let name = &field.name;
            let shown = of_type().any(|one| one.json.get(name).is_some_and(|value| !value.is_null()));
            let envelope = ["sequence", "case_refs", "supersedes"].contains(&name.as_str());
            assert!(shown || envelope, "{}: no sample shows `{name}`", event.name);
            let left_out = of_type().any(|one| one.json.get(name).is_none_or(Json::is_null));
            assert!(left_out || !field.nullable, "{}: no sample leaves `{name}` out", event.name);
        }
    }
    for name in ["sequence", "case_refs", "supersedes"] {
        assert!(samples.iter().any(|one| one.json.get(name).is_some_and(|value| !value.is_null())), "{name}");
    }
}

#[test]
fn a_sample_that_passes_is_accepted_by_the_walker() {
    for sample in pass_samples() {
        let record = sample.record();
        let (id, datum) = frame::split(&record).unwrap();
        let released = catalogue().released(id).unwrap();
        assert_eq!(released.event, sample.event_type, "{}", sample.file);
        assert_eq!(Walker::new(&released.schema).unwrap().check(datum), Ok(()), "{}", sample.file);
    }
}

#[test]
fn a_sample_that_passes_becomes_one_row_with_its_values() {
    for sample in pass_samples() {
        let record = sample.record();
        let mut decoder = sample.decoder();
        assert_eq!(decoder.event_type(), sample.event_type);
        let decoded = decoder.decode(&[&record]).unwrap();
        assert_eq!((decoded.rows.as_slice(), decoded.refused.as_slice()), ([0].as_slice(), [].as_slice()));
        assert_eq!(decoded.batch.num_rows(), 1, "{}", sample.file);
        assert_eq!(decoded.batch.schema(), wide::decoded_schema(sample.source()), "{}", sample.file);
        for column in decoded.batch.schema().fields() {
            let found = cell(&decoded.batch, column.name(), 0);
            assert_eq!(found, expected(&sample, column.name()), "{} {}", sample.file, column.name());
        }
    }
}

/// There and back again; what is dropped on the way is left out of the comparison.
#[test]
fn a_row_is_the_event_that_it_came_from() {
    for sample in pass_samples() {
        let written = Event::from_json(&sample.event_type, &sample.json).unwrap();
        let (source, event_type) = catalogue().event_type(&sample.event_type).unwrap();
        let rows = sample.decoder().decode(&[&sample.record()]).unwrap().batch;
        let read = Event::of_rows(event_type, &rows).unwrap();
        let kept = |name: &String| source.columns().iter().any(|column| &column.name == name);
        let said = |value: &Value| !matches!(value, Value::Null) && *value != Value::TextList(Vec::new());
        let of = |event: &Event| -> Vec<(String, Value)> {
            let fields = event.fields.iter().filter(|(name, value)| kept(name) && said(value));
            fields.map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        assert_eq!(read.iter().map(of).collect::<Vec<_>>(), [of(&written)], "{}", sample.file);
        // A table from before the event had fields of its own.
        let old = rows.project(&[0, 1, 2, 3]).unwrap();
        let old = Event::of_rows(event_type, &old).unwrap();
        assert_eq!(old[0].fields.keys().map(String::as_str).collect::<Vec<_>>(), {
            let mut envelope = vec!["event_id", "occurred_at", "source", source.subject.as_str()];
            envelope.sort_unstable();
            envelope
        });
    }
}

#[test]
fn values_are_shown_as_files_write_them() {
    let texts = Value::TextList(vec!["a".to_owned(), "b".to_owned()]);
    for (value, text) in [
        (Value::Null, ""),
        (Value::from("TAX"), "TAX"),
        (Value::from(120), "120"),
        (Value::from(false), "false"),
        (Value::Date(20_544), "2026-04-01"),
        (Value::Decimal(152_000), "15.2"),
        (Value::TimestampMicros(1_775_034_000_000_000), "2026-04-01T09:00:00Z"),
        (texts, "a, b"),
    ] {
        assert_eq!(value.to_string(), text);
    }
}

#[test]
fn what_is_dropped_is_no_column_and_all_else_is() {
    for source in catalogue().sources.values() {
        let columns: BTreeSet<String> =
            wide::decoded_schema(source).fields().iter().map(|field| field.name().clone()).collect();
        for field in source.events.iter().flat_map(|event| &event.fields) {
            let dropped = matches!(field.pii, Some(Pii::Name | Pii::FreeText));
            assert_eq!(columns.contains(&field.name), !dropped, "{} {}", source.name, field.name);
        }
    }
}

/// What the row of a sample must hold, from the JSON alone.
fn expected(sample: &Sample, column: &str) -> Option<String> {
    let field = fields_of(&sample.event_type).iter().find(|field| field.name == column)?;
    let value = sample.json.get(column).filter(|value| !value.is_null());
    match (field.kind, value) {
        (FieldKind::TextList, None) if !field.nullable => Some("[]".to_owned()),
        (_, None) => None,
        (FieldKind::Id, Some(id)) => Some(id.as_str().unwrap().replace('-', "")),
        (FieldKind::Timestamp, Some(time)) => {
            let time = DateTime::parse_from_rfc3339(time.as_str().unwrap()).unwrap();
            Some(time.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
        }
        (FieldKind::Decimal, Some(decimal)) => {
            let (whole, part) = decimal.as_str().unwrap().split_once('.').unwrap_or((decimal.as_str()?, ""));
            Some(format!("{whole}.{part:0<4}"))
        }
        (_, Some(Json::String(text))) => Some(text.clone()),
        (_, Some(other)) => Some(other.to_string()),
    }
}

#[test]
fn a_sample_that_fails_is_refused_for_the_field_in_its_name() {
    for sample in samples().iter().filter(|sample| !sample.passes) {
        let error = Event::from_json(&sample.event_type, &sample.json).err();
        let error = error.unwrap_or_else(|| panic!("{} is accepted", sample.file)).to_string();
        let field = named_field(&error).unwrap_or_else(|| panic!("{} names no field: {error}", sample.file));
        assert!(error.contains(&sample.event_type), "{}: {error}", sample.file);
        let reason = sample.file.split('.').nth(1).unwrap();
        assert!(format!("_{reason}_").contains(&format!("_{field}_")), "{}: {error}", sample.file);
    }
}

#[test]
fn a_sample_that_fails_has_no_other_fault() {
    let passing = pass_samples();
    for sample in samples().iter().filter(|sample| !sample.passes) {
        let error = Event::from_json(&sample.event_type, &sample.json).unwrap_err().to_string();
        let field = named_field(&error).unwrap();
        let mut mended = sample.json.clone();
        mended.as_object_mut().unwrap().remove(field);
        let of_type = passing.iter().filter(|one| one.event_type == sample.event_type);
        if let Some(value) = of_type.filter_map(|one| one.json.get(field)).find(|value| !value.is_null()) {
            mended[field] = value.clone();
        }
        let verdict = Event::from_json(&sample.event_type, &mended);
        assert!(verdict.is_ok(), "{}: {}", sample.file, verdict.unwrap_err());
    }
}

fn named_field(error: &str) -> Option<&str> {
    error.split('`').nth(1)
}

#[test]
fn an_event_that_leaves_out_a_required_field_is_refused_whichever_it_is() {
    for sample in pass_samples() {
        for field in fields_of(&sample.event_type) {
            let mut json = sample.json.clone();
            json.as_object_mut().unwrap().remove(&field.name);
            let verdict = Event::from_json(&sample.event_type, &json);
            let optional = field.nullable || field.kind == FieldKind::TextList;
            assert_eq!(verdict.is_ok(), optional, "{} without {}", sample.file, field.name);
        }
    }
}

#[test]
fn the_record_key_is_the_subject() {
    for sample in pass_samples() {
        let event = Event::from_json(&sample.event_type, &sample.json).unwrap();
        assert_eq!(event.subject(), sample.json[&sample.source().subject].as_str().unwrap());
    }
}

/// The ids were computed with Python's `uuid.uuid5`, not with this code.
#[test]
fn event_ids_do_not_change() {
    let fixed = [
        ("telephony-main", "contact_answered", "c-1001", "fe6dc108-e796-5efe-9567-ddc9166916f7"),
        ("telephony-main", "contact_answered", "c-1010/revision-2", "ee3dd9e7-89d6-5416-a2f5-c6043b3a6c73"),
        ("reference-files", "queue_mapped", "queue:TAX/2026-01-01", "42d00f96-4483-5fbc-a754-0210eb9f5296"),
        ("café", "contact_ended", "", "5d9c95e8-3ce6-5598-916d-774b4c7e21f3"),
    ];
    for (source, event_type, key, expected) in fixed {
        assert_eq!(event_id(source, event_type, key), expected.parse::<Uuid>().unwrap());
    }
    assert_ne!(event_id("a", "bc", "d"), event_id("ab", "c", "d"), "the parts are kept apart");
}
