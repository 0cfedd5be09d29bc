//! Rules of security groups and network ACLs: what they match, and what keeps one from matching.

use std::net::Ipv4Addr;
use std::sync::Arc;

use super::*;
use crate::packet::{Headers, Protocol};

/// The protocol, ports or ICMP types that a rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Traffic {
    /// Every protocol (`-1`).
    All,
    /// TCP to these ports, inclusive.
    Tcp(u16, u16),
    /// UDP to these ports, inclusive.
    Udp(u16, u16),
    /// ICMP of this type and code; `None` is any.
    Icmp(Option<u8>, Option<u8>),
    /// Another IP protocol number, whatever its ports.
    Protocol(Protocol),
}

/// What keeps a rule from matching a packet: the first of these that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// Another protocol.
    Protocol,
    /// The destination port is outside of the range.
    Port,
    /// Another ICMP type or code.
    IcmpType,
    /// The other side is not one that the rule names.
    Peer,
}

impl Traffic {
    /// What keeps the packet from being of this kind.
    pub fn mismatch(self, packet: &Headers) -> Option<Mismatch> {
        let in_range = |protocol: Protocol, from: u16, to: u16| {
            if packet.protocol != protocol {
                Some(Mismatch::Protocol)
            } else if (from..=to).contains(&packet.dst_port) {
                None
            } else {
                Some(Mismatch::Port)
            }
        };
        match self {
            Traffic::All => None,
            Traffic::Tcp(from, to) => in_range(Protocol::TCP, from, to),
            Traffic::Udp(from, to) => in_range(Protocol::UDP, from, to),
            Traffic::Icmp(kind, code) => match packet.icmp() {
                None => Some(Mismatch::Protocol),
                Some((k, c)) if kind.is_none_or(|t| t == k) && code.is_none_or(|t| t == c) => None,
                Some(_) => Some(Mismatch::IcmpType),
            },
            Traffic::Protocol(protocol) => {
                (packet.protocol != protocol).then_some(Mismatch::Protocol)
            }
        }
    }

    /// Whether this allows TCP or UDP, as the protocol says, to every port.
    pub fn allows_all_ports(self, protocol: Protocol) -> bool {
        match self {
            Traffic::All => true,
            Traffic::Tcp(from, to) => protocol == Protocol::TCP && from == 0 && to == u16::MAX,
            Traffic::Udp(from, to) => protocol == Protocol::UDP && from == 0 && to == u16::MAX,
            Traffic::Icmp(..) | Traffic::Protocol(_) => false,
        }
    }
}

/// A security group: allow rules, as a union, without an order.
#[derive(Clone, Debug)]
pub struct SecurityGroup {
    /// Its id or name.
    pub name: Arc<str>,
    /// Inbound rules.
    pub ingress: Vec<SgRule>,
    /// Outbound rules.
    pub egress: Vec<SgRule>,
}

impl SecurityGroup {
    /// Its rules of one direction.
    pub fn rules(&self, egress: bool) -> &[SgRule] {
        if egress { &self.egress } else { &self.ingress }
    }
}

/// A rule of a security group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SgRule {
    /// What it matches.
    pub traffic: Traffic,
    /// The other side.
    pub peer: Peer,
}

/// The other side of a security group rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Peer {
    /// Addresses.
    Cidr(Cidr),
    /// The addresses of a prefix list.
    PrefixList(PrefixListId),
    /// The private addresses of the ENIs that carry a group.
    Group(SgId),
    /// Nobody: the group that the rule names is gone.
    Stale,
}

/// A prefix list.
#[derive(Clone, Debug)]
pub struct PrefixList {
    /// Its id or name.
    pub name: Arc<str>,
    /// Its entries.
    pub cidrs: Vec<Cidr>,
}

/// A network ACL: numbered entries, the first that matches decides; without one the packet is
/// denied (the entry that AWS shows as `*`).
#[derive(Clone, Debug)]
pub struct NetworkAcl {
    /// Its id or name.
    pub name: Arc<str>,
    /// Entries for packets that enter a subnet, sorted by number.
    pub ingress: Vec<AclEntry>,
    /// Entries for packets that leave a subnet, sorted by number.
    pub egress: Vec<AclEntry>,
}

/// An entry of a network ACL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AclEntry {
    /// Its number.
    pub number: u16,
    /// Whether it allows.
    pub allow: bool,
    /// What it matches.
    pub traffic: Traffic,
    /// Source of a packet that enters, destination of one that leaves.
    pub cidr: Cidr,
}

impl AclEntry {
    /// What keeps the entry from matching a packet whose other side is `peer`.
    pub fn mismatch(&self, packet: &Headers, peer: Ipv4Addr) -> Option<Mismatch> {
        let peer = || (!self.cidr.contains(peer)).then_some(Mismatch::Peer);
        self.traffic.mismatch(packet).or_else(peer)
    }
}
