//! The sources, their event types and the released schemas, read once from the embedded files.

use crate::{Error, Field, Pii, admission};
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The first fields of every event, in this order; `{subject}` stands for the source's subject id.
pub const ENVELOPE: [&str; 7] =
    ["event_id", "occurred_at", "source", "{subject}", "sequence", "case_refs", "supersedes"];

/// All contracts of this build.
#[derive(Debug)]
pub struct Catalogue {
    /// The sources, by name.
    pub sources: BTreeMap<String, Source>,
    released: HashMap<u32, Released>,
}

/// One source: a topic, a table and the event types that travel there.
#[derive(Debug)]
pub struct Source {
    /// Name; also the folder.
    pub name: String,
    /// Kafka topic.
    pub topic: String,
    /// Lake table.
    pub table: String,
    /// The field that holds the subject id, which is also the Kafka key.
    pub subject: String,
    /// How the table is partitioned.
    pub partition: PartitionBy,
    /// Event types, in rank order: the order of events of one subject at one instant.
    pub events: Vec<EventType>,
    /// Names of event types to come, which no event of any source may have until then.
    pub reserved: Vec<String>,
}

/// One event type of a source.
#[derive(Debug)]
pub struct EventType {
    /// Name, which is the Avro record name and the value of `event_type`.
    pub name: String,
    /// The full names of schemas that it reads: its own first, then its aliases.
    pub names: Vec<String>,
    /// The fields, the envelope first.
    pub fields: Vec<Field>,
    /// The current schema, as Avro JSON.
    pub schema: String,
}

/// How a source's table is partitioned, by the UTC time of the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartitionBy {
    /// A partition a day.
    Date,
    /// A partition a month, for slow sources.
    Month,
}

/// A schema version that has a wire id.
#[derive(Debug, Clone)]
pub struct Released {
    /// The id in the wire format.
    pub id: u32,
    /// The source.
    pub source: String,
    /// The event type.
    pub event: String,
    /// The version, from 1.
    pub version: u32,
    /// The schema, as Avro JSON.
    pub schema: String,
}

