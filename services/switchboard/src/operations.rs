//! The operations listener: what a machine that watches this one asks, apart from what users see.
//!
//! `/metrics` in Prometheus' text, `/healthz` while the process is alive, `/readyz` while its work
//! can be done. It is off unless `operations.listen` says where.

mod duty;

pub(crate) use duty::Duty;

use crate::config::OperationsConfig;
use anyhow::{Context, Result};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Upper bounds of what is measured in seconds: from a commit on a young table to a slow object store.
const SECONDS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// How often measured times are summed up, so that they do not pile up while nobody asks.
const SUM_UP_AFTER: Duration = Duration::from_secs(5);

/// The listener, if there is one. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Operations(#[expect(dead_code, reason = "held for its drop")] JoinSet<()>);

struct Watched {
    metrics: PrometheusHandle,
    duties: Vec<Duty>,
}

/// Begins to count, and listens where the settings say so. Everything that is counted before is lost.
pub(crate) async fn start(config: &OperationsConfig, duties: Vec<Duty>) -> Result<Operations> {
    let mut tasks = JoinSet::new();
    let Some(asked) = config.listen else { return Ok(Operations(tasks)) };
    let listener = TcpListener::bind(asked).await;
    let listener = listener.with_context(|| format!("operations.listen: cannot listen on {asked}"))?;
    let address = listener.local_addr()?;
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .install_recorder()?;
    ingest::metrics::describe();
    if !address.ip().is_loopback() {
        eprintln!("warning: whoever reaches {address} can read the metrics; there is no password");
    }
    eprintln!("operations on http://{address}: /metrics, /healthz, /readyz");
    let router = router(Arc::new(Watched { metrics: metrics.clone(), duties }));
    tasks.spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the operations listener has ended");
        }
    });
    tasks.spawn(async move {
        loop {
            tokio::time::sleep(SUM_UP_AFTER).await;
            metrics.run_upkeep();
        }
    });
    Ok(Operations(tasks))
}

fn router(watched: Arc<Watched>) -> Router {
    Router::new()
        .route("/metrics", get(show_metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(check_ready))
        .with_state(watched)
}

async fn show_metrics(State(watched): State<Arc<Watched>>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, watched.metrics.render()).into_response()
}

async fn check_ready(State(watched): State<Arc<Watched>>) -> Response {
    let mut reasons = Vec::new();
    for duty in &watched.duties {
        reasons.extend(duty.reasons_against().await);
    }
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({ "ready": reasons.is_empty(), "reasons": reasons }).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
