//! Security groups: allow rules, the union over all groups of an ENI, and state. A packet of a flow
//! that they track passes by state; any other needs a rule (EC2 guide,
//! "security-group-connection-tracking"; aws-facts §3).

use std::net::Ipv4Addr;

use super::{Flow, Identity, Stop, Walk};
use crate::flow::Dir;
use crate::snapshot::{Classifier, EniId, RelatedIcmp, Row, SgId, Snapshot};
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

/// The first rule of any group that allows the packet: in the order of groups, then of rules.
fn matching_rule<T: Trace>(walk: &Walk<'_, T>, eni: EniId, egress: bool) -> Option<(SgId, usize)> {
    let groups = walk.snapshot.lookup().group_rules(eni, egress);
    let rules = &groups.rules;
    let kind = rules.kind(&walk.headers);
    let other = if egress { walk.headers.dst } else { walk.headers.src };
    let by_address = rules.first(kind, rules.peer(other));
    let by_group = rules.names_groups().then(|| by_group(walk, eni, egress, kind)).flatten();
    let first = [by_address, by_group].into_iter().flatten().min();
    first.map(|rule| groups.name(rule))
}

/// The first rule of this kind that names a group of the packet's other side. A group stands for the
/// private addresses of its ENIs: the sender is known by what it is, the destination by its address.
fn by_group<T: Trace>(walk: &Walk<'_, T>, eni: EniId, egress: bool, kind: Row) -> Option<usize> {
    let rules = &walk.snapshot.lookup().group_rules(eni, egress).rules;
    if egress {
        let receivers = enis_near(walk.snapshot, eni, walk.headers.dst);
        receivers.filter_map(|other| naming_any_of(walk.snapshot, rules, kind, other)).min()
    } else {
        match walk.identity {
            Identity::Eni(sender) => naming_any_of(walk.snapshot, rules, kind, sender),
            Identity::Hidden(..) | Identity::Nobody => None,
        }
    }
}

/// The first rule of this kind that names a group which the ENI carries.
fn naming_any_of(snapshot: &Snapshot, rules: &Classifier, kind: Row, eni: EniId) -> Option<usize> {
    let carried = snapshot[eni].security_groups.iter();
    carried.filter_map(|group| rules.first(kind, rules.naming(*group)?)).min()
}

/// The ENIs with that private address in the ENI's own VPC, and in those that are peered with it
/// within the Region.
fn enis_near(snapshot: &Snapshot, eni: EniId, address: Ipv4Addr) -> impl Iterator<Item = EniId> {
    let near = snapshot.lookup().near(snapshot.vpc_of(eni)).iter();
    near.filter_map(move |vpc| snapshot.eni_at(*vpc, address))
}

/// Whether some rule from or to everywhere allows the packet, and another one allows everything of
/// its protocol the other way: such a flow is judged packet by packet, without state.
fn is_open_both_ways<T: Trace>(walk: &Walk<'_, T>, eni: EniId, egress: bool) -> bool {
    let lookup = walk.snapshot.lookup();
    let rules = &lookup.group_rules(eni, egress).rules;
    lookup.group_rules(eni, !egress).rules.allows_all_ports(walk.headers.protocol)
        && rules.first(rules.kind(&walk.headers), rules.everywhere()).is_some()
}

/// Why no rule allows the packet.
fn reason<T: Trace>(walk: &Walk<'_, T>, eni: EniId, egress: bool) -> DropReason {
    match (egress, walk.snapshot.lookup().group_rules(eni, egress).is_empty()) {
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
    let rules = &walk.snapshot.lookup().group_rules(eni, false).rules;
    let would_match = naming_any_of(walk.snapshot, rules, rules.kind(&walk.headers), sender);
    would_match.map(|_| reason)
}
