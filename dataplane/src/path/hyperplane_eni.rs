//! The Hyperplane ENI: one for each subnet and set of security groups, shared by every service that
//! asks for that pair. It translates the source to its own address, one way only: nothing in the
//! VPC can open a connection to a task through it (Lambda guide, "Hyperplane ENIs").

use super::{Answer, Flow, Identity, Place, Stop, Walk, security_group};
use crate::flow::Translator;
use crate::packet::Protocol;
use crate::ports::PORTS;
use crate::snapshot::{EniId, LatePacket, PortBudget};
use crate::trace::{Decision, Trace};
use crate::verdict::{DropReason, Element};

/// A task's packet comes to the shared ENIs among which its flow may choose, of all that its
/// connector has. A flow that has an ENI keeps it, even one whose zone is lost.
pub(super) fn send<T: Trace>(
    walk: &mut Walk<'_, T>,
    near: &[EniId],
    all: &[EniId],
) -> Result<Place, Stop> {
    let snapshot = walk.snapshot;
    let eni = match walk.flow {
        Flow::New => near[(walk.salt >> 32) as usize % near.len()],
        Flow::Known(known) => {
            let is_lost = |eni: &&EniId| snapshot[snapshot[**eni].subnet].lost;
            let mut candidates = near.iter().chain(all.iter().filter(is_lost));
            let assigned = candidates.find(|eni| {
                known.translations[0].is_some_and(|t| t.by == Translator::Hyperplane(**eni))
            });
            *assigned.ok_or(Stop::Moved)?
        }
    };
    let element = Element::HyperplaneEni(eni);
    walk.judge(carries(walk), DropReason::HyperplaneProtocol.at(element))?;
    walk.squeeze(walk.snapshot.settings.vpc_mtu, element, false, None)?;
    let before = walk.headers.tuple();
    let exhausted = DropReason::HyperplanePortsExhausted.at(element);
    let limit = budget(walk, eni);
    let address = walk.snapshot[eni].address;
    walk.translate(Translator::Hyperplane(eni), &[address], limit, exhausted)?;
    walk.pass_from(before, element, None, Decision::Translated);
    walk.identity = Identity::Eni(eni);
    walk.track();
    if walk.is_late() {
        let drop = DropReason::HyperplaneIdleTimeout.at(element);
        // Only if no gateway further on keeps connections, too: that one answers in its own name.
        walk.late = Some(match walk.snapshot.settings.hyperplane_late {
            LatePacket::Reset => Stop::Answer(drop, Answer::Reset),
            LatePacket::Silent => Stop::Drop(drop),
        });
    }
    Ok(Place::Leaving(eni))
}

/// A packet in the VPC is for a shared ENI: an answer goes on to its task, anything else ends here,
/// after the security group had its say.
pub(super) fn receive<T: Trace>(walk: &mut Walk<'_, T>, eni: EniId) -> Result<Place, Stop> {
    security_group::ingress(walk, eni)?;
    let before = walk.headers.tuple();
    let element = Element::HyperplaneEni(eni);
    match walk.opener() {
        Some(task) if walk.restore(Translator::Hyperplane(eni)) => {
            walk.pass_from(before, element, None, Decision::Translated);
            Ok(Place::Exit(task))
        }
        _ => Err(walk.refuse(DropReason::HyperplaneOneWay.at(element))),
    }
}

/// TCP and UDP, and ICMP echo where that is switched on; errors about what it carries always.
fn carries<T: Trace>(walk: &Walk<'_, T>) -> bool {
    match walk.headers.protocol {
        Protocol::TCP | Protocol::UDP => true,
        Protocol::ICMP if walk.headers.quoted().is_some() => matches!(walk.flow, Flow::Known(_)),
        Protocol::ICMP => walk.snapshot.settings.hyperplane_icmp && walk.is_translatable(),
        _ => false,
    }
}

/// How many connections the ENI may have towards this packet's destination.
fn budget<T: Trace>(walk: &Walk<'_, T>, eni: EniId) -> u32 {
    let settings = &walk.snapshot.settings;
    match settings.hyperplane_budget {
        PortBudget::PerEni if walk.ports.carried(eni) >= settings.hyperplane_ports => 0,
        PortBudget::PerEni => PORTS,
        PortBudget::PerDestination => settings.hyperplane_ports,
    }
}
