//! How far around one packet its judgement holds.
//!
//! Every decision on the path depends on few things: a security group, an ACL or a route table on
//! which of its blocks an address is in and which of its port ranges a port is in; everything else on
//! which of the model's own addresses it is, and on the blocks that RFCs set aside. Where none of
//! these begins or ends between two packets, no decision can tell them apart. Blocks count only of
//! rules that were asked and whose ports are in question, ports only of rules whose block the packet
//! is in.

use std::net::Ipv4Addr;

use egret_control::model::Unknown;
use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::{Cidr, EniId, Peer, RouteKey, Snapshot, Traffic};
use egret_dataplane::trace::{Decision, Direction, Hop};
use egret_dataplane::verdict::{Drop, DropReason, Element};

use crate::open::{DOCUMENTATION, Open};
use crate::space::{Packet, Region, Span};

/// Where the world that a snapshot describes tells destinations apart, whatever the rules say.
#[derive(Clone, Debug)]
pub struct World<'a> {
    snapshot: &'a Snapshot,
    /// Addresses at which something begins, in order.
    begins: Vec<u32>,
    /// What might be there, too.
    open: Option<&'a Open>,
}

/// Protocols as some worlds tell them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kinds {
    /// TCP, UDP, ICMP, and those that a rule or an entry names by number, in order.
    pub told_apart: Vec<Protocol>,
    /// All the others, which fare alike, in order.
    pub others: Vec<Protocol>,
}

/// The protocols that any of these worlds tells apart.
pub fn kinds(worlds: &[&World<'_>]) -> Kinds {
    let mut numbered: Vec<Protocol> = worlds.iter().flat_map(|world| world.numbered()).collect();
    let mut told_apart = vec![Protocol::TCP, Protocol::UDP, Protocol::ICMP];
    numbered.retain(|protocol| !told_apart.contains(protocol));
    numbered.sort_unstable_by_key(|protocol| protocol.0);
    numbered.dedup();
    told_apart.extend(numbered);
    let is_other = |protocol: &Protocol| !told_apart.contains(protocol);
    let others = (0..=u8::MAX).map(Protocol).filter(is_other).collect();
    Kinds { told_apart, others }
}

/// ICMP types that elements tell apart: queries and their answers (RFC 792).
const ICMP_TYPES: [u8; 8] = [0, 8, 13, 14, 15, 16, 17, 18];

/// Blocks that elements treat by themselves, in order: RFC 1122 §3.2.1.3, 1918, 3927, 5771, 6598.
pub(crate) const SPECIAL: [(Ipv4Addr, u8); 8] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// Link-local services, and what they are (aws-facts §3.5).
const SERVICES: [(Ipv4Addr, &str); 4] = [
    (Ipv4Addr::new(169, 254, 169, 253), "resolver"),
    (Ipv4Addr::new(169, 254, 169, 254), "instance metadata"),
    (Ipv4Addr::new(169, 254, 169, 123), "time"),
    (Ipv4Addr::new(169, 254, 170, 2), "task metadata"),
];

/// What a link-local service is called that has this address in a VPC of the snapshot.
pub fn link_local(snapshot: &Snapshot, address: Ipv4Addr) -> Option<&'static str> {
    let service = SERVICES.iter().find(|(known, _)| *known == address).map(|(_, name)| *name);
    service.or_else(|| resolvers(snapshot).any(|known| known == address).then_some("resolver"))
}

/// Each VPC's base plus two.
fn resolvers(snapshot: &Snapshot) -> impl Iterator<Item = Ipv4Addr> {
    let bases = snapshot.vpcs.iter().map(|vpc| vpc.cidrs[0].network().to_bits());
    bases.map(|base| Ipv4Addr::from_bits(base + 2))
}

