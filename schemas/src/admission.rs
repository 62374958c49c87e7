//! Which writer schemas of a registry may be read, and what becomes of the fields that this build
//! does not know. Pure: the schema comes as text, the verdict goes back.
//!
//! A writer schema is admitted if it is one of the source's event types by its full name and resolves
//! to this build ([`crate::resolve`]). Fields that it has besides become columns, unless nobody has
//! said that they identify nobody. Within a source one name has one type and one meaning, whoever
//! added it.

use crate::resolve::kind;
use crate::shape::{Names, RecordShape, Shape, full_name, qualified};
use crate::wide::WideSchema;
use crate::{Error, Field, FieldKind, Pii, Source, Value, WriterDecoder};
use serde_json::Value as Json;

/// A writer schema that may be read.
#[derive(Debug)]
pub struct Admitted {
    /// Decodes its records; the rows have the columns that it adds.
    pub decoder: WriterDecoder,
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

/// Judges the writer schema (Avro JSON) that a registry has under `id`. `table` has the columns of
/// this build and those that were added before.
///
/// # Errors
/// [`Error::Unreadable`] with a sentence that says what does not resolve.
pub fn admit(source: &Source, table: &WideSchema, id: u32, schema: &str) -> Result<Admitted, Error> {
    let refused = |problem: String| Error::Unreadable { schema_id: id, problem };
    let json: Json = serde_json::from_str(schema).map_err(|error| refused(format!("is no JSON: {error}")))?;
    let writer = RecordShape::of(&json, &mut Names::default()).map_err(refused)?;
    let in_record = |problem: String| refused(format!("record `{}`: {problem}", writer.name));
    let event = source.events.iter().find(|event| event.names.contains(&writer.name)).ok_or_else(|| {
        let known: Vec<&str> = source.events.iter().flat_map(|event| &event.names).map(String::as_str).collect();
        in_record(format!("is no event type of the source {}, which has {}", source.name, known.join(", ")))
    })?;
    let (mut added, mut left_out) = (Vec::new(), Vec::new());
    let entries = json["fields"].as_array().into_iter().flatten();
    for ((name, shape), entry) in writer.fields.iter().zip(entries) {
        match fate(source, table, name, shape, entry).map_err(in_record)? {
            Fate::Known => {}
            Fate::Column(field) => added.push(field),
            Fate::LeftOut(why) => left_out.push(LeftOut { field: name.clone(), why }),
        }
    }
    let columns = WideSchema::of(source).with(&added);
    Ok(Admitted { decoder: WriterDecoder::of(source, event, id, &writer, columns)?, added, left_out })
}

/// The full names that a schema of ours answers to: its own, then its aliases.
pub(crate) fn names(schema: &Json) -> Result<Vec<String>, String> {
    let own = full_name(schema, "")?;
    let namespace = own.rsplit_once('.').map_or("", |(namespace, _)| namespace);
    let aliases = schema["aliases"].as_array().into_iter().flatten().filter_map(Json::as_str);
    let aliases: Vec<String> = aliases.map(|alias| qualified(alias, namespace)).collect();
    Ok([vec![own], aliases].concat())
}

/// What becomes of a field.
enum Fate {
    /// This build knows it, or its mark says that it is dropped.
    Known,
    /// It becomes a column of the table, or is one already that was added.
    Column(Field),
    /// It is not stored, and why.
    LeftOut(String),
}

fn fate(source: &Source, table: &WideSchema, name: &str, shape: &Shape, entry: &Json) -> Result<Fate, String> {
    if table.is_taken(name) {
        return Err(format!("field `{name}` has the name of a column that is filled otherwise"));
    }
    if let Some(known) = of_name(source.events.iter().flat_map(|event| &event.fields), name)? {
        return agree(entry, known, true).map(|()| Fate::Known);
    }
    let added_before = of_name(table.added().iter(), name)?;
    let kind = match (added_before, kind(shape)) {
        // The decoder holds the shape against it.
        (Some(known), _) => agree(entry, known, false).map(|()| known.kind)?,
        (None, Some(kind)) => kind,
        (None, None) => return Ok(Fate::LeftOut(format!("is {shape}, which no column holds here"))),
    };
    let field = match Field::marked(name.to_owned(), kind, true, entry) {
        Ok(field) => field,
        Err(why) => return Ok(Fate::LeftOut(why)),
    };
    match why_not_stored(&field, added_before.is_some()) {
        _ if field.pii.is_some_and(Pii::is_dropped) => Ok(Fate::Known),
        None => Ok(Fate::Column(field)),
        // Without its values the column would say that there were none.
        Some(why) if added_before.is_some() => Err(format!("field `{name}` {why}")),
        Some(why) => Ok(Fate::LeftOut(why.to_owned())),
    }
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

/// Whether what a writer says of a field is what is known of it. What it leaves unmarked is treated as
/// this build says, where this build knows it.
fn agree(entry: &Json, known: &Field, by_build: bool) -> Result<(), String> {
    let name = &known.name;
    let there = entry.get("pii").map(|mark| mark.as_str().map_or_else(|| mark.to_string(), str::to_owned));
    let here = known.pii.map(Pii::mark);
    if there.as_deref() != here && !(by_build && there.is_none()) {
        let [there, here] = [there.as_deref(), here]
            .map(|mark| mark.map_or("not marked".to_owned(), |mark| format!("marked {mark}")));
        return Err(format!("field `{name}` is {there} in it, and {here} in the table"));
    }
    let (there, here) = (entry["identifies"] == "customer", known.identifies_customer);
    if there != here && (there || !by_build) {
        return Err(format!("field `{name}` stands for the customer in only one of it and the table"));
    }
    Ok(())
}

/// Why a field that could be a column is none: what is stored must identify nobody.
fn why_not_stored(field: &Field, is_column: bool) -> Option<&'static str> {
    let is_text = matches!(field.kind, FieldKind::Text | FieldKind::TextList);
    match field.pii {
        _ if !is_column_name(&field.name) => Some("has a name that is no name of a column"),
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

/// Avro's own rule; the table could not be written with another name.
fn is_column_name(name: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    name.chars().all(fits) && name.starts_with(|first: char| !first.is_ascii_digit())
}

fn is_degrees(field: &Field) -> bool {
    let Some(Value::Decimal(half_turn)) = Value::decimal("180") else { return false };
    field.limits.as_ref().is_some_and(|limits| -half_turn <= *limits.start() && *limits.end() <= half_turn)
}
