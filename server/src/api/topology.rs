//! The network that the workers run on, in AWS's terms: what there is, by id and name, and how it hangs
//! together.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use egret_control::explain::{entry_words, key_words, rule_words, target_words};
use egret_control::model::{self as m, Model, Name};
use egret_dataplane::snapshot::{AclId, EniId, EniOwner, RouteTarget, SgRule, Snapshot};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{ApiError, Failure, Result};
use super::status;
use crate::control_plane::ControlPlane;
use crate::engine::Running;

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

fn vpc(vpc: &m::Vpc) -> Vpc {
    Vpc {
        id: id(&vpc.id),
        name: vpc.name.clone(),
        cidr_blocks: vpc.cidrs.iter().map(|cidr| cidr.value.to_string()).collect(),
        enable_dns_support: vpc.dns_support.value,
    }
}

fn subnets(model: &Model, snapshot: &Snapshot) -> Vec<Subnet> {
    let known = index(snapshot.subnets.iter().map(|subnet| &subnet.name));
    let subnet = |subnet: &m::Subnet| {
        let at = known.get(subnet.id.value.as_str()).map(|at| &snapshot.subnets[*at]);
        Subnet {
            id: id(&subnet.id),
            name: subnet.name.clone(),
            vpc_id: id(&subnet.vpc),
            availability_zone_id: id(&subnet.az),
            cidr_block: subnet.cidr.value.to_string(),
            route_table_id: at.map(|at| snapshot[at.route_table].name.to_string()),
            network_acl_id: at.map(|at| snapshot[at.network_acl].name.to_string()),
        }
    };
    model.subnets.iter().map(subnet).collect()
}

fn route_tables(model: &Model, snapshot: &Snapshot) -> Vec<RouteTable> {
    let known = index(snapshot.route_tables.iter().map(|table| &table.name));
    let table = |table: &m::RouteTable| {
        let at = known.get(table.id.value.as_str()).map(|at| &snapshot.route_tables[*at]);
        let routes = at.map_or(&[][..], |at| &at.routes);
        let route = |route: &egret_dataplane::snapshot::Route| Route {
            destination: key_words(snapshot, route.key),
            target: target_words(snapshot, route.target),
            state: if route.target == RouteTarget::Blackhole { "blackhole" } else { "active" },
        };
        RouteTable {
            id: id(&table.id),
            name: table.name.clone(),
            vpc_id: id(&table.vpc),
            main: table.main,
            routes: routes.iter().map(route).collect(),
        }
    };
    model.route_tables.iter().map(table).collect()
}

fn network_acls(model: &Model, snapshot: &Snapshot) -> Vec<RuleList> {
    let known = index(snapshot.network_acls.iter().map(|acl| &acl.name));
    let list = |acl: &m::NetworkAcl| {
        let at = known.get(acl.id.value.as_str()).map(|at| AclId(*at as u32));
        let entries = |egress: bool| -> Vec<String> {
            let Some(at) = at else { return Vec::new() };
            let all = if egress { &snapshot[at].egress } else { &snapshot[at].ingress };
            let entries = (0..all.len()).map(Some).chain([None]);
            entries.map(|entry| entry_words(snapshot, at, egress, entry)).collect()
        };
        RuleList {
            id: id(&acl.id),
            name: acl.name.clone(),
            vpc_id: id(&acl.vpc),
            default: acl.default,
            ingress: entries(false),
            egress: entries(true),
        }
    };
    model.network_acls.iter().map(list).collect()
}

fn security_groups(model: &Model, snapshot: &Snapshot) -> Vec<RuleList> {
    let known = index(snapshot.security_groups.iter().map(|group| &group.name));
    let list = |group: &m::SecurityGroup| {
        let at = known.get(group.id.value.as_str()).map(|at| &snapshot.security_groups[*at]);
        let rules = |egress: bool| -> Vec<String> {
            let rules = at.map_or(&[][..], |at| at.rules(egress));
            rules.iter().map(|rule: &SgRule| rule_words(snapshot, rule, egress)).collect()
        };
        RuleList {
            id: id(&group.id),
            name: group.name.clone(),
            vpc_id: id(&group.vpc),
            default: group.default,
            ingress: rules(false),
            egress: rules(true),
        }
    };
    model.security_groups.iter().map(list).collect()
}

fn prefix_list(list: &m::PrefixList) -> PrefixList {
    let cidrs = list.cidrs.iter().map(|cidr| cidr.value.to_string()).collect();
    PrefixList { id: id(&list.id), name: list.name.clone(), cidrs }
}

fn internet_gateway(gateway: &m::InternetGateway) -> InternetGateway {
    let vpc_id = gateway.vpc.as_ref().map(id);
    InternetGateway { id: id(&gateway.id), name: gateway.name.clone(), vpc_id }
}

fn nat_gateway(nat: &m::NatGateway) -> NatGateway {
    let address = |address: &m::NatAddress| NatAddress {
        private_ip: address.private.as_ref().map(|ip| ip.value.to_string()),
        public_ip: address.public.as_ref().map(|ip| ip.value.to_string()),
    };
    NatGateway {
        id: id(&nat.id),
        name: nat.name.clone(),
        subnet_id: id(&nat.subnet),
        connectivity_type: if nat.public { "public" } else { "private" },
        available: nat.available,
        addresses: nat.addresses.iter().map(address).collect(),
    }
}

