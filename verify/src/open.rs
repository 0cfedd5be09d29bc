//! Verdicts that could be other ones with what a template leaves open.
//!
//! A packet is judged as if nothing that is not known were there. Afterwards each decision on its way
//! is asked whether a rule, entry or route of which something is not known could have made it another
//! one: could, by what *is* known of it, its ports for instance. If so, the verdict is not known, and
//! the first such decision says for want of what. Where that cannot be told exactly (a rule for the
//! members of a group that may not exist) it counts as possible, so a verdict that is given is certain.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::Ipv4Addr;

use egret_control::compile;
use egret_control::model::{self, Model, RouteDestination, Unknown};
use egret_dataplane::packet::{Protocol, Tuple};
use egret_dataplane::snapshot::{
    AclId, Cidr, EniId, Peer, PrefixListId, RouteKey, RouteTableId, RouteTarget, SgId, Snapshot,
    Traffic,
};
use egret_dataplane::trace::{Decision, Direction, Hop};
use egret_dataplane::verdict::{Drop, DropReason, Element};

use crate::cuts::{SPECIAL, groups_asked};

/// What a model leaves open, by the element that it belongs to in a snapshot of that model.
#[derive(Clone, Debug, Default)]
pub struct Open {
    rules: HashMap<(SgId, bool), Vec<Rule>>,
    entries: HashMap<(AclId, bool), Vec<Entry>>,
    routes: HashMap<RouteTableId, Vec<Route>>,
    addresses: HashMap<Ipv4Addr, Unknown>,
}

/// What is known of addresses that something matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    /// They are this block.
    Known(Cidr),
    /// They are AWS's own: public, and not set aside for documentation.
    Amazon,
    /// Nothing.
    Any,
}

#[derive(Clone, Debug)]
struct Rule {
    traffic: Option<Traffic>,
    peer: Block,
    unknown: Unknown,
}

#[derive(Clone, Debug)]
struct Entry {
    number: Option<u16>,
    allow: Option<bool>,
    rule: Rule,
}

#[derive(Clone, Debug)]
struct Route {
    destination: Block,
    /// The name of where it leads.
    target: Option<String>,
    unknown: Unknown,
}

/// Blocks for documentation, which nobody has (RFC 5737).
pub(crate) const DOCUMENTATION: [(Ipv4Addr, u8); 3] = [
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
];

impl Open {
    /// What this model leaves open, of which the snapshot was compiled.
    pub fn new(model: &Model, snapshot: &Snapshot) -> Open {
        let mut open = Open::default();
        open.add_rules(model, snapshot);
        open.add_entries(model, snapshot);
        open.add_routes(model, snapshot);
        open.add_prefix_lists(model, snapshot);
        open.addresses = model.unknowns.addresses.iter().cloned().collect();
        open
    }

