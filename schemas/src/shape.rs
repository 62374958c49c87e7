//! What a schema says of the bytes: names, types and logical types of a record's fields, in order.
//! Docs, marks, defaults, aliases, and where a name is defined, do not matter.
//!
//! The only place that reads a schema document. It knows nothing of this room's contracts but that
//! they have no enums and no maps.

use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::fmt;

/// A type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    Text,
    /// So many bytes, under a name without its namespace.
    Fixed(String, usize),
    Array(Box<Self>),
    Union(Vec<Self>),
    Record(RecordShape),
    Logical(Logical),
}

/// A type with a meaning that its bytes do not have.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Logical {
    pub(crate) of: Box<Shape>,
    pub(crate) name: String,
    /// Digits of a decimal, and those of them after the point.
    pub(crate) precision: Option<u64>,
    pub(crate) scale: Option<u64>,
}

/// A record's full name and its fields.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RecordShape {
    pub(crate) name: String,
    pub(crate) fields: Vec<(String, Shape)>,
}

/// The named types of one schema document that were defined so far, by their full names.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<String, Shape>);

impl RecordShape {
    /// The shape of a record.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the schema, or not in use here, and in which field.
    pub(crate) fn of(record: &Json, names: &mut Names) -> Result<Self, String> {
        if record["type"] != "record" {
            return Err(format!("holds a schema that is no record: {}", short(record)));
        }
        names.record(record, "")
    }

    /// The name without its namespace.
    pub(crate) fn own_name(&self) -> &str {
        self.name.rsplit_once('.').map_or(&self.name, |(_, name)| name)
    }

    /// The first field that is not the same in both, if any.
    pub(crate) fn difference<'a>(&'a self, other: &'a Self) -> Option<&'a str> {
        let places = 0..self.fields.len().max(other.fields.len());
        let place = places.into_iter().find(|place| self.fields.get(*place) != other.fields.get(*place))?;
        let (name, _) = self.fields.get(place).or_else(|| other.fields.get(place))?;
        Some(name)
    }
}

impl Shape {
    /// The fewest bytes that a value takes.
    pub(crate) fn least_bytes(&self) -> usize {
        match self {
            Self::Null => 0,
            Self::Fixed(_, size) => *size,
            Self::Record(record) => {
                record.fields.iter().fold(0, |bytes, (_, field)| field.least_bytes().saturating_add(bytes))
            }
            Self::Logical(logical) => logical.of.least_bytes(),
            Self::Float => 4,
            Self::Double => 8,
            _ => 1,
        }
    }

    /// A schema of the same bytes without any meaning. Its named types are called by number, from
    /// `named` on, so that no name is given twice in a document.
    pub(crate) fn plain_avro(&self, named: &mut usize) -> Json {
        let mut name = || {
            *named += 1;
            format!("unread{named}")
        };
        match self {
            Self::Null => json!("null"),
            Self::Boolean => json!("boolean"),
            Self::Int => json!("int"),
            Self::Long => json!("long"),
            Self::Float => json!("float"),
            Self::Double => json!("double"),
            Self::Bytes => json!("bytes"),
            Self::Text => json!("string"),
            Self::Fixed(_, size) => json!({"type": "fixed", "name": name(), "size": size}),
            Self::Array(item) => json!({"type": "array", "items": item.plain_avro(named)}),
            Self::Union(branches) => branches.iter().map(|branch| branch.plain_avro(named)).collect(),
            Self::Record(record) => {
                let name = name();
                let fields = record.fields.iter();
                let fields = fields.map(|(name, shape)| json!({"name": name, "type": shape.plain_avro(named)}));
                json!({"type": "record", "name": name, "fields": fields.collect::<Vec<_>>()})
            }
            Self::Logical(logical) => logical.of.plain_avro(named),
        }
    }
}

/// As a message names it.
impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(name, size) => write!(formatter, "fixed `{name}` of {size} bytes"),
            Self::Array(item) => write!(formatter, "array of {item}"),
            Self::Union(branches) => {
                let branches: Vec<String> = branches.iter().map(Self::to_string).collect();
                write!(formatter, "union of {}", branches.join(", "))
            }
            Self::Record(record) => write!(formatter, "record `{}`", record.name),
            Self::Logical(Logical { of, name, precision: Some(precision), scale }) => {
                write!(formatter, "{name}({precision}, {}) in {of}", scale.unwrap_or_default())
            }
            Self::Logical(Logical { of, name, .. }) => write!(formatter, "{name} in {of}"),
            plain => formatter.write_str(plain.plain_avro(&mut 0).as_str().unwrap_or_default()),
        }
    }
}

