//! Which worker owns a packet, in both directions, by arithmetic alone.
//!
//! A task's packet goes to a worker by its flow's hash. Of a translator's ports each worker owns
//! every n-th, so that the port to which a reply comes names the worker that translated. Packets
//! between others (a host that opens a connection, and the answers to it) go by their two ports,
//! which no element on such a way changes. Fragments of one datagram meet at one worker, by what
//! they share, and go on from there.

use std::net::Ipv4Addr;

use crate::flow::FlowKey;
use crate::packet::{Fragment, Headers, Protocol, Tuple};
use crate::ports::{FIRST_PORT, PORTS};
use crate::snapshot::{EniId, EniOwner, Interface, InterfaceId, Snapshot};

/// One of several workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId(pub u16);

/// How packets are spread over workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steering {
    workers: u16,
    seed: u64,
}

impl Steering {
    /// Everything belongs to one worker.
    pub const ALONE: Steering = Steering { workers: 1, seed: 0 };

    /// Packets are spread over so many workers. `seed` keeps an attacker from choosing tuples that
    /// all go to one.
    ///
    /// # Panics
    /// When there is no worker, or so many that one would be without a port.
    pub fn new(workers: usize, seed: u64) -> Steering {
        assert!((1..=PORTS as usize).contains(&workers), "{workers} workers for {PORTS} ports");
        Steering { workers: workers as u16, seed }
    }

    /// How many workers there are.
    pub fn workers(&self) -> usize {
        usize::from(self.workers)
    }

    /// The ports of one of them.
    pub fn share(&self, worker: WorkerId) -> Share {
        Share { first: worker.0, step: self.workers }
    }

    /// The worker after this one, round the end.
    pub(crate) fn next(&self, worker: WorkerId) -> WorkerId {
        WorkerId((worker.0 + 1) % self.workers)
    }

    /// The worker to which a packet goes first: the owner of its flow, or for a fragment the one
    /// where its datagram's fragments meet.
    pub fn first(&self, snapshot: &Snapshot, interface: InterfaceId, packet: &Headers) -> WorkerId {
        match packet.fragment {
            _ if self.workers == 1 => WorkerId(0),
            Fragment::Whole => self.owner(snapshot, interface, packet),
            Fragment::First | Fragment::Later => {
                let datagram = Tuple { src_port: packet.ident, dst_port: 0, ..packet.tuple() };
                self.by_hash(FlowKey::new(interface, datagram))
            }
        }
    }

    /// The worker that owns a packet's flow. An ICMP error belongs to the flow that it is about.
    pub fn owner(&self, snapshot: &Snapshot, interface: InterfaceId, packet: &Headers) -> WorkerId {
        let tuple = packet.quoted().map_or(packet.tuple(), Tuple::reversed);
        if self.workers == 1 {
            WorkerId(0)
        } else if is_task(snapshot, interface) {
            self.by_hash(FlowKey::new(interface, tuple))
        } else if translates(snapshot, interface, tuple.dst) {
            self.by_port(tuple.dst_port)
        } else if translates(snapshot, interface, tuple.src) {
            // The answer to somebody who sent to such an address as to any other.
            self.by_port(tuple.src_port)
        } else {
            self.by_both_ports(tuple)
        }
    }

    fn by_hash(&self, key: FlowKey) -> WorkerId {
        // Other bits than those that choose bucket and tag: the seed is another one.
        let hash = key.seeded(self.seed ^ 0x7374_6565_7269_6e67);
        WorkerId(((u128::from(hash) * u128::from(self.workers)) >> 64) as u16)
    }

    fn by_port(&self, port: u16) -> WorkerId {
        WorkerId(port.wrapping_sub(FIRST_PORT) % self.workers)
    }

    /// The same worker for both directions: addresses may be translated one to one on such a way,
    /// ports never are.
    fn by_both_ports(&self, tuple: Tuple) -> WorkerId {
        let (low, high) = (tuple.src_port.min(tuple.dst_port), tuple.src_port.max(tuple.dst_port));
        let nobody = Ipv4Addr::UNSPECIFIED;
        let Tuple { protocol: Protocol(protocol), .. } = tuple;
        let ports = Tuple {
            src: nobody,
            dst: nobody,
            src_port: low,
            dst_port: high,
            protocol: Protocol(protocol),
        };
        self.by_hash(FlowKey::new(InterfaceId::INTERNET, ports))
    }
}

fn is_task(snapshot: &Snapshot, interface: InterfaceId) -> bool {
    matches!(snapshot.interfaces.get(interface.0 as usize), Some(Interface::Task(_)))
}

/// Whether an address is one to which a translator's replies come.
fn translates(snapshot: &Snapshot, at: InterfaceId, address: Ipv4Addr) -> bool {
    let is_translator =
        |eni: EniId| matches!(snapshot[eni].owner, EniOwner::Hyperplane | EniOwner::NatGateway(_));
    let vpc = match snapshot.interfaces.get(at.0 as usize) {
        Some(Interface::Eni(eni)) => Some(snapshot.vpc_of(*eni)),
        Some(Interface::GatewayEndpoint(endpoint)) => Some(snapshot[*endpoint].vpc),
        Some(Interface::LinkLocal(vpc)) => Some(*vpc),
        _ => None,
    };
    if address == snapshot.settings.provider_address {
        return true;
    }
    let here = vpc.and_then(|vpc| snapshot.eni_at(vpc, address));
    if let Some(eni) = here.or_else(|| snapshot.eni_of_public(address)) {
        return is_translator(eni);
    }
    // Beyond a peering connection or a transit gateway.
    let others = snapshot.vpcs.iter().filter_map(|vpc| vpc.eni_at(address));
    others.into_iter().any(is_translator)
}

/// A worker's share of a translator's ports: every `step`-th, from `first` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    first: u16,
    step: u16,
}

impl Share {
    /// All of them.
    pub const WHOLE: Share = Share { first: 0, step: 1 };

    /// This share of something that all workers have together: over all shares it adds up to
    /// exactly that.
    pub fn of(self, total: u32) -> u32 {
        (total + u32::from(self.step) - 1).saturating_sub(u32::from(self.first))
            / u32::from(self.step)
    }

    /// The port of that index in the share.
    pub(crate) fn port(self, index: u32) -> u16 {
        FIRST_PORT + (index * u32::from(self.step) + u32::from(self.first)) as u16
    }

    /// The index of a port of the share.
    pub(crate) fn index(self, port: u16) -> u32 {
        u32::from(port - FIRST_PORT) / u32::from(self.step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Every port belongs to exactly one share, and names its worker.
        #[test]
        fn a_port_names_its_worker(workers in 1usize..40, index: u16) {
            let steering = Steering::new(workers, 9);
            for worker in (0..workers as u16).map(WorkerId) {
                let share = steering.share(worker);
                let index = u32::from(index) % share.of(PORTS);
                let port = share.port(index);
                prop_assert_eq!(steering.by_port(port), worker);
                prop_assert_eq!(share.index(port), index);
            }
        }

        /// However something is shared, nothing is lost and nothing added; and nobody may have more
        /// connections than ports.
        #[test]
        fn shares_add_up(workers in 1usize..40, total in 0..=PORTS) {
            let steering = Steering::new(workers, 0);
            let shares = || (0..workers as u16).map(|worker| steering.share(WorkerId(worker)));
            prop_assert_eq!(shares().map(|share| share.of(total)).sum::<u32>(), total);
            prop_assert!(shares().all(|share| share.of(total) <= share.of(PORTS)));
        }
    }
}
