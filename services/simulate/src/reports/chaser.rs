//! Who rings to ask how an open matter is going.

use crate::agenda::Happening;
use crate::demand::ring_from;
use crate::local::{DAY, HOUR};
use crate::residents::Resident;
use crate::scene::Scene;
use crate::services::Subject;
use crate::stream::Stream;
use crate::telephony::{Caller, Why};

/// An open matter of a resident.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) resident: Resident,
    pub(crate) subject: &'static Subject,
    /// `system:id`.
    pub(crate) reference: &'a str,
}

/// Lets the resident ring about a matter that is open from this instant for so long, perhaps.
pub(crate) fn chase(case: Case, opened_at: i64, open_for: i64, sees_updates: bool, scene: &mut Scene) {
    for after in chasing_times(open_for, sees_updates, &mut scene.phone) {
        let at = ring_from(scene.day.zone, opened_at + after, &mut scene.phone);
        let why = Why::Chasing(case.reference.to_owned());
        let caller = Caller { resident: case.resident, subject: case.subject, why, tries: 0 };
        scene.later(at, Happening::Ring(caller));
    }
}

/// When, after it was opened, the resident asks. Nobody asks within the first hours; who can see
/// how it is going seldom asks, and who cannot may ask twice.
fn chasing_times(open_for: i64, sees_updates: bool, stream: &mut Stream) -> Vec<i64> {
    const FEW_DAYS: i64 = 4 * DAY;
    let percent = match (open_for, sees_updates) {
        (..DAY, _) => 0,
        (_, true) => 7,
        (..FEW_DAYS, false) => 18,
        (_, false) => 38,
    };
    let mut times = Vec::new();
    while times.len() < 2 && stream.percent(percent) {
        times.push(stream.among(12 * HOUR..=open_for.min(60 * DAY)));
    }
    times
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::stream::Purpose;

    fn times(open_for: i64, sees_updates: bool) -> Vec<i64> {
        let mut stream = Stream::new(1, Purpose::Telephony, "2025-05-01".parse().unwrap());
        (0..1_000).flat_map(|_| chasing_times(open_for, sees_updates, &mut stream)).collect()
    }

    #[test]
    fn who_sees_updates_seldom_asks() {
        assert!(times(10 * DAY, false).len() > 4 * times(10 * DAY, true).len());
        assert!(times(DAY - 1, false).is_empty(), "over before anybody asks");
    }

    #[test]
    fn nobody_asks_about_what_is_done() {
        assert!(times(10 * DAY, false).iter().all(|at| *at <= 10 * DAY));
    }
}
