//! Wall-clock times of a zone to UTC.

use crate::rows::{Fault, shape};
use chrono::{Datelike, LocalResult, NaiveDate, NaiveDateTime, TimeZone};
use chrono_tz::Tz;

/// The clock on the wall of one row.
pub(crate) struct Clock {
    zone: Tz,
    /// What may stand between the date and the time.
    separators: &'static [u8],
    /// Whether a time was read that the clock showed twice.
    pub(crate) ambiguous: bool,
}

impl Clock {
    /// A clock whose times are written `YYYY-MM-DDTHH:MM:SS`, with one of the separators for the `T`.
    pub(crate) fn new(zone: Tz, separators: &'static [u8]) -> Self {
        Self { zone, separators, ambiguous: false }
    }

    /// A cell's time, in microseconds since 1970 UTC; none if it is empty. Of a time that the clock
    /// showed twice, the earlier instant.
    pub(crate) fn read(&mut self, column: &'static str, cell: &str) -> Result<Option<i64>, Fault> {
        if cell.is_empty() {
            return Ok(None);
        }
        let local = parse(cell, self.separators).map_err(|found| Fault::Time { column, found })?;
        let instant = match self.zone.from_local_datetime(&local) {
            LocalResult::Single(instant) => instant,
            LocalResult::Ambiguous(earlier, _) => {
                self.ambiguous = true;
                earlier
            }
            LocalResult::None => {
                return Err(Fault::SkippedTime { column, found: cell.to_owned(), zone: self.zone.name() });
            }
        };
        let utc = instant.naive_utc();
        // No table holds a time of another year.
        if !(1..=9999).contains(&utc.year()) {
            return Err(Fault::Time { column, found: format!("`{cell}`") });
        }
        Ok(Some(utc.and_utc().timestamp_micros()))
    }
}

/// Exactly the form; otherwise what was found instead. A cell that has the form is quoted: it can be
/// nothing but a mistaken time.
fn parse(cell: &str, separators: &[u8]) -> Result<NaiveDateTime, String> {
    let form = |(place, byte): (usize, u8)| match place {
        4 | 7 => byte == b'-',
        10 => separators.contains(&byte),
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
