//! The parts of a configuration that decide about packets: rules of security groups, entries of
//! network ACLs, routes, and endpoints. What coverage counts and what mutation changes.

use egret_control::compile::Compilation;
use egret_control::explain::{self, World, entry_words, key_words, rule_words, target_words};
use egret_control::model::Model;
use egret_control::source::Place;
use egret_dataplane::snapshot::{
    AclId, AttachmentId, EndpointId, EniOwner, RouteTableId, RouteTarget, SgId, Snapshot, TgwId,
};
use egret_dataplane::trace::{Decision, Hop};
use egret_dataplane::verdict::Element;

/// A part of a configuration that decides about packets by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A rule of a security group.
    SecurityGroupRule {
        /// The group.
        group: SgId,
        /// Whether it is outbound.
        egress: bool,
        /// Its index among the group's rules of that direction.
        rule: usize,
    },
    /// An entry of a network ACL; `None` is the implicit last one, `*`.
    AclEntry {
        /// The ACL.
        acl: AclId,
        /// Whether it is outbound.
        egress: bool,
        /// Its index among the entries of that direction.
        entry: Option<usize>,
    },
    /// A route of a VPC's table.
    Route {
        /// The table.
        table: RouteTableId,
        /// Its index.
        route: usize,
    },
    /// A route of a transit gateway's table.
    TransitGatewayRoute {
        /// The gateway.
        gateway: TgwId,
        /// Which of its tables.
        table: usize,
        /// Its index.
        route: usize,
    },
    /// An endpoint.
    Endpoint(EndpointId),
}

/// What kinds of parts there are, in AWS's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Rules of security groups.
    SecurityGroupRule,
    /// Entries of network ACLs.
    AclEntry,
    /// Routes of VPCs.
    Route,
    /// Routes of transit gateways.
    TransitGatewayRoute,
    /// Endpoints.
    Endpoint,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 5] = [
        Kind::SecurityGroupRule,
        Kind::AclEntry,
        Kind::Route,
        Kind::TransitGatewayRoute,
        Kind::Endpoint,
    ];

    /// For machines.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::SecurityGroupRule => "security-group-rule",
            Kind::AclEntry => "network-acl-entry",
            Kind::Route => "route",
            Kind::TransitGatewayRoute => "transit-gateway-route",
            Kind::Endpoint => "vpc-endpoint",
        }
    }

    /// Several of them, for people.
    pub const fn plural(self) -> &'static str {
        match self {
            Kind::SecurityGroupRule => "security group rules",
            Kind::AclEntry => "network ACL entries",
            Kind::Route => "routes",
            Kind::TransitGatewayRoute => "transit gateway routes",
            Kind::Endpoint => "endpoints",
        }
    }
}

impl Part {
    /// The parts that decided at a hop. An endpoint is passed, or its groups are asked.
    pub fn deciding(snapshot: &Snapshot, hop: &Hop) -> impl Iterator<Item = Part> + use<> {
        let endpoint = match hop.element {
            Element::VpcEndpoint(endpoint) => Some(Part::Endpoint(endpoint)),
            Element::SecurityGroup(eni) => match snapshot[eni].owner {
                EniOwner::Endpoint(endpoint, _) => Some(Part::Endpoint(endpoint)),
                _ => None,
            },
            _ => None,
        };
        decided(hop).into_iter().chain(endpoint)
    }

