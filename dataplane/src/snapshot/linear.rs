//! The answers of [`super::lookup`] by plain reading: every rule, every entry, every route in turn.
//! Slow and obvious, for tests alone.

use std::cmp::Reverse;
use std::net::Ipv4Addr;

use super::*;
use crate::packet::Headers;

/// The length of the longest of these blocks that has the address.
pub(super) fn prefix_len(cidrs: &[Cidr], address: Ipv4Addr) -> Option<u8> {
    let having = cidrs.iter().filter(|cidr| cidr.contains(address));
    having.map(|cidr| cidr.prefix_len()).max()
}

/// The route that decides.
pub(super) fn route(table: &RouteTable, lists: &[PrefixList], to: Ipv4Addr) -> Option<usize> {
    let matches = table.routes.iter().enumerate().filter_map(|(index, route)| {
        let len = match route.key {
            RouteKey::Cidr(cidr) => prefix_len(&[cidr], to)?,
            RouteKey::PrefixList(list) => prefix_len(&lists[list.0 as usize].cidrs, to)?,
        };
        Some((len, Reverse(route.tie()), Reverse(index)))
    });
    matches.max().map(|(_, _, Reverse(index))| index)
}

/// The transit gateway's route that decides.
pub(super) fn transit_route(table: &TgwRouteTable, to: Ipv4Addr) -> Option<usize> {
    let matching = table.routes.iter().enumerate().filter(|(_, route)| route.cidr.contains(to));
    let rank = |(index, route): &(usize, &TgwRoute)| {
        (route.cidr.prefix_len(), !route.propagated, Reverse(*index))
    };
    matching.max_by_key(rank).map(|(index, _)| index)
}

/// The first entry that matches.
pub(super) fn acl_entry(entries: &[AclEntry], packet: &Headers, other: Ipv4Addr) -> Option<usize> {
    entries.iter().position(|entry| entry.mismatch(packet, other).is_none())
}

/// The first rule of any group that allows a packet whose other side has that address and stands
/// for the groups `named`.
pub(super) fn group_rule(
    snapshot: &Snapshot,
    groups: &[SgId],
    egress: bool,
    packet: &Headers,
    other: Ipv4Addr,
    named: &[SgId],
) -> Option<(SgId, usize)> {
    let matches = |peer: Peer| match peer {
        Peer::Cidr(cidr) => cidr.contains(other),
        Peer::PrefixList(list) => prefix_len(&snapshot[list].cidrs, other).is_some(),
        Peer::Group(group) => named.contains(&group),
        Peer::Stale => false,
    };
    groups.iter().find_map(|group| {
        let mut rules = snapshot[*group].rules(egress).iter();
        let allows = |rule: &SgRule| rule.traffic.mismatch(packet).is_none() && matches(rule.peer);
        rules.position(allows).map(|rule| (*group, rule))
    })
}

/// Whether a rule from or to everywhere is one that `allows`.
pub(super) fn everywhere(
    snapshot: &Snapshot,
    groups: &[SgId],
    egress: bool,
    allows: impl Fn(Traffic) -> bool,
) -> bool {
    let rules = groups.iter().flat_map(|group| snapshot[*group].rules(egress));
    let mut rules = rules.filter(|rule| rule.peer == Peer::Cidr(Cidr::ANY));
    rules.any(|rule| allows(rule.traffic))
}
