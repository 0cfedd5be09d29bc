//! The transit gateway: in by the attachment of the sender's zone, through a route table of its
//! own, out to another VPC or beyond (transit gateway guide; aws-facts §8.2).

use super::{Place, Stop, Walk, network_acl};
use crate::snapshot::{AttachmentId, AttachmentKind, SubnetId, TgwId};
use crate::trace::{Decision, Trace};
use crate::verdict::{DropReason, Element};

/// A route leads from the subnet `from` to the transit gateway.
pub(super) fn send<T: Trace>(
    walk: &mut Walk<'_, T>,
    tgw: TgwId,
    from: SubnetId,
) -> Result<Place, Stop> {
    let element = Element::TransitGateway(tgw);
    let (vpc, zone) = (walk.snapshot[from].vpc, walk.snapshot[from].zone);
    let entry = walk.snapshot.lookup().transit_entry(tgw, vpc, zone);
    let Some((attachment, subnet)) = entry else {
        return Err(walk.refuse(DropReason::TransitGatewayZone.at(element)));
    };
    walk.judge(!walk.snapshot[subnet].lost, DropReason::ZoneLost.at(element))?;
    // Also where the attachment is in the sender's own subnet (transit gateway guide, "tgw-nacls").
    network_acl::ingress(walk, subnet)?;
    forward(walk, attachment)
}

/// A packet comes in from a network behind an attachment.
pub(super) fn receive<T: Trace>(
    walk: &mut Walk<'_, T>,
    attachment: AttachmentId,
) -> Result<Place, Stop> {
    walk.pass(Element::External(attachment), None, Decision::Nature);
    forward(walk, attachment)
}

/// Through the gateway, by the route table of the attachment on which the packet came.
fn forward<T: Trace>(walk: &mut Walk<'_, T>, from: AttachmentId) -> Result<Place, Stop> {
    let snapshot = walk.snapshot;
    let tgw = snapshot[from].transit_gateway;
    let element = Element::TransitGateway(tgw);
    walk.squeeze_by_gateway(element, false, None)?;
    let Some(table) = snapshot[from].route_table else {
        return Err(walk.refuse(DropReason::TransitGatewayNoAssociation.at(element)));
    };
    let routes = &snapshot[tgw].route_tables[table];
    let route = snapshot.lookup().transit_route(tgw, table, walk.headers.dst);
    let decision = Decision::TransitGatewayRoute { table, route };
    let reason = match route.map(|route| routes.routes[route].attachment) {
        Some(Some(to)) => {
            walk.transit = true;
            walk.track();
            if !snapshot[tgw].sg_referencing {
                let hidden = DropReason::SecurityGroupReferenceTransit;
                walk.identity = walk.identity.hidden_by(hidden);
            }
            walk.pass(element, None, decision);
            return leave(walk, to);
        }
        Some(None) => DropReason::TransitGatewayBlackhole,
        None => DropReason::TransitGatewayNoRoute,
    };
    walk.record(reason.at(element), None, decision);
    Err(Stop::Drop(reason.at(element)))
}

/// Out by an attachment: into the subnet of the packet's zone where there is one, or another one
/// whose zone is not lost.
fn leave<T: Trace>(walk: &mut Walk<'_, T>, to: AttachmentId) -> Result<Place, Stop> {
    let snapshot = walk.snapshot;
    match &snapshot[to].kind {
        AttachmentKind::External(interface) => {
            walk.pass(Element::External(to), None, Decision::Delivered);
            Ok(Place::Exit(*interface))
        }
        AttachmentKind::Vpc { subnets, .. } => {
            let here = subnets.iter().find(|subnet| Some(snapshot[**subnet].zone) == walk.zone);
            let live = || subnets.iter().find(|subnet| !snapshot[**subnet].lost);
            let subnet = *here.or_else(live).unwrap_or(&subnets[0]);
            let element = Element::TransitGateway(snapshot[to].transit_gateway);
            walk.judge(!snapshot[subnet].lost, DropReason::ZoneLost.at(element))?;
            Ok(Place::Subnet(subnet))
        }
    }
}