/// The contracts of this build. A build whose files break the rules does not pass its tests.
///
/// # Panics
/// When an embedded file breaks the rules; [`Catalogue::load`] says which.
pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| match Catalogue::load(FILES) {
        Ok(catalogue) => catalogue,
        Err(error) => panic!("embedded schemas: {error}"),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceFile {
    topic: String,
    table: String,
    subject: String,
    partition: PartitionBy,
    order: Vec<String>,
    #[serde(default)]
    reserved: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdsFile {
    schema: Vec<IdEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdEntry {
    id: u32,
    source: String,
    event: String,
    version: u32,
}

impl Catalogue {
    /// Reads the contracts from `(path, text)` pairs, paths relative to `schemas/`.
    ///
    /// # Errors
    /// [`Error::Definition`] names the file and the rule that it breaks.
    pub fn load(files: &[(&str, &str)]) -> Result<Self, Error> {
        let texts: HashMap<&str, &str> = files.iter().copied().collect();
        let mut sources = BTreeMap::new();
        for (path, text) in files {
            if let Some(name) = path.strip_suffix("/source.toml") {
                sources.insert(name.to_owned(), load_source(name, text, &texts)?);
            }
        }
        check_reserved(&sources)?;
        let released = load_released(&texts)?;
        Ok(Self { sources, released })
    }

    /// The source whose events travel on `topic`.
    pub fn source_of_topic(&self, topic: &str) -> Option<&Source> {
        self.sources.values().find(|source| source.topic == topic)
    }

    /// The source and event type called `event_type`; names are unique over all sources.
    pub fn event_type(&self, event_type: &str) -> Option<(&Source, &EventType)> {
        self.sources.values().find_map(|source| source.event(event_type).map(|event| (source, event)))
    }

    /// The schema version with this wire id.
    pub fn released(&self, id: u32) -> Option<&Released> {
        self.released.get(&id)
    }

    /// All released schema versions, by id.
    pub fn all_released(&self) -> Vec<&Released> {
        let mut all: Vec<&Released> = self.released.values().collect();
        all.sort_by_key(|released| released.id);
        all
    }

    /// The newest released version of an event type: what producers write.
    pub fn latest(&self, event_type: &str) -> Option<&Released> {
        self.released.values().filter(|one| one.event == event_type).max_by_key(|one| one.version)
    }
}

impl Source {
    /// The event type called `name`.
    pub fn event(&self, name: &str) -> Option<&EventType> {
        self.events.iter().find(|event| event.name == name)
    }

    /// The envelope's field names, the subject in its place.
    pub fn envelope(&self) -> Vec<String> {
        ENVELOPE.iter().map(|name| name.replace("{subject}", &self.subject)).collect()
    }

    /// Fields that reach the table, each once, the envelope first; a field that not every event
    /// type carries is nullable.
    pub fn columns(&self) -> Vec<Field> {
        let mut columns: Vec<Field> = Vec::new();
        for field in self.events.iter().flat_map(|event| &event.fields) {
            if field.pii.is_some_and(Pii::is_dropped) || columns.iter().any(|seen| seen.name == field.name) {
                continue;
            }
            let required = self.envelope().contains(&field.name) && !field.nullable;
            columns.push(Field { nullable: !required, ..field.clone() });
        }
        columns
    }
}

fn load_source(name: &str, text: &str, texts: &HashMap<&str, &str>) -> Result<Source, Error> {
    let fault = |file: &str, problem: String| Error::Definition { file: file.to_owned(), problem };
    let path = format!("{name}/source.toml");
    let file: SourceFile = toml::from_str(text).map_err(|error| fault(&path, error.to_string()))?;
    let mut source = Source {
        name: name.to_owned(),
        topic: file.topic,
        table: file.table,
        subject: file.subject,
        partition: file.partition,
        events: Vec::new(),
        reserved: file.reserved,
    };
    for event in &file.order {
        let path = format!("{name}/{event}.avsc");
        let text = texts.get(path.as_str()).ok_or_else(|| fault(&path, "no such file".to_owned()))?;
        let event = load_event(event, text, &source).map_err(|problem| fault(&path, problem))?;
        source.events.push(event);
    }
    let listed = |path: &str| file.order.iter().any(|event| path == format!("{name}/{event}.avsc"));
    let is_event = |path: &str| path.starts_with(&format!("{name}/")) && path.matches('/').count() == 1;
    if let Some(stray) = texts.keys().find(|at| at.ends_with(".avsc") && is_event(at) && !listed(at)) {
        return Err(fault(stray, format!("is not in `order` of {path}")));
    }
    Ok(source)
}

/// A reserved name is nobody's, not even its own source's: whoever gives the event takes it off the list.
fn check_reserved(sources: &BTreeMap<String, Source>) -> Result<(), Error> {
    let mut reserved = sources.values().flat_map(|owner| owner.reserved.iter().map(|name| (name, &owner.name)));
    let taken = reserved.find_map(|(name, owner)| {
        let source = sources.values().find(|source| source.event(name).is_some())?;
        Some((source, format!("`{name}` is reserved in {owner}/source.toml")))
    });
    match taken {
        Some((source, problem)) => {
            Err(Error::Definition { file: format!("{}/source.toml", source.name), problem })
        }
        None => Ok(()),
    }
}

fn load_event(name: &str, text: &str, source: &Source) -> Result<EventType, String> {
    let schema: Json = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if schema["name"] != name || schema["type"] != "record" {
        return Err(format!("must be a record named `{name}`"));
    }
    let entries = schema["fields"].as_array().ok_or("has no fields")?;
    let fields = entries.iter().map(Field::parse).collect::<Result<Vec<_>, _>>()?;
    let envelope = source.envelope();
    if !fields.iter().map(|field| &field.name).take(envelope.len()).eq(envelope.iter()) {
        return Err(format!("must begin with the envelope: {}", envelope.join(", ")));
    }
    for field in &fields {
        let others = source.events.iter().flat_map(|event| &event.fields);
        if let Some(other) = others.clone().find(|other| other.name == field.name)
            && (other.kind, other.pii, other.identifies_customer, &other.limits)
                != (field.kind, field.pii, field.identifies_customer, &field.limits)
        {
            return Err(format!("field `{}` has another type or mark in another event type", field.name));
        }
    }
    let names = admission::names(&schema)?;
    Ok(EventType { name: name.to_owned(), names, fields, schema: text.to_owned() })
}

fn load_released(texts: &HashMap<&str, &str>) -> Result<HashMap<u32, Released>, Error> {
    let fault = |problem: String| Error::Definition { file: "ids.toml".to_owned(), problem };
    let text = texts.get("ids.toml").ok_or_else(|| fault("no such file".to_owned()))?;
    let ids: IdsFile = toml::from_str(text).map_err(|error| fault(error.to_string()))?;
    let mut released = HashMap::new();
    for IdEntry { id, source, event, version } in ids.schema {
        let path = format!("{source}/released/{event}.v{version}.avsc");
        let schema = texts.get(path.as_str()).ok_or_else(|| fault(format!("{path} is missing")))?;
        let schema = (*schema).to_owned();
        if released.insert(id, Released { id, source, event, version, schema }).is_some() {
            return Err(fault(format!("id {id} is given twice")));
        }
    }
    Ok(released)
}
