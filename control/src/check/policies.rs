//! Rules that never match, answers that never come back, and quotas.

use std::collections::HashMap;

use ipnet::Ipv4Net;

use super::cover::plain;
use super::{Desk, shadows};
use crate::finding::Finding;
use crate::model::{AclEntry, NetworkAcl, SecurityGroup, SecurityGroupRule, Subnet, Traffic};
use crate::source::Place;

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
    // Many subnets have one ACL.
    let mut judged: HashMap<&str, bool> = HashMap::new();
    for subnet in senders(desk) {
        let Some((acl, place)) = desk.acl_of(subnet) else { continue };
        if *judged.entry(acl.id.as_str()).or_insert_with(|| asks_in_vain(acl)) {
            answers_stay_out(desk, subnet, acl, place);
        }
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
    shadows::group_rules(desk, group, rules);
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
    for entry in &entries {
        port_range(desk, *entry.traffic, entry.traffic.place);
    }
    shadows::acl_entries(desk, acl, &entries);
}

fn port_range(desk: &mut Desk<'_>, traffic: Traffic, place: Place) {
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
fn asks_in_vain(acl: &NetworkAcl) -> bool {
    let asks = of_direction(acl, true).iter().any(|e| e.allow && tcp_ports(*e.traffic).is_some());
    asks && !admits_answers(acl)
}

fn answers_stay_out(desk: &mut Desk<'_>, subnet: &Subnet, acl: &NetworkAcl, place: Place) {
    let message = format!(
        "network ACL `{}` lets TCP out of subnet `{}` and no answers back in",
        *acl.id, *subnet.id
    );
    let finding = Finding::warning("no-ephemeral-ports", place, message);
    let help = "a network ACL keeps no state: add an inbound entry that allows tcp 1024-65535";
    desk.find(finding.help(help));
}

/// Whether every ephemeral port is let in from somewhere. What is decided for a port changes only
/// where an entry begins or has ended, so that asking there is asking everywhere.
fn admits_answers(acl: &NetworkAcl) -> bool {
    let (low, high) = EPHEMERAL;
    let mut entries = of_direction(acl, false);
    entries.sort_by_key(|entry| *entry.number);
    let entries: Vec<(&AclEntry, (u16, u16))> =
        entries.into_iter().filter_map(|entry| Some((entry, tcp_ports(*entry.traffic)?))).collect();
    let edges = entries.iter().flat_map(|(_, (from, to))| [*from, to.saturating_add(1)]);
    let mut edges: Vec<u16> = edges.chain([low]).filter(|p| (low..=high).contains(p)).collect();
    edges.sort_unstable();
    edges.dedup();
    edges.into_iter().all(|port| {
        let mut denied: Vec<Ipv4Net> = Vec::new();
        let mut matching = entries.iter().filter(|(_, (from, to))| (*from..=*to).contains(&port));
        matching.any(|(entry, _)| {
            if !entry.allow {
                denied.push(*entry.cidr);
            }
            entry.allow && !denied.iter().any(|net| net.contains(&*entry.cidr))
        })
    })
}

/// The TCP ports that an entry matches, if any.
fn tcp_ports(traffic: Traffic) -> Option<(u16, u16)> {
    match plain(traffic) {
        Traffic::All => Some((0, u16::MAX)),
        Traffic::Tcp(from, to) => Some((from, to)),
        _ => None,
    }
}
