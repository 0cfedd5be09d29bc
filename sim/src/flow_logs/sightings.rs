//! Which network interfaces see the packets of a trail, as VPC flow logs have it.

use egret_dataplane::snapshot::{
    EniId, EniOwner, Interface, RouteKey, RouteTarget, Snapshot, SubnetId,
};
use egret_dataplane::trace::Decision;
use egret_dataplane::verdict::Element;

use crate::observe::{End, Stages, Trail, TrailHop};

/// A network interface that sees the packets of a trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The interface.
    pub eni: EniId,
    /// Whether they leave it.
    pub egress: bool,
    /// The addresses that they have there, by stage.
    pub stage: u8,
    /// The hop at which they are there: what is lost before it is not seen.
    pub hop: usize,
    /// Whether its security groups and its subnet's network ACL let them pass.
    pub accept: bool,
    /// What of these decided.
    pub rule: Option<Decision>,
    /// `traffic-path`, where they leave it.
    pub path: Option<u8>,
}

/// Who sees the packets of a trail, in the order of their hops. Nobody logs what goes to the
/// link-local services (aws-facts §10.5).
pub fn of(snapshot: &Snapshot, trail: &Trail, stages: &Stages) -> Vec<Sighting> {
    let to_link_local = matches!(trail.end, End::Forward(to)
        if matches!(snapshot[to], Interface::LinkLocal(_)))
        || trail.hops.iter().any(|hop| matches!(hop.element, Element::LinkLocal(_)));
    if to_link_local || matches!(snapshot[trail.from], Interface::LinkLocal(_)) {
        return Vec::new();
    }
    let mut watch = Sightings { snapshot, trail, stages, seen: Vec::new(), target: None };
    for at in 0..trail.hops.len() {
        watch.hop(at);
    }
    watch.seen
}

struct Sightings<'a> {
    snapshot: &'a Snapshot,
    trail: &'a Trail,
    stages: &'a Stages,
    seen: Vec<Sighting>,
    /// Where the last route leads.
    target: Option<RouteTarget>,
}

impl Sightings<'_> {
    fn hop(&mut self, at: usize) {
        let hop = &self.trail.hops[at];
        let last = at + 1 == self.trail.hops.len();
        let dropped = last && matches!(self.trail.end, End::Drop(_) | End::Reply(_));
        match hop.element {
            Element::HyperplaneEni(eni) if self.is_sender(eni) && hop.after > hop.before => {
                self.leaves(eni, at, hop.after);
            }
            Element::NetworkInterface(eni) if at == 0 && !dropped => self.leaves(eni, at, 0),
            Element::VpcEndpoint(_) if at == 0 && !dropped => {
                if let Interface::Eni(eni) = self.snapshot[self.trail.from] {
                    self.leaves(eni, at, 0);
                }
            }
            Element::SecurityGroup(eni) => self.group(eni, at, hop, !dropped),
            Element::NetworkAcl(_) => self.network_acl(at, hop, !dropped),
            Element::RouteTable(_) => self.route(hop),
            Element::NatGateway(nat) => {
                let eni = self.snapshot[nat].eni;
                self.comes(eni, at, hop.before, true, None);
                if !dropped {
                    self.leaves(eni, at, hop.after);
                }
            }
            Element::Peering(id) => {
                self.path(if self.snapshot[id].same_region { 4 } else { 5 });
            }
            _ => {}
        }
    }

    /// Whether a task sends by this shared ENI: answers come the other way.
    fn is_sender(&self, eni: EniId) -> bool {
        matches!(self.snapshot[self.trail.from], Interface::Task(_))
            && matches!(self.snapshot[eni].owner, EniOwner::Hyperplane)
            && !self.seen.iter().any(|seen| seen.eni == eni)
    }

    fn leaves(&mut self, eni: EniId, hop: usize, stage: u8) {
        // Without a route it goes to a neighbour.
        let path = Some(1);
        let (egress, accept, rule) = (true, true, None);
        self.seen.push(Sighting { eni, egress, stage, hop, accept, rule, path });
    }

    fn comes(&mut self, eni: EniId, hop: usize, stage: u8, accept: bool, rule: Option<Decision>) {
        let (egress, path) = (false, None);
        self.seen.push(Sighting { eni, egress, stage, hop, accept, rule, path });
    }

    fn sender(&mut self) -> Option<&mut Sighting> {
        self.seen.iter_mut().rev().find(|seen| seen.egress)
    }

    fn group(&mut self, eni: EniId, at: usize, hop: &TrailHop, accept: bool) {
        let rule = Some(hop.decision);
        match self.sender().filter(|sender| sender.eni == eni) {
            Some(sender) => (sender.accept, sender.rule) = (accept, rule),
            None => self.comes(eni, at, hop.before, accept, rule),
        }
    }

    /// A network ACL is that of the interface which the packet leaves, or which it is for.
    fn network_acl(&mut self, at: usize, hop: &TrailHop, accept: bool) {
        let Decision::AclEntry { egress, .. } = hop.decision else { return };
        if accept {
            return;
        }
        let rule = Some(hop.decision);
        if egress {
            if let Some(sender) = self.sender() {
                (sender.accept, sender.rule) = (false, rule);
            }
        } else if let Some(eni) = hop.subnet.and_then(|subnet| self.addressee(subnet, hop)) {
            self.comes(eni, at, hop.before, false, rule);
        }
    }

    /// The interface in a subnet that a packet is for.
    fn addressee(&self, subnet: SubnetId, hop: &TrailHop) -> Option<EniId> {
        let snapshot = self.snapshot;
        match self.target {
            Some(RouteTarget::NatGateway(nat)) => Some(snapshot[nat].eni),
            Some(RouteTarget::Eni(eni)) => Some(eni),
            Some(RouteTarget::TransitGateway(_)) => None,
            _ => snapshot.eni_at(snapshot[subnet].vpc, self.stages.at(hop.before).dst),
        }
    }

    fn route(&mut self, hop: &TrailHop) {
        let Decision::Route { table, route: Some(route) } = hop.decision else { return };
        let route = self.snapshot[table].routes[route];
        self.target = Some(route.target);
        self.path(match route.target {
            RouteTarget::InternetGateway(_) => 8,
            RouteTarget::Endpoint(_) if matches!(route.key, RouteKey::PrefixList(_)) => 7,
            _ => 1,
        });
    }

    /// Which way a packet goes that left last (aws-facts §10.2).
    fn path(&mut self, path: u8) {
        if let Some(sender) = self.sender() {
            sender.path = Some(path);
        }
    }
}
