//! What is wrong or looks wrong in a model, beyond names that mean nothing: quotas, overlaps, rules
//! that never match, and the traps that AWS lets you fall into.
//!
//! Every compilation asks these checks, and stops at errors.

mod addresses;
mod connectors;
mod cover;
mod dns;
mod policies;
mod route_cover;
mod routes;
mod shadows;
mod unknowns;
mod vpcs;

use std::collections::{HashMap, HashSet};

use ipnet::Ipv4Net;

use crate::finding::Finding;
use crate::model::{Model, Name, NetworkAcl, RouteDestination, RouteTable, RouteTarget, Subnet};
use crate::names::{Kind, Names};
use crate::source::Place;

/// Adds what can be said beyond names.
pub(crate) fn suspicions(model: &Model, names: &Names<'_>, findings: &mut Vec<Finding>) {
    let tables = main_tables(model);
    let acls = default_acls(model);
    let groups = model.security_groups.iter().filter(|group| group.default);
    let default_groups = groups.filter_map(|group| names.known(Kind::Vpc, &group.vpc)).collect();
    let mut desk = Desk { model, names, findings, tables, acls, default_groups };
    addresses::check(&mut desk);
    policies::check(&mut desk);
    routes::check(&mut desk);
    route_cover::check(&mut desk);
    vpcs::check(&mut desk);
    dns::check(&mut desk);
    connectors::check(&mut desk);
    unknowns::check(&mut desk);
}

/// Errors first, then by place.
pub(crate) fn sort(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| {
        let place = finding.place;
        (finding.severity, place.file, place.offset)
    });
}

/// Keeps the first of findings that say the same of the same place: several services meet one
/// connector's mistake.
pub(crate) fn tell_once(findings: &mut Vec<Finding>) {
    let mut told = HashSet::new();
    findings.retain(|finding| {
        let place = finding.place;
        told.insert((finding.code, place.file, place.offset, finding.message.clone()))
    });
}

/// What the checks work with.
struct Desk<'a> {
    model: &'a Model,
    names: &'a Names<'a>,
    findings: &'a mut Vec<Finding>,
    /// The main route table of each VPC.
    tables: HashMap<&'a str, &'a RouteTable>,
    /// The default network ACL of each VPC.
    acls: HashMap<&'a str, &'a NetworkAcl>,
    /// The VPCs that have a default security group.
    default_groups: HashSet<usize>,
}

fn main_tables(model: &Model) -> HashMap<&str, &RouteTable> {
    let mains = model.route_tables.iter().filter(|table| table.main);
    mains.map(|table| (table.vpc.as_str(), table)).collect()
}

fn default_acls(model: &Model) -> HashMap<&str, &NetworkAcl> {
    let defaults = model.network_acls.iter().filter(|acl| acl.default);
    defaults.map(|acl| (acl.vpc.as_str(), acl)).collect()
}

impl<'a> Desk<'a> {
    fn find(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    fn subnet(&self, name: &Name) -> Option<&'a Subnet> {
        self.names.find(Kind::Subnet, name).ok().map(|at| &self.model.subnets[at])
    }

    /// The route table that a subnet uses.
    fn table_of(&self, subnet: &Subnet) -> Option<&'a RouteTable> {
        match &subnet.route_table {
            None => self.tables.get(subnet.vpc.as_str()).copied(),
            Some(name) => {
                let at = self.names.find_in(Kind::RouteTable, name, &subnet.vpc).ok();
                at.map(|at| &self.model.route_tables[at])
            }
        }
    }

    /// The network ACL that a subnet uses, and where that was said.
    fn acl_of(&self, subnet: &Subnet) -> Option<(&'a NetworkAcl, Place)> {
        match &subnet.network_acl {
            None => self.acls.get(subnet.vpc.as_str()).map(|acl| (*acl, subnet.id.place)),
            Some(name) => {
                let at = self.names.find_in(Kind::NetworkAcl, name, &subnet.vpc).ok()?;
                Some((&self.model.network_acls[at], name.place))
            }
        }
    }

    /// Whether a route leads to an internet gateway.
    fn is_internet_gateway(&self, target: &RouteTarget) -> bool {
        match target {
            RouteTarget::InternetGateway(_) => true,
            RouteTarget::Named(name) => {
                name == "internet_gateway"
                    || self.names.find(Kind::InternetGateway, &Name::implied(name.clone())).is_ok()
            }
            _ => false,
        }
    }

    /// Whether the default route of a table leads to an internet gateway.
    fn is_public(&self, table: &RouteTable) -> bool {
        let default = RouteDestination::Cidr(Ipv4Net::default());
        let mut defaults = table.routes.iter().filter(|route| *route.destination == default);
        defaults.any(|route| self.is_internet_gateway(&route.target))
    }
}