impl<'a> World<'a> {
    /// The world of a snapshot.
    pub fn new(snapshot: &'a Snapshot) -> World<'a> {
        let special = SPECIAL.map(|(address, len)| Cidr::new(address, len));
        let subnets = snapshot.subnets.iter().map(|subnet| subnet.cidr);
        let vpcs = snapshot.vpcs.iter().flat_map(|vpc| vpc.cidrs.iter().copied());
        let lists = snapshot.prefix_lists.iter().flat_map(|list| list.cidrs.iter().copied());
        let transit = snapshot.transit_gateways.iter().flat_map(|tgw| &tgw.route_tables);
        let transit = transit.flat_map(|table| table.routes.iter().map(|route| route.cidr));
        let blocks = special.into_iter().chain(subnets).chain(vpcs).chain(lists).chain(transit);

        let private = snapshot.vpcs.iter().flat_map(|vpc| vpc.addresses.iter().map(|(a, _)| *a));
        let public = snapshot.public_addresses.iter().map(|(address, _)| *address);
        let own = [snapshot.settings.provider_address];
        let services = SERVICES.map(|(address, _)| address);
        let single = private.chain(public).chain(resolvers(snapshot)).chain(own).chain(services);

        let mut begins: Vec<u32> =
            blocks.chain(single.map(Cidr::host)).flat_map(ends).flatten().collect();
        begins.sort_unstable();
        begins.dedup();
        World { snapshot, begins, open: None }
    }

    /// The same world, cut also where something that is not known would tell packets apart: then a
    /// class is in doubt as a whole ([`Open::doubt`]), or not at all.
    pub fn with(mut self, open: &'a Open) -> World<'a> {
        if !open.is_empty() {
            // Nobody has an address that stands for another one: it is as those around it.
            let of_stand_ins = open.stand_ins().map(Cidr::host).flat_map(ends).flatten();
            let of_stand_ins: Vec<u32> = of_stand_ins.collect();
            self.begins.retain(|begin| !of_stand_ins.contains(begin));
            let blocks = DOCUMENTATION.map(|(address, len)| Cidr::new(address, len));
            self.begins.extend(blocks.into_iter().flat_map(ends).flatten());
            self.begins.sort_unstable();
            self.begins.dedup();
            self.open = Some(open);
        }
        self
    }

    /// What the verdict of a packet with these hops waits for, if it is not certain.
    pub fn doubt(&self, hops: &[Hop], icmp: (u8, u8)) -> Option<&'a Unknown> {
        self.open?.doubt(self.snapshot, hops, icmp)
    }

    /// Why an address of the model is not yet the one that AWS will choose, if it is not.
    pub fn stand_in(&self, address: Ipv4Addr) -> Option<&'a Unknown> {
        self.open?.stand_in(address)
    }

    /// Why packets are dropped there for certain: not for want of any rule, where one might be.
    pub(crate) fn certain_reason(&self, drop: Drop) -> DropReason {
        let may_have_rules =
            self.open.is_some_and(|open| open.doubt_of_reason(self.snapshot, drop).is_some());
        match drop.reason {
            DropReason::SecurityGroupEgressEmpty if may_have_rules => {
                DropReason::SecurityGroupEgress
            }
            DropReason::SecurityGroupIngressEmpty if may_have_rules => {
                DropReason::SecurityGroupIngress
            }
            reason => reason,
        }
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &'a Snapshot {
        self.snapshot
    }

    /// A protocol of each kind that the world tells apart: those with ports or types, those that a
    /// rule names by number, and the lowest of all the others, which fare alike.
    pub fn protocols(&self) -> Vec<Protocol> {
        let kinds = kinds(&[self]);
        kinds.told_apart.into_iter().chain(kinds.others.first().copied()).collect()
    }

    /// Protocols that a rule or an entry names by number.
    fn numbered(&self) -> Vec<Protocol> {
        let snapshot = self.snapshot;
        let groups = snapshot.security_groups.iter();
        let rules = groups.flat_map(|group| group.ingress.iter().chain(&group.egress));
        let acls = snapshot.network_acls.iter();
        let entries = acls.flat_map(|acl| acl.ingress.iter().chain(&acl.egress));
        let open = self.open.into_iter().flat_map(Open::traffic);
        let named = rules.map(|rule| rule.traffic).chain(entries.map(|entry| entry.traffic));
        let numbered = named.chain(open).filter_map(|traffic| match traffic {
            Traffic::Protocol(protocol) => Some(protocol),
            _ => None,
        });
        numbered.collect()
    }

