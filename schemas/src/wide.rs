//! A source's one wide table: the Avro schema that every event type is read into, and the Arrow
//! schema of the lake table. Both are generated from the typed schemas, and from the fields that
//! writer schemas of a registry have added since.

use crate::field::{DECIMAL_PRECISION, DECIMAL_SCALE, text_list_type, timestamp_type};
use crate::{Error, Field, FieldKind, PartitionBy, Pii, Source};
use arrow::datatypes::{DataType, Field as ArrowField, Fields, Schema, SchemaRef};
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::sync::Arc;

/// Name that writer and reader records are given, because Avro resolves records by name.
const RECORD_NAME: &str = "event";

/// Where the table says of an added column what it reveals of a person; no build says it.
const MARK: &str = "switchboard.pii";
/// Where the table says of an added column that it stands for the resident.
const IDENTIFIES: &str = "switchboard.identifies";
const CUSTOMER: &str = "customer";

/// The columns of a source: those of this build, and those added by writer schemas that this build
/// does not know.
#[derive(Debug, Clone, PartialEq)]
pub struct WideSchema {
    source: String,
    partition: PartitionBy,
    own: Vec<Field>,
    /// Columns of this build that were added to the table before this build knew them, with marks.
    marked: Vec<String>,
    added: Vec<Field>,
    /// Columns of the table that neither this build nor ingest fills.
    foreign: Vec<String>,
}

impl WideSchema {
    /// The columns of this build.
    pub fn of(source: &Source) -> Self {
        Self {
            source: source.name.clone(),
            partition: source.partition,
            own: source.columns(),
            marked: Vec::new(),
            added: Vec::new(),
            foreign: Vec::new(),
        }
    }

    /// The columns of this build, and those that the table has besides.
    ///
    /// # Errors
    /// [`Error::Definition`] when a column of this build has another type or other marks in the table.
    pub fn of_table(source: &Source, table: &Fields) -> Result<Self, Error> {
        let mut wide = Self::of(source);
        let coordinates = wide.table_schema();
        for column in table {
            let own = wide.own.iter().find(|field| &field.name == column.name());
            match (own, added_field(column)) {
                (Some(own), Some(held)) if own.kind == held.kind && marks(&held).is_empty() => {}
                (Some(own), Some(held)) if own.kind == held.kind && marks(&held) == marks(own) => {
                    wide.marked.push(own.name.clone());
                }
                (Some(own), _) => {
                    let there = (column.data_type(), column.metadata());
                    let here = (own.kind.arrow_type(), marks(own));
                    let problem =
                        format!("column `{}` is {there:?} in the table and {here:?} in this build", own.name);
                    return Err(Error::Definition { file: format!("table {}", source.table), problem });
                }
                (None, _) if coordinates.column_with_name(column.name()).is_some() => {}
                (None, Some(field)) => wide.added.push(field),
                (None, None) => wide.foreign.push(column.name().clone()),
            }
        }
        Ok(wide)
    }

    /// With these columns as well; one that is there already stays as it is.
    #[must_use]
    pub fn with(mut self, added: &[Field]) -> Self {
        for field in added {
            if !self.columns().any(|column| column.name == field.name) {
                self.added.push(Field { nullable: true, ..field.clone() });
            }
        }
        self
    }

    /// The fields that reach the table, those of this build first.
    pub fn columns(&self) -> impl Iterator<Item = &Field> {
        self.own.iter().chain(&self.added)
    }

    /// The columns that this build does not know.
    pub fn added(&self) -> &[Field] {
        &self.added
    }

    /// Whether a column of this name is filled by ingest itself, or by somebody else; upper and
    /// lower case are the same, as they are for Delta.
    pub(crate) fn is_taken(&self, name: &str) -> bool {
        let (before, after) = coordinates(self.partition);
        let by_ingest = before.iter().chain(&after).map(ArrowField::name);
        by_ingest.chain(&self.foreign).any(|taken| taken.eq_ignore_ascii_case(name))
    }

    /// The Avro reader schema, as JSON.
    pub fn reader_schema(&self) -> String {
        record(&self.source, self.columns().map(reader_field).collect()).to_string()
    }

    /// The columns that a decoder yields: the source's fields with the types of the lake.
    pub fn decoded_schema(&self) -> SchemaRef {
        Arc::new(Schema::new(self.columns().map(arrow_field).collect::<Vec<_>>()))
    }

