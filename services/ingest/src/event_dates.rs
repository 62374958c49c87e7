//! In which partition of its table an event lies: by its own time in UTC, never by when it came.

use arrow::array::{ArrayRef, AsArray, Date32Array, PrimitiveArray};
use arrow::compute::unary;
use arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use chrono::{DateTime, Datelike};
use schemas::PartitionBy;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// The date, or the first of the month, of each event: its lake partition.
pub(crate) fn of(occurred_at: Option<&ArrayRef>, partition: PartitionBy) -> Date32Array {
    let Some(times) = occurred_at else { return Date32Array::from(Vec::<i32>::new()) };
    let times: &PrimitiveArray<TimestampMicrosecondType> = times.as_primitive();
    let day = |micros: i64| i32::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or_default();
    match partition {
        PartitionBy::Date => unary::<_, _, Date32Type>(times, day),
        PartitionBy::Month => unary::<_, _, Date32Type>(times, |micros| {
            let date = DateTime::from_timestamp_micros(micros).unwrap_or_default().date_naive();
            date.with_day(1).unwrap_or(date).to_epoch_days()
        }),
    }
}
