//! The rules of a set of security groups, as one: what any of the groups allows is allowed.

use std::net::Ipv4Addr;

use super::classifier::Classifier;
use super::{SgId, Snapshot};
use crate::packet::{Headers, Protocol};

/// The rules of one direction of a set of security groups.
#[derive(Clone, Debug)]
pub(crate) struct GroupRules {
    /// All of them, group by group.
    rules: Classifier,
    /// The group of each, and its index there.
    names: Vec<(SgId, u32)>,
}

impl GroupRules {
    /// The rules of these groups.
    pub(crate) fn new(snapshot: &Snapshot, groups: &[SgId], egress: bool) -> GroupRules {
        let (mut rules, mut names) = (Vec::new(), Vec::new());
        for group in groups {
            let of_group = snapshot[*group].rules(egress);
            rules.extend(of_group);
            names.extend((0..of_group.len() as u32).map(|rule| (*group, rule)));
        }
        GroupRules { rules: Classifier::new(&rules, &snapshot.prefix_lists), names }
    }

    /// The first rule that allows a packet whose other side has the address `other` and stands for
    /// the groups `named`: its group, and its index there.
    #[inline]
    pub(crate) fn first(
        &self,
        packet: &Headers,
        other: Ipv4Addr,
        named: impl Iterator<Item = SgId>,
    ) -> Option<(SgId, usize)> {
        let by_address = self.rules.first(self.rules.kind(packet), self.rules.peer(other));
        let first = by_address.into_iter().chain(self.naming(packet, named)).min()?;
        let (group, rule) = self.names[first];
        Some((group, rule as usize))
    }

    /// Whether a rule for such a packet names one of these groups.
    pub(crate) fn names_any(&self, packet: &Headers, groups: impl Iterator<Item = SgId>) -> bool {
        self.naming(packet, groups).is_some()
    }

    /// The first rule for such a packet that names one of these groups. Who they are is not asked
    /// where no rule names any.
    fn naming(&self, packet: &Headers, groups: impl Iterator<Item = SgId>) -> Option<usize> {
        if !self.rules.names_groups() {
            return None;
        }
        let kind = self.rules.kind(packet);
        groups.filter_map(|group| self.rules.first(kind, self.rules.naming(group)?)).min()
    }

    /// Whether a rule from or to every address allows the packet.
    pub(crate) fn allows_everywhere(&self, packet: &Headers) -> bool {
        self.rules.first(self.rules.kind(packet), self.rules.everywhere()).is_some()
    }

    /// Whether a rule allows every port of TCP or UDP, as the protocol says, from or to everywhere.
    pub(crate) fn allows_all_ports(&self, protocol: Protocol) -> bool {
        self.rules.allows_all_ports(protocol)
    }

    /// Whether there is no rule at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}
