//! Live traffic: start it, look at it, stop it.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{ApiError, Failure, Result};
use super::explain;
use super::extract::{Body, Id, whole, whole_if_any};
use super::traffic_report::{RunState, TrafficReport, reports};
use crate::control_plane::ControlPlane;
use crate::engine::traffic::{NotStarted, Plan, Rate, SMALLEST};

/// Packets a second at most, of one run.
const FASTEST: u32 = 1_000_000;
/// Flows at most, of one run.
const MOST_FLOWS: u32 = 10_000;
/// Packets of a flow at most, where flows end.
const MOST_RENEWED: u32 = 1_000_000;
/// The largest packet that a VPC carries.
const LARGEST: u16 = 9_001;
/// The longest that a run with an end may take.
const LONGEST: u32 = 7 * 24 * 60 * 60;

/// What is to be sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TrafficRequest {
    /// Who sends: a service, `SERVICE/TASK`, a network interface by id or name, or an address.
    #[schema(example = "web")]
    from: String,
    /// Where to: a host, a network interface, an endpoint or an address, and a port where the
    /// protocol has ports.
    #[schema(example = "203.0.113.10:443")]
    to: String,
    /// TCP without it.
    #[serde(default)]
    protocol: TrafficProtocol,
    /// Packets a second, over all flows; 10 without it. Answers are not counted.
    #[serde(default = "default_rate", deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 1000000)]
    rate: u32,
    /// Bytes of a packet, from the IP header on; 128 without it. An answer is as large.
    #[serde(default = "default_size", deserialize_with = "whole")]
    #[schema(minimum = 52, maximum = 9001)]
    size: u16,
    /// Flows at once: connections, of TCP; 1 without it.
    #[serde(default = "default_flows", deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 10000)]
    flows: u32,
    /// Packets after which a flow ends and another one begins. Without it flows last, and a tracked
    /// flow outlives the rule that let it in; with 1, every packet asks the rules.
    #[schema(minimum = 1, maximum = 1000000)]
    #[serde(default, deserialize_with = "whole_if_any")]
    renew: Option<u32>,
    /// How many seconds; without it until it is stopped.
    #[serde(default, deserialize_with = "whole_if_any")]
    #[schema(minimum = 1, maximum = 604800)]
    seconds: Option<u32>,
}

/// What live traffic speaks.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum TrafficProtocol {
    /// Connections: SYN, its answer, then segments both ways.
    #[default]
    Tcp,
    /// Datagrams both ways.
    Udp,
    /// Echo requests and replies.
    Icmp,
}

fn default_rate() -> u32 {
    10
}

fn default_size() -> u16 {
    128
}

fn default_flows() -> u32 {
    1
}

/// All runs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TrafficList {
    /// In the order in which they were started.
    traffic: Vec<TrafficReport>,
}

/// Starts traffic from a service or an interface. Each flow is sent by the worker that owns it; the
/// destination answers every packet, and the way back is the real one. It runs until it is stopped, or
/// its time is over.
#[utoipa::path(
    post, path = "/egret/v1/traffic", tag = "traffic", request_body = TrafficRequest,
    security((), ("key" = [])),
    responses(
        (status = 201, body = TrafficReport, headers(("location", description = "Where it is"))),
        (status = 400, body = Failure), (status = 401, body = Failure),
        (status = 404, description = "A name is not known", body = Failure),
        (status = 409, description = "There are too many runs", body = Failure),
        (status = 413, body = Failure), (status = 415, body = Failure),
        (status = 422, description = "The request contradicts itself", body = Failure)
    )
)]
pub(super) async fn start(
    State(plane): State<Arc<ControlPlane>>,
    Body(request): Body<TrafficRequest>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<TrafficReport>)> {
    let plan = request.plan()?;
    let run = plane.engine.start_traffic(vec![plan]).map_err(not_started)?.remove(0);
    tracing::info!(id = run.id, from = run.plan.from, to = run.plan.to, "traffic starts");
    let location = format!("/egret/v1/traffic/{}", run.id);
    let report = reports(&plane, &[(Arc::clone(&run), run.tally(), None)]).remove(0);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(report)))
}

/// Why runs do not start.
pub(super) fn not_started(why: NotStarted) -> ApiError {
    match why {
        NotStarted::Unresolved(why) => explain::unresolved(&why),
        NotStarted::TooMany { .. } => {
            ApiError::new(StatusCode::CONFLICT, "too-many-runs", why.to_string())
                .hint("DELETE /egret/v1/traffic/{id} stops one")
        }
    }
}

