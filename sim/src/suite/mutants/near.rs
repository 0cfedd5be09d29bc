//! What somebody may have written in the place of a rule, an entry or a block of addresses.

use egret_control::model::{AclEntry, Peer, SecurityGroupRule, Traffic};
use egret_control::source::Sourced;
use ipnet::Ipv4Net;

/// The next entry by number of the same direction.
pub(super) fn next_entry(entries: &[AclEntry], entry: &AclEntry) -> Option<usize> {
    let later = |other: &&AclEntry| other.egress == entry.egress && *other.number > *entry.number;
    let next = entries.iter().filter(later).min_by_key(|other| *other.number)?;
    entries.iter().position(|other| std::ptr::eq(other, next))
}

/// Rules that somebody may have written in the place of one.
pub(super) fn rules(rule: &SecurityGroupRule) -> Vec<SecurityGroupRule> {
    let place = rule.peer.place;
    let peers = match &rule.peer.value {
        Peer::Cidr(net) => nets(*net).into_iter().map(Peer::Cidr).collect(),
        Peer::PrefixList(_) | Peer::SecurityGroup(_) => vec![Peer::Cidr(Ipv4Net::default())],
    };
    let peers = peers.into_iter().map(|peer| Sourced::new(peer, place));
    let peers = peers.map(|peer| SecurityGroupRule { peer, ..rule.clone() });
    let traffics = traffics(*rule.traffic).into_iter();
    let traffics = traffics.map(|traffic| Sourced::new(traffic, rule.traffic.place));
    peers.chain(traffics.map(|traffic| SecurityGroupRule { traffic, ..rule.clone() })).collect()
}

/// Entries that somebody may have written in the place of one.
pub(super) fn entries(entry: &AclEntry) -> Vec<AclEntry> {
    let turned = AclEntry { allow: !entry.allow, ..entry.clone() };
    let nets = nets(*entry.cidr).into_iter();
    let nets = nets.map(|net| Sourced::new(net, entry.cidr.place));
    let nets = nets.map(|cidr| AclEntry { cidr, ..entry.clone() });
    let traffics = traffics(*entry.traffic).into_iter();
    let traffics = traffics.map(|traffic| Sourced::new(traffic, entry.traffic.place));
    let traffics = traffics.map(|traffic| AclEntry { traffic, ..entry.clone() });
    [turned].into_iter().chain(nets).chain(traffics).collect()
}

/// One bit wider, the lower half, and the upper one.
pub(super) fn nets(net: Ipv4Net) -> Vec<Ipv4Net> {
    let len = net.prefix_len();
    let halves = net.trunc().subnets((len + 1).min(32)).into_iter().flatten();
    net.supernet().into_iter().chain(halves.filter(|half| *half != net.trunc())).collect()
}

fn traffics(traffic: Traffic) -> Vec<Traffic> {
    let ports = |of: fn(u16, u16) -> Traffic, first: u16, last: u16| {
        let below = first.checked_sub(1).map(|below| of(below, last));
        let above = last.checked_add(1).map(|above| of(first, above));
        let fewer = [(first.saturating_add(1), last), (first, last.saturating_sub(1))];
        let fewer = fewer.into_iter().filter(move |_| first < last);
        let fewer = fewer.map(move |(first, last)| of(first, last));
        below.into_iter().chain(above).chain(fewer).chain([Traffic::All]).collect()
    };
    match traffic {
        Traffic::All => vec![Traffic::Tcp(0, u16::MAX)],
        Traffic::Tcp(first, last) => ports(Traffic::Tcp, first, last),
        Traffic::Udp(first, last) => ports(Traffic::Udp, first, last),
        Traffic::Icmp(None, _) | Traffic::Protocol(_) => vec![Traffic::All],
        Traffic::Icmp(Some(_), _) => vec![Traffic::Icmp(None, None), Traffic::All],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_becomes_one_bit_wider_or_one_of_its_halves() {
        let of = |text: &str| {
            let nets = nets(text.parse().expect("a CIDR")).into_iter();
            nets.map(|net| net.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of("10.1.0.0/16"), "10.0.0.0/15 10.1.0.0/17 10.1.128.0/17");
        assert_eq!(of("0.0.0.0/0"), "0.0.0.0/1 128.0.0.0/1");
        assert_eq!(of("10.1.0.1/32"), "10.1.0.0/31");
    }

    #[test]
    fn ports_move_by_one_at_either_end() {
        let all = Traffic::All;
        let of = |from, to| traffics(Traffic::Tcp(from, to));
        assert_eq!(of(443, 443), [Traffic::Tcp(442, 443), Traffic::Tcp(443, 444), all]);
        assert_eq!(of(0, u16::MAX), [Traffic::Tcp(1, u16::MAX), Traffic::Tcp(0, 65_534), all]);
        let [below, above] = [Traffic::Tcp(79, 90), Traffic::Tcp(80, 91)];
        let [later, sooner] = [Traffic::Tcp(81, 90), Traffic::Tcp(80, 89)];
        assert_eq!(of(80, 90), [below, above, later, sooner, all]);
    }

    #[test]
    fn nothing_becomes_what_it_is() {
        let some = [Traffic::All, Traffic::Icmp(Some(8), Some(0)), Traffic::Icmp(None, None)];
        for traffic in some.into_iter().chain([Traffic::Udp(53, 53), Traffic::Protocol(47)]) {
            assert!(!traffics(traffic).contains(&traffic), "{traffic:?}");
        }
    }
}
