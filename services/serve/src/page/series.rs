//! A measure's months as the page needs them: read once, then drawn, tabled and put into a sentence.

use crate::Error;
use crate::chart::interventions::{Intervention, letter};
use crate::chart::xmr::{Cause, LineTexts, Point, Target};
use crate::rows::{Row, Table};
use crate::words;
use queries::{Engine, Kpi, answers, catalogue};

/// A measure with its months, what was done, and its targets.
#[derive(Debug)]
pub(crate) struct Series {
    /// The measure.
    pub(crate) kpi: &'static Kpi,
    /// The rows of [`answers::MONTHS`].
    pub(crate) months: Table,
    /// What was done that may have moved it.
    pub(crate) interventions: Vec<Intervention>,
    targets: Table,
}

/// The months of all measures: one query for the whole page.
///
/// # Errors
/// [`Error::Queries`], [`Error::Arrow`].
pub(crate) async fn all_months(engine: &Engine) -> Result<Table, Error> {
    let all = [("from_day", i32::MIN), ("to_day", i32::MAX)];
    let all = all.map(|(name, day)| (name.to_owned(), i64::from(day)));
    Table::new(engine.collect_of(answers::MONTHS, "", &all).await?)
}

impl Series {
    /// A measure of this build, with its rows of [`all_months`]; `None` if there is no such measure.
    ///
    /// # Errors
    /// [`Error::Queries`], [`Error::Arrow`].
    pub(crate) async fn read(engine: &Engine, months: &Table, kpi: &str) -> Result<Option<Self>, Error> {
        let Some(kpi) = catalogue().kpis.get(kpi) else { return Ok(None) };
        let table = async |sql| Table::new(engine.collect_of(sql, &kpi.id, &[]).await?);
        let done = table(answers::INTERVENTIONS).await?;
        let done = done.iter().enumerate().filter_map(|(place, row)| {
            let (name, day) = (row.text("name")?.to_owned(), row.day("happened_on")?);
            Some(Intervention { letter: letter(place), name, day })
        });
        Ok(Some(Self {
            kpi,
            months: months.with("kpi", &kpi.id),
            interventions: done.collect(),
            targets: table(answers::TARGETS).await?,
        }))
    }

    /// The months as points of a chart.
    pub(crate) fn points(&self) -> Vec<Point> {
        let point = |row: Row<'_>| {
            let month = row.day("period")?;
            let value = row.text("shown_value").map(|value| words::with_unit(value, self.unit()));
            Some(Point {
                month,
                label: format!(
                    "{}: {} ({})",
                    words::month(month),
                    value.as_deref().unwrap_or("no data"),
                    judgement(&row)
                ),
                value: row.number("value"),
                phase: row.text("phase").and_then(|phase| phase.parse().ok()).unwrap_or_default(),
                mean: row.number("mean"),
                lower: row.number("lower_limit"),
                upper: row.number("upper_limit"),
                is_provisional: row.text("status") != Some("final"),
                cause: cause(&row),
            })
        };
        self.months.iter().filter_map(point).collect()
    }

    /// The targets of the whole council that have a value.
    pub(crate) fn council_targets(&self) -> Vec<Target> {
        let whole = self.targets.iter().filter(|row| row.text("slice") == Some(""));
        let target = |row: Row<'_>| {
            let (from, until) = (row.day("effective_from")?, row.day("effective_until"));
            Some(Target { from, until, value: row.number("value")? })
        };
        whole.filter_map(target).collect()
    }

    /// What is written beside the lines of the chart.
    pub(crate) fn line_texts(&self) -> LineTexts {
        let newest = self.months.iter().next_back();
        let text = |column| newest.and_then(|row| row.text(column)).map(words::grouped).unwrap_or_default();
        let target = self.targets.iter().rfind(|row| row.text("slice") == Some(""));
        LineTexts {
            upper: text("shown_upper_limit"),
            mean: text("shown_mean"),
            lower: text("shown_lower_limit"),
            target: target.and_then(|row| row.text("value")).map(words::plain).unwrap_or_default().to_owned(),
        }
    }

    /// The targets that hold, in words.
    pub(crate) fn targets_in_words(&self) -> String {
        let holding = self.targets.iter().filter(|row| row.text("effective_until").is_none());
        let one = |row: Row<'_>| {
            let slice = row.text("slice").unwrap_or_default();
            let target = words::number_or_state(row.text("value"), row.text("status"), self.unit(), "no target");
            if slice.is_empty() { target } else { format!("{target} for {}", words::slice(slice).to_lowercase()) }
        };
        let targets: Vec<String> = holding.map(one).collect();
        if targets.is_empty() { "none has been set".to_owned() } else { targets.join("; ") }
    }

    /// Where the newest month that is over stands, in a sentence or two.
    pub(crate) fn summary(&self) -> String {
        let title = &self.kpi.declared.title;
        let over = self.months.iter().rfind(|row| row.is("shown_is_over"));
        let so_far = self.months.iter().next_back().filter(|row| !row.is("shown_is_over"));
        let mut sentences: Vec<String> = over.iter().map(|row| self.sentence(row)).collect();
        if let Some((row, month)) = so_far.and_then(|row| Some((row, row.day("period")?))) {
            let value = row.text("shown_value").map(|value| words::with_unit(value, self.unit()));
            sentences.push(match value {
                Some(value) if over.is_some() => format!("{} so far: {value}.", words::month(month)),
                Some(value) => format!("{title} is {value} in {} so far.", words::month(month)),
                None => format!("{} has no data yet.", words::month(month)),
            });
        }
        if sentences.is_empty() { format!("{title} has no data yet.") } else { sentences.join(" ") }
    }

    fn sentence(&self, row: &Row<'_>) -> String {
        let title = &self.kpi.declared.title;
        let month = row.day("period").map(words::month).unwrap_or_default();
        let Some(value) = row.text("shown_value") else { return format!("{title} has no data in {month}.") };
        let is_provisional = row.text("status") != Some("final");
        let qualified = if is_provisional { " (provisional)" } else { "" };
        let value = words::with_unit(value, self.unit());
        let against = match (row.text("shown_side"), row.text("shown_from_mean")) {
            (Some("at"), _) => ", at the mean of the current phase".to_owned(),
            (Some(side), Some(distance)) => {
                let distance = words::distance(distance, self.unit());
                format!(", {distance} {side} the mean of the current phase")
            }
            _ => String::new(),
        };
        format!("{title} was {value} in {month}{qualified}{against}; {}.", judgement(row))
    }

    /// From which month on values may still change, in a sentence.
    pub(crate) fn completeness(&self) -> String {
        let days = self.kpi.declared.settles_after_days;
        let rule = format!("a month is final {days} day{} after its end", if days == 1 { "" } else { "s" });
        let last_final = self.months.iter().rfind(|row| row.text("status") == Some("final"));
        match last_final.and_then(|row| row.day("period")) {
            Some(month) => format!("Final up to {}; {rule}.", words::month(month)),
            None => format!("All months are provisional; {rule}."),
        }
    }

    /// The unit of its values.
    pub(crate) fn unit(&self) -> &'static str {
        &self.kpi.declared.unit
    }
}

