//! Whether it runs, and whether it runs on what the account says.

use axum::extract::State;
use axum::http::StatusCode;

use crate::http::Shared;

/// Whether the server runs.
#[utoipa::path(
    get, path = "/health/live", tag = "health",
    responses((status = 200, description = "It runs", body = String, content_type = "text/plain"))
)]
pub(super) async fn live() -> &'static str {
    "alive\n"
}

/// Whether the dataplane runs on what the account says.
#[utoipa::path(
    get, path = "/health/ready", tag = "health",
    responses(
        (status = 200, description = "It does", body = String, content_type = "text/plain"),
        (status = 503, description = "The account's network does not compile, and workers stay on the one before; or the server stops", body = String, content_type = "text/plain"),
    )
)]
pub(super) async fn ready(State(shared): State<Shared>) -> (StatusCode, String) {
    if *shared.stopping.borrow() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the server stops\n".to_owned());
    }
    match shared.plane.engine.progress().borrow().problem.clone() {
        None => (StatusCode::OK, "ready\n".to_owned()),
        Some(problem) => (StatusCode::SERVICE_UNAVAILABLE, format!("{problem}\n")),
    }
}
