//! The internet gateway: one public address for one private address, no ports, no state (VPC guide,
//! "VPC_Internet_Gateway"; aws-facts §8). And the internet behind it.

use std::net::Ipv4Addr;

use super::{Identity, Place, Stop, Walk, is_shared, network_acl};
use crate::flow::Translator;
use crate::snapshot::{EniId, IgwId, InterfaceId, Snapshot, SubnetId, VpcId};
use crate::trace::{Decision, Trace};
use crate::verdict::{DropReason, Element};

/// A route leads from the subnet `from` to the gateway.
pub(super) fn send<T: Trace>(
    walk: &mut Walk<'_, T>,
    igw: IgwId,
    from: SubnetId,
) -> Result<Place, Stop> {
    let snapshot = walk.snapshot;
    let element = Element::InternetGateway(igw);
    let (src, dst) = (walk.headers.src, walk.headers.dst);
    walk.judge(!dst.is_private(), DropReason::IgwPrivateDestination.at(element))?;
    walk.judge(!is_shared(dst), DropReason::IgwSharedDestination.at(element))?;
    let public = public_of(snapshot, snapshot[igw].vpc, src);
    walk.judge(public.is_some(), DropReason::IgwNoPublicAddress.at(element))?;
    let router = Ipv4Addr::from_bits(snapshot[from].cidr.network().to_bits() + 1);
    let sender = snapshot.eni_at(snapshot[from].vpc, src);
    let back = sender.map(|eni| (router, Place::Into(eni)));
    walk.squeeze(snapshot.settings.internet_mtu, element, true, back)?;
    let before = walk.headers.tuple();
    walk.headers.src = public.unwrap_or(src);
    walk.identity = Identity::Nobody;
    walk.pass_from(before, element, None, Decision::Translated);
    match snapshot.eni_of_public(dst) {
        Some(eni) => admit(walk, eni),
        None => {
            walk.pass(Element::Internet, None, Decision::Delivered);
            Ok(Place::Exit(InterfaceId::INTERNET))
        }
    }
}

/// A packet comes in from the internet.
pub(super) fn receive<T: Trace>(walk: &mut Walk<'_, T>) -> Result<Place, Stop> {
    let dst = walk.headers.dst;
    if dst == walk.snapshot.settings.provider_address {
        return answer_by_provider(walk);
    }
    match walk.snapshot.eni_of_public(dst) {
        Some(eni) => admit(walk, eni),
        None => Err(walk.refuse(DropReason::IgwUnknownAddress.at(Element::Internet))),
    }
}

/// In through the gateway of the VPC that has the public address.
fn admit<T: Trace>(walk: &mut Walk<'_, T>, eni: EniId) -> Result<Place, Stop> {
    let snapshot = walk.snapshot;
    let subnet = snapshot[eni].subnet;
    let Some(igw) = snapshot[snapshot[subnet].vpc].internet_gateway else {
        return Err(walk.refuse(DropReason::IgwUnknownAddress.at(Element::Internet)));
    };
    let element = Element::InternetGateway(igw);
    let src = walk.headers.src;
    walk.judge(!src.is_private(), DropReason::IgwPrivateSource.at(element))?;
    walk.judge(!is_shared(src), DropReason::IgwSharedSource.at(element))?;
    walk.squeeze(snapshot.settings.internet_mtu, element, true, None)?;
    let before = walk.headers.tuple();
    let pairs = &snapshot[eni].public;
    let private = pairs.iter().find(|(_, public)| *public == walk.headers.dst);
    walk.headers.dst = private.map_or(snapshot[eni].address, |(private, _)| *private);
    walk.zone = Some(snapshot[subnet].zone);
    walk.pass_from(before, element, None, Decision::Translated);
    network_acl::ingress(walk, subnet)?;
    Ok(Place::Into(eni))
}

/// An answer to a service whose egress type is DEFAULT.
fn answer_by_provider<T: Trace>(walk: &mut Walk<'_, T>) -> Result<Place, Stop> {
    let before = walk.headers.tuple();
    match walk.opener() {
        Some(task) if walk.restore(Translator::Provider) => {
            walk.pass_from(before, Element::Internet, None, Decision::Translated);
            Ok(Place::Exit(task))
        }
        _ => Err(walk.refuse(DropReason::Unsolicited.at(Element::Internet))),
    }
}

/// The public address that the gateway of a VPC puts in place of a private one.
fn public_of(snapshot: &Snapshot, vpc: VpcId, private: Ipv4Addr) -> Option<Ipv4Addr> {
    let eni = snapshot.eni_at(vpc, private)?;
    let pair = snapshot[eni].public.iter().find(|(address, _)| *address == private);
    pair.map(|(_, public)| *public)
}
