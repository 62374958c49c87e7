//! Web forms: residents begin them, and finish them or not.

mod course;
pub(crate) mod list;

use crate::agenda::Happening;
use crate::demand::ring_from;
use crate::local::{DAY, MINUTE};
use crate::reports::{Case, chase};
use crate::residents::Resident;
use crate::scene::{Scene, WEBFORM, event};
use crate::services::Subject;
use crate::telephony::{Caller, Why};
use crate::truth::Counted;
use course::{Course, End, Page};
use schemas::Event;

/// A form.
#[derive(Debug)]
pub(crate) struct Form {
    /// The transaction that it is for.
    pub(crate) transaction: &'static str,
    /// The system behind it.
    pub(crate) target_system: &'static str,
    /// Its pages in order, each with the question that is refused most often.
    pub(crate) pages: &'static [(&'static str, &'static str)],
    /// How many of a thousand leave on each page.
    pub(crate) leave_per_mille: u32,
    /// How many of a thousand learn that they are not eligible.
    pub(crate) ineligible_per_mille: u32,
    pub(crate) payment: bool,
    /// How long the council takes over a submission on average.
    pub(crate) open_days: i64,
}

/// A form to be filled in.
#[derive(Debug)]
pub(crate) struct Filling {
    pub(crate) form: &'static Form,
    pub(crate) resident: Resident,
    pub(crate) subject: &'static Subject,
    pub(crate) hand: Hand,
    /// Where it was named before it was begun.
    pub(crate) session: Option<String>,
}

/// Who fills it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hand {
    Resident,
    /// An agent, during this call.
    Staff {
        call: String,
    },
}

/// Begins the form; all that follows is decided now and told when its time comes.
pub(crate) fn fill(filling: Filling, now: i64, scene: &mut Scene) {
    let session = filling.session.clone().unwrap_or_else(|| scene.next_session());
    let is_assisted = filling.hand != Hand::Resident;
    let course = course::decide(filling.form, is_assisted, now, &mut scene.forms);
    let telling = Telling { filling: &filling, session: &session };
    let started = telling.started(now, scene);
    scene.tell(started);
    match is_assisted {
        true => scene.truth.forms_assisted += 1,
        false => scene.truth.forms_started += 1,
    }
    for event in telling.pages(&course) {
        scene.tell_later(event);
    }
    match course.end {
        End::Left => telling.left(&course, scene),
        End::Submitted { failed_for, accepted } => telling.submitted(&course, failed_for, accepted, scene),
    }
}

struct Telling<'a> {
    filling: &'a Filling,
    session: &'a str,
}

