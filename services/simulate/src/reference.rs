//! What the council says about itself, as reference events that hold from its first day.

use crate::calendar::bank_holidays;
use crate::council::Settings;
use crate::local::LocalDay;
use crate::scene::event;
use crate::services::{SERVICES, SUBJECTS, Subject};
use chrono::{Datelike as _, NaiveDate};
use schemas::{Event, Value};

const REFERENCE: &str = "reference";
const REPORT: &str = "Performance report of the year before";
/// Years of the calendar, the first one included.
const CALENDAR_YEARS: i32 = 6;

/// Measures whose level may change with the launch of FixMyStreet.
const MOVED_BY_LAUNCH: [&str; 6] =
    ["self_service_share", "fcr_norepeat", "volume_contacts", "chaser_contacts", "wait_asa", "abandon_rate"];

const SOCIAL_CARE: &str = "service_class=social_care";
const OTHER: &str = "service_class=other";
const EVERYBODY: &str = "";

/// Measure, slice, value in ten-thousandths, unit, direction and status.
type Target = (&'static str, &'static str, Option<i64>, &'static str, &'static str, &'static str);
const TARGETS: [Target; 6] = [
    ("wait_asa", SOCIAL_CARE, Some(600_000), "seconds", "lower", "approved"),
    ("wait_asa", OTHER, Some(1_200_000), "seconds", "lower", "approved"),
    ("abandon_rate", EVERYBODY, Some(60_000), "percent", "lower", "approved"),
    ("sla_answered", OTHER, Some(750_000), "percent", "higher", "approved"),
    ("fcr_agent", EVERYBODY, Some(850_000), "percent", "higher", "proposed"),
    ("repeat_rate", EVERYBODY, None, "percent", "lower", "tbd"),
];

/// Measure, slice, value in ten-thousandths and unit; no value where none is available.
const BASELINES: [(&str, &str, Option<i64>, &str); 6] = [
    ("wait_asa", SOCIAL_CARE, Some(770_000), "seconds"),
    ("wait_asa", OTHER, Some(1_990_000), "seconds"),
    ("abandon_rate", EVERYBODY, Some(152_000), "percent"),
    ("sla_answered", OTHER, Some(700_000), "percent"),
    ("fcr_agent", EVERYBODY, Some(810_000), "percent"),
    ("repeat_rate", EVERYBODY, None, "percent"),
];

/// All of them, as said at the first instant of the first day.
pub(crate) fn events(settings: &Settings) -> Vec<Event> {
    let said = Said { date: settings.first_day, at: LocalDay::new(settings.time_zone, settings.first_day).starts };
    let mut events = said.queues();
    events.extend(said.categories());
    events.push(said.calendar());
    events.extend(said.targets());
    events.extend(said.baselines());
    events.extend(settings.launch.map(|launch| said.launch(launch)));
    events
}

struct Said {
    date: NaiveDate,
    at: i64,
}

impl Said {
    fn event(&self, event_type: &str, reference_id: &str, key: &str) -> Event {
        event(REFERENCE, event_type, key, self.at).with("reference_id", reference_id)
    }

    fn queues(&self) -> Vec<Event> {
        let queue = |service: &&crate::services::Service| {
            let id = format!("queue:{}", service.queue);
            self.event("queue_mapped", &id, &id)
                .with("queue_id", service.queue)
                .with("service_area", service.area)
                .with("social_care", service.social_care)
                .with("answer_target_seconds", if service.social_care { 60 } else { 120 })
                .with("short_abandon_ms", 5000)
                .with("effective_from", days(self.date))
        };
        SERVICES.iter().map(queue).collect()
    }

    /// Every form's transaction and every category of FixMyStreet.
    fn categories(&self) -> Vec<Event> {
        let of = |subject: &'static Subject| {
            let form = subject.form().map(|form| self.category("webform", form.transaction, subject));
            let report = subject.category().map(|category| self.category("fixmystreet", category.name, subject));
            form.into_iter().chain(report)
        };
        SUBJECTS.iter().flat_map(of).collect()
    }

    fn category(&self, system: &str, category: &str, subject: &Subject) -> Event {
        let id = format!("category:{system}:{category}");
        self.event("category_mapped", &id, &id)
            .with("category_system", system)
            .with("category", category)
            .with("subject_group", subject.group)
            .with("service_area", subject.service.area)
            .with("social_care", subject.service.social_care)
            .with("effective_from", days(self.date))
    }

    fn calendar(&self) -> Event {
        let years = self.date.year()..self.date.year() + CALENDAR_YEARS;
        let dates: Vec<String> = years.flat_map(bank_holidays).map(|date| date.to_string()).collect();
        let id = "calendar:england-and-wales";
        self.event("calendar_loaded", id, id).with("division", "england-and-wales").with("dates", dates)
    }

    fn targets(&self) -> Vec<Event> {
        let target = |(kpi, slice, value, unit, direction, status): &Target| {
            self.event("target_set", &format!("target:{kpi}"), &format!("target:{kpi}:{slice}"))
                .with("kpi", *kpi)
                .with("dimensions", dimensions(slice))
                .with("value", value.map(Value::Decimal))
                .with("unit", *unit)
                .with("direction", *direction)
                .with("effective_from", days(self.date))
                .with("status", *status)
        };
        TARGETS.iter().map(target).collect()
    }

    fn baselines(&self) -> Vec<Event> {
        let baseline = |(kpi, slice, value, unit): &(&str, &str, Option<i64>, &str)| {
            self.event("baseline_set", &format!("baseline:{kpi}"), &format!("baseline:{kpi}:{slice}"))
                .with("kpi", *kpi)
                .with("dimensions", dimensions(slice))
                .with("value", value.map(Value::Decimal))
                .with("unit", *unit)
                .with("status", if value.is_some() { "available" } else { "not_available" })
                .with("source_doc", REPORT)
        };
        BASELINES.iter().map(baseline).collect()
    }

    fn launch(&self, launch: NaiveDate) -> Event {
        let id = "intervention:FixMyStreet launched";
        self.event("intervention_logged", id, id)
            .with("name", "FixMyStreet launched")
            .with("happened_on", days(launch))
            .with("affects", MOVED_BY_LAUNCH.map(str::to_owned).to_vec())
    }
}

