//! Each part of a topology, from the model that was compiled and what it was compiled to.

use std::collections::HashMap;
use std::sync::Arc;

use egret_control::explain::{entry_words, key_words, rule_words, target_words};
use egret_control::model::{self as m, Model, Name};
use egret_dataplane::snapshot::{AclId, EniId, EniOwner, RouteTarget, SgRule, Snapshot};

use super::{
    Attachment, Connector, Host, InternetGateway, NatAddress, NatGateway, NetworkInterface,
    Peering, PrefixList, Route, RouteTable, RuleList, Service, Subnet, TransitGateway,
    TransitRouteTable, Vpc, VpcEndpoint,
};

pub(super) fn vpc(vpc: &m::Vpc) -> Vpc {
    Vpc {
        id: id(&vpc.id),
        name: vpc.name.clone(),
        cidr_blocks: vpc.cidrs.iter().map(|cidr| cidr.value.to_string()).collect(),
        enable_dns_support: vpc.dns_support.value,
    }
}

pub(super) fn subnets(model: &Model, snapshot: &Snapshot) -> Vec<Subnet> {
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

pub(super) fn route_tables(model: &Model, snapshot: &Snapshot) -> Vec<RouteTable> {
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

pub(super) fn network_acls(model: &Model, snapshot: &Snapshot) -> Vec<RuleList> {
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

pub(super) fn security_groups(model: &Model, snapshot: &Snapshot) -> Vec<RuleList> {
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

pub(super) fn prefix_list(list: &m::PrefixList) -> PrefixList {
    let cidrs = list.cidrs.iter().map(|cidr| cidr.value.to_string()).collect();
    PrefixList { id: id(&list.id), name: list.name.clone(), cidrs }
}

pub(super) fn internet_gateway(gateway: &m::InternetGateway) -> InternetGateway {
    let vpc_id = gateway.vpc.as_ref().map(id);
    InternetGateway { id: id(&gateway.id), name: gateway.name.clone(), vpc_id }
}

pub(super) fn nat_gateway(nat: &m::NatGateway) -> NatGateway {
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

pub(super) fn vpc_endpoint(endpoint: &m::VpcEndpoint) -> VpcEndpoint {
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

pub(super) fn peering(peering: &m::Peering) -> Peering {
    Peering {
        id: id(&peering.id),
        name: peering.name.clone(),
        requester_vpc_id: id(&peering.requester),
        accepter_vpc_id: id(&peering.accepter),
        active: peering.active,
    }
}

pub(super) fn transit_gateway(gateway: &m::TransitGateway) -> TransitGateway {
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

pub(super) fn network_interfaces(model: &Model, snapshot: &Snapshot) -> Vec<NetworkInterface> {
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

pub(super) fn connector(connector: &m::Connector) -> Connector {
    Connector {
        id: id(&connector.id),
        arn: connector.arn.clone(),
        subnet_ids: ids(&connector.subnets),
        security_group_ids: ids(&connector.security_groups),
    }
}

pub(super) fn service(service: &m::Service) -> Service {
    let (egress_type, vpc_connector) = match &service.egress {
        m::Egress::Default => ("DEFAULT", None),
        m::Egress::Vpc(connector) => ("VPC", Some(id(connector))),
    };
    let tasks = service.tasks.value;
    Service { id: id(&service.id), arn: service.arn.clone(), egress_type, vpc_connector, tasks }
}

pub(super) fn host(host: &m::Host) -> Host {
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
