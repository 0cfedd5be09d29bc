//! What a record is about: a packet that opened a flow, an answer, or a hop further on of a flow that
//! is seen elsewhere.

use egret_dataplane::packet::{Protocol, Tuple};
use egret_dataplane::snapshot::{EniId, EniOwner, Snapshot};
use egret_dataplane::trace::Direction;

use super::Sight;

/// How a record is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// Whether its packets go the way of those that opened the flow, or answer them.
    pub(super) direction: Direction,
    /// Where on the flow's way the interface is.
    pub(super) vantage: Vantage,
}

/// Where on a flow's way an interface is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vantage {
    /// It opened the flow.
    Sender,
    /// It passed the flow on, with its addresses as they were: a NAT gateway on its inner side.
    Middle,
    /// The flow was for it.
    Receiver,
}

/// The highest port that a server would listen at, and no client send from (Linux's range begins
/// above it).
const SERVED: u16 = 32_767;
const SYN_ACK: u8 = 18;
const SYN: u8 = 2;

/// How a record is read; `None` if it is of a hop further on. Shared ENIs open flows and never answer,
/// endpoints answer and never open, gateways pass on. Of two hosts the log says by flags, ports or not
/// at all who is which.
pub(super) fn of(snapshot: &Snapshot, sight: &Sight) -> Option<Reading> {
    let Tuple { src, dst, .. } = sight.tuple;
    let (own, other) = if sight.egress { (src, dst) } else { (dst, src) };
    let vpc = snapshot.vpc_of(sight.eni);
    let peer = near(snapshot, sight.eni, other).map(|eni| snapshot[eni].owner);
    if snapshot.eni_at(vpc, own) != Some(sight.eni) {
        let passes_on =
            !sight.egress && matches!(peer, Some(EniOwner::Hyperplane | EniOwner::Host(_)));
        let middle = Reading { direction: Direction::Forward, vantage: Vantage::Middle };
        return passes_on.then_some(middle);
    }
    let is_opener = match (sight.owner(snapshot), peer) {
        (EniOwner::NatGateway(_), _) | (_, Some(EniOwner::NatGateway(_))) => return None,
        (EniOwner::Hyperplane, _) | (_, Some(EniOwner::Endpoint(..))) => true,
        (EniOwner::Endpoint(..), _) | (_, Some(EniOwner::Hyperplane)) => false,
        _ => opens(sight) == sight.egress,
    };
    Some(Reading {
        direction: if is_opener == sight.egress { Direction::Forward } else { Direction::Return },
        vantage: if is_opener { Vantage::Sender } else { Vantage::Receiver },
    })
}

/// The interface with an address, in the VPC of `eni` or else in the only other one that has it.
pub(super) fn near(snapshot: &Snapshot, eni: EniId, address: std::net::Ipv4Addr) -> Option<EniId> {
    let own = snapshot.eni_at(snapshot.vpc_of(eni), address);
    own.or_else(|| {
        let mut others = snapshot.vpcs.iter().filter_map(|vpc| vpc.eni_at(address));
        let found = others.next();
        found.filter(|_| others.next().is_none())
    })
}

/// Whether packets seem to open a flow rather than to answer one.
fn opens(sight: &Sight) -> bool {
    match sight.flags {
        Some(flags) if flags & SYN_ACK == SYN_ACK => return false,
        Some(flags) if flags & SYN != 0 => return true,
        _ => {}
    }
    let Tuple { src_port, dst_port, protocol, .. } = sight.tuple;
    if !matches!(protocol, Protocol::TCP | Protocol::UDP) {
        return true;
    }
    match (src_port <= SERVED, dst_port <= SERVED) {
        (true, false) => false,
        (false, true) => true,
        _ => dst_port <= src_port,
    }
}
