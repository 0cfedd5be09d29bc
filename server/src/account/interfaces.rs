//! Network interfaces, whoever made them.

use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::ops::Range;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::Account;
use super::table::Row;
use super::time::Timestamp;

/// Addresses that AWS keeps at the start of each subnet; it keeps the last one, too.
const RESERVED: u32 = 4;

/// A network interface.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkInterface {
    /// Its id.
    pub id: String,
    /// Its VPC.
    pub vpc: String,
    /// Its subnet.
    pub subnet: String,
    /// Its private addresses, the primary one first.
    pub addresses: Vec<Ipv4Addr>,
    /// Its security groups.
    pub groups: Vec<String>,
    /// Whether it refuses packets that are not addressed to it.
    pub source_dest_check: bool,
    /// What it is for.
    pub description: String,
    /// Who has it.
    pub owner: InterfaceOwner,
    /// When it was made.
    pub created: Timestamp,
}

impl Row for NetworkInterface {
    const KIND: &'static str = "network-interface";

    fn belongs_to(&self) -> Option<&str> {
        Some(&self.subnet)
    }
}

/// Who has a network interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InterfaceOwner {
    /// The account: what `CreateNetworkInterface` makes. A scenario's host may be behind it.
    Account {
        /// The name of the scenario's host, by which it is asked for.
        host: Option<String>,
    },
    /// App Runner: a Hyperplane ENI that connectors share.
    Connector,
    /// A NAT gateway.
    NatGateway(String),
    /// An interface endpoint.
    VpcEndpoint(String),
    /// A transit gateway's attachment.
    TransitGatewayAttachment(String),
}

impl InterfaceOwner {
    /// Whether an AWS service made it: then the account does not change or delete it.
    pub fn is_requester_managed(&self) -> bool {
        !matches!(self, InterfaceOwner::Account { .. })
    }

    /// AWS's `InterfaceType`.
    pub fn interface_type(&self) -> &'static str {
        match self {
            InterfaceOwner::Account { .. } | InterfaceOwner::Connector => "interface",
            InterfaceOwner::NatGateway(_) => "nat_gateway",
            InterfaceOwner::VpcEndpoint(_) => "vpc_endpoint",
            InterfaceOwner::TransitGatewayAttachment(_) => "transit_gateway",
        }
    }
}

impl Account {
    /// Private addresses of a subnet that somebody has.
    pub fn taken_addresses(&self, subnet: &str) -> HashSet<Ipv4Addr> {
        let here = self.network_interfaces.of(subnet);
        here.flat_map(|interface| interface.addresses.iter().copied()).collect()
    }

    /// How many addresses of a subnet can still be had: AWS's `AvailableIpAddressCount`.
    pub fn available_addresses(&self, subnet: &str) -> usize {
        let Some(row) = self.subnets.get(subnet) else { return 0 };
        let all = 1_usize << (32 - row.cidr.prefix_len());
        all.saturating_sub(RESERVED as usize + 1 + self.taken_addresses(subnet).len())
    }

    /// Whether an address of a subnet can be had: it is in its range, and nobody has it.
    pub fn is_free(&self, subnet: &str, address: Ipv4Addr) -> bool {
        let Some(row) = self.subnets.get(subnet) else { return false };
        let first = u32::from(row.cidr.network()) + RESERVED;
        let range = first..u32::from(row.cidr.broadcast());
        range.contains(&u32::from(address)) && !self.taken_addresses(subnet).contains(&address)
    }

    /// The first address of a subnet that nobody has.
    pub fn free_address(&self, subnet: &str) -> Option<Ipv4Addr> {
        self.free_addresses(subnet).next()
    }

    /// The addresses of a subnet that nobody has, the lowest first.
    pub fn free_addresses(&self, subnet: &str) -> impl Iterator<Item = Ipv4Addr> {
        let taken = self.taken_addresses(subnet);
        let all = self.subnets.get(subnet).map_or(0..0, |subnet| assignable(subnet.cidr));
        all.map(Ipv4Addr::from).filter(move |address| !taken.contains(address))
    }

    /// Whether an interface in this subnet may have the address, and nobody has it.
    pub fn is_free_address(&self, subnet: &str, address: Ipv4Addr) -> bool {
        let Some(row) = self.subnets.get(subnet) else { return false };
        assignable(row.cidr).contains(&u32::from(address))
            && !self.taken_addresses(subnet).contains(&address)
    }
}

/// What AWS does not keep for itself.
fn assignable(cidr: Ipv4Net) -> Range<u32> {
    u32::from(cidr.network()) + RESERVED..u32::from(cidr.broadcast())
}
