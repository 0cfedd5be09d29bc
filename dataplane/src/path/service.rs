//! The service: its egress type decides between the provider's own way out and the VPC.

use super::{Answer, Identity, Place, Stop, Walk, hyperplane_eni};
use crate::flow::Translator;
use crate::ports::PORTS;
use crate::snapshot::{Egress, InterfaceId, TaskId};
use crate::trace::{Decision, Trace};
use crate::verdict::{DropReason, Element};

/// A task sends a packet.
pub(super) fn send<T: Trace>(walk: &mut Walk<'_, T>, id: TaskId) -> Result<Place, Stop> {
    let snapshot = walk.snapshot;
    let task = &snapshot[id];
    let element = Element::Service(task.service);
    walk.judge(walk.headers.src == task.address, DropReason::SpoofedSource.at(element))?;
    walk.identity = Identity::Nobody;
    match &snapshot[task.service].egress {
        Egress::Default => send_by_provider(walk, element),
        Egress::Vpc { enis, .. } => {
            walk.pass(element, None, Decision::Nature);
            hyperplane_eni::send(walk, snapshot.lookup().exits(id), enis)
        }
    }
}

/// Egress DEFAULT: no hop of the customer's, public destinations only (seed, "By default, your
/// application can send messages to public endpoints").
fn send_by_provider<T: Trace>(walk: &mut Walk<'_, T>, element: Element) -> Result<Place, Stop> {
    let dst = walk.headers.dst;
    let private = dst.is_private() || dst.is_link_local() || super::is_shared(dst);
    walk.judge(!private, DropReason::DefaultEgressPrivateDestination.at(element))?;
    walk.judge(walk.is_translatable(), DropReason::NatProtocol.at(element))?;
    if walk.is_late() {
        let drop = DropReason::NatIdleTimeout.at(element);
        walk.record(drop, None, Decision::Nature);
        return Err(Stop::Answer(drop, Answer::Reset));
    }
    let before = walk.headers.tuple();
    let exhausted = DropReason::NatPortsExhausted.at(element);
    let address = walk.snapshot.settings.provider_address;
    walk.translate(Translator::Provider, &[address], PORTS, exhausted)?;
    walk.pass_from(before, element, None, Decision::Translated);
    walk.pass(Element::Internet, None, Decision::Delivered);
    Ok(Place::Exit(InterfaceId::INTERNET))
}
