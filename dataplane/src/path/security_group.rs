//! Security groups: allow rules, the union over all groups of an ENI, and state. A packet of a flow
//! that they track passes by state; any other needs a rule (EC2 guide,
//! "security-group-connection-tracking"; aws-facts §3).

use std::net::Ipv4Addr;

use super::{Flow, Identity, Stop, Walk};
use crate::flow::Dir;
use crate::packet::{Headers, Protocol};
use crate::snapshot::{Cidr, EniId, Peer, RelatedIcmp, SgId, SgRule, Snapshot};
use crate::trace::{Decision, Trace};
use crate::verdict::{DropReason, Element};

/// The groups of the ENI that sends the packet.
pub(super) fn egress<T: Trace>(walk: &mut Walk<'_, T>, eni: EniId) -> Result<(), Stop> {
    judge(walk, eni, true)
}

/// The groups of the ENI that the packet is for.
pub(super) fn ingress<T: Trace>(walk: &mut Walk<'_, T>, eni: EniId) -> Result<(), Stop> {
    judge(walk, eni, false)
}

fn judge<T: Trace>(walk: &mut Walk<'_, T>, eni: EniId, egress: bool) -> Result<(), Stop> {
    let element = Element::SecurityGroup(eni);
    if by_state(walk, eni) {
        note_end(walk, eni, egress, true);
        walk.pass(element, None, Decision::Tracked(eni));
        return Ok(());
    }
    match matching_rule(walk, eni, egress) {
        Some((group, rule)) => {
            let tracked = !is_open_both_ways(walk, eni, egress);
            note_end(walk, eni, egress, tracked);
            walk.pass(element, None, Decision::SecurityGroupRule { group, egress, rule });
            Ok(())
        }
        None => {
            note_end(walk, eni, egress, true);
            let drop = reason(walk, eni, egress).at(element);
            walk.deny(drop, None, Decision::NoSecurityGroupRule { eni, egress })
        }
    }
}

/// Whether the packet passes as part of a flow that the groups of this ENI track. An ICMP error
/// about the flow does only where the settings say so.
fn by_state<T: Trace>(walk: &Walk<'_, T>, eni: EniId) -> bool {
    let Flow::Known(known) = walk.flow else { return false };
    let tuple = walk.headers.tuple();
    let seen = known.tuples().map(|forward| match known.dir {
        Dir::Forward => forward,
        Dir::Return => forward.reversed(),
    });
    (0..2).any(|end| {
        let own = match walk.headers.quoted() {
            None => tuple == seen[end],
            Some(_) => walk.snapshot.settings.related_icmp == RelatedIcmp::Allow,
        };
        known.enis[end] == Some(eni) && known.tracked[end] && own
    })
}

/// Remembers which ENI stands at which end of the way, and whether its groups track the flow.
fn note_end<T: Trace>(walk: &mut Walk<'_, T>, eni: EniId, egress: bool, tracked: bool) {
    let end = usize::from(!egress);
    walk.way.enis[end] = Some(eni);
    walk.way.tracked[end] |= tracked;
}

/// The first rule of any group that allows the packet.
fn matching_rule<T: Trace>(walk: &Walk<'_, T>, eni: EniId, egress: bool) -> Option<(SgId, usize)> {
    groups(walk.snapshot, eni).find_map(|group| {
        let rules = rules(walk.snapshot, group, egress);
        let allows = |rule: &SgRule| {
            rule.traffic.mismatch(&walk.headers).is_none()
                && peer_matches(walk, eni, rule.peer, egress)
        };
        rules.iter().position(allows).map(|rule| (group, rule))
    })
}

fn groups(snapshot: &Snapshot, eni: EniId) -> impl Iterator<Item = SgId> {
    snapshot[eni].security_groups.iter().copied()
}

fn rules(snapshot: &Snapshot, group: SgId, egress: bool) -> &[SgRule] {
    if egress { &snapshot[group].egress } else { &snapshot[group].ingress }
}

