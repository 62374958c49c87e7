//! A row of a source's table, back to the event that it came from. What no table holds, such as
//! names and free text, is not there; what became a token is the token.

use crate::{Error, Event, EventType, FieldKind, Value};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{Date32Type, Decimal128Type, Int32Type, Int64Type, TimestampMicrosecondType};
use uuid::Uuid;

impl Event {
    /// The events of this type in `rows`, all of which are of this type. A column that is not there is
    /// null: tables made before a field came have none for it.
    ///
    /// # Errors
    /// [`Error::Event`] names a column that cannot be read as its field.
    pub fn of_rows(event_type: &EventType, rows: &RecordBatch) -> Result<Vec<Self>, Error> {
        let mut events = vec![Self::new(&event_type.name); rows.num_rows()];
        for field in &event_type.fields {
            let Some(column) = rows.column_by_name(&field.name) else { continue };
            let fault = |problem: String| Error::Event {
                event_type: event_type.name.clone(),
                problem: format!("column `{}` {problem}", field.name),
            };
            // An engine may hold a text or an id in another form than the lake does.
            let column = cast(column, &field.kind.arrow_type()).map_err(|error| fault(error.to_string()))?;
            for (row, event) in events.iter_mut().enumerate().filter(|(row, _)| column.is_valid(*row)) {
                let value = value(field.kind, &column, row);
                let value = value.ok_or_else(|| fault(format!("holds no {:?}", field.kind)))?;
                event.fields.insert(field.name.clone(), value);
            }
        }
        Ok(events)
    }
}

fn value(kind: FieldKind, column: &ArrayRef, row: usize) -> Option<Value> {
    Some(match kind {
        FieldKind::Text => Value::Text(column.as_string_opt::<i32>()?.value(row).to_owned()),
        FieldKind::Long => Value::Number(column.as_primitive_opt::<Int64Type>()?.value(row)),
        FieldKind::Int => Value::Number(column.as_primitive_opt::<Int32Type>()?.value(row).into()),
        FieldKind::Boolean => Value::Boolean(column.as_boolean_opt()?.value(row)),
        FieldKind::Id => Value::Id(Uuid::from_slice(column.as_binary_opt::<i32>()?.value(row)).ok()?),
        FieldKind::Timestamp => {
            Value::TimestampMicros(column.as_primitive_opt::<TimestampMicrosecondType>()?.value(row))
        }
        FieldKind::Date => Value::Date(column.as_primitive_opt::<Date32Type>()?.value(row)),
        FieldKind::Decimal => {
            Value::Decimal(i64::try_from(column.as_primitive_opt::<Decimal128Type>()?.value(row)).ok()?)
        }
        FieldKind::TextList => {
            let texts = column.as_list_opt::<i32>()?.value(row);
            let texts = texts.as_string_opt::<i32>()?.iter().map(|text| text.unwrap_or_default().to_owned());
            Value::TextList(texts.collect())
        }
    })
}
