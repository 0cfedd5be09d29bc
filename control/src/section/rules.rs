//! Security groups and network ACLs.

use ipnet::Ipv4Net;
use schemars::{JsonSchema, Schema, json_schema};
use serde::Deserialize;

use crate::finding::Finding;
use crate::model::{AclEntry, Name, NetworkAcl, Peer, SecurityGroup, SecurityGroupRule, Traffic};
use crate::source::{Place, Sourced};
use crate::words;
use crate::written::scalar::{IcmpTypes, Ports, Protocol};
use crate::written::{At, Complaint, OneOrMany, Page, Scalar, Written};

/// A security group: it allows, and tracks what it allowed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecurityGroupSection {
    /// Outbound rules. Absent is AWS's default, everything to everywhere; `[]` is none.
    egress: Option<Vec<At<GroupRuleSection>>>,
    /// Inbound rules. Absent is none.
    #[serde(default)]
    ingress: Vec<At<GroupRuleSection>>,
}

/// A rule of a security group.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupRuleSection {
    /// `tcp`, `udp`, `icmp`, a protocol number, or `all`, which is also what absence means.
    protocol: Option<Written<Protocol>>,
    /// `443`, `1024-65535` or `all`, which is also what absence means. TCP and UDP only.
    ports: Option<Written<Ports>>,
    /// Type and code as `8/0`, a type as `3`, or `all`. ICMP only.
    icmp: Option<Written<IcmpTypes>>,
    /// The destination of an outbound rule: a CIDR, a security group, a prefix list, or a list of
    /// those, which makes a rule of each.
    to: Option<OneOrMany<Peer>>,
    /// The source of an inbound rule, in the same forms.
    from: Option<OneOrMany<Peer>>,
}

impl Scalar for Peer {
    const NOUN: &'static str = "a CIDR, a security group or a prefix list";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        let looks_like_address = text.parse::<std::net::Ipv4Addr>().is_ok();
        if text.contains('/') || looks_like_address {
            let (net, caution) = Ipv4Net::parse(text)?;
            return Ok((Peer::Cidr(net), caution));
        }
        let (name, caution) = String::parse(text)?;
        let is_list = name.starts_with("pl-");
        let peer = if is_list { Peer::PrefixList(name) } else { Peer::SecurityGroup(name) };
        Ok((peer, caution))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "examples": ["0.0.0.0/0", "web"] })
    }
}

impl SecurityGroupSection {
    pub(super) fn read(self, id: Name, vpc: Name, page: &mut Page<'_>) -> SecurityGroup {
        let egress = match self.egress {
            Some(rules) => group_rules(rules, Direction::Egress, page),
            None => vec![allow_all(Peer::Cidr(Ipv4Net::default()))],
        };
        let ingress = group_rules(self.ingress, Direction::Ingress, page);
        let default = id.value == "default";
        SecurityGroup { id, name: None, vpc, default, ingress, egress }
    }
}

/// The group that every VPC has: everything from itself, everything to everywhere.
pub(super) fn default_group(id: Name, vpc: Name) -> SecurityGroup {
    let ingress = vec![allow_all(Peer::SecurityGroup(id.value.clone()))];
    let egress = vec![allow_all(Peer::Cidr(Ipv4Net::default()))];
    SecurityGroup { id, name: Some("default".to_owned()), vpc, default: true, ingress, egress }
}

fn allow_all(peer: Peer) -> SecurityGroupRule {
    SecurityGroupRule {
        id: None,
        traffic: Traffic::All.into(),
        peer: peer.into(),
        place: Place::NOWHERE,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Ingress,
    Egress,
}

fn group_rules(
    rules: Vec<At<GroupRuleSection>>,
    direction: Direction,
    page: &mut Page<'_>,
) -> Vec<SecurityGroupRule> {
    rules.into_iter().flat_map(|rule| group_rule(rule, direction, page)).collect()
}

/// One rule for each peer.
fn group_rule(
    rule: At<GroupRuleSection>,
    direction: Direction,
    page: &mut Page<'_>,
) -> Vec<SecurityGroupRule> {
    let Sourced { value: rule, place } = page.sourced(rule);
    let (peers, other, key, other_key) = match direction {
        Direction::Egress => (rule.to, rule.from, "to", "from"),
        Direction::Ingress => (rule.from, rule.to, "from", "to"),
    };
    if other.is_some() {
        let message = format!("a rule of this direction has `{key}`, not `{other_key}`");
        page.find(Finding::error("wrong-direction", place, message));
    } else if peers.is_none() {
        let message = format!("the rule does not say `{key}`");
        let help = format!("write `{key}: 0.0.0.0/0` for everywhere");
        page.find(Finding::error("missing-key", place, message).help(help));
    }
    let peers = peers.map(|peers| page.meanings(peers)).unwrap_or_default();
    let traffic = traffic(rule.protocol, rule.ports, rule.icmp, place, page);
    let Some(traffic) = traffic else {
        return Vec::new();
    };
    let rule = |peer| SecurityGroupRule { id: None, traffic, peer, place };
    peers.into_iter().map(rule).collect()
}

/// A network ACL: numbered entries, allow or deny, without state.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkAclSection {
    /// Entries that judge packets on their way into the subnet.
    #[serde(default)]
    ingress: Vec<At<AclEntrySection>>,
    /// Entries that judge packets on their way out of the subnet.
    #[serde(default)]
    egress: Vec<At<AclEntrySection>>,
}