/// All runs of traffic that were started and not deleted, with what became of their packets.
#[utoipa::path(
    get, path = "/egret/v1/traffic", tag = "traffic", security((), ("key" = [])),
    responses((status = 200, body = TrafficList), (status = 401, body = Failure))
)]
pub(super) async fn list(State(plane): State<Arc<ControlPlane>>) -> Json<TrafficList> {
    let runs = plane.engine.traffic.runs().into_iter().map(|run| {
        let tally = run.tally();
        (run, tally, None)
    });
    Json(TrafficList { traffic: reports(&plane, &runs.collect::<Vec<_>>()) })
}

/// One run, with what became of its packets; a tenth of a second old at most, and its verdict a few
/// milliseconds.
#[utoipa::path(
    get, path = "/egret/v1/traffic/{id}", tag = "traffic", security((), ("key" = [])),
    params(("id" = u32, Path, description = "Its number")),
    responses(
        (status = 200, body = TrafficReport),
        (status = 400, body = Failure), (status = 401, body = Failure),
        (status = 404, body = Failure)
    )
)]
pub(super) async fn show(
    State(plane): State<Arc<ControlPlane>>,
    Id(id): Id,
) -> Result<Json<TrafficReport>> {
    let run = plane.engine.traffic.run(id).ok_or_else(|| unknown(id))?;
    let tally = run.tally();
    Ok(Json(reports(&plane, &[(run, tally, None)]).remove(0)))
}

/// Stops a run and forgets it. The answer is its last word: every packet is accounted for by then.
#[utoipa::path(
    delete, path = "/egret/v1/traffic/{id}", tag = "traffic", security((), ("key" = [])),
    params(("id" = u32, Path, description = "Its number")),
    responses(
        (status = 200, body = TrafficReport),
        (status = 400, body = Failure), (status = 401, body = Failure),
        (status = 404, body = Failure)
    )
)]
pub(super) async fn stop(
    State(plane): State<Arc<ControlPlane>>,
    Id(id): Id,
) -> Result<Json<TrafficReport>> {
    let was_over = plane.engine.traffic.run(id).is_some_and(|run| run.tally().over.is_some());
    let (run, tally) = plane.engine.traffic.stop(id).await.ok_or_else(|| unknown(id))?;
    tracing::info!(id, sent = tally.sent, "traffic stops");
    let state = if was_over { RunState::Ended } else { RunState::Stopped };
    Ok(Json(reports(&plane, &[(run, tally, Some(state))]).remove(0)))
}

fn unknown(id: u32) -> ApiError {
    let hint = "GET /egret/v1/traffic has those that there are";
    ApiError::not_found(format!("no traffic has the number {id}")).at("id").hint(hint)
}

impl TrafficRequest {
    fn plan(self) -> Result<Plan> {
        within("rate", self.rate, 1, FASTEST)?;
        within("size", u32::from(self.size), u32::from(SMALLEST), u32::from(LARGEST))?;
        within("flows", self.flows, 1, MOST_FLOWS)?;
        if let Some(renew) = self.renew {
            within("renew", renew, 1, MOST_RENEWED)?;
        }
        if let Some(seconds) = self.seconds {
            within("seconds", seconds, 1, LONGEST)?;
        }
        Ok(Plan {
            name: None,
            from: self.from,
            to: self.to,
            protocol: self.protocol.number(),
            rate: Rate::per_second(self.rate),
            size: self.size,
            flows: self.flows,
            renew: self.renew,
            after: Duration::ZERO,
            duration: self.seconds.map(|seconds| Duration::from_secs(seconds.into())),
        })
    }
}

fn within(field: &str, value: u32, least: u32, most: u32) -> Result<()> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let error = ApiError::invalid(format!("{value} is not from {least} to {most}"));
    Err(error.at(field).hint(format!("give a number from {least} to {most}")))
}

impl TrafficProtocol {
    fn number(self) -> egret_dataplane::packet::Protocol {
        use egret_dataplane::packet::Protocol;
        match self {
            TrafficProtocol::Tcp => Protocol::TCP,
            TrafficProtocol::Udp => Protocol::UDP,
            TrafficProtocol::Icmp => Protocol::ICMP,
        }
    }

    pub(super) fn of(protocol: egret_dataplane::packet::Protocol) -> TrafficProtocol {
        use egret_dataplane::packet::Protocol;
        match protocol {
            Protocol::UDP => TrafficProtocol::Udp,
            Protocol::ICMP => TrafficProtocol::Icmp,
            _ => TrafficProtocol::Tcp,
        }
    }
}
