//! The workers' flow tables, a page at a time.
//!
//! A worker is asked for a piece of its table, which it looks through between two bursts: a thousand
//! places, some tens of microseconds. What ends or begins in between is in one of the pages or in none;
//! what lives all the while is in exactly one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use egret_dataplane::flow::{Translation, Translator};
use egret_dataplane::packet::Tuple;
use egret_dataplane::snapshot::{EniId, EniOwner, Interface, InterfaceId, Snapshot};
use egret_dataplane::verdict::Element;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, Failure, Result};
use super::explain::protocol;
use super::extract::Asked;
use super::names::{ElementName, Names};
use crate::control_plane::ControlPlane;
use crate::engine::flow_pages::{Filter, Flow};

/// Flows on a page, unless fewer are asked for.
const MOST: usize = 1_000;
/// Pieces of tables that are looked through for one page.
const PIECES: usize = 64;
/// Questions at once: each keeps workers from packets for a moment.
static QUESTIONS: Semaphore = Semaphore::const_new(4);

/// Which flows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FlowQuery {
    /// Those of this service's tasks only.
    service: Option<String>,
    /// Those that begin, end or are translated at this network interface, by its id.
    interface: Option<String>,
    /// Those of `tcp`, `udp`, `icmp` or a protocol by its number.
    #[param(pattern = "^(tcp|udp|icmp|25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$")]
    protocol: Option<String>,
    /// So many at most; 100 without it.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// Where the page before this one ended: its `next_token`.
    #[param(pattern = r"^[0-9]+\.[0-9]+$")]
    token: Option<String>,
}

/// Live flows.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Flows {
    /// The flows, as the workers' tables have them.
    flows: Vec<FlowRow>,
    /// Asks for the next page. A page may be short, or empty, and others follow all the same.
    next_token: Option<String>,
}

/// A flow.
#[derive(Debug, Serialize, ToSchema)]
struct FlowRow {
    /// The worker that has it.
    worker: usize,
    /// `tcp`, `udp`, `icmp` or a number.
    protocol: String,
    /// Where its packets enter.
    from: Place,
    /// Where they leave.
    to: Place,
    /// Source and destination of its packets as the sender has them.
    sent: Endpoints,
    /// The same as the destination has them, after all translations.
    arrives: Endpoints,
    /// What the source became on the way, in order.
    translations: Vec<TranslationRow>,
    /// Where the connection stands.
    #[schema(example = "established")]
    state: &'static str,
    /// Packets and bytes that were forwarded there.
    forward: Way,
    /// And back.
    back: Way,
    /// Milliseconds since the last packet.
    idle_ms: u32,
}

/// Where packets enter or leave.
#[derive(Debug, Serialize, ToSchema)]
struct Place {
    /// `task`, `network-interface`, `vpc-endpoint`, `link-local`, `external-network`, `internet`, or
    /// `gone`.
    kind: &'static str,
    /// The service and its task, an interface's id, and so on.
    id: Option<String>,
}

/// Source and destination of packets.
#[derive(Debug, Serialize, ToSchema)]
struct Endpoints {
    #[schema(example = "169.254.172.2:40000")]
    source: String,
    #[schema(example = "203.0.113.10:443")]
    destination: String,
}

/// A translation of the source.
#[derive(Debug, Serialize, ToSchema)]
struct TranslationRow {
    /// Who translated; absent for the provider's own way out.
    by: Option<ElementName>,
    /// What the source became.
    source: String,
}

/// What passed in one direction.
#[derive(Debug, Serialize, ToSchema)]
struct Way {
    packets: u64,
    bytes: u64,
    /// Whether packets of this direction are dropped at the moment.
    blocked: bool,
}

/// The flows that live in the workers' tables, in no particular order, with their counters.
#[utoipa::path(
    get, path = "/egret/v1/flows", tag = "dataplane", params(FlowQuery),
    security((), ("key" = [])),
    responses(
        (status = 200, body = Flows),
        (status = 400, body = Failure), (status = 401, body = Failure),
        (status = 404, description = "A name or a token is not known", body = Failure),
        (status = 422, description = "Filters contradict each other", body = Failure)
    )
)]
pub(super) async fn flows(
    State(plane): State<Arc<ControlPlane>>,
    Asked(query): Asked<FlowQuery>,
) -> Result<Json<Flows>> {
    let limit = query.limit.unwrap_or(100);
    if !(1..=MOST).contains(&limit) {
        return Err(ApiError::invalid(format!("a page has 1 to {MOST} flows")).at("limit"));
    }
    let workers = plane.engine.shown().len();
    let mut at = Token::parse(query.token.as_deref(), workers)?;
    let running = plane.engine.running();
    let (snapshot, names) = (&running.compilation.snapshot, Names::of(&running));
    let filter = query.filter(snapshot)?;
    let _turn = QUESTIONS.acquire().await.expect("it is never closed");
    let mut rows = Vec::new();
    for _ in 0..PIECES {
        if at.worker == workers || rows.len() == limit {
            break;
        }
        let most = limit - rows.len();
        let page = plane.engine.flows(at.worker, at.place, most, filter.clone()).await;
        let (flows, next) = page.map_or((Vec::new(), None), |page| (page.flows, page.next));
        rows.extend(flows.iter().map(|flow| row(snapshot, &names, at.worker, flow)));
        at = next.map_or(Token { worker: at.worker + 1, place: 0 }, |place| Token { place, ..at });
    }
    let next_token = (at.worker < workers).then(|| format!("{}.{}", at.worker, at.place));
    Ok(Json(Flows { flows: rows, next_token }))
}

