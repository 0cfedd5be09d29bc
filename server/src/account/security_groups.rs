//! Security groups, and their rules as resources of their own.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::Account;
use super::table::Row;

/// A security group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// Its id.
    pub id: String,
    /// The VPC that it belongs to.
    pub vpc: String,
    /// Its name, which is its own within the VPC. The default group's is `default`.
    pub name: String,
    /// What it is for.
    pub description: String,
}

impl Row for SecurityGroup {
    const KIND: &'static str = "security-group";

    fn belongs_to(&self) -> Option<&str> {
        Some(&self.vpc)
    }
}

impl SecurityGroup {
    /// Whether it is the VPC's default group.
    pub fn is_default(&self) -> bool {
        self.name == "default"
    }
}

/// A rule of a security group: it allows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroupRule {
    /// Its id: `sgr-...`.
    pub id: String,
    /// The group that it belongs to.
    pub group: String,
    /// Whether it is about what leaves.
    pub egress: bool,
    /// `tcp`, `udp`, `icmp`, a protocol's number, or `-1` for all.
    pub protocol: String,
    /// The first port, or the ICMP type; -1 is any.
    pub from: i32,
    /// The last port, or the ICMP code; -1 is any.
    pub to: i32,
    /// The other side.
    pub peer: Peer,
    /// What it is for.
    pub description: Option<String>,
}

impl Row for SecurityGroupRule {
    const KIND: &'static str = "security-group-rule";

    fn belongs_to(&self) -> Option<&str> {
        Some(&self.group)
    }
}

/// The other side of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Peer {
    /// Addresses.
    Cidr(Ipv4Net),
    /// IPv6 addresses, as written: kept and shown, and no packet ever has one.
    Ipv6(String),
    /// A prefix list.
    PrefixList(String),
    /// The interfaces that carry a group.
    Group(String),
}

impl Account {
    /// The rules of a group, in the order of their ids.
    pub fn rules_of(&self, group: &str) -> impl Iterator<Item = &SecurityGroupRule> {
        self.security_group_rules.of(group)
    }
}
