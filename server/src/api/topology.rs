//! The network that the workers run on, in AWS's terms: what there is, by id and name, and how it hangs
//! together.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{ApiError, Failure, Result};
use super::status;
use crate::control_plane::ControlPlane;
use crate::engine::Running;

mod parts;

use parts::*;

/// The network that the workers run on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Topology {
    /// Which configuration this is.
    snapshot: status::Snapshot,
    vpcs: Vec<Vpc>,
    subnets: Vec<Subnet>,
    route_tables: Vec<RouteTable>,
    network_acls: Vec<RuleList>,
    security_groups: Vec<RuleList>,
    prefix_lists: Vec<PrefixList>,
    internet_gateways: Vec<InternetGateway>,
    nat_gateways: Vec<NatGateway>,
    vpc_endpoints: Vec<VpcEndpoint>,
    vpc_peering_connections: Vec<Peering>,
    transit_gateways: Vec<TransitGateway>,
    /// Every interface: of connectors (Hyperplane), NAT gateways, endpoints and hosts.
    network_interfaces: Vec<NetworkInterface>,
    /// The VPC connectors that services use.
    vpc_connectors: Vec<Connector>,
    /// The services whose tasks run.
    services: Vec<Service>,
    /// Named destinations outside of every VPC: the scenario's.
    hosts: Vec<Host>,
}

/// A VPC.
#[derive(Debug, Serialize, ToSchema)]
struct Vpc {
    id: String,
    name: Option<String>,
    cidr_blocks: Vec<String>,
    enable_dns_support: bool,
}

/// A subnet.
#[derive(Debug, Serialize, ToSchema)]
struct Subnet {
    id: String,
    name: Option<String>,
    vpc_id: String,
    availability_zone_id: String,
    cidr_block: String,
    /// The table that routes its packets, be it the main one.
    route_table_id: Option<String>,
    /// The network ACL that judges them, be it the default one.
    network_acl_id: Option<String>,
}

/// A route table.
#[derive(Debug, Serialize, ToSchema)]
struct RouteTable {
    id: String,
    name: Option<String>,
    vpc_id: String,
    main: bool,
    /// With the local ones, and those of gateway endpoints.
    routes: Vec<Route>,
}

/// A route.
#[derive(Debug, Serialize, ToSchema)]
struct Route {
    /// A CIDR or a prefix list.
    destination: String,
    /// What it leads to, in words.
    target: String,
    /// `active`, or `blackhole` where the target is gone.
    state: &'static str,
}

/// A network ACL, or a security group.
#[derive(Debug, Serialize, ToSchema)]
struct RuleList {
    id: String,
    name: Option<String>,
    vpc_id: String,
    default: bool,
    /// Inbound rules, in words.
    ingress: Vec<String>,
    /// Outbound rules, in words.
    egress: Vec<String>,
}

/// A prefix list.
#[derive(Debug, Serialize, ToSchema)]
struct PrefixList {
    id: String,
    name: Option<String>,
    cidrs: Vec<String>,
}

/// An internet gateway.
#[derive(Debug, Serialize, ToSchema)]
struct InternetGateway {
    id: String,
    name: Option<String>,
    /// The VPC that it is attached to.
    vpc_id: Option<String>,
}

/// A NAT gateway.
#[derive(Debug, Serialize, ToSchema)]
struct NatGateway {
    id: String,
    name: Option<String>,
    subnet_id: String,
    connectivity_type: &'static str,
    /// Whether it forwards.
    available: bool,
    addresses: Vec<NatAddress>,
}

/// An address of a NAT gateway.
#[derive(Debug, Serialize, ToSchema)]
struct NatAddress {
    private_ip: Option<String>,
    public_ip: Option<String>,
}

/// A VPC endpoint.
#[derive(Debug, Serialize, ToSchema)]
struct VpcEndpoint {
    id: String,
    name: Option<String>,
    vpc_id: String,
    service_name: String,
    /// `Interface` or `Gateway`.
    vpc_endpoint_type: &'static str,
    /// Whether it forwards.
    available: bool,
    /// The subnets of an interface endpoint.
    subnet_ids: Vec<String>,
    /// The tables of a gateway endpoint.
    route_table_ids: Vec<String>,
}

