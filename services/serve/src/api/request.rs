//! What is asked of the API, checked against the catalogue. Pure.

use crate::api::problem::Problem;
use axum::http::StatusCode;
use chrono::NaiveDate;
use queries::catalogue::DIMENSIONS;
use queries::{Catalogue, Kind, Kpi};

/// A question about one measure.
#[derive(Debug, Clone)]
pub(crate) struct Question<'a> {
    /// The measure.
    pub(crate) kpi: &'a Kpi,
    /// The length of a period.
    pub(crate) grain: Grain,
    /// First local day; its whole month for a monthly series.
    pub(crate) from: Option<NaiveDate>,
    /// Last local day; its whole month for a monthly series.
    pub(crate) to: Option<NaiveDate>,
    /// The dimensions by which rows are told apart, of those that the measure has.
    pub(crate) by: Vec<&'static str>,
    /// How the answer is written.
    pub(crate) format: Format,
}

/// The length of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grain {
    /// Local months.
    Month,
    /// Local days.
    Day,
}

impl Grain {
    /// The word for it, also the name of the column that holds its first day.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Day => "day",
        }
    }
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// With everything that qualifies the numbers.
    Json,
    /// The rows alone.
    Csv,
}

const PARAMETERS: [&str; 5] = ["by", "format", "from", "grain", "to"];

/// Reads a question from the last part of the path, `wait_asa` or `wait_asa.csv`, and the parameters.
///
/// # Errors
/// A [`Problem`] of status 404 for a measure that is not known, else 400.
pub(crate) fn question<'a>(
    catalogue: &'a Catalogue,
    path: &str,
    parameters: &[(String, String)],
) -> Result<Question<'a>, Problem> {
    let (name, ending) = path.strip_suffix(".csv").map_or((path, None), |name| (name, Some(Format::Csv)));
    let known = catalogue.kpis.keys().map(String::as_str);
    let kpi = catalogue.kpis.get(name);
    let kpi = kpi.ok_or_else(|| Problem::unknown(StatusCode::NOT_FOUND, "measure", name, known))?;
    let mut question = Question {
        kpi,
        grain: Grain::Month,
        from: None,
        to: None,
        by: Vec::new(),
        format: ending.unwrap_or(Format::Json),
    };
    for (place, (name, value)) in parameters.iter().enumerate() {
        if parameters[..place].iter().any(|(other, _)| other == name) {
            return Err(Problem::bad_request(format!("`{name}` is given twice; give it once")));
        }
        match name.as_str() {
            "grain" => question.grain = grain(kpi, value)?,
            "from" => question.from = Some(day(name, value)?),
            "to" => question.to = Some(day(name, value)?),
            "by" => question.by = dimensions(kpi, value)?,
            "format" => question.format = format(value, ending)?,
            _ => return Err(Problem::unknown(StatusCode::BAD_REQUEST, "parameter", name, PARAMETERS)),
        }
    }
    match (question.from, question.to) {
        (Some(from), Some(to)) if from > to => {
            Err(Problem::bad_request(format!("the period ends ({to}) before it begins ({from})")))
        }
        _ => Ok(question),
    }
}

fn grain(kpi: &Kpi, value: &str) -> Result<Grain, Problem> {
    match value {
        "month" => Ok(Grain::Month),
        "day" if kpi.declared.kind == Kind::Monthly => {
            Err(Problem::bad_request(format!("`{}` is measured by month only; leave `grain` out", kpi.id)))
        }
        "day" => Ok(Grain::Day),
        other => Err(Problem::bad_request(format!("`grain` is `month` or `day`, not `{other}`"))),
    }
}

fn day(name: &str, value: &str) -> Result<NaiveDate, Problem> {
    let parsed = NaiveDate::parse_from_str(value, "%Y-%m-%d");
    parsed.map_err(|_| Problem::bad_request(format!("`{name}` is a day such as 2026-10-31, not `{value}`")))
}

fn dimensions(kpi: &Kpi, value: &str) -> Result<Vec<&'static str>, Problem> {
    let own = |name: &str| kpi.declared.dimensions.iter().any(|own| own == name);
    let dimension = |name: &str| {
        let found = DIMENSIONS.into_iter().find(|known| *known == name && own(name));
        let refusal = || {
            let dimensions = kpi.declared.dimensions.join(", ");
            Problem::bad_request(format!(
                "`{}` has no dimension `{name}`; it has {}",
                kpi.id,
                if dimensions.is_empty() { "none" } else { &dimensions }
            ))
        };
        found.ok_or_else(refusal)
    };
    value.split(',').map(|name| dimension(name.trim())).collect()
}

fn format(value: &str, ending: Option<Format>) -> Result<Format, Problem> {
    match (value, ending) {
        ("csv", _) => Ok(Format::Csv),
        ("json", None) => Ok(Format::Json),
        ("json", Some(_)) => Err(Problem::bad_request("the address ends in .csv, but `format` is `json`")),
        (other, _) => Err(Problem::bad_request(format!("`format` is `json` or `csv`, not `{other}`"))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use queries::catalogue;

    fn ask(path: &str, parameters: &[(&str, &str)]) -> Result<Question<'static>, Problem> {
        let owned = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        question(catalogue(), path, &owned.collect::<Vec<_>>())
    }

    #[test]
    fn a_bare_name_asks_for_all_months_as_json() {
        let question = ask("wait_asa", &[]).unwrap();
        assert_eq!((question.kpi.id.as_str(), question.grain), ("wait_asa", Grain::Month));
        assert_eq!((question.format, question.by.len(), question.from), (Format::Json, 0, None));
    }

    #[test]
    fn everything_can_be_said() {
        let all = [("grain", "day"), ("from", "2026-10-01"), ("to", "2026-10-31"), ("by", "queue, channel")];
        let question = ask("wait_asa.csv", &all).unwrap();
        assert_eq!((question.grain, question.format), (Grain::Day, Format::Csv));
        assert_eq!(question.by, ["queue", "channel"]);
        assert_eq!(question.to, NaiveDate::from_ymd_opt(2026, 10, 31));
    }

    #[test]
    fn what_cannot_be_answered_is_refused_with_what_can() {
        for (path, parameters, status, told) in [
            ("wait_assa", &[][..], 404, "did you mean `wait_asa`"),
            ("wait_asa", &[("from", "1 October")][..], 400, "2026-10-31"),
            ("wait_asa", &[("from", "2026-02-30")], 400, "2026-10-31"),
            ("wait_asa", &[("from", "2026-10-02"), ("to", "2026-10-01")], 400, "before it begins"),
            ("wait_asa", &[("grain", "hour")], 400, "`month` or `day`"),
            ("wait_asa", &[("grian", "day")], 400, "did you mean `grain`"),
            ("wait_asa", &[("grain", "day"), ("grain", "day")], 400, "twice"),
            ("wait_asa", &[("by", "subject_group")], 400, "service_area, service_class, queue, channel"),
            ("wait_asa", &[("by", "1; DROP TABLE calls")], 400, "no dimension"),
            ("wait_asa", &[("format", "xlsx")], 400, "`json` or `csv`"),
            ("wait_asa.csv", &[("format", "json")], 400, "ends in .csv"),
            ("channel_mix", &[("grain", "day")], 400, "by month only"),
        ] {
            let problem = ask(path, parameters).unwrap_err();
            assert_eq!(problem.status.as_u16(), status, "{path} {parameters:?}");
            assert!(problem.error.contains(told), "{path} {parameters:?}: {}", problem.error);
        }
    }
}
