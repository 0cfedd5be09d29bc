//! Mutants: a configuration with one small change, such as somebody makes by mistake.
//!
//! Each part that somebody wrote is changed in every one of these ways that it can be: removed; its
//! addresses one bit wider, or only their lower or upper half; its ports one more at either end, or
//! one less; every protocol in the place of one, TCP alone in the place of all; a network ACL's entry
//! turned from allow to deny or back, or swapped with the next one; a route led elsewhere. A change
//! is the smallest of its kind: who notices that one notices larger ones.

use egret_control::model::{
    AclEntry, EndpointKind, Model, Name, Route, RouteDestination, RouteTarget, SecurityGroupRule,
    TransitGatewayRoute,
};
use egret_control::source::{Place, Sourced};
use egret_dataplane::snapshot::{AclId, RouteTableId, SgId, Snapshot, TgwId};

use super::parts::{Kind, List};
use super::{Spot, spot};
use words::{destination_words, entry_words, rule_words, target_words};

mod near;
mod words;

/// Other targets that a route is led to, at most.
const TARGETS: usize = 3;

/// A change of a configuration.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// What kind of part is changed.
    pub kind: Kind,
    /// What is changed, as coverage names it.
    pub name: String,
    /// How: `removed`, `becomes tcp 442-443 to 0.0.0.0/0`.
    pub how: String,
    /// Where it was written.
    pub spot: Spot,
    /// The list that the changed part is in. Who does not ask it feels nothing; `None` where names
    /// and addresses may change, too.
    pub(super) list: Option<List>,
    change: Change,
}

/// A change of the model; `None` removes.
#[derive(Clone, Debug)]
enum Change {
    Rule {
        group: usize,
        egress: bool,
        at: usize,
        with: Option<SecurityGroupRule>,
    },
    Entry {
        acl: usize,
        at: usize,
        with: Option<AclEntry>,
    },
    /// Two entries have each other's numbers.
    Swap {
        acl: usize,
        at: usize,
        other: usize,
    },
    Route {
        table: usize,
        at: usize,
        with: Option<Route>,
    },
    /// An endpoint adds its route to one table less.
    Association {
        endpoint: usize,
        at: usize,
    },
    TransitRoute {
        gateway: usize,
        table: usize,
        at: usize,
        with: Option<TransitGatewayRoute>,
    },
    /// A transit gateway's table learns from one attachment less.
    Propagation {
        gateway: usize,
        table: usize,
        at: usize,
    },
    Endpoint(usize),
}

impl Mutant {
    /// Its name and how it is changed, in one line.
    pub fn words(&self) -> String {
        format!("{} {}", self.name, self.how)
    }

    /// The configuration with the change.
    pub fn apply(&self, model: &Model) -> Model {
        let mut model = model.clone();
        match self.change.clone() {
            Change::Rule { group, egress, at, with } => {
                let group = &mut model.security_groups[group];
                put(if egress { &mut group.egress } else { &mut group.ingress }, at, with);
            }
            Change::Entry { acl, at, with } => put(&mut model.network_acls[acl].entries, at, with),
            Change::Swap { acl, at, other } => {
                let entries = &mut model.network_acls[acl].entries;
                let number = entries[at].number;
                entries[at].number = std::mem::replace(&mut entries[other].number, number);
            }
            Change::Route { table, at, with } => {
                put(&mut model.route_tables[table].routes, at, with)
            }
            Change::Association { endpoint, at } => {
                let kind = &mut model.vpc_endpoints[endpoint].kind;
                if let EndpointKind::Gateway { route_tables, .. } = kind {
                    route_tables.remove(at);
                }
            }
            Change::TransitRoute { gateway, table, at, with } => {
                put(&mut model.transit_gateways[gateway].route_tables[table].routes, at, with);
            }
            Change::Propagation { gateway, table, at } => {
                let table = &mut model.transit_gateways[gateway].route_tables[table];
                table.propagations.remove(at);
            }
            Change::Endpoint(at) => drop(model.vpc_endpoints.remove(at)),
        }
        model
    }
}

fn put<T>(items: &mut Vec<T>, at: usize, with: Option<T>) {
    match with {
        Some(item) => items[at] = item,
        None => drop(items.remove(at)),
    }
}

