//! A model in lines that people can read and compare.

use std::fmt::Write;

use egret_control::model::{
    Egress, EndpointKind, Model, Name, Peer, RouteDestination, SecurityGroupRule, Traffic, Unknown,
};

/// Everything of a model that a reader of templates fills.
pub(crate) fn described(model: &Model) -> String {
    let mut text = format!("region {}\n", model.region);
    network(model, &mut text);
    rules(model, &mut text);
    ways_out(model, &mut text);
    senders(model, &mut text);
    unknowns(model, &mut text);
    text
}

fn line(text: &mut String, line: String) {
    writeln!(text, "{line}").expect("writing to a string");
}

fn names(names: &[Name]) -> String {
    names.iter().map(|name| name.value.as_str()).collect::<Vec<_>>().join(" ")
}

fn network(model: &Model, text: &mut String) {
    for vpc in &model.vpcs {
        let cidrs: Vec<_> = vpc.cidrs.iter().map(|cidr| cidr.value.to_string()).collect();
        line(text, format!("vpc {} {}", *vpc.id, cidrs.join(" ")));
    }
    for subnet in &model.subnets {
        let of =
            |name: &Option<Name>| name.as_ref().map_or("-".to_owned(), |name| name.value.clone());
        let (table, acl) = (of(&subnet.route_table), of(&subnet.network_acl));
        let (id, az, cidr) = (&*subnet.id, &*subnet.az, subnet.cidr.value);
        line(text, format!("subnet {id} {az} {cidr} of {} table {table} acl {acl}", *subnet.vpc));
    }
    for table in &model.route_tables {
        let main = if table.main { " main" } else { "" };
        line(text, format!("table {}{main} of {}", *table.id, *table.vpc));
        for route in &table.routes {
            let to = match &route.destination.value {
                RouteDestination::Cidr(cidr) => cidr.to_string(),
                RouteDestination::PrefixList(list) => list.clone(),
            };
            line(text, format!("  {to} by {:?}", route.target.value));
        }
    }
}

fn rules(model: &Model, text: &mut String) {
    for group in &model.security_groups {
        let default = if group.default { " default" } else { "" };
        line(text, format!("group {}{default} of {}", *group.id, *group.vpc));
        group.ingress.iter().for_each(|rule| line(text, format!("  in  {}", described_rule(rule))));
        group.egress.iter().for_each(|rule| line(text, format!("  out {}", described_rule(rule))));
    }
    for acl in &model.network_acls {
        let default = if acl.default { " default" } else { "" };
        line(text, format!("acl {}{default} of {}", *acl.id, *acl.vpc));
        for entry in acl.entries.iter().filter(|entry| entry.place.file.is_some()) {
            let way = if entry.egress { "out" } else { "in " };
            let verb = if entry.allow { "allows" } else { "denies" };
            let (number, cidr) = (*entry.number, *entry.cidr);
            line(text, format!("  {way} {number} {verb} {} {cidr}", traffic(*entry.traffic)));
        }
    }
    for list in &model.prefix_lists {
        let cidrs: Vec<_> = list.cidrs.iter().map(|cidr| cidr.value.to_string()).collect();
        line(text, format!("list {} {}", *list.id, cidrs.join(" ")));
    }
}

fn described_rule(rule: &SecurityGroupRule) -> String {
    format!("{} {}", traffic(*rule.traffic), peer(&rule.peer))
}

fn traffic(traffic: Traffic) -> String {
    format!("{traffic:?}")
}

fn peer(peer: &Peer) -> String {
    match peer {
        Peer::Cidr(cidr) => cidr.to_string(),
        Peer::PrefixList(name) | Peer::SecurityGroup(name) => name.clone(),
    }
}

fn ways_out(model: &Model, text: &mut String) {
    for gateway in &model.internet_gateways {
        let vpc = gateway.vpc.as_ref().map_or("nothing", |vpc| vpc.value.as_str());
        line(text, format!("internet-gateway {} at {vpc}", *gateway.id));
    }
    for nat in &model.nat_gateways {
        let addresses = nat.addresses.iter().map(|address| match &address.public {
            Some(public) => public.value.to_string(),
            None => "-".to_owned(),
        });
        let addresses = addresses.collect::<Vec<_>>().join(" ");
        line(text, format!("nat-gateway {} in {} as {addresses}", *nat.id, *nat.subnet));
    }
    for endpoint in &model.vpc_endpoints {
        let way = match &endpoint.kind {
            EndpointKind::Gateway { route_tables, .. } => format!("in {}", names(route_tables)),
            EndpointKind::Interface { subnets, security_groups, private_dns } => {
                let subnets: Vec<_> = subnets.iter().map(|(subnet, _)| subnet.clone()).collect();
                let groups = names(security_groups);
                format!("in {} with {groups}, private dns {private_dns}", names(&subnets))
            }
        };
        line(text, format!("endpoint {} to {} {way}", *endpoint.id, *endpoint.service));
    }
}

fn senders(model: &Model, text: &mut String) {
    for interface in &model.network_interfaces {
        let addresses: Vec<_> = interface.addresses.iter().map(|a| a.value.to_string()).collect();
        let (id, subnet) = (&*interface.id, &*interface.subnet);
        let groups = names(&interface.security_groups);
        line(text, format!("interface {id} {} in {subnet} with {groups}", addresses.join(" ")));
    }
    for connector in &model.connectors {
        let (subnets, groups) = (names(&connector.subnets), names(&connector.security_groups));
        line(text, format!("connector {} in {subnets} with {groups}", *connector.id));
    }
    for service in &model.services {
        let egress = match &service.egress {
            Egress::Default => "the provider's own way",
            Egress::Vpc(connector) => connector.value.as_str(),
        };
        line(text, format!("service {} by {egress}", *service.id));
    }
}

fn unknowns(model: &Model, text: &mut String) {
    let unknowns = &model.unknowns;
    let mut unknown = |what: &str, unknown: &Unknown| {
        line(text, format!("unknown {what}: {}", unknown.name));
    };
    for rule in &unknowns.rules {
        unknown(&format!("rule of {} to {:?}", *rule.group, rule.peer), &rule.unknown);
    }
    for entry in &unknowns.entries {
        unknown(&format!("entry of {}", *entry.acl), &entry.unknown);
    }
    for route in &unknowns.routes {
        unknown(&format!("route of {} by {:?}", *route.table, route.target), &route.unknown);
    }
    for (list, why) in &unknowns.prefix_lists {
        unknown(&format!("list {}", **list), why);
    }
    for (address, why) in &unknowns.addresses {
        unknown(&format!("address {address}"), why);
    }
    for everything in &unknowns.everything {
        unknown("everything", everything);
    }
}
