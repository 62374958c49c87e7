//! The events of one report.

use super::course::{By, Change, Course, What, class};
use super::{Maker, Reporting, place};
use crate::scene::{FIXMYSTREET, event};
use crate::stream::Stream;
use schemas::{Event, Value};

pub(super) struct Telling<'a> {
    pub(super) reporting: &'a Reporting,
    pub(super) id: &'a str,
    /// Its number in the back office.
    pub(super) ticket: u32,
}

impl Telling<'_> {
    fn event(&self, event_type: &str, key: &str, at: i64) -> Event {
        event(FIXMYSTREET, event_type, key, at).with("report_id", self.id)
    }

    pub(super) fn created(&self, at: i64, stream: &mut Stream) -> Event {
        const DEVICES: [(u32, Option<&str>); 5] = [
            (50, Some("mobile")),
            (34, Some("desktop")),
            (8, Some("PWA (mobile)")),
            (3, Some("Android")),
            (5, None),
        ];
        let device = stream.choose(&DEVICES);
        let category = self.reporting.category;
        let created = self
            .event("report_created", self.id, at)
            .with("cobrand", "fixmystreet")
            .with("category", category.name)
            .with("category_group", category.heading)
            .with("lang", "en-gb")
            .with("used_map", stream.percent(88))
            .with("non_public", stream.percent(2))
            .with("title", category.name)
            .with("detail", *stream.pick(&["Seen this morning.", "It is getting worse.", "Please have a look."]));
        let created = match self.reporting.maker.resident() {
            None => created,
            Some(resident) => created
                .with("reporter_email", resident.email())
                .with("reporter_phone", stream.percent(60).then(|| resident.written_number()))
                .with("reporter_name", resident.name()),
        };
        match &self.reporting.maker {
            Maker::Resident(_) => created.with("service", device).with("channel", "self_service"),
            Maker::BackOffice => created.with("service", "Open311").with("channel", "back_office"),
            Maker::Staff { agent, call, .. } => created
                .with("case_refs", vec![call.clone()])
                .with("service", "desktop")
                .with("channel", "assisted")
                .with("contributed_as", "another_user")
                .with("contributed_by", agent.as_str()),
        }
    }

    pub(super) fn confirmed(&self, at: i64, stream: &mut Stream) -> Event {
        let place = place::somewhere(stream);
        self.event("report_confirmed", self.id, at)
            .with("latitude", Value::Decimal(place.latitude))
            .with("longitude", Value::Decimal(place.longitude))
            .with("ward", place.ward)
            .with("bodies", vec!["Westmere Council".to_owned()])
    }

    pub(super) fn imported(&self, at: i64) -> Event {
        self.event("report_imported", self.id, at)
            .with("case_refs", vec![format!("zendesk:{}", self.ticket)])
            .with("external_system", "zendesk")
            .with("external_id", format!("Zendesk_{}", self.ticket))
    }

    pub(super) fn sent(&self, at: i64, latency_ms: i64) -> Event {
        self.event("report_sent", self.id, at)
            .with("case_refs", vec![format!("zendesk:{}", self.ticket)])
            .with("external_id", format!("Zendesk_{}", self.ticket))
            .with("send_method", "Open311")
            .with("latency_ms", latency_ms)
    }

    /// Everything that becomes of the report. What would repeat a report where there is none before
    /// is merely closed.
    pub(super) fn course(&self, course: &Course, duplicate_of: Option<u32>) -> Vec<Event> {
        let mut state = "confirmed";
        let mut events = Vec::new();
        for (number, change) in course.changes.iter().enumerate() {
            let key = format!("{}_{}", self.id, number + 1);
            match change.what {
                What::State { to, by } => {
                    let to = if to == "duplicate" && duplicate_of.is_none() { "closed" } else { to };
                    events.extend(self.moved(change, &key, (state, to), by));
                    state = to;
                }
                What::Remark(by) => events.push(self.update(change.at, &key, None, by)),
                What::Category(to) => events.push(
                    self.event("category_changed", &key, change.at)
                        .with("from_category", self.reporting.category.name)
                        .with("to_category", to),
                ),
                What::Duplicate => events.extend(duplicate_of.map(|other| {
                    self.event("duplicate_marked", &key, change.at).with("duplicate_of", other.to_string())
                })),
                What::Hidden(reason) => {
                    events.push(self.event("report_hidden", &key, change.at).with("hidden_reason", reason));
                }
            }
        }
        events
    }

    /// An update with the state that it brings.
    fn moved(&self, change: &Change, key: &str, (from, to): (&str, &str), by: By) -> [Event; 2] {
        let is_automatic = by == By::Rule;
        let state = self
            .event("state_changed", key, change.at)
            .with("from_state", from)
            .with("to_state", to)
            .with("to_class", class(to))
            .with("source_update_id", key)
            .with("external_status_code", status_code(to, by))
            .with("automated", is_automatic)
            .with("automation", is_automatic.then_some("auto_close"));
        [self.update(change.at, key, Some(to), by), state]
    }

    fn update(&self, at: i64, key: &str, to: Option<&str>, by: By) -> Event {
        let role = match by {
            By::Reporter => "reporter",
            By::Citizen => "citizen",
            By::Staff => "staff",
            By::BackOffice | By::Rule => "body_system",
        };
        let is_reporter = by == By::Reporter;
        self.event("update_posted", key, at)
            .with("update_id", key)
            .with("author_role", role)
            .with("problem_state", to)
            .with("mark_fixed", is_reporter && to == Some("fixed - user"))
            .with("mark_open", is_reporter && to == Some("confirmed"))
            .with("has_photo", by == By::Citizen)
            .with("external_status_code", to.and_then(|to| status_code(to, by)))
            .with("automated", by == By::Rule)
    }
}

/// What the back office calls a state.
fn status_code(state: &str, by: By) -> Option<&'static str> {
    let code = match state {
        "investigating" => "3100",
        "planned" => "3200",
        "action scheduled" => "3210",
        "awaiting parts" => "3250",
        "in progress" => "3300",
        _ => "3900",
    };
    (by == By::BackOffice).then_some(code)
}
