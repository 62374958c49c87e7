//! What a council is like: the few settings from which everything else follows.

use crate::days::Days;
use crate::reference;
use chrono::{Datelike as _, NaiveDate};
use chrono_tz::Tz;
use schemas::Event;
use std::ops::RangeInclusive;

/// Bank holidays of one year only are known since then; before, some are missing.
const YEARS: RangeInclusive<i32> = 2023..=2099;
const CONTACTS_PER_MONTH: RangeInclusive<u32> = 100..=50_000;
const STAFFING_PERCENT: RangeInclusive<u32> = 10..=500;

/// The settings of a council; the same settings give the same events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What tells this council's chances from another's.
    pub seed: u64,
    /// The first local day.
    pub first_day: NaiveDate,
    /// Calls, submitted forms and reports in an average month.
    pub contacts_per_month: u32,
    /// The local day from which residents can use FixMyStreet, before or after the first day;
    /// `None` for a council without it.
    pub launch: Option<NaiveDate>,
    /// The zone of the council's clocks.
    pub time_zone: Tz,
    /// Agents at work, in percent of what the council usually plans for.
    pub staffing_percent: u32,
}

impl Settings {
    /// A council of 5,000 contacts a month in London's time that launches FixMyStreet a year after
    /// its first day.
    pub fn new(seed: u64, first_day: NaiveDate) -> Self {
        Self {
            seed,
            first_day,
            contacts_per_month: 5_000,
            launch: first_day.checked_add_months(chrono::Months::new(12)),
            time_zone: chrono_tz::Europe::London,
            staffing_percent: 100,
        }
    }
}

/// Settings that no council can have; mend the one named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The first day is outside the years that are known.
    #[error("first_day is {0}; expected a day of the years {first} to {last}", first = YEARS.start(), last = YEARS.end())]
    FirstDay(NaiveDate),
    /// Too few contacts to staff a queue for, or too many for the residents.
    #[error(
        "contacts_per_month is {0}; expected {least} to {most}",
        least = CONTACTS_PER_MONTH.start(), most = CONTACTS_PER_MONTH.end()
    )]
    ContactsPerMonth(u32),
    /// Too few or too many agents.
    #[error(
        "staffing_percent is {0}; expected {least} to {most}",
        least = STAFFING_PERCENT.start(), most = STAFFING_PERCENT.end()
    )]
    StaffingPercent(u32),
}

/// A council whose residents call, click and report.
#[derive(Debug, Clone)]
pub struct Council {
    pub(crate) settings: Settings,
}

impl Council {
    /// A council of these settings.
    ///
    /// # Errors
    /// [`Error`] names the setting that cannot be, and what is expected.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        if !YEARS.contains(&settings.first_day.year()) {
            return Err(Error::FirstDay(settings.first_day));
        }
        if !CONTACTS_PER_MONTH.contains(&settings.contacts_per_month) {
            return Err(Error::ContactsPerMonth(settings.contacts_per_month));
        }
        if !STAFFING_PERCENT.contains(&settings.staffing_percent) {
            return Err(Error::StaffingPercent(settings.staffing_percent));
        }
        Ok(Self { settings })
    }

    /// What the council says about itself: its queues, categories and bank holidays (of the first
    /// year and the five after), its targets and baselines, and the launch of FixMyStreet.
    pub fn reference(&self) -> Vec<Event> {
        reference::events(&self.settings)
    }

    /// What happens from the first day on, day by day, for as long as it is asked. A day depends on
    /// those before it and on none after it.
    pub fn days(&self) -> Days {
        Days::new(self.settings.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings::new(1, NaiveDate::default().with_year(2025).unwrap_or_default())
    }

    #[test]
    fn impossible_settings_are_refused_by_name() {
        assert!(Council::new(settings()).is_ok());
        let refused = Council::new(Settings { contacts_per_month: 0, ..settings() }).map(drop);
        assert_eq!(refused, Err(Error::ContactsPerMonth(0)));
        let message = Error::ContactsPerMonth(0).to_string();
        assert_eq!(message, "contacts_per_month is 0; expected 100 to 50000");
        let early = Council::new(Settings { first_day: NaiveDate::default(), ..settings() }).map(drop);
        assert_eq!(early, Err(Error::FirstDay(NaiveDate::default())));
        let idle = Council::new(Settings { staffing_percent: 1, ..settings() }).map(drop);
        assert_eq!(idle, Err(Error::StaffingPercent(1)));
    }
}
