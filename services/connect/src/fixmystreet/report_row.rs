//! One row, read and checked: what is known of a report, and what is odd about it.

use super::Refusal;
use super::columns::Cells;
use super::place::Place;
use super::state::{self, Class};
use crate::clock::Clock;
use crate::rows::{filled, required, shape};
use chrono_tz::Tz;

/// What is accepted as it is, and worth knowing of. Counted, never mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Oddity {
    /// The report was confirmed before it was created.
    ConfirmedBeforeCreated,
    /// The report was acknowledged, fixed or closed before it was confirmed.
    HandledBeforeConfirmed,
    /// A state that FixMyStreet does not have by itself.
    UnknownState,
    /// A state, and no time since when; the last time of the row is taken.
    StateWithoutTime,
    /// A place of the British National Grid instead of degrees; converted.
    GridPlace,
    /// A time that the clock showed twice when it was put back; the earlier instant was taken.
    AmbiguousTime,
}

impl std::fmt::Display for Oddity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::ConfirmedBeforeCreated => "confirmed before being created",
            Self::HandledBeforeConfirmed => "acknowledged, fixed or closed before being confirmed",
            Self::UnknownState => "in a state that is not FixMyStreet's own; it is kept as it is written",
            Self::StateWithoutTime => "in a state without its time; the last time of the row is taken",
            Self::GridPlace => "with a place of the British National Grid; it is converted",
            Self::AmbiguousTime => "with a time that the clock showed twice; the earlier one is taken",
        })
    }
}

/// A report. Times are microseconds since 1970 UTC.
pub(super) struct ReportRow {
    /// The report's id.
    pub(super) number: u64,
    pub(super) title: Option<String>,
    pub(super) detail: Option<String>,
    pub(super) reporter_name: Option<String>,
    pub(super) category: String,
    pub(super) category_group: Option<String>,
    pub(super) times: Times,
    /// The label of its state, as FixMyStreet stores it.
    pub(super) state: String,
    pub(super) place: Option<Place>,
    pub(super) ward: Option<String>,
    /// What it was made with; none for the plain website.
    pub(super) service: Option<String>,
    pub(super) cobrand: Option<String>,
    pub(super) contributed_as: Option<String>,
    pub(super) external_id: Option<String>,
}

/// What happened when, as far as the row tells.
pub(super) struct Times {
    pub(super) created_at: i64,
    pub(super) confirmed_at: Option<i64>,
    pub(super) acknowledged_at: Option<i64>,
    pub(super) fixed_at: Option<i64>,
    pub(super) closed_at: Option<i64>,
}

impl ReportRow {
    pub(super) fn read(cells: &Cells<'_>, zone: Tz) -> Result<(Self, Vec<Oddity>), Refusal> {
        let mut clock = Clock::new(zone, b"T ");
        let (category, category_group) = categories(cells)?;
        let report = Self {
            number: number(cells.report_id)?,
            title: filled(cells.title),
            detail: filled(cells.detail),
            reporter_name: filled(cells.user_name),
            category,
            category_group,
            times: Times::read(cells, &mut clock)?,
            state: state::label(&required("Status", cells.status)?),
            place: Place::read(cells)?,
            ward: filled(cells.ward),
            service: filled(cells.device_type).filter(|service| service != "website"),
            cobrand: filled(cells.site_used),
            contributed_as: filled(cells.reported_as),
            external_id: filled(cells.external_id),
        };
        let oddities = report.oddities(clock.ambiguous);
        Ok((report, oddities))
    }

    fn oddities(&self, ambiguous: bool) -> Vec<Oddity> {
        let Times { created_at, confirmed_at, acknowledged_at, fixed_at, closed_at } = self.times;
        let handled_at = [acknowledged_at, fixed_at, closed_at].into_iter().flatten().min();
        let class = Class::of(&self.state);
        let without_time = match class {
            Some(Class::Open) if self.state == "confirmed" => confirmed_at.is_none(),
            Some(Class::Open) => acknowledged_at.is_none(),
            Some(Class::Fixed) => fixed_at.is_none(),
            Some(Class::Closed) => closed_at.is_none(),
            Some(Class::Hidden) | None => false,
        };
        let kinds = [
            (Oddity::ConfirmedBeforeCreated, confirmed_at.is_some_and(|at| at < created_at)),
            (Oddity::HandledBeforeConfirmed, handled_at.zip(confirmed_at).is_some_and(|(one, other)| one < other)),
            (Oddity::UnknownState, class.is_none()),
            (Oddity::StateWithoutTime, without_time),
            (Oddity::GridPlace, self.place.is_some_and(|place| place.converted)),
            (Oddity::AmbiguousTime, ambiguous),
        ];
        kinds.into_iter().filter(|(_, found)| *found).map(|(kind, _)| kind).collect()
    }
}

impl Times {
    fn read(cells: &Cells<'_>, clock: &mut Clock) -> Result<Self, Refusal> {
        required("Created", cells.created)?;
        Ok(Self {
            created_at: clock.read("Created", cells.created)?.unwrap_or_default(),
            confirmed_at: clock.read("Confirmed", cells.confirmed)?,
            acknowledged_at: clock.read("Acknowledged", cells.acknowledged)?,
            fixed_at: clock.read("Fixed", cells.fixed)?,
            closed_at: clock.read("Closed", cells.closed)?,
        })
    }

    /// The last instant that the row tells.
    pub(super) fn last(&self) -> i64 {
        let later = [self.confirmed_at, self.acknowledged_at, self.fixed_at, self.closed_at];
        later.into_iter().flatten().fold(self.created_at, i64::max)
    }

    /// Whether somebody has done something about the report since it was confirmed.
    pub(super) fn was_handled(&self) -> bool {
        self.acknowledged_at.or(self.fixed_at).or(self.closed_at).is_some()
    }
}

/// The category and its group. A site that groups its categories writes the group as `Category` and
/// the category as `Subcategory`, and of a category without a group `Category` alone.
fn categories(cells: &Cells<'_>) -> Result<(String, Option<String>), Refusal> {
    let first = required("Category", cells.category)?;
    Ok(match filled(cells.subcategory) {
        Some(category) => (category, Some(first)),
        None => (first, None),
    })
}

fn number(cell: &str) -> Result<u64, Refusal> {
    let text = required("Report ID", cell)?;
    text.parse().map_err(|_| Refusal::ReportId { found: shape(&text) })
}