/// What a month's point tells.
pub(crate) fn cause(row: &Row<'_>) -> Cause {
    match (row.text("signal"), row.text("is_improvement")) {
        (None, _) => Cause::Common,
        (Some(_), Some("true")) => Cause::Improvement,
        (Some(_), Some(_)) => Cause::Concern,
        (Some(_), None) => Cause::Change,
    }
}

/// What a month's point tells, in words.
pub(crate) fn judgement(row: &Row<'_>) -> String {
    let Some(signal) = row.text("signal") else {
        let text = match (row.text("mean"), row.text("status")) {
            (None, _) => "too few months for limits",
            (Some(_), Some("final")) => "no special cause",
            _ => "not judged while provisional",
        };
        return text.to_owned();
    };
    let kind = match cause(row) {
        Cause::Improvement => "special cause, better",
        Cause::Concern => "special cause, worse",
        Cause::Common | Cause::Change => "special cause",
    };
    format!("{kind}: {}", words::signal(signal, row.text("signal_side").unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::rows::{Column, Shape};

    const COLUMNS: [&str; 10] = [
        "period",
        "shown_is_over",
        "value",
        "shown_value",
        "shown_side",
        "shown_from_mean",
        "mean",
        "status",
        "signal",
        "is_improvement",
    ];

    fn series(rows: &[[&str; 10]]) -> Series {
        let column = |name: &&str| Column { name: (*name).to_owned(), shape: Shape::Words };
        let cell = |text: &&str| (!text.is_empty()).then(|| (*text).to_owned());
        let table = |rows: &[[&str; 10]]| Table {
            columns: COLUMNS.iter().map(column).collect(),
            rows: rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
        };
        let kpi = catalogue().kpis.get("wait_asa").unwrap();
        Series { kpi, months: table(rows), interventions: Vec::new(), targets: table(&[]) }
    }

    const OCTOBER: [&str; 10] =
        ["2026-10-01", "true", "84.2000", "84.2", "above", "12.1", "72.1000", "final", "", ""];

    #[test]
    fn the_sentence_tells_the_newest_month_that_is_over() {
        assert_eq!(
            series(&[OCTOBER]).summary(),
            "Average speed of answer was 84.2 s in October 2026, 12.1 s above the mean of the current phase; no special cause."
        );
        let mut signal = OCTOBER;
        (signal[8], signal[9]) = ("outside_limits", "false");
        assert!(series(&[signal]).summary().contains("; special cause, worse: "));
        let november =
            ["2026-11-01", "false", "90.0000", "90.0", "above", "17.9", "72.1000", "provisional", "", ""];
        let both = series(&[OCTOBER, november]);
        assert!(both.summary().ends_with("no special cause. November 2026 so far: 90.0 s."), "{}", both.summary());
        assert_eq!(both.completeness(), "Final up to October 2026; a month is final 1 day after its end.");
    }

    #[test]
    fn a_provisional_month_is_not_judged_and_a_young_measure_has_no_limits() {
        let mut provisional = OCTOBER;
        provisional[7] = "provisional";
        let told = series(&[provisional]).summary();
        assert!(
            told.contains("October 2026 (provisional)") && told.ends_with("not judged while provisional."),
            "{told}"
        );
        let young = ["2026-10-01", "true", "84.2000", "84.2", "", "", "", "final", "", ""];
        assert_eq!(
            series(&[young]).summary(),
            "Average speed of answer was 84.2 s in October 2026; too few months for limits."
        );
        assert_eq!(series(&[]).summary(), "Average speed of answer has no data yet.");
    }

    #[test]
    fn points_take_over_what_was_measured() {
        let points = series(&[OCTOBER]).points();
        assert_eq!((points[0].value, points[0].mean, points[0].is_provisional), (Some(84.2), Some(72.1), false));
        assert_eq!(points[0].label, "October 2026: 84.2 s (no special cause)");
    }
}