    /// Whether nothing is open.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
            && self.entries.is_empty()
            && self.routes.is_empty()
            && self.addresses.is_empty()
    }

    /// What the verdict of a packet with these hops waits for, if it is not certain.
    pub fn doubt(&self, snapshot: &Snapshot, hops: &[Hop], icmp: (u8, u8)) -> Option<&Unknown> {
        if self.is_empty() {
            return None;
        }
        hops.iter().find_map(|hop| match hop.decision {
            Decision::NoSecurityGroupRule { eni, egress } => {
                let mut rules = self.rules_of(snapshot, eni, egress).into_iter();
                rules.find(|rule| rule.may_match(hop, egress, icmp)).map(|rule| &rule.unknown)
            }
            Decision::AclEntry { acl, egress, entry } => {
                self.entry_doubt(snapshot, (acl, egress), entry, hop, icmp)
            }
            Decision::Route { table, route } => self.route_doubt(snapshot, table, route, hop),
            _ => None,
        })
    }

    /// What might be a rule where a packet was dropped for want of any: then it is dropped all the same,
    /// and for another reason.
    pub fn doubt_of_reason(&self, snapshot: &Snapshot, drop: Drop) -> Option<&Unknown> {
        let egress = match drop.reason {
            DropReason::SecurityGroupEgressEmpty => true,
            DropReason::SecurityGroupIngressEmpty => false,
            _ => return None,
        };
        let Element::SecurityGroup(eni) = drop.element else { return None };
        self.rules_of(snapshot, eni, egress).first().map(|rule| &rule.unknown)
    }

    /// Why an address of the model is not yet the one that AWS will choose, if it is not.
    pub fn stand_in(&self, address: Ipv4Addr) -> Option<&Unknown> {
        self.addresses.get(&address)
    }

    /// The addresses that stand for others.
    pub(crate) fn stand_ins(&self) -> impl Iterator<Item = Ipv4Addr> {
        self.addresses.keys().copied()
    }

    /// The traffic of open rules and entries, as far as it is known.
    pub(crate) fn traffic(&self) -> impl Iterator<Item = Traffic> {
        let entries = self.entries.values().flatten().map(|entry| &entry.rule);
        self.rules.values().flatten().chain(entries).filter_map(|rule| rule.traffic)
    }

    /// The known blocks and traffic of open rules, entries and routes that a hop may depend on.
    pub(crate) fn bounds(
        &self,
        snapshot: &Snapshot,
        hop: &Hop,
    ) -> Vec<(Option<Traffic>, Option<Cidr>)> {
        let of = |rule: &Rule| (rule.traffic, rule.peer.known());
        if let Some((eni, egress)) = groups_asked(hop) {
            return self.rules_of(snapshot, eni, egress).into_iter().map(of).collect();
        }
        match hop.decision {
            Decision::AclEntry { acl, egress, .. } => self
                .entries
                .get(&(acl, egress))
                .into_iter()
                .flatten()
                .map(|e| of(&e.rule))
                .collect(),
            Decision::Route { table, .. } if hop.direction == Direction::Forward => {
                let routes = self.routes.get(&table).into_iter().flatten();
                routes.map(|route| (None, route.destination.known())).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The open rules of an interface's groups.
    fn rules_of(&self, snapshot: &Snapshot, eni: EniId, egress: bool) -> Vec<&Rule> {
        let groups = snapshot[eni].security_groups.iter();
        groups.filter_map(|group| self.rules.get(&(*group, egress))).flatten().collect()
    }

    fn entry_doubt(
        &self,
        snapshot: &Snapshot,
        (acl, egress): (AclId, bool),
        decided: Option<usize>,
        hop: &Hop,
        icmp: (u8, u8),
    ) -> Option<&Unknown> {
        let entries = if egress { &snapshot[acl].egress } else { &snapshot[acl].ingress };
        let decided = decided.map(|at| &entries[at]);
        let may_decide = |entry: &&Entry| {
            let comes_before = match (entry.number, decided) {
                (Some(number), Some(decided)) => number < decided.number,
                _ => true,
            };
            let differs = entry.allow.is_none_or(|allow| allow != decided.is_some_and(|e| e.allow));
            comes_before && differs && entry.rule.may_match(hop, egress, icmp)
        };
        let mut open = self.entries.get(&(acl, egress)).into_iter().flatten();
        open.find(may_decide).map(|entry| &entry.rule.unknown)
    }

    fn route_doubt(
        &self,
        snapshot: &Snapshot,
        table: RouteTableId,
        selected: Option<usize>,
        hop: &Hop,
    ) -> Option<&Unknown> {
        let selected = selected.map(|at| snapshot[table].routes[at]);
        let block = selected.and_then(|route| selected_block(snapshot, route.key, hop.before.dst));
        let target = selected.and_then(|route| target_name(snapshot, route.target));
        let may_win = |route: &&Route| {
            let is_as_long = match (route.destination, block) {
                (Block::Known(open), Some(block)) => block.covers(open),
                _ => true,
            };
            let leads_elsewhere = route.target.is_none() || route.target != target;
            is_as_long && leads_elsewhere && route.destination.may_have(hop.before.dst)
        };
        let mut open = self.routes.get(&table).into_iter().flatten();
        open.find(may_win).map(|route| &route.unknown)
    }

    fn add_rules(&mut self, model: &Model, snapshot: &Snapshot) {
        for open in &model.unknowns.rules {
            let named = |name: &str| *open.group.value == *name;
            let Some(at) = snapshot.security_groups.iter().position(|g| named(&g.name)) else {
                continue;
            };
            let peer = match &open.peer {
                Some(model::Peer::Cidr(net)) => Block::of(*net),
                _ => Block::Any,
            };
            let rule = Rule {
                traffic: open.traffic.map(compile::traffic),
                peer,
                unknown: open.unknown.clone(),
            };
            add(&mut self.rules, (SgId(at as u32), open.egress), rule);
        }
    }

    fn add_entries(&mut self, model: &Model, snapshot: &Snapshot) {
        for open in &model.unknowns.entries {
            let named = |name: &str| *open.acl.value == *name;
            let Some(at) = snapshot.network_acls.iter().position(|acl| named(&acl.name)) else {
                continue;
            };
            let entry = Entry {
                number: open.number.map(|number| number as u16),
                allow: open.allow,
                rule: Rule {
                    traffic: open.traffic.map(compile::traffic),
                    peer: open.cidr.map_or(Block::Any, Block::of),
                    unknown: open.unknown.clone(),
                },
            };
            for egress in [true, false] {
                if open.egress.is_none_or(|said| said == egress) {
                    add(&mut self.entries, (AclId(at as u32), egress), entry.clone());
                }
            }
        }
    }

    fn add_routes(&mut self, model: &Model, snapshot: &Snapshot) {
        for open in &model.unknowns.routes {
            let named = |name: &str| *open.table.value == *name;
            let Some(at) = snapshot.route_tables.iter().position(|table| named(&table.name)) else {
                continue;
            };
            let destination = match &open.destination {
                Some(RouteDestination::Cidr(net)) => Block::of(*net),
                Some(RouteDestination::PrefixList(name)) => Block::of_list(name),
                None => Block::Any,
            };
            let target = open.target.as_ref().and_then(written_target);
            let route = Route { destination, target, unknown: open.unknown.clone() };
            add(&mut self.routes, RouteTableId(at as u32), route);
        }
    }

    /// Rules and routes that name a prefix list whose blocks are not known.
    fn add_prefix_lists(&mut self, model: &Model, snapshot: &Snapshot) {
        for (list, unknown) in &model.unknowns.prefix_lists {
            let listed = model
                .prefix_lists
                .iter()
                .find(|known| known.id == *list || known.name.as_ref() == Some(&list.value));
            let name = listed.map_or(&list.value, |known| &known.id.value);
            let at = snapshot.prefix_lists.iter().position(|known| *known.name == **name);
            let Some(at) = at.filter(|at| snapshot.prefix_lists[*at].cidrs.is_empty()) else {
                continue;
            };
            let said = listed.and_then(|known| known.name.as_deref()).unwrap_or(&list.value);
            self.add_prefix_list(snapshot, PrefixListId(at as u32), Block::of_list(said), unknown);
        }
    }

    fn add_prefix_list(
        &mut self,
        snapshot: &Snapshot,
        list: PrefixListId,
        block: Block,
        unknown: &Unknown,
    ) {
        for (at, group) in snapshot.security_groups.iter().enumerate() {
            for egress in [true, false] {
                let naming =
                    group.rules(egress).iter().filter(|r| r.peer == Peer::PrefixList(list));
                for rule in naming {
                    let (traffic, unknown) = (Some(rule.traffic), unknown.clone());
                    let rule = Rule { traffic, peer: block, unknown };
                    add(&mut self.rules, (SgId(at as u32), egress), rule);
                }
            }
        }
        for (at, table) in snapshot.route_tables.iter().enumerate() {
            let naming = table.routes.iter().filter(|r| r.key == RouteKey::PrefixList(list));
            for route in naming {
                let target = target_name(snapshot, route.target);
                let route = Route { destination: block, target, unknown: unknown.clone() };
                add(&mut self.routes, RouteTableId(at as u32), route);
            }
        }
    }
}

impl Block {
    fn of(net: ipnet::Ipv4Net) -> Block {
        Block::Known(Cidr::new(net.addr(), net.prefix_len()))
    }

    /// Of a prefix list, by its name.
    fn of_list(name: &str) -> Block {
        if name.starts_with("com.amazonaws.") { Block::Amazon } else { Block::Any }
    }

    fn known(self) -> Option<Cidr> {
        match self {
            Block::Known(block) => Some(block),
            Block::Amazon | Block::Any => None,
        }
    }

    fn may_have(self, address: Ipv4Addr) -> bool {
        let in_one = |blocks: &[(Ipv4Addr, u8)]| {
            blocks.iter().any(|(block, len)| Cidr::new(*block, *len).contains(address))
        };
        match self {
            Block::Known(block) => block.contains(address),
            Block::Amazon => !in_one(&SPECIAL) && !in_one(&DOCUMENTATION),
            Block::Any => true,
        }
    }
}

impl Rule {
    fn may_match(&self, hop: &Hop, egress: bool, icmp: (u8, u8)) -> bool {
        let peer = if egress { hop.before.dst } else { hop.before.src };
        let is_answer = hop.direction == Direction::Return;
        let traffic =
            self.traffic.is_none_or(|traffic| may_be(traffic, &hop.before, icmp, is_answer));
        traffic && self.peer.may_have(peer)
    }
}

/// Whether a packet may be of this traffic; of an answer to an ICMP message only the code is known.
fn may_be(traffic: Traffic, packet: &Tuple, (kind, code): (u8, u8), is_answer: bool) -> bool {
    let has_port = |first: u16, last: u16| (first..=last).contains(&packet.dst_port);
    match traffic {
        Traffic::All => true,
        Traffic::Tcp(first, last) => packet.protocol == Protocol::TCP && has_port(first, last),
        Traffic::Udp(first, last) => packet.protocol == Protocol::UDP && has_port(first, last),
        Traffic::Icmp(wanted, wanted_code) => {
            packet.protocol == Protocol::ICMP
                && (is_answer || wanted.is_none_or(|wanted| wanted == kind))
                && wanted_code.is_none_or(|wanted| wanted == code)
        }
        Traffic::Protocol(protocol) => packet.protocol == protocol,
    }
}

/// The block of a route by which it was selected for an address.
fn selected_block(snapshot: &Snapshot, key: RouteKey, address: Ipv4Addr) -> Option<Cidr> {
    match key {
        RouteKey::Cidr(block) => Some(block),
        RouteKey::PrefixList(list) => {
            let having = snapshot[list].cidrs.iter().filter(|block| block.contains(address));
            having.copied().reduce(|best, next| if best.covers(next) { next } else { best })
        }
    }
}

/// What a route leads to, as [`written_target`] calls it.
fn target_name(snapshot: &Snapshot, target: RouteTarget) -> Option<String> {
    let name = match target {
        RouteTarget::InternetGateway(id) => &snapshot[id].name,
        RouteTarget::NatGateway(id) => &snapshot[id].name,
        RouteTarget::Endpoint(id) => &snapshot[id].name,
        RouteTarget::Peering(id) => &snapshot[id].name,
        RouteTarget::TransitGateway(id) => &snapshot[id].name,
        RouteTarget::Eni(_) | RouteTarget::Local | RouteTarget::Blackhole => return None,
    };
    Some(name.to_string())
}

fn written_target(target: &model::RouteTarget) -> Option<String> {
    use model::RouteTarget as T;
    match target {
        T::InternetGateway(Some(name))
        | T::NatGateway(name)
        | T::VpcEndpoint(name)
        | T::Peering(name)
        | T::TransitGateway(name) => Some(name.clone()),
        _ => None,
    }
}

fn add<K: Hash + Eq, V>(map: &mut HashMap<K, Vec<V>>, key: K, value: V) {
    map.entry(key).or_default().push(value);
}
