//! One field of an event: its type, its marks, and the Arrow column that it becomes.

use crate::Value;
use arrow::datatypes::{DataType, Field as ArrowField, TimeUnit};
use serde_json::Value as Json;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// A field of an event type, as its schema declares it.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Name, the same in the schema and in the table.
    pub name: String,
    /// Type of a value that is present.
    pub kind: FieldKind,
    /// Whether the value may be absent.
    pub nullable: bool,
    /// What it says, with its unit.
    pub doc: String,
    /// What it reveals of a person, if anything.
    pub pii: Option<Pii>,
    /// Whether it stands for the resident, so that contacts can be matched by it.
    pub identifies_customer: bool,
    /// The documented vocabulary of an open list; other values are kept too.
    pub values: Vec<String>,
    /// The least and the greatest value that a decimal may have, in units of its last place.
    pub limits: Option<RangeInclusive<i64>>,
}

/// The types that a field may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// UTF-8 text.
    Text,
    /// 64-bit whole number.
    Long,
    /// 32-bit whole number.
    Int,
    /// True or false.
    Boolean,
    /// 16-byte identifier.
    Id,
    /// Microseconds since 1970-01-01 UTC.
    Timestamp,
    /// Days since 1970-01-01.
    Date,
    /// Exact decimal of 18 digits, 4 of them after the point.
    Decimal,
    /// List of UTF-8 texts.
    TextList,
}

/// What a marked field reveals of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pii {
    /// A telephone number; tokenised as E.164.
    Phone,
    /// An e-mail address; tokenised in lower case.
    Email,
    /// A customer account; tokenised.
    Account,
    /// A member of staff; tokenised.
    Agent,
    /// A person's name; dropped.
    Name,
    /// Words that somebody wrote; dropped.
    FreeText,
    /// A place; kept as ward or coarse coordinates.
    Location,
}

/// Digits of a [`FieldKind::Decimal`].
pub const DECIMAL_PRECISION: u8 = 18;
/// Digits after the point of a [`FieldKind::Decimal`].
pub const DECIMAL_SCALE: i8 = 4;

impl Pii {
    const ALL: [Self; 7] =
        [Self::Phone, Self::Email, Self::Account, Self::Agent, Self::Name, Self::FreeText, Self::Location];

    /// Whether the field never reaches a table.
    pub fn is_dropped(self) -> bool {
        matches!(self, Self::Name | Self::FreeText)
    }

    /// Whether the field is stored as a keyed token.
    pub fn is_token(self) -> bool {
        matches!(self, Self::Phone | Self::Email | Self::Account | Self::Agent)
    }

    /// The mark, as it is written in a schema.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Account => "account",
            Self::Agent => "agent",
            Self::Name => "name",
            Self::FreeText => "free_text",
            Self::Location => "location",
        }
    }

    pub(crate) fn parse(mark: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.mark() == mark)
    }
}

impl FieldKind {
    pub(crate) const ALL: [Self; 9] = [
        Self::Text,
        Self::Long,
        Self::Int,
        Self::Boolean,
        Self::Id,
        Self::Timestamp,
        Self::Date,
        Self::Decimal,
        Self::TextList,
    ];

    /// The Arrow type of the column in the lake.
    pub fn arrow_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Long => DataType::Int64,
            Self::Int => DataType::Int32,
            Self::Boolean => DataType::Boolean,
            Self::Id => DataType::Binary,
            Self::Timestamp => timestamp_type(),
            Self::Date => DataType::Date32,
            Self::Decimal => DataType::Decimal128(DECIMAL_PRECISION, DECIMAL_SCALE),
            Self::TextList => text_list_type(),
        }
    }

    /// The type whose column in the lake has this Arrow type; no two have the same.
    pub(crate) fn of_arrow(kind: &DataType) -> Option<Self> {
        Self::ALL.into_iter().find(|known| &known.arrow_type() == kind)
    }

    fn parse(schema: &Json) -> Result<Self, String> {
        if let Some(name) = schema.as_str() {
            return match name {
                "string" => Ok(Self::Text),
                "long" => Ok(Self::Long),
                "int" => Ok(Self::Int),
                "boolean" => Ok(Self::Boolean),
                "Uuid" => Ok(Self::Id),
                other => Err(format!("type `{other}` is not one of string, long, int, boolean, Uuid")),
            };
        }
        let text = |key: &str| schema.get(key).and_then(Json::as_str).unwrap_or_default();
        match (text("type"), text("logicalType")) {
            ("fixed", _) if text("name") == "Uuid" && schema["size"] == 16 => Ok(Self::Id),
            ("long", "timestamp-micros") => Ok(Self::Timestamp),
            ("int", "date") => Ok(Self::Date),
            ("bytes", "decimal")
                if schema["precision"] == DECIMAL_PRECISION && schema["scale"] == DECIMAL_SCALE =>
            {
                Ok(Self::Decimal)
            }
            ("array", _) if schema["items"] == "string" => Ok(Self::TextList),
            (kind, logical) => Err(format!("type `{kind}` with logical type `{logical}` is not in use here")),
        }
    }
}

