//! The running configuration in figures.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Failure;
use crate::control_plane::ControlPlane;
use crate::engine::Running;

/// Which configuration the workers run on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Snapshot {
    /// Its number: it grows with each that the workers adopt.
    pub epoch: u32,
    /// The account's revision that it was compiled from.
    pub revision: u64,
    /// How long it took to compile, in microseconds.
    pub compiled_in_us: u64,
    /// How long it took until all workers ran on it, in microseconds.
    pub adopted_in_us: u64,
}

impl Snapshot {
    pub(super) fn of(running: &Running) -> Snapshot {
        Snapshot {
            epoch: running.compilation.snapshot.epoch.0,
            revision: running.revision,
            compiled_in_us: running.compiled_in.as_micros() as u64,
            adopted_in_us: running.adopted_in.as_micros() as u64,
        }
    }
}

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Status {
    /// Egret's version.
    version: &'static str,
    /// The Region.
    #[schema(example = "us-east-1")]
    region: String,
    /// The account.
    #[schema(example = "123456789012")]
    account: String,
    /// The account's revision: it grows with each accepted change.
    revision: u64,
    /// The last revision that the workers run on. Where it is another, what is between changed nothing
    /// for packets, or is on its way, or does not compile.
    adopted_revision: u64,
    /// What they run on.
    snapshot: Snapshot,
    /// Why the account's network does not compile, if it does not: workers stay on the one before.
    problem: Option<String>,
    /// Each worker of the dataplane.
    workers: Vec<WorkerStatus>,
    /// Runs of live traffic that are not over.
    traffic_runs: usize,
}

/// How a worker is.
#[derive(Debug, Serialize, ToSchema)]
struct WorkerStatus {
    /// Live flows.
    flows: usize,
    /// How many there may be.
    capacity: usize,
    /// Packets that it received.
    received: u64,
}

/// How the server is, and which configuration its workers run on.
#[utoipa::path(
    get, path = "/egret/v1/status", tag = "configuration", security((), ("key" = [])),
    responses((status = 200, body = Status), (status = 401, body = Failure))
)]
pub(super) async fn status(State(plane): State<Arc<ControlPlane>>) -> Json<Status> {
    let (region, account, revision) = plane.read(|account| {
        (account.identity.region.clone(), account.identity.account.clone(), account.revision)
    });
    let progress = plane.engine.progress().borrow().clone();
    let workers = plane.engine.shown().into_iter().map(|shown| WorkerStatus {
        flows: shown.flows,
        capacity: shown.capacity,
        received: shown.counters.received,
    });
    let runs = plane.engine.traffic.runs();
    Json(Status {
        version: env!("CARGO_PKG_VERSION"),
        region,
        account,
        revision,
        adopted_revision: progress.adopted,
        snapshot: Snapshot::of(&plane.engine.running()),
        problem: progress.problem,
        workers: workers.collect(),
        traffic_runs: runs.iter().filter(|run| run.tally().over.is_none()).count(),
    })
}
