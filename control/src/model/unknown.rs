//! What a template leaves open: values that are known only once it is applied, or that somebody gives
//! later.
//!
//! Nothing of this is compiled. Whoever judges packets asks whether a decision could have been another
//! one with what is left open here, and if so says that the verdict is not known, and for want of what.

use std::net::Ipv4Addr;

use super::{Name, Peer, RouteDestination, RouteTarget, Traffic};
use crate::source::Place;

/// Something that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What it is called: ``parameter `DbCidr` `` or `aws_eip.nat.public_ip, known after apply`.
    pub name: String,
    /// Where it is written.
    pub place: Place,
}

/// Everything that is left open.
#[derive(Clone, Debug, Default)]
pub struct Unknowns {
    /// Rules of security groups.
    pub rules: Vec<UnknownRule>,
    /// Entries of network ACLs.
    pub entries: Vec<UnknownEntry>,
    /// Routes.
    pub routes: Vec<UnknownRoute>,
    /// Prefix lists that exist, by id or name, and whose blocks are not known. A list of the model
    /// with the same id or name and blocks of its own is known after all.
    pub prefix_lists: Vec<(Name, Unknown)>,
    /// Addresses of the model that only stand for those that AWS will choose.
    pub addresses: Vec<(Ipv4Addr, Unknown)>,
    /// What decides about so much (a VPC's block, a connector's subnets) that nothing can be said
    /// before it is known.
    pub everything: Vec<Unknown>,
}

impl Unknowns {
    /// Everything that decides about packets, in no special order. Addresses that stand for others
    /// decide nothing.
    pub fn deciding(&self) -> impl Iterator<Item = &Unknown> {
        let rules = self.rules.iter().map(|rule| &rule.unknown);
        let entries = self.entries.iter().map(|entry| &entry.unknown);
        let routes = self.routes.iter().map(|route| &route.unknown);
        let lists = self.prefix_lists.iter().map(|(_, unknown)| unknown);
        self.everything.iter().chain(rules).chain(entries).chain(routes).chain(lists)
    }
}

/// A rule of a security group. `None` is what is not known; a rule of which everything is known may
/// exist or not.
#[derive(Clone, Debug)]
pub struct UnknownRule {
    /// The group.
    pub group: Name,
    /// Whether the rule is outbound.
    pub egress: bool,
    /// What it matches.
    pub traffic: Option<Traffic>,
    /// The other side.
    pub peer: Option<Peer>,
    /// What is not known of it.
    pub unknown: Unknown,
}

/// An entry of a network ACL. `None` is what is not known; an entry of which everything is known may
/// exist or not.
#[derive(Clone, Debug)]
pub struct UnknownEntry {
    /// The ACL.
    pub acl: Name,
    /// Its number.
    pub number: Option<u32>,
    /// Whether it judges packets that leave the subnet.
    pub egress: Option<bool>,
    /// Whether it allows.
    pub allow: Option<bool>,
    /// What it matches.
    pub traffic: Option<Traffic>,
    /// Source (ingress) or destination (egress).
    pub cidr: Option<ipnet::Ipv4Net>,
    /// What is not known of it.
    pub unknown: Unknown,
}

/// A route. `None` is what is not known; a route of which everything is known may exist or not.
#[derive(Clone, Debug)]
pub struct UnknownRoute {
    /// The table.
    pub table: Name,
    /// What it matches.
    pub destination: Option<RouteDestination>,
    /// Where it leads.
    pub target: Option<RouteTarget>,
    /// What is not known of it.
    pub unknown: Unknown,
}