/// An entry of a network ACL.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AclEntrySection {
    /// The number: 1 to 32766. The lowest entry that matches decides.
    #[schemars(range(min = 1, max = 32766))]
    rule: At<u32>,
    /// Whether it allows or denies.
    action: Written<Action>,
    /// `tcp`, `udp`, `icmp`, a protocol number, or `all`, which is also what absence means.
    protocol: Option<Written<Protocol>>,
    /// `443`, `1024-65535` or `all`, which is also what absence means. TCP and UDP only.
    ports: Option<Written<Ports>>,
    /// Type and code as `8/0`, a type as `3`, or `all`. ICMP only.
    icmp: Option<Written<IcmpTypes>>,
    /// The source (ingress) or the destination (egress).
    cidr: Written<Ipv4Net>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Allow,
    Deny,
}

words!(Action, "what an entry does", { "allow" => Action::Allow, "deny" => Action::Deny, });

impl NetworkAclSection {
    pub(super) fn read(self, id: Name, vpc: Name, page: &mut Page<'_>) -> NetworkAcl {
        let ingress = self.ingress.into_iter().map(|entry| (false, entry));
        let egress = self.egress.into_iter().map(|entry| (true, entry));
        let entries = ingress.chain(egress);
        let entries = entries.filter_map(|(egress, entry)| acl_entry(entry, egress, page));
        let entries = entries.collect();
        let default = id.value == "default";
        NetworkAcl { id, name: None, vpc, default, entries }
    }
}

/// The ACL that every VPC has: rule 100 allows everything both ways.
pub(super) fn default_acl(id: Name, vpc: Name) -> NetworkAcl {
    let entry = |egress| AclEntry {
        number: 100.into(),
        egress,
        allow: true,
        traffic: Traffic::All.into(),
        cidr: Ipv4Net::default().into(),
        place: Place::NOWHERE,
    };
    let entries = vec![entry(false), entry(true)];
    NetworkAcl { id, name: Some("default".to_owned()), vpc, default: true, entries }
}

fn acl_entry(entry: At<AclEntrySection>, egress: bool, page: &mut Page<'_>) -> Option<AclEntry> {
    let Sourced { value: entry, place } = page.sourced(entry);
    let number = page.sourced(entry.rule);
    if !(1..=32766).contains(&number.value) {
        let message = format!("{} is not the number of an entry", number.value);
        let help = "write a number from 1 to 32766; AWS keeps the others for itself";
        page.find(Finding::error("bad-rule-number", number.place, message).help(help));
    }
    let action = page.meaning(entry.action);
    let cidr = page.meaning(entry.cidr);
    let traffic = traffic(entry.protocol, entry.ports, entry.icmp, place, page);
    let allow = action?.value == Action::Allow;
    Some(AclEntry { number, egress, allow, traffic: traffic?, cidr: cidr?, place })
}

/// What a rule or entry matches; `None` and a finding when its parts contradict each other.
fn traffic(
    protocol: Option<Written<Protocol>>,
    ports: Option<Written<Ports>>,
    icmp: Option<Written<IcmpTypes>>,
    whole: Place,
    page: &mut Page<'_>,
) -> Option<Sourced<Traffic>> {
    let had_protocol = protocol.is_some();
    let (had_ports, had_icmp) = (ports.is_some(), icmp.is_some());
    let (ports, icmp) = (page.optional(ports), page.optional(icmp));
    let place = ports.map(|p| p.place).or(icmp.map(|i| i.place)).unwrap_or(whole);
    let default = if had_icmp { Protocol::ICMP } else { Protocol::All };
    let protocol = match had_protocol {
        true => page.optional(protocol)?,
        false => Sourced::new(default, place),
    };
    let place = if had_ports || had_icmp || !had_protocol { place } else { protocol.place };
    let fits = match protocol.value {
        Protocol::TCP | Protocol::UDP => !had_icmp,
        Protocol::ICMP => !had_ports,
        _ => !had_ports && !had_icmp,
    };
    if !fits {
        page.find(misfit(protocol.value, place));
        return None;
    }
    if had_ports != ports.is_some() || had_icmp != icmp.is_some() {
        return None;
    }
    let Ports(from, to) = ports.map_or(Ports::ALL, |ports| ports.value);
    let IcmpTypes(kind, code) = icmp.map_or(IcmpTypes(None, None), |icmp| icmp.value);
    let traffic = match protocol.value {
        Protocol::All => Traffic::All,
        Protocol::TCP => Traffic::Tcp(from, to),
        Protocol::UDP => Traffic::Udp(from, to),
        Protocol::ICMP => Traffic::Icmp(kind, code),
        Protocol::Number(number) => Traffic::Protocol(number),
    };
    Some(Sourced::new(traffic, place))
}

fn misfit(protocol: Protocol, place: Place) -> Finding {
    let (message, help) = match protocol {
        Protocol::TCP | Protocol::UDP => ("a rule for TCP or UDP has no ICMP type", "drop `icmp`"),
        Protocol::ICMP => ("a rule for ICMP has no ports", "write `icmp: 8/0` in their place"),
        Protocol::All => {
            ("a rule with ports must say its protocol", "add `protocol: tcp` or `protocol: udp`")
        }
        Protocol::Number(_) => ("a rule for this protocol has no ports", "drop `ports` or `icmp`"),
    };
    Finding::error("traffic-mismatch", place, message).help(help)
}
