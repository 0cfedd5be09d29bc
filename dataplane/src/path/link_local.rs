//! The VPC's resolver and the other link-local services: security groups, network ACLs, route
//! tables and flow logs never see their packets (VPC guide, "security group rules"; aws-facts §3.5,
//! §9), but each ENI may send only so many a second.

use std::net::Ipv4Addr;

use super::{Place, Stop, Walk};
use crate::snapshot::{EniId, Snapshot, VpcId};
use crate::trace::{Decision, Trace};
use crate::verdict::{DropReason, Element};

/// The resolver's link-local address; its other one is the VPC's base plus two.
const RESOLVER: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 253);

/// Instance metadata, time synchronisation, ECS task metadata.
const SERVICES: [Ipv4Addr; 3] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 169, 123),
    Ipv4Addr::new(169, 254, 170, 2),
];

/// Delivers a packet that an ENI sends to a link-local service; `None` for any other destination.
pub(super) fn send<T: Trace>(walk: &mut Walk<'_, T>, eni: EniId) -> Result<Option<Place>, Stop> {
    let vpc = walk.snapshot.vpc_of(eni);
    let dst = walk.headers.dst;
    let resolver = is_resolver(walk.snapshot, vpc, dst);
    if !resolver && !SERVICES.contains(&dst) {
        let table = walk.snapshot[walk.snapshot[eni].subnet].route_table;
        let drop = DropReason::LinkLocalDestination.at(Element::RouteTable(table));
        return if dst.is_link_local() { Err(walk.refuse(drop)) } else { Ok(None) };
    }
    let element = Element::LinkLocal(vpc);
    let answers = !resolver || walk.snapshot[vpc].dns_support;
    walk.judge(answers, DropReason::ResolverDisabled.at(element))?;
    walk.way.metered = Some(eni);
    walk.way.enis[0] = Some(eni);
    walk.track();
    walk.pass(element, None, Decision::Delivered);
    Ok(Some(Place::Exit(walk.snapshot[vpc].link_local)))
}

/// A link-local service answers: its packet goes straight to the ENI that asked.
pub(super) fn answer<T: Trace>(walk: &mut Walk<'_, T>, vpc: VpcId) -> Result<Place, Stop> {
    let drop = DropReason::Unsolicited.at(Element::LinkLocal(vpc));
    let asked = walk.returning().and_then(|known| known.enis[0]);
    let Some(eni) = asked else {
        return Err(walk.refuse(drop));
    };
    walk.pass(Element::LinkLocal(vpc), None, Decision::Nature);
    Ok(Place::Into(eni))
}

fn is_resolver(snapshot: &Snapshot, vpc: VpcId, address: Ipv4Addr) -> bool {
    let primary = snapshot[vpc].cidrs[0].network().to_bits();
    address == RESOLVER || address.to_bits() == primary + 2
}