fn dimensions(slice: &str) -> Vec<String> {
    if slice.is_empty() { Vec::new() } else { vec![slice.to_owned()] }
}

fn days(date: NaiveDate) -> Value {
    Value::Date(date.to_epoch_days())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn told() -> Vec<Event> {
        events(&Settings::new(1, "2025-04-01".parse().unwrap()))
    }

    #[test]
    fn the_council_says_so_at_its_first_midnight() {
        // British Summer Time: an hour before midnight UTC.
        let midnight = Value::TimestampMicros(1_743_462_000_000_000);
        assert!(told().iter().all(|event| event.fields["occurred_at"] == midnight));
    }

    #[test]
    fn each_thing_is_said_once_and_can_be_written() {
        let ids: std::collections::BTreeSet<_> =
            told().iter().map(|event| format!("{:?}", event.fields["event_id"])).collect();
        assert_eq!(ids.len(), told().len());
        for event in told() {
            event.to_record().unwrap();
        }
    }

    #[test]
    fn a_category_has_the_subject_of_the_calls_about_it() {
        let told = told();
        let category = |name: &str| {
            let event = told.iter().find(|event| event.text("category") == Some(name)).unwrap();
            (event.text("subject_group").unwrap().to_owned(), event.text("service_area").unwrap().to_owned())
        };
        assert_eq!(category("Potholes"), ("road_surface".to_owned(), "highways".to_owned()));
        assert_eq!(category("bulky_waste"), ("bulky_waste".to_owned(), "waste".to_owned()));
    }
}
