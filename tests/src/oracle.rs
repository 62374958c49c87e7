//! What the KPIs must say, worked out from their definitions in plain Rust.
//!
//! Owns a second opinion: written from `queries/kpis/*.toml` and `DESIGN.md` 5, with loops and maps
//! over events, one call, form or report at a time. Never uses SQL, DataFusion or the crate
//! `queries`, and is not built like the models, so that the two are unlikely to be wrong in the same
//! way.

mod calls;
mod contact_kpis;
mod contacts;
mod facts;
mod forms;
mod kpis;
mod months;
mod online_kpis;
mod place;
mod reports;
mod services;
mod visits;

use chrono::NaiveDate;
use schemas::Event;
use std::collections::BTreeMap;
use std::fmt;

/// What a KPI's row is about; `(all)` in a dimension that the KPI does not have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey {
    /// The KPI.
    pub kpi: String,
    /// Local day.
    pub local_date: NaiveDate,
    /// Service, `(unknown)` for a queue or a category that is mapped to none.
    pub service_area: String,
    /// `social_care`, `other` or `(unknown)`.
    pub service_class: String,
    /// Queue.
    pub queue: String,
    /// Channel.
    pub channel: String,
    /// Subject group, of KPIs that count calls, contacts, forms or reports.
    pub subject_group: String,
}

/// What a row of a KPI that is measured by the month is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthlyKey {
    /// The KPI.
    pub kpi: String,
    /// First day of the local month.
    pub local_month: NaiveDate,
    /// Channel.
    pub channel: String,
    /// Which number of the KPI it is.
    pub part: String,
}

impl fmt::Display for RowKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kpi, local_date, service_area, service_class, queue, channel, subject_group } = self;
        write!(formatter, "{kpi} {local_date} {service_area} {service_class} {queue} {channel} {subject_group}")
    }
}

impl fmt::Display for MonthlyKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kpi, local_month, channel, part } = self;
        write!(formatter, "{kpi} {local_month} {channel} {part}")
    }
}

/// A numerator, and a denominator unless the KPI is a count.
type Parts = (i64, Option<i64>);

/// What the events tell of.
struct Told {
    calls: Vec<calls::Call>,
    forms: Vec<forms::Form>,
    reports: Vec<reports::Report>,
    services: services::Services,
    categories: services::Categories,
}

impl Told {
    fn by(events: &[Event], as_of_micros: i64) -> Self {
        Self {
            calls: calls::calls(events),
            forms: forms::forms(events, as_of_micros),
            reports: reports::reports(events),
            services: services::Services::read(events),
            categories: services::Categories::read(events),
        }
    }
}

/// Numerator and denominator of every ratio and count as of an instant, microseconds since 1970, UTC; a count
/// has no denominator.
pub fn measure(events: &[Event], as_of_micros: i64) -> BTreeMap<RowKey, (Option<i64>, Option<i64>)> {
    let told = Told::by(events, as_of_micros);
    let contacts = contacts::contacts(&told);
    let parts = [kpis::parts(&told), contact_kpis::parts(&contacts), online_kpis::parts(&told)];
    let mut rows: BTreeMap<RowKey, (Option<i64>, Option<i64>)> = BTreeMap::new();
    for (key, (numerator, denominator)) in parts.into_iter().flatten() {
        let row = rows.entry(key).or_default();
        row.0 = Some(row.0.unwrap_or_default() + numerator);
        row.1 = denominator.map(|more| row.1.unwrap_or_default() + more);
    }
    rows
}

/// How often each value of every distribution occurs, by row and value.
pub fn distribution(events: &[Event]) -> BTreeMap<(RowKey, i64), i64> {
    let mut counts = BTreeMap::new();
    for value in kpis::values(&Told::by(events, i64::MAX)) {
        *counts.entry(value).or_default() += 1;
    }
    counts
}

/// Numerator and denominator of every number that is measured for a month as a whole.
pub fn monthly(events: &[Event]) -> BTreeMap<MonthlyKey, (i64, i64)> {
    months::rows(&contacts::contacts(&Told::by(events, i64::MAX))).into_iter().collect()
}

