//! Prefix lists, network ACLs and security groups.

use std::collections::HashSet;

use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::{
    AclEntry, NetworkAcl, Peer, PrefixList, SecurityGroup, SgId, SgRule, Traffic,
};

use super::{Compiler, cidr, shared};
use crate::finding::Finding;
use crate::model::{self, Name};
use crate::names::Kind;

/// The number of the implicit last entry of an ACL (aws-facts §4): it is never written out.
const LAST_ENTRY: u32 = 32_767;

impl Compiler<'_> {
    pub(super) fn add_prefix_lists(&mut self) {
        for list in &self.model.prefix_lists {
            let id = self.prefix_lists.id(&list.id);
            let cidrs = list.cidrs.iter().map(|net| cidr(**net)).collect();
            self.prefix_lists.put(id, PrefixList { name: shared(&list.id), cidrs });
        }
    }

    pub(super) fn add_network_acls(&mut self) {
        let model = self.model;
        for (at, acl) in model.network_acls.iter().enumerate() {
            let id = self.acl_id(at);
            let [ingress, egress] = [false, true].map(|egress| {
                let entries = self.sorted_entries(acl, egress);
                for (number, entry) in entries.iter().enumerate() {
                    self.index.note_acl_entry(id, egress, number, entry.place);
                }
                entries.into_iter().map(compiled_entry).collect()
            });
            let item = NetworkAcl { name: shared(&acl.id), ingress, egress };
            self.network_acls.put(id.0, item);
        }
    }

    /// The entries of one direction by number, whatever their place in the file.
    fn sorted_entries<'m>(
        &mut self,
        acl: &'m model::NetworkAcl,
        egress: bool,
    ) -> Vec<&'m model::AclEntry> {
        let of_direction = |entry: &&model::AclEntry| entry.egress == egress;
        let mut entries: Vec<_> = acl
            .entries
            .iter()
            .filter(of_direction)
            .filter(|entry| *entry.number != LAST_ENTRY)
            .collect();
        entries.sort_by_key(|entry| *entry.number);
        let mut seen = HashSet::new();
        for entry in &entries {
            if !(1..LAST_ENTRY).contains(&*entry.number) {
                let message = format!("{} is no number of an ACL entry", *entry.number);
                let finding = Finding::error("acl-entry-number", entry.number.place, message);
                self.findings.push(finding.help("numbers go from 1 to 32766"));
            } else if !seen.insert(*entry.number) {
                let direction = if egress { "egress" } else { "ingress" };
                let message =
                    format!("`{}` has two {direction} entries {}", *acl.id, *entry.number);
                let finding = Finding::error("duplicate-acl-entry", entry.number.place, message);
                self.findings.push(finding.help("give each entry of a direction its own number"));
            }
        }
        entries
    }

    pub(super) fn add_security_groups(&mut self) {
        let model = self.model;
        for group in &model.security_groups {
            let id = SgId(self.security_groups.id(&group.id));
            let [ingress, egress] =
                [(false, &group.ingress), (true, &group.egress)].map(|(egress, rules)| {
                    let mut compiled = Vec::new();
                    for rule in rules {
                        let Some(peer) = self.peer(group, rule) else { continue };
                        self.index.note_sg_rule(id, egress, compiled.len(), rule.place);
                        compiled.push(SgRule { traffic: traffic(*rule.traffic), peer });
                    }
                    compiled
                });
            let item = SecurityGroup { name: shared(&group.id), ingress, egress };
            self.security_groups.put(id.0, item);
        }
    }

    fn peer(
        &mut self,
        group: &model::SecurityGroup,
        rule: &model::SecurityGroupRule,
    ) -> Option<Peer> {
        match &rule.peer.value {
            model::Peer::Cidr(net) => Some(Peer::Cidr(cidr(*net))),
            model::Peer::PrefixList(name) => {
                let name = Name::new(name.clone(), rule.peer.place);
                self.prefix_list_id(&name).map(Peer::PrefixList)
            }
            model::Peer::SecurityGroup(name) => {
                let name = Name::new(name.clone(), rule.peer.place);
                let at = match self.names.find_in(Kind::SecurityGroup, &name, &group.vpc) {
                    Ok(at) => at,
                    Err(unknown) => return self.stale(&name, unknown),
                };
                let other = &self.model.security_groups[at];
                if !self.reaches(&group.vpc, &other.vpc) {
                    let message = format!(
                        "the rule names group `{}` of another VPC that is not joined to this one",
                        *other.id
                    );
                    let finding = Finding::warning("stale-group-rule", rule.peer.place, message);
                    let help = "it matches nothing: peer the VPCs within one Region, attach both \
                                to a transit gateway with group references, or name a CIDR";
                    self.findings.push(finding.help(help));
                }
                Some(Peer::Group(SgId(self.security_groups.id(&other.id))))
            }
        }
    }

    /// A rule whose group is not known. An id is that of a group that is gone or was not imported:
    /// such a rule is stale, and matches nothing. Any other name is a mistake.
    fn stale(&mut self, name: &Name, unknown: Finding) -> Option<Peer> {
        if !name.starts_with("sg-") {
            self.findings.push(unknown);
            return None;
        }
        let message = format!("the rule names group `{}`, which is not known", **name);
        let finding = Finding::warning("stale-group-rule", name.place, message);
        let help = "it matches nothing: import the group, too, or remove the rule";
        self.findings.push(finding.help(help));
        Some(Peer::Stale)
    }

    /// Whether rules of one VPC may name groups of the other: it is the same, or peered with it in
    /// one Region, or attached to a transit gateway that passes groups on.
    fn reaches(&self, vpc: &Name, other: &Name) -> bool {
        let peered = self.model.peerings.iter().any(|peering| {
            let ends = [&peering.requester, &peering.accepter];
            peering.active && peering.same_region && ends.contains(&vpc) && ends.contains(&other)
        });
        let attached = |gateway: &model::TransitGateway, vpc: &Name| {
            let is_it = |kind: &model::AttachmentKind| matches!(kind, model::AttachmentKind::Vpc { vpc: of, .. } if of == vpc);
            gateway.attachments.iter().any(|attachment| is_it(&attachment.kind))
        };
        let joined = self.model.transit_gateways.iter().any(|gateway| {
            gateway.sg_referencing && attached(gateway, vpc) && attached(gateway, other)
        });
        vpc == other || peered || joined
    }
}

fn compiled_entry(entry: &model::AclEntry) -> AclEntry {
    AclEntry {
        number: *entry.number as u16,
        allow: entry.allow,
        traffic: traffic(*entry.traffic),
        cidr: cidr(*entry.cidr),
    }
}

/// What a rule matches, as a snapshot has it: a protocol by its number is the protocol.
pub fn traffic(said: model::Traffic) -> Traffic {
    match said {
        model::Traffic::All => Traffic::All,
        model::Traffic::Tcp(from, to) => Traffic::Tcp(from, to),
        model::Traffic::Udp(from, to) => Traffic::Udp(from, to),
        model::Traffic::Icmp(kind, code) => Traffic::Icmp(kind, code),
        model::Traffic::Protocol(1) => Traffic::Icmp(None, None),
        model::Traffic::Protocol(6) => Traffic::Tcp(0, u16::MAX),
        model::Traffic::Protocol(17) => Traffic::Udp(0, u16::MAX),
        model::Traffic::Protocol(number) => Traffic::Protocol(Protocol(number)),
    }
}
