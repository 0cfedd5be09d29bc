//! Rules that never match, answers that never come back, and quotas.

use ipnet::Ipv4Net;

use super::Desk;
use crate::finding::Finding;
use crate::model::{AclEntry, NetworkAcl, Peer, SecurityGroup, SecurityGroupRule, Subnet, Traffic};
use crate::names::Kind;

/// Rules of one direction in a security group, and entries of one direction in a network ACL with
/// the last one, that an account has by default (VPC guide, "amazon-vpc-limits").
const GROUP_RULES: usize = 60;
const ACL_ENTRIES: usize = 20;

/// Ports that clients of common systems and AWS's gateways send from, as far as they agree (VPC
/// guide, "vpc-network-acls", ephemeral ports).
const EPHEMERAL: (u16, u16) = (32_768, 60_999);

pub(super) fn check(desk: &mut Desk<'_>) {
    for group in &desk.model.security_groups {
        for rules in [&group.ingress, &group.egress] {
            group_rules(desk, group, rules);
        }
    }
    for acl in &desk.model.network_acls {
        for egress in [false, true] {
            acl_entries(desk, acl, egress);
        }
    }
    for subnet in senders(desk) {
        answers_come_back(desk, subnet);
    }
}

fn group_rules(desk: &mut Desk<'_>, group: &SecurityGroup, rules: &[SecurityGroupRule]) {
    if let Some(rule) = rules.get(GROUP_RULES) {
        let message = format!("group `{}` has {} rules in one direction", *group.id, rules.len());
        let finding = Finding::warning("group-quota", rule.place, message);
        desk.find(finding.help(format!("an account has {GROUP_RULES} by default")));
    }
    for rule in rules {
        port_range(desk, *rule.traffic, rule.traffic.place);
    }
    for (at, rule) in rules.iter().enumerate() {
        let covers = |(other, wide): &(usize, &SecurityGroupRule)| {
            let same = wide.traffic == rule.traffic && wide.peer == rule.peer;
            *other != at
                && covers_traffic(*wide.traffic, *rule.traffic)
                && covers_peer(&wide.peer, &rule.peer)
                && (!same || *other < at)
        };
        if let Some((_, wide)) = rules.iter().enumerate().find(covers) {
            let message = format!("a wider rule of group `{}` makes this one needless", *group.id);
            let finding = Finding::warning("needless-rule", rule.place, message);
            let line = wide.place.line;
            desk.find(
                finding.help(format!("the rule in line {line} allows all of it: remove one")),
            );
        }
    }
}

fn acl_entries(desk: &mut Desk<'_>, acl: &NetworkAcl, egress: bool) {
    let mut entries = of_direction(acl, egress);
    entries.sort_by_key(|entry| *entry.number);
    if let Some(entry) = entries.get(ACL_ENTRIES - 1) {
        let message =
            format!("network ACL `{}` has {} entries in one direction", *acl.id, entries.len());
        let finding = Finding::warning("acl-quota", entry.place, message);
        desk.find(finding.help(format!("an account has {ACL_ENTRIES} by default, `*` among them")));
    }
    for (at, entry) in entries.iter().enumerate() {
        port_range(desk, *entry.traffic, entry.traffic.place);
        let covers = |wide: &&&AclEntry| {
            covers_traffic(*wide.traffic, *entry.traffic) && wide.cidr.contains(&*entry.cidr)
        };
        if let Some(wide) = entries[..at].iter().find(covers) {
            let message = format!(
                "entry {} of network ACL `{}` never decides: {} matches all of it first",
                *entry.number, *acl.id, *wide.number
            );
            let finding = Finding::warning("unreachable-entry", entry.place, message);
            desk.find(finding.help("give it a lower number, or remove it"));
        }
    }
}

fn port_range(desk: &mut Desk<'_>, traffic: Traffic, place: crate::source::Place) {
    if let Traffic::Tcp(from, to) | Traffic::Udp(from, to) = traffic
        && from > to
    {
        let message = format!("the port range {from}-{to} is empty");
        desk.find(
            Finding::error("reversed-ports", place, message).help(format!("write {to}-{from}")),
        );
    }
}

fn of_direction(acl: &NetworkAcl, egress: bool) -> Vec<&AclEntry> {
    acl.entries.iter().filter(|entry| entry.egress == egress && *entry.number < 32_767).collect()
}

/// The subnets from which connections are opened: those of connectors and NAT gateways.
fn senders<'a>(desk: &Desk<'a>) -> Vec<&'a Subnet> {
    let model = desk.model;
    let connectors = model.connectors.iter().flat_map(|connector| &connector.subnets);
    let gateways = model.nat_gateways.iter().map(|gateway| &gateway.subnet);
    let mut subnets: Vec<&Subnet> =
        connectors.chain(gateways).filter_map(|name| desk.subnet(name)).collect();
    subnets.sort_by(|a, b| a.id.value.cmp(&b.id.value));
    subnets.dedup_by(|a, b| a.id == b.id);
    subnets
}

/// A network ACL that lets requests out and no answers in is the commonest mistake with them.
fn answers_come_back(desk: &mut Desk<'_>, subnet: &Subnet) {
    let Some(name) = &subnet.network_acl else { return };
    let Ok(at) = desk.names.find_in(Kind::NetworkAcl, name, &subnet.vpc) else { return };
    let acl = &desk.model.network_acls[at];
    let (low, high) = EPHEMERAL;
    let is_tcp = |entry: &&AclEntry| {
        covers_traffic(*entry.traffic, Traffic::Tcp(443, 443))
            || matches!(*entry.traffic, Traffic::Tcp(..))
    };
    let outbound = of_direction(acl, true);
    let asks = outbound.iter().any(|entry| entry.allow && is_tcp(entry));
    let admits = of_direction(acl, false).iter().any(|entry| {
        let ports = match *entry.traffic {
            Traffic::All | Traffic::Protocol(6) => true,
            Traffic::Tcp(from, to) => from <= low && to >= high,
            _ => false,
        };
        entry.allow && ports
    });
    if asks && !admits {
        let message = format!(
            "network ACL `{}` lets TCP out of subnet `{}` and no answers back in",
            *acl.id, *subnet.id
        );
        let finding = Finding::warning("no-ephemeral-ports", name.place, message);
        let help = "a network ACL keeps no state: add an inbound entry that allows tcp 1024-65535";
        desk.find(finding.help(help));
    }
}

fn covers_peer(wide: &Peer, narrow: &Peer) -> bool {
    match (wide, narrow) {
        (Peer::Cidr(wide), Peer::Cidr(narrow)) => wide.contains(narrow),
        (Peer::Cidr(wide), _) => *wide == Ipv4Net::default(),
        (wide, narrow) => wide == narrow,
    }
}

fn covers_traffic(wide: Traffic, narrow: Traffic) -> bool {
    use Traffic::*;
    match (plain(wide), plain(narrow)) {
        (All, _) => true,
        (Tcp(a, b), Tcp(x, y)) | (Udp(a, b), Udp(x, y)) => a <= x && y <= b,
        (Icmp(kind, code), Icmp(k, c)) => {
            kind.is_none() || (kind == k && (code.is_none() || code == c))
        }
        (wide, narrow) => wide == narrow,
    }
}

/// A protocol by its number is the protocol.
fn plain(traffic: Traffic) -> Traffic {
    match traffic {
        Traffic::Protocol(1) => Traffic::Icmp(None, None),
        Traffic::Protocol(6) => Traffic::Tcp(0, u16::MAX),
        Traffic::Protocol(17) => Traffic::Udp(0, u16::MAX),
        other => other,
    }
}
