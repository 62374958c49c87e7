//! A linear scale with round ticks.

/// From values to positions along an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    /// The value at the axis's start.
    pub(crate) low: f64,
    /// The value at its end.
    pub(crate) high: f64,
    /// The distance of two ticks.
    pub(crate) step: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// A scale that holds `low..=high`, widened to round ticks, about `ticks` of them; `start` and
    /// `end` are the positions of its ends.
    pub(crate) fn new(low: f64, high: f64, ticks: u32, start: f64, end: f64) -> Self {
        let span = if high > low { high - low } else { 1.0 };
        let step = round_step(span / f64::from(ticks.max(1)));
        let low = (low / step).floor() * step;
        let high = ((high / step).ceil() * step).max(low + step);
        Self { low, high, step, start, end }
    }

    /// Where a value lies.
    pub(crate) fn at(&self, value: f64) -> f64 {
        self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)
    }

    /// Whether a value lies on the axis.
    pub(crate) fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// The ticks, from low to high.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        let count = ((self.high - self.low) / self.step).round() as u32;
        (0..=count).map(|tick| self.low + f64::from(tick) * self.step).collect()
    }

    /// A tick's number, with a decimal only where ticks are less than one apart.
    pub(crate) fn label(&self, tick: f64) -> String {
        if self.step < 1.0 { format!("{tick:.1}") } else { format!("{tick:.0}") }
    }
}

/// The smallest of 1, 2, 5 times a power of ten that is at least `wanted`, but no less than a tenth.
fn round_step(wanted: f64) -> f64 {
    let power = 10f64.powf(wanted.max(0.1).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power);
    step.into_iter().find(|step| *step >= wanted - 1e-9).unwrap_or(power * 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_the_values() {
        // A span of 137 in about 5 steps wants 27.4: the next round step is 50.
        let scale = Scale::new(0.0, 137.0, 5, 300.0, 0.0);
        assert_eq!(scale.ticks(), [0.0, 50.0, 100.0, 150.0]);
        // 62.1 to 74.9 in 5 steps wants 2.56: steps of 5, from 60 to 75.
        assert_eq!(Scale::new(62.1, 74.9, 5, 0.0, 1.0).ticks(), [60.0, 65.0, 70.0, 75.0]);
        assert_eq!(Scale::new(0.0, 100.0, 5, 0.0, 1.0).ticks(), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
    }

    #[test]
    fn an_axis_without_a_span_still_has_two_ticks() {
        // Nothing but zeros: a span of 1 in 4 steps wants 0.25, which makes 0.5; one step is kept.
        assert_eq!(Scale::new(0.0, 0.0, 4, 0.0, 1.0).ticks(), [0.0, 0.5]);
    }

    #[test]
    fn values_lie_in_proportion() {
        // Down the page: 0 at 300, 150 at 0. 60 is two fifths of the way up: 300 - 120 = 180.
        let scale = Scale::new(0.0, 137.0, 5, 300.0, 0.0);
        assert_eq!((scale.at(0.0), scale.at(150.0), scale.at(60.0)), (300.0, 0.0, 180.0));
        assert!(scale.holds(150.0) && !scale.holds(150.1));
    }

    #[test]
    fn labels_have_a_decimal_only_where_they_need_one() {
        assert_eq!(Scale::new(0.0, 1.0, 2, 0.0, 1.0).label(0.5), "0.5");
        assert_eq!(Scale::new(0.0, 137.0, 5, 0.0, 1.0).label(50.0), "50");
    }
}
