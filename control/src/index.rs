//! The way back from a snapshot's indices to what was written.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use egret_dataplane::snapshot::{AclId, InterfaceId, RouteTableId, SgId};

use crate::model::Listen;
use crate::source::Place;

/// Where the rules of a snapshot were written, and what listens at its hosts.
#[derive(Clone, Debug, Default)]
pub struct Index {
    sg_rules: HashMap<(SgId, bool, usize), Place>,
    acl_entries: HashMap<(AclId, bool, usize), Place>,
    routes: HashMap<(RouteTableId, usize), Place>,
    listen: HashMap<InterfaceId, Vec<Listen>>,
    host_listen: HashMap<Ipv4Addr, Vec<Listen>>,
}

impl Index {
    /// Where a rule of a security group was written.
    pub fn sg_rule(&self, group: SgId, egress: bool, rule: usize) -> Option<Place> {
        self.sg_rules.get(&(group, egress, rule)).copied()
    }

    /// Where an entry of a network ACL was written; entries count by number, as in the snapshot.
    pub fn acl_entry(&self, acl: AclId, egress: bool, entry: usize) -> Option<Place> {
        self.acl_entries.get(&(acl, egress, entry)).copied()
    }

    /// Where a route was written; `None` for a local one, which nobody writes.
    pub fn route(&self, table: RouteTableId, route: usize) -> Option<Place> {
        self.routes.get(&(table, route)).copied()
    }

    /// What listens at a host in a VPC, where that is known.
    pub fn listen(&self, interface: InterfaceId) -> Option<&[Listen]> {
        self.listen.get(&interface).map(Vec::as_slice)
    }

    /// What listens at a host outside of every VPC, where that is known.
    pub fn host_listen(&self, address: Ipv4Addr) -> Option<&[Listen]> {
        self.host_listen.get(&address).map(Vec::as_slice)
    }

    pub(crate) fn note_sg_rule(&mut self, group: SgId, egress: bool, rule: usize, place: Place) {
        self.sg_rules.insert((group, egress, rule), place);
    }

    pub(crate) fn note_acl_entry(&mut self, acl: AclId, egress: bool, entry: usize, place: Place) {
        self.acl_entries.insert((acl, egress, entry), place);
    }

    pub(crate) fn note_route(&mut self, table: RouteTableId, route: usize, place: Place) {
        self.routes.insert((table, route), place);
    }

    pub(crate) fn note_listen(&mut self, interface: InterfaceId, listen: Vec<Listen>) {
        self.listen.insert(interface, listen);
    }

    pub(crate) fn note_host_listen(&mut self, address: Ipv4Addr, listen: Vec<Listen>) {
        self.host_listen.insert(address, listen);
    }
}
