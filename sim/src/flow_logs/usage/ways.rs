//! The ways that flows take: what they use, where they end, and how much went there.

use egret_dataplane::snapshot::{EniId, EniOwner, NatId, Snapshot, SubnetId};
use egret_dataplane::trace::{Decision, Direction, Hop};
use egret_dataplane::verdict::{Drop, Element};
use egret_verify::classes::Class;
use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::reading::{Reading, Vantage};
use super::{Carried, Rule, Sight};

/// All ways that are known, each once.
#[derive(Default)]
pub(super) struct Ways {
    ways: IndexMap<Way, Seen, FixedState>,
}

/// How much was seen, by vantage and direction.
type Seen = [[Carried; 2]; 3];

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Way {
    /// The interface that opens flows on this way.
    sender: Option<EniId>,
    /// What they use, and what their answers use.
    rules: [Box<[Rule]>; 2],
    /// What decides at each interface on the way, and in which direction it is passed.
    stop: Option<Stop>,
    /// Gateways that pass it on.
    gateways: Box<[NatId]>,
}

/// Where a way ends before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Stop {
    drop: Drop,
    direction: Direction,
    /// Whether a security group or network ACL refuses it, on its way out or in.
    egress: Option<bool>,
    subnet: Option<SubnetId>,
}

/// How a flow fares at the interface that saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// The interface lets it pass.
    Passes,
    /// Its security groups or its subnet's network ACL refuse it.
    Refused(Drop),
    /// It does not come that far.
    Dropped(Drop),
}

impl Ways {
    pub(super) fn len(&self) -> usize {
        self.ways.len()
    }

    /// The number of the way of a class.
    pub(super) fn of(&mut self, sender: Option<EniId>, class: &Class) -> u32 {
        let rules = [Direction::Forward, Direction::Return].map(|direction| {
            let mut rules: Vec<Rule> = Vec::new();
            for hop in class.hops.iter().filter(|hop| hop.direction == direction) {
                let new = Rule::of(hop).filter(|rule| !rules.contains(rule));
                // A gateway passes answers on as what it is for flows, not for answers.
                rules.extend(new.filter(|rule| {
                    direction == Direction::Forward || !matches!(rule, Rule::Element(_))
                }));
            }
            rules.into()
        });
        let passed = class.hops.iter().filter(|hop| hop.drop.is_none());
        let gateways = passed.filter_map(|hop| match hop.element {
            Element::NatGateway(nat) => Some(nat),
            _ => None,
        });
        let stop = class.hops.iter().rev().find_map(Stop::of).or_else(|| {
            // A drop that no hop has.
            let (there, back) = (class.judgement.there.err(), class.judgement.back);
            let direction = if there.is_some() { Direction::Forward } else { Direction::Return };
            there.or(back).map(|drop| Stop { drop, direction, egress: None, subnet: None })
        });
        let way = Way { sender, rules, stop, gateways: gateways.collect() };
        // Several classes may take one way.
        let entry = self.ways.entry(way);
        let number = entry.index() as u32;
        entry.or_default();
        number
    }

    pub(super) fn add(&mut self, way: u32, reading: Reading, carried: Carried) {
        let direction = usize::from(reading.direction == Direction::Return);
        self.ways[way as usize][reading.vantage as usize][direction] += carried;
    }

    /// How a flow on a way fares at the interface that saw it.
    pub(super) fn at(&self, snapshot: &Snapshot, way: u32, sight: &Sight, reading: Reading) -> At {
        let Some((way, _)) = self.ways.get_index(way as usize) else { return At::Passes };
        let Some(stop) = way.stop else { return At::Passes };
        if stop.refuses(snapshot, sight, reading.direction) {
            return At::Refused(stop.drop);
        }
        let own = snapshot[sight.eni].element(sight.eni);
        let passes = match (reading.vantage, reading.direction, stop.direction) {
            // What happens further on is not seen here.
            (Vantage::Sender, Direction::Forward, Direction::Forward) => {
                stop.drop.element != own
                    && !matches!(stop.drop.element, Element::Dataplane | Element::Service(_))
            }
            (Vantage::Receiver, Direction::Forward, Direction::Forward) => stop.drop.element == own,
            (Vantage::Middle, Direction::Forward, Direction::Forward) => {
                matches!(snapshot[sight.eni].owner, EniOwner::NatGateway(nat)
                    if way.gateways.contains(&nat))
            }
            (_, Direction::Forward, Direction::Return) => true,
            // That its flow does not arrive is said where it arrived.
            (Vantage::Receiver, Direction::Return, _) => true,
            (_, Direction::Return, _) => false,
        };
        if passes { At::Passes } else { At::Dropped(stop.drop) }
    }

    /// What decides about what was seen: the rule of a drop, or the one that lets it pass at the
    /// interface.
    pub(super) fn decided(
        &self,
        snapshot: &Snapshot,
        way: u32,
        sight: &Sight,
        drop: Option<Drop>,
    ) -> Option<Rule> {
        let (way, _) = self.ways.get_index(way as usize)?;
        let direction = way.stop.map_or(Direction::Forward, |stop| stop.direction);
        let rules = &way.rules[usize::from(direction == Direction::Return)];
        match drop.map(|drop| drop.element) {
            Some(Element::NetworkAcl(acl)) => rules
                .last()
                .copied()
                .filter(|rule| matches!(rule, Rule::NetworkAcl(of, ..) if *of == acl)),
            Some(_) => None,
            None => rules.iter().copied().find(|rule| match rule {
                Rule::SecurityGroup(group, egress, _) => {
                    *egress == sight.egress && snapshot[sight.eni].security_groups.contains(group)
                }
                _ => false,
            }),
        }
    }

    /// Forgets all ways, and says what each carried, as the first interface on it saw that is logged.
    pub(super) fn forget(&mut self, logged: &[bool]) -> Vec<(Rule, Carried)> {
        let mut used = Vec::new();
        for (way, seen) in std::mem::take(&mut self.ways) {
            let by_sender = way.sender.is_some_and(|eni| logged[eni.0 as usize]);
            let middle = seen[Vantage::Middle as usize];
            let vantage = match by_sender {
                true => Vantage::Sender,
                false if middle[0].flows > 0 => Vantage::Middle,
                false => Vantage::Receiver,
            };
            for (rules, carried) in way.rules.iter().zip(seen[vantage as usize]) {
                if carried.flows > 0 {
                    used.extend(rules.iter().map(|rule| (*rule, carried)));
                }
            }
        }
        used
    }
}

impl Stop {
    fn of(hop: &Hop) -> Option<Stop> {
        let egress = match hop.decision {
            Decision::AclEntry { egress, .. } | Decision::NoSecurityGroupRule { egress, .. } => {
                Some(egress)
            }
            _ => None,
        };
        let Hop { direction, subnet, .. } = *hop;
        Some(Stop { drop: hop.drop?, direction, egress, subnet })
    }

    /// Whether it is the interface itself that refuses.
    fn refuses(&self, snapshot: &Snapshot, sight: &Sight, direction: Direction) -> bool {
        let own = match self.drop.element {
            Element::SecurityGroup(eni) => eni == sight.eni,
            Element::NetworkAcl(_) => self.subnet == Some(snapshot[sight.eni].subnet),
            _ => false,
        };
        own && self.direction == direction && self.egress == Some(sight.egress)
    }
}
