//! One function for each KPI of forms or reports alone, from its definition.

use super::kpis::share;
use super::place::{ALL, Place, local_date};
use super::reports::Report;
use super::{Parts, RowKey, Told};

/// 28 times 24 hours, whatever the clocks do.
const FIXING_WINDOW_MICROS: i64 = 28 * 24 * 3600 * 1_000_000;

/// The KPIs that are measured here.
pub(super) fn names() -> Vec<&'static str> {
    vec!["form_abandonment", "form_completion", "reports_fixed", "reports_fixed_in_time", "reports_made"]
}

/// What each form and each report adds to which row.
pub(super) fn parts(told: &Told) -> Vec<(RowKey, Parts)> {
    let mut parts = Vec::new();
    for form in told.forms.iter().filter(|form| form.is_self_service()) {
        let place = without_queue(&form.place(&told.categories));
        parts.extend(share(form.is_completed()).map(|part| (place.row("form_completion"), part)));
        parts.extend(share(form.is_abandoned()).map(|part| (place.row("form_abandonment"), part)));
    }
    for report in &told.reports {
        let Some(made_at) = report.made_at() else { continue };
        let place = without_queue(&report.place(made_at, &told.categories));
        parts.push((place.row("reports_made"), (1, None)));
        let in_time = reports_fixed_in_time(report, made_at);
        parts.extend(in_time.map(|part| (place.row("reports_fixed_in_time"), part)));
        // Counted on the day of the mending, for the service that the report was made to.
        let mended = report.fixed_at().map(|at| Place { local_date: local_date(at), ..place });
        parts.extend(mended.map(|place| (place.row("reports_fixed"), (1, None))));
    }
    parts
}

fn without_queue(place: &Place) -> Place {
    Place { queue: ALL.to_owned(), ..place.clone() }
}

fn reports_fixed_in_time(report: &Report, made_at: i64) -> Option<Parts> {
    let in_time = report.fixed_at().is_some_and(|at| at - made_at <= FIXING_WINDOW_MICROS);
    if report.is_to_be_fixed() { share(in_time) } else { None }
}