/// Whether the packet's other side is one that a rule names. A group stands for the private
/// addresses of its ENIs: the sender is known by what it is, the destination by its address.
fn peer_matches<T: Trace>(walk: &Walk<'_, T>, eni: EniId, peer: Peer, egress: bool) -> bool {
    let other = if egress { walk.headers.dst } else { walk.headers.src };
    match peer {
        Peer::Cidr(cidr) => cidr.contains(other),
        Peer::PrefixList(list) => walk.snapshot[list].contains(other),
        Peer::Stale => false,
        Peer::Group(group) if egress => {
            let mut receivers = enis_near(walk.snapshot, eni, other);
            receivers.any(|eni| carries(walk.snapshot, eni, group))
        }
        Peer::Group(group) => match walk.identity {
            Identity::Eni(sender) => carries(walk.snapshot, sender, group),
            Identity::Hidden(..) | Identity::Nobody => false,
        },
    }
}

fn carries(snapshot: &Snapshot, eni: EniId, group: SgId) -> bool {
    snapshot[eni].security_groups.binary_search(&group).is_ok()
}

/// The ENIs with that private address in the ENI's own VPC, and in those that are peered with it
/// within the Region.
fn enis_near(snapshot: &Snapshot, eni: EniId, address: Ipv4Addr) -> impl Iterator<Item = EniId> {
    let own = snapshot.vpc_of(eni);
    let peered =
        snapshot.peerings.iter().filter(|p| p.same_region).filter_map(move |p| match p.vpcs {
            [a, b] if a == own => Some(b),
            [a, b] if b == own => Some(a),
            _ => None,
        });
    std::iter::once(own).chain(peered).filter_map(move |vpc| snapshot.eni_at(vpc, address))
}

/// Whether some rule from or to everywhere allows the packet, and another one allows everything of
/// its protocol the other way: such a flow is judged packet by packet, without state.
fn is_open_both_ways<T: Trace>(walk: &Walk<'_, T>, eni: EniId, egress: bool) -> bool {
    let everywhere = |rule: &&SgRule| rule.peer == Peer::Cidr(Cidr::ANY);
    let protocol = walk.headers.protocol;
    if !matches!(protocol, Protocol::TCP | Protocol::UDP) {
        return false;
    }
    let any = |egress: bool, allows: &dyn Fn(&SgRule, &Headers) -> bool| {
        groups(walk.snapshot, eni)
            .flat_map(|group| rules(walk.snapshot, group, egress))
            .filter(everywhere)
            .any(|rule| allows(rule, &walk.headers))
    };
    any(egress, &|rule, packet| rule.traffic.mismatch(packet).is_none())
        && any(!egress, &|rule, packet| rule.traffic.allows_all_ports(packet.protocol))
}

/// Why no rule allows the packet.
fn reason<T: Trace>(walk: &Walk<'_, T>, eni: EniId, egress: bool) -> DropReason {
    let none = groups(walk.snapshot, eni).all(|g| rules(walk.snapshot, g, egress).is_empty());
    match (egress, none) {
        (true, true) => DropReason::SecurityGroupEgressEmpty,
        (true, false) => DropReason::SecurityGroupEgress,
        (false, true) => DropReason::SecurityGroupIngressEmpty,
        (false, false) => hidden_reference(walk, eni).unwrap_or(DropReason::SecurityGroupIngress),
    }
}

/// Whether a rule names a group of the sender that something on the way hid, and what that was.
fn hidden_reference<T: Trace>(walk: &Walk<'_, T>, eni: EniId) -> Option<DropReason> {
    let Identity::Hidden(sender, reason) = walk.identity else {
        return None;
    };
    let would_match = groups(walk.snapshot, eni)
        .flat_map(|group| rules(walk.snapshot, group, false))
        .filter(|rule| rule.traffic.mismatch(&walk.headers).is_none())
        .any(|rule| matches!(rule.peer, Peer::Group(g) if carries(walk.snapshot, sender, g)));
    would_match.then_some(reason)
}
