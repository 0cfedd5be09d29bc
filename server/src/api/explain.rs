//! What happens to a packet, as `egret explain --format json` has it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use egret_control::explain::analysis;
use egret_control::explain::resolve::Request;
use egret_dataplane::packet::Protocol;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, Failure, Result};
use super::extract::Asked;
use super::status::Snapshot;
use crate::control_plane::ControlPlane;

/// Which packet.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PacketQuery {
    /// Who sends: a service, `SERVICE/TASK`, a network interface by id or name, or an address.
    #[param(example = "web")]
    from: String,
    /// Where to: a host, a network interface, an endpoint or an address, and a port where the
    /// protocol has ports.
    #[param(example = "203.0.113.10:443")]
    to: String,
    /// `tcp`, `udp`, `icmp`, or a number; TCP without it.
    #[param(pattern = "^(tcp|udp|icmp|25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$")]
    protocol: Option<String>,
    /// The source port of TCP and UDP.
    #[param(minimum = 0, maximum = 65535)]
    source_port: Option<u16>,
    /// ICMP type and code, as `8/0`; implies ICMP.
    #[param(
        pattern = "^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(/(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9]))?$"
    )]
    icmp: Option<String>,
    /// Whether to go on past a drop as if the packet had been allowed, and list everything in the way.
    #[serde(default)]
    all: bool,
}

/// What happens to a packet, and by which configuration.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Explained {
    /// The configuration that judged it: that of the workers.
    snapshot: Snapshot,
    /// In the shape of Reachability Analyzer's `NetworkInsightsAnalysis`, with what Egret knows beyond
    /// it under `Egret`: what `egret explain --format json` prints.
    #[schema(value_type = Object)]
    analysis: Value,
}

/// What happens to a packet and to its answer, hop by hop, under the configuration that the workers
/// run on. It is the dataplane's own code with a recorder attached, on a worker of its own: what it
/// says is so for a packet that opens a flow, and live traffic is not touched.
#[utoipa::path(
    get, path = "/egret/v1/explain", tag = "dataplane", params(PacketQuery),
    security((), ("key" = [])),
    responses(
        (status = 200, body = Explained),
        (status = 400, body = Failure), (status = 401, body = Failure),
        (status = 404, description = "A name is not known", body = Failure),
        (status = 422, description = "The question contradicts itself", body = Failure)
    )
)]
pub(super) async fn explain(
    State(plane): State<Arc<ControlPlane>>,
    Asked(query): Asked<PacketQuery>,
) -> Result<Json<Explained>> {
    let request = query.read()?;
    let running = plane.engine.running();
    // It takes a copy of the configuration, which may be a large one.
    let explained = tokio::task::spawn_blocking(move || {
        let explanation = running.explain(&request);
        explanation.map(|explanation| Explained {
            snapshot: Snapshot::of(&running),
            analysis: analysis::json(running.world(), &explanation),
        })
    });
    let explained = explained.await.map_err(|error| {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        ApiError::new(status, "internal", format!("the packet was not explained: {error}"))
    })?;
    explained.map(Json).map_err(|error| unresolved(&error))
}

/// A sender or a destination that is not known.
pub(super) fn unresolved(error: &egret_control::explain::resolve::Unresolved) -> ApiError {
    use egret_control::explain::resolve::Unresolved::*;
    let field = match error {
        Sender { .. } | Task { .. } | SeveralSenders { .. } => "from",
        _ => "to",
    };
    match error {
        Sender { .. } | Task { .. } | Destination { .. } | PublicName { .. } => {
            ApiError::not_found(error.to_string()).hint("/egret/v1/topology has the names")
        }
        _ => ApiError::contradictory(error.to_string()),
    }
    .at(field)
}

impl PacketQuery {
    fn read(self) -> Result<Request> {
        let icmp = self.icmp.as_deref().map(icmp).transpose()?;
        let said = self.protocol.as_deref().map(protocol).transpose()?;
        if icmp.is_some() && said.is_some_and(|said| said != Protocol::ICMP) {
            let error = ApiError::contradictory("only an ICMP message has an ICMP type");
            return Err(error.at("icmp").hint("leave out `icmp` or `protocol`"));
        }
        let otherwise = if icmp.is_some() { Protocol::ICMP } else { Protocol::TCP };
        Ok(Request {
            from: self.from,
            to: self.to,
            protocol: said.unwrap_or(otherwise),
            source_port: self.source_port,
            icmp: icmp.unwrap_or((8, 0)),
            all: self.all,
        })
    }
}

/// A protocol by its name or number.
pub(super) fn protocol(text: &str) -> Result<Protocol> {
    match text.to_ascii_lowercase().as_str() {
        "tcp" => Ok(Protocol::TCP),
        "udp" => Ok(Protocol::UDP),
        "icmp" => Ok(Protocol::ICMP),
        number => number.parse().map(Protocol).map_err(|_| {
            let error = ApiError::invalid(format!("`{text}` is no protocol"));
            error.at("protocol").hint("a protocol is tcp, udp, icmp or a number from 0 to 255")
        }),
    }
}

fn icmp(text: &str) -> Result<(u8, u8)> {
    let (kind, code) = text.split_once('/').unwrap_or((text, "0"));
    kind.parse().ok().zip(code.parse().ok()).ok_or_else(|| {
        let error = ApiError::invalid(format!("`{text}` is no ICMP type and code"));
        error.at("icmp").hint("write them as 8/0, numbers from 0 to 255")
    })
}
