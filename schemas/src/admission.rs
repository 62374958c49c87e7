//! Which writer schemas of a registry may be read, and what becomes of the fields that this build
//! does not know. Pure: the schema comes as text, the verdict goes back.
//!
//! A writer schema is admitted if it is one of the source's event types and resolves to the typed
//! schema of this build. Fields that it has besides become columns, unless nobody has said that
//! they identify nobody. Within a source one name has one type and one meaning, whoever added it.

use crate::json::decimal_text;
use crate::walker::Walker;
use crate::wide::WideSchema;
use crate::{Error, EventType, Field, FieldKind, Pii, Source, Value};
use apache_avro::Schema;
use serde_json::Value as Json;

/// A writer schema that may be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Admitted {
    /// The event type of every record of it.
    pub event_type: String,
    /// The schema as Avro JSON, with the limits that this build sets.
    pub schema: String,
    /// Its fields that fill columns which this build does not know.
    pub added: Vec<Field>,
    /// Its fields that are not stored although their marks do not say so; somebody should be told.
    pub left_out: Vec<LeftOut>,
}

/// A field that is not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Name.
    pub field: String,
    /// Why, as the rest of a sentence that begins with the field.
    pub why: String,
}

/// Judges a writer schema. `table` has the columns of this build and those that were added before.
///
/// # Errors
/// [`Error::Inadmissible`] with a sentence that says what does not resolve.
pub fn admit(source: &Source, table: &WideSchema, schema: &str) -> Result<Admitted, Error> {
    let foreign = |problem: String| Error::Inadmissible { schema: "of unknown name".to_owned(), problem };
    Schema::parse_str(schema).map_err(|error| foreign(format!("it is no Avro schema: {error}")))?;
    let mut schema: Json = serde_json::from_str(schema).map_err(|error| foreign(error.to_string()))?;
    let name = full_name(&schema).ok_or_else(|| foreign("it is not a record".to_owned()))?;
    let fault = |problem: String| Error::Inadmissible { schema: name.clone(), problem };
    let event = source.events.iter().find(|event| event.names.contains(&name)).ok_or_else(|| {
        let known: Vec<&str> = source.events.iter().flat_map(|event| &event.names).map(String::as_str).collect();
        fault(format!("it is no event type of source {}, whose types are {}", source.name, known.join(", ")))
    })?;
    let mut entries = schema["fields"].as_array().cloned().unwrap_or_default();
    resolve(event, &entries).map_err(fault)?;
    let (mut added, mut left_out) = (Vec::new(), Vec::new());
    for entry in entries.iter().filter(|entry| !event.fields.iter().any(|field| entry["name"] == *field.name)) {
        match fate(source, table, entry).map_err(fault)? {
            Fate::Known => {}
            Fate::Column(field) => added.push(field),
            Fate::LeftOut(left) => left_out.push(left),
        }
    }
    entries.iter_mut().for_each(|entry| set_limits(source, entry));
    schema["fields"] = entries.into();
    let schema = schema.to_string();
    Walker::new(&schema).map_err(|error| fault(error.to_string()))?;
    Ok(Admitted { event_type: event.name.clone(), schema, added, left_out })
}

/// The full name of a named schema: its namespace and its name.
pub(crate) fn full_name(schema: &Json) -> Option<String> {
    Some(qualified(schema["name"].as_str()?, schema))
}

/// The full names that a schema of ours answers to: its own, then its aliases.
pub(crate) fn names(schema: &Json) -> Vec<String> {
    let aliases = schema["aliases"].as_array().into_iter().flatten().filter_map(Json::as_str);
    full_name(schema).into_iter().chain(aliases.map(|alias| qualified(alias, schema))).collect()
}

fn qualified(name: &str, schema: &Json) -> String {
    match schema["namespace"].as_str() {
        Some(namespace) if !namespace.is_empty() && !name.contains('.') => format!("{namespace}.{name}"),
        _ => name.to_owned(),
    }
}

/// Whether the typed schema can read what the writer writes.
fn resolve(event: &EventType, entries: &[Json]) -> Result<(), String> {
    for field in &event.fields {
        let name = &field.name;
        let Some(entry) = entries.iter().find(|entry| entry["name"] == **name) else {
            match field.nullable || field.kind == FieldKind::TextList {
                true => continue,
                false => return Err(format!("it lacks the required field `{name}`")),
            }
        };
        let written = Field::of_writer(entry)?;
        agree(&written, field)?;
        if written.nullable && !field.nullable {
            return Err(format!("field `{name}` may be null in it, and is required"));
        }
    }
    Ok(())
}