impl Field {
    /// Reads one entry of a record's `fields`.
    ///
    /// # Errors
    /// A sentence that says which rule of this room the entry breaks.
    pub fn parse(entry: &Json) -> Result<Self, String> {
        let name = entry["name"].as_str().ok_or("a field without a name")?.to_owned();
        let (schema, nullable) = match &entry["type"] {
            Json::Array(branches) => match branches.as_slice() {
                [null, schema] if null == "null" => (schema, true),
                _ => return Err(format!("field `{name}`: a union must be [\"null\", type]")),
            },
            schema => (schema, false),
        };
        let kind = FieldKind::parse(schema).map_err(|problem| format!("field `{name}`: {problem}"))?;
        let field = Self::marked(name, kind, nullable, entry)?;
        match field.doc.trim() {
            "" => Err(format!("field `{}` has no doc", field.name)),
            _ => Ok(field),
        }
    }

    /// A field of this type with what its entry says besides: doc, marks, values, limits.
    ///
    /// # Errors
    /// A sentence that says which rule of this room the entry breaks.
    pub(crate) fn marked(name: String, kind: FieldKind, nullable: bool, entry: &Json) -> Result<Self, String> {
        let doc = entry["doc"].as_str().unwrap_or_default().to_owned();
        let pii = match entry.get("pii").map(|mark| mark.as_str().and_then(Pii::parse)) {
            None => None,
            Some(Some(mark)) => Some(mark),
            Some(None) => return Err(format!("field `{name}`: unknown pii mark {}", entry["pii"])),
        };
        if pii.is_some_and(Pii::is_token) && kind != FieldKind::Text {
            return Err(format!("field `{name}`: only text can become a token"));
        }
        let values = entry["values"].as_array().into_iter().flatten();
        let values = values.filter_map(|value| value.as_str().map(str::to_owned)).collect();
        let identifies_customer = entry["identifies"] == "customer";
        let limits = limits(entry).map_err(|problem| format!("field `{name}`: {problem}"))?;
        if limits.is_some() && kind != FieldKind::Decimal {
            return Err(format!("field `{name}`: only a decimal can have a minimum or a maximum"));
        }
        Ok(Self { name, kind, nullable, doc, pii, identifies_customer, values, limits })
    }
}

/// The `minimum` and `maximum` of an entry of a record's `fields`, in units of the last place.
pub(crate) fn limits(entry: &Json) -> Result<Option<RangeInclusive<i64>>, String> {
    let widest = 10_i64.pow(u32::from(DECIMAL_PRECISION)) - 1;
    let limit = |key: &str| match entry.get(key) {
        None => Ok(None),
        Some(limit) => match limit.as_str().and_then(Value::decimal) {
            Some(Value::Decimal(units)) => Ok(Some(units)),
            _ => Err(format!("its {key} {limit} is not a decimal as text, such as \"-90\"")),
        },
    };
    let limits = match (limit("minimum")?, limit("maximum")?) {
        (None, None) => return Ok(None),
        (least, most) => least.unwrap_or(-widest)..=most.unwrap_or(widest),
    };
    if limits.is_empty() { Err("its minimum is above its maximum".to_owned()) } else { Ok(Some(limits)) }
}

/// UTC timestamps of the lake: microseconds.
pub fn timestamp_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC")))
}

/// Lists of text in the lake; the element is named as Delta names it.
pub fn text_list_type() -> DataType {
    DataType::List(Arc::new(ArrowField::new("element", DataType::Utf8, true)))
}