    /// The part of a region, around one of its packets, of which every packet passes these hops with
    /// these decisions. The hops are those of that packet. Of one region, the parts around two packets
    /// are the same or have none in common.
    pub fn around(&self, region: &Region, packet: &Packet, hops: &[Hop]) -> Region {
        let mut hold = Hold { snapshot: self.snapshot, packet: *packet, region: *region };
        let next = self.begins.partition_point(|begin| *begin <= packet.dst.to_bits());
        let (before, after) = self.begins.split_at(next);
        for begin in before.last().into_iter().chain(after.first()) {
            hold.begins(*begin);
        }
        if region.protocol == Protocol::ICMP {
            ICMP_TYPES.into_iter().for_each(|kind| hold.icmp_type(kind));
        }
        // Blocks first: which ports count depends on them.
        hops.iter().for_each(|hop| hold.blocks(hop));
        hops.iter().for_each(|hop| hold.ports(hop));
        if let Some(open) = self.open {
            hops.iter().for_each(|hop| hold.open(hop, open));
        }
        hold.region
    }
}

/// Where a block begins, and what is after it.
fn ends(block: Cidr) -> [Option<u32>; 2] {
    [Some(block.network().to_bits()), block.last().to_bits().checked_add(1)]
}

/// A region that becomes smaller, and keeps its packet.
struct Hold<'a> {
    snapshot: &'a Snapshot,
    packet: Packet,
    region: Region,
}

impl Hold<'_> {
    /// Something begins at this destination.
    fn begins(&mut self, at: u32) {
        let (dst, own) = (&mut self.region.dst, self.packet.dst.to_bits());
        if at <= own {
            dst.first = dst.first.max(at);
        } else if at <= dst.last {
            dst.last = at - 1;
        }
    }

    fn block(&mut self, block: Cidr) {
        ends(block).into_iter().flatten().for_each(|at| self.begins(at));
    }

    /// Something begins at this port.
    fn port_begins(&mut self, at: u32) {
        shorten(&mut self.region.port, self.packet.port, at);
    }

    /// Blocks of what was asked about the packet's destination.
    fn blocks(&mut self, hop: &Hop) {
        let snapshot = self.snapshot;
        match (hop.decision, hop.direction) {
            (Decision::Route { table, .. }, Direction::Forward) => {
                for route in &snapshot[table].routes {
                    match route.key {
                        RouteKey::Cidr(block) => self.block(block),
                        // The world has its blocks.
                        RouteKey::PrefixList(_) => {}
                    }
                }
            }
            // The way back is asked about the destination where it begins, as a source.
            (Decision::AclEntry { acl, egress, .. }, direction)
                if egress == (direction == Direction::Forward) =>
            {
                let acl = &snapshot[acl];
                let entries = if egress { &acl.egress } else { &acl.ingress };
                for entry in entries {
                    if self.matters(entry.traffic, direction) {
                        self.block(entry.cidr);
                    }
                }
            }
            _ => {
                if let Some((eni, egress)) = groups_asked(hop)
                    && egress == (hop.direction == Direction::Forward)
                {
                    self.group_blocks(eni, egress, hop.direction);
                }
            }
        }
    }

    fn group_blocks(&mut self, eni: EniId, egress: bool, direction: Direction) {
        for group in &self.snapshot[eni].security_groups {
            for rule in self.snapshot[*group].rules(egress) {
                if let Peer::Cidr(block) = rule.peer
                    && self.matters(rule.traffic, direction)
                {
                    self.block(block);
                }
            }
        }
    }

    /// Whether a rule for this traffic can match a packet of the region at all.
    fn matters(&self, traffic: Traffic, direction: Direction) -> bool {
        let Region { protocol, port, source_port, .. } = self.region;
        let asked = if direction == Direction::Forward { port } else { source_port };
        match traffic {
            Traffic::All => true,
            Traffic::Tcp(first, last) | Traffic::Udp(first, last) if first > last => false,
            Traffic::Tcp(first, last) => {
                protocol == Protocol::TCP && asked.both(&Span::new(first, last)).is_some()
            }
            Traffic::Udp(first, last) => {
                protocol == Protocol::UDP && asked.both(&Span::new(first, last)).is_some()
            }
            Traffic::Icmp(..) => protocol == Protocol::ICMP,
            Traffic::Protocol(other) => protocol == other,
        }
    }

    /// Ports of what was asked, where the other side is the right one.
    fn ports(&mut self, hop: &Hop) {
        let snapshot = self.snapshot;
        let peer = |egress| if egress { hop.before.dst } else { hop.before.src };
        if let Decision::AclEntry { acl, egress, .. } = hop.decision {
            let acl = &snapshot[acl];
            let entries = if egress { &acl.egress } else { &acl.ingress };
            let near = entries.iter().filter(|entry| entry.cidr.contains(peer(egress)));
            near.for_each(|entry| self.traffic(entry.traffic, hop.direction));
        }
        if let Some((eni, egress)) = groups_asked(hop) {
            for group in &snapshot[eni].security_groups {
                for rule in snapshot[*group].rules(egress) {
                    let is_near = match rule.peer {
                        Peer::Cidr(block) => block.contains(peer(egress)),
                        Peer::PrefixList(_) | Peer::Group(_) => true,
                        Peer::Stale => false,
                    };
                    if is_near {
                        self.traffic(rule.traffic, hop.direction);
                    }
                }
            }
        }
    }

    /// Blocks and ports of what might be there.
    fn open(&mut self, hop: &Hop, open: &Open) {
        for (traffic, block) in open.bounds(self.snapshot, hop) {
            if asks_of_destination(hop) {
                block.into_iter().for_each(|block| self.block(block));
            }
            traffic.into_iter().for_each(|traffic| self.traffic(traffic, hop.direction));
        }
    }

    /// A rule tells ports apart: the destination's on the way there, the source's on the way back.
    fn traffic(&mut self, traffic: Traffic, direction: Direction) {
        let protocol = self.region.protocol;
        match traffic {
            Traffic::Tcp(first, last) if protocol == Protocol::TCP => {
                self.port_range(first, last, direction);
            }
            Traffic::Udp(first, last) if protocol == Protocol::UDP => {
                self.port_range(first, last, direction);
            }
            Traffic::Icmp(kind, code) if protocol == Protocol::ICMP => self.icmp(kind, code),
            _ => {}
        }
    }

    /// A rule tells ICMP types and codes apart. A message whose answer is of another type has its type
    /// alone in the region already; an answer has the code of what it answers.
    fn icmp(&mut self, kind: Option<u8>, code: Option<u8>) {
        kind.into_iter().for_each(|kind| self.icmp_type(kind));
        let [own, _] = self.packet.port.to_be_bytes();
        let may_be = kind.is_none_or(|kind| kind == own || ICMP_TYPES.contains(&own));
        if let Some(code) = code.filter(|_| may_be) {
            self.icmp_type(own);
            let begin = u32::from(own) << 8 | u32::from(code);
            self.port_begins(begin);
            self.port_begins(begin + 1);
        }
    }

    /// Something holds for just this ICMP type.
    fn icmp_type(&mut self, kind: u8) {
        self.port_begins(u32::from(kind) << 8);
        self.port_begins((u32::from(kind) + 1) << 8);
    }

    fn port_range(&mut self, first: u16, last: u16, direction: Direction) {
        let (span, own) = match direction {
            Direction::Forward => (&mut self.region.port, self.packet.port),
            Direction::Return => (&mut self.region.source_port, self.packet.source_port),
        };
        shorten(span, own, u32::from(first));
        shorten(span, own, u32::from(last) + 1);
    }
}

