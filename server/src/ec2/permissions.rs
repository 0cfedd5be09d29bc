//! Permissions, as requests say the rules of security groups: a protocol with ports and any number of
//! peers. Each peer makes a rule of its own, and rules of the same traffic are shown as one permission.

mod traffic;

use ipnet::Ipv4Net;

use super::{errors, prefix_lists, security_groups};
use crate::account::Account;
use crate::account::security_groups::{Peer, SecurityGroup, SecurityGroupRule};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

/// A rule that a request says, without a group and an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Permission {
    pub protocol: String,
    pub from: i32,
    pub to: i32,
    pub peer: Peer,
    pub description: Option<String>,
}

impl Permission {
    /// Whether a rule allows just this; what it is for does not matter.
    pub(super) fn is(&self, rule: &SecurityGroupRule) -> bool {
        self.protocol == rule.protocol
            && (self.from, self.to) == (rule.from, rule.to)
            && self.peer == rule.peer
    }

    /// `peer: 0.0.0.0/0, TCP, from port: 443, to port: 443, ALLOW`: what AWS calls it.
    pub(super) fn in_words(&self) -> String {
        let any = |number: i32| if number < 0 { "ALL".to_owned() } else { number.to_string() };
        let traffic = match self.protocol.as_str() {
            "-1" => "ALL".to_owned(),
            "icmp" | "icmpv6" => {
                let name = self.protocol.to_uppercase();
                format!("{name}, type: {}, code: {}", any(self.from), any(self.to))
            }
            "tcp" | "udp" => {
                let name = self.protocol.to_uppercase();
                format!("{name}, from port: {}, to port: {}", self.from, self.to)
            }
            number => format!("protocol: {number}"),
        };
        format!("peer: {}, {traffic}, ALLOW", peer_words(&self.peer))
    }

    /// The rule that it becomes.
    pub(super) fn rule(&self, id: String, group: &str, egress: bool) -> SecurityGroupRule {
        SecurityGroupRule {
            id,
            group: group.to_owned(),
            egress,
            protocol: self.protocol.clone(),
            from: self.from,
            to: self.to,
            peer: self.peer.clone(),
            description: self.description.clone(),
        }
    }
}

fn peer_words(peer: &Peer) -> String {
    match peer {
        Peer::Cidr(cidr) => cidr.to_string(),
        Peer::Ipv6(cidr) => cidr.clone(),
        Peer::PrefixList(id) | Peer::Group(id) => id.clone(),
    }
}

/// The members that requests had before there were permissions.
#[derive(Debug, Default)]
pub(super) struct Flat {
    pub protocol: Option<String>,
    pub from: Option<i32>,
    pub to: Option<i32>,
    pub cidr: Option<String>,
    pub group_name: Option<String>,
}

impl Flat {
    /// The permission that they say, if they say one.
    pub(super) fn permission(self) -> Option<ec2::IpPermission> {
        let said = self.protocol.is_some() || self.cidr.is_some() || self.group_name.is_some();
        said.then(|| ec2::IpPermission {
            // A group alone allows all.
            ip_protocol: self.protocol.or_else(|| Some("-1".to_owned())),
            from_port: self.from,
            to_port: self.to,
            ip_ranges: self
                .cidr
                .map(|cidr| ec2::IpRange { cidr_ip: Some(cidr), description: None })
                .into_iter()
                .collect(),
            user_id_group_pairs: self
                .group_name
                .map(|name| ec2::UserIdGroupPair { group_name: Some(name), ..Default::default() })
                .into_iter()
                .collect(),
            ..Default::default()
        })
    }
}

/// What permissions of a group come to, a rule each peer.
///
/// # Errors
/// AWS's for protocols, ports and peers that are none, and for the same rule twice.
pub(super) fn read(
    account: &Account,
    group: &SecurityGroup,
    permissions: &[ec2::IpPermission],
) -> Result<Vec<Permission>> {
    let mut all: Vec<Permission> = Vec::new();
    for permission in permissions {
        for read in read_one(account, group, permission)? {
            if all.iter().any(|other| same(other, &read)) {
                let message = "The same permission must not appear multiple times";
                return Err(AwsError::new("InvalidParameterValue", message));
            }
            all.push(read);
        }
    }
    Ok(all)
}

fn same(a: &Permission, b: &Permission) -> bool {
    (&a.protocol, a.from, a.to, &a.peer) == (&b.protocol, b.from, b.to, &b.peer)
}

