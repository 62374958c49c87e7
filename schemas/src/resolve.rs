//! A writer's schema against the table of its source: which fields are read, as what, and which are
//! passed over.
//!
//! The Arrow decoder resolves schemas too, but too kindly: it reads milliseconds as microseconds and
//! a decimal of two places as one of four, looks at no type that is given by its name, and takes a
//! field for another by the writer's aliases. So the resolution is done here, and the decoder is
//! handed a schema of the same bytes in which only this is left to it: a field may be absent, null,
//! or passed over.

use crate::field::{DECIMAL_PRECISION, DECIMAL_SCALE};
use crate::shape::{Logical, RecordShape, Shape};
use crate::walker::{Node, Walker};
use crate::{EventType, Field, FieldKind, Source, wide};
use serde_json::{Value as Json, json};

/// How the records of one writer's schema are read into the table of a source.
pub(crate) struct Resolved {
    /// Passes a datum only if the table can take it.
    pub(crate) walker: Walker,
    /// The schema of the same bytes that the decoder is given, Avro JSON.
    pub(crate) decoder_schema: String,
}

impl Resolved {
    /// Resolves a writer's schema of this event type. What every datum of it would fail for is refused
    /// here; what only some data fail for (a null in a field that the writer alone lets be null), the
    /// walker refuses. `added` are fields that the table has and this build does not know.
    ///
    /// # Errors
    /// A sentence that says what the table cannot take, and in which field.
    pub(crate) fn new(
        source: &Source,
        event: &EventType,
        writer: &RecordShape,
        added: &[Field],
    ) -> Result<Self, String> {
        let (mut nodes, mut entries, mut named) = (Vec::new(), Vec::new(), 0);
        for (place, (name, shape)) in writer.fields.iter().enumerate() {
            if writer.fields[..place].iter().any(|(before, _)| before == name) {
                return Err(format!("field `{name}` is there twice"));
            }
            let added = || added.iter().find(|field| field.name == *name).cloned();
            let (node, avro) = match known_field(source, event, name).or_else(added) {
                Some(field) => read(shape, &field).map_err(|problem| format!("field `{name}`: {problem}"))?,
                None => (Node::plain(shape), shape.plain_avro(&mut named)),
            };
            nodes.push(node);
            entries.push(json!({"name": name, "type": avro}));
        }
        let is_written = |field: &Field| writer.fields.iter().any(|(name, _)| *name == field.name);
        if let Some(field) = event.fields.iter().find(|field| !field.nullable && !is_written(field)) {
            return Err(format!("field `{}` is required and not there", field.name));
        }
        Ok(Self {
            walker: Walker::of_fields(nodes),
            decoder_schema: wide::record(&source.name, entries.into()).to_string(),
        })
    }
}

/// The field that the table's readers know by this name. One that only another event type of the
/// source has may be null in this one.
pub(crate) fn known_field(source: &Source, event: &EventType, name: &str) -> Option<Field> {
    let of_event = event.fields.iter().find(|field| field.name == name).cloned();
    of_event.or_else(|| {
        let mut others = source.events.iter().flat_map(|event| &event.fields);
        others.find(|field| field.name == name).map(|field| Field { nullable: true, ..field.clone() })
    })
}

/// What the bytes of a field must be, and the type as which the decoder reads them.
fn read(writer: &Shape, field: &Field) -> Result<(Node, Json), String> {
    let null = if field.nullable { Node::Null } else { Node::MissingValue };
    let avro = wide::avro_type(field);
    let branches = match writer {
        Shape::Union(branches) => branches.as_slice(),
        value => return Ok((read_value(value, field)?, avro)),
    };
    match branches {
        [Shape::Null, value] => Ok((Node::Union(vec![null, read_value(value, field)?]), json!(["null", avro]))),
        [value, Shape::Null] => Ok((Node::Union(vec![read_value(value, field)?, null]), json!([avro, "null"]))),
        _ => Err(format!("a {writer} cannot be read; a union must be of null and one other type")),
    }
}

/// What the bytes of a value must be. Promotions are those of Avro; a logical type must be the same,
/// because a number without its unit is another number.
fn read_value(writer: &Shape, field: &Field) -> Result<Node, String> {
    let table = shape(field.kind);
    match (writer, &table) {
        (Shape::Int, Shape::Long) => return Ok(Node::Int),
        (Shape::Bytes, Shape::Text) => {}
        (Shape::Array(writer), Shape::Array(_)) if **writer == Shape::Bytes => {}
        _ if *writer == table => {}
        _ => return Err(format!("{writer} cannot be read as {table}")),
    }
    Node::meant(&table).limited(field.limits.clone())
}

/// The type whose values have this shape, whether or not they may be null; `None` where none is in use
/// here.
pub(crate) fn kind(written: &Shape) -> Option<FieldKind> {
    let value = match written {
        Shape::Union(branches) => match branches.as_slice() {
            [Shape::Null, value] | [value, Shape::Null] => value,
            _ => return None,
        },
        value => value,
    };
    FieldKind::ALL.into_iter().find(|kind| shape(*kind) == *value)
}

/// The type that a field has in the schemas of this build.
fn shape(kind: FieldKind) -> Shape {
    let logical = |of, name: &str, precision, scale| {
        Shape::Logical(Logical { of: Box::new(of), name: name.to_owned(), precision, scale })
    };
    match kind {
        FieldKind::Text => Shape::Text,
        FieldKind::Long => Shape::Long,
        FieldKind::Int => Shape::Int,
        FieldKind::Boolean => Shape::Boolean,
        FieldKind::Id => Shape::Fixed("Uuid".to_owned(), 16),
        FieldKind::Timestamp => logical(Shape::Long, "timestamp-micros", None, None),
        FieldKind::Date => logical(Shape::Int, "date", None, None),
        FieldKind::Decimal => {
            logical(Shape::Bytes, "decimal", Some(DECIMAL_PRECISION.into()), DECIMAL_SCALE.try_into().ok())
        }
        FieldKind::TextList => Shape::Array(Box::new(Shape::Text)),
    }
}
