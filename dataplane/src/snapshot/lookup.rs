//! What a snapshot says, in the form in which the path asks for it.
//!
//! [`Lookup`] answers in a time that hardly depends on how many rules, routes, addresses and zones
//! there are: it is to a snapshot what an index is to a book, and says nothing of its own. It is
//! built out of the whole snapshot at once, by [`Snapshot::prepare`] or at the first question, in
//! O(n log n) of rules, prefixes and routes. Groups are combined here: one classifier for each set
//! of them that some ENI carries, and ENIs with the same set share it.
//!
//! Whatever matches, matches as [`Traffic::mismatch`] and the docs of [`RouteTable`] say; tests hold
//! the two together.

use std::collections::HashMap;
use std::fmt;
use std::net::Ipv4Addr;
use std::ops::Range;
use std::sync::OnceLock;

use foldhash::fast::RandomState;

use super::classifier::Classifier;
use super::group_rules::GroupRules;
use super::intervals::Intervals;
use super::*;
use crate::packet::Headers;

/// The form of a snapshot in which the path looks things up, as soon as somebody needs it.
///
/// A clone is empty: a snapshot that is cloned to be changed does not take along what was true of
/// the old one. Nothing else guards against that, so change only a clone, or what nobody has asked.
/// Whoever gives a clone to a worker calls [`Snapshot::prepare`] before.
#[derive(Default)]
pub struct Prepared(OnceLock<Box<Lookup>>);

impl Clone for Prepared {
    fn clone(&self) -> Prepared {
        Prepared::default()
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.get().is_some() { "Prepared" } else { "NotPrepared" })
    }
}

impl Snapshot {
    /// Builds what the path looks things up in, so that the first packet does not have to wait for
    /// it. Nothing but the epoch and the settings may be changed from here on.
    pub fn prepare(&self) {
        self.lookup();
    }

    #[inline]
    pub(crate) fn lookup(&self) -> &Lookup {
        self.prepared.0.get_or_init(|| Box::new(Lookup::new(self)))
    }
}

/// By transit gateway, VPC and zone, sorted: the VPC's attachment, and its subnet in that zone.
type TransitEntries = Vec<((TgwId, VpcId, ZoneId), (AttachmentId, SubnetId))>;

/// The answers to the path's questions.
pub(crate) struct Lookup {
    /// By VPC and private address, in one number: the ENI that has it.
    addresses: HashMap<u64, EniId, RandomState>,
    /// By route table: the route that decides.
    routes: Vec<Intervals<Option<u32>>>,
    /// By transit gateway and its route table: the same.
    transit_routes: Vec<Vec<Intervals<Option<u32>>>>,
    /// By prefix list: whether it has an address.
    prefix_lists: Vec<Intervals<Option<()>>>,
    /// By network ACL: its inbound entries, its outbound ones.
    network_acls: Vec<[Classifier; 2]>,
    /// Every set of security groups that some ENI carries: inbound rules, outbound ones.
    group_sets: Vec<[GroupRules; 2]>,
    /// By ENI: which of these sets it carries.
    group_set_of: Vec<u32>,
    /// By VPC: itself, and those peered with it within the Region.
    near: Vec<Vec<VpcId>>,
    /// Where VPCs enter transit gateways.
    entries: TransitEntries,
    /// By task: the shared ENIs among which its flows may choose, a range of `exits`.
    exits_of: Vec<Range<u32>>,
    exits: Vec<EniId>,
}

impl Lookup {
    fn new(snapshot: &Snapshot) -> Lookup {
        let (group_sets, group_set_of) = group_sets(snapshot);
        let (exits, exits_of) = exits(snapshot);
        let lists = &snapshot.prefix_lists;
        Lookup {
            addresses: private_addresses(snapshot),
            routes: snapshot.route_tables.iter().map(|table| routes(table, lists)).collect(),
            transit_routes: snapshot.transit_gateways.iter().map(transit_routes).collect(),
            prefix_lists: lists.iter().map(addresses).collect(),
            network_acls: snapshot.network_acls.iter().map(entries_of).collect(),
            group_sets,
            group_set_of,
            near: near(snapshot),
            entries: entries(snapshot),
            exits_of,
            exits,
        }
    }

