//! What became of packets: in all, at each element, and why they were dropped.
//!
//! Workers show their counters ten times a second, and whoever asks adds them up: no worker notices.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use egret_control::explain::element_kind;
use egret_dataplane::counters::Counters;
use egret_dataplane::verdict::{DropReason, Element};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, Failure, Result};
use super::extract::Asked;
use super::names::{ElementName, Names};
use crate::control_plane::ControlPlane;
use crate::engine::trails::{ByElement, Passed};

/// What became of all packets since the server started. What came in is what went on, was answered,
/// dropped, waits or is with another worker: received + taken_over = forwarded + replied + dropped +
/// held + handed_over.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PacketCounters {
    /// Packets that came in.
    received: u64,
    /// Packets that left, rewritten.
    forwarded: u64,
    /// Packets that were dropped, and their sender told.
    replied: u64,
    /// Packets that were dropped without a word.
    dropped: u64,
    /// Fragments that wait.
    held: u64,
    /// Packets that went to another worker.
    handed_over: u64,
    /// Packets that came from another worker.
    taken_over: u64,
    /// Packets for which what was decided for their flow held as it was.
    hits: u64,
    /// Packets that took the slow way.
    misses: u64,
    /// Flows that were opened.
    flows_opened: u64,
    /// Flows that gave way to others, because the table was full.
    flows_gave_way: u64,
    /// Flows that ended for want of packets.
    flows_idle: u64,
}

impl PacketCounters {
    fn of(counters: &Counters) -> PacketCounters {
        PacketCounters {
            received: counters.received,
            forwarded: counters.forwarded,
            replied: counters.replied,
            dropped: counters.dropped(),
            held: counters.held,
            handed_over: counters.handed_over,
            taken_over: counters.taken_over,
            hits: counters.hits,
            misses: counters.misses,
            flows_opened: counters.opened,
            flows_gave_way: counters.gave_way,
            flows_idle: counters.idle_timeouts,
        }
    }
}

/// What became of packets, over all workers and by each.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AllCounters {
    /// Over all workers.
    total: PacketCounters,
    /// By each worker, in their order.
    workers: Vec<PacketCounters>,
}

/// What became of all packets; a tenth of a second old at most.
#[utoipa::path(
    get, path = "/egret/v1/counters", tag = "dataplane", security((), ("key" = [])),
    responses((status = 200, body = AllCounters), (status = 401, body = Failure))
)]
pub(super) async fn counters(State(plane): State<Arc<ControlPlane>>) -> Json<AllCounters> {
    let shown = plane.engine.shown();
    let total = Counters::sum(shown.iter().map(|shown| &shown.counters));
    Json(AllCounters {
        total: PacketCounters::of(&total),
        workers: shown.iter().map(|shown| PacketCounters::of(&shown.counters)).collect(),
    })
}

/// Which elements.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ElementQuery {
    /// Those of this kind only.
    #[param(
        example = "nat-gateway",
        pattern = "^(dataplane|service|hyperplane-eni|security-group|network-acl|route-table|nat-gateway|internet-gateway|vpc-endpoint|peering|transit-gateway|external-network|network-interface|link-local|internet)$"
    )]
    kind: Option<String>,
}

/// What passed an element.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ElementCounters {
    /// The element.
    element: ElementName,
    /// Packets that came to it, both ways, those that it dropped among them.
    packets: u64,
    /// Their bytes, from the IP header on, as they entered the dataplane.
    bytes: u64,
    /// Packets that it dropped.
    dropped: u64,
    /// The same by reason.
    drops: BTreeMap<&'static str, u64>,
}

/// The elements that packets passed, or that dropped some.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Elements {
    /// The elements, by kind and id.
    elements: Vec<ElementCounters>,
}

