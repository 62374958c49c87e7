//! Stacked bars: what a whole is made of, month by month.

use crate::chart::interventions::{Intervention, marks};
use crate::chart::layout::{Layout, Months, apart, axes, px};
use crate::chart::scale::Scale;
use chrono::NaiveDate;
use maud::{Markup, html};

/// A month and its parts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bar {
    /// The first of the month.
    pub(crate) month: NaiveDate,
    /// Whether the values may still change.
    pub(crate) is_provisional: bool,
    /// The share of each part, of 100, in the order of the chart's names; 0 for one it lacks.
    pub(crate) shares: Vec<f64>,
}

/// What is drawn.
#[derive(Debug)]
pub(crate) struct Chart<'a> {
    /// The parts, from the bottom up.
    pub(crate) names: &'a [String],
    /// The newest share of each, as it is written.
    pub(crate) texts: &'a [String],
    /// The months, in order.
    pub(crate) bars: &'a [Bar],
    /// What was done.
    pub(crate) interventions: &'a [Intervention],
}

/// Fills that the style sheet has; further parts begin again.
const FILLS: usize = 6;

impl Chart<'_> {
    /// Draws it in one size; nothing where there are no months.
    pub(crate) fn draw(&self, layout: &Layout) -> Markup {
        let (Some(first), Some(last)) = (self.bars.first(), self.bars.last()) else { return html! {} };
        let (_, right, top, bottom) = layout.plot();
        let months = Months::new(first.month, last.month, layout);
        let scale = Scale::new(0.0, 100.0, layout.steps, bottom, top);
        let newest = stack(&last.shares);
        let middles: Vec<f64> = newest.iter().map(|(from, to)| scale.at((from + to) / 2.0)).collect();
        let wanted: Vec<f64> = middles.iter().map(|y| y + layout.text * 0.35).collect();
        let places = apart(&wanted, layout.text * 1.2, top + layout.text, bottom);
        html! {
            (axes(layout, &scale, &months, "% of demand"))
            @for bar in self.bars { (self.bar(bar, &scale, &months)) }
            (marks(self.interventions, layout, &months))
            // Each part is named at the newest bar, with a line to it.
            @for (place, (name, y)) in self.names.iter().zip(&places).enumerate() {
                line class="leader" x1=(px(right)) x2=(px(right + 7.0)) y1=(px(middles[place])) y2=(px(y - layout.text * 0.35)) {}
                text class="line-label" x=(px(right + 10.0)) y=(px(*y)) font-size=(layout.text) { (name) @if layout.name == "wide" { " " (self.texts.get(place).map_or("", String::as_str)) } }
            }
        }
    }

    fn bar(&self, bar: &Bar, scale: &Scale, months: &Months) -> Markup {
        let (x, width) = (months.start(bar.month) + months.slot() * 0.08, months.slot() * 0.84);
        html! {
            @for (place, (from, to)) in stack(&bar.shares).into_iter().enumerate() {
                @let class = format!("part part-{}{}", place % FILLS, if bar.is_provisional { " provisional" } else { "" });
                rect class=(class) x=(px(x)) width=(px(width)) y=(px(scale.at(to))) height=(px(scale.at(from) - scale.at(to))) {}
            }
        }
    }
}

/// Where each part begins and ends when they stand on each other.
fn stack(shares: &[f64]) -> Vec<(f64, f64)> {
    let mut top = 0.0;
    let place = |share: &f64| {
        let from = top;
        top += share;
        (from, top)
    };
    shares.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::chart::layout::WIDE;

    #[test]
    fn parts_stand_on_each_other_in_their_month() {
        let month = |month| NaiveDate::from_ymd_opt(2026, month, 1).unwrap();
        let bars = [
            Bar { month: month(1), is_provisional: false, shares: vec![75.0, 25.0] },
            Bar { month: month(2), is_provisional: true, shares: vec![50.0, 50.0] },
        ];
        let names = ["Phone".to_owned(), "<Web>".to_owned()];
        let texts = ["50.0%".to_owned(), "50.0%".to_owned()];
        let svg =
            Chart { names: &names, texts: &texts, bars: &bars, interventions: &[] }.draw(&WIDE).into_string();
        // 0 to 100 over 300 pixels up from 356: 3 a point. Two months of 380 from 48 on; a bar is 0.84
        // of it, 319.2, and begins 0.08 of it in, at 48 + 30.4 = 78.4 and 458.4.
        // 75 %: 225 high, from 356 up to 131; the next 25 %: 75 high, up to 56.
        assert!(svg.contains("part-0\" x=\"78.4\" width=\"319.2\" y=\"131.0\" height=\"225.0\""), "{svg}");
        assert!(svg.contains("part-1\" x=\"78.4\" width=\"319.2\" y=\"56.0\" height=\"75.0\""), "{svg}");
        assert!(svg.contains("part-0 provisional\" x=\"458.4\" width=\"319.2\" y=\"206.0\""), "{svg}");
        // Names stand at the middle of the newest parts: 25 % at 281, 75 % at 131; text is 4.9 lower.
        assert!(svg.contains("y=\"285.9\" font-size=\"14\">Phone 50.0%</text>"), "{svg}");
        assert!(svg.contains("y=\"135.9\" font-size=\"14\">&lt;Web&gt; 50.0%</text>"), "{svg}");
    }

    #[test]
    fn no_months_draw_nothing() {
        assert_eq!(Chart { names: &[], texts: &[], bars: &[], interventions: &[] }.draw(&WIDE).into_string(), "");
    }
}