    /// The ENI with this private address in that VPC.
    #[inline]
    pub(crate) fn eni_at(&self, vpc: VpcId, address: Ipv4Addr) -> Option<EniId> {
        self.addresses.get(&address_in(vpc, address)).copied()
    }

    /// The route of a table that decides for a destination, by its index.
    #[inline]
    pub(crate) fn route(&self, table: RouteTableId, destination: Ipv4Addr) -> Option<usize> {
        let route = self.routes[table.0 as usize].get(destination.to_bits());
        route.map(|route| route as usize)
    }

    /// The same for one of a transit gateway's tables.
    pub(crate) fn transit_route(
        &self,
        tgw: TgwId,
        table: usize,
        destination: Ipv4Addr,
    ) -> Option<usize> {
        let route = self.transit_routes[tgw.0 as usize][table].get(destination.to_bits());
        route.map(|route| route as usize)
    }

    /// Whether an entry of a prefix list has this address.
    pub(crate) fn in_prefix_list(&self, list: PrefixListId, address: Ipv4Addr) -> bool {
        self.prefix_lists[list.0 as usize].get(address.to_bits()).is_some()
    }

    /// The entry of a network ACL that decides for a packet with `other` at its other side.
    #[inline]
    pub(crate) fn acl_entry(
        &self,
        acl: AclId,
        egress: bool,
        packet: &Headers,
        other: Ipv4Addr,
    ) -> Option<usize> {
        let entries = &self.network_acls[acl.0 as usize][usize::from(egress)];
        entries.first(entries.kind(packet), entries.peer(other))
    }

    /// The rules of all of an ENI's security groups.
    #[inline]
    pub(crate) fn group_rules(&self, eni: EniId, egress: bool) -> &GroupRules {
        let set = self.group_set_of[eni.0 as usize];
        &self.group_sets[set as usize][usize::from(egress)]
    }

    /// A VPC, and those in which a rule of its security groups can name a group.
    pub(crate) fn near(&self, vpc: VpcId) -> &[VpcId] {
        &self.near[vpc.0 as usize]
    }

    /// A VPC's attachment to a transit gateway, and its subnet in that zone.
    pub(crate) fn transit_entry(
        &self,
        tgw: TgwId,
        vpc: VpcId,
        zone: ZoneId,
    ) -> Option<(AttachmentId, SubnetId)> {
        let key = (tgw, vpc, zone);
        let at = self.entries.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        Some(self.entries[at].1)
    }

    /// The shared ENIs among which a task's flows may choose: those of its zone if there is one.
    #[inline]
    pub(crate) fn exits(&self, task: TaskId) -> &[EniId] {
        let range = &self.exits_of[task.0 as usize];
        &self.exits[range.start as usize..range.end as usize]
    }
}

fn address_in(vpc: VpcId, address: Ipv4Addr) -> u64 {
    u64::from(vpc.0) << 32 | u64::from(address.to_bits())
}

fn private_addresses(snapshot: &Snapshot) -> HashMap<u64, EniId, RandomState> {
    let vpcs = snapshot.vpcs.iter().zip((0..).map(VpcId));
    let addresses =
        vpcs.flat_map(|(vpc, id)| vpc.addresses.iter().map(move |(a, eni)| (id, a, eni)));
    addresses.map(|(vpc, address, eni)| (address_in(vpc, *address), *eni)).collect()
}

fn routes(table: &RouteTable, lists: &[PrefixList]) -> Intervals<Option<u32>> {
    let mut blocks = Vec::new();
    for (route, index) in table.routes.iter().zip(0..) {
        let rank = (route.tie(), index);
        match route.key {
            RouteKey::Cidr(cidr) => blocks.push((cidr, rank)),
            RouteKey::PrefixList(list) => {
                let cidrs = lists[list.0 as usize].cidrs.iter();
                blocks.extend(cidrs.map(|cidr| (*cidr, rank)));
            }
        }
    }
    Intervals::innermost(blocks).map(|rank| rank.map(|(_, index)| index))
}

/// The most specific route; a static one before one that was learnt; then the first.
fn transit_routes(tgw: &TransitGateway) -> Vec<Intervals<Option<u32>>> {
    let of_table = |table: &TgwRouteTable| {
        let ranked = table.routes.iter().zip(0..);
        let blocks = ranked.map(|(route, index)| (route.cidr, (route.propagated, index)));
        Intervals::innermost(blocks.collect()).map(|rank| rank.map(|(_, index)| index))
    };
    tgw.route_tables.iter().map(of_table).collect()
}