fn read_one(
    account: &Account,
    group: &SecurityGroup,
    said: &ec2::IpPermission,
) -> Result<Vec<Permission>> {
    let (protocol, from, to) =
        traffic::read(said.ip_protocol.as_deref(), said.from_port, said.to_port)?;
    let peers = peers(account, group, said)?;
    if peers.is_empty() {
        return Err(errors::missing("cidrIp, cidrIpv6, prefixListId or groupId"));
    }
    let permission = |(peer, description): (Peer, Option<String>)| {
        let protocol = protocol.clone();
        let description = description_of(description)?;
        Ok(Permission { protocol, from, to, peer, description })
    };
    peers.into_iter().map(permission).collect()
}

fn peers(
    account: &Account,
    group: &SecurityGroup,
    said: &ec2::IpPermission,
) -> Result<Vec<(Peer, Option<String>)>> {
    let mut peers = Vec::new();
    for range in &said.ip_ranges {
        peers.push((cidr(range.cidr_ip.as_deref())?, range.description.clone()));
    }
    for range in &said.ipv6_ranges {
        peers.push((ipv6(range.cidr_ipv6.as_deref())?, range.description.clone()));
    }
    for list in &said.prefix_list_ids {
        let id = list.prefix_list_id.as_deref();
        peers.push((prefix_list(account, id)?, list.description.clone()));
    }
    for pair in &said.user_id_group_pairs {
        peers.push((Peer::Group(pair_id(account, group, pair)?), pair.description.clone()));
    }
    Ok(peers)
}

/// The one peer of a rule, as ModifySecurityGroupRules says it.
///
/// # Errors
/// As [`read`].
pub(super) fn read_rule(
    account: &Account,
    group: &SecurityGroup,
    said: &ec2::SecurityGroupRuleRequest,
) -> Result<Permission> {
    let (protocol, from, to) =
        traffic::read(said.ip_protocol.as_deref(), said.from_port, said.to_port)?;
    let mut peers = Vec::new();
    if let Some(text) = &said.cidr_ipv4 {
        peers.push(cidr(Some(text))?);
    }
    if let Some(text) = &said.cidr_ipv6 {
        peers.push(ipv6(Some(text))?);
    }
    if let Some(id) = &said.prefix_list_id {
        peers.push(prefix_list(account, Some(id))?);
    }
    if let Some(id) = &said.referenced_group_id {
        peers.push(Peer::Group(near(account, group, id)?));
    }
    let description = description_of(said.description.clone())?;
    match <[Peer; 1]>::try_from(peers) {
        Ok([peer]) => Ok(Permission { protocol, from, to, peer, description }),
        Err(_) => {
            let message = "Exactly one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId \
                           must be given.";
            Err(errors::combination(message))
        }
    }
}

fn cidr(said: Option<&str>) -> Result<Peer> {
    let text = said.ok_or_else(|| errors::missing("cidrIp"))?;
    let cidr: Ipv4Net = text.parse().map_err(|_| malformed(text))?;
    Ok(Peer::Cidr(cidr.trunc()))
}

fn ipv6(said: Option<&str>) -> Result<Peer> {
    let text = said.ok_or_else(|| errors::missing("cidrIpv6"))?;
    let cidr: ipnet::Ipv6Net = text.parse().map_err(|_| malformed(text))?;
    Ok(Peer::Ipv6(cidr.trunc().to_string()))
}

fn malformed(cidr: &str) -> AwsError {
    AwsError::new("InvalidParameterValue", format!("CIDR block {cidr} is malformed"))
}

fn prefix_list(account: &Account, id: Option<&str>) -> Result<Peer> {
    let id = id.ok_or_else(|| errors::missing("prefixListId"))?;
    Ok(Peer::PrefixList(prefix_lists::list(account, id)?.id.clone()))
}

fn pair_id(
    account: &Account,
    group: &SecurityGroup,
    pair: &ec2::UserIdGroupPair,
) -> Result<String> {
    if let Some(id) = &pair.group_id {
        return near(account, group, id);
    }
    let name = pair.group_name.as_deref().ok_or_else(|| errors::missing("groupId"))?;
    let default = account.vpcs.get(&group.vpc).is_some_and(|vpc| vpc.default);
    if !default {
        return Err(by_name(name));
    }
    let mut here = account.security_groups.of(&group.vpc);
    let found = here.find(|other| other.name == name);
    found.map(|other| other.id.clone()).ok_or_else(|| security_groups::missing(name))
}

