//! What an agent makes of a call and writes down after it.

use super::talk::Passing;
use super::{Caller, Why};
use crate::services::Way;
use crate::stream::Stream;

/// What an agent finishes after a leg of a call.
#[derive(Debug)]
pub(crate) struct WrapUp {
    pub(super) contact_id: String,
    pub(super) agent: String,
    pub(super) acw_ms: i64,
    pub(super) conclusion: Conclusion,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Conclusion {
    pub(super) resolution: &'static str,
    pub(super) avoidable: Option<bool>,
    pub(super) avoidable_reason: Option<&'static str>,
    /// The matter in other systems.
    pub(super) case_refs: Vec<String>,
    pub(super) chased: Option<String>,
    pub(super) is_logged_by_hand: bool,
    pub(super) is_assisted: bool,
}

/// Where an agent puts down the matter, during the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Record {
    Nowhere,
    /// In the back office, by hand.
    Ticket,
    /// In FixMyStreet, in the resident's name.
    Report,
    /// In the form that the resident could have filled in.
    Form,
}

/// What the agent concludes, without the ids of what was put down.
pub(super) fn conclude(caller: &Caller, passing: Option<Passing>, stream: &mut Stream) -> Conclusion {
    let (avoidable, avoidable_reason) = avoidable(&caller.why, passing, stream);
    let chased = match &caller.why {
        Why::Chasing(case) if passing.is_none() => Some(case.clone()),
        _ => None,
    };
    Conclusion {
        resolution: resolution(&caller.why, passing, stream),
        avoidable,
        avoidable_reason,
        case_refs: chased.clone().into_iter().collect(),
        chased,
        ..Conclusion::default()
    }
}

fn resolution(why: &Why, passing: Option<Passing>, stream: &mut Stream) -> &'static str {
    const CHASING: [(u32, &str); 3] = [(60, "resolved"), (25, "follow_up_needed"), (15, "passed_to_service")];
    const USUALLY: [(u32, &str); 5] =
        [(83, "resolved"), (5, "signposted"), (6, "passed_to_service"), (4, "follow_up_needed"), (2, "unknown")];
    match (passing, why) {
        (Some(Passing::Queue(_)), _) => "passed_to_service",
        (Some(Passing::Outside), _) => "signposted",
        (None, Why::Chasing(_)) => stream.choose(&CHASING),
        (None, _) => stream.choose(&USUALLY),
    }
}

/// Whether the call was avoidable, and why. Chasers are always seen; of the others a part is assessed.
fn avoidable(why: &Why, passing: Option<Passing>, stream: &mut Stream) -> (Option<bool>, Option<&'static str>) {
    const NEW: [(u32, Option<&str>); 4] = [
        (93, None),
        (4, Some("unnecessary_clarification")),
        (2, Some("poor_signposting_or_transfer")),
        (1, Some("other")),
    ];
    const AGAIN: [(u32, Option<&str>); 3] =
        [(30, None), (50, Some("repeat_notification")), (20, Some("premature_closure"))];
    let reason = match why {
        Why::Chasing(_) if passing.is_none() => return (Some(true), Some("progress_chasing")),
        _ if stream.percent(30) => return (None, None),
        _ if passing.is_some() => Some("poor_signposting_or_transfer"),
        Why::Again => stream.choose(&AGAIN),
        _ => stream.choose(&NEW),
    };
    (Some(reason.is_some()), reason)
}

/// Where the agent puts the matter down. What was reported before, and what is passed on, is not
/// put down again.
pub(super) fn record(caller: &Caller, is_launched: bool, stream: &mut Stream) -> Record {
    match (caller.subject.way, &caller.why) {
        (_, Why::Chasing(_) | Why::Again) | (Way::PhoneOnly, _) => Record::Nowhere,
        (Way::Report(_), Why::New) if is_launched => {
            stream.choose(&[(75, Record::Report), (10, Record::Ticket), (15, Record::Nowhere)])
        }
        (Way::Report(_), Why::New) => stream.choose(&[(85, Record::Ticket), (15, Record::Nowhere)]),
        (Way::Form(..), Why::New) => stream.choose(&[(7, Record::Form), (93, Record::Nowhere)]),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::residents::Resident;
    use crate::services::{GENERAL, SUBJECTS};
    use crate::stream::Purpose;

    fn stream() -> Stream {
        Stream::new(1, Purpose::Telephony, "2025-05-01".parse().unwrap())
    }

    fn caller(group: &str, why: Why) -> Caller {
        let subject = SUBJECTS.iter().find(|subject| subject.group == group).unwrap();
        Caller { resident: Resident(1), subject, why, tries: 0 }
    }

    #[test]
    fn a_chaser_is_avoidable_and_names_its_case() {
        let chaser = caller("road_surface", Why::Chasing("fixmystreet:70001".to_owned()));
        let conclusion = conclude(&chaser, None, &mut stream());
        assert_eq!(conclusion.avoidable_reason, Some("progress_chasing"));
        assert_eq!(conclusion.chased.as_deref(), Some("fixmystreet:70001"));
        assert_eq!(conclusion.case_refs, ["fixmystreet:70001"]);
        assert_eq!(record(&chaser, true, &mut stream()), Record::Nowhere);
    }

    #[test]
    fn a_call_that_is_passed_on_chases_nothing_yet() {
        let chaser = caller("road_surface", Why::Chasing("fixmystreet:70001".to_owned()));
        let conclusion = conclude(&chaser, Some(Passing::Queue(&GENERAL)), &mut stream());
        assert_eq!((conclusion.resolution, conclusion.chased), ("passed_to_service", None));
    }

    #[test]
    fn potholes_are_logged_by_hand_until_the_launch() {
        let pothole = caller("road_surface", Why::New);
        let records = |is_launched| {
            let mut stream = stream();
            (0..200).map(|_| record(&pothole, is_launched, &mut stream)).collect::<Vec<_>>()
        };
        assert!(!records(false).contains(&Record::Report));
        let reports = records(true).into_iter().filter(|record| *record == Record::Report).count();
        assert!((120..180).contains(&reports), "{reports}");
    }
}