impl Telling<'_> {
    fn event(&self, event_type: &str, key: &str, at: i64) -> Event {
        event(WEBFORM, event_type, key, at).with("form_session_id", self.session)
    }

    fn started(&self, now: i64, scene: &mut Scene) -> Event {
        const DEVICES: [(u32, &str); 3] = [(54, "mobile"), (38, "desktop"), (8, "tablet")];
        const REFERRERS: [(u32, &str); 6] = [
            (48, "council_site"),
            (30, "search_engine"),
            (9, "email"),
            (4, "social_media"),
            (7, "direct"),
            (2, "other"),
        ];
        let stream = &mut scene.forms;
        let (device, referrer) = (stream.choose(&DEVICES), stream.choose(&REFERRERS));
        let form = self.filling.form;
        let started = self
            .event("form_started", self.session, now)
            .with("form_id", form.transaction.replace('_', "-"))
            .with("form_version", "1")
            .with("transaction_code", form.transaction);
        match &self.filling.hand {
            Hand::Resident => started
                .with("device", device)
                .with("referrer_class", referrer)
                .with("assisted", false)
                .with("started_by", "citizen")
                .with("authenticated", self.filling.resident.account().is_some())
                .with("customer_account", self.filling.resident.account()),
            Hand::Staff { call } => started
                .with("case_refs", vec![call.clone()])
                .with("device", "desktop")
                .with("assisted", true)
                .with("started_by", "staff")
                .with("authenticated", false),
        }
    }

    fn pages(&self, course: &Course) -> Vec<Event> {
        let pages = course.pages.iter().zip(self.filling.form.pages).zip(1_i64..);
        pages.flat_map(|((page, (step, field)), number)| self.page(page, step, field, number)).collect()
    }

    fn page(&self, page: &Page, step: &str, field: &str, number: i64) -> Vec<Event> {
        let refused = page.refusals.iter().zip(1_i64..).map(|((at, rule), attempt)| {
            self.event("validation_failed", &format!("{}/{step}/{field}/{attempt}", self.session), *at)
                .with("step_id", step)
                .with("field_id", field)
                .with("rule", *rule)
                .with("attempt", attempt)
        });
        let completed = page.completed_at.map(|at| {
            self.event("step_completed", &format!("{}/{step}", self.session), at)
                .with("step_id", step)
                .with("step_no", number)
                .with("elapsed_ms", at - page.since)
                .with("changed", number > 1 && !page.refusals.is_empty())
        });
        refused.chain(completed).collect()
    }

    /// Who gives up in a form often rings about it.
    fn left(&self, course: &Course, scene: &mut Scene) {
        let completed = course.pages.iter().filter(|page| page.completed_at.is_some()).count();
        let last = completed.checked_sub(1).map(|last| self.filling.form.pages[last].0);
        let expired_at = course.ended_at + 30 * MINUTE;
        let expired = self.event("session_expired", self.session, expired_at).with("last_step_id", last);
        scene.tell_later(expired);
        if scene.forms.percent(38) {
            self.ring(course.ended_at + 2 * MINUTE, scene);
        }
    }

    fn ring(&self, from: i64, scene: &mut Scene) {
        let wants_to = from + scene.forms.exponential(40 * MINUTE);
        let at = ring_from(scene.day.zone, wants_to, &mut scene.forms);
        let (resident, subject) = (self.filling.resident, self.filling.subject);
        scene.later(at, Happening::Ring(Caller { resident, subject, why: Why::New, tries: 0 }));
    }

    fn submitted(&self, course: &Course, failed_for: Option<i64>, accepted: Option<i64>, scene: &mut Scene) {
        let (resident, form) = (self.filling.resident, self.filling.form);
        let is_resident = self.filling.hand == Hand::Resident;
        let submission = format!("s-{}", &self.session[2..]);
        let submitted = self
            .event("form_submitted", self.session, course.ended_at)
            .with("form_id", form.transaction.replace('_', "-"))
            .with("transaction_code", form.transaction)
            .with("submission_id", submission.as_str())
            .with("reference", format!("WEB-{}", &self.session[2..]))
            .with("completion", if course.is_eligible { "completed" } else { "ineligible_answered" })
            .with("elapsed_ms", course.ended_at - course.since)
            .with("payment", form.payment)
            .with("email", scene.forms.percent(92).then(|| resident.email()))
            .with("phone", scene.forms.percent(80).then(|| resident.written_number()))
            .with("customer_account", resident.account().filter(|_| is_resident))
            .with("applicant_name", resident.name());
        scene.tell_later(submitted);
        if is_resident {
            scene.later(course.ended_at, Happening::Count(Counted::FormSubmitted));
        }
        let answered = |event_type: &str, latency_ms: i64| {
            self.event(event_type, &submission, course.ended_at + latency_ms)
                .with("submission_id", submission.as_str())
                .with("target_system", form.target_system)
                .with("latency_ms", latency_ms)
        };
        if let Some(latency_ms) = failed_for {
            let class = scene.forms.choose(&[(5, "timeout"), (3, "unavailable"), (2, "refused")]);
            let failed = answered("submission_failed", latency_ms).with("error_class", class);
            scene.tell_later(failed);
        }
        match accepted {
            None => self.ring(course.ended_at + 10 * MINUTE, scene),
            Some(latency_ms) => {
                scene.tell_later(answered("submission_accepted", latency_ms));
                let open_for = scene.forms.erlang(form.open_days * DAY);
                let reference = format!("{WEBFORM}:{}", self.session);
                let case = Case { resident, subject: self.filling.subject, reference: &reference };
                chase(case, course.ended_at, open_for, true, scene);
            }
        }
    }
}
