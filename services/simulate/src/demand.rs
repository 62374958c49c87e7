//! What residents want of the council on a day, and the way on which they try to get it.

use crate::agenda::Happening;
use crate::calendar::next_working_day;
use crate::forms::{Filling, Hand};
use crate::local::{CLOSES, HALF_HOUR, LocalDay, OPENS, instant, office_hours, shown};
use crate::reports::{Maker, Reporting};
use crate::residents::{RESIDENTS, Resident};
use crate::scene::Scene;
use crate::season;
use crate::services::{SUBJECTS, Subject, Way};
use crate::stream::Stream;
use crate::telephony::{Caller, Why};
use chrono_tz::Tz;

/// New matters that make up for a hundred contacts: some residents make contact several times about
/// one, others give up. Found by trying.
const MATTERS_PER_HUNDRED_CONTACTS: f64 = 92.0;

/// New matters on an average day.
pub(crate) fn matters_per_day(contacts_per_month: u32) -> f64 {
    f64::from(contacts_per_month) * 12.0 / 365.25 * MATTERS_PER_HUNDRED_CONTACTS / 100.0
}

/// Lets the demand of the scene's day arise.
pub(crate) fn arise(scene: &mut Scene) {
    let matters = matters_per_day(scene.settings.contacts_per_month);
    let day = scene.day;
    for subject in &SUBJECTS {
        let mean = matters * subject.share() * season::demand(subject.service, &day);
        for _ in 0..scene.demand.poisson(mean) {
            begin(subject, scene);
        }
        if subject.category().is_some() && scene.is_launched() {
            import(subject, mean, scene);
        }
    }
}

fn begin(subject: &'static Subject, scene: &mut Scene) {
    let day = scene.day;
    let online = season::online_percent(subject, day.date, scene.settings.launch);
    let stream = &mut scene.demand;
    let resident = Resident(stream.among(0..=i64::from(RESIDENTS) - 1) as u32);
    if stream.percent(online) {
        let at = day.at(season::online_time(stream));
        if let Some(way) = online_way(resident, subject, scene.is_launched()) {
            scene.later(at, way);
        }
    } else if let Some(at) = ringing(&day, stream) {
        let caller = Caller { resident, subject, why: Why::New, tries: 0 };
        scene.later(at, Happening::Ring(caller));
    }
}

/// When a resident rings whose matter arose on this day. When the lines are closed, most know it
/// and let it be; some wait for the next working day, and a few ring in vain.
fn ringing(day: &LocalDay, stream: &mut Stream) -> Option<i64> {
    if day.is_working {
        return Some(day.at(season::ringing_time(stream)));
    }
    match stream.choose(&[(8, Some(false)), (24, Some(true)), (68, None)])? {
        true => Some(instant(day.zone, next_working_day(day.date), season::ringing_time(stream))),
        false => Some(day.at(season::online_time(stream))),
    }
}

/// The way beside the telephone, where there is one by now.
pub(crate) fn online_way(resident: Resident, subject: &'static Subject, is_launched: bool) -> Option<Happening> {
    match subject.way {
        Way::Form(form, _) => {
            Some(Happening::Fill(Filling { form, resident, subject, hand: Hand::Resident, session: None }))
        }
        Way::Report(category) if is_launched => {
            let maker = Maker::Resident(resident);
            Some(Happening::Report(Reporting { category, subject, maker, id: None }))
        }
        _ => None,
    }
}

/// When somebody rings who wants to at this instant: then, or once the lines are open.
pub(crate) fn ring_from(zone: Tz, at: i64, stream: &mut Stream) -> i64 {
    let (date, time) = shown(zone, at);
    if crate::calendar::is_working_day(date) && (OPENS..CLOSES - HALF_HOUR).contains(&time) {
        return at;
    }
    let next = if time < OPENS && crate::calendar::is_working_day(date) { date } else { next_working_day(date) };
    let time = season::ringing_time(stream).clamp(OPENS, CLOSES - HALF_HOUR);
    instant(zone, next, time)
}

/// Inspectors and contractors bring in what they see themselves.
fn import(subject: &'static Subject, mean: f64, scene: &mut Scene) {
    const PER_REPORT: f64 = 0.06;
    let Some(category) = subject.category() else { return };
    if !scene.day.is_working {
        return;
    }
    for _ in 0..scene.demand.poisson(mean * PER_REPORT) {
        let at = scene.day.at(scene.demand.among(OPENS..=CLOSES));
        let at = office_hours(scene.day.zone, at, &mut scene.demand);
        let reporting = Reporting { category, subject, maker: Maker::BackOffice, id: None };
        scene.later(at, Happening::Report(reporting));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::local::HOUR;
    use crate::stream::Purpose;
    use chrono_tz::Europe::London;

    fn stream() -> Stream {
        Stream::new(1, Purpose::Demand, "2025-05-01".parse().unwrap())
    }

    #[test]
    fn who_wants_to_ring_waits_for_the_lines_to_open() {
        let friday = LocalDay::new(London, "2025-05-02".parse().unwrap());
        let noon = friday.at(12 * HOUR);
        assert_eq!(ring_from(London, noon, &mut stream()), noon);
        // Monday 5 May is a bank holiday.
        let evening = ring_from(London, friday.at(19 * HOUR), &mut stream());
        let (date, time) = shown(London, evening);
        assert_eq!(date, "2025-05-06".parse().unwrap());
        assert!((OPENS..CLOSES).contains(&time));
        let early = ring_from(London, friday.at(6 * HOUR), &mut stream());
        assert_eq!(shown(London, early).0, friday.date);
    }

    #[test]
    fn reports_are_no_way_before_the_launch() {
        let pothole = SUBJECTS.iter().find(|subject| subject.group == "road_surface").unwrap();
        assert!(online_way(Resident(1), pothole, false).is_none());
        assert!(matches!(online_way(Resident(1), pothole, true), Some(Happening::Report(_))));
    }

    #[test]
    fn few_ring_on_a_closed_day() {
        let sunday = LocalDay::new(London, "2025-05-04".parse().unwrap());
        let mut stream = stream();
        let times: Vec<Option<i64>> = (0..10_000).map(|_| ringing(&sunday, &mut stream)).collect();
        let in_vain = times.iter().flatten().filter(|at| **at < sunday.ends).count();
        assert!((700..900).contains(&in_vain), "{in_vain}");
    }
}
