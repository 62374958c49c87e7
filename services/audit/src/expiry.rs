//! What the lake lets go after a time, so that its absence proves nothing.

use chrono::{DateTime, Datelike, Days, NaiveDate};
use schemas::{PartitionBy, Source};
use std::collections::BTreeMap;

/// How long the lake keeps what it was given, whole UTC days. 0 is for ever.
#[derive(Debug, Clone)]
pub struct Retention {
    /// The time of the audit, milliseconds since 1970.
    pub now_ms: i64,
    /// Days that events are kept after the end of their partition, by source; none for one that is
    /// not named.
    pub events_keep_days: BTreeMap<String, u32>,
    /// Days that a quarantined record is kept after the day on which it came.
    pub quarantine_keep_days: u32,
}

/// What may be gone of one source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Expiry {
    /// Partitions of the events that begin before this day, counted from 1970.
    events_before_day: Option<i64>,
    /// Quarantined records that came before this day.
    quarantined_before_day: Option<i64>,
}

const MS_PER_DAY: i64 = 86_400_000;

impl Expiry {
    pub(crate) fn of(source: &Source, retention: &Retention) -> Self {
        let keep_days = retention.events_keep_days.get(&source.name).copied().unwrap_or_default();
        let events = kept_from(retention.now_ms, keep_days).and_then(|day| match source.partition {
            PartitionBy::Date => Some(day),
            // A month goes as a whole, when its last day may go.
            PartitionBy::Month => day.with_day(1),
        });
        let quarantined = kept_from(retention.now_ms, retention.quarantine_keep_days);
        let number = |day: NaiveDate| i64::from(day.to_epoch_days());
        Self { events_before_day: events.map(number), quarantined_before_day: quarantined.map(number) }
    }

    /// Whether an event whose partition begins with this day may have been let go.
    pub(crate) fn may_lack_event(self, first_day: Option<i64>) -> bool {
        first_day.zip(self.events_before_day).is_some_and(|(day, before)| day < before)
    }

    /// Whether a record that came to Kafka then, and so no earlier to the quarantine, may have been
    /// let go.
    pub(crate) fn may_lack_quarantined(self, time_ms: Option<i64>) -> bool {
        let day = time_ms.map(|time_ms| time_ms.div_euclid(MS_PER_DAY));
        day.zip(self.quarantined_before_day).is_some_and(|(day, before)| day < before)
    }
}

/// The first day of which everything must still be there.
fn kept_from(now_ms: i64, keep_days: u32) -> Option<NaiveDate> {
    let today = DateTime::from_timestamp_millis(now_ms)?.date_naive();
    if keep_days == 0 { None } else { today.checked_sub_days(Days::new(keep_days.into())) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use schemas::catalogue;

    fn day(text: &str) -> i64 {
        text.parse::<NaiveDate>().unwrap().to_epoch_days().into()
    }

    fn expiry(source: &str, keep_days: u32) -> Expiry {
        let now_ms = day("2026-03-20") * MS_PER_DAY + 1;
        let events_keep_days = BTreeMap::from([(source.to_owned(), keep_days)]);
        let retention = Retention { now_ms, events_keep_days, quarantine_keep_days: keep_days };
        Expiry::of(&catalogue().sources[source], &retention)
    }

    /// On 20 March, with 10 days: 9 March ended with the 9th and was kept through the 19th.
    #[test]
    fn a_day_goes_when_it_has_ended_and_was_kept_for_its_time() {
        let ten = expiry("telephony", 10);
        assert!(ten.may_lack_event(Some(day("2026-03-09"))) && !ten.may_lack_event(Some(day("2026-03-10"))));
        let at = |text: &str| Some(day(text) * MS_PER_DAY + MS_PER_DAY - 1);
        assert!(ten.may_lack_quarantined(at("2026-03-09")) && !ten.may_lack_quarantined(at("2026-03-10")));
        assert!(!ten.may_lack_event(None) && !ten.may_lack_quarantined(None));
    }

    /// On 20 March, February has ended 19 days ago.
    #[test]
    fn a_month_goes_as_a_whole() {
        let february = Some(day("2026-02-01"));
        assert!(expiry("fixmystreet", 19).may_lack_event(february));
        assert!(!expiry("fixmystreet", 20).may_lack_event(february));
        assert!(expiry("fixmystreet", 20).may_lack_event(Some(day("2026-01-01"))));
    }

    #[test]
    fn what_is_kept_for_ever_is_never_let_go() {
        assert_eq!(expiry("telephony", 0), Expiry::default());
        assert!(!expiry("telephony", 0).may_lack_event(Some(0)));
    }
}
