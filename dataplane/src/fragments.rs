//! Fragments: they follow their datagram's first one, which alone has ports.
//!
//! A later fragment that comes before the first one waits, within limits of number and time (RFC
//! 4787, REQ-14: out of order, too). Nothing is reassembled.

use std::collections::{HashMap, VecDeque};
use std::net::Ipv4Addr;

use crate::flow::FlowKey;
use crate::packet::{Headers, Protocol};
use crate::snapshot::{InterfaceId, Settings};
use crate::steer::WorkerId;
use crate::time::Instant;
use crate::verdict::Drop;

/// Datagrams in fragments that one worker follows at once.
const DATAGRAMS: usize = 4_096;

/// What the fragments of one datagram share (RFC 791 §3.2), and where they came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DatagramId {
    interface: InterfaceId,
    src: Ipv4Addr,
    dst: Ipv4Addr,
    protocol: Protocol,
    ident: u16,
}

impl DatagramId {
    pub(crate) fn new(interface: InterfaceId, headers: &Headers) -> DatagramId {
        let Headers { src, dst, protocol, ident, .. } = *headers;
        DatagramId { interface, src, dst, protocol, ident }
    }

    /// Where the datagram came in.
    pub(crate) fn interface(&self) -> InterfaceId {
        self.interface
    }
}

/// What became of a datagram's first fragment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum First {
    /// It was forwarded as part of this flow.
    Flow(FlowKey),
    /// It was dropped.
    Dropped(Drop),
    /// It went to another worker.
    HandedOver(WorkerId),
}

#[derive(Debug)]
struct Datagram {
    first: Option<First>,
    held: Vec<Vec<u8>>,
    born: Instant,
}

/// The datagrams in fragments that a worker knows of.
#[derive(Debug, Default)]
pub(crate) struct Fragments {
    datagrams: HashMap<DatagramId, Datagram>,
    /// By age: a time-out takes from the front.
    ages: VecDeque<(Instant, DatagramId)>,
    held: usize,
}

impl Fragments {
    /// How many fragments wait.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    /// What became of the first fragment, if it came.
    pub(crate) fn first(&self, id: &DatagramId) -> Option<First> {
        self.datagrams.get(id)?.first
    }

    /// Keeps a fragment until the first one comes; false when there is no room.
    pub(crate) fn hold(
        &mut self,
        id: DatagramId,
        bytes: &[u8],
        now: Instant,
        settings: &Settings,
    ) -> bool {
        if self.held >= settings.held_fragments || !self.make(id, now) {
            return false;
        }
        if let Some(datagram) = self.datagrams.get_mut(&id) {
            datagram.held.push(bytes.to_vec());
            self.held += 1;
        }
        true
    }

    /// Notes what became of the first fragment, and gives back those that waited for it.
    pub(crate) fn settle(&mut self, id: DatagramId, first: First, now: Instant) -> Vec<Vec<u8>> {
        if !self.make(id, now) {
            return Vec::new();
        }
        let Some(datagram) = self.datagrams.get_mut(&id) else {
            return Vec::new();
        };
        datagram.first = Some(first);
        let held = std::mem::take(&mut datagram.held);
        self.held -= held.len();
        held
    }

    /// Forgets the datagrams whose time is up; how many fragments waited in vain.
    pub(crate) fn expire(&mut self, now: Instant, settings: &Settings) -> usize {
        let mut lost = 0;
        while let Some((born, id)) = self.ages.front().copied() {
            if now.since(born) < settings.fragment_timeout {
                break;
            }
            self.ages.pop_front();
            if self.datagrams.get(&id).is_some_and(|datagram| datagram.born == born)
                && let Some(datagram) = self.datagrams.remove(&id)
            {
                lost += datagram.held.len();
            }
        }
        self.held -= lost;
        lost
    }

    /// Makes sure that the datagram is known; false when there are too many.
    fn make(&mut self, id: DatagramId, now: Instant) -> bool {
        if self.datagrams.contains_key(&id) {
            return true;
        }
        if self.datagrams.len() >= DATAGRAMS {
            return false;
        }
        self.ages.push_back((now, id));
        self.datagrams.insert(id, Datagram { first: None, held: Vec::new(), born: now });
        true
    }
}
