//! Which number is asked about, checked against the definitions. Pure.

use anyhow::{Result, bail};
use chrono::{Datelike, Days, Months, NaiveDate};
use queries::{Catalogue, Kind, Kpi, Slice};
use std::collections::BTreeMap;

/// A question about one number.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    pub(crate) kpi: &'a Kpi,
    pub(crate) slice: Slice,
    /// Last local day of the period.
    pub(crate) last_day: NaiveDate,
}

/// Reads what was asked.
///
/// # Errors
/// A sentence with what there is, for a measure that is not there or lacks a dimension.
pub(crate) fn question<'a>(
    catalogue: &'a Catalogue,
    id: &str,
    date: NaiveDate,
    dimensions: BTreeMap<String, String>,
) -> Result<Question<'a>> {
    let Some(kpi) = catalogue.kpis.get(id) else {
        let names: Vec<&str> = catalogue.kpis.keys().map(String::as_str).collect();
        match nearest(id, &names) {
            Some(near) => bail!("there is no measure `{id}`; did you mean `{near}`?"),
            None => bail!("there is no measure `{id}`; there are {}", names.join(", ")),
        }
    };
    let declared = &kpi.declared;
    if let Some(lacking) = dimensions.keys().find(|name| !declared.dimensions.contains(name)) {
        bail!("{id} is not told apart by {lacking}; it has {}", declared.dimensions.join(", "));
    }
    let is_by_month = declared.kind == Kind::Monthly;
    let period = if is_by_month { date.with_day(1).unwrap_or(date) } else { date };
    let last_day = if is_by_month { period + Months::new(1) - Days::new(1) } else { date };
    Ok(Question { kpi, slice: Slice { period, dimensions }, last_day })
}

impl Question<'_> {
    pub(crate) fn is_by_month(&self) -> bool {
        self.kpi.declared.kind == Kind::Monthly
    }

    /// The slice as targets name theirs; empty for the whole council.
    pub(crate) fn slice_name(&self) -> String {
        let named = self.slice.dimensions.iter().map(|(name, value)| format!("{name}={value}"));
        named.collect::<Vec<_>>().join(", ")
    }

    /// The slice for people: ` with queue=TAX`, or nothing.
    pub(crate) fn with_slice(&self) -> String {
        let name = self.slice_name();
        if name.is_empty() { name } else { format!(" with {name}") }
    }
}

/// The name that was probably meant.
pub(crate) fn nearest<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    let likeness = |one: &&str| strsim::jaro_winkler(&name.to_lowercase(), &one.to_lowercase());
    let best = names.iter().copied().max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
    (likeness(&best) > 0.8).then_some(best)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use queries::catalogue;

    fn ask(id: &str, dimensions: &[(&str, &str)]) -> Result<Question<'static>> {
        let dimensions = dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        question(catalogue(), id, NaiveDate::from_ymd_opt(2024, 2, 10).unwrap(), dimensions.collect())
    }

    #[test]
    fn a_day_is_asked_for_or_the_month_around_it() {
        let day = ask("wait_asa", &[("queue", "TAX"), ("channel", "voice")]).unwrap();
        assert_eq!((day.slice.period, day.last_day), (day.last_day, day.slice.period));
        assert_eq!(day.slice_name(), "channel=voice, queue=TAX");
        let month = ask("channel_mix", &[]).unwrap();
        let days = [month.slice.period, month.last_day].map(|day| day.to_string());
        assert_eq!(days, ["2024-02-01", "2024-02-29"]);
        assert_eq!(month.with_slice(), "");
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is() {
        for (id, dimensions, told) in [
            ("wait_assa", &[][..], "did you mean `wait_asa`"),
            ("xyz", &[], "there are abandon_rate, "),
            ("wait_asa", &[("subject_group", "band")], "it has service_area, service_class, queue, channel"),
        ] {
            let problem = ask(id, dimensions).unwrap_err().to_string();
            assert!(problem.contains(told), "{problem}");
        }
        assert_eq!(nearest("tax", &["PS", "TAX"]), Some("TAX"));
    }
}
