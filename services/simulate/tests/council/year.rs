//! What a year and a half of a council looks like.

use crate::{council, date, number, settings};
use schemas::{Event, Value};
use simulate::{Settings, Truth};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// What the tests look at, by month such as `2025-09`.
#[derive(Default)]
struct Months {
    truth: BTreeMap<String, Truth>,
    /// What the same counts are by the events.
    told: BTreeMap<String, Truth>,
    /// Calls that entered the queue for schools, and their waits where answered.
    school_calls: BTreeMap<String, (i64, i64, i64)>,
    /// Forms begun and sent off, by transaction.
    forms: BTreeMap<String, (u32, u32)>,
    event_types: BTreeSet<String>,
    logged_by_hand: BTreeMap<String, u32>,
}

/// April 2025 to September 2026, FixMyStreet being launched on 1 April 2026.
fn months() -> &'static Months {
    static MONTHS: OnceLock<Months> = OnceLock::new();
    MONTHS.get_or_init(|| {
        let mut months = Months::default();
        let council = council(Settings { contacts_per_month: 2_000, ..settings() });
        months.event_types.extend(council.reference().into_iter().map(|event| event.event_type));
        for day in council.days().take_while(|day| day.date < date("2026-10-01")) {
            let month = day.date.format("%Y-%m").to_string();
            *months.truth.entry(month.clone()).or_default() += day.truth;
            day.events.iter().for_each(|event| months.take(&month, event));
        }
        months
    })
}

impl Months {
    fn take(&mut self, month: &str, event: &Event) {
        if !self.event_types.contains(&event.event_type) {
            self.event_types.insert(event.event_type.clone());
        }
        let told = self.told.entry(month.to_owned()).or_default();
        let says = |field: &str, value: &str| event.text(field) == Some(value);
        let is = |field: &str| event.fields.get(field) == Some(&Value::Boolean(true));
        let school = self.school_calls.entry(month.to_owned()).or_default();
        match event.event_type.as_str() {
            "contact_initiated" => told.calls += u64::from(event.text("previous_contact_id").is_none()),
            "contact_ended" if says("outcome", "not_a_call") => told.calls -= 1,
            "queue_entered" if says("queue_id", "EDUCATION") => school.0 += 1,
            "contact_answered" if says("queue_id", "EDUCATION") => {
                school.1 += 1;
                school.2 += number(event, "wait_ms");
            }
            "wrapup_completed" => {
                told.chasers += u64::from(says("avoidable_reason", "progress_chasing"));
                *self.logged_by_hand.entry(month.to_owned()).or_default() += u32::from(is("manual_log_created"));
            }
            "form_started" if is("assisted") => told.forms_assisted += 1,
            "form_started" => {
                told.forms_started += 1;
                self.forms.entry(event.text("transaction_code").unwrap().to_owned()).or_default().0 += 1;
            }
            "form_submitted" => {
                self.forms.entry(event.text("transaction_code").unwrap().to_owned()).or_default().1 += 1;
            }
            "report_created" => told.reports_assisted += u64::from(says("channel", "assisted")),
            _ => {}
        }
    }

    fn year(&self, months: [&str; 12]) -> Truth {
        let mut year = Truth::default();
        months.iter().for_each(|month| year += self.truth[*month]);
        year
    }
}

const BEFORE: [&str; 12] = [
    "2025-04", "2025-05", "2025-06", "2025-07", "2025-08", "2025-09", "2025-10", "2025-11", "2025-12", "2026-01",
    "2026-02", "2026-03",
];

/// What only a real council can say: what is in scope, what was counted elsewhere, what was published.
const NEVER_MADE_UP: [&str; 3] = ["coverage_declared", "measure_published", "volume_counted"];

#[test]
fn every_type_of_event_occurs_but_what_only_a_real_council_can_say() {
    let of_source = |source: &'static schemas::Source| source.events.iter().map(|event| event.name.clone());
    let all: BTreeSet<String> = schemas::catalogue().sources.values().flat_map(of_source).collect();
    let (made_up, never): (BTreeSet<String>, BTreeSet<String>) =
        all.into_iter().partition(|name| !NEVER_MADE_UP.contains(&name.as_str()));
    assert_eq!(months().event_types, made_up);
    assert_eq!(never.len(), NEVER_MADE_UP.len());
}

#[test]
fn the_counts_are_those_of_the_events() {
    for (month, truth) in &months().truth {
        let told = months().told[month];
        assert_eq!(
            (truth.chasers, truth.forms_started, truth.forms_assisted, truth.reports_assisted),
            (told.chasers, told.forms_started, told.forms_assisted, told.reports_assisted),
            "{month}"
        );
        assert_eq!(truth.calls, told.calls, "{month}");
    }
}

#[test]
fn there_are_as_many_contacts_as_set() {
    let contacts = months().year(BEFORE).contacts();
    assert!((21_600..26_400).contains(&contacts), "{contacts}, a tenth off 12 months of 2,000 at most");
}

#[test]
fn calls_are_mostly_answered_and_some_are_lost() {
    let year = months().year(BEFORE);
    let lost = 1000 * year.abandoned / (year.answered + year.abandoned);
    assert!((50..180).contains(&lost), "{lost} in a thousand");
}

#[test]
fn september_is_the_month_of_schools() {
    let calls = &months().school_calls;
    let wait = |month: &str| calls[month].2 / calls[month].1;
    let others: Vec<&str> = BEFORE.into_iter().filter(|month| *month != "2025-09").collect();
    let usual = others.iter().map(|month| calls[*month].0).sum::<i64>() / 11;
    assert!(calls["2025-09"].0 > 3 * usual, "{} and {usual} calls", calls["2025-09"].0);
    let usual_wait = others.iter().map(|month| wait(month)).sum::<i64>() / 11;
    assert!(wait("2025-09") > 2 * usual_wait, "{} and {usual_wait} ms", wait("2025-09"));
}

#[test]
fn after_the_launch_residents_report_themselves_and_chase_less() {
    // The same months a year apart.
    let halves = [["2025-05", "2025-06", "2025-07", "2025-08"], ["2026-05", "2026-06", "2026-07", "2026-08"]];
    let [before, after] = halves.map(|months_of_half| {
        let mut truth = Truth::default();
        months_of_half.iter().for_each(|month| truth += months().truth[*month]);
        truth
    });
    assert_eq!((before.reports_made, before.reports_assisted), (0, 0));
    assert!(100 * after.reports_made > 8 * after.contacts(), "{after:?}");
    let chasers_per_thousand = |truth: &Truth| 1000 * truth.chasers / truth.contacts();
    assert!(3 * chasers_per_thousand(&after) < 2 * chasers_per_thousand(&before), "{before:?} {after:?}");
    let by_hand = |month: &str| months().logged_by_hand[month];
    assert!(4 * by_hand("2026-06") < by_hand("2025-06"));
    let truth = |month: &str| months().truth[month];
    let share = |truth: Truth| 1000 * truth.reports_made / truth.contacts();
    assert!(share(truth("2026-08")) > share(truth("2026-04")), "it is taken up step by step");
}

#[test]
fn hard_forms_are_left_and_easy_ones_finished() {
    let percent = |transaction: &str| {
        let (begun, sent) = months().forms[transaction];
        100 * sent / begun
    };
    assert!(percent("missed_collection") > 80, "{}", percent("missed_collection"));
    assert!(percent("school_admission") < 50, "{}", percent("school_admission"));
    let year = months().year(BEFORE);
    let overall = 100 * year.forms_submitted / year.forms_started;
    assert!((55..=75).contains(&overall), "{overall}");
}