/// Whether a field as it is written is the one that is known by its name.
fn agree(written: &Field, known: &Field) -> Result<(), String> {
    let name = &known.name;
    let widened = (written.kind, known.kind) == (FieldKind::Int, FieldKind::Long);
    if written.kind != known.kind && !widened {
        return Err(format!("field `{name}` is {:?} in it and {:?} in the table", written.kind, known.kind));
    }
    // What a writer leaves unmarked is treated as the known mark says; another mark contradicts it.
    if written.pii.is_some() && written.pii != known.pii {
        let marked = |mark: Option<Pii>| mark.map_or("not marked", Pii::mark);
        let (there, here) = (marked(written.pii), marked(known.pii));
        return Err(format!("field `{name}` is marked {there} in it, and {here} in the table"));
    }
    if written.identifies_customer && !known.identifies_customer {
        return Err(format!("field `{name}` stands for the customer in it, and not in the table"));
    }
    Ok(())
}

/// What becomes of a field that the typed schema does not have.
enum Fate {
    /// It is known from another event type, or its mark says that it is dropped.
    Known,
    Column(Field),
    LeftOut(LeftOut),
}

fn fate(source: &Source, table: &WideSchema, entry: &Json) -> Result<Fate, String> {
    let name = entry["name"].as_str().unwrap_or_default();
    if table.is_taken(name) {
        return Err(format!("field `{name}` has the name of a column that is filled otherwise"));
    }
    let of_source = of_name(source.events.iter().flat_map(|event| &event.fields), name)?;
    let added_before = of_name(table.added().iter(), name)?;
    let field = match (of_source.or(added_before), Field::of_writer(entry)) {
        (Some(known), written) => {
            let written = written?;
            agree(&written, known)?;
            Field { limits: written.limits, ..known.clone() }
        }
        (None, Ok(written)) => written,
        (None, Err(why)) => return Ok(Fate::LeftOut(LeftOut { field: name.to_owned(), why })),
    };
    if of_source.is_some() || field.pii.is_some_and(Pii::is_dropped) {
        return Ok(Fate::Known);
    }
    Ok(match why_not_stored(&field, added_before.is_some()) {
        Some(why) => Fate::LeftOut(LeftOut { field: field.name, why: why.to_owned() }),
        None => Fate::Column(Field { nullable: true, ..field }),
    })
}

/// The field of this name. Delta and SQL take upper and lower case for the same.
fn of_name<'a>(mut fields: impl Iterator<Item = &'a Field>, name: &str) -> Result<Option<&'a Field>, String> {
    match fields.find(|field| field.name.eq_ignore_ascii_case(name)) {
        Some(known) if known.name != name => {
            Err(format!("field `{name}` differs from column `{}` in upper and lower case alone", known.name))
        }
        known => Ok(known),
    }
}

/// Why a field that could be a column is none: what is stored must identify nobody.
fn why_not_stored(field: &Field, is_column: bool) -> Option<&'static str> {
    let is_text = matches!(field.kind, FieldKind::Text | FieldKind::TextList);
    match field.pii {
        Some(kind) if kind.is_token() => None,
        _ if field.identifies_customer => {
            Some("stands for the customer without a mark (phone, email, account) that makes it a token")
        }
        Some(Pii::Location) if field.kind == FieldKind::Decimal && !is_degrees(field) => Some(
            "is a place whose minimum and maximum do not say that it is in degrees, so it cannot be made coarse",
        ),
        Some(Pii::Location) if field.kind != FieldKind::Decimal && !is_text => {
            Some("is a place, and only a decimal of degrees can be made coarse")
        }
        _ if is_text && field.values.is_empty() && !is_column => {
            Some("is text without documented `values` or a mark, so nobody has said that it identifies nobody")
        }
        _ => None,
    }
}

fn is_degrees(field: &Field) -> bool {
    let Some(Value::Decimal(half_turn)) = Value::decimal("180") else { return false };
    field.limits.as_ref().is_some_and(|limits| -half_turn <= *limits.start() && *limits.end() <= half_turn)
}

/// The limits of this build hold, whatever the writer says.
fn set_limits(source: &Source, entry: &mut Json) {
    let known = source.events.iter().flat_map(|event| &event.fields);
    let limits = known.filter(|field| entry["name"] == *field.name).find_map(|field| field.limits.clone());
    if let Some(limits) = limits {
        entry["minimum"] = decimal_text(*limits.start()).into();
        entry["maximum"] = decimal_text(*limits.end()).into();
    }
}
