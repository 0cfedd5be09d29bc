//! Source ports: who owns which, per destination.
//!
//! A translator may use one port towards many destinations at once, as AWS's NAT gateway does (RFC
//! 7857 §5 allows it where destination address or port differ); towards one destination, protocol
//! and own address each port is used once. Looking for a port changes nothing: a walk looks, and
//! only when it has reached its end is the port taken.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use crate::flow::Translator;
use crate::packet::Protocol;

/// The first port that is given out (VPC guide, nat-gateway-basics: 1024-65535).
pub const FIRST_PORT: u16 = 1024;
/// How many there are.
pub const PORTS: u32 = 65_536 - FIRST_PORT as u32;

/// A translator's own address, and the destination that its ports lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Towards {
    /// Who translates.
    pub by: Translator,
    /// With which of its addresses.
    pub address: Ipv4Addr,
    /// TCP, UDP or ICMP (whose identifiers are ports here).
    pub protocol: Protocol,
    /// Destination address.
    pub remote: Ipv4Addr,
    /// Destination port.
    pub remote_port: u16,
}

/// The ports of all translators of one worker.
#[derive(Debug, Default)]
pub struct Ports {
    taken: HashMap<Towards, PortSet>,
    totals: HashMap<Translator, u32>,
}

impl Ports {
    /// The port that a new connection would get: the first free one from `wish` on, round the end.
    /// `None` when `limit` connections, or all ports, lead there already.
    pub fn free(&self, towards: &Towards, wish: u16, limit: u32) -> Option<u16> {
        let start = FIRST_PORT + (u32::from(wish) % PORTS) as u16;
        match self.taken.get(towards) {
            None => (limit > 0).then_some(start),
            Some(set) if set.len() >= limit.min(PORTS) => None,
            Some(set) => Some(set.first_free(start)),
        }
    }

    /// How many connections a translator has towards all destinations.
    pub fn total(&self, by: Translator) -> u32 {
        self.totals.get(&by).copied().unwrap_or(0)
    }

    /// How many connections lead there.
    pub fn towards(&self, towards: &Towards) -> u32 {
        self.taken.get(towards).map_or(0, PortSet::len)
    }

    /// How many ports are in use, over all translators.
    pub fn len(&self) -> usize {
        self.totals.values().map(|total| *total as usize).sum()
    }

    /// Whether no port is in use.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes a port that [`free`](Self::free) gave.
    pub fn take(&mut self, towards: Towards, port: u16) {
        let fresh = self.taken.entry(towards).or_default().insert(port);
        debug_assert!(fresh, "{port} was taken towards {towards:?}");
        *self.totals.entry(towards.by).or_default() += 1;
    }

    /// Gives a port back.
    pub fn release(&mut self, towards: Towards, port: u16) {
        let Some(set) = self.taken.get_mut(&towards) else {
            return;
        };
        if set.remove(port) {
            if set.len() == 0 {
                self.taken.remove(&towards);
            }
            if let Some(total) = self.totals.get_mut(&towards.by) {
                *total -= 1;
            }
        }
    }
}

const WORDS: usize = PORTS as usize / 64;
/// A set of more ports than this becomes a bitmap of 8 KiB.
const FEW: usize = 32;

/// The ports in use towards one destination.
#[derive(Debug)]
enum PortSet {
    Few(Vec<u16>),
    Many { bits: Box<[u64; WORDS]>, len: u32 },
}

impl Default for PortSet {
    fn default() -> Self {
        PortSet::Few(Vec::new())
    }
}

impl PortSet {
    fn len(&self) -> u32 {
        match self {
            PortSet::Few(ports) => ports.len() as u32,
            PortSet::Many { len, .. } => *len,
        }
    }

