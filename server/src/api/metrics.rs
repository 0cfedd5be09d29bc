//! Figures for Prometheus.

use axum::extract::State;
use axum::http::{HeaderName, header};

use super::error::Failure;
use crate::http::Shared;
use crate::metrics::OPEN_METRICS;

/// Figures for Prometheus, in OpenMetrics: requests, changes, commits, connections, the workers'
/// configuration, packets, drops by reason, flows, and what passed gateways, endpoints and shared
/// interfaces.
#[utoipa::path(
    get, path = "/metrics", tag = "health", security((), ("key" = [])),
    responses(
        (status = 200, body = String, content_type = "application/openmetrics-text"),
        (status = 401, body = Failure)
    )
)]
pub(super) async fn metrics(
    State(shared): State<Shared>,
) -> ([(HeaderName, &'static str); 1], String) {
    ([(header::CONTENT_TYPE, OPEN_METRICS)], shared.metrics.read(&shared.plane))
}
