//! What the demonstration shows, and from when to when. Pure.

use crate::cli::DemoArguments;
use anyhow::{Context, Result};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate};
use chrono_tz::Tz;
use simulate::{Council, Settings};
use std::path::Path;

/// The first line of the settings that the demonstration writes: what it may clear away again.
pub(super) const MARK: &str = "# Made by `switchboard demo`, which clears this folder when it runs again.";

/// Days before today that are streamed and not imported.
const STREAMED_DAYS: u64 = 7;

/// A council and its history.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) council: Council,
    /// The first day of its history: the first of a month.
    pub(super) first_day: NaiveDate,
    /// The first day that is streamed.
    pub(super) history_ends: NaiveDate,
}

impl Plan {
    /// Full months up to this one, with a launch of FixMyStreet in their middle; the last week is streamed.
    pub(super) fn new(arguments: &DemoArguments, now_micros: i64, time_zone: Tz) -> Result<Self> {
        let now = DateTime::from_timestamp_micros(now_micros).unwrap_or_default().with_timezone(&time_zone);
        let today = now.date_naive();
        let this_month = today.with_day(1).unwrap_or(today);
        let months_before = |months: u32| this_month.checked_sub_months(Months::new(months));
        let outside = || format!("--months {}: that is before the calendar begins", arguments.months);
        let first_day = months_before(arguments.months).with_context(outside)?;
        let launch = months_before(arguments.months / 2);
        let history_ends = today.checked_sub_days(Days::new(STREAMED_DAYS)).with_context(outside)?;
        let settings = Settings {
            contacts_per_month: arguments.contacts_per_month,
            launch,
            time_zone,
            ..Settings::new(arguments.seed, first_day)
        };
        Ok(Self { council: Council::new(settings)?, first_day, history_ends })
    }
}

/// The settings of a demonstration in this folder.
pub(super) fn settings(folder: &Path) -> String {
    let place = |name: &str| toml::Value::from(folder.join(name).display().to_string());
    format!(
        "{MARK}\n[lake]\nfolder = {}\n\n[keys]\nfolder = {}\n\n[ingest]\nflush_after_ms = 1000\n",
        place("lake"),
        place("keys")
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use clap::Parser;

    fn plan(now: &str, more: &[&str]) -> Plan {
        let arguments = DemoArguments::try_parse_from([&["demo", "--folder", "x"], more].concat()).unwrap();
        let now = DateTime::parse_from_rfc3339(now).unwrap().timestamp_micros();
        Plan::new(&arguments, now, chrono_tz::Europe::London).unwrap()
    }

    #[test]
    fn two_years_of_full_months_up_to_a_week_ago() {
        let plan = plan("2026-11-22T10:00:00Z", &[]);
        assert_eq!(plan.first_day.to_string(), "2024-11-01");
        assert_eq!(plan.history_ends.to_string(), "2026-11-15");
    }

    #[test]
    fn the_day_is_the_councils() {
        // 23:30 UTC on 30 June is 1 July in London.
        let plan = plan("2026-06-30T23:30:00Z", &["--months", "3"]);
        assert_eq!(
            (plan.first_day.to_string(), plan.history_ends.to_string()),
            ("2026-04-01".into(), "2026-06-24".into())
        );
    }

    #[test]
    fn the_settings_are_read_back() {
        let text = settings(Path::new("/tmp/a \"b\""));
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table["lake"]["folder"].as_str(), Some("/tmp/a \"b\"/lake"));
        assert!(text.starts_with(MARK));
    }
}