/// Whose security groups were asked, and whether for their outbound rules. Those that track the flow
/// are asked for nothing.
pub(crate) fn groups_asked(hop: &Hop) -> Option<(EniId, bool)> {
    let Element::SecurityGroup(eni) = hop.element else { return None };
    match hop.decision {
        Decision::SecurityGroupRule { egress, .. } => Some((eni, egress)),
        Decision::NoSecurityGroupRule { egress, .. } => Some((eni, egress)),
        _ => None,
    }
}

/// Whether a hop's element asks about the destination of the way there, which on the way back is the
/// source: what it asks of the other side is the sender, whom classes share.
fn asks_of_destination(hop: &Hop) -> bool {
    let is_forward = hop.direction == Direction::Forward;
    match hop.decision {
        Decision::AclEntry { egress, .. } => egress == is_forward,
        Decision::Route { .. } => is_forward,
        _ => groups_asked(hop).is_some_and(|(_, egress)| egress == is_forward),
    }
}

/// Something begins at `at`: what is on the other side of it than `own` is left out.
fn shorten(span: &mut Span<u16>, own: u16, at: u32) {
    if at <= u32::from(own) {
        span.first = span.first.max(at as u16);
    } else if at <= u32::from(span.last) {
        span.last = (at - 1) as u16;
    }
}
