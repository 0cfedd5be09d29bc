//! What a flow can use.

use std::fmt;

use egret_control::explain::{element_kind, element_names, rule_of};
use egret_control::index::Index;
use egret_control::source::Place;
use egret_dataplane::snapshot::{
    AclId, EndpointId, NatId, PeeringId, RouteTableId, SgId, Snapshot, TgwId,
};
use egret_dataplane::trace::{Decision, Hop};
use egret_dataplane::verdict::Element;

/// A rule, an entry, a route or an element that somebody wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// A rule of a security group.
    SecurityGroup(SgId, bool, usize),
    /// An entry of a network ACL.
    NetworkAcl(AclId, bool, usize),
    /// A route.
    Route(RouteTableId, usize),
    /// A route of a transit gateway: which of its tables, and which of its routes.
    TransitGateway(TgwId, usize, usize),
    /// An endpoint, a NAT gateway or a peering connection.
    Element(Element),
}

impl Rule {
    /// What decided at a hop, or passed the packet on.
    pub(super) fn of(hop: &Hop) -> Option<Rule> {
        match (hop.decision, hop.element) {
            (Decision::SecurityGroupRule { group, egress, rule }, _) => {
                Some(Rule::SecurityGroup(group, egress, rule))
            }
            (Decision::AclEntry { acl, egress, entry }, _) => {
                Some(Rule::NetworkAcl(acl, egress, entry?))
            }
            (Decision::Route { table, route }, _) => Some(Rule::Route(table, route?)),
            (Decision::TransitGatewayRoute { table, route }, Element::TransitGateway(tgw)) => {
                Some(Rule::TransitGateway(tgw, table, route?))
            }
            (
                _,
                element @ (Element::VpcEndpoint(_) | Element::NatGateway(_) | Element::Peering(_)),
            ) => Some(Rule::Element(element)),
            _ => None,
        }
    }

    /// Everything that there is, with its place.
    pub(super) fn all(snapshot: &Snapshot, index: &Index) -> Vec<(Rule, Option<Place>)> {
        let mut rules = Vec::new();
        for (group, id) in snapshot.security_groups.iter().zip((0..).map(SgId)) {
            for egress in [true, false] {
                let all =
                    (0..group.rules(egress).len()).map(|at| Rule::SecurityGroup(id, egress, at));
                rules.extend(all);
            }
        }
        for (acl, id) in snapshot.network_acls.iter().zip((0..).map(AclId)) {
            let egress = (0..acl.egress.len()).map(|at| Rule::NetworkAcl(id, true, at));
            let ingress = (0..acl.ingress.len()).map(|at| Rule::NetworkAcl(id, false, at));
            rules.extend(egress.chain(ingress));
        }
        for (table, id) in snapshot.route_tables.iter().zip((0..).map(RouteTableId)) {
            rules.extend((0..table.routes.len()).map(|at| Rule::Route(id, at)));
        }
        let mut placed: Vec<(Rule, Option<Place>)> =
            rules.into_iter().map(|rule| (rule, rule.place(index))).collect();
        let ids = |len: usize| 0..len as u32;
        let endpoints =
            ids(snapshot.endpoints.len()).map(|at| Element::VpcEndpoint(EndpointId(at)));
        let gateways = ids(snapshot.nat_gateways.len()).map(|at| Element::NatGateway(NatId(at)));
        let peerings = ids(snapshot.peerings.len()).map(|at| Element::Peering(PeeringId(at)));
        let elements = endpoints.chain(gateways).chain(peerings);
        placed.extend(elements.map(|element| (Rule::Element(element), None)));
        for (tgw, id) in snapshot.transit_gateways.iter().zip((0..).map(TgwId)) {
            for (table, at) in tgw.route_tables.iter().zip(0..) {
                let routes =
                    (0..table.routes.len()).map(|route| Rule::TransitGateway(id, at, route));
                placed.extend(routes.map(|rule| (rule, None)));
            }
        }
        placed
    }

    /// Where it was written; nowhere, if AWS adds it by itself.
    pub fn place(self, index: &Index) -> Option<Place> {
        let place = match self {
            Rule::SecurityGroup(group, egress, rule) => index.sg_rule(group, egress, rule),
            Rule::NetworkAcl(acl, egress, entry) => index.acl_entry(acl, egress, entry),
            Rule::Route(table, route) => index.route(table, route),
            Rule::TransitGateway(..) | Rule::Element(_) => None,
        };
        place.filter(|place| place.file.is_some())
    }

    /// What it belongs to, and what it says: `security-group`, `web`, `tcp 443 to 0.0.0.0/0`.
    pub fn words(self, snapshot: &Snapshot) -> (&'static str, String, String) {
        let decision = match self {
            Rule::SecurityGroup(group, egress, rule) => {
                Decision::SecurityGroupRule { group, egress, rule }
            }
            Rule::NetworkAcl(acl, egress, entry) => {
                Decision::AclEntry { acl, egress, entry: Some(entry) }
            }
            Rule::Route(table, route) => Decision::Route { table, route: Some(route) },
            Rule::TransitGateway(tgw, table, route) => {
                let table = &snapshot[tgw].route_tables[table];
                let route = &table.routes[route];
                let to = route.attachment.map_or("nowhere", |to| &snapshot[to].name);
                let words = format!("{} leads to {to}", route.cidr);
                return ("transit-gateway", table.name.to_string(), words);
            }
            Rule::Element(element) => {
                let name = element_names(snapshot, element).swap_remove(0);
                return (element_kind(element), name, String::new());
            }
        };
        rule_of(snapshot, decision).unwrap_or_default()
    }

    /// One line of it.
    pub fn line(self, snapshot: &Snapshot) -> impl fmt::Display {
        let (kind, name, words) = self.words(snapshot);
        if words.is_empty() { format!("{kind} {name}") } else { format!("{kind} {name}: {words}") }
    }
}