    /// Every part of a configuration, in the order of its elements.
    pub fn all(snapshot: &Snapshot) -> Vec<Part> {
        let groups = (0..).map(SgId).zip(&snapshot.security_groups);
        let rules = groups.flat_map(|(group, item)| {
            [true, false].into_iter().flat_map(move |egress| {
                let rules = 0..item.rules(egress).len();
                rules.map(move |rule| Part::SecurityGroupRule { group, egress, rule })
            })
        });
        let acls = (0..).map(AclId).zip(&snapshot.network_acls);
        let entries = acls.flat_map(|(acl, item)| {
            [(true, &item.egress), (false, &item.ingress)].into_iter().flat_map(
                move |(egress, entries)| {
                    let entries = (0..entries.len()).map(Some).chain([None]);
                    entries.map(move |entry| Part::AclEntry { acl, egress, entry })
                },
            )
        });
        let tables = (0..).map(RouteTableId).zip(&snapshot.route_tables);
        let routes = tables.flat_map(|(table, item)| {
            (0..item.routes.len()).map(move |route| Part::Route { table, route })
        });
        let gateways = (0..).map(TgwId).zip(&snapshot.transit_gateways);
        let transit = gateways.flat_map(|(gateway, item)| {
            item.route_tables.iter().enumerate().flat_map(move |(table, item)| {
                let routes = 0..item.routes.len();
                routes.map(move |route| Part::TransitGatewayRoute { gateway, table, route })
            })
        });
        let endpoints =
            (0..snapshot.endpoints.len() as u32).map(|at| Part::Endpoint(EndpointId(at)));
        rules.chain(entries).chain(routes).chain(transit).chain(endpoints).collect()
    }

    /// What kind of part it is.
    pub const fn kind(self) -> Kind {
        match self {
            Part::SecurityGroupRule { .. } => Kind::SecurityGroupRule,
            Part::AclEntry { .. } => Kind::AclEntry,
            Part::Route { .. } => Kind::Route,
            Part::TransitGatewayRoute { .. } => Kind::TransitGatewayRoute,
            Part::Endpoint(_) => Kind::Endpoint,
        }
    }

    /// What it is called, which also says what it is: `web egress tcp 443 to 0.0.0.0/0`, `narrow
    /// ingress 100`, `private-a 0.0.0.0/0`.
    pub fn name(self, snapshot: &Snapshot) -> String {
        match self {
            Part::SecurityGroupRule { group, egress, rule } => {
                let group = &snapshot[group];
                let words = rule_words(snapshot, &group.rules(egress)[rule], egress);
                format!("{} {} {words}", group.name, way(egress))
            }
            Part::AclEntry { acl, egress, entry } => {
                let acl = &snapshot[acl];
                let entries = if egress { &acl.egress } else { &acl.ingress };
                let number = entry.map_or("*".to_owned(), |at| entries[at].number.to_string());
                format!("{} {} {number}", acl.name, way(egress))
            }
            Part::Route { table, route } => {
                let table = &snapshot[table];
                format!("{} {}", table.name, key_words(snapshot, table.routes[route].key))
            }
            Part::TransitGatewayRoute { gateway, table, route } => {
                let gateway = &snapshot[gateway];
                let table = &gateway.route_tables[table];
                format!("{} {} {}", gateway.name, table.name, table.routes[route].cidr)
            }
            Part::Endpoint(endpoint) => snapshot[endpoint].name.to_string(),
        }
    }

    /// What it does, where its name does not say that.
    pub fn does(self, snapshot: &Snapshot) -> Option<String> {
        match self {
            Part::SecurityGroupRule { .. } => None,
            Part::AclEntry { acl, egress, entry } => {
                let words = entry_words(snapshot, acl, egress, entry);
                words
                    .split_once(' ')
                    .and_then(|(_, words)| words.split_once(' '))
                    .map(|(_, w)| w.to_owned())
            }
            Part::Route { table, route } => {
                Some(format!("to {}", target_words(snapshot, snapshot[table].routes[route].target)))
            }
            Part::TransitGatewayRoute { gateway, table, route } => {
                let route = snapshot[gateway].route_tables[table].routes[route];
                let to = route.attachment.map_or("nowhere".into(), |to| snapshot[to].name.clone());
                Some(format!("to {to}"))
            }
            Part::Endpoint(endpoint) => Some(format!("for {}", snapshot[endpoint].service)),
        }
    }

