//! The two sizes in which a chart is drawn, and what is common to all charts: the axes, the months,
//! labels that keep clear of each other, and the marks of interventions.

use crate::chart::scale::Scale;
use crate::words;
use chrono::{Datelike, NaiveDate};
use maud::{Markup, html};

/// A size. Units are CSS pixels at the width for which it is made, so that text is never scaled away.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// Name, also of the CSS class that shows it: `wide` or `narrow`.
    pub(crate) name: &'static str,
    /// Width of the drawing.
    pub(crate) width: f64,
    /// Height of the drawing.
    pub(crate) height: f64,
    /// Room for the labels of the vertical axis.
    pub(crate) left: f64,
    /// Room for the labels of lines and parts.
    pub(crate) right: f64,
    /// Room for the unit and the interventions.
    pub(crate) top: f64,
    /// Room for the months.
    pub(crate) bottom: f64,
    /// Size of text.
    pub(crate) text: f64,
    /// At most so many months have a label.
    pub(crate) month_labels: usize,
    /// About so many steps on the vertical axis.
    pub(crate) steps: u32,
}

/// For a desk and for paper.
pub(crate) const WIDE: Layout = Layout {
    name: "wide",
    width: 960.0,
    height: 400.0,
    left: 48.0,
    right: 152.0,
    top: 56.0,
    bottom: 44.0,
    text: 14.0,
    month_labels: 13,
    steps: 6,
};

/// For a phone.
pub(crate) const NARROW: Layout = Layout {
    name: "narrow",
    width: 358.0,
    height: 300.0,
    left: 34.0,
    right: 92.0,
    top: 56.0,
    bottom: 42.0,
    text: 12.0,
    month_labels: 4,
    steps: 4,
};

impl Layout {
    /// Left, right, upper and lower edge of the plot.
    pub(crate) fn plot(&self) -> (f64, f64, f64, f64) {
        (self.left, self.width - self.right, self.top, self.height - self.bottom)
    }
}

/// The months of a chart, side by side, each in a slot of the same width.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Months {
    first: NaiveDate,
    count: usize,
    left: f64,
    slot: f64,
}

impl Months {
    /// From the first month to the last, over the plot of a layout.
    pub(crate) fn new(first: NaiveDate, last: NaiveDate, layout: &Layout) -> Self {
        let (left, right, _, _) = layout.plot();
        let count = usize::try_from(number(last) - number(first)).unwrap_or_default() + 1;
        Self { first, count, left, slot: (right - left) / count as f64 }
    }

    /// Width of a month.
    pub(crate) fn slot(&self) -> f64 {
        self.slot
    }

    /// Where a month begins.
    pub(crate) fn start(&self, month: NaiveDate) -> f64 {
        self.left + f64::from(number(month) - number(self.first)) * self.slot
    }

    /// The middle of a month.
    pub(crate) fn middle(&self, month: NaiveDate) -> f64 {
        self.start(month) + self.slot / 2.0
    }

    /// Where a day lies in its month; `None` if the chart does not hold it.
    pub(crate) fn day(&self, day: NaiveDate) -> Option<f64> {
        let slots = number(day) - number(self.first);
        let inside = usize::try_from(slots).is_ok_and(|slots| slots < self.count);
        let share = f64::from(day.day0()) / f64::from(day.num_days_in_month());
        inside.then(|| self.start(day) + share * self.slot)
    }

    /// The months that are written on the axis: the newest, and back from it in even steps.
    fn labelled(&self, most: usize) -> Vec<NaiveDate> {
        let every = [1, 2, 3, 6, 12].into_iter().find(|every| self.count.div_ceil(*every) <= most);
        let every = every.unwrap_or_else(|| self.count.div_ceil(most).next_multiple_of(12));
        let all = (0..self.count).rev().step_by(every);
        let month = |back: usize| self.first.checked_add_months(chrono::Months::new(back as u32));
        let mut months: Vec<NaiveDate> = all.filter_map(month).collect();
        months.reverse();
        months
    }
}

/// Months since the year 0, to count with.
fn number(month: NaiveDate) -> i32 {
    month.year() * 12 + month.month0() as i32
}

/// A position for SVG, to a tenth of a pixel.
pub(crate) fn px(position: f64) -> String {
    format!("{position:.1}")
}

