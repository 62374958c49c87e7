//! Working days: Monday to Friday without the bank holidays of England and Wales.

use chrono::{Datelike as _, Days, NaiveDate, Weekday};

/// Bank holidays of one year only: the coronation.
const SINGLE: [(i32, u32, u32); 1] = [(2023, 5, 8)];

/// The bank holidays of a year, substitute days in place of those at a weekend, in order.
pub(crate) fn bank_holidays(year: i32) -> Vec<NaiveDate> {
    let day = |month, day| NaiveDate::from_ymd_opt(year, month, day);
    let single = SINGLE.iter().filter(|(its_year, ..)| *its_year == year);
    let mut holidays: Vec<NaiveDate> = [
        day(1, 1).map(substitute),
        easter(year).and_then(|easter| easter.checked_sub_days(Days::new(2))),
        easter(year).and_then(|easter| easter.checked_add_days(Days::new(1))),
        NaiveDate::from_weekday_of_month_opt(year, 5, Weekday::Mon, 1),
        day(5, 31).map(monday_by),
        day(8, 31).map(monday_by),
        day(12, 25).map(substitute_at_christmas),
        day(12, 26).map(substitute_at_christmas),
    ]
    .into_iter()
    .chain(single.map(|(_, month, number)| day(*month, *number)))
    .flatten()
    .collect();
    holidays.sort_unstable();
    holidays
}

pub(crate) fn is_working_day(day: NaiveDate) -> bool {
    !is_weekend(day) && !bank_holidays(day.year()).contains(&day)
}

/// The first working day after this one.
pub(crate) fn next_working_day(day: NaiveDate) -> NaiveDate {
    day.iter_days().skip(1).find(|next| is_working_day(*next)).unwrap_or(day)
}

fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

fn substitute(day: NaiveDate) -> NaiveDate {
    day.iter_days().find(|next| !is_weekend(*next)).unwrap_or(day)
}

/// Both days of Christmas move by two: Saturday to Monday, Sunday to Tuesday.
fn substitute_at_christmas(day: NaiveDate) -> NaiveDate {
    if is_weekend(day) { day + Days::new(2) } else { day }
}

/// The last Monday not after the day.
fn monday_by(day: NaiveDate) -> NaiveDate {
    day - Days::new(u64::from(day.weekday().num_days_from_monday()))
}

/// Easter Sunday, by the Gregorian computus (Meeus, Jones and Butcher).
fn easter(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e, f) = (b / 4, b % 4, (b + 8) / 25);
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let date = h + l - 7 * m + 114;
    NaiveDate::from_ymd_opt(year, (date / 31) as u32, (date % 31 + 1) as u32)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// As the government publishes them for England and Wales.
    const PUBLISHED: [&str; 6] = [
        "2023-01-02 2023-04-07 2023-04-10 2023-05-01 2023-05-08 2023-05-29 2023-08-28 2023-12-25 2023-12-26",
        "2024-01-01 2024-03-29 2024-04-01 2024-05-06 2024-05-27 2024-08-26 2024-12-25 2024-12-26",
        "2025-01-01 2025-04-18 2025-04-21 2025-05-05 2025-05-26 2025-08-25 2025-12-25 2025-12-26",
        "2026-01-01 2026-04-03 2026-04-06 2026-05-04 2026-05-25 2026-08-31 2026-12-25 2026-12-28",
        "2027-01-01 2027-03-26 2027-03-29 2027-05-03 2027-05-31 2027-08-30 2027-12-27 2027-12-28",
        "2028-01-03 2028-04-14 2028-04-17 2028-05-01 2028-05-29 2028-08-28 2028-12-25 2028-12-26",
    ];

    #[test]
    fn bank_holidays_are_those_published() {
        for (year, published) in (2023..).zip(PUBLISHED) {
            let computed: Vec<String> = bank_holidays(year).iter().map(NaiveDate::to_string).collect();
            assert_eq!(computed.join(" "), published);
        }
    }

    #[test]
    fn after_christmas_work_begins_again() {
        // 2026: Friday 25 December, substitute for the 26th on Monday 28.
        let day = |day| NaiveDate::from_ymd_opt(2026, 12, day).unwrap();
        assert_eq!(next_working_day(day(24)), day(29));
        assert!(is_working_day(day(24)) && !is_working_day(day(27)) && !is_working_day(day(28)));
    }
}
