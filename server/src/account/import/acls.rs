//! Network ACLs and their entries.

use egret_control::model as m;
use egret_control::names::Kind;

use super::Import;
use crate::account::acls::{AclEntry, NetworkAcl};

impl Import<'_, '_, '_> {
    pub(super) fn acls(&mut self) {
        for (at, acl) in self.model.network_acls.iter().enumerate() {
            let id = self.of(Kind::NetworkAcl, at);
            let entries = acl.entries.iter().filter_map(acl_entry).collect();
            let row = NetworkAcl {
                id: id.clone(),
                vpc: self.find(Kind::Vpc, &acl.vpc),
                default: acl.default,
                entries,
                associations: Vec::new(),
            };
            self.change.network_acls.insert(id, row);
        }
    }
}

/// `None` for the last entry, which every ACL has.
fn acl_entry(entry: &m::AclEntry) -> Option<AclEntry> {
    let number = u16::try_from(*entry.number).ok().filter(|number| *number < 32_767)?;
    let (mut ports, mut icmp) = (None, None);
    let any = |part: Option<u8>| part.map_or(-1, i16::from);
    let protocol = match *entry.traffic {
        m::Traffic::All => -1,
        m::Traffic::Tcp(from, to) => {
            ports = Some((from, to));
            6
        }
        m::Traffic::Udp(from, to) => {
            ports = Some((from, to));
            17
        }
        m::Traffic::Icmp(kind, code) => {
            icmp = Some((any(kind), any(code)));
            1
        }
        m::Traffic::Protocol(number) => i16::from(number),
    };
    let (egress, allow, cidr) = (entry.egress, entry.allow, *entry.cidr);
    Some(AclEntry { number, egress, allow, protocol, ports, icmp, cidr })
}
