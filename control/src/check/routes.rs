//! Routes, NAT gateways, endpoints and attachments.

use std::collections::HashMap;

use ipnet::Ipv4Net;

use super::Desk;
use crate::finding::Finding;
use crate::model::{
    AttachmentKind, EndpointKind, Name, NatGateway, Route, RouteDestination, RouteTable,
    RouteTarget,
};
use crate::names::Kind;
use crate::source::Place;

/// Words that are targets by themselves.
const KEYWORDS: [&str; 3] = ["internet_gateway", "local", "blackhole"];

/// What a route may lead to.
const TARGETS: [Kind; 6] = [
    Kind::NatGateway,
    Kind::VpcEndpoint,
    Kind::Peering,
    Kind::TransitGateway,
    Kind::NetworkInterface,
    Kind::InternetGateway,
];

/// Static routes in a table that an account has by default (VPC guide, "amazon-vpc-limits").
const ROUTES: usize = 50;

pub(super) fn check(desk: &mut Desk<'_>) {
    for table in &desk.model.route_tables {
        duplicate_routes(desk, table);
        ambiguous_targets(desk, table);
    }
    lists_that_part(desk);
    for gateway in desk.model.nat_gateways.iter().filter(|gateway| gateway.available) {
        nat_gateway(desk, gateway);
    }
    endpoints(desk);
    attachments(desk);
}

fn duplicate_routes(desk: &mut Desk<'_>, table: &RouteTable) {
    let fixed: Vec<&Route> = table.routes.iter().filter(|route| !route.propagated).collect();
    if let Some(route) = fixed.get(ROUTES) {
        let message = format!("route table `{}` has {} static routes", *table.id, fixed.len());
        let finding = Finding::warning("route-quota", route.place, message);
        desk.find(finding.help(format!("an account has {ROUTES} by default")));
    }
    let mut seen: HashMap<String, &Route> = HashMap::new();
    for route in fixed {
        let destination = match &route.destination.value {
            RouteDestination::Cidr(net) => net.trunc().to_string(),
            RouteDestination::PrefixList(name) => name.clone(),
        };
        if let Some(first) = seen.insert(destination.clone(), route) {
            let message = format!("route table `{}` has two routes to {destination}", *table.id);
            let finding = Finding::error("duplicate-route", route.place, message);
            desk.find(
                finding.help(format!("the other is in line {}: remove one", first.place.line)),
            );
        }
    }
}

/// A name in a scenario file says of itself what it is, unless two kinds of things have it.
fn ambiguous_targets(desk: &mut Desk<'_>, table: &RouteTable) {
    for route in &table.routes {
        let RouteTarget::Named(name) = &route.target.value else { continue };
        if KEYWORDS.contains(&name.as_str()) {
            continue;
        }
        let meant: Vec<&str> = TARGETS
            .iter()
            .flat_map(|kind| std::iter::repeat_n(kind.noun(), desk.names.count(*kind, name)))
            .collect();
        if meant.len() > 1 {
            let message = format!("`{name}` is the name of a {}", meant.join(" and of a "));
            let finding = Finding::error("ambiguous-name", route.target.place, message);
            desk.find(finding.help("give one of them another name"));
        }
    }
}

/// AWS picks at random between two prefix lists that have an entry of one length in common.
fn lists_that_part(desk: &mut Desk<'_>) {
    let model = desk.model;
    let mut behind: HashMap<usize, Vec<(usize, String, Place)>> = HashMap::new();
    for endpoint in &model.vpc_endpoints {
        let EndpointKind::Gateway { route_tables, prefix_list } = &endpoint.kind else { continue };
        let list = prefix_list.as_ref().unwrap_or(&endpoint.service);
        let Some(list) = desk.names.known(Kind::PrefixList, list) else { continue };
        for name in route_tables {
            let table = desk.names.find_in(Kind::RouteTable, name, &endpoint.vpc);
            let Ok(table) = table else { continue };
            let leads = (list, format!("`{}`", *endpoint.id), name.place);
            behind.entry(table).or_default().push(leads);
        }
    }
    for (at, table) in model.route_tables.iter().enumerate() {
        let mut leads: Vec<(usize, String, Place)> = Vec::new();
        for route in table.routes.iter().filter(|route| !route.propagated) {
            let RouteDestination::PrefixList(name) = &route.destination.value else { continue };
            let Some(list) = desk.names.known(Kind::PrefixList, name) else { continue };
            leads.push((list, target_words(&route.target.value), route.place));
        }
        leads.extend(behind.remove(&at).into_iter().flatten());
        parting(desk, table, &leads);
    }
}

