//! Which interface of the configuration a record is of.

use std::collections::{BTreeSet, HashMap};
use std::net::Ipv4Addr;

use egret_dataplane::snapshot::{EniId, EniOwner, Snapshot, VpcId};
use foldhash::fast::FixedState;

use crate::flow_logs::read::Record;

/// Interfaces that the configuration does not have are shown up to this number.
const SHOWN: usize = 5;
/// Ids of a log that are remembered.
const REMEMBERED: usize = 100_000;

pub(super) struct Interfaces<'a> {
    snapshot: &'a Snapshot,
    /// By id: those of the configuration, and those that were told by their addresses.
    known: HashMap<Box<str>, EniId, FixedState>,
    /// Those of which there is a record.
    pub(super) logged: Vec<bool>,
    /// Some ids that mean nothing here.
    pub(super) unknown: BTreeSet<String>,
}

impl<'a> Interfaces<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Interfaces<'a> {
        let enis = snapshot.enis.iter().zip(0..);
        Interfaces {
            snapshot,
            known: enis.map(|(eni, at)| ((*eni.name).into(), EniId(at))).collect(),
            logged: vec![false; snapshot.enis.len()],
            unknown: BTreeSet::new(),
        }
    }

    /// A record without packets says that its interface is logged.
    pub(super) fn note_silent(&mut self, record: &Record<'_>) {
        if let Some(eni) = record.interface_id.and_then(|id| self.known.get(id)) {
            self.logged[eni.0 as usize] = true;
        }
    }

    /// The interface of a record between these addresses, and whether the packets leave it.
    pub(super) fn find(
        &mut self,
        record: &Record<'_>,
        src: Ipv4Addr,
        dst: Ipv4Addr,
    ) -> Option<(EniId, bool)> {
        let by_id = record.interface_id.and_then(|id| self.known.get(id)).copied();
        let eni = match by_id {
            Some(eni) => eni,
            None => self.by_address(record, src, dst)?,
        };
        self.logged[eni.0 as usize] = true;
        let vpc = self.snapshot.vpc_of(eni);
        let leaves = || self.snapshot.eni_at(vpc, src) == Some(eni);
        Some((eni, record.egress.unwrap_or_else(leaves)))
    }

    /// Endpoints and gateways have ids at AWS that no configuration has: their addresses tell them.
    fn by_address(&mut self, record: &Record<'_>, src: Ipv4Addr, dst: Ipv4Addr) -> Option<EniId> {
        let vpcs = 0..self.snapshot.vpcs.len() as u32;
        let named = |vpc: &VpcId| record.vpc_id.is_none_or(|id| *self.snapshot[*vpc].name == *id);
        let vpcs: Vec<VpcId> = vpcs.map(VpcId).filter(named).collect();
        let mut found: Vec<EniId> = Vec::new();
        for (address, leaves) in [(src, true), (dst, false)] {
            if record.egress.is_none_or(|egress| egress == leaves) {
                found.extend(vpcs.iter().filter_map(|vpc| self.snapshot.eni_at(*vpc, address)));
            }
        }
        if found.len() > 1 {
            // The other end is known by its id.
            found.retain(|eni| {
                let owner = self.snapshot[*eni].owner;
                matches!(owner, EniOwner::NatGateway(_) | EniOwner::Endpoint(..))
            });
        }
        match (&found[..], record.interface_id) {
            ([eni], Some(id)) if self.known.len() < REMEMBERED => {
                self.known.insert(id.into(), *eni);
                Some(*eni)
            }
            ([eni], _) => Some(*eni),
            (_, id) => {
                if let Some(id) = id.filter(|_| self.unknown.len() < SHOWN) {
                    self.unknown.insert(id.to_owned());
                }
                None
            }
        }
    }
}
