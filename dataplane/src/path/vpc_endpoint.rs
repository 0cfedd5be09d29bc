//! VPC endpoints. An interface endpoint is an ENI with groups of its own, reached by the local
//! route; a gateway endpoint is a route by prefix list, and has neither address nor group
//! (PrivateLink guide; aws-facts §7).

use super::{Answer, Flow, Identity, Place, Stop, Walk, network_acl, security_group};
use crate::packet::Protocol;
use crate::snapshot::{EndpointId, EndpointKind, EniId, InterfaceId, LatePacket};
use crate::trace::{Decision, Trace};
use crate::verdict::{DropReason, Element};

/// A packet is for an interface endpoint's ENI.
pub(super) fn receive<T: Trace>(
    walk: &mut Walk<'_, T>,
    endpoint: EndpointId,
    eni: EniId,
    interface: InterfaceId,
) -> Result<Place, Stop> {
    let element = Element::VpcEndpoint(endpoint);
    let ports = matches!(walk.headers.protocol, Protocol::TCP | Protocol::UDP);
    let related = matches!(walk.flow, Flow::Known(_));
    walk.judge(ports || related, DropReason::EndpointProtocol.at(element))?;
    walk.squeeze_by_gateway(element, false, None)?;
    security_group::ingress(walk, eni)?;
    walk.track();
    if walk.is_late() {
        let drop = DropReason::EndpointIdleTimeout.at(element);
        walk.record(drop, None, Decision::Nature);
        let place = Place::Subnet(walk.snapshot[eni].subnet);
        return Err(match walk.snapshot.settings.endpoint_late {
            LatePacket::Reset => walk.answered(drop, Answer::Reset, place),
            LatePacket::Silent => Stop::Drop(drop),
        });
    }
    walk.pass(element, None, Decision::Delivered);
    Ok(Place::Exit(interface))
}

/// A route leads to a gateway endpoint.
pub(super) fn route_to<T: Trace>(
    walk: &mut Walk<'_, T>,
    endpoint: EndpointId,
) -> Result<Place, Stop> {
    let element = Element::VpcEndpoint(endpoint);
    let snapshot = walk.snapshot;
    let vpc = snapshot[endpoint].vpc;
    let EndpointKind::Gateway { interface, .. } = snapshot[endpoint].kind else {
        // Interface endpoints are not route targets; compile makes such a route a blackhole.
        return Err(walk.refuse(DropReason::BlackholeRoute.at(element)));
    };
    let inside = snapshot.in_vpc(vpc, walk.headers.src);
    walk.judge(inside, DropReason::GatewayEndpointSource.at(element))?;
    let error = walk.headers.quoted().is_some() && matches!(walk.flow, Flow::Known(_));
    let request = matches!(walk.headers.icmp(), Some((8, _)));
    let carried = walk.headers.protocol == Protocol::TCP || request || error;
    walk.judge(carried, DropReason::GatewayEndpointProtocol.at(element))?;
    walk.squeeze(snapshot.settings.vpc_mtu, element, false, None)?;
    walk.pass(element, None, Decision::Delivered);
    Ok(Place::Exit(interface))
}

/// The service behind a gateway endpoint answers.
pub(super) fn answer<T: Trace>(
    walk: &mut Walk<'_, T>,
    endpoint: EndpointId,
) -> Result<Place, Stop> {
    let element = Element::VpcEndpoint(endpoint);
    let snapshot = walk.snapshot;
    if walk.returning().is_none() {
        return Err(walk.refuse(DropReason::EndpointInitiates.at(element)));
    }
    if let EndpointKind::Gateway { prefix_list, .. } = snapshot[endpoint].kind {
        let own = snapshot.lookup().in_prefix_list(prefix_list, walk.headers.src);
        walk.judge(own, DropReason::GatewayEndpointForeignReply.at(element))?;
    }
    let Some(eni) = snapshot.eni_at(snapshot[endpoint].vpc, walk.headers.dst) else {
        return Err(walk.refuse(DropReason::NoSuchAddress.at(element)));
    };
    walk.identity = Identity::Nobody;
    walk.zone = Some(snapshot[snapshot[eni].subnet].zone);
    walk.pass(element, None, Decision::Nature);
    network_acl::ingress(walk, snapshot[eni].subnet)?;
    Ok(Place::Into(eni))
}
