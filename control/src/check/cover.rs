//! Which of many rules another one already covers, without comparing each with each.
//!
//! Rules are added one by one. One costs a look-up for each prefix length that any rule so far has,
//! and a logarithm of those with the same other side.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use ipnet::Ipv4Net;

use crate::model::Traffic;

/// The other side of a rule: addresses, or something that is only ever equal to itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side<K> {
    /// Addresses.
    Block(Ipv4Net),
    /// A prefix list or a group.
    Named(K),
}

/// The rules so far, each by the number that it was added with.
#[derive(Debug)]
pub(super) struct Cover<K> {
    sides: HashMap<Side<K>, Kinds>,
    lengths: BTreeSet<u8>,
}

/// What the rules with one other side match.
#[derive(Debug, Default)]
struct Kinds {
    all: Option<usize>,
    tcp: Ranges,
    udp: Ranges,
    icmp: HashMap<(Option<u8>, Option<u8>), usize>,
    others: HashMap<u8, usize>,
}

/// Port ranges of which none is within another: both ends grow together.
#[derive(Debug, Default)]
struct Ranges(BTreeMap<u16, (u16, usize)>);

impl<K: Clone + Eq + Hash> Cover<K> {
    pub(super) fn new() -> Self {
        Cover { sides: HashMap::new(), lengths: BTreeSet::new() }
    }

    /// The number of a rule so far that matches all that this one does; without one, this one is
    /// added. What is covered need not be: whatever it covers is covered, too.
    pub(super) fn add(&mut self, number: usize, side: &Side<K>, traffic: Traffic) -> Option<usize> {
        let side = match side {
            Side::Block(net) => Side::Block(net.trunc()),
            named => named.clone(),
        };
        let found = self.covering(&side, traffic);
        if found.is_none() {
            if let Side::Block(net) = side {
                self.lengths.insert(net.prefix_len());
            }
            self.sides.entry(side).or_default().add(number, traffic);
        }
        found
    }

    fn covering(&self, side: &Side<K>, traffic: Traffic) -> Option<usize> {
        let kinds = |side: &Side<K>| self.sides.get(side).and_then(|kinds| kinds.covering(traffic));
        match side {
            Side::Block(net) => self.lengths.range(..=net.prefix_len()).find_map(|len| {
                let wider = Ipv4Net::new(net.network(), *len).ok()?;
                kinds(&Side::Block(wider.trunc()))
            }),
            named => kinds(named).or_else(|| kinds(&Side::Block(Ipv4Net::default()))),
        }
    }
}

impl Kinds {
    fn covering(&self, traffic: Traffic) -> Option<usize> {
        self.all.or_else(|| match plain(traffic) {
            Traffic::All => None,
            Traffic::Tcp(from, to) => self.tcp.covering(from, to),
            Traffic::Udp(from, to) => self.udp.covering(from, to),
            Traffic::Icmp(kind, code) => {
                let wider = [(None, None), (kind, None), (kind, code)];
                wider.iter().find_map(|wide| self.icmp.get(wide).copied())
            }
            Traffic::Protocol(protocol) => self.others.get(&protocol).copied(),
        })
    }

    fn add(&mut self, number: usize, traffic: Traffic) {
        match plain(traffic) {
            Traffic::All => self.all = Some(number),
            Traffic::Tcp(from, to) => self.tcp.add(from, to, number),
            Traffic::Udp(from, to) => self.udp.add(from, to, number),
            Traffic::Icmp(kind, code) => {
                self.icmp.insert((kind, code), number);
            }
            Traffic::Protocol(protocol) => {
                self.others.insert(protocol, number);
            }
        }
    }
}

impl Ranges {
    /// Ends grow together, so the last range that begins early enough reaches furthest.
    fn covering(&self, from: u16, to: u16) -> Option<usize> {
        let (_, (end, number)) = self.0.range(..=from).next_back()?;
        (*end >= to).then_some(*number)
    }

    fn add(&mut self, from: u16, to: u16, number: usize) {
        if from > to {
            return;
        }
        let within = self.0.range(from..=to).take_while(|(_, (end, _))| *end <= to);
        let within: Vec<u16> = within.map(|(begin, _)| *begin).collect();
        for begin in within {
            self.0.remove(&begin);
        }
        self.0.insert(from, (to, number));
    }
}

/// A protocol by its number is the protocol.
pub(super) fn plain(traffic: Traffic) -> Traffic {
    match traffic {
        Traffic::Protocol(1) => Traffic::Icmp(None, None),
        Traffic::Protocol(6) => Traffic::Tcp(0, u16::MAX),
        Traffic::Protocol(17) => Traffic::Udp(0, u16::MAX),
        other => other,
    }
}

