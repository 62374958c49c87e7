//! The schema files and the released versions: what may be written in them, and that every
//! version that was ever published is still understood.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use apache_avro::Schema;
use apache_avro::schema_compatibility::SchemaCompatibility;
use schemas::{Error, Field, FieldKind, Released, WriterDecoder, catalogue, wide};
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[derive(Deserialize)]
struct Ids {
    schema: Vec<Id>,
}

#[derive(Deserialize)]
struct Id {
    id: u32,
    source: String,
    event: String,
    version: u32,
}

fn ids() -> Vec<Id> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ids.toml")).unwrap();
    toml::from_str::<Ids>(&text).unwrap().schema
}

/// The current schemas and the released ones, each with its name for a message.
fn all_schemas() -> Vec<(String, Json)> {
    let current = catalogue().sources.values().flat_map(|source| &source.events);
    let current = current.map(|event| (event.name.clone(), event.schema.clone()));
    let released = catalogue().all_released();
    let released = released.iter().map(|one| (format!("{} v{}", one.event, one.version), one.schema.clone()));
    current.chain(released).map(|(name, text)| (name, serde_json::from_str(&text).unwrap())).collect()
}

fn versions(event: &str) -> Vec<&'static Released> {
    catalogue().all_released().into_iter().filter(|one| one.event == event).collect()
}

#[test]
fn the_current_schema_reads_every_released_version() {
    for event in catalogue().sources.values().flat_map(|source| &source.events) {
        let reader = comparable(&event.schema);
        let released = versions(&event.name);
        assert!(!released.is_empty(), "{} has no released version", event.name);
        for one in released {
            let verdict = SchemaCompatibility::can_read(&comparable(&one.schema), &reader);
            assert!(verdict.is_ok(), "{} v{}: {verdict:?}", event.name, one.version);
        }
    }
}

/// The schema with plain bytes for decimals, of which apache-avro says that they are
/// inconclusive; the next test looks at those.
fn comparable(schema: &str) -> Schema {
    fn plain(schema: &mut Json) {
        match schema {
            Json::Object(parts) if parts.get("logicalType") == Some(&"decimal".into()) => *schema = "bytes".into(),
            Json::Object(parts) => parts.values_mut().for_each(plain),
            Json::Array(items) => items.iter_mut().for_each(plain),
            _ => {}
        }
    }
    let mut schema: Json = serde_json::from_str(schema).unwrap();
    plain(&mut schema);
    Schema::parse(&schema).unwrap()
}

#[test]
fn a_released_field_has_the_type_that_it_has_today() {
    for one in catalogue().all_released() {
        let (_, today) = catalogue().event_type(&one.event).unwrap();
        let schema: Json = serde_json::from_str(&one.schema).unwrap();
        for entry in schema["fields"].as_array().unwrap() {
            let then = Field::parse(entry).unwrap();
            let Some(now) = today.fields.iter().find(|field| field.name == then.name) else { continue };
            let widened = (then.kind, now.kind) == (FieldKind::Int, FieldKind::Long);
            assert!(then.kind == now.kind || widened, "{} v{}: {}", one.event, one.version, then.name);
            assert_eq!(then.pii, now.pii, "{} v{}: {}", one.event, one.version, then.name);
        }
    }
}

#[test]
fn the_current_schema_is_the_last_released_or_a_newer_one_that_reads_it() {
    for event in catalogue().sources.values().flat_map(|source| &source.events) {
        let current: Json = serde_json::from_str(&event.schema).unwrap();
        let last = catalogue().latest(&event.name).unwrap();
        let same = current == serde_json::from_str::<Json>(&last.schema).unwrap();
        let reads = SchemaCompatibility::can_read(&comparable(&last.schema), &comparable(&event.schema));
        assert!(same || reads.is_ok(), "{}: {reads:?}", event.name);
    }
}

#[test]
fn every_released_id_resolves_to_the_table_of_its_source() {
    for one in catalogue().all_released() {
        for source in catalogue().sources.values() {
            let decoder = WriterDecoder::new(catalogue(), source, one.id).unwrap();
            assert_eq!(decoder.is_some(), source.name == one.source, "id {} in {}", one.id, source.name);
        }
    }
    for source in catalogue().sources.values() {
        assert!(WriterDecoder::new(catalogue(), source, 0).unwrap().is_none());
        assert!(WriterDecoder::new(catalogue(), source, u32::MAX).unwrap().is_none());
    }
}