/// A place in a worker's table.
#[derive(Clone, Copy)]
struct Token {
    worker: usize,
    place: usize,
}

impl Token {
    fn parse(text: Option<&str>, workers: usize) -> Result<Token> {
        let Some(text) = text else { return Ok(Token { worker: 0, place: 0 }) };
        let parts = text.split_once('.');
        let parts = parts.and_then(|(worker, place)| worker.parse().ok().zip(place.parse().ok()));
        let token = parts.map(|(worker, place)| Token { worker, place });
        token.filter(|token| token.worker < workers).ok_or_else(|| {
            let error = ApiError::not_found(format!("`{text}` is no token"));
            error.at("token").hint("give the next_token of the page before")
        })
    }
}

impl FlowQuery {
    fn filter(&self, snapshot: &Snapshot) -> Result<Filter> {
        let mut filter = Filter {
            protocol: self.protocol.as_deref().map(protocol).transpose()?,
            ..Filter::default()
        };
        if self.service.is_some() && self.interface.is_some() {
            let error = ApiError::contradictory("flows are those of a service or of an interface");
            return Err(error.at("interface").hint("leave out `service` or `interface`"));
        }
        if let Some(service) = &self.service {
            filter.interfaces = Some(tasks_of(snapshot, service)?);
        }
        if let Some(interface) = &self.interface {
            let (eni, place) = interface_of(snapshot, interface)?;
            filter.eni = Some(eni);
            filter.interfaces.get_or_insert_default().extend(place);
        }
        Ok(filter)
    }
}

fn tasks_of(snapshot: &Snapshot, name: &str) -> Result<Vec<InterfaceId>> {
    let of = |task: &&egret_dataplane::snapshot::Task| &*snapshot[task.service].name == name;
    let tasks: Vec<_> = snapshot.tasks.iter().filter(of).map(|task| task.interface).collect();
    if tasks.is_empty() {
        let error = ApiError::not_found(format!("no service with tasks is called `{name}`"));
        return Err(error.at("service").hint("/egret/v1/topology has the names"));
    }
    Ok(tasks)
}

fn interface_of(snapshot: &Snapshot, id: &str) -> Result<(EniId, Option<InterfaceId>)> {
    let at = snapshot.enis.iter().position(|eni| &*eni.name == id).ok_or_else(|| {
        let error = ApiError::not_found(format!("no network interface has the id `{id}`"));
        error.at("interface").hint("/egret/v1/topology has the ids")
    })?;
    let place = match snapshot.enis[at].owner {
        EniOwner::Host(place) | EniOwner::Endpoint(_, place) => Some(place),
        EniOwner::Hyperplane | EniOwner::NatGateway(_) => None,
    };
    Ok((EniId(at as u32), place))
}

fn row(snapshot: &Snapshot, names: &Names<'_>, worker: usize, flow: &Flow) -> FlowRow {
    let way = |dir: usize| Way {
        packets: flow.passed[dir][0],
        bytes: flow.passed[dir][1],
        blocked: flow.blocked[dir],
    };
    let made = flow.cold.translations().into_iter().flatten();
    FlowRow {
        worker,
        protocol: flow.tuples[0].protocol.to_string(),
        from: place(snapshot, flow.interfaces[0]),
        to: place(snapshot, flow.interfaces[1]),
        sent: endpoints(flow.tuples[0]),
        arrives: endpoints(flow.tuples[1].reversed()),
        translations: made.map(|made| translation(names, made)).collect(),
        state: flow.state.name(),
        forward: way(0),
        back: way(1),
        idle_ms: flow.idle,
    }
}

fn endpoints(tuple: Tuple) -> Endpoints {
    Endpoints {
        source: format!("{}:{}", tuple.src, tuple.src_port),
        destination: format!("{}:{}", tuple.dst, tuple.dst_port),
    }
}

fn translation(names: &Names<'_>, made: Translation) -> TranslationRow {
    let by = match made.by {
        Translator::Hyperplane(eni) => Some(names.element(Element::HyperplaneEni(eni))),
        Translator::Nat(nat) => Some(names.element(Element::NatGateway(nat))),
        Translator::Provider => None,
    };
    TranslationRow { by, source: format!("{}:{}", made.address, made.port) }
}

fn place(snapshot: &Snapshot, at: InterfaceId) -> Place {
    let (kind, id) = match snapshot.interfaces.get(at.0 as usize) {
        Some(Interface::Internet) => ("internet", None),
        Some(Interface::Task(task)) => {
            let task = &snapshot[*task];
            ("task", Some(format!("{}/{}", snapshot[task.service].name, task.number)))
        }
        Some(Interface::Eni(eni)) => ("network-interface", Some(snapshot[*eni].name.to_string())),
        Some(Interface::GatewayEndpoint(endpoint)) => {
            ("vpc-endpoint", Some(snapshot[*endpoint].name.to_string()))
        }
        Some(Interface::LinkLocal(vpc)) => ("link-local", Some(snapshot[*vpc].name.to_string())),
        Some(Interface::External(to)) => ("external-network", Some(snapshot[*to].name.to_string())),
        Some(Interface::Gone) | None => ("gone", None),
    };
    Place { kind, id }
}