/// Every mutant of a configuration, in its order.
pub fn mutants(model: &Model, snapshot: &Snapshot) -> Vec<Mutant> {
    let mut maker = Maker { model, snapshot, made: Vec::new() };
    maker.groups();
    maker.acls();
    maker.tables();
    maker.transit_gateways();
    maker.endpoints();
    maker.made
}

struct Maker<'a> {
    model: &'a Model,
    snapshot: &'a Snapshot,
    made: Vec<Mutant>,
}

/// A part that is about to be changed.
#[derive(Clone)]
struct Subject {
    kind: Kind,
    name: String,
    place: Place,
    list: Option<List>,
}

impl Maker<'_> {
    fn make(&mut self, of: &Subject, how: impl Into<String>, change: Change) {
        // What nobody wrote, nobody gets wrong.
        if of.place.file.is_some() {
            let Subject { kind, name, place, list } = of.clone();
            let spot = spot(&self.model.sources, place);
            self.made.push(Mutant { kind, name, how: how.into(), spot, list, change });
        }
    }

    fn groups(&mut self) {
        let model = self.model;
        for (at, group) in model.security_groups.iter().enumerate() {
            let id = index(self.snapshot.security_groups.iter().map(|g| &*g.name), &group.id);
            for (egress, rules) in [(true, &group.egress), (false, &group.ingress)] {
                for (number, rule) in rules.iter().enumerate() {
                    let way = if egress { "egress" } else { "ingress" };
                    let subject = Subject {
                        kind: Kind::SecurityGroupRule,
                        name: format!("{} {way} {}", *group.id, rule_words(rule, egress)),
                        place: rule.place,
                        list: Some(List::SecurityGroup(SgId(id))),
                    };
                    let change = |with| Change::Rule { group: at, egress, at: number, with };
                    self.make(&subject, "removed", change(None));
                    for other in near::rules(rule) {
                        let how = format!("becomes {}", rule_words(&other, egress));
                        self.make(&subject, how, change(Some(other)));
                    }
                }
            }
        }
    }

    fn acls(&mut self) {
        let model = self.model;
        for (at, acl) in model.network_acls.iter().enumerate() {
            let id = index(self.snapshot.network_acls.iter().map(|acl| &*acl.name), &acl.id);
            for (number, entry) in acl.entries.iter().enumerate() {
                let way = if entry.egress { "egress" } else { "ingress" };
                let subject = Subject {
                    kind: Kind::AclEntry,
                    name: format!("{} {way} {}", *acl.id, *entry.number),
                    place: entry.place,
                    list: Some(List::NetworkAcl(AclId(id), entry.egress)),
                };
                let change = |with| Change::Entry { acl: at, at: number, with };
                self.make(&subject, "removed", change(None));
                for other in near::entries(entry) {
                    let how = format!("becomes: {}", entry_words(&other));
                    self.make(&subject, how, change(Some(other)));
                }
                if let Some(other) = near::next_entry(&acl.entries, entry) {
                    let how = format!("swapped with {}", *acl.entries[other].number);
                    self.make(&subject, how, Change::Swap { acl: at, at: number, other });
                }
            }
        }
    }

    fn tables(&mut self) {
        let model = self.model;
        for (at, table) in model.route_tables.iter().enumerate() {
            let id = index(self.snapshot.route_tables.iter().map(|table| &*table.name), &table.id);
            let list = Some(List::RouteTable(RouteTableId(id)));
            for (number, route) in table.routes.iter().enumerate() {
                let subject = Subject {
                    kind: Kind::Route,
                    name: format!("{} {}", *table.id, destination_words(&route.destination)),
                    place: route.place,
                    list,
                };
                let change = |with| Change::Route { table: at, at: number, with };
                self.make(&subject, "removed", change(None));
                for target in self.targets(&table.vpc, &route.target) {
                    let how = format!("leads to {}", target_words(&target));
                    let target = Sourced::new(target, route.target.place);
                    self.make(&subject, how, change(Some(Route { target, ..route.clone() })));
                }
                let RouteDestination::Cidr(net) = route.destination.value else { continue };
                for net in near::nets(net) {
                    let destination =
                        route.destination.clone().map(|_| RouteDestination::Cidr(net));
                    let how = format!("becomes {net}");
                    self.make(&subject, how, change(Some(Route { destination, ..route.clone() })));
                }
            }
            for (endpoint, item) in model.vpc_endpoints.iter().enumerate() {
                let EndpointKind::Gateway { route_tables, .. } = &item.kind else { continue };
                let is_it =
                    |name: &Name| *name == table.id || table.name.as_ref() == Some(&name.value);
                let Some(said) = route_tables.iter().position(is_it) else { continue };
                let subject = Subject {
                    kind: Kind::Route,
                    name: format!("{} {}", *table.id, *item.service),
                    place: route_tables[said].place,
                    list,
                };
                let how = format!("not added by {}", *item.id);
                self.make(&subject, how, Change::Association { endpoint, at: said });
            }
        }
    }

    /// Where else routes of a VPC lead; nowhere, if they all lead to one place.
    fn targets(&self, vpc: &str, from: &RouteTarget) -> Vec<RouteTarget> {
        let tables = self.model.route_tables.iter().filter(|table| table.vpc.value == vpc);
        let targets = tables.flat_map(|table| table.routes.iter().map(|route| &route.target.value));
        let mut others: Vec<RouteTarget> = Vec::new();
        for target in targets {
            if target != from && !others.contains(target) && others.len() < TARGETS {
                others.push(target.clone());
            }
        }
        if others.is_empty() && *from != RouteTarget::Blackhole(None) {
            others.push(RouteTarget::Blackhole(None));
        }
        others
    }

    fn transit_gateways(&mut self) {
        let model = self.model;
        for (at, gateway) in model.transit_gateways.iter().enumerate() {
            let names = self.snapshot.transit_gateways.iter().map(|gateway| &*gateway.name);
            let id = TgwId(index(names, &gateway.id));
            for (number, table) in gateway.route_tables.iter().enumerate() {
                let subject = |what: &dyn std::fmt::Display, place| Subject {
                    kind: Kind::TransitGatewayRoute,
                    name: format!("{} {} {what}", *gateway.id, *table.id),
                    place,
                    list: Some(List::TransitGateway(id, number)),
                };
                for (position, route) in table.routes.iter().enumerate() {
                    let subject = subject(&*route.cidr, route.cidr.place);
                    let change = |with| Change::TransitRoute {
                        gateway: at,
                        table: number,
                        at: position,
                        with,
                    };
                    self.make(&subject, "removed", change(None));
                    let others = gateway.attachments.iter().map(|attachment| Some(&attachment.id));
                    for other in others.chain([None]).filter(|to| *to != route.attachment.as_ref())
                    {
                        let to = other.map_or("nowhere", |to| to.as_str());
                        let attachment = other.cloned();
                        let with = TransitGatewayRoute { attachment, ..route.clone() };
                        self.make(&subject, format!("leads to {to}"), change(Some(with)));
                    }
                    for net in near::nets(*route.cidr) {
                        let cidr = Sourced::new(net, route.cidr.place);
                        let with = TransitGatewayRoute { cidr, ..route.clone() };
                        self.make(&subject, format!("becomes {net}"), change(Some(with)));
                    }
                }
                for (position, name) in table.propagations.iter().enumerate() {
                    let subject = subject(&format!("from {}", **name), name.place);
                    let change = Change::Propagation { gateway: at, table: number, at: position };
                    self.make(&subject, "not learnt", change);
                }
            }
        }
    }

    fn endpoints(&mut self) {
        let model = self.model;
        for (at, endpoint) in model.vpc_endpoints.iter().enumerate() {
            let subject = Subject {
                kind: Kind::Endpoint,
                name: endpoint.id.value.clone(),
                place: endpoint.id.place,
                list: None,
            };
            self.make(&subject, "removed", Change::Endpoint(at));
        }
    }
}

/// The index of what has that name in a snapshot.
fn index<'n>(mut names: impl Iterator<Item = &'n str>, id: &str) -> u32 {
    names.position(|name| name == id).map_or(u32::MAX, |at| at as u32)
}