    /// Where it was written; `None` for what AWS adds by itself.
    pub fn place(self, model: &Model, compilation: &Compilation) -> Option<Place> {
        let world = World::new(&model.sources, compilation);
        let snapshot = world.snapshot;
        let place = match self {
            Part::SecurityGroupRule { group, egress, rule } => {
                explain::place(world, Decision::SecurityGroupRule { group, egress, rule })
            }
            Part::AclEntry { acl, egress, entry } => {
                explain::place(world, Decision::AclEntry { acl, egress, entry })
            }
            Part::Route { table, route } => {
                explain::place(world, Decision::Route { table, route: Some(route) })
            }
            Part::TransitGatewayRoute { gateway, table, route } => {
                let name = &*snapshot[gateway].name;
                let gateway = model.transit_gateways.iter().find(|tgw| *tgw.id == name)?;
                // Static ones come first; what was learnt is where it says so.
                let written = &gateway.route_tables[table];
                let said = written.routes.get(route).map(|route| route.cidr.place);
                let learnt = || {
                    let from = self.learnt_from(snapshot)?;
                    let mut said = written.propagations.iter();
                    said.find(|name| name.as_str() == &*snapshot[from].name).map(|name| name.place)
                };
                said.or_else(learnt)
            }
            Part::Endpoint(endpoint) => {
                let name = &*snapshot[endpoint].name;
                let said = model.vpc_endpoints.iter().find(|said| *said.id == name);
                said.map(|said| said.id.place)
            }
        };
        place.filter(|place| place.file.is_some())
    }

    /// The attachment that a transit gateway's route leads to.
    fn learnt_from(self, snapshot: &Snapshot) -> Option<AttachmentId> {
        let Part::TransitGatewayRoute { gateway, table, route } = self else { return None };
        snapshot[gateway].route_tables[table].routes[route].attachment
    }
}

/// The rule, entry or route that decided.
fn decided(hop: &Hop) -> Option<Part> {
    match (hop.decision, hop.element) {
        (Decision::SecurityGroupRule { group, egress, rule }, _) => {
            Some(Part::SecurityGroupRule { group, egress, rule })
        }
        (Decision::AclEntry { acl, egress, entry }, _) => {
            Some(Part::AclEntry { acl, egress, entry })
        }
        (Decision::Route { table, route: Some(route) }, _) => Some(Part::Route { table, route }),
        (
            Decision::TransitGatewayRoute { table, route: Some(route) },
            Element::TransitGateway(gateway),
        ) => Some(Part::TransitGatewayRoute { gateway, table, route }),
        _ => None,
    }
}

fn way(egress: bool) -> &'static str {
    if egress { "egress" } else { "ingress" }
}

/// A list of parts whose rules are asked together: a change of one of them is felt by no packet that
/// does not ask its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// The rules of a security group: both directions, because whether a flow is tracked depends on
    /// both.
    SecurityGroup(SgId),
    /// The entries of a network ACL of one direction, outbound if so.
    NetworkAcl(AclId, bool),
    /// The routes of a table.
    RouteTable(RouteTableId),
    /// The routes of a transit gateway's table.
    TransitGateway(TgwId, usize),
}

impl List {
    /// The lists that were asked at a hop.
    pub fn asked<'s>(snapshot: &'s Snapshot, hop: &Hop) -> impl Iterator<Item = List> + use<'s> {
        let groups = match hop.element {
            Element::SecurityGroup(eni) => &snapshot[eni].security_groups[..],
            _ => &[],
        };
        let list = match (hop.decision, hop.element) {
            (Decision::AclEntry { acl, egress, .. }, _) => Some(List::NetworkAcl(acl, egress)),
            (Decision::Route { table, .. }, _) => Some(List::RouteTable(table)),
            (Decision::TransitGatewayRoute { table, .. }, Element::TransitGateway(gateway)) => {
                Some(List::TransitGateway(gateway, table))
            }
            _ => None,
        };
        groups.iter().map(|group| List::SecurityGroup(*group)).chain(list)
    }
}

/// Whether a route is one that AWS adds by itself: to the VPC's own addresses.
pub(crate) fn is_local(snapshot: &Snapshot, part: Part) -> bool {
    let Part::Route { table, route } = part else { return false };
    snapshot[table].routes[route].target == RouteTarget::Local
}
