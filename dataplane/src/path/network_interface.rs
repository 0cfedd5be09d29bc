//! A host's own network interface: an instance, a database, a task, an appliance. It sends its own
//! packets and takes those for it, unless its source/destination check is off (EC2 guide).

use super::{Identity, Place, Stop, Walk, route_table, security_group};
use crate::snapshot::{EniId, EniOwner, InterfaceId, SubnetId};
use crate::trace::{Decision, Trace};
use crate::verdict::{DropReason, Element};

/// The owner of an ENI sends a packet.
pub(super) fn send<T: Trace>(walk: &mut Walk<'_, T>, eni: EniId) -> Result<Place, Stop> {
    let snapshot = walk.snapshot;
    let own = snapshot.eni_at(snapshot.vpc_of(eni), walk.headers.src) == Some(eni);
    walk.identity = if own { Identity::Eni(eni) } else { Identity::Nobody };
    walk.zone = Some(snapshot[snapshot[eni].subnet].zone);
    if let EniOwner::Endpoint(endpoint, _) = snapshot[eni].owner {
        let element = Element::VpcEndpoint(endpoint);
        if walk.returning().is_none() {
            return Err(walk.refuse(DropReason::EndpointInitiates.at(element)));
        }
        walk.pass(element, None, Decision::Nature);
        walk.squeeze_by_gateway(element, false, None)?;
        return Ok(Place::Leaving(eni));
    }
    let element = Element::NetworkInterface(eni);
    let free = !snapshot[eni].source_dest_check;
    walk.judge(own || free, DropReason::SourceDestCheck.at(element))?;
    walk.squeeze(snapshot.settings.vpc_mtu, element, false, None)?;
    walk.pass(element, None, Decision::Nature);
    Ok(Place::Leaving(eni))
}

/// A packet comes to a host's ENI.
pub(super) fn receive<T: Trace>(
    walk: &mut Walk<'_, T>,
    eni: EniId,
    interface: InterfaceId,
) -> Result<Place, Stop> {
    security_group::ingress(walk, eni)?;
    walk.pass(Element::NetworkInterface(eni), None, Decision::Delivered);
    Ok(Place::Exit(interface))
}

/// A route leads from the subnet `from` to an ENI: to an appliance, for packets that are not its
/// own.
pub(super) fn route_to<T: Trace>(
    walk: &mut Walk<'_, T>,
    eni: EniId,
    from: SubnetId,
) -> Result<Place, Stop> {
    let snapshot = walk.snapshot;
    let own = snapshot.eni_at(snapshot.vpc_of(eni), walk.headers.dst) == Some(eni);
    let host = matches!(snapshot[eni].owner, EniOwner::Host(_));
    let takes = own || (host && !snapshot[eni].source_dest_check);
    walk.judge(takes, DropReason::SourceDestCheck.at(Element::NetworkInterface(eni)))?;
    route_table::cross_into(walk, eni, from)
}