    /// The lake table: `event_type`, the source's fields, `customer_tokens`, the Kafka coordinates
    /// (`topic`, `partition`, `offset`, `ingested_at`), and the partition column last. A column that
    /// was added carries its marks.
    pub fn table_schema(&self) -> SchemaRef {
        let (mut fields, after) = coordinates(self.partition);
        let marked = |field: &Field| self.added.contains(field) || self.marked.contains(&field.name);
        fields.extend(self.columns().map(|field| match marked(field) {
            true => arrow_field(field).with_metadata(marks(field)),
            false => arrow_field(field),
        }));
        fields.extend(after);
        Arc::new(Schema::new(fields))
    }
}

/// The Avro reader schema of a source in this build, as JSON.
pub fn reader_schema(source: &Source) -> String {
    WideSchema::of(source).reader_schema()
}

/// A record with these fields, under the name that all event types of a source share.
pub(crate) fn record(source: &str, fields: Json) -> Json {
    json!({"type": "record", "name": RECORD_NAME, "namespace": format!("switchboard.{source}"), "fields": fields})
}

/// The columns that a decoder of this build yields: the source's fields with the types of the lake.
pub fn decoded_schema(source: &Source) -> SchemaRef {
    WideSchema::of(source).decoded_schema()
}

/// The lake table of a source in this build; see [`WideSchema::table_schema`].
pub fn table_schema(source: &Source) -> SchemaRef {
    WideSchema::of(source).table_schema()
}

/// Whether two columns of one name may be one: the same type and the same marks.
pub fn have_one_meaning(one: &ArrowField, other: &ArrowField) -> bool {
    let marks = |field: &ArrowField| [MARK, IDENTIFIES].map(|key| field.metadata().get(key).cloned());
    one.data_type() == other.data_type() && marks(one) == marks(other)
}

/// The partition column: the UTC date of the event, or the first day of its UTC month.
pub fn partition_column(partition: PartitionBy) -> &'static str {
    match partition {
        PartitionBy::Date => "event_date",
        PartitionBy::Month => "event_month",
    }
}

/// The columns that ingest fills, before and after the source's fields.
fn coordinates(partition: PartitionBy) -> (Vec<ArrowField>, [ArrowField; 6]) {
    let after = [
        ArrowField::new("customer_tokens", text_list_type(), true),
        ArrowField::new("topic", DataType::Utf8, false),
        ArrowField::new("partition", DataType::Int32, false),
        ArrowField::new("offset", DataType::Int64, false),
        ArrowField::new("ingested_at", timestamp_type(), false),
        ArrowField::new(partition_column(partition), DataType::Date32, false),
    ];
    (vec![ArrowField::new("event_type", DataType::Utf8, false)], after)
}

fn arrow_field(field: &Field) -> ArrowField {
    ArrowField::new(&field.name, field.kind.arrow_type(), field.nullable)
}

fn marks(field: &Field) -> HashMap<String, String> {
    let mark = field.pii.map(|kind| (MARK.to_owned(), kind.mark().to_owned()));
    let identifies = field.identifies_customer.then(|| (IDENTIFIES.to_owned(), CUSTOMER.to_owned()));
    mark.into_iter().chain(identifies).collect()
}

/// The field that fills a column of the table which this build does not know; `None` for one that
/// no field could fill, which somebody else has added.
fn added_field(column: &ArrowField) -> Option<Field> {
    let kind = FieldKind::of_arrow(column.data_type())?;
    let pii = match column.metadata().get(MARK) {
        Some(mark) => Some(Pii::parse(mark)?),
        None => None,
    };
    let identifies_customer = column.metadata().get(IDENTIFIES).is_some_and(|who| who == CUSTOMER);
    let name = column.name().clone();
    let (doc, values, limits) = Default::default();
    Some(Field { name, kind, nullable: true, doc, pii, identifies_customer, values, limits })
}

fn reader_field(field: &Field) -> Json {
    match field.nullable {
        true => json!({"name": field.name, "type": ["null", avro_type(field)], "default": null}),
        false => json!({"name": field.name, "type": avro_type(field)}),
    }
}

/// The type of a field's values. An id is defined anew under the name of its field: the decoder looks
/// at no type that is given by its name alone.
pub(crate) fn avro_type(field: &Field) -> Json {
    match field.kind {
        FieldKind::Text => json!("string"),
        FieldKind::Long => json!("long"),
        FieldKind::Int => json!("int"),
        FieldKind::Boolean => json!("boolean"),
        FieldKind::Id => json!({"type": "fixed", "name": format!("{}_id", field.name), "size": 16}),
        FieldKind::Timestamp => json!({"type": "long", "logicalType": "timestamp-micros"}),
        FieldKind::Date => json!({"type": "int", "logicalType": "date"}),
        FieldKind::Decimal => json!({
            "type": "bytes", "logicalType": "decimal",
            "precision": DECIMAL_PRECISION, "scale": DECIMAL_SCALE,
        }),
        FieldKind::TextList => json!({"type": "array", "items": "string"}),
    }
}
