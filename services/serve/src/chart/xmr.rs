//! The XmR chart: a measure month by month against its mean and control limits.

use crate::chart::interventions::{Intervention, marks};
use crate::chart::layout::{Layout, Months, apart, axes, px};
use crate::chart::scale::Scale;
use chrono::NaiveDate;
use maud::{Markup, html};

/// A month of the measure, in the unit shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Point {
    /// The first of the month.
    pub(crate) month: NaiveDate,
    /// What is written on it for a pointer.
    pub(crate) label: String,
    /// The value; `None` where nothing was counted.
    pub(crate) value: Option<f64>,
    /// Which stretch between interventions it belongs to.
    pub(crate) phase: i64,
    /// Mean of the phase.
    pub(crate) mean: Option<f64>,
    /// Lower control limit of the phase.
    pub(crate) lower: Option<f64>,
    /// Upper control limit of the phase.
    pub(crate) upper: Option<f64>,
    /// Whether the value may still change.
    pub(crate) is_provisional: bool,
    /// What the point tells.
    pub(crate) cause: Cause,
}

/// Whether a point is within the usual variation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Within it.
    Common,
    /// Out of it, for the better.
    Improvement,
    /// Out of it, for the worse.
    Concern,
    /// Out of it; neither way is better.
    Change,
}

/// A target of the whole council and the days on which it holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    /// First day.
    pub(crate) from: NaiveDate,
    /// First day on which it no longer holds.
    pub(crate) until: Option<NaiveDate>,
    /// The target, in the unit shown.
    pub(crate) value: f64,
}

/// What is drawn.
#[derive(Debug)]
pub(crate) struct Chart<'a> {
    /// Written above the axis, such as `seconds`.
    pub(crate) unit: &'a str,
    /// Whether the values are shares, of 100 at most.
    pub(crate) is_percent: bool,
    /// The months, in order.
    pub(crate) points: &'a [Point],
    /// Targets, in order.
    pub(crate) targets: &'a [Target],
    /// What was done.
    pub(crate) interventions: &'a [Intervention],
    /// What is written beside the lines.
    pub(crate) texts: LineTexts,
}

/// The newest level of each line as it is written, such as `61.8`.
#[derive(Debug, Clone, Default)]
pub(crate) struct LineTexts {
    /// Upper control limit.
    pub(crate) upper: String,
    /// Mean.
    pub(crate) mean: String,
    /// Lower control limit.
    pub(crate) lower: String,
    /// Target.
    pub(crate) target: String,
}