fn vpc_endpoint(endpoint: &m::VpcEndpoint) -> VpcEndpoint {
    let (kind, subnets, tables) = match &endpoint.kind {
        m::EndpointKind::Interface { subnets, .. } => {
            ("Interface", subnets.iter().map(|(subnet, _)| id(subnet)).collect(), Vec::new())
        }
        m::EndpointKind::Gateway { route_tables, .. } => ("Gateway", Vec::new(), ids(route_tables)),
    };
    VpcEndpoint {
        id: id(&endpoint.id),
        name: endpoint.name.clone(),
        vpc_id: id(&endpoint.vpc),
        service_name: id(&endpoint.service),
        vpc_endpoint_type: kind,
        available: endpoint.available,
        subnet_ids: subnets,
        route_table_ids: tables,
    }
}

fn peering(peering: &m::Peering) -> Peering {
    Peering {
        id: id(&peering.id),
        name: peering.name.clone(),
        requester_vpc_id: id(&peering.requester),
        accepter_vpc_id: id(&peering.accepter),
        active: peering.active,
    }
}

fn transit_gateway(gateway: &m::TransitGateway) -> TransitGateway {
    let attachment = |attachment: &m::TransitGatewayAttachment| {
        let (vpc_id, subnet_ids) = match &attachment.kind {
            m::AttachmentKind::Vpc { vpc, subnets } => (Some(id(vpc)), ids(subnets)),
            m::AttachmentKind::External { .. } => (None, Vec::new()),
        };
        let (name, available) = (attachment.name.clone(), attachment.available);
        Attachment { id: id(&attachment.id), name, available, vpc_id, subnet_ids }
    };
    let route = |route: &m::TransitGatewayRoute| Route {
        destination: route.cidr.value.to_string(),
        target: route.attachment.as_ref().map_or("nowhere".to_owned(), id),
        state: if route.attachment.is_some() { "active" } else { "blackhole" },
    };
    let table = |table: &m::TransitGatewayRouteTable| TransitRouteTable {
        id: id(&table.id),
        associations: ids(&table.associations),
        propagations: ids(&table.propagations),
        routes: table.routes.iter().map(route).collect(),
    };
    TransitGateway {
        id: id(&gateway.id),
        name: gateway.name.clone(),
        attachments: gateway.attachments.iter().map(attachment).collect(),
        route_tables: gateway.route_tables.iter().map(table).collect(),
    }
}

fn network_interfaces(model: &Model, snapshot: &Snapshot) -> Vec<NetworkInterface> {
    let known = model.network_interfaces.iter();
    let names: HashMap<&str, &Option<String>> =
        known.map(|interface| (interface.id.value.as_str(), &interface.name)).collect();
    let all = snapshot.enis.iter().zip(0..).map(|(eni, at)| (EniId(at), eni));
    // Interfaces that are gone keep their place in a snapshot, but have their address no more.
    let there =
        all.filter(|(at, eni)| snapshot[snapshot[eni.subnet].vpc].eni_at(eni.address) == Some(*at));
    let interface = |(at, eni): (EniId, &egret_dataplane::snapshot::NetworkInterface)| {
        let (owner, owner_id) = match eni.owner {
            EniOwner::Host(_) => ("host", None),
            EniOwner::Hyperplane => ("hyperplane", None),
            EniOwner::NatGateway(nat) => ("nat-gateway", Some(snapshot[nat].name.to_string())),
            EniOwner::Endpoint(of, _) => ("vpc-endpoint", Some(snapshot[of].name.to_string())),
        };
        let groups = eni.security_groups.iter().map(|group| snapshot[*group].name.to_string());
        NetworkInterface {
            id: eni.name.to_string(),
            name: names.get(&*eni.name).and_then(|name| (*name).clone()),
            vpc_id: snapshot[snapshot.vpc_of(at)].name.to_string(),
            subnet_id: snapshot[eni.subnet].name.to_string(),
            private_ip: eni.address.to_string(),
            public_ips: eni.public.iter().map(|(_, public)| public.to_string()).collect(),
            security_group_ids: groups.collect(),
            source_dest_check: eni.source_dest_check,
            owner,
            owner_id,
        }
    };
    there.map(interface).collect()
}

fn connector(connector: &m::Connector) -> Connector {
    Connector {
        id: id(&connector.id),
        arn: connector.arn.clone(),
        subnet_ids: ids(&connector.subnets),
        security_group_ids: ids(&connector.security_groups),
    }
}

fn service(service: &m::Service) -> Service {
    let (egress_type, vpc_connector) = match &service.egress {
        m::Egress::Default => ("DEFAULT", None),
        m::Egress::Vpc(connector) => ("VPC", Some(id(connector))),
    };
    let tasks = service.tasks.value;
    Service { id: id(&service.id), arn: service.arn.clone(), egress_type, vpc_connector, tasks }
}

fn host(host: &m::Host) -> Host {
    Host { name: id(&host.name), address: host.address.value.to_string() }
}

fn id(name: &Name) -> String {
    name.value.clone()
}

fn ids(names: &[Name]) -> Vec<String> {
    names.iter().map(id).collect()
}

fn index<'s>(names: impl Iterator<Item = &'s Arc<str>>) -> HashMap<&'s str, usize> {
    names.enumerate().map(|(at, name)| (&**name, at)).collect()
}
