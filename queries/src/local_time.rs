//! Local time, computed in one place: SQL functions bound to the council's time zone.
//!
//! `local_date(t)`, `local_time(t)` as `HH:MM:SS`, `utc_offset_minutes(t)`, `interval_start(t)` (the
//! half hour, UTC), `local_day_ends(date)` (UTC), `first_of_month(date)`. A day has 23, 24 or 25 hours.

use arrow::array::{ArrayRef, AsArray, Date32Array, Int32Array, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Date32Type, TimestampMicrosecondType};
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Offset, TimeZone};
use chrono_tz::Tz;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use schemas::field::timestamp_type;
use std::sync::Arc;

/// Length of an interval.
const INTERVAL_MICROS: i64 = 30 * 60 * 1_000_000;

/// The functions, for a council in `zone`.
pub(crate) fn functions(zone: Tz) -> Vec<ScalarUDF> {
    let time = timestamp_type;
    vec![
        function("local_date", time(), DataType::Date32, move |times| {
            let dates = micros(times).map(|at| at.map(|at| local(zone, at).date_naive().to_epoch_days()));
            Arc::new(Date32Array::from_iter(dates))
        }),
        function("local_time", time(), DataType::Utf8, move |times| {
            let texts = micros(times).map(|at| at.map(|at| local(zone, at).format("%H:%M:%S").to_string()));
            Arc::new(StringArray::from_iter(texts))
        }),
        function("utc_offset_minutes", time(), DataType::Int32, move |times| {
            let offset = |at| local(zone, at).offset().fix().local_minus_utc() / 60;
            Arc::new(Int32Array::from_iter(micros(times).map(|at| at.map(offset))))
        }),
        function("interval_start", time(), time(), |times| {
            let starts = micros(times).map(|at| at.map(|at| at.div_euclid(INTERVAL_MICROS) * INTERVAL_MICROS));
            Arc::new(TimestampMicrosecondArray::from_iter(starts).with_timezone("UTC"))
        }),
        function("local_day_ends", DataType::Date32, time(), move |dates| {
            let ends = days(dates).map(|day| day.and_then(|day| day_end_micros(zone, day)));
            Arc::new(TimestampMicrosecondArray::from_iter(ends).with_timezone("UTC"))
        }),
        function("first_of_month", DataType::Date32, DataType::Date32, |dates| {
            let firsts = days(dates).map(|day| day.and_then(|day| day.with_day(1)).map(|day| day.to_epoch_days()));
            Arc::new(Date32Array::from_iter(firsts))
        }),
    ]
}

/// The instant at which a local day ends: the first instant of the next.
pub(crate) fn day_end_micros(zone: Tz, day: NaiveDate) -> Option<i64> {
    let midnight = day.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN);
    // Where midnight does not exist (no British case), the day ends when the clocks jump.
    let zoned = zone.from_local_datetime(&midnight).earliest();
    zoned.map(|zoned| zoned.timestamp_micros()).or_else(|| Some(midnight.and_utc().timestamp_micros()))
}

/// The local days that end after `after` and no later than `until`, instants in microseconds since 1970, UTC.
pub fn days_ending(zone: Tz, after_micros: i64, until_micros: i64) -> Vec<NaiveDate> {
    let first = local(zone, after_micros).date_naive();
    let days = first.iter_days().map(|day| (day, day_end_micros(zone, day).unwrap_or(i64::MAX)));
    let ending = days.take_while(|(_, ends)| *ends <= until_micros).filter(|(_, ends)| *ends > after_micros);
    ending.map(|(day, _)| day).collect()
}

fn local(zone: Tz, micros: i64) -> DateTime<Tz> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default().with_timezone(&zone)
}

fn micros(times: &ArrayRef) -> impl Iterator<Item = Option<i64>> {
    times.as_primitive::<TimestampMicrosecondType>().iter()
}

fn days(dates: &ArrayRef) -> impl Iterator<Item = Option<NaiveDate>> {
    dates.as_primitive::<Date32Type>().iter().map(|days| days.and_then(NaiveDate::from_epoch_days))
}

fn function(
    name: &str,
    argument: DataType,
    result: DataType,
    compute: impl Fn(&ArrayRef) -> ArrayRef + Send + Sync + 'static,
) -> ScalarUDF {
    let call = move |arguments: &[ColumnarValue]| -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(arguments)?;
        Ok(ColumnarValue::Array(compute(&arrays[0])))
    };
    create_udf(name, vec![argument], result, Volatility::Immutable, Arc::new(call))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Europe::London;

    fn at(text: &str) -> i64 {
        text.parse::<DateTime<chrono::Utc>>().map(|at| at.timestamp_micros()).unwrap_or_default()
    }

    #[test]
    fn british_days_have_23_24_and_25_hours() {
        let hours = |year, month, day| {
            let date = NaiveDate::from_ymd_opt(year, month, day)?;
            Some((day_end_micros(London, date)? - day_end_micros(London, date.pred_opt()?)?) / 3_600_000_000)
        };
        assert_eq!(hours(2026, 3, 28), Some(24));
        assert_eq!(hours(2026, 3, 29), Some(23));
        assert_eq!(hours(2026, 10, 25), Some(25));
    }

    #[test]
    fn a_day_ends_with_its_last_instant() {
        let ended = |after: &str, until: &str| {
            let days = days_ending(London, at(after), at(until));
            days.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(ended("2026-06-01T12:00:00Z", "2026-06-03T22:59:59Z"), "2026-06-01 2026-06-02");
        // In summer the British day ends an hour before that of UTC; its end itself belongs to it.
        assert_eq!(ended("2026-06-01T23:00:00Z", "2026-06-02T23:00:00Z"), "2026-06-02");
        assert_eq!(ended("2026-06-02T23:00:00Z", "2026-06-02T23:00:00Z"), "");
    }

    #[test]
    fn a_summer_evening_belongs_to_the_next_local_day() {
        let late = local(London, at("2026-06-30T23:30:00Z"));
        assert_eq!(
            (late.date_naive().to_string(), late.format("%H:%M").to_string()),
            ("2026-07-01".into(), "00:30".into())
        );
    }
}
