//! Live traffic: start it, look at it, stop it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{ApiError, Failure, Result};
use super::explain;
use super::extract::{Body, Id, whole, whole_if_any};
use super::names::{ElementName, Names};
use crate::control_plane::ControlPlane;
use crate::engine::Running;
use crate::engine::traffic::{Last, NotStarted, Plan, Run, SMALLEST, Tally, Traffic, Way};

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
enum TrafficProtocol {
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

/// A run of live traffic. What is sent has arrived or was dropped, or is between two workers:
/// sent + answers = delivered + answers_delivered + dropped + under_way.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TrafficReport {
    /// Its number.
    id: u32,
    /// Who sends.
    from: String,
    /// Where to.
    to: String,
    protocol: TrafficProtocol,
    /// Packets a second.
    rate: u32,
    /// Bytes of a packet.
    size: u16,
    /// Flows at once.
    flows: u32,
    /// Packets after which a flow ends.
    renew: Option<u32>,
    /// How many seconds.
    seconds: Option<u32>,
    /// When it was started.
    #[schema(value_type = String, format = DateTime)]
    started: String,
    /// Whether it sends.
    state: RunState,
    /// Why source or destination are not known any more, if they are not: packets go on from where the
    /// source was.
    problem: Option<String>,
    /// Packets that the source sent.
    sent: u64,
    /// Their bytes.
    sent_bytes: u64,
    /// Packets that arrived at the destination.
    delivered: u64,
    /// Packets by which the destination answered.
    answers: u64,
    /// Answers that arrived at the source.
    answers_delivered: u64,
    /// Packets and answers that were dropped.
    dropped: u64,
    /// The same by reason, the most first.
    drops: Vec<TrafficDrop>,
    /// Packets and answers that Egret itself lost, by drops for want of room: flow tables, rings
    /// between workers. They are among the dropped.
    lost: u64,
    /// Packets between two workers.
    under_way: u64,
    /// Packets that were not sent, because their worker did not come to it in time.
    behind: u64,
    /// How often the verdict changed.
    verdict_changes: u64,
    /// What became of the last packet.
    verdict: Option<Verdict>,
}

/// Whether a run sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum RunState {
    /// It sends.
    Running,
    /// Its time was over.
    Ended,
    /// It was stopped.
    Stopped,
}

/// Packets that were dropped for a reason.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TrafficDrop {
    /// Why.
    #[schema(example = "security-group-egress")]
    reason: &'static str,
    /// Reachability Analyzer's code for it.
    code: &'static str,
    /// Where.
    element: ElementName,
    /// `forward` for packets, `return` for answers.
    way: &'static str,
    /// How many.
    packets: u64,
}

/// What became of the last packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Verdict {
    /// `delivered`: it arrived, and its answer came back. `no-reply`: its answer was dropped.
    /// `dropped`.
    #[schema(example = "delivered")]
    pub outcome: &'static str,
    /// Why, unless it was delivered.
    pub reason: Option<&'static str>,
    /// Reachability Analyzer's code for it.
    pub code: Option<&'static str>,
    /// What dropped it.
    pub element: Option<ElementName>,
    /// The epoch of the configuration by which it was judged.
    pub epoch: u32,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: String,
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
    let run = plane.engine.start_traffic(plan).map_err(|why| match why {
        NotStarted::Unresolved(why) => explain::unresolved(&why),
        NotStarted::TooMany => {
            ApiError::new(StatusCode::CONFLICT, "too-many-runs", why.to_string())
                .hint("DELETE /egret/v1/traffic/{id} stops one")
        }
    })?;
    tracing::info!(id = run.id, from = run.plan.from, to = run.plan.to, "traffic starts");
    let location = format!("/egret/v1/traffic/{}", run.id);
    let report = reports(&plane, &[(Arc::clone(&run), run.tally(), None)]).remove(0);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(report)))
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
            from: self.from,
            to: self.to,
            protocol: self.protocol.number(),
            rate: self.rate,
            size: self.size,
            flows: self.flows,
            renew: self.renew,
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

    fn of(protocol: egret_dataplane::packet::Protocol) -> TrafficProtocol {
        use egret_dataplane::packet::Protocol;
        match protocol {
            Protocol::UDP => TrafficProtocol::Udp,
            Protocol::ICMP => TrafficProtocol::Icmp,
            _ => TrafficProtocol::Tcp,
        }
    }
}

type Told = (Arc<Run>, Tally, Option<RunState>);

fn reports(plane: &ControlPlane, runs: &[Told]) -> Vec<TrafficReport> {
    let running = plane.engine.running();
    let names = Names::of(&running);
    runs.iter().map(|told| report(&plane.engine.traffic, &names, told)).collect()
}

fn report(traffic: &Traffic, names: &Names<'_>, (run, tally, state): &Told) -> TrafficReport {
    let plan = &run.plan;
    let now = if tally.over.is_some() { RunState::Ended } else { RunState::Running };
    let drops = tally.drops.iter().map(|((drop, way), packets)| TrafficDrop {
        reason: drop.reason.name(),
        code: drop.reason.code(),
        element: names.element(drop.element),
        way: if *way == Way::Forward { "forward" } else { "return" },
        packets: *packets,
    });
    let mut drops: Vec<TrafficDrop> = drops.collect();
    drops.sort_by(|a, b| b.packets.cmp(&a.packets).then_with(|| a.reason.cmp(b.reason)));
    TrafficReport {
        id: run.id,
        from: plan.from.clone(),
        to: plan.to.clone(),
        protocol: TrafficProtocol::of(plan.protocol),
        rate: plan.rate,
        size: plan.size,
        flows: plan.flows,
        renew: plan.renew,
        seconds: plan.duration.map(|duration| duration.as_secs() as u32),
        started: moment(run.started),
        state: state.unwrap_or(now),
        problem: run.problem(),
        sent: tally.sent,
        sent_bytes: tally.sent_bytes,
        delivered: tally.delivered,
        answers: tally.answers,
        answers_delivered: tally.answers_delivered,
        dropped: tally.dropped(),
        drops,
        lost: tally.lost(),
        under_way: tally.under_way(),
        behind: tally.behind,
        verdict_changes: tally.turns,
        verdict: tally.last.map(|last| Verdict::of(traffic, names, last)),
    }
}

impl Verdict {
    fn of(traffic: &Traffic, names: &Names<'_>, last: Last) -> Verdict {
        let drop = last.drop.map(|(drop, _)| drop);
        Verdict {
            outcome: last.outcome(),
            reason: drop.map(|drop| drop.reason.name()),
            code: drop.map(|drop| drop.reason.code()),
            element: drop.map(|drop| names.element(drop.element)),
            epoch: last.epoch,
            at: moment(traffic.wall(last.at)),
        }
    }

    /// What the last word was under that configuration.
    pub(crate) fn under(traffic: &Traffic, running: &Running, last: Last) -> Verdict {
        Verdict::of(traffic, &Names::of(running), last)
    }
}

fn moment(at: SystemTime) -> String {
    let at = jiff::Timestamp::try_from(at).unwrap_or_default();
    format!("{at:.3}")
}