fn addresses(list: &PrefixList) -> Intervals<Option<()>> {
    Intervals::innermost(list.cidrs.iter().map(|cidr| (*cidr, ())).collect())
}

fn entries_of(acl: &NetworkAcl) -> [Classifier; 2] {
    let rule = |entry: &AclEntry| SgRule { traffic: entry.traffic, peer: Peer::Cidr(entry.cidr) };
    [&acl.ingress, &acl.egress].map(|entries| {
        let rules: Vec<SgRule> = entries.iter().map(rule).collect();
        Classifier::new(&rules, &[])
    })
}

/// The sets of groups, and which of them each ENI carries.
fn group_sets(snapshot: &Snapshot) -> (Vec<[GroupRules; 2]>, Vec<u32>) {
    let mut known: HashMap<&[SgId], u32> = HashMap::new();
    let mut sets = Vec::new();
    let mut set_of = |groups| {
        *known.entry(groups).or_insert_with(|| {
            sets.push([false, true].map(|egress| GroupRules::new(snapshot, groups, egress)));
            sets.len() as u32 - 1
        })
    };
    let of_enis = snapshot.enis.iter().map(|eni| set_of(&eni.security_groups[..])).collect();
    (sets, of_enis)
}

fn near(snapshot: &Snapshot) -> Vec<Vec<VpcId>> {
    let mut near: Vec<Vec<VpcId>> =
        (0..snapshot.vpcs.len() as u32).map(|v| vec![VpcId(v)]).collect();
    for peering in snapshot.peerings.iter().filter(|peering| peering.same_region) {
        let [one, other] = peering.vpcs;
        near[one.0 as usize].push(other);
        near[other.0 as usize].push(one);
    }
    near
}

/// Of several attachments of a VPC, or subnets in a zone, the first.
fn entries(snapshot: &Snapshot) -> TransitEntries {
    let mut entries = Vec::new();
    for (id, attachment) in (0..).map(AttachmentId).zip(&snapshot.attachments) {
        if let AttachmentKind::Vpc { vpc, subnets } = &attachment.kind {
            let key = |subnet: SubnetId| (attachment.transit_gateway, *vpc, snapshot[subnet].zone);
            entries.extend(subnets.iter().map(|subnet| (key(*subnet), (id, *subnet))));
        }
    }
    // Stable, so that the first of equals stays the first.
    entries.sort_by_key(|(key, _)| *key);
    entries.dedup_by_key(|(key, _)| *key);
    entries
}

/// All ranges of ENIs, and the range of each task: tasks of one service and zone share it.
fn exits(snapshot: &Snapshot) -> (Vec<EniId>, Vec<Range<u32>>) {
    let mut known: HashMap<(ServiceId, Option<ZoneId>), Range<u32>> = HashMap::new();
    let mut exits: Vec<EniId> = Vec::new();
    let mut exits_of = |task: &Task| {
        let new = || {
            let first = exits.len() as u32;
            exits.extend(exits_in(snapshot, task.service, task.zone));
            first..exits.len() as u32
        };
        known.entry((task.service, task.zone)).or_insert_with(new).clone()
    };
    let of_tasks = snapshot.tasks.iter().map(&mut exits_of).collect();
    (exits, of_tasks)
}

/// The ENIs of a service's connector in a zone, or all where it has none there: of those whose zone
/// is not lost, if there are any.
fn exits_in(snapshot: &Snapshot, service: ServiceId, zone: Option<ZoneId>) -> Vec<EniId> {
    let Egress::Vpc { enis, .. } = &snapshot[service].egress else {
        return Vec::new();
    };
    let subnet = |eni: &EniId| &snapshot[snapshot[*eni].subnet];
    let live: Vec<EniId> = enis.iter().filter(|eni| !subnet(eni).lost).copied().collect();
    let enis = if live.is_empty() { enis } else { &live };
    let here = |eni: &&EniId| Some(subnet(eni).zone) == zone;
    let near: Vec<EniId> = enis.iter().filter(here).copied().collect();
    if near.is_empty() { enis.clone() } else { near }
}

#[cfg(test)]
mod tests;
