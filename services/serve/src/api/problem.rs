//! What is told to a caller whose request cannot be answered.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// How alike two names must be for one to be taken for the other, of 1.
const ALIKE: f64 = 0.7;

/// A request that cannot be answered: what is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The status.
    pub(crate) status: StatusCode,
    /// The sentence.
    pub(crate) error: String,
    /// The name that was probably meant.
    pub(crate) did_you_mean: Option<String>,
}

impl Problem {
    /// The request is wrong.
    pub(crate) fn bad_request(error: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error: error.into(), did_you_mean: None }
    }

    /// A name is not known; the most alike of the known ones is offered.
    pub(crate) fn unknown<'a>(
        status: StatusCode,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        let did_you_mean = nearest(name, &known).map(str::to_owned);
        let hint = match &did_you_mean {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if known.is_empty() => "there is none".to_owned(),
            None => format!("known are {}", known.join(", ")),
        };
        Self { status, error: format!("unknown {what} `{name}`; {hint}"), did_you_mean }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body =
            json!({ "error": self.error, "did_you_mean": self.did_you_mean, "status": self.status.as_u16() });
        let headers = [("content-type", "application/json"), ("cache-control", "no-cache")];
        (self.status, headers, body.to_string()).into_response()
    }
}

/// The most alike of the known names, if one is alike enough. Capitals do not matter.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = name.to_lowercase();
    let scored = known.iter().map(|known| (strsim::jaro_winkler(&plain, known), *known));
    let best = scored.max_by(|one, other| one.0.total_cmp(&other.0));
    best.filter(|(score, _)| *score >= ALIKE).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_gets_the_nearest_and_a_strange_one_all() {
        let known = ["abandon_rate", "wait_asa"];
        let problem = |name| Problem::unknown(StatusCode::NOT_FOUND, "measure", name, known);
        assert_eq!(problem("wait_assa").did_you_mean.as_deref(), Some("wait_asa"));
        assert_eq!(problem("WAIT_ASA").did_you_mean.as_deref(), Some("wait_asa"));
        assert_eq!(problem("zzz").error, "unknown measure `zzz`; known are abandon_rate, wait_asa");
    }
}
