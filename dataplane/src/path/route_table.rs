//! The VPC's router: a neighbour in the subnet is reached without it; for everything else the
//! subnet's route table decides (VPC guide, "VPC_Route_Tables"; aws-facts §5).

use super::{Place, Stop, Walk, network_acl};
use crate::snapshot::{EniId, RouteTarget, SubnetId};
use crate::trace::{Decision, Trace};
use crate::verdict::{DropReason, Element};

/// The destination is in the subnet itself: no network ACL, no route.
pub(super) fn neighbour<T: Trace>(walk: &mut Walk<'_, T>, subnet: SubnetId) -> Result<Place, Stop> {
    walk.zone = Some(walk.snapshot[subnet].zone);
    let found = walk.snapshot.eni_at(walk.snapshot[subnet].vpc, walk.headers.dst);
    found.map(Place::Into).ok_or_else(|| no_such_address(walk, subnet))
}

/// Where the subnet's route table sends the packet.
pub(super) fn route<T: Trace>(
    walk: &mut Walk<'_, T>,
    subnet: SubnetId,
) -> Result<RouteTarget, Stop> {
    walk.zone = Some(walk.snapshot[subnet].zone);
    let table = walk.snapshot[subnet].route_table;
    let routes = &walk.snapshot[table];
    let route = walk.snapshot.lookup().route(table, walk.headers.dst);
    let decision = Decision::Route { table, route };
    let element = Element::RouteTable(table);
    match route.map(|route| routes.routes[route].target) {
        None => {
            let drop = DropReason::NoRoute.at(element);
            walk.record(drop, Some(subnet), decision);
            Err(Stop::Drop(drop))
        }
        Some(RouteTarget::Blackhole) => {
            let drop = DropReason::BlackholeRoute.at(element);
            walk.record(drop, Some(subnet), decision);
            Err(Stop::Drop(drop))
        }
        Some(target) => {
            walk.pass(element, Some(subnet), decision);
            Ok(target)
        }
    }
}

/// The route is the VPC's own: on to the ENI with that address.
pub(super) fn local<T: Trace>(walk: &mut Walk<'_, T>, from: SubnetId) -> Result<Place, Stop> {
    let vpc = walk.snapshot[from].vpc;
    let eni = walk.snapshot.eni_at(vpc, walk.headers.dst);
    let eni = eni.ok_or_else(|| no_such_address(walk, from))?;
    cross_into(walk, eni, from)
}

/// From one subnet into another, past the network ACL of the other.
pub(super) fn cross_into<T: Trace>(
    walk: &mut Walk<'_, T>,
    eni: EniId,
    from: SubnetId,
) -> Result<Place, Stop> {
    let subnet = walk.snapshot[eni].subnet;
    if subnet != from {
        network_acl::ingress(walk, subnet)?;
    }
    Ok(Place::Into(eni))
}

fn no_such_address<T: Trace>(walk: &mut Walk<'_, T>, subnet: SubnetId) -> Stop {
    let table = walk.snapshot[subnet].route_table;
    walk.refuse(DropReason::NoSuchAddress.at(Element::RouteTable(table)))
}
