//! What a schema says of the bytes, and nothing else: the names, types and logical types of a
//! record's fields, in order. Docs, marks, defaults, and where a name is defined, do not matter.

use super::Problem;
use serde_json::{Value as Json, json};
use std::collections::HashMap;

/// The named types of one schema document that were defined so far, by their full names.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<String, Json>);

/// A record's full name and its fields, each with its name and the shape of its type.
#[derive(Debug, PartialEq)]
pub(super) struct Shape {
    pub(super) name: String,
    pub(super) fields: Vec<(String, Json)>,
}

impl Shape {
    /// The shape of a record.
    pub(super) fn of(record: &Json, names: &mut Names) -> Result<Self, Problem> {
        if record["type"] != "record" {
            return Err(format!("holds a schema that is no record: {}", short(record)));
        }
        let name = full_name(record, "")?;
        let namespace = name.rsplit_once('.').map_or("", |(namespace, _)| namespace);
        let fields = record["fields"].as_array().ok_or_else(|| format!("record `{name}` has no fields"))?;
        let field = |field: &Json| {
            let field_name = field["name"].as_str().unwrap_or_default();
            let shape = names.shape(&field["type"], namespace);
            let shape = shape.map_err(|problem| format!("record `{name}`, field `{field_name}`: {problem}"))?;
            Ok((field_name.to_owned(), shape))
        };
        let fields = fields.iter().map(field).collect::<Result<_, Problem>>()?;
        Ok(Self { name, fields })
    }

    /// The first field that is not the same in both, if any.
    pub(super) fn difference<'a>(&'a self, other: &'a Self) -> Option<&'a str> {
        let places = 0..self.fields.len().max(other.fields.len());
        let place = places.into_iter().find(|place| self.fields.get(*place) != other.fields.get(*place))?;
        let (name, _) = self.fields.get(place).or_else(|| other.fields.get(place))?;
        Some(name)
    }
}

impl Names {
    fn shape(&mut self, schema: &Json, namespace: &str) -> Result<Json, Problem> {
        match schema {
            Json::String(name) => match name.as_str() {
                "null" | "boolean" | "int" | "long" | "float" | "double" | "bytes" | "string" => {
                    Ok(schema.clone())
                }
                name => {
                    let known = self.0.get(&qualified(name, namespace));
                    known.cloned().ok_or_else(|| format!("type `{name}` is not defined before its use"))
                }
            },
            Json::Array(branches) => branches
                .iter()
                .map(|branch| self.shape(branch, namespace))
                .collect::<Result<_, _>>()
                .map(Json::Array),
            Json::Object(_) => self.complex(schema, namespace),
            other => Err(format!("{} is no type", short(other))),
        }
    }

    fn complex(&mut self, schema: &Json, namespace: &str) -> Result<Json, Problem> {
        match schema["type"].as_str() {
            Some("fixed") => {
                let shape = json!({"fixed": schema["size"]});
                self.0.insert(full_name(schema, namespace)?, shape.clone());
                Ok(shape)
            }
            Some("array") => Ok(json!({"items": self.shape(&schema["items"], namespace)?})),
            Some(kind @ ("record" | "enum" | "map")) => {
                Err(format!("{kind}s within a record are not in use here"))
            }
            _ if schema.get("logicalType").is_none() => self.shape(&schema["type"], namespace),
            _ => Ok(json!([
                self.shape(&schema["type"], namespace)?,
                schema["logicalType"],
                schema.get("precision"),
                schema.get("scale"),
            ])),
        }
    }
}

fn full_name(schema: &Json, namespace: &str) -> Result<String, Problem> {
    let name = schema["name"].as_str().ok_or_else(|| format!("{} has no name", short(schema)))?;
    Ok(qualified(name, schema["namespace"].as_str().unwrap_or(namespace)))
}

/// A name with a dot in it is full already.
fn qualified(name: &str, namespace: &str) -> String {
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
