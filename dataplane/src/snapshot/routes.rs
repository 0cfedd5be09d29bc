//! Route tables: what matches a destination, and which of several wins (aws-facts §5.3).

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use super::*;

/// A block of IPv4 addresses; host bits are zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    network: u32,
    len: u8,
}

impl Cidr {
    /// All addresses.
    pub const ANY: Cidr = Cidr { network: 0, len: 0 };

    /// The block of `address` with a prefix of `len` bits; host bits are cleared, as AWS does.
    ///
    /// # Panics
    /// When `len` is above 32.
    pub const fn new(address: Ipv4Addr, len: u8) -> Cidr {
        assert!(len <= 32, "a prefix has at most 32 bits");
        Cidr { network: address.to_bits() & mask(len), len }
    }

    /// One address.
    pub const fn host(address: Ipv4Addr) -> Cidr {
        Cidr::new(address, 32)
    }

    /// Whether the block has this address.
    pub const fn contains(self, address: Ipv4Addr) -> bool {
        address.to_bits() & mask(self.len) == self.network
    }

    /// Whether every address of `other` is in this block.
    pub const fn covers(self, other: Cidr) -> bool {
        self.len <= other.len && other.network & mask(self.len) == self.network
    }

    /// The lowest address.
    pub const fn network(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.network)
    }

    /// The highest address.
    pub const fn last(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.network | !mask(self.len))
    }

    /// Bits of the prefix.
    pub const fn prefix_len(self) -> u8 {
        self.len
    }
}

const fn mask(len: u8) -> u32 {
    if len == 0 { 0 } else { u32::MAX << (32 - len) }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network(), self.len)
    }
}

impl fmt::Debug for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A VPC route table.
///
/// The longest prefix wins, a prefix list counting by the entry that matches. Among equals a static
/// CIDR route comes before a prefix list's, and that before a propagated one. Two prefix lists of
/// one length are a coin toss at AWS; here the one that was defined first wins.
#[derive(Clone, Debug)]
pub struct RouteTable {
    /// Its id or name.
    pub name: Arc<str>,
    /// Its routes, local ones too, in the order in which the model has them.
    pub routes: Vec<Route>,
}

/// A route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// What it matches.
    pub key: RouteKey,
    /// Where it leads.
    pub target: RouteTarget,
    /// How it came to be, which breaks ties.
    pub origin: RouteOrigin,
}

/// What a route matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteKey {
    /// One block.
    Cidr(Cidr),
    /// Each block of a prefix list, by itself.
    PrefixList(PrefixListId),
}

/// How a route came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteOrigin {
    /// Somebody wrote it, or it is the VPC's own local route.
    Static,
    /// A gateway propagated it.
    Propagated,
}

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteTarget {
    /// Another address of the same VPC.
    Local,
    /// An internet gateway.
    InternetGateway(IgwId),
    /// A NAT gateway.
    NatGateway(NatId),
    /// A gateway endpoint.
    Endpoint(EndpointId),
    /// A peering connection.
    Peering(PeeringId),
    /// A transit gateway.
    TransitGateway(TgwId),
    /// A network interface: an appliance.
    Eni(EniId),
    /// Nothing: the target is gone, or Egret does not model it.
    Blackhole,
}

impl Route {
    /// Rank among routes of one length: the lowest wins.
    pub(super) fn tie(&self) -> (u8, u32) {
        match (self.origin, self.key) {
            (RouteOrigin::Static, RouteKey::Cidr(_)) => (0, 0),
            (RouteOrigin::Static, RouteKey::PrefixList(list)) => (1, list.0),
            (RouteOrigin::Propagated, _) => (2, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        let (address, len) = text.split_once('/').unwrap();
        Cidr::new(address.parse().unwrap(), len.parse().unwrap())
    }

    /// The route that decides, by the lookup and by plain reading.
    fn select(routes: Vec<Route>, snapshot: &Snapshot, address: Ipv4Addr) -> Option<usize> {
        let table = RouteTable { name: "t".into(), routes };
        let chosen = linear::route(&table, &snapshot.prefix_lists, address);
        let snapshot = Snapshot { route_tables: vec![table], ..snapshot.clone() };
        assert_eq!(snapshot.lookup().route(RouteTableId(0), address), chosen);
        chosen
    }

    fn route(key: RouteKey, origin: RouteOrigin) -> Route {
        Route { key, target: RouteTarget::Blackhole, origin }
    }

    fn with_lists(lists: &[&str]) -> Snapshot {
        let prefix_lists = lists
            .iter()
            .map(|text| PrefixList { name: "pl".into(), cidrs: vec![cidr(text)] })
            .collect();
        Snapshot { prefix_lists, ..Snapshot::default() }
    }

    #[test]
    fn cidr_clears_host_bits_as_aws_does() {
        // aws-facts §3.1: 100.68.0.18/18 is stored as 100.68.0.0/18.
        assert_eq!(cidr("100.68.0.18/18").to_string(), "100.68.0.0/18");
        assert_eq!(cidr("100.68.0.18/18").last(), Ipv4Addr::new(100, 68, 63, 255));
    }

    #[test]
    fn longest_prefix_wins_whatever_its_place() {
        let wide = route(RouteKey::Cidr(Cidr::ANY), RouteOrigin::Static);
        let narrow = route(RouteKey::Cidr(cidr("10.1.0.0/16")), RouteOrigin::Propagated);
        for (routes, expected) in [(vec![wide, narrow], 1), (vec![narrow, wide], 0)] {
            let chosen = select(routes, &with_lists(&[]), Ipv4Addr::new(10, 1, 2, 3));
            assert_eq!(chosen, Some(expected));
        }
    }

    #[test]
    fn equal_prefixes_are_settled_static_then_list_then_propagated() {
        let snapshot = with_lists(&["10.1.0.0/16"]);
        let target = Ipv4Addr::new(10, 1, 2, 3);
        let propagated = route(RouteKey::Cidr(cidr("10.1.0.0/16")), RouteOrigin::Propagated);
        let list = route(RouteKey::PrefixList(PrefixListId(0)), RouteOrigin::Static);
        let fixed = route(RouteKey::Cidr(cidr("10.1.0.0/16")), RouteOrigin::Static);
        assert_eq!(select(vec![propagated, list, fixed], &snapshot, target), Some(2));
        assert_eq!(select(vec![propagated, list], &snapshot, target), Some(1));
        assert_eq!(select(vec![propagated], &snapshot, target), Some(0));
        assert_eq!(select(vec![], &snapshot, target), None);
    }

    #[test]
    fn two_lists_of_one_length_are_settled_the_same_way_every_time() {
        let snapshot = with_lists(&["10.1.0.0/16", "10.1.0.0/16"]);
        let first = route(RouteKey::PrefixList(PrefixListId(0)), RouteOrigin::Static);
        let second = route(RouteKey::PrefixList(PrefixListId(1)), RouteOrigin::Static);
        let target = Ipv4Addr::new(10, 1, 0, 1);
        assert_eq!(select(vec![second, first], &snapshot, target), Some(1));
        assert_eq!(select(vec![first, second], &snapshot, target), Some(0));
    }
}
