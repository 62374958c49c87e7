//! One function for each KPI, from its definition: what a visit or a call adds to its two parts,
//! or `None` for what is in neither part.

use super::RowKey;
use super::calls::{Call, End, Place, Visit};
use super::services::{Service, Services};

/// A numerator, and a denominator unless the KPI is a count.
type Parts = (i64, Option<i64>);

type OfVisit = fn(&Visit, &Service) -> Option<Parts>;
type OfCall = fn(&Call) -> Option<Parts>;

const VISIT_KPIS: [(&str, OfVisit); 8] = [
    ("abandon_rate", abandon_rate),
    ("abandon_short", abandon_short),
    ("answered_within_120s", |visit, service| answered_within(120_000, visit, service)),
    ("answered_within_20s", |visit, service| answered_within(20_000, visit, service)),
    ("answered_within_60s", |visit, service| answered_within(60_000, visit, service)),
    ("sla_answered", sla_answered),
    ("wait_all", wait_all),
    ("wait_asa", wait_asa),
];

const CALL_KPIS: [(&str, OfCall); 5] = [
    ("aht", aht),
    ("fcr_agent", fcr_agent),
    ("fcr_agent_coded", fcr_agent_coded),
    ("fcr_norepeat_matchable", fcr_norepeat_matchable),
    ("volume_contacts", volume_contacts),
];

const FCR_NOREPEAT: &str = "fcr_norepeat";
const WAIT_DISTRIBUTION: &str = "wait_distribution";

/// 7 times 24 hours, whatever the clocks do.
const REPEAT_WINDOW_MICROS: i64 = 7 * 24 * 3600 * 1_000_000;

pub(super) fn names() -> Vec<&'static str> {
    let visit = VISIT_KPIS.iter().map(|(kpi, _)| *kpi);
    let call = CALL_KPIS.iter().map(|(kpi, _)| *kpi);
    let mut names: Vec<&str> = visit.chain(call).chain([FCR_NOREPEAT, WAIT_DISTRIBUTION]).collect();
    names.sort_unstable();
    names
}

/// What each visit and each call adds to which row.
pub(super) fn parts((calls, services): &(Vec<Call>, Services)) -> Vec<(RowKey, Parts)> {
    let mut parts = Vec::new();
    for call in calls.iter().filter(|call| call.counts()) {
        for visit in call.visits() {
            let place = call.place_of(visit, services);
            for (kpi, part) in VISIT_KPIS {
                parts.extend(part(visit, &place.service).map(|part| (key(kpi, &place, "(all)"), part)));
            }
        }
        let place = call.place(services);
        let row = |kpi| key(kpi, &place, call.subject_group());
        for (kpi, part) in CALL_KPIS {
            parts.extend(part(call).map(|part| (row(kpi), part)));
        }
        parts.extend(fcr_norepeat(call, calls).map(|part| (row(FCR_NOREPEAT), part)));
    }
    parts
}

/// The values of the distribution, one for each answered visit, in whole seconds.
pub(super) fn values((calls, services): &(Vec<Call>, Services)) -> Vec<(RowKey, i64)> {
    let mut values = Vec::new();
    for call in calls.iter().filter(|call| call.counts()) {
        for visit in call.visits().filter(|visit| visit.end() == End::Answered) {
            let key = key(WAIT_DISTRIBUTION, &call.place_of(visit, services), "(all)");
            values.extend(visit.wait_ms().map(|wait| (key, wait.div_euclid(1000))));
        }
    }
    values
}

fn key(kpi: &str, place: &Place, subject_group: &str) -> RowKey {
    RowKey {
        kpi: kpi.to_owned(),
        local_date: place.local_date,
        service_area: place.service.area.clone(),
        service_class: place.service.class.clone(),
        queue: place.queue.clone(),
        channel: place.channel.clone(),
        subject_group: subject_group.to_owned(),
    }
}

/// Adds one to the denominator, and to the numerator if so.
fn share(counted: bool) -> Option<Parts> {
    Some((i64::from(counted), Some(1)))
}

fn is_short(visit: &Visit, service: &Service) -> bool {
    visit.end() == End::Abandoned && visit.wait_ms().is_some_and(|wait| wait <= service.short_ms)
}

fn answered_in_time(limit_ms: i64, visit: &Visit) -> bool {
    visit.end() == End::Answered && visit.wait_ms().is_some_and(|wait| wait <= limit_ms)
}

fn abandon_rate(visit: &Visit, service: &Service) -> Option<Parts> {
    if is_short(visit, service) { None } else { share(visit.end() == End::Abandoned) }
}

fn abandon_short(visit: &Visit, service: &Service) -> Option<Parts> {
    share(is_short(visit, service))
}

fn answered_within(limit_ms: i64, visit: &Visit, service: &Service) -> Option<Parts> {
    if is_short(visit, service) { None } else { share(answered_in_time(limit_ms, visit)) }
}

fn sla_answered(visit: &Visit, service: &Service) -> Option<Parts> {
    service.target_ms.and_then(|target_ms| answered_within(target_ms, visit, service))
}

fn wait_all(visit: &Visit, _: &Service) -> Option<Parts> {
    visit.wait_ms().map(|wait| (wait, Some(1)))
}

fn wait_asa(visit: &Visit, _: &Service) -> Option<Parts> {
    let answered = visit.end() == End::Answered;
    visit.wait_ms().filter(|_| answered).map(|wait| (wait, Some(1)))
}

fn aht(call: &Call) -> Option<Parts> {
    call.handle_ms().filter(|_| call.was_answered()).map(|handle| (handle, Some(1)))
}

fn fcr_agent(call: &Call) -> Option<Parts> {
    let wrapup = call.wrapup.as_ref().filter(|_| call.was_answered())?;
    share(wrapup.resolution == "resolved" && !call.was_transferred)
}

fn fcr_agent_coded(call: &Call) -> Option<Parts> {
    if call.was_answered() { share(call.wrapup.is_some()) } else { None }
}

fn fcr_norepeat_matchable(call: &Call) -> Option<Parts> {
    if call.was_answered() { share(!call.tokens.is_empty()) } else { None }
}

fn volume_contacts(_: &Call) -> Option<Parts> {
    Some((1, None))
}

/// Of two calls that arrived in the same instant the one with the greater id is the later.
fn fcr_norepeat(call: &Call, calls: &[Call]) -> Option<Parts> {
    let matchable = |call: &Call| call.counts() && call.was_answered() && !call.tokens.is_empty();
    if !matchable(call) {
        return None;
    }
    let was_repeated = calls.iter().any(|other| {
        let is_later = (other.arrived_at(), &other.id) > (call.arrived_at(), &call.id);
        matchable(other)
            && is_later
            && other.arrived_at() - call.arrived_at() <= REPEAT_WINDOW_MICROS
            && other.subject_group() == call.subject_group()
            && !other.tokens.is_disjoint(&call.tokens)
    });
    share(!was_repeated)
}
