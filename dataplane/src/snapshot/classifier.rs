//! Which rule decides, in a time that hardly depends on how many there are.
//!
//! A set of rules is a row of bits, one a rule. A [`Classifier`] has two such rows ready for every
//! packet, out of two lookups: the rules that match its protocol and ports, and those that match its
//! other side's address. The first rule that matches is the lowest bit of both. Rules that name a
//! security group cannot be told by an address; for each group that is named there is a row as well.
//!
//! A row has rules/64 words, and equal rows are kept once: 300 rules are five words, and a lookup is
//! a few cache lines. In memory n rules take at most n²/4 bytes a lookup: 250 kB for the thousand
//! that AWS lets an interface have. What it means for a rule to match is said by
//! [`Traffic::mismatch`].

use std::collections::HashMap;
use std::hash::Hash;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use super::intervals::Intervals;
use super::{Cidr, Peer, PrefixList, SgId, SgRule, Traffic};
use crate::packet::{Headers, Protocol};

/// Rules in an order, ready to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Classifier {
    rows: Rows,
    /// By [`kind`].
    kinds: Intervals<Row>,
    /// By the other side's address; rules that name a group are in none of these.
    peers: Intervals<Row>,
    /// The groups that rules name, sorted, and the rules that name each.
    named: Vec<(SgId, Row)>,
    /// The rules from or to every address.
    everywhere: Row,
    /// Whether one of those allows all ports, of TCP and of UDP.
    all_ports: [bool; 2],
}

/// A set of a classifier's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row(u32);

impl Classifier {
    /// A classifier of these rules, which may name these prefix lists.
    pub(crate) fn new(rules: &[SgRule], lists: &[PrefixList]) -> Classifier {
        let mut rows = RowSet::new(rules.len());
        let by_traffic = grouped(rules.iter().map(|rule| rule.traffic));
        let by_peer = grouped(rules.iter().map(|rule| rule.peer));
        let kinds = by_traffic.iter().map(|(traffic, set)| (kinds_of(*traffic), &set[..]));
        let peers = by_peer.iter().map(|(peer, set)| (addresses_of(*peer, lists), &set[..]));
        let (kinds, peers) = (rows.intervals(kinds.collect()), rows.intervals(peers.collect()));
        let group = |peer: &Peer| if let Peer::Group(group) = *peer { Some(group) } else { None };
        let named = by_peer.iter().filter_map(|(peer, set)| Some((group(peer)?, rows.row(set))));
        let mut named: Vec<(SgId, Row)> = named.collect();
        named.sort_unstable_by_key(|(group, _)| *group);
        let everywhere = by_peer.get(&Peer::Cidr(Cidr::ANY)).map_or(&[][..], |set| set);
        let all_ports = [Protocol::TCP, Protocol::UDP].map(|protocol| {
            let mut everywhere = everywhere.iter().map(|rule| rules[*rule as usize].traffic);
            everywhere.any(|traffic| traffic.allows_all_ports(protocol))
        });
        let everywhere = rows.row(everywhere);
        Classifier { rows: rows.rows, kinds, peers, named, everywhere, all_ports }
    }

    /// The rules for a packet of this protocol and these ports.
    #[inline]
    pub(crate) fn kind(&self, packet: &Headers) -> Row {
        self.kinds.get(kind(packet))
    }

    /// The rules for this address at the other side.
    #[inline]
    pub(crate) fn peer(&self, address: Ipv4Addr) -> Row {
        self.peers.get(address.to_bits())
    }

    /// The rules that name this group.
    pub(crate) fn naming(&self, group: SgId) -> Option<Row> {
        let at = self.named.binary_search_by_key(&group, |(group, _)| *group).ok()?;
        Some(self.named[at].1)
    }

    /// Whether any rule names a group.
    pub(crate) fn names_groups(&self) -> bool {
        !self.named.is_empty()
    }

    /// The rules from or to every address.
    pub(crate) fn everywhere(&self) -> Row {
        self.everywhere
    }

    /// Whether a rule allows every port of TCP or UDP, as the protocol says, from or to everywhere.
    pub(crate) fn allows_all_ports(&self, protocol: Protocol) -> bool {
        match protocol {
            Protocol::TCP => self.all_ports[0],
            Protocol::UDP => self.all_ports[1],
            _ => false,
        }
    }

    /// The first rule that is in both sets.
    #[inline]
    pub(crate) fn first(&self, one: Row, other: Row) -> Option<usize> {
        let words = self.rows.words(one).iter().zip(self.rows.words(other));
        let mut both = words.map(|(one, other)| one & other).enumerate();
        let (at, word) = both.find(|(_, word)| *word != 0)?;
        Some(at * 64 + word.trailing_zeros() as usize)
    }
}

/// Sets of rules.
#[derive(Clone, Debug)]
struct Rows {
    /// Words of each.
    len: usize,
    words: Vec<u64>,
}

impl Rows {
    #[inline]
    fn words(&self, row: Row) -> &[u64] {
        &self.words[row.0 as usize * self.len..][..self.len]
    }
}

/// Rows as they are made: each once.
struct RowSet {
    rows: Rows,
    known: HashMap<Box<[u64]>, Row>,
}

impl RowSet {
    fn new(rules: usize) -> RowSet {
        RowSet { rows: Rows { len: rules.div_ceil(64), words: Vec::new() }, known: HashMap::new() }
    }