/// A VPC peering connection.
#[derive(Debug, Serialize, ToSchema)]
struct Peering {
    id: String,
    name: Option<String>,
    requester_vpc_id: String,
    accepter_vpc_id: String,
    /// Whether it forwards.
    active: bool,
}

/// A transit gateway.
#[derive(Debug, Serialize, ToSchema)]
struct TransitGateway {
    id: String,
    name: Option<String>,
    attachments: Vec<Attachment>,
    route_tables: Vec<TransitRouteTable>,
}

/// An attachment of a transit gateway.
#[derive(Debug, Serialize, ToSchema)]
struct Attachment {
    id: String,
    name: Option<String>,
    /// Whether it forwards.
    available: bool,
    /// The VPC, where one is attached.
    vpc_id: Option<String>,
    subnet_ids: Vec<String>,
}

/// A route table of a transit gateway.
#[derive(Debug, Serialize, ToSchema)]
struct TransitRouteTable {
    id: String,
    associations: Vec<String>,
    propagations: Vec<String>,
    /// Static routes.
    routes: Vec<Route>,
}

/// A network interface.
#[derive(Debug, Serialize, ToSchema)]
struct NetworkInterface {
    id: String,
    name: Option<String>,
    vpc_id: String,
    subnet_id: String,
    private_ip: String,
    /// Public addresses bound to its private ones.
    public_ips: Vec<String>,
    security_group_ids: Vec<String>,
    source_dest_check: bool,
    /// `hyperplane` (a connector's), `nat-gateway`, `vpc-endpoint` or `host`.
    owner: &'static str,
    /// The gateway or endpoint that it is of.
    owner_id: Option<String>,
}

/// A VPC connector.
#[derive(Debug, Serialize, ToSchema)]
struct Connector {
    id: String,
    arn: Option<String>,
    subnet_ids: Vec<String>,
    security_group_ids: Vec<String>,
}

/// A service.
#[derive(Debug, Serialize, ToSchema)]
struct Service {
    id: String,
    arn: Option<String>,
    /// `DEFAULT` or `VPC`.
    egress_type: &'static str,
    /// The connector that it leaves by.
    vpc_connector: Option<String>,
    /// How many tasks run.
    tasks: u32,
}

/// A named destination outside of every VPC.
#[derive(Debug, Serialize, ToSchema)]
struct Host {
    name: String,
    address: String,
}

/// The network that the workers run on, whole. Its size and cost grow with the account: a thousand
/// connectors are about a megabyte.
#[utoipa::path(
    get, path = "/egret/v1/topology", tag = "configuration", security((), ("key" = [])),
    responses((status = 200, body = Topology), (status = 401, body = Failure))
)]
pub(super) async fn topology(State(plane): State<Arc<ControlPlane>>) -> Result<Json<Topology>> {
    let running = plane.engine.running();
    let topology = tokio::task::spawn_blocking(move || Topology::of(&running)).await;
    topology.map(Json).map_err(|error| {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        ApiError::new(status, "internal", format!("the topology was not made: {error}"))
    })
}

impl Topology {
    fn of(running: &Running) -> Topology {
        let (model, snapshot) = (&running.model, &running.compilation.snapshot);
        let mut topology = Topology {
            snapshot: status::Snapshot::of(running),
            vpcs: model.vpcs.iter().map(vpc).collect(),
            subnets: subnets(model, snapshot),
            route_tables: route_tables(model, snapshot),
            network_acls: network_acls(model, snapshot),
            security_groups: security_groups(model, snapshot),
            prefix_lists: model.prefix_lists.iter().map(prefix_list).collect(),
            internet_gateways: model.internet_gateways.iter().map(internet_gateway).collect(),
            nat_gateways: model.nat_gateways.iter().map(nat_gateway).collect(),
            vpc_endpoints: model.vpc_endpoints.iter().map(vpc_endpoint).collect(),
            vpc_peering_connections: model.peerings.iter().map(peering).collect(),
            transit_gateways: model.transit_gateways.iter().map(transit_gateway).collect(),
            network_interfaces: network_interfaces(model, snapshot),
            vpc_connectors: model.connectors.iter().map(connector).collect(),
            services: model.services.iter().map(service).collect(),
            hosts: model.hosts.iter().map(host).collect(),
        };
        // Tables of the account are hash tables: an order of our own makes two answers comparable.
        topology.network_interfaces.sort_by(|a, b| a.id.cmp(&b.id));
        topology
    }
}
