//! Network ACLs and their entries.

use super::Resource;
use super::mapper::Mapper;
use super::reading::{Gap, Part, Said};
use crate::finding::Finding;
use crate::model::{AclEntry, Name, NetworkAcl, Traffic, Unknown, UnknownEntry};
use crate::names::Kind;
use crate::source::Sourced;

/// The number of the last entry of every ACL, `*`, which denies and is not written.
const IMPLICIT: i64 = 32_767;

impl<'a> Mapper<'a> {
    pub(super) fn add_network_acls(&mut self) {
        for resource in self.of_kind("AWS::EC2::NetworkAcl") {
            let part = self.properties(resource);
            let Some(vpc) = self.vpc_of(resource, part) else { continue };
            let default = self.flag(part, "Default", false).unwrap_or(false);
            self.model.network_acls.push(NetworkAcl {
                id: resource.id.clone(),
                name: self.name_tag(part),
                vpc,
                default,
                entries: Vec::new(),
            });
        }
    }

    pub(super) fn add_entries(&mut self) {
        for resource in self.of_kind("AWS::EC2::NetworkAclEntry") {
            let part = self.properties(resource);
            if part.has("Ipv6CidrBlock") && !part.has("CidrBlock") {
                continue;
            }
            let acl = self.refer_at(Kind::NetworkAcl, resource, part, "NetworkAclId");
            match acl {
                Ok(acl) => self.add_entry(resource, part, acl),
                Err(Gap::Unknown(unknown)) => {
                    let message = format!(
                        "the entry `{}` is of a network ACL that is not known: {}",
                        *resource.id, unknown.name
                    );
                    let help = "no subnet that is known uses it; import the ACL, too";
                    let finding = Finding::warning("entry-of-unknown-acl", unknown.place, message);
                    self.findings.push(finding.help(help));
                }
                Err(Gap::Wrong) => {}
            }
        }
    }

    fn add_entry(&mut self, resource: &'a Resource, part: Part<'a>, acl: Name) {
        let place = resource.id.place;
        let number = self.entry_number(resource, part);
        let egress = self.flag(part, "Egress", false);
        let allow = self.allows(resource, part);
        let traffic = self.entry_traffic(part, resource);
        let cidr = match part.get("CidrBlock") {
            Some(cidr) => self.meaning(cidr),
            None => Err(self.missing(resource, "CidrBlock")),
        };
        let gaps = [gap(&number), gap(&egress), gap(&allow), gap(&traffic), gap(&cidr)];
        let maybe = resource.exists_if.clone().map(|name| Unknown { name, place });
        let unknown = match gaps.into_iter().flatten().next() {
            None => maybe,
            Some(Gap::Wrong) => return,
            Some(Gap::Unknown(unknown)) => Some(unknown),
        };
        if let Some(unknown) = unknown {
            self.model.unknowns.entries.push(UnknownEntry {
                acl,
                number: number.ok().map(|number| number.value),
                egress: egress.ok(),
                allow: allow.ok(),
                traffic: traffic.ok().map(|traffic| traffic.value),
                cidr: cidr.ok().map(|cidr: Sourced<_>| cidr.value),
                unknown,
            });
            return;
        }
        let (Ok(number), Ok(egress), Ok(allow), Ok(traffic), Ok(cidr)) =
            (number, egress, allow, traffic, cidr)
        else {
            return;
        };
        let entry = AclEntry { number, egress, allow, traffic, cidr, place };
        let known = self
            .model
            .network_acls
            .iter_mut()
            .find(|known| known.id == acl || known.name.as_ref() == Some(&acl.value));
        known.into_iter().for_each(|known| known.entries.push(entry.clone()));
    }

    fn entry_number(&mut self, resource: &'a Resource, part: Part<'a>) -> Said<Sourced<u32>> {
        let Some(value) = part.get("RuleNumber") else {
            return Err(self.missing(resource, "RuleNumber"));
        };
        let number: Sourced<u32> = self.meaning(value)?;
        if !(1..IMPLICIT).contains(&i64::from(number.value)) {
            let message = format!("{} is not the number of an entry", number.value);
            let finding = Finding::error("bad-rule-number", number.place, message);
            self.findings.push(finding.help("numbers go from 1 to 32766"));
            return Err(Gap::Wrong);
        }
        Ok(number)
    }

    fn allows(&mut self, resource: &'a Resource, part: Part<'a>) -> Said<bool> {
        let Some(action) = self.text_at(part, "RuleAction")? else {
            return Err(self.missing(resource, "RuleAction"));
        };
        match action.to_ascii_lowercase().as_str() {
            "allow" => Ok(true),
            "deny" => Ok(false),
            other => {
                let message = format!("`{other}` is neither `allow` nor `deny`");
                self.findings.push(Finding::error("bad-action", action.place, message));
                Err(Gap::Wrong)
            }
        }
    }

    /// An entry has its ports and its ICMP types in maps of their own.
    fn entry_traffic(&mut self, part: Part<'a>, resource: &'a Resource) -> Said<Sourced<Traffic>> {
        let Some(protocol) = part.get("Protocol") else {
            return Err(self.missing(resource, "Protocol"));
        };
        let protocol = self.meaning(protocol)?;
        let (ends, keys) = match part.get("PortRange") {
            Some(_) => (self.part_at(part, "PortRange")?, ["From", "To"]),
            None => (self.part_at(part, "Icmp")?, ["Type", "Code"]),
        };
        self.matches(protocol, ends, keys, resource.id.place)
    }
}

fn gap<T>(said: &Said<T>) -> Option<Gap> {
    said.as_ref().err().cloned()
}
