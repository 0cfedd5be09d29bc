//! Network ACLs.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::table::Row;

/// A network ACL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkAcl {
    /// Its id.
    pub id: String,
    /// The VPC that it belongs to.
    pub vpc: String,
    /// Whether it is the VPC's default ACL.
    pub default: bool,
    /// Its entries in both directions, without the last ones (`*`) that every ACL has.
    pub entries: Vec<AclEntry>,
    /// The subnets that it is associated with. Every subnet has exactly one ACL.
    pub associations: Vec<AclAssociation>,
}

impl Row for NetworkAcl {
    const KIND: &'static str = "network-acl";

    fn belongs_to(&self) -> Option<&str> {
        Some(&self.vpc)
    }
}

/// The tie between an ACL and a subnet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AclAssociation {
    /// The id of the association.
    pub id: String,
    /// The subnet.
    pub subnet: String,
}

/// An entry of an ACL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AclEntry {
    /// Its number: 1 to 32766.
    pub number: u16,
    /// Whether it judges what leaves the subnet.
    pub egress: bool,
    /// Whether it allows.
    pub allow: bool,
    /// `-1` or a protocol's number.
    pub protocol: i16,
    /// The ports of TCP and UDP, inclusive.
    pub ports: Option<(u16, u16)>,
    /// The type and code of ICMP; -1 is any.
    pub icmp: Option<(i16, i16)>,
    /// Source (inbound) or destination (outbound).
    pub cidr: Ipv4Net,
}

impl AclEntry {
    /// Lets everything pass: what a default ACL has.
    pub fn all(egress: bool) -> AclEntry {
        let cidr = Ipv4Net::default();
        AclEntry { number: 100, egress, allow: true, protocol: -1, ports: None, icmp: None, cidr }
    }
}
