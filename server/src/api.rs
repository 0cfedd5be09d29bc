//! Egret's own API, at `/egret/v1`: what the running dataplane is and does, explanations, live traffic
//! and events.
//!
//! AWS's services are all asked at `/`, so nothing of theirs can begin with `/egret`; `v1` lets a later
//! shape stand beside this one. Bodies are JSON, and each error has the one shape of `error`.
//! Whoever must sign for AWS's services must sign here too (`guard`).
//!
//! Nothing here touches a packet: counters are those that workers show of themselves ten times a
//! second, flows are asked of their workers a piece at a time, and explanations are the dataplane's
//! own code on a worker of their own.

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::control_plane::ControlPlane;
use crate::http::Shared;
use guard::Schemes;

mod counters;
mod error;
mod events;
mod explain;
mod extract;
mod flows;
mod guard;
mod health;
mod metrics;
mod names;
mod status;
mod topology;
mod traffic;
mod traffic_report;
mod workload;

pub(crate) use counters::by_element;
pub(crate) use events::LISTENERS;
pub use names::ElementName;
pub(crate) use names::Names;
pub use traffic_report::Verdict;

/// What the document says of the API as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Egret",
        description = "What the running dataplane behind `egret serve` is and does: topology, flows, \
                       counters, explanations, live traffic and events.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    modifiers(&Schemes),
    tags(
        (name = "configuration", description = "What the workers run on"),
        (name = "dataplane", description = "What became of packets"),
        (name = "traffic", description = "Packets on demand"),
        (name = "health", description = "For whoever watches over the server"),
    )
)]
struct Document;

/// All routes of the API, and the document that describes them.
pub fn router(shared: &Shared) -> Router<Shared> {
    let (router, mut document) = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(status::status))
        .routes(routes!(topology::topology))
        .routes(routes!(counters::counters))
        .routes(routes!(counters::elements))
        .routes(routes!(counters::drops))
        .routes(routes!(flows::flows))
        .routes(routes!(explain::explain))
        .routes(routes!(traffic::list, traffic::start))
        .routes(routes!(traffic::show, traffic::stop))
        .routes(routes!(workload::start))
        .routes(routes!(events::events))
        .routes(routes!(metrics::metrics))
        .split_for_parts();
    let (open, health) = OpenApiRouter::<Shared>::new()
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .split_for_parts();
    document.merge(health);
    let document: Arc<str> = document.to_json().expect("a document is plain data").into();
    let guarded = router
        .route("/egret/v1/openapi.json", get(move || answer(Arc::clone(&document))))
        .layer(middleware::from_fn_with_state(shared.clone(), guard::guard));
    guarded
        .merge(open)
        .method_not_allowed_fallback(error::method_not_allowed)
        .fallback(error::no_such_path)
        .layer(middleware::from_fn_with_state(shared.clone(), guard::note))
}

async fn answer(document: Arc<str>) -> ([(axum::http::HeaderName, &'static str); 1], String) {
    ([(axum::http::header::CONTENT_TYPE, "application/json")], document.to_string())
}

impl FromRef<Shared> for Arc<ControlPlane> {
    fn from_ref(shared: &Shared) -> Arc<ControlPlane> {
        Arc::clone(&shared.plane)
    }
}
