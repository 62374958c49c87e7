//! One function for each KPI of calls and their stays in queues, from its definition: what a stay or a
//! call adds to the two parts, or `None` for what is in neither part.

use super::calls::Call;
use super::place::{ALL, Place};
use super::services::Service;
use super::visits::{End, Visit};
use super::{Parts, RowKey, Told};

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

const CALL_KPIS: [(&str, OfCall); 3] =
    [("aht", aht), ("fcr_agent", fcr_agent), ("fcr_agent_coded", fcr_agent_coded)];

const WAIT_DISTRIBUTION: &str = "wait_distribution";

/// The KPIs that are measured here.
pub(super) fn names() -> Vec<&'static str> {
    let visit = VISIT_KPIS.iter().map(|(kpi, _)| *kpi);
    let call = CALL_KPIS.iter().map(|(kpi, _)| *kpi);
    visit.chain(call).chain([WAIT_DISTRIBUTION]).collect()
}

/// What each stay and each call adds to which row.
pub(super) fn parts(told: &Told) -> Vec<(RowKey, Parts)> {
    let mut parts = Vec::new();
    for call in told.calls.iter().filter(|call| call.counts()) {
        for visit in call.visits() {
            let (place, service) = place_of(visit, call, told);
            for (kpi, part) in VISIT_KPIS {
                parts.extend(part(visit, &service).map(|part| (place.row(kpi), part)));
            }
        }
        let place = call.place(&told.services);
        for (kpi, part) in CALL_KPIS {
            parts.extend(part(call).map(|part| (place.row(kpi), part)));
        }
    }
    parts
}

/// The values of the distribution, one for each answered stay, in whole seconds.
pub(super) fn values(told: &Told) -> Vec<(RowKey, i64)> {
    let mut values = Vec::new();
    for call in told.calls.iter().filter(|call| call.counts()) {
        for visit in call.visits().filter(|visit| visit.end() == End::Answered) {
            let key = place_of(visit, call, told).0.row(WAIT_DISTRIBUTION);
            values.extend(visit.wait_ms().map(|wait| (key, wait.div_euclid(1000))));
        }
    }
    values
}

/// Stays in queues have no subject.
fn place_of(visit: &Visit, call: &Call, told: &Told) -> (Place, Service) {
    let (place, service) = call.place_of(visit, &told.services);
    (Place { subject_group: ALL.to_owned(), ..place }, service)
}

/// Adds one to the denominator, and to the numerator if so.
pub(super) fn share(counted: bool) -> Option<Parts> {
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