impl Chart<'_> {
    /// Draws it in one size; nothing where there are no months.
    pub(crate) fn draw(&self, layout: &Layout) -> Markup {
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else { return html! {} };
        let months = Months::new(first.month, last.month, layout);
        let scale = self.scale(layout);
        let unit = match scale.low > 0.0 {
            true => format!("{}, axis from {}", self.unit, scale.label(scale.low)),
            false => self.unit.to_owned(),
        };
        html! {
            (axes(layout, &scale, &months, &unit))
            (marks(self.interventions, layout, &months))
            (self.phases(&scale, &months))
            (self.target_lines(layout, &scale, &months))
            (self.line(&scale, &months))
            @for point in self.points { (mark(point, layout, &scale, &months)) }
            (self.line_labels(layout, &scale))
        }
    }

    /// From 0, except for shares that keep above 50 %: there the axis holds at least ten points and
    /// says where it starts.
    pub(crate) fn scale(&self, layout: &Layout) -> Scale {
        let drawn = self.points.iter().flat_map(|point| [point.value, point.mean, point.lower, point.upper]);
        let drawn = drawn.flatten().chain(self.targets.iter().map(|target| target.value));
        let (low, high) = drawn.fold((f64::MAX, 0f64), |(low, high), value| (low.min(value), high.max(value)));
        let is_near_the_top = self.is_percent && (50.0..=high).contains(&low);
        let low = if is_near_the_top { low.min(high - 10.0) } else { 0.0 };
        let (_, _, top, bottom) = layout.plot();
        Scale::new(low, high, layout.steps, bottom, top)
    }

    /// Mean and limits, level over each phase.
    fn phases(&self, scale: &Scale, months: &Months) -> Markup {
        let phases = self.points.chunk_by(|one, next| one.phase == next.phase);
        html! {
            @for phase in phases {
                @let (from, to) = (months.start(phase[0].month), months.start(phase[phase.len() - 1].month) + months.slot());
                @let newest = &phase[phase.len() - 1];
                @for (class, level) in [("limit", newest.lower), ("mean", newest.mean), ("limit", newest.upper)] {
                    @if let Some(level) = level.filter(|level| scale.holds(*level)) {
                        @let y = px(scale.at(level));
                        line class=(class) x1=(px(from)) x2=(px(to)) y1=(y) y2=(y) {}
                    }
                }
            }
        }
    }

    fn target_lines(&self, layout: &Layout, scale: &Scale, months: &Months) -> Markup {
        let (left, right, _, _) = layout.plot();
        let first = self.points[0].month;
        html! {
            @for target in self.targets {
                @let from = if target.from <= first { Some(left) } else { months.day(target.from) };
                @let to = target.until.and_then(|until| months.day(until)).unwrap_or(right);
                @let is_over = target.until.is_some_and(|until| until <= first);
                @if let Some(from) = from.filter(|_| !is_over) {
                    @let y = px(scale.at(target.value));
                    line class="target" x1=(px(from)) x2=(px(to)) y1=(y) y2=(y) {}
                }
            }
        }
    }

    /// The values joined, with a gap where a month has none.
    fn line(&self, scale: &Scale, months: &Months) -> Markup {
        let mut path = String::new();
        let mut pen = "M";
        let mut previous: Option<NaiveDate> = None;
        for point in self.points {
            let follows = previous.is_some_and(|month| month + chrono::Months::new(1) == point.month);
            previous = Some(point.month);
            let Some(value) = point.value else {
                pen = "M";
                continue;
            };
            let pen_here = if follows { pen } else { "M" };
            path += &format!("{pen_here}{} {}", px(months.middle(point.month)), px(scale.at(value)));
            pen = "L";
        }
        html! { path class="line" d=(path) {} }
    }

    /// What the lines are, at their right ends.
    fn line_labels(&self, layout: &Layout, scale: &Scale) -> Markup {
        let (_, right, top, bottom) = layout.plot();
        let newest = self.points.last();
        let target = self.targets.last().filter(|target| target.until.is_none());
        let (upper, lower) =
            if layout.name == "wide" { ("Upper limit", "Lower limit") } else { ("Upper", "Lower") };
        let lines = [
            (upper, &self.texts.upper, newest.and_then(|newest| newest.upper)),
            ("Mean", &self.texts.mean, newest.and_then(|newest| newest.mean)),
            (lower, &self.texts.lower, newest.and_then(|newest| newest.lower)),
            ("Target", &self.texts.target, target.map(|target| target.value)),
        ];
        let lines: Vec<(&str, &String, f64)> =
            lines.into_iter().filter_map(|(name, text, level)| Some((name, text, scale.at(level?)))).collect();
        let wanted: Vec<f64> = lines.iter().map(|(_, _, y)| y + layout.text * 0.35).collect();
        let places = apart(&wanted, layout.text * 1.2, top, bottom);
        html! {
            @for ((name, text, _), y) in lines.iter().zip(places) {
                text class=(if *name == "Target" { "target-label" } else { "line-label" }) x=(px(right + 8.0)) y=(px(y)) font-size=(layout.text) { (name) " " (text) }
            }
        }
    }
}

/// A point: its shape says what it tells, a hollow one may still change.
fn mark(point: &Point, layout: &Layout, scale: &Scale, months: &Months) -> Markup {
    let Some(value) = point.value else { return html! {} };
    let (x, y) = (months.middle(point.month), scale.at(value));
    let size = if layout.name == "wide" { 5.0 } else { 3.5 };
    let kind = match point.cause {
        Cause::Common => "common",
        Cause::Improvement => "improvement",
        Cause::Concern => "concern",
        Cause::Change => "change",
    };
    let class = if point.is_provisional { format!("point {kind} provisional") } else { format!("point {kind}") };
    let around = |offsets: &[(f64, f64)]| {
        let corners = offsets.iter().map(|(dx, dy)| format!("{},{}", px(x + dx * size), px(y + dy * size)));
        corners.collect::<Vec<_>>().join(" ")
    };
    let corners = match point.cause {
        Cause::Common => None,
        Cause::Improvement => Some(around(&[(0.0, -1.6), (1.6, 0.0), (0.0, 1.6), (-1.6, 0.0)])),
        Cause::Concern => Some(around(&[(-1.2, -1.2), (1.2, -1.2), (1.2, 1.2), (-1.2, 1.2)])),
        Cause::Change => Some(around(&[(0.0, -1.6), (1.5, 1.2), (-1.5, 1.2)])),
    };
    html! {
        @if let Some(corners) = corners {
            polygon class=(class) points=(corners) { title { (point.label) } }
        } @else {
            circle class=(class) cx=(px(x)) cy=(px(y)) r=(size) { title { (point.label) } }
        }
    }
}

#[cfg(test)]
mod tests;