/// Outside of a default VPC, groups go by ids.
pub(super) fn by_name(name: &str) -> AwsError {
    let message = format!(
        "Invalid value '{name}' for groupName. You may not reference Amazon VPC security groups by \
         name. Please use the corresponding id for this operation."
    );
    AwsError::new("InvalidParameterValue", message)
}

/// A group that a rule may name: of the same VPC, or of one that is joined to it. What a rule names
/// already may be named, so that a stale rule can be revoked.
fn near(account: &Account, group: &SecurityGroup, id: &str) -> Result<String> {
    let named = Peer::Group(id.to_owned());
    if account.rules_of(&group.id).any(|rule| rule.peer == named) {
        return Ok(id.to_owned());
    }
    let other = security_groups::group(account, id)?;
    if other.vpc != group.vpc && !account.joined(&group.vpc, &other.vpc) {
        let message = "You have specified two resources that belong to different networks.";
        return Err(AwsError::new("InvalidGroup.NotFound", message));
    }
    Ok(other.id.clone())
}

pub(super) fn description_of(said: Option<String>) -> Result<Option<String>> {
    match said {
        Some(text) if !security_groups::is_text(&text) => {
            let message = format!(
                "Invalid rule description '{text}'. Descriptions have up to 255 characters from \
                 a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$*"
            );
            Err(AwsError::new("InvalidParameterValue", message))
        }
        Some(text) if text.is_empty() => Ok(None),
        other => Ok(other),
    }
}

/// Rules as permissions: those of the same traffic are one, in the order of the first of them.
pub(super) fn shown(account: &Account, rules: &[&SecurityGroupRule]) -> Vec<ec2::IpPermission> {
    let mut all: Vec<(&SecurityGroupRule, ec2::IpPermission)> = Vec::new();
    for rule in rules {
        let traffic = |other: &SecurityGroupRule| {
            (&other.protocol, other.from, other.to) == (&rule.protocol, rule.from, rule.to)
        };
        let at = all.iter().position(|(first, _)| traffic(first)).unwrap_or_else(|| {
            all.push((rule, without_peers(rule)));
            all.len() - 1
        });
        add_peer(account, &mut all[at].1, rule);
    }
    all.into_iter().map(|(_, permission)| permission).collect()
}

fn without_peers(rule: &SecurityGroupRule) -> ec2::IpPermission {
    let ports = matches!(rule.protocol.as_str(), "tcp" | "udp" | "icmp" | "icmpv6");
    ec2::IpPermission {
        ip_protocol: Some(rule.protocol.clone()),
        from_port: ports.then_some(rule.from),
        to_port: ports.then_some(rule.to),
        ..Default::default()
    }
}

fn add_peer(account: &Account, permission: &mut ec2::IpPermission, rule: &SecurityGroupRule) {
    let description = rule.description.clone();
    match &rule.peer {
        Peer::Cidr(cidr) => {
            permission.ip_ranges.push(ec2::IpRange { cidr_ip: Some(cidr.to_string()), description })
        }
        Peer::Ipv6(cidr) => permission
            .ipv6_ranges
            .push(ec2::Ipv6Range { cidr_ipv6: Some(cidr.clone()), description }),
        Peer::PrefixList(id) => permission
            .prefix_list_ids
            .push(ec2::PrefixListId { prefix_list_id: Some(id.clone()), description }),
        Peer::Group(id) => {
            let user_id = Some(account.identity.account.clone());
            let group_id = Some(id.clone());
            let (vpc_id, vpc_peering_connection_id, peering_status) =
                elsewhere(account, &rule.group, id);
            permission.user_id_group_pairs.push(ec2::UserIdGroupPair {
                description,
                user_id,
                group_id,
                vpc_id,
                vpc_peering_connection_id,
                peering_status,
                ..Default::default()
            });
        }
    }
}

/// The VPC and the peering by which a rule's group is reached, where it is another VPC's.
pub(super) fn elsewhere(
    account: &Account,
    group: &str,
    peer: &str,
) -> (Option<String>, Option<String>, Option<String>) {
    let vpc = |id: &str| account.security_groups.get(id).map(|group| group.vpc.as_str());
    match (vpc(group), vpc(peer)) {
        (Some(here), Some(there)) if here != there => {
            let peering = account.peering_between(here, there);
            let (id, status) =
                peering.map(|peering| (peering.id.clone(), peering.status.clone())).unzip();
            (Some(there.to_owned()), id, status)
        }
        _ => (None, None, None),
    }
}
