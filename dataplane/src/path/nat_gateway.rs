//! The NAT gateway: source ports 1024-65535 of its own addresses, 55,000 connections towards one
//! destination and address, TCP, UDP and ICMP echo only, replies only (VPC guide,
//! "nat-gateway-basics", "nat-gateway-troubleshooting"; aws-facts §6).

use super::{Answer, Flow, Identity, Place, Stop, Walk, network_acl};
use crate::flow::Translator;
use crate::packet::{Fragment, Protocol};
use crate::snapshot::{NatId, SubnetId};
use crate::trace::{Decision, Trace};
use crate::verdict::{Drop, DropReason, Element};

/// A route leads from the subnet `from` to the gateway.
pub(super) fn send<T: Trace>(
    walk: &mut Walk<'_, T>,
    nat: NatId,
    from: SubnetId,
) -> Result<Place, Stop> {
    let snapshot = walk.snapshot;
    let gateway = &snapshot[nat];
    let element = Element::NatGateway(nat);
    let subnet = snapshot[gateway.eni].subnet;
    walk.judge(!snapshot[subnet].lost, DropReason::ZoneLost.at(element))?;
    let inside = snapshot.in_vpc(snapshot[subnet].vpc, walk.headers.src) || walk.transit;
    walk.judge(inside, DropReason::NatSourceOutsideVpc.at(element))?;
    if gateway.addresses.contains(&walk.headers.src) {
        return Err(walk.refuse(DropReason::RoutingLoop.at(element)));
    }
    if subnet != from {
        network_acl::ingress(walk, subnet)?;
    }
    if walk.returning().is_some() {
        return Err(walk.refuse(DropReason::NatUnsolicited.at(element)));
    }
    accept(walk, nat, Place::Subnet(subnet))?;
    if walk.is_late() {
        let drop = DropReason::NatIdleTimeout.at(element);
        walk.record(drop, None, Decision::Nature);
        return Err(walk.answered(drop, Answer::Reset, Place::Subnet(subnet)));
    }
    let before = walk.headers.tuple();
    let exhausted: Drop = DropReason::NatPortsExhausted.at(element);
    let limit = snapshot.settings.nat_connections;
    walk.translate(Translator::Nat(nat), &gateway.addresses, limit, exhausted)?;
    walk.identity = Identity::Nobody;
    walk.track();
    walk.pass_from(before, element, Some(subnet), Decision::Translated);
    Ok(Place::Subnet(subnet))
}

/// A packet is for one of the gateway's addresses: an answer goes on inside, anything else ends.
pub(super) fn receive<T: Trace>(walk: &mut Walk<'_, T>, nat: NatId) -> Result<Place, Stop> {
    let element = Element::NatGateway(nat);
    let subnet = walk.snapshot[walk.snapshot[nat].eni].subnet;
    let before = walk.headers.tuple();
    if !walk.restore(Translator::Nat(nat)) {
        return Err(walk.refuse(DropReason::NatUnsolicited.at(element)));
    }
    accept(walk, nat, Place::Subnet(subnet))?;
    walk.pass_from(before, element, Some(subnet), Decision::Translated);
    Ok(Place::Subnet(subnet))
}

/// What the gateway takes, in either direction. It counts as a hop, and it reports what it cannot
/// pass on, from its private address.
fn accept<T: Trace>(walk: &mut Walk<'_, T>, nat: NatId, back: Place) -> Result<(), Stop> {
    let element = Element::NatGateway(nat);
    let whole = walk.headers.fragment == Fragment::Whole;
    let udp = walk.headers.protocol == Protocol::UDP;
    let known = matches!(walk.flow, Flow::Known(_));
    walk.judge(walk.is_translatable() || known, DropReason::NatProtocol.at(element))?;
    walk.judge(whole || udp, DropReason::NatFragment.at(element))?;
    let address = walk.snapshot[nat].addresses[0];
    walk.age(element, address, back)?;
    walk.squeeze_by_gateway(element, udp, Some((address, back)))
}