/// Wider traffic has the greater number; what covers something is at least as wide.
pub(super) fn width(traffic: Traffic) -> u32 {
    match plain(traffic) {
        Traffic::All => u32::MAX,
        Traffic::Tcp(from, to) | Traffic::Udp(from, to) => u32::from(to.saturating_sub(from)) + 1,
        Traffic::Icmp(None, _) => 3,
        Traffic::Icmp(Some(_), None) => 2,
        Traffic::Icmp(Some(_), Some(_)) | Traffic::Protocol(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Side<&'static str> {
        Side::Block(text.parse().expect("a CIDR"))
    }

    #[test]
    fn a_rule_is_covered_by_wider_ports_and_wider_addresses_only() {
        let mut cover = Cover::new();
        assert_eq!(cover.add(1, &block("10.0.0.0/8"), Traffic::Tcp(80, 90)), None);
        assert_eq!(cover.add(2, &block("10.1.0.0/16"), Traffic::Tcp(80, 80)), Some(1));
        assert_eq!(cover.add(3, &block("10.1.0.0/16"), Traffic::Tcp(80, 91)), None);
        assert_eq!(cover.add(4, &block("10.1.0.0/16"), Traffic::Udp(80, 80)), None);
        assert_eq!(cover.add(5, &block("11.1.0.0/16"), Traffic::Tcp(80, 80)), None);
        assert_eq!(cover.add(6, &block("0.0.0.0/0"), Traffic::Tcp(80, 80)), None);
        assert_eq!(cover.add(7, &Side::Named("web"), Traffic::Tcp(80, 80)), Some(6));
        assert_eq!(cover.add(8, &Side::Named("web"), Traffic::Tcp(81, 81)), None);
        assert_eq!(cover.add(9, &Side::Named("db"), Traffic::Tcp(81, 81)), None);
    }

    #[test]
    fn ranges_within_a_later_one_make_way_for_it() {
        let mut cover = Cover::new();
        let any = block("0.0.0.0/0");
        for (number, (from, to)) in [(10, 20), (30, 40), (15, 35), (5, 36)].into_iter().enumerate()
        {
            assert_eq!(cover.add(number, &any, Traffic::Tcp(from, to)), None, "{from}-{to}");
        }
        assert_eq!(cover.add(9, &any, Traffic::Tcp(10, 36)), Some(3));
        assert_eq!(cover.add(9, &any, Traffic::Tcp(31, 40)), Some(1));
        assert_eq!(cover.add(9, &any, Traffic::Tcp(10, 37)), None);
    }

    #[test]
    fn icmp_without_a_type_or_code_is_wider() {
        let mut cover = Cover::new();
        let any = block("0.0.0.0/0");
        assert_eq!(cover.add(0, &any, Traffic::Icmp(Some(3), None)), None);
        assert_eq!(cover.add(1, &any, Traffic::Icmp(Some(3), Some(4))), Some(0));
        assert_eq!(cover.add(2, &any, Traffic::Icmp(Some(8), Some(0))), None);
        assert_eq!(cover.add(3, &any, Traffic::Protocol(1)), None);
        assert_eq!(cover.add(4, &any, Traffic::Icmp(Some(0), None)), Some(3));
        assert_eq!(cover.add(5, &any, Traffic::Protocol(50)), None);
        assert_eq!(cover.add(6, &any, Traffic::Protocol(50)), Some(5));
    }

    /// The definition, one rule against another.
    fn covers(wide: &Rule, narrow: &Rule) -> bool {
        let side = match (&wide.0, &narrow.0) {
            (Side::Block(wide), Side::Block(narrow)) => wide.contains(narrow),
            (Side::Block(wide), Side::Named(_)) => wide.prefix_len() == 0,
            (wide, narrow) => wide == narrow,
        };
        let traffic = match (plain(wide.1), plain(narrow.1)) {
            (Traffic::All, _) => true,
            (Traffic::Tcp(a, b), Traffic::Tcp(x, y)) | (Traffic::Udp(a, b), Traffic::Udp(x, y)) => {
                a <= x && y <= b
            }
            (Traffic::Icmp(kind, code), Traffic::Icmp(k, c)) => {
                kind.is_none() && code.is_none() || kind == k && (code.is_none() || code == c)
            }
            (wide, narrow) => wide == narrow,
        };
        side && traffic
    }

    type Rule = (Side<u32>, Traffic);

    /// Few values, so that many rules cover others.
    fn some_rule(mut dice: impl FnMut(u32) -> u32) -> Rule {
        let len = [0, 8, 9, 16, 24, 32][dice(6) as usize];
        let address = (10 << 24) + (dice(4) << 22) + (dice(2) << 8) + dice(2);
        let side = match dice(4) {
            0 => Side::Named(dice(2)),
            _ => Side::Block(Ipv4Net::new(address.into(), len).expect("at most 32")),
        };
        let from = dice(12) as u16;
        let to = from + dice(6) as u16;
        let traffic = match dice(16) {
            0 => Traffic::All,
            1 => Traffic::Protocol([1, 6, 17, 50][dice(4) as usize]),
            2 => Traffic::Icmp(Some(dice(2) as u8), None),
            3 => Traffic::Icmp(Some(dice(2) as u8), Some(dice(2) as u8)),
            4..=8 => Traffic::Udp(from, to),
            _ => Traffic::Tcp(from, to),
        };
        (side, traffic)
    }

    #[test]
    fn many_rules_are_covered_just_when_one_of_those_before_covers_them() {
        let mut state = 1_u64;
        let mut dice = |sides: u32| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((state >> 33) % u64::from(sides)) as u32
        };
        let mut covered = 0;
        for round in 0..300 {
            let rules: Vec<Rule> = (0..40).map(|_| some_rule(&mut dice)).collect();
            let mut cover = Cover::new();
            for (at, rule) in rules.iter().enumerate() {
                let found = cover.add(at, &rule.0, rule.1);
                let expected = rules[..at].iter().any(|wide| covers(wide, rule));
                assert_eq!(found.is_some(), expected, "round {round}, rule {at}: {rules:?}");
                assert!(found.is_none_or(|wide| covers(&rules[wide], rule)), "{rules:?}");
                covered += usize::from(expected);
            }
        }
        assert!((3_000..9_000).contains(&covered), "{covered} of 12,000 is no fair mix");
    }
}