fn parting(desk: &mut Desk<'_>, table: &RouteTable, leads: &[(usize, String, Place)]) {
    let mut seen: HashMap<Ipv4Net, &(usize, String, Place)> = HashMap::new();
    for lead in leads {
        let list = &desk.model.prefix_lists[lead.0];
        let mut told = false;
        for cidr in &list.cidrs {
            let first = *seen.entry(cidr.trunc()).or_insert(lead);
            if told || first.0 == lead.0 || first.1 == lead.1 {
                continue;
            }
            told = true;
            let other = &desk.model.prefix_lists[first.0];
            let message = format!(
                "route table `{}` leads {} by prefix list `{}` to {}, and by `{}` to {}",
                *table.id,
                cidr.trunc(),
                *other.id,
                first.1,
                *list.id,
                lead.1
            );
            let finding = Finding::warning("prefix-lists-overlap", lead.2, message);
            let help = "AWS picks one of them at random, and Egret the list that was defined \
                        first: take the entry out of one list";
            desk.find(finding.help(help));
        }
    }
}

/// A target as one would say it, which tells targets apart.
pub(super) fn target_words(target: &RouteTarget) -> String {
    match target {
        RouteTarget::Local => "the VPC itself".to_owned(),
        RouteTarget::InternetGateway(None) => "the internet gateway".to_owned(),
        RouteTarget::Blackhole(None) => "a blackhole".to_owned(),
        RouteTarget::InternetGateway(Some(name))
        | RouteTarget::NatGateway(name)
        | RouteTarget::VpcEndpoint(name)
        | RouteTarget::Peering(name)
        | RouteTarget::TransitGateway(name)
        | RouteTarget::NetworkInterface(name)
        | RouteTarget::Blackhole(Some(name))
        | RouteTarget::Unsupported(name)
        | RouteTarget::Named(name) => format!("`{name}`"),
    }
}

fn nat_gateway(desk: &mut Desk<'_>, gateway: &NatGateway) {
    let (id, place) = (&*gateway.id, gateway.id.place);
    let public = gateway.addresses.iter().find_map(|address| address.public.as_ref());
    match (gateway.public, public) {
        (true, None) => {
            let message = format!("public NAT gateway `{id}` has no public address");
            let finding = Finding::error("nat-without-address", place, message);
            desk.find(finding.help("give it an Elastic IP address, or make it private"));
        }
        (false, Some(address)) => {
            let message = format!("private NAT gateway `{id}` has a public address");
            let finding = Finding::error("nat-with-address", address.place, message);
            desk.find(finding.help("drop the address, or make the gateway public"));
        }
        _ => {}
    }
    let table = desk.subnet(&gateway.subnet).and_then(|subnet| desk.table_of(subnet));
    let Some(table) = table.filter(|_| gateway.public) else { return };
    let leads_out = table.routes.iter().any(|route| desk.is_internet_gateway(&route.target));
    if !leads_out {
        let message = format!(
            "NAT gateway `{id}` is in subnet `{}`, whose route table `{}` has no route to an \
             internet gateway",
            *gateway.subnet, *table.id
        );
        let finding =
            Finding::warning("nat-without-internet-gateway", gateway.subnet.place, message);
        let help = "put the gateway into a public subnet, or add 0.0.0.0/0 to an internet gateway";
        desk.find(finding.help(help));
    }
}

fn endpoints(desk: &mut Desk<'_>) {
    for endpoint in &desk.model.vpc_endpoints {
        match &endpoint.kind {
            EndpointKind::Gateway { route_tables, .. } if route_tables.is_empty() => {
                let message = format!("gateway endpoint `{}` is in no route table", *endpoint.id);
                let finding =
                    Finding::warning("endpoint-without-route", endpoint.id.place, message);
                desk.find(finding.help("associate it with the tables of the subnets that need it"));
            }
            EndpointKind::Interface { subnets, .. } => {
                let names: Vec<&Name> = subnets.iter().map(|(subnet, _)| subnet).collect();
                one_subnet_a_zone(desk, &names, "endpoint", &endpoint.id);
            }
            EndpointKind::Gateway { .. } => {}
        }
    }
}

fn attachments(desk: &mut Desk<'_>) {
    for gateway in &desk.model.transit_gateways {
        for attachment in &gateway.attachments {
            if let AttachmentKind::Vpc { vpc, subnets } = &attachment.kind {
                let names: Vec<&Name> = subnets.iter().collect();
                one_subnet_a_zone(desk, &names, "attachment", &attachment.id);
                for name in subnets {
                    let foreign = desk.subnet(name).filter(|subnet| subnet.vpc != *vpc);
                    if foreign.is_some() {
                        let message = format!("subnet `{}` is not in VPC `{}`", **name, **vpc);
                        let finding = Finding::error("subnet-of-another-vpc", name.place, message);
                        desk.find(finding.help("an attachment has subnets of its own VPC"));
                    }
                }
            }
        }
    }
}

/// Endpoints and attachments have at most one subnet in each zone.
fn one_subnet_a_zone(desk: &mut Desk<'_>, names: &[&Name], noun: &str, id: &str) {
    let mut seen: HashMap<&str, &Name> = HashMap::new();
    for name in names {
        let Some(subnet) = desk.subnet(name) else { continue };
        if let Some(first) = seen.insert(&subnet.az, name) {
            let message = format!(
                "{noun} `{id}` has two subnets in {}: `{}` and `{}`",
                *subnet.az, **first, ***name
            );
            let finding = Finding::error("two-subnets-in-a-zone", name.place, message);
            desk.find(finding.help("keep one subnet in each Availability Zone"));
        }
    }
}