/// The vertical axis with its lines and unit, and the months below.
pub(crate) fn axes(layout: &Layout, scale: &Scale, months: &Months, unit: &str) -> Markup {
    let (left, right, _, bottom) = layout.plot();
    let mut year = None;
    html! {
        text class="unit" x="0" y=(px(layout.text)) font-size=(layout.text) { (unit) }
        @for tick in scale.ticks() {
            @let y = px(scale.at(tick));
            line class=(if tick == 0.0 { "zero" } else { "grid" }) x1=(px(left)) x2=(px(right)) y1=(y) y2=(y) {}
            text x=(px(left - 6.0)) y=(px(scale.at(tick) + layout.text * 0.35)) text-anchor="end" font-size=(layout.text) { (scale.label(tick)) }
        }
        @for month in months.labelled(layout.month_labels) {
            @let x = px(months.middle(month));
            line class="tick" x1=(x) x2=(x) y1=(px(bottom)) y2=(px(bottom + 5.0)) {}
            text x=(x) y=(px(bottom + 5.0 + layout.text)) text-anchor="middle" font-size=(layout.text) { (words::short_month(month)) }
            @if year.replace(month.year()) != Some(month.year()) {
                text x=(x) y=(px(bottom + 7.0 + layout.text * 2.0)) text-anchor="middle" font-size=(layout.text) { (month.year()) }
            }
        }
    }
}

/// Moves labels apart so that each has `gap`, as near as may be to where it belongs, between `top`
/// and `bottom`. Positions come back in the order in which they were given.
pub(crate) fn apart(wanted: &[f64], gap: f64, top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|one, other| wanted[*one].total_cmp(&wanted[*other]));
    let mut placed = wanted.to_vec();
    let mut least = top;
    for one in &order {
        placed[*one] = placed[*one].max(least);
        least = placed[*one] + gap;
    }
    let mut most = bottom;
    for one in order.iter().rev() {
        placed[*one] = placed[*one].min(most);
        most = placed[*one] - gap;
    }
    placed
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn date(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn months_share_the_plot_evenly_and_days_lie_within_them() {
        // The wide plot is 960 - 48 - 152 = 760 wide: ten months of 76 each, from 48 on.
        let months = Months::new(date(2025, 9, 1), date(2026, 6, 1), &WIDE);
        assert_eq!((months.slot(), months.start(date(2025, 9, 1))), (76.0, 48.0));
        // January is the fifth: 48 + 4 * 76 = 352, its middle 38 further.
        assert_eq!(months.middle(date(2026, 1, 1)), 390.0);
        // 16 September is half of a month of 30 days: 48 + 38.
        assert_eq!(months.day(date(2025, 9, 16)), Some(86.0));
        assert_eq!((months.day(date(2025, 8, 31)), months.day(date(2026, 7, 1))), (None, None));
    }

    #[test]
    fn labelled_months_count_back_from_the_newest() {
        let months = Months::new(date(2023, 12, 1), date(2026, 11, 1), &WIDE);
        // 36 months in at most 13 labels: every third; in at most 4: every twelfth.
        let labels = months.labelled(13);
        assert_eq!((labels.len(), labels[0], labels[11]), (12, date(2024, 2, 1), date(2026, 11, 1)));
        assert_eq!(months.labelled(4), [date(2024, 11, 1), date(2025, 11, 1), date(2026, 11, 1)]);
        // 20 years in at most 4: 240 / 4 = 60 months apart.
        let years = Months::new(date(2007, 1, 1), date(2026, 12, 1), &WIDE);
        assert_eq!(years.labelled(4), [2011, 2016, 2021, 2026].map(|year| date(year, 12, 1)));
    }

    #[test]
    fn labels_keep_clear_of_each_other_and_of_the_edges() {
        assert_eq!(apart(&[50.0, 20.0], 10.0, 0.0, 100.0), [50.0, 20.0]);
        // 21 must make way for 20, to 30; 96 has its place.
        assert_eq!(apart(&[21.0, 20.0, 96.0], 10.0, 0.0, 100.0), [30.0, 20.0, 96.0]);
        // At the lower edge they are pushed up again.
        assert_eq!(apart(&[98.0, 99.0], 10.0, 0.0, 100.0), [90.0, 100.0]);
    }
}