impl Names {
    fn shape(&mut self, schema: &Json, namespace: &str) -> Result<Shape, String> {
        match schema {
            Json::String(name) => match primitive(name) {
                Some(shape) => Ok(shape),
                None => {
                    let known = self.0.get(&qualified(name, namespace));
                    known.cloned().ok_or_else(|| format!("`{name}` is no fixed type that was defined before"))
                }
            },
            Json::Array(branches) => branches
                .iter()
                .map(|branch| self.shape(branch, namespace))
                .collect::<Result<_, _>>()
                .map(Shape::Union),
            Json::Object(_) => self.complex(schema, namespace),
            other => Err(format!("{} is no type", short(other))),
        }
    }

    fn complex(&mut self, schema: &Json, namespace: &str) -> Result<Shape, String> {
        match schema["type"].as_str() {
            Some("fixed") => {
                let size = schema["size"].as_u64().and_then(|size| usize::try_from(size).ok());
                let size = size.ok_or_else(|| format!("{} has no size", short(schema)))?;
                let full_name = full_name(schema, namespace)?;
                let name = full_name.rsplit_once('.').map_or(full_name.as_str(), |(_, name)| name);
                let shape = Shape::Fixed(name.to_owned(), size);
                self.0.insert(full_name, shape.clone());
                Ok(shape)
            }
            Some("array") => {
                let item = self.shape(&schema["items"], namespace)?;
                match item.least_bytes() {
                    0 => Err(format!("a list of {item}, whose items take no bytes, could claim any length")),
                    _ => Ok(Shape::Array(Box::new(item))),
                }
            }
            Some("record") => self.record(schema, namespace).map(Shape::Record),
            Some(kind @ ("enum" | "map")) => Err(format!("{kind}s are not part of the wire contract")),
            _ => self.logical(schema, namespace),
        }
    }

    fn logical(&mut self, schema: &Json, namespace: &str) -> Result<Shape, String> {
        let of = self.shape(&schema["type"], namespace)?;
        let Some(name) = schema["logicalType"].as_str() else { return Ok(of) };
        let [precision, scale] = ["precision", "scale"].map(|key| schema[key].as_u64());
        Ok(Shape::Logical(Logical { of: Box::new(of), name: name.to_owned(), precision, scale }))
    }

    /// A record is not remembered by its name: each use would repeat all of it, and so grow without
    /// bound.
    fn record(&mut self, record: &Json, namespace: &str) -> Result<RecordShape, String> {
        let name = full_name(record, namespace)?;
        let namespace = name.rsplit_once('.').map_or("", |(namespace, _)| namespace);
        let fields = record["fields"].as_array().ok_or_else(|| format!("record `{name}` has no fields"))?;
        let field = |field: &Json| {
            let field_name = field["name"].as_str().unwrap_or_default();
            let shape = self.shape(&field["type"], namespace);
            let shape = shape.map_err(|problem| format!("record `{name}`, field `{field_name}`: {problem}"))?;
            Ok((field_name.to_owned(), shape))
        };
        let fields = fields.iter().map(field).collect::<Result<_, String>>()?;
        Ok(RecordShape { name, fields })
    }
}

fn primitive(name: &str) -> Option<Shape> {
    Some(match name {
        "null" => Shape::Null,
        "boolean" => Shape::Boolean,
        "int" => Shape::Int,
        "long" => Shape::Long,
        "float" => Shape::Float,
        "double" => Shape::Double,
        "bytes" => Shape::Bytes,
        "string" => Shape::Text,
        _ => return None,
    })
}

/// The full name of a named type that stands in this namespace.
///
/// # Errors
/// A sentence where it has none.
pub(crate) fn full_name(schema: &Json, namespace: &str) -> Result<String, String> {
    let name = schema["name"].as_str().ok_or_else(|| format!("{} has no name", short(schema)))?;
    Ok(qualified(name, schema["namespace"].as_str().unwrap_or(namespace)))
}

/// A name with a dot in it is full already.
pub(crate) fn qualified(name: &str, namespace: &str) -> String {
    match namespace {
        _ if name.contains('.') => name.to_owned(),
        "" => name.to_owned(),
        namespace => format!("{namespace}.{name}"),
    }
}

/// The beginning of a schema, for a message.
fn short(schema: &Json) -> String {
    schema.to_string().chars().take(60).collect()
}
