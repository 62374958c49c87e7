//! What all actors share: the day, its chances, the agenda, and the events told so far.

use crate::agenda::{Agenda, Happening};
use crate::council::Settings;
use crate::local::LocalDay;
use crate::stream::{Purpose, Stream};
use crate::truth::Truth;
use chrono::NaiveDate;
use schemas::{Event, Value, event_id};

/// The system instances that the events name.
pub(crate) const TELEPHONY: &str = "telephony";
pub(crate) const WEBFORM: &str = "webform";
pub(crate) const FIXMYSTREET: &str = "fixmystreet";

#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) settings: Settings,
    pub(crate) day: LocalDay,
    pub(crate) demand: Stream,
    pub(crate) phone: Stream,
    pub(crate) forms: Stream,
    pub(crate) reports: Stream,
    pub(crate) agenda: Agenda,
    pub(crate) events: Vec<Event>,
    pub(crate) truth: Truth,
    pub(crate) ids: Ids,
}

/// The last numbers given: reports and tickets for good, the others anew each day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ids {
    pub(crate) report: u32,
    pub(crate) ticket: u32,
    call: u32,
    session: u32,
}

/// The first report's number less one.
pub(crate) const REPORTS_BEFORE: u32 = 70_000;

impl Scene {
    pub(crate) fn new(settings: Settings) -> Self {
        let (seed, date) = (settings.seed, settings.first_day);
        let stream = |purpose| Stream::new(seed, purpose, date);
        Self {
            day: LocalDay::new(settings.time_zone, date),
            demand: stream(Purpose::Demand),
            phone: stream(Purpose::Telephony),
            forms: stream(Purpose::Forms),
            reports: stream(Purpose::Reports),
            settings,
            agenda: Agenda::default(),
            events: Vec::new(),
            truth: Truth::default(),
            ids: Ids { report: REPORTS_BEFORE, ticket: 400_000, call: 0, session: 0 },
        }
    }

    /// A new day, of which nothing is told yet.
    pub(crate) fn begin(&mut self, date: NaiveDate) {
        let stream = |purpose| Stream::new(self.settings.seed, purpose, date);
        self.demand = stream(Purpose::Demand);
        self.phone = stream(Purpose::Telephony);
        self.forms = stream(Purpose::Forms);
        self.reports = stream(Purpose::Reports);
        self.day = LocalDay::new(self.settings.time_zone, date);
        self.truth = Truth::default();
        self.ids = Ids { call: 0, session: 0, ..self.ids };
    }

    pub(crate) fn tell(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Tells an event when its time comes.
    pub(crate) fn tell_later(&mut self, event: Event) {
        self.later(instant_of(&event), Happening::Tell(event));
    }

    pub(crate) fn later(&mut self, at: i64, happening: Happening) {
        self.agenda.add(at, happening);
    }

    /// Whether residents can use FixMyStreet.
    pub(crate) fn is_launched(&self) -> bool {
        self.settings.launch.is_some_and(|launch| launch <= self.day.date)
    }

    pub(crate) fn next_call(&mut self) -> String {
        self.ids.call += 1;
        format!("c-{}-{:05}", self.day.date.format("%Y%m%d"), self.ids.call)
    }

    pub(crate) fn next_session(&mut self) -> String {
        self.ids.session += 1;
        format!("f-{}-{:05}", self.day.date.format("%Y%m%d"), self.ids.session)
    }

    pub(crate) fn next_report(&mut self) -> u32 {
        self.ids.report += 1;
        self.ids.report
    }

    pub(crate) fn next_ticket(&mut self) -> u32 {
        self.ids.ticket += 1;
        self.ids.ticket
    }
}

/// An event with its envelope but for the subject. `key` is unique within source and event type.
pub(crate) fn event(source: &str, event_type: &str, key: &str, at: i64) -> Event {
    Event::new(event_type)
        .with("event_id", event_id(source, event_type, key))
        .with("occurred_at", Value::TimestampMicros(at * 1000))
        .with("source", source)
}

/// When an event happened.
pub(crate) fn instant_of(event: &Event) -> i64 {
    match event.fields.get("occurred_at") {
        Some(Value::TimestampMicros(micros)) => micros / 1000,
        _ => 0,
    }
}