#[test]
fn ids_only_grow() {
    let mut last_id: BTreeMap<String, u32> = BTreeMap::new();
    let mut last_version: BTreeMap<String, u32> = BTreeMap::new();
    for Id { id, source, event, version } in ids() {
        let before = last_id.insert(source.clone(), id);
        assert!(before.is_none_or(|before| before < id), "id {id} of {source} follows {before:?}");
        let before = last_version.insert(event.clone(), version).unwrap_or(0);
        assert_eq!(version, before + 1, "{event} v{version} follows v{before}");
    }
}

/// The first ids that were given. They stand in records that nobody can write again.
#[test]
fn the_first_ids_have_not_moved() {
    let telephony = "contact_initiated ivr_exited queue_entered queue_blocked contact_answered \
                     contact_abandoned queue_exited contact_transferred contact_ended wrapup_completed";
    let reference = "queue_mapped target_set baseline_set calendar_loaded category_mapped intervention_logged \
                     coverage_declared volume_counted measure_published";
    let webform = "form_started step_completed validation_failed form_submitted submission_accepted \
                   submission_failed session_expired";
    let fixmystreet = "report_created report_confirmed report_sent update_posted state_changed \
                       category_changed duplicate_marked report_hidden report_imported";
    for (first, events) in [(1001, telephony), (2001, reference), (3001, webform), (4001, fixmystreet)] {
        for (id, event) in (first..).zip(events.split_whitespace()) {
            let found = catalogue().released(id).unwrap();
            assert_eq!((found.event.as_str(), found.version), (event, 1), "id {id}");
        }
    }
}

#[test]
fn every_released_file_has_an_id() {
    let known: BTreeSet<String> =
        ids().iter().map(|one| format!("{}/{}.v{}.avsc", one.source, one.event, one.version)).collect();
    for source in catalogue().sources.keys() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(source).join("released");
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().file_name().into_string().unwrap();
            assert!(known.contains(&format!("{source}/{file}")), "{source}/released/{file} has no id");
        }
    }
}

#[test]
fn no_schema_has_an_enum_or_a_map() {
    for (name, schema) in all_schemas() {
        for kind in types_in(&schema) {
            assert!(!["enum", "map", "float", "double"].contains(&kind.as_str()), "{name} has a {kind}");
        }
    }
}

fn types_in(schema: &Json) -> Vec<String> {
    match schema {
        Json::String(name) => vec![name.clone()],
        Json::Array(branches) => branches.iter().flat_map(types_in).collect(),
        Json::Object(parts) => {
            let fields = parts.get("fields").and_then(Json::as_array).into_iter().flatten();
            let inner = ["type", "items"].iter().filter_map(|key| parts.get(*key));
            inner.chain(fields.filter_map(|field| field.get("type"))).flat_map(types_in).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn every_record_and_every_field_says_what_it_means() {
    for (name, schema) in all_schemas() {
        let documented = |entry: &Json| entry["doc"].as_str().is_some_and(|doc| doc.trim().ends_with('.'));
        assert!(documented(&schema), "{name} has no doc");
        for field in schema["fields"].as_array().unwrap() {
            assert!(documented(field), "{name}: {} has no doc", field["name"]);
            let nullable = field["type"].is_array();
            assert!(!nullable || field.get("default") == Some(&Json::Null), "{name}: {}", field["name"]);
        }
    }
}

#[test]
fn an_event_name_belongs_to_one_source() {
    let events = catalogue().sources.values().flat_map(|source| &source.events);
    let mut seen = BTreeSet::new();
    for event in events {
        assert!(seen.insert(&event.name), "{} is in two sources", event.name);
    }
    let topics: BTreeSet<&str> = catalogue().sources.values().map(|source| source.topic.as_str()).collect();
    let tables: BTreeSet<&str> = catalogue().sources.values().map(|source| source.table.as_str()).collect();
    assert_eq!((topics.len(), tables.len()), (catalogue().sources.len(), catalogue().sources.len()));
}

#[test]
fn a_released_name_is_a_name_of_today() {
    for one in catalogue().all_released() {
        let (source, _) = catalogue().event_type(&one.event).unwrap();
        assert_eq!(source.name, one.source, "id {}", one.id);
    }
}

#[test]
fn the_wide_schema_is_avro_and_has_each_column_once() -> Result<(), Error> {
    for source in catalogue().sources.values() {
        Schema::parse_str(&wide::reader_schema(source)).map_err(|error| Error::Avro(error.to_string()))?;
        let table = wide::table_schema(source);
        let names: BTreeSet<&String> = table.fields().iter().map(|field| field.name()).collect();
        assert_eq!(names.len(), table.fields().len(), "{}", source.name);
    }
    Ok(())
}
