//! Reports on FixMyStreet: made, sent to the council, worked on, and mostly fixed.

pub(crate) mod category;
mod chaser;
mod course;
mod place;
mod telling;

pub(crate) use category::Category;
pub(crate) use chaser::{Case, chase};

use crate::agenda::Happening;
use crate::local::{MINUTE, SECOND};
use crate::residents::Resident;
use crate::scene::{FIXMYSTREET, REPORTS_BEFORE, Scene};
use crate::services::Subject;
use crate::stream::Stream;
use crate::truth::Counted;
use telling::Telling;

/// A report to be made.
#[derive(Debug)]
pub(crate) struct Reporting {
    pub(crate) category: &'static Category,
    pub(crate) subject: &'static Subject,
    pub(crate) maker: Maker,
    /// Where it was named before it was made.
    pub(crate) id: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Maker {
    Resident(Resident),
    /// An agent in the resident's name, during this call.
    Staff {
        resident: Resident,
        agent: String,
        call: String,
    },
    /// Inspectors, whose system hands it over.
    BackOffice,
}

impl Maker {
    fn resident(&self) -> Option<Resident> {
        match self {
            Self::Resident(resident) | Self::Staff { resident, .. } => Some(*resident),
            Self::BackOffice => None,
        }
    }
}

/// Makes the report; all that follows is decided now and told when its time comes.
pub(crate) fn make(reporting: Reporting, now: i64, scene: &mut Scene) {
    let number = reporting.id.unwrap_or_else(|| scene.next_report());
    let id = number.to_string();
    let telling = Telling { reporting: &reporting, id: &id, ticket: scene.next_ticket() };
    let created = telling.created(now, &mut scene.reports);
    scene.tell(created);
    let Some(confirmed_after) = confirmed_after(&reporting.maker, &mut scene.reports) else { return };
    if matches!(reporting.maker, Maker::Staff { .. }) {
        scene.truth.reports_assisted += 1;
    }
    let confirmed_at = now + confirmed_after;
    if matches!(reporting.maker, Maker::Resident(_)) {
        scene.later(confirmed_at, Happening::Count(Counted::ReportMade));
    }
    let sent_at = confirmed_at + 30 * SECOND + scene.reports.exponential(6 * MINUTE);
    let zone = scene.day.zone;
    let course = course::decide(reporting.category, zone, sent_at, &mut scene.reports);
    let mut told = vec![telling.confirmed(confirmed_at, &mut scene.reports)];
    match reporting.maker {
        Maker::BackOffice => told.push(telling.imported(now)),
        _ => told.push(telling.sent(sent_at, sent_at - confirmed_at)),
    }
    let duplicate_of = earlier_report(number, &mut scene.reports);
    told.extend(telling.course(&course, duplicate_of));
    for event in told {
        scene.tell_later(event);
    }
    if let Some(resident) = reporting.maker.resident() {
        let reference = format!("{FIXMYSTREET}:{id}");
        let case = Case { resident, subject: reporting.subject, reference: &reference };
        chase(case, sent_at, course.open_for(sent_at), true, scene);
    }
}

/// How long it takes until the report counts. Residents without an account confirm by a link in an
/// e-mail, and a few never do.
fn confirmed_after(maker: &Maker, stream: &mut Stream) -> Option<i64> {
    match maker {
        Maker::Staff { .. } => Some(SECOND),
        Maker::BackOffice => Some(0),
        Maker::Resident(_) if stream.percent(35) => Some(2 * SECOND),
        Maker::Resident(_) if stream.percent(5) => None,
        Maker::Resident(_) => Some(40 * SECOND + stream.exponential(9 * MINUTE)),
    }
}

/// A report that this one may repeat: one of those shortly before it.
fn earlier_report(number: u32, stream: &mut Stream) -> Option<u32> {
    let earlier = number - stream.among(1..=40) as u32;
    (earlier > REPORTS_BEFORE).then_some(earlier)
}