    /// The row of these rules.
    fn row(&mut self, rules: &[u32]) -> Row {
        let mut words = vec![0; self.rows.len];
        flip(&mut words, rules);
        self.keep(&words)
    }

    fn keep(&mut self, words: &[u64]) -> Row {
        if let Some(row) = self.known.get(words) {
            return *row;
        }
        let row = Row(self.known.len() as u32);
        self.rows.words.extend(words);
        self.known.insert(words.into(), row);
        row
    }

    /// For every number the rules that have it. Each item is ranges and the rules that they are of;
    /// ranges of one item may overlap, and no rule is of two items.
    fn intervals(&mut self, items: Vec<(Vec<RangeInclusive<u32>>, &[u32])>) -> Intervals<Row> {
        let mut now = vec![0; self.rows.len];
        let mut depth = vec![0; items.len()];
        let mut steps = Vec::new();
        for edges in edges(&items).chunk_by(|one, other| one.at == other.at) {
            if let Some(before) = edges[0].at.checked_sub(1) {
                steps.push((before, self.keep(&now)));
            }
            for edge in edges {
                let was = depth[edge.item];
                depth[edge.item] += edge.by;
                if (was == 0) != (depth[edge.item] == 0) {
                    flip(&mut now, items[edge.item].1);
                }
            }
        }
        steps.push((u32::MAX, self.keep(&now)));
        Intervals::new(steps)
    }
}

/// Where a range of an item begins, or has ended.
struct Edge {
    at: u32,
    by: i32,
    item: usize,
}

/// The edges of all ranges, ascending. A range up to the highest number has one edge only.
fn edges(items: &[(Vec<RangeInclusive<u32>>, &[u32])]) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (item, (ranges, _)) in items.iter().enumerate() {
        for range in ranges {
            edges.push(Edge { at: *range.start(), by: 1, item });
            edges.extend(range.end().checked_add(1).map(|at| Edge { at, by: -1, item }));
        }
    }
    edges.sort_unstable_by_key(|edge| edge.at);
    edges
}

fn flip(words: &mut [u64], rules: &[u32]) {
    for rule in rules {
        words[*rule as usize / 64] ^= 1 << (rule % 64);
    }
}

/// The rules that have each value.
fn grouped<T: Eq + Hash>(values: impl Iterator<Item = T>) -> HashMap<T, Vec<u32>> {
    let mut groups: HashMap<T, Vec<u32>> = HashMap::new();
    for (value, rule) in values.zip(0..) {
        groups.entry(value).or_default().push(rule);
    }
    groups
}

/// A packet's protocol, and below it 16 bits: its destination port, or the ICMP type and code.
/// ICMP without a header to read (a later fragment) is a protocol of its own, 256, so that no rule
/// of a type takes it.
#[inline]
fn kind(packet: &Headers) -> u32 {
    match (packet.protocol, packet.icmp()) {
        (Protocol::ICMP, Some((kind, code))) => at(1, u16::from_be_bytes([kind, code])),
        (Protocol::ICMP, None) => at(256, 0),
        (Protocol(protocol), _) => at(u32::from(protocol), packet.dst_port),
    }
}

const fn at(protocol: u32, low: u16) -> u32 {
    protocol << 16 | low as u32
}

/// The kinds of packet that a rule for this traffic matches.
fn kinds_of(traffic: Traffic) -> Vec<RangeInclusive<u32>> {
    let ports = |protocol: u32, from: u16, to: u16| at(protocol, from)..=at(protocol, to);
    let one = match traffic {
        Traffic::All => 0..=u32::MAX,
        // A range that is upside down is empty.
        Traffic::Tcp(from, to) | Traffic::Udp(from, to) if from > to => return Vec::new(),
        Traffic::Tcp(from, to) => ports(6, from, to),
        Traffic::Udp(from, to) => ports(17, from, to),
        Traffic::Icmp(None, None) => ports(1, 0, u16::MAX),
        Traffic::Icmp(Some(kind), None) => {
            ports(1, u16::from_be_bytes([kind, 0]), u16::from_be_bytes([kind, 255]))
        }
        Traffic::Icmp(kind, Some(code)) => {
            let kinds = kind.map_or(0..=u8::MAX, |kind| kind..=kind);
            let low = kinds.map(|kind| u16::from_be_bytes([kind, code]));
            return low.map(|low| ports(1, low, low)).collect();
        }
        Traffic::Protocol(Protocol::ICMP) => {
            return vec![ports(1, 0, u16::MAX), ports(256, 0, u16::MAX)];
        }
        Traffic::Protocol(Protocol(protocol)) => ports(u32::from(protocol), 0, u16::MAX),
    };
    vec![one]
}

/// The addresses that a rule for this peer matches.
fn addresses_of(peer: Peer, lists: &[PrefixList]) -> Vec<RangeInclusive<u32>> {
    let range = |cidr: &Cidr| cidr.network().to_bits()..=cidr.last().to_bits();
    match peer {
        Peer::Cidr(cidr) => vec![range(&cidr)],
        Peer::PrefixList(list) => lists[list.0 as usize].cidrs.iter().map(range).collect(),
        Peer::Group(_) | Peer::Stale => Vec::new(),
    }
}