/// What passed each element: services, interfaces and their security groups, network ACLs, route
/// tables, gateways, endpoints. Packets of live traffic and of explanations sent through the running
/// dataplane count. An element that nothing came to yet is left out.
#[utoipa::path(
    get, path = "/egret/v1/elements", tag = "dataplane", params(ElementQuery),
    security((), ("key" = [])),
    responses(
        (status = 200, body = Elements),
        (status = 400, body = Failure), (status = 401, body = Failure)
    )
)]
pub(super) async fn elements(
    State(plane): State<Arc<ControlPlane>>,
    Asked(query): Asked<ElementQuery>,
) -> Result<Json<Elements>> {
    if let Some(kind) = query.kind.as_deref().filter(|kind| !KINDS.contains(kind)) {
        let error = ApiError::invalid(format!("no kind of element is called `{kind}`"));
        return Err(error.at("kind").hint(format!("kinds are {}", KINDS.join(", "))));
    }
    let running = plane.engine.running();
    let names = Names::of(&running);
    let of_kind = |element: &Element| match query.kind.as_deref() {
        Some(kind) => element_kind(*element) == kind,
        None => true,
    };
    let mut elements: Vec<ElementCounters> = by_element(&plane)
        .into_iter()
        .filter(|(element, _)| of_kind(element))
        .map(|(element, (passed, drops))| ElementCounters {
            element: names.element(element),
            packets: passed.packets,
            bytes: passed.bytes,
            dropped: drops.values().sum(),
            drops,
        })
        .collect();
    elements.sort_by(|a, b| a.element.cmp(&b.element));
    Ok(Json(Elements { elements }))
}

const KINDS: [&str; 15] = [
    "dataplane",
    "service",
    "hyperplane-eni",
    "security-group",
    "network-acl",
    "route-table",
    "nat-gateway",
    "internet-gateway",
    "vpc-endpoint",
    "peering",
    "transit-gateway",
    "external-network",
    "network-interface",
    "link-local",
    "internet",
];

/// What passed each element, and what it dropped for which reason, over all workers.
pub(crate) fn by_element(
    plane: &ControlPlane,
) -> HashMap<Element, (Passed, BTreeMap<&'static str, u64>)> {
    let mut all: HashMap<Element, (Passed, BTreeMap<&'static str, u64>)> = HashMap::new();
    for shown in plane.engine.shown() {
        let passed: &ByElement = &shown.passed;
        for (element, passed) in passed {
            all.entry(*element).or_default().0.add(*passed);
        }
        for (drop, count) in shown.counters.drops() {
            *all.entry(drop.element).or_default().1.entry(drop.reason.name()).or_default() += count;
        }
    }
    all
}

/// Packets that an element dropped for a reason.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DropCounter {
    /// Why.
    #[schema(example = "security-group-egress")]
    reason: &'static str,
    /// Reachability Analyzer's code for it; Egret's own begin with `SIM_`.
    #[schema(example = "ENI_SG_RULES_MISMATCH")]
    code: &'static str,
    /// What happened, as a sentence.
    sentence: &'static str,
    /// Where.
    element: ElementName,
    /// Packets, those whose sender was told among them.
    packets: u64,
}

/// What was dropped since the server started.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Drops {
    /// By reason and element, the most first.
    drops: Vec<DropCounter>,
}

/// Packets dropped, by reason and by what dropped them.
#[utoipa::path(
    get, path = "/egret/v1/drops", tag = "dataplane", security((), ("key" = [])),
    responses((status = 200, body = Drops), (status = 401, body = Failure))
)]
pub(super) async fn drops(State(plane): State<Arc<ControlPlane>>) -> Json<Drops> {
    let running = plane.engine.running();
    let names = Names::of(&running);
    let counters = plane.engine.counters();
    let mut all: HashMap<(DropReason, Element), u64> = HashMap::new();
    for (drop, count) in counters.drops() {
        *all.entry((drop.reason, drop.element)).or_default() += count;
    }
    let drops = all.into_iter().map(|((reason, element), packets)| DropCounter {
        reason: reason.name(),
        code: reason.code(),
        sentence: reason.sentence(),
        element: names.element(element),
        packets,
    });
    let mut drops: Vec<DropCounter> = drops.collect();
    drops.sort_by(|a, b| {
        b.packets.cmp(&a.packets).then_with(|| (a.reason, &a.element).cmp(&(b.reason, &b.element)))
    });
    Json(Drops { drops })
}