    /// The first port from `start` on, round the end, that is not in the set, which is not full.
    fn first_free(&self, start: u16) -> u16 {
        match self {
            PortSet::Few(ports) => {
                let mut port = start;
                while ports.contains(&port) {
                    port = port.checked_add(1).unwrap_or(FIRST_PORT);
                }
                port
            }
            PortSet::Many { bits, .. } => {
                let (word, bit) = place(start);
                let here = !bits[word] & u64::MAX << bit;
                let at = if here != 0 {
                    word * 64 + here.trailing_zeros() as usize
                } else {
                    let next = (1..=WORDS).map(|step| (word + step) % WORDS);
                    let word = next.into_iter().find(|&word| bits[word] != u64::MAX);
                    let word = word.expect("a set that is not full has a free port");
                    word * 64 + bits[word].trailing_ones() as usize
                };
                FIRST_PORT + at as u16
            }
        }
    }

    fn insert(&mut self, port: u16) -> bool {
        match self {
            PortSet::Few(ports) if ports.contains(&port) => false,
            PortSet::Few(ports) if ports.len() < FEW => {
                ports.push(port);
                true
            }
            PortSet::Few(ports) => {
                let mut many = PortSet::Many { bits: Box::new([0; WORDS]), len: 0 };
                ports.iter().for_each(|&port| {
                    many.insert(port);
                });
                *self = many;
                self.insert(port)
            }
            PortSet::Many { bits, len } => {
                let (word, bit) = place(port);
                let fresh = bits[word] >> bit & 1 == 0;
                bits[word] |= 1 << bit;
                *len += u32::from(fresh);
                fresh
            }
        }
    }

    fn remove(&mut self, port: u16) -> bool {
        match self {
            PortSet::Few(ports) => {
                let at = ports.iter().position(|&p| p == port);
                at.map(|at| ports.swap_remove(at)).is_some()
            }
            PortSet::Many { bits, len } => {
                let (word, bit) = place(port);
                let there = bits[word] >> bit & 1 != 0;
                bits[word] &= !(1 << bit);
                *len -= u32::from(there);
                there
            }
        }
    }
}

fn place(port: u16) -> (usize, u32) {
    let at = usize::from(port - FIRST_PORT);
    (at / 64, (at % 64) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn towards(remote_port: u16) -> Towards {
        Towards {
            by: Translator::Provider,
            address: Ipv4Addr::new(192, 0, 2, 1),
            protocol: Protocol::TCP,
            remote: Ipv4Addr::new(203, 0, 113, 10),
            remote_port,
        }
    }

    #[test]
    fn exactly_the_limit_towards_one_destination_and_as_many_towards_the_next() {
        // aws-facts §14, case 4.
        let mut ports = Ports::default();
        for n in 0..55_000u32 {
            let port = ports.free(&towards(443), (n * 7) as u16, 55_000).unwrap();
            ports.take(towards(443), port);
        }
        assert_eq!(ports.free(&towards(443), 0, 55_000), None);
        assert!(ports.free(&towards(80), 0, 55_000).is_some());
        ports.release(towards(443), FIRST_PORT);
        assert_eq!(ports.total(Translator::Provider), 54_999);
        assert!(ports.free(&towards(443), 0, 55_000).is_some());
    }

    #[test]
    fn the_very_last_port_is_found() {
        let mut ports = Ports::default();
        for port in FIRST_PORT..=u16::MAX {
            if port != 40_000 {
                ports.take(towards(443), port);
            }
        }
        assert_eq!(ports.free(&towards(443), 50_000, PORTS), Some(40_000));
        ports.take(towards(443), 40_000);
        assert_eq!(ports.free(&towards(443), 50_000, PORTS), None);
    }

    proptest! {
        #[test]
        fn a_set_of_ports_is_a_set(steps in prop::collection::vec((any::<bool>(), 1024u16..1124, any::<u16>()), 1..400)) {
            let mut set = PortSet::default();
            let mut oracle = BTreeSet::new();
            for (add, port, wish) in steps {
                if add {
                    prop_assert_eq!(set.insert(port), oracle.insert(port));
                } else {
                    prop_assert_eq!(set.remove(port), oracle.remove(&port));
                }
                prop_assert_eq!(set.len() as usize, oracle.len());
                let start = FIRST_PORT + wish % 200;
                let free = (start..=u16::MAX).find(|port| !oracle.contains(port));
                prop_assert_eq!(Some(set.first_free(start)), free);
            }
        }
    }
}
