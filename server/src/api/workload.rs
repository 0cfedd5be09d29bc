//! A scenario's own traffic, as live traffic.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{ApiError, Failure, Result};
use super::extract::Body;
use super::traffic::not_started;
use super::traffic_report::{TrafficReport, reports};
use crate::control_plane::ControlPlane;
use crate::engine::Running;
use crate::engine::traffic::workload::{Projection, Remark, Script};

/// Which of the scenario's traffic is to be sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkloadRequest {
    /// The names of entries; without it all of them.
    #[schema(example = json!(["quiet before"]))]
    only: Option<Vec<String>>,
}

/// What was started of the scenario's traffic.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WorkloadReport {
    /// The runs: one for each entry, and for each task of a service that shares in it.
    started: Vec<TrafficReport>,
    /// What is sent otherwise than the scenario says.
    changed: Vec<EntryRemark>,
    /// Entries of which nothing is sent.
    left_out: Vec<EntryRemark>,
}

/// Something about an entry of the scenario's traffic.
#[derive(Debug, Serialize, ToSchema)]
struct EntryRemark {
    /// The entry.
    name: String,
    /// What is otherwise, or why it is left out.
    why: String,
}

/// Starts the served scenario's `traffic:` as live traffic of the same shape: who sends where, how fast,
/// in how many flows and packets of what size, and when. All of it starts, or nothing does. It is a
/// projection: there is no TCP stack, no loss and no virtual time; `egret run` has those.
#[utoipa::path(
    post, path = "/egret/v1/traffic/scenario", tag = "traffic", request_body = WorkloadRequest,
    security((), ("key" = [])),
    responses(
        (status = 201, body = WorkloadReport),
        (status = 400, body = Failure), (status = 401, body = Failure),
        (status = 404, description = "The scenario has no such traffic", body = Failure),
        (status = 409, description = "There is no room for so many runs", body = Failure),
        (status = 413, body = Failure), (status = 415, body = Failure)
    )
)]
pub(super) async fn start(
    State(plane): State<Arc<ControlPlane>>,
    Body(request): Body<WorkloadRequest>,
) -> Result<(StatusCode, Json<WorkloadReport>)> {
    let script = request.chosen(&plane.engine.surroundings().script)?;
    let Projection { plans, changed, left_out } = project(&script, &plane.engine.running());
    let runs = plane.engine.start_traffic(plans).map_err(|why| {
        not_started(why).hint("DELETE /egret/v1/traffic/{id} stops one; `only` chooses entries")
    })?;
    tracing::info!(runs = runs.len(), left_out = left_out.len(), "the scenario's traffic starts");
    let told: Vec<_> = runs.into_iter().map(|run| (Arc::clone(&run), run.tally(), None)).collect();
    let started = reports(&plane, &told);
    let [changed, left_out] =
        [changed, left_out].map(|all| all.into_iter().map(EntryRemark::of).collect());
    Ok((StatusCode::CREATED, Json(WorkloadReport { started, changed, left_out })))
}

/// The runs of a script, but for those whose sender or destination is not there (any more).
fn project(script: &Script, running: &Running) -> Projection {
    let services = &running.model.services;
    let tasks = |name: &str| services.iter().find(|one| one.id.value == name).map(|one| *one.tasks);
    let mut projection = script.project(|name| tasks(name).unwrap_or_default());
    let Projection { plans, left_out, .. } = &mut projection;
    plans.retain(|plan| {
        let Err(why) = running.resolves(&plan.request()) else { return true };
        let (name, why) = (plan.name.clone().unwrap_or_default(), format!("{why}."));
        let remark = Remark { name, why };
        // Tasks that share an entry say the same.
        if !left_out.contains(&remark) {
            left_out.push(remark);
        }
        false
    });
    projection
}

impl WorkloadRequest {
    fn chosen(self, script: &Script) -> Result<Script> {
        if script.traffic.is_empty() {
            let message = "no scenario with traffic is served";
            let hint = "give `egret serve --scenario` one that has `traffic:`; \
                        POST /egret/v1/traffic sends anything";
            return Err(ApiError::not_found(message).hint(hint));
        }
        let Some(only) = self.only else { return Ok(script.clone()) };
        let unknown = only.iter().find(|name| script.traffic.iter().all(|one| one.name != **name));
        if let Some(unknown) = unknown {
            let message = format!("the scenario has no traffic that is called `{unknown}`");
            let names: Vec<_> =
                script.traffic.iter().map(|one| format!("`{}`", one.name)).collect();
            let hint = format!("it has {}", names.join(", "));
            return Err(ApiError::not_found(message).at("only").hint(hint));
        }
        let chosen = script.traffic.iter().filter(|one| only.contains(&one.name)).cloned();
        Ok(Script { traffic: chosen.collect(), duration: script.duration })
    }
}

impl EntryRemark {
    fn of(remark: Remark) -> EntryRemark {
        EntryRemark { name: remark.name, why: remark.why }
    }
}
