//! Security groups: allow rules, the union over all groups of an ENI, and state. A packet of a flow
//! that they track passes by state; any other needs a rule (EC2 guide,
//! "security-group-connection-tracking"; aws-facts §3).

use std::net::Ipv4Addr;

use super::{Flow, Identity, Stop, Walk};
use crate::flow::Dir;
use crate::snapshot::{EniId, RelatedIcmp, SgId, Snapshot};
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

/// The first rule of any group that allows the packet. A rule that names a group means the private
/// addresses of its ENIs: the sender is known by what it is, the destination by its address.
fn matching_rule<T: Trace>(walk: &Walk<'_, T>, eni: EniId, egress: bool) -> Option<(SgId, usize)> {
    let (snapshot, headers) = (walk.snapshot, &walk.headers);
    let rules = snapshot.lookup().group_rules(eni, egress);
    if egress {
        let receivers = enis_near(snapshot, eni, headers.dst);
        rules.first(headers, headers.dst, receivers.flat_map(|eni| groups(snapshot, eni)))
    } else {
        let sender = match walk.identity {
            Identity::Eni(sender) => Some(sender),
            Identity::Hidden(..) | Identity::Nobody => None,
        };
        let named = sender.into_iter().flat_map(|eni| groups(snapshot, eni));
        rules.first(headers, headers.src, named)
    }
}

fn groups(snapshot: &Snapshot, eni: EniId) -> impl Iterator<Item = SgId> {
    snapshot[eni].security_groups.iter().copied()
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
    let rules = |egress| walk.snapshot.lookup().group_rules(eni, egress);
    rules(!egress).allows_all_ports(walk.headers.protocol)
        && rules(egress).allows_everywhere(&walk.headers)
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
    let rules = walk.snapshot.lookup().group_rules(eni, false);
    rules.names_any(&walk.headers, groups(walk.snapshot, sender)).then_some(reason)
}
