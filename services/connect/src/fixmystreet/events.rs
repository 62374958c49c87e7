//! A report to its events.

use super::ImportOptions;
use super::report_row::ReportRow;
use super::state::Class;
use schemas::{Event, Value};

/// The device type of reports that came from a system of the council.
const IMPORTED: &str = "Open311";

/// What happened to the report, as far as its row tells.
pub(super) fn of(report: &ReportRow, options: &ImportOptions) -> Vec<Event> {
    let scribe = Scribe { report, options, report_id: report.number.to_string() };
    let mut events = vec![scribe.created()];
    events.extend(scribe.imported());
    events.extend(scribe.confirmed());
    events.extend(scribe.sent());
    events.extend(scribe.acknowledged());
    events.extend(scribe.ends());
    events.extend(scribe.last_state());
    events
}

struct Scribe<'a> {
    report: &'a ReportRow,
    options: &'a ImportOptions,
    report_id: String,
}

impl Scribe<'_> {
    fn created(&self) -> Event {
        let report = self.report;
        let told = [
            or_empty(&report.service),
            or_empty(&report.contributed_as),
            or_empty(&report.cobrand),
            or_empty(&report.category_group),
            report.category.as_str(),
        ];
        self.event("report_created", report.times.created_at, &told)
            .with("cobrand", report.cobrand.clone())
            .with("service", report.service.clone())
            .with("channel", self.channel())
            .with("contributed_as", report.contributed_as.clone())
            .with("category", report.category.as_str())
            .with("category_group", report.category_group.clone())
            .with("non_public", false)
            .with("reporter_name", report.reporter_name.clone())
            .with("title", report.title.clone())
            .with("detail", report.detail.clone())
    }

    fn channel(&self) -> &'static str {
        match (self.is_imported(), &self.report.contributed_as) {
            (true, _) => "back_office",
            (false, Some(_)) => "assisted",
            (false, None) => "self_service",
        }
    }

    fn is_imported(&self) -> bool {
        self.report.service.as_deref() == Some(IMPORTED)
    }

    fn imported(&self) -> Option<Event> {
        let external_id = &self.report.external_id;
        let event = self.event("report_imported", self.report.times.created_at, &[or_empty(external_id)]);
        let event = event.with("external_system", IMPORTED).with("external_id", external_id.clone());
        self.is_imported().then(|| event.with("case_refs", self.case_refs()))
    }

    fn confirmed(&self) -> Option<Event> {
        let ward = &self.report.ward;
        let degrees = self.report.place.map(|place| [place.latitude, place.longitude]);
        let [latitude, longitude] = degrees.map_or([Value::Null, Value::Null], |two| two.map(Value::Decimal));
        let place = degrees.map(|[latitude, longitude]| format!("{latitude},{longitude}")).unwrap_or_default();
        let told = [place.as_str(), or_empty(ward)];
        let event = self.event("report_confirmed", self.report.times.confirmed_at?, &told);
        Some(event.with("latitude", latitude).with("longitude", longitude).with("ward", ward.clone()))
    }

    /// A report with an id in another system was sent there, unless it came from there. It is sent
    /// once it is confirmed; the row does not tell how much later.
    fn sent(&self) -> Option<Event> {
        let external_id = self.report.external_id.as_deref().filter(|_| !self.is_imported())?;
        let times = &self.report.times;
        let at = times.confirmed_at.or(times.acknowledged_at).unwrap_or(times.created_at);
        let event = self.event("report_sent", at, &[external_id]);
        let event = event.with("external_id", external_id).with("send_method", "Open311");
        Some(event.with("case_refs", self.case_refs()))
    }

    /// The council's first word on the report. Which state came with it the row does not tell.
    fn acknowledged(&self) -> Option<Event> {
        let event = self.event("update_posted", self.report.times.acknowledged_at?, &["acknowledged"]);
        Some(
            event
                .with("update_id", format!("{}/acknowledged", self.report_id))
                .with("author_role", "staff")
                .with("mark_fixed", false)
                .with("mark_open", false)
                .with("automated", false),
        )
    }

    /// The first time that the report was fixed, and the time that it was closed, where they are not
    /// what it came to in the end.
    fn ends(&self) -> Vec<Event> {
        let state = self.report.state.as_str();
        let event = |(class, at): (Class, i64)| {
            let label = if Class::of(state) == Some(class) { state } else { class.name() };
            self.state_changed(at, label, Some(class), None)
        };
        self.told_ends().filter(|(class, at)| !self.is_last(*class, *at)).map(event).collect()
    }

    fn told_ends(&self) -> impl Iterator<Item = (Class, i64)> {
        let ends = [(Class::Fixed, self.report.times.fixed_at), (Class::Closed, self.report.times.closed_at)];
        ends.into_iter().filter_map(|(class, at)| at.map(|at| (class, at)))
    }

    /// Whether this end is the state that the row tells last.
    fn is_last(&self, class: Class, at: i64) -> bool {
        Class::of(&self.report.state) == Some(class) && at == self.report.times.last()
    }

    /// The state of the report when the file was made, at the last time that the row tells: numbered
    /// by the instant of the export, because another file may tell another state at the same time. A
    /// report to which nothing has happened yet needs none.
    fn last_state(&self) -> Option<Event> {
        let (state, times) = (self.report.state.as_str(), &self.report.times);
        let at = times.last();
        if state == Class::Hidden.name() {
            return Some(self.event("report_hidden", at, &[]));
        }
        let untouched = if times.confirmed_at.is_some() { "confirmed" } else { "unconfirmed" };
        if state == untouched && !times.was_handled() {
            return None;
        }
        let class = self.told_ends().find(|(class, at)| self.is_last(*class, *at)).map(|(class, _)| class);
        Some(self.state_changed(at, state, class, Some(self.options.exported_at_seconds)))
    }

    fn state_changed(&self, at: i64, state: &str, class: Option<Class>, sequence: Option<i64>) -> Event {
        let numbered = sequence.map(|sequence| sequence.to_string()).unwrap_or_default();
        let class = class.map(Class::name);
        self.event("state_changed", at, &[state, class.unwrap_or_default(), &numbered])
            .with("sequence", sequence)
            .with("to_state", state)
            .with("to_class", class)
            .with("automated", false)
    }

    /// Ids of the same matter in other systems. A ticket's number may be known to others under its
    /// own name; the ids of other things are kept whole.
    fn case_refs(&self) -> Value {
        let case_ref = |id: &String| {
            let ticket =
                id.strip_prefix("Zendesk_").filter(|ticket| ticket.bytes().all(|byte| byte.is_ascii_digit()));
            match ticket {
                Some(ticket) if !ticket.is_empty() => format!("zendesk:{ticket}"),
                _ => format!("external:{id}"),
            }
        };
        Value::TextList(self.report.external_id.iter().map(case_ref).collect())
    }

    /// The envelope. All that is told, but for names and free text, makes the id: what another file
    /// tells in the same way is the same event, and what it tells differently is another.
    fn event(&self, event_type: &str, at: i64, told: &[&str]) -> Event {
        let when = at.to_string();
        let key = [&[self.report_id.as_str(), &when], told].concat().join("\u{1f}");
        Event::new(event_type)
            .with("event_id", schemas::event_id(&self.options.source, event_type, &key))
            .with("occurred_at", Value::TimestampMicros(at))
            .with("source", self.options.source.as_str())
            .with("report_id", self.report_id.as_str())
    }
}

fn or_empty(value: &Option<String>) -> &str {
    value.as_deref().unwrap_or_default()
}
