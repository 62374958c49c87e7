//! Wall-clock times of a zone to UTC.

use super::Refusal;
use super::refusal::shape;
use chrono::{Datelike, LocalResult, NaiveDate, NaiveDateTime, TimeZone};
use chrono_tz::Tz;

/// The clock on the wall of one row.
pub(super) struct Clock {
    zone: Tz,
    /// Whether a time was read that the clock showed twice.
    pub(super) ambiguous: bool,
}

impl Clock {
    pub(super) fn new(zone: Tz) -> Self {
        Self { zone, ambiguous: false }
    }

    /// A cell's time, in microseconds since 1970 UTC; none if it is empty. Of a time that the clock
    /// showed twice, the earlier instant.
    pub(super) fn read(&mut self, column: &'static str, cell: &str) -> Result<Option<i64>, Refusal> {
        if cell.is_empty() {
            return Ok(None);
        }
        let local = parse(cell).map_err(|found| Refusal::Time { column, found })?;
        let instant = match self.zone.from_local_datetime(&local) {
            LocalResult::Single(instant) => instant,
            LocalResult::Ambiguous(earlier, _) => {
                self.ambiguous = true;
                earlier
            }
            LocalResult::None => {
                return Err(Refusal::SkippedTime { column, found: cell.to_owned(), zone: self.zone.name() });
            }
        };
        let utc = instant.naive_utc();
        // No table holds a time of another year.
        if !(1..=9999).contains(&utc.year()) {
            return Err(Refusal::Time { column, found: format!("`{cell}`") });
        }
        Ok(Some(utc.and_utc().timestamp_micros()))
    }
}

/// Exactly `YYYY-MM-DDTHH:MM:SS`; otherwise what was found instead. A cell that has the form is
/// quoted: it can be nothing but a mistaken time.
fn parse(cell: &str) -> Result<NaiveDateTime, String> {
    let form = |(place, byte): (usize, u8)| match place {
        4 | 7 => byte == b'-',
        10 => byte == b'T',
        13 | 16 => byte == b':',
        _ => byte.is_ascii_digit(),
    };
    if cell.len() != 19 || !cell.bytes().enumerate().all(form) {
        return Err(shape(cell));
    }
    let number = |from: usize, to: usize| cell[from..to].parse::<u32>().unwrap_or(u32::MAX);
    let date = NaiveDate::from_ymd_opt(number(0, 4).cast_signed(), number(5, 7), number(8, 10));
    let time = date.and_then(|date| date.and_hms_opt(number(11, 13), number(14, 16), number(17, 19)));
    time.ok_or_else(|| format!("`{cell}`"))
}
