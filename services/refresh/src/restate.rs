//! Restatements: final values that a later epoch has otherwise, with the old value, the new and the cause.
//!
//! They are a record, not derived: a rebuild would not find them again, and `verify` leaves them alone.

use crate::Error;
use crate::derived::as_rows_of;
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use chrono_tz::Tz;
use lake::TableSpec;
use queries::Engine;
use queries::catalogue::DIMENSIONS;
use schemas::field::timestamp_type;
use std::sync::Arc;

/// Name of the table of restatements: only ever appended to.
pub const RESTATEMENTS_TABLE: &str = "kpi_restatements";

/// Why a final value has changed. Where there is more than one reason, the first of these is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// An event that corrects another.
    Correction,
    /// An event that came after the value was final.
    LateEvent,
    /// What the council says of its queues or categories.
    ReferenceChange,
    /// Nothing came in time: a form was left lying.
    PassingTime,
    /// A definition whose version is the same.
    Definition,
    /// Everything was computed anew for another reason, and it cannot be told.
    Recomputed,
}

impl Cause {
    /// Those that a change of what is known can have, by their number in queries.
    pub(crate) const OF_CHANGES: [Self; 4] =
        [Self::Correction, Self::LateEvent, Self::ReferenceChange, Self::PassingTime];

    /// Its number in queries: the smallest comes first.
    pub(crate) fn number(self) -> i64 {
        self as i64
    }

    pub(crate) fn numbered(number: i64) -> Self {
        Self::OF_CHANGES.into_iter().find(|cause| cause.number() == number).unwrap_or(Self::Recomputed)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Correction => "correction",
            Self::LateEvent => "late event",
            Self::ReferenceChange => "reference change",
            Self::PassingTime => "passing of time",
            Self::Definition => "definition",
            Self::Recomputed => "recomputed",
        }
    }
}

/// Whether the values of a measured table are restated: half hours are in its days.
pub(crate) fn is_restated(table: &str) -> bool {
    matches!(table, "kpi_daily" | "kpi_distribution" | "kpi_period")
}

/// The rows of a measured table, of those for which the condition holds, that were final as of `then`,
/// microseconds since 1970, UTC, and have changed: as text and numbers, without epoch and cause.
pub(crate) async fn restated(
    (zone, then): (Tz, i64),
    condition: &str,
    table: &str,
    schema: &SchemaRef,
    old: &[RecordBatch],
    new: &[RecordBatch],
) -> Result<Vec<RecordBatch>, Error> {
    let engine = Engine::new(zone, then)?;
    engine.bind_rows("old_rows", schema.clone(), old.to_vec())?;
    engine.bind_rows("new_rows", schema.clone(), new.to_vec())?;
    let (period, last_day, part, parts) = match table {
        "kpi_distribution" => (
            "local_date",
            "local_date",
            "CAST(value AS VARCHAR)",
            "count AS numerator, CAST(NULL AS BIGINT) AS denominator",
        ),
        "kpi_period" => (
            "local_month",
            "CAST(local_month + INTERVAL '1 month' - INTERVAL '1 day' AS DATE)",
            "part",
            "numerator, denominator",
        ),
        _ => ("local_date", "local_date", "''", "numerator, denominator"),
    };
    let dimensions = DIMENSIONS.join(", ");
    let values = |rows: &str| {
        format!(
            "SELECT kpi, definition_version, {period} AS period, {last_day} AS last_day, {dimensions}, \
             {part} AS part, {parts} FROM {rows} WHERE {condition}"
        )
    };
    let keys = ["kpi", "definition_version", "period", "last_day"].into_iter().chain(DIMENSIONS).chain(["part"]);
    let keys: Vec<&str> = keys.collect();
    let same: Vec<String> = keys.iter().map(|key| format!("old.{key} = new.{key}")).collect();
    let either: Vec<String> = keys.iter().map(|key| format!("coalesce(old.{key}, new.{key}) AS {key}")).collect();
    let sql = format!(
        "WITH both_ways AS (SELECT {either}, \
             old.numerator AS old_numerator, old.denominator AS old_denominator, \
             new.numerator AS new_numerator, new.denominator AS new_denominator \
             FROM ({old}) AS old FULL JOIN ({new}) AS new ON {same}) \
         SELECT both_ways.kpi, both_ways.definition_version, period, {dimensions}, part, \
             old_numerator, old_denominator, new_numerator, new_denominator \
         FROM both_ways JOIN kpi_definitions ON kpi_definitions.kpi = both_ways.kpi \
             AND kpi_definitions.definition_version = both_ways.definition_version \
         WHERE local_day_ends(last_day) + CAST(concat(settles_after_days, ' days') AS INTERVAL) <= $as_of \
             AND ((old_numerator IS DISTINCT FROM new_numerator) OR (old_denominator IS DISTINCT FROM new_denominator))",
        either = either.join(", "),
        old = values("old_rows"),
        new = values("new_rows"),
        same = same.join(" AND "),
    );
    let rows = engine.collect(&sql).await?;
    as_rows_of(&value_schema(), &rows)
}

/// The values with the epoch that has them, when it was published, and why each changed.
pub(crate) fn rows(
    values: &[RecordBatch],
    (epoch, restated_at_micros): (i64, i64),
    cause: impl Fn(&RecordBatch, usize) -> Cause,
) -> Result<Vec<RecordBatch>, Error> {
    let whole = values.iter().filter(|batch| batch.num_rows() > 0).map(|batch| {
        let count = batch.num_rows();
        let epochs: ArrayRef = Arc::new(Int64Array::from(vec![epoch; count]));
        let times = TimestampMicrosecondArray::from(vec![restated_at_micros; count]).with_timezone("UTC");
        let causes = (0..count).map(|row| cause(batch, row).name());
        let causes: ArrayRef = Arc::new(StringArray::from_iter_values(causes));
        let columns = [epochs, Arc::new(times) as ArrayRef].into_iter().chain(batch.columns().iter().cloned());
        Ok(RecordBatch::try_new(spec().schema, columns.chain([causes]).collect())?)
    });
    whole.collect()
}

fn value_schema() -> SchemaRef {
    let schema = spec().schema;
    let fields = schema.fields();
    Arc::new(Schema::new(fields[2..fields.len() - 1].to_vec()))
}

/// The table. `part` is the value of a distribution or the part of a month's measure, empty for others;
/// a distribution has its counts as numerators. What was not there is null.
pub(crate) fn spec() -> TableSpec {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let number = |name: &str| Field::new(name, DataType::Int64, true);
    let fields = [number("epoch"), Field::new("restated_at", timestamp_type(), true), text("kpi")]
        .into_iter()
        .chain([
            Field::new("definition_version", DataType::Int32, true),
            Field::new("period", DataType::Date32, true),
        ])
        .chain(DIMENSIONS.map(text))
        .chain([text("part"), number("old_numerator"), number("old_denominator")])
        .chain([number("new_numerator"), number("new_denominator"), text("cause")]);
    TableSpec {
        name: RESTATEMENTS_TABLE.to_owned(),
        schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
        partition_column: None,
        sort_columns: ["epoch", "kpi", "period"].map(ToOwned::to_owned).to_vec(),
    }
}