/// The KPIs that this oracle measures, in order.
pub fn kpis() -> Vec<&'static str> {
    let mut kpis = [kpis::names(), contact_kpis::names(), online_kpis::names(), months::names()].concat();
    kpis.sort_unstable();
    kpis
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::story;

    /// The sums of a KPI over all its rows.
    fn sums(kpi: &str, story: &str) -> (i64, i64) {
        let rows = measure(&story::read(story).unwrap(), i64::MAX).into_iter().filter(|(key, _)| key.kpi == kpi);
        rows.fold((0, 0), |sums, (_, (numerator, denominator))| {
            (sums.0 + numerator.unwrap_or_default(), sums.1 + denominator.unwrap_or_default())
        })
    }

    /// Calls in the order of their names, each naming the one before.
    fn chain(calls: usize) -> String {
        let lines = (1..=calls).map(|call| {
            let refs = if call > 1 { format!(" case_refs=story:c{}", call - 1) } else { String::new() };
            format!("2026-03-02T09:0{call}:00Z c{call} contact_initiated{refs}")
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn contacts_that_name_each_other_are_one_demand_up_to_four_steps() {
        assert_eq!(sums("volume_contacts", &chain(5)), (5, 0));
        assert_eq!(sums("volume_demands", &chain(5)), (1, 0));
        // c6 is five steps from c1: it sees c2 as the earliest, which itself belongs to c1.
        assert_eq!(sums("volume_demands", &chain(6)), (2, 0));
        assert_eq!(sums("chaser_contacts", &chain(6)), (4, 6));
    }

    #[test]
    fn what_staff_write_down_of_a_call_is_no_contact_of_its_own() {
        let written = "
            2026-03-02T09:00:00Z c1 contact_initiated ani=01632960001
            2026-03-02T09:00:10Z c1 contact_answered queue_id=TAX wait_ms=0
            2026-03-02T09:01:00Z r1 report_created category=Pothole contributed_as=another_user reporter_phone=01632960001
            2026-03-02T09:02:00Z r1 report_confirmed";
        assert_eq!(sums("volume_contacts", written), (2, 0));
        assert_eq!(sums("self_service_share", written), (0, 2));
        let joined = format!("{written} case_refs=story:c1");
        assert_eq!(sums("volume_contacts", &joined), (1, 0));
        assert_eq!(sums("fcr_norepeat_matchable", &joined), (1, 1));
        assert_eq!(sums("reports_made", &joined), (1, 0));
    }

    #[test]
    fn a_report_is_fixed_in_time_within_28_days_to_the_microsecond() {
        let mended = |at: &str, more: &str| {
            let confirmed = "2026-03-01T12:00:00Z r1 report_confirmed";
            format!("{confirmed}\n{at} r1 state_changed to_state=fixed {more}")
        };
        let in_time = |story: &str| sums("reports_fixed_in_time", story);
        assert_eq!(in_time(&mended("2026-03-29T12:00:00Z", "")), (1, 1));
        assert_eq!(in_time(&mended("2026-03-29T12:00:00.000001Z", "")), (0, 1));
        assert_eq!(in_time(&mended("2026-03-02T12:00:00Z", "automated=true")), (0, 1));
        let again = "2026-03-04T12:00:00Z r1 state_changed to_state=confirmed";
        assert_eq!(in_time(&format!("{}\n{again}", mended("2026-03-02T12:00:00Z", ""))), (0, 1));
        let duplicate = "2026-03-01T13:00:00Z r1 duplicate_marked duplicate_of=r0";
        assert_eq!(in_time(&format!("{}\n{duplicate}", mended("2026-03-02T12:00:00Z", ""))), (0, 0));
    }

    #[test]
    fn a_form_that_failed_and_was_then_accepted_is_completed() {
        let failed = "
            2026-03-02T09:00:00Z f1 form_started form_id=band
            2026-03-02T09:05:00Z f1 form_submitted
            2026-03-02T09:05:01Z f1 submission_failed
            2026-03-02T09:00:00Z f2 form_started form_id=band assisted=true
            2026-03-02T09:00:00Z f3 form_submitted
            2026-03-02T09:00:00Z f4 form_started form_id=band";
        assert_eq!(sums("form_completion", failed), (0, 2));
        assert_eq!(sums("form_abandonment", failed), (1, 2));
        assert_eq!(
            sums("form_completion", &format!("{failed}\n2026-03-02T09:06:00Z f1 submission_accepted")),
            (1, 2)
        );
    }

    /// A year before: 1 call and 1 form for tax, 1 call for bins. Now: 1 call and 2 forms for tax.
    #[test]
    fn a_shift_is_split_into_volume_services_and_channels() {
        let map = "
            2024-12-02T09:00:00Z q1 queue_mapped queue_id=TAX service_area=tax social_care=false effective_from=2025-01-01
            2024-12-02T09:00:00Z q2 queue_mapped queue_id=BIN service_area=bins social_care=false effective_from=2025-01-01
            2024-12-02T09:00:00Z g1 category_mapped category_system=webform category=band subject_group=band \
                service_area=tax social_care=false effective_from=2025-01-01"
            .replace("\\\n", "");
        let story = format!(
            "{map}
            2025-03-03T09:00:00Z c1 contact_initiated queue_id=TAX
            2025-03-03T09:00:00Z c2 contact_initiated queue_id=BIN
            2025-03-03T09:00:00Z f1 form_submitted form_id=band
            2026-03-03T09:00:00Z c3 contact_initiated queue_id=TAX
            2026-03-03T09:00:00Z f2 form_submitted form_id=band
            2026-03-03T09:00:00Z f3 form_submitted form_id=band"
        );
        let rows = monthly(&story::read(&story).unwrap());
        let of = |part: &str, channel: &str| {
            let found = rows.iter().find(|(key, _)| key.part == part && key.channel == channel);
            found.map(|(key, parts)| (key.local_month.to_string(), *parts)).unwrap()
        };
        // With last year's mix 3 * 1/3 of the demands would be forms; as all are for tax now, 3 * 1/2.
        let expected = [
            ("now", 2000, 1000),
            ("year_before", 1000, 1000),
            ("volume_effect", 0, 1000),
            ("service_mix_effect", 500, 1000),
            ("channel_shift", 500, 1000),
            ("share_change_points", 2 * 3 - 3, 9),
            ("share_change_at_fixed_mix", 500, 3000),
        ];
        for (part, numerator, denominator) in expected {
            assert_eq!(of(part, "web_form"), ("2026-03-01".to_owned(), (numerator, denominator)), "{part}");
        }
        assert_eq!(of("channel_shift", "voice").1, (-500, 1000));
        assert_eq!(of("share", "voice"), ("2025-03-01".to_owned(), (2, 3)));
    }
}
