//! What a VPC has one of, and what must be of one VPC: AWS refuses the rest, and a packet would
//! take a way that is not there.

use std::collections::HashMap;

use super::Desk;
use crate::finding::Finding;
use crate::model::{EndpointKind, Name};
use crate::names::Kind;
use crate::source::Place;

pub(super) fn check(desk: &mut Desk<'_>) {
    one_each(desk);
    subnets(desk);
    interfaces(desk);
    endpoints(desk);
    connectors(desk);
}

fn one_each(desk: &mut Desk<'_>) {
    let model = desk.model;
    let mains = model.route_tables.iter().filter(|table| table.main).map(|t| (&t.vpc, &t.id));
    one(desk, "two-main-route-tables", "main route tables", mains);
    let acls = model.network_acls.iter().filter(|acl| acl.default).map(|acl| (&acl.vpc, &acl.id));
    one(desk, "two-default-acls", "default network ACLs", acls);
    let groups = model.security_groups.iter().filter(|group| group.default);
    one(desk, "two-default-groups", "default security groups", groups.map(|g| (&g.vpc, &g.id)));
    let gateways = model.internet_gateways.iter();
    let gateways = gateways.filter_map(|gateway| Some((gateway.vpc.as_ref()?, &gateway.id)));
    one(desk, "two-internet-gateways", "internet gateways", gateways);
}

fn one<'a>(
    desk: &mut Desk<'a>,
    code: &'static str,
    nouns: &str,
    things: impl Iterator<Item = (&'a Name, &'a Name)>,
) {
    let mut seen: HashMap<usize, &Name> = HashMap::new();
    for (vpc, id) in things {
        let Some(at) = desk.names.known(Kind::Vpc, vpc) else { continue };
        if let Some(first) = seen.insert(at, id) {
            let message = format!("VPC `{}` has two {nouns}: `{}` and `{}`", **vpc, **first, **id);
            desk.find(Finding::error(code, id.place, message).help("a VPC has one: keep one"));
        }
    }
}

fn subnets(desk: &mut Desk<'_>) {
    for subnet in &desk.model.subnets {
        if let Some(table) = &subnet.route_table {
            same_vpc(desk, Kind::RouteTable, table, &subnet.vpc);
        }
        if let Some(acl) = &subnet.network_acl {
            same_vpc(desk, Kind::NetworkAcl, acl, &subnet.vpc);
        }
    }
}

fn interfaces(desk: &mut Desk<'_>) {
    for interface in &desk.model.network_interfaces {
        let Some(subnet) = desk.subnet(&interface.subnet) else { continue };
        groups(desk, &interface.security_groups, &subnet.vpc, interface.id.place);
    }
}

fn endpoints(desk: &mut Desk<'_>) {
    for endpoint in &desk.model.vpc_endpoints {
        match &endpoint.kind {
            EndpointKind::Interface { subnets, security_groups, .. } => {
                for (subnet, _) in subnets {
                    same_vpc(desk, Kind::Subnet, subnet, &endpoint.vpc);
                }
                groups(desk, security_groups, &endpoint.vpc, endpoint.id.place);
            }
            EndpointKind::Gateway { route_tables, .. } => {
                for table in route_tables {
                    same_vpc(desk, Kind::RouteTable, table, &endpoint.vpc);
                }
            }
        }
    }
}

/// Compilation follows the names of connectors that a service uses; the others are names, too.
fn connectors(desk: &mut Desk<'_>) {
    for connector in &desk.model.connectors {
        let mut vpc = None;
        for name in &connector.subnets {
            match desk.names.find(Kind::Subnet, name) {
                Ok(at) => vpc = vpc.or(Some(&desk.model.subnets[at].vpc)),
                Err(finding) => desk.find(finding),
            }
        }
        let Some(vpc) = vpc else { continue };
        groups(desk, &connector.security_groups, vpc, connector.id.place);
    }
}

/// The groups of an interface; without any it gets the VPC's default group, if there is one.
fn groups(desk: &mut Desk<'_>, names: &[Name], vpc: &Name, place: Place) {
    for name in names {
        same_vpc(desk, Kind::SecurityGroup, name, vpc);
    }
    let at = desk.names.known(Kind::Vpc, vpc);
    if names.is_empty() && at.is_some_and(|at| !desk.default_groups.contains(&at)) {
        let message = format!("no security group is named, and VPC `{}` has no default one", **vpc);
        let finding = Finding::error("no-default-group", place, message);
        desk.find(finding.help("name a group, or add the VPC's default group"));
    }
}

/// Reports a name that means nothing, or something of another VPC.
fn same_vpc(desk: &mut Desk<'_>, kind: Kind, name: &Name, vpc: &Name) {
    let at = match desk.names.find_in(kind, name, vpc) {
        Ok(at) => at,
        Err(finding) => return desk.find(finding),
    };
    let model = desk.model;
    let (of, code) = match kind {
        Kind::RouteTable => (&model.route_tables[at].vpc, "table-of-another-vpc"),
        Kind::NetworkAcl => (&model.network_acls[at].vpc, "acl-of-another-vpc"),
        Kind::SecurityGroup => (&model.security_groups[at].vpc, "group-of-another-vpc"),
        Kind::Subnet => (&model.subnets[at].vpc, "subnet-of-another-vpc"),
        _ => return,
    };
    let (here, there) = (desk.names.known(Kind::Vpc, vpc), desk.names.known(Kind::Vpc, of));
    if here.is_some() && there.is_some() && here != there {
        let noun = kind.noun();
        let message = format!("{noun} `{}` is of VPC `{}`, not of `{}`", **name, **of, **vpc);
        let finding = Finding::error(code, name.place, message);
        desk.find(finding.help(format!("name a {noun} of VPC `{}`", **vpc)));
    }
}
