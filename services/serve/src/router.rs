//! The addresses and what is sent for each: the page, its style, the API, the health check.

use crate::api::problem::Problem;
use crate::api::{self, Answer};
use crate::epochs::Epochs;
use crate::{Error, page};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

const STYLE: &str = include_str!("page/style.css");
const HTML: &str = "text/html; charset=utf-8";
/// Says of a CSV answer what a JSON answer says in itself: its epoch, and how complete that is.
const PROVENANCE: HeaderName = HeaderName::from_static("switchboard-provenance");

/// Nothing but our own style sheet is loaded, and the page stands in no frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// All addresses over a lake.
pub(crate) fn router(epochs: Arc<Epochs>) -> Router {
    Router::new()
        .route("/", get(show_page))
        .route("/style.css", get(show_style))
        .route("/healthz", get(check_health))
        .route("/api/kpis", get(list_kpis))
        .route("/api/kpis/{kpi}", get(one_kpi))
        .fallback(nothing_here)
        .layer(map_response(secured))
        .with_state(epochs)
}

async fn show_page(State(epochs): State<Arc<Epochs>>, headers: HeaderMap) -> Response {
    let epoch = match epochs.newest().await {
        Ok(epoch) => epoch,
        Err(Error::Refresh(refresh::Error::NothingPublished)) => {
            let no_cache = [(header::CONTENT_TYPE, HTML), (header::CACHE_CONTROL, "no-cache")];
            return (no_cache, page::nothing_published()).into_response();
        }
        Err(error) => return broken_page(&error),
    };
    match epoch.page.get_or_try_init(|| page::render(&epoch.reading)).await {
        Ok(page) => {
            // Another build may draw the same epoch otherwise.
            let etag = format!("\"epoch-{}-{}\"", epoch.reading.publication.epoch, digest(page));
            validated(&headers, &etag, || Answer { content_type: HTML, saved: None, body: page.clone() })
        }
        Err(error) => broken_page(&error),
    }
}

async fn show_style(headers: HeaderMap) -> Response {
    let answer = || Answer { content_type: "text/css; charset=utf-8", saved: None, body: STYLE.to_owned() };
    validated(&headers, &format!("\"{}\"", digest(STYLE)), answer)
}

async fn check_health(State(epochs): State<Arc<Epochs>>) -> Response {
    match epochs.check() {
        Ok(()) => "ok\n".into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response(),
    }
}

async fn list_kpis(State(epochs): State<Arc<Epochs>>, headers: HeaderMap) -> Response {
    match epochs.newest().await {
        Ok(epoch) => validated(&headers, &epoch.etag(), || api::list(&epoch, queries::catalogue())),
        Err(error) => broken_api(&error),
    }
}

async fn one_kpi(
    State(epochs): State<Arc<Epochs>>,
    Path(kpi): Path<String>,
    Query(parameters): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let epoch = match epochs.newest().await {
        Ok(epoch) => epoch,
        Err(error) => return broken_api(&error),
    };
    let question = match api::question(queries::catalogue(), &kpi, &parameters) {
        Ok(question) => question,
        Err(problem) => return problem.into_response(),
    };
    if is_held(&headers, &epoch.etag()) {
        return unchanged(&epoch.etag());
    }
    match api::answer(&epoch, &question).await {
        Ok(answer) => validated(&headers, &epoch.etag(), || answer),
        Err(error) => broken_api(&error),
    }
}

async fn nothing_here() -> Response {
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, HTML)], page::not_found()).into_response()
}

/// The answer with its validator, or that it has not changed.
fn validated(headers: &HeaderMap, etag: &str, answer: impl FnOnce() -> Answer) -> Response {
    if is_held(headers, etag) {
        return unchanged(etag);
    }
    let answer = answer();
    let mut response = answer.body.into_response();
    let mut set = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, answer.content_type);
    set(header::ETAG, etag);
    set(header::CACHE_CONTROL, "no-cache");
    if let Some(saved) = &answer.saved {
        set(header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{}\"", saved.name));
        set(PROVENANCE, &saved.provenance);
    }
    response
}

fn unchanged(etag: &str) -> Response {
    (StatusCode::NOT_MODIFIED, [(header::ETAG, etag), (header::CACHE_CONTROL, "no-cache")]).into_response()
}

/// Whether the caller holds the answer already.
fn is_held(headers: &HeaderMap, etag: &str) -> bool {
    let given = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = given.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// Why it failed is for the log: it may name files.
fn broken_api(error: &Error) -> Response {
    let (status, told) = match error {
        Error::Refresh(refresh::Error::NothingPublished) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        _ => {
            tracing::error!(error = error as &dyn std::error::Error, "a question was not answered");
            let told = "the published numbers could not be read; the server's log says why";
            (StatusCode::INTERNAL_SERVER_ERROR, told.to_owned())
        }
    };
    Problem { status, error: told, did_you_mean: None }.into_response()
}

fn broken_page(error: &Error) -> Response {
    tracing::error!(error = error as &dyn std::error::Error, "the page was not drawn");
    (StatusCode::INTERNAL_SERVER_ERROR, [(header::CONTENT_TYPE, HTML)], page::broken()).into_response()
}

async fn secured(mut response: Response) -> Response {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn digest(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_held_answer_is_known_by_its_tag_alone_in_a_list_or_weak() {
        let held = |value: &str| {
            let value = HeaderValue::from_str(value).unwrap();
            is_held(&HeaderMap::from_iter([(header::IF_NONE_MATCH, value)]), "\"epoch-12\"")
        };
        assert!(held("\"epoch-12\"") && held("\"a\", W/\"epoch-12\"") && held("*"));
        assert!(!held("\"epoch-1\"") && !held("epoch-12"));
        assert!(!is_held(&HeaderMap::new(), "\"epoch-12\""));
    }
}
