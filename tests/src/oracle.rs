//! The oracle: what becomes of a packet, worked out slowly and obviously.
//!
//! It was written from AWS's documented behaviour alone and shares no code with the dataplane: it
//! walks the model as the operator wrote it, by names, searching lists from end to end. Whatever it
//! and the dataplane disagree on is a bug in one of them. It knows no time, no load and no second
//! packet: ports never run out and nothing expires.
//!
//! Source ports that a gateway chooses are unknown to it. It takes one for all, [`EPHEMERAL`], so a
//! topology must treat every port from 1024 up alike (as [`crate::topology`] does).

mod world;

use std::net::Ipv4Addr;

use egret_control::model::*;
use ipnet::Ipv4Net;

use self::world::{Eni, Owner, Target, World};
use crate::probe::{Fragment, Probe, Source};

/// Stands for the source port that a gateway picks, anywhere from 1024 to 65535.
pub const EPHEMERAL: u16 = 40_000;

/// Why a packet was dropped, by the reason's name, and the id of the element that did it.
pub type Dropped = (&'static str, String);

/// What becomes of the first packet of a flow and of the smallest answer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What becomes of the packet.
    pub forward: Result<Delivery, Dropped>,
    /// What becomes of the answer; `None` when there is none, as the packet never arrived.
    pub reply: Option<Result<(), Dropped>>,
}

/// A packet at its destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Where it arrived.
    pub to: Where,
    /// The source address that the destination sees.
    pub source: Ipv4Addr,
    /// NAT gateways that it passed, in order.
    pub via: Vec<String>,
}

/// Where a packet can leave the network.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Where {
    /// Beyond the internet gateways, or by the provider's own way out.
    Internet,
    /// A network interface: its id, or `endpoint@subnet` for one of an interface endpoint.
    Interface(String),
    /// The service behind this gateway endpoint.
    Endpoint(String),
    /// The resolver and the other link-local services of this VPC.
    LinkLocal(String),
    /// The network behind this attachment of a transit gateway.
    External(String),
    /// The task that sent the first packet: where answers end.
    Task,
}

/// Judges the first packet of a flow, and the answer to it, where every NAT gateway uses its primary
/// address.
pub fn judge(model: &Model, probe: &Probe) -> Outcome {
    judge_picking(model, probe, 0)
}

/// The same, where `pick` says which of its addresses each NAT gateway uses: AWS does not, and any
/// is right. The first gateway on the way takes `pick` modulo the number of its addresses, the next
/// what is left after a division by that number, and so on.
pub fn judge_picking(model: &Model, probe: &Probe, pick: usize) -> Outcome {
    let world = World::new(model);
    let mut walk = Walk::new(&world, Packet::of(probe));
    walk.pick = pick;
    match walk.send(&probe.from) {
        Err(dropped) => Outcome { forward: Err(dropped), reply: None },
        Ok(to) => {
            let reply = walk.answer(&to);
            let delivery = Delivery { to, source: walk.packet.src, via: walk.via };
            Outcome { forward: Ok(delivery), reply: Some(reply) }
        }
    }
}

#[derive(Clone, Copy)]
struct Packet {
    src: Ipv4Addr,
    dst: Ipv4Addr,
    protocol: u8,
    src_port: u16,
    dst_port: u16,
    icmp: Option<(u8, u8)>,
    total_len: u16,
    dont_fragment: bool,
    ttl: u8,
    fragment: Fragment,
}

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;

impl Packet {
    fn of(probe: &Probe) -> Packet {
        Packet {
            src: Ipv4Addr::UNSPECIFIED,
            dst: probe.dst,
            protocol: probe.protocol,
            src_port: probe.src_port,
            dst_port: probe.dst_port,
            icmp: probe.icmp,
            total_len: probe.total_len,
            dont_fragment: probe.dont_fragment,
            ttl: probe.ttl,
            fragment: probe.fragment,
        }
    }

    fn answer(self) -> Packet {
        Packet {
            src: self.dst,
            dst: self.src,
            src_port: self.dst_port,
            dst_port: self.src_port,
            icmp: self.icmp.map(|(kind, code)| (crate::probe::answering_type(kind), code)),
            total_len: 40,
            ttl: 64,
            fragment: Fragment::Whole,
            ..self
        }
    }

    fn is_tcp_or_udp(self) -> bool {
        self.protocol == TCP || self.protocol == UDP
    }

    fn is_echo_request(self) -> bool {
        matches!(self.icmp, Some((8, _)))
    }
}

/// One way: a packet, and what is remembered about it.
struct Walk<'a> {
    world: &'a World<'a>,
    packet: Packet,
    /// The ENI that sent the packet, as long as the source is its private address.
    sender: Option<&'a Eni<'a>>,
    /// The reason to give where only the sender's groups, hidden on the way, would have helped.
    hidden: Option<&'static str>,
    came_by_transit_gateway: bool,
    lookups: u32,
    pick: usize,
    via: Vec<String>,
    /// What the elements remember of the packet.
    notes: Notes,
    /// When this packet is an answer, what they remember of the packet it answers.
    remembered: Option<Notes>,
}

#[derive(Clone, Default)]
struct Notes {
    /// ENIs whose groups let it pass.
    allowed: Vec<Allowed>,
    /// Whether something on the way has every flow tracked.
    tracked: bool,
    translations: Vec<Translation>,
    /// The interface that sent it, with the source and destination as sent.
    origin: Option<(String, Ipv4Addr, Ipv4Addr)>,
}

#[derive(Clone)]
struct Allowed {
    eni: String,
    src: Ipv4Addr,
    dst: Ipv4Addr,
    /// Whether everybody may, and may be answered, so that no state is kept.
    open: bool,
}

#[derive(Clone)]
struct Translation {
    element: String,
    inside: Ipv4Addr,
    inside_port: u16,
    outside: Ipv4Addr,
    remote: Ipv4Addr,
}

/// Where a packet is between two steps.
enum At<'a> {
    /// It leaves an interface of this subnet.
    Subnet(&'a Subnet),
    /// It enters this interface.
    Eni(&'a Eni<'a>),
    End(Where),
}

type Step<'a> = Result<At<'a>, Dropped>;

fn drop<T>(reason: &'static str, element: &str) -> Result<T, Dropped> {
    Err((reason, element.to_owned()))
}

impl<'a> Walk<'a> {
    fn new(world: &'a World<'a>, packet: Packet) -> Walk<'a> {
        Walk {
            world,
            packet,
            sender: None,
            hidden: None,
            came_by_transit_gateway: false,
            lookups: 0,
            pick: 0,
            via: Vec::new(),
            notes: Notes::default(),
            remembered: None,
        }
    }

    fn send(&mut self, from: &Source) -> Result<Where, Dropped> {
        let dst = self.packet.dst;
        if one_of(&["224.0.0.0/3", "0.0.0.0/8", "127.0.0.0/8"], dst) {
            return drop("unroutable-destination", "dataplane");
        }
        match from {
            Source::Interface(id) => {
                let eni = self.world.eni(id);
                self.packet.src = eni.addresses[0];
                self.notes.origin = Some((eni.id.clone(), self.packet.src, dst));
                self.leave_eni(eni)
            }
            Source::Task { service, number } => {
                let mut services = self.world.model.services.iter();
                let service = services.find(|s| s.id.value == *service).expect("a known service");
                match &service.egress {
                    Egress::Default => self.provider(service),
                    Egress::Vpc(connector) => {
                        let pick = &mut self.pick;
                        let eni = self.world.hyperplane_eni(connector, service, *number, pick);
                        self.hyperplane(eni)
                    }
                }
            }
        }
    }

    fn provider(&mut self, service: &Service) -> Result<Where, Dropped> {
        let p = self.packet;
        if is_rfc1918(p.dst) || is_rfc6598(p.dst) || one_of(&["169.254.0.0/16"], p.dst) {
            return drop("default-egress-private-destination", &service.id);
        }
        if !p.is_tcp_or_udp() && !p.is_echo_request() {
            return drop("nat-protocol", &service.id);
        }
        self.packet.src = self.world.model.settings.dataplane.provider_address;
        Ok(Where::Internet)
    }

    fn hyperplane(&mut self, eni: &'a Eni<'a>) -> Result<Where, Dropped> {
        let icmp = self.world.model.settings.dataplane.hyperplane_icmp;
        let carried = self.packet.is_tcp_or_udp() || icmp && self.packet.is_echo_request();
        if !carried {
            return drop("hyperplane-protocol", &eni.id);
        }
        self.translate(&eni.id, eni.addresses[0]);
        self.leave_eni(eni)
    }

    /// The source becomes `outside`, and the element remembers what it was.
    fn translate(&mut self, element: &str, outside: Ipv4Addr) {
        self.notes.tracked = true;
        self.notes.translations.push(Translation {
            element: element.to_owned(),
            inside: self.packet.src,
            inside_port: self.packet.src_port,
            outside,
            remote: self.packet.dst,
        });
        self.packet.src = outside;
        self.packet.src_port = EPHEMERAL;
    }

    fn leave_eni(&mut self, eni: &'a Eni<'a>) -> Result<Where, Dropped> {
        self.sender = Some(eni);
        if self.packet.total_len > self.world.model.settings.dataplane.vpc_mtu {
            return drop("mtu-exceeded-silent", &eni.id);
        }
        self.zone(eni.subnet, eni.name())?;
        let vpc = self.world.vpc(&eni.subnet.vpc);
        let base = vpc.cidrs[0].network().to_bits();
        let resolvers = [Ipv4Addr::new(169, 254, 169, 253), Ipv4Addr::from_bits(base + 2)];
        if resolvers.contains(&self.packet.dst) && !vpc.dns_support.value {
            return drop("resolver-disabled", &vpc.id);
        }
        let services = ["169.254.169.254/32", "169.254.169.123/32", "169.254.170.2/32"];
        if resolvers.contains(&self.packet.dst) || one_of(&services, self.packet.dst) {
            return Ok(Where::LinkLocal(vpc.id.value.clone()));
        }
        if one_of(&["169.254.0.0/16"], self.packet.dst) {
            return drop("link-local-destination", &self.world.table_of(eni.subnet).id);
        }
        self.security_groups(eni, true)?;
        self.walk(At::Subnet(eni.subnet))
    }

    /// The answer's way back from where the packet was delivered.
    fn answer(&self, from: &Where) -> Result<(), Dropped> {
        let mut back = Walk::new(self.world, self.packet.answer());
        back.remembered = Some(self.notes.clone());
        let arrived = back.answer_from(from)?;
        let origin = self.notes.origin.as_ref();
        let home = match &arrived {
            Where::Task => true,
            Where::Interface(id) => origin == Some(&(id.clone(), back.packet.dst, back.packet.src)),
            _ => false,
        };
        if home { Ok(()) } else { drop("unsolicited", "dataplane") }
    }

    fn answer_from(&mut self, from: &Where) -> Result<Where, Dropped> {
        let start = match from {
            Where::LinkLocal(_) | Where::Task => return Ok(self.origin()),
            Where::Internet if self.packet.dst == self.provider_address() => {
                return Ok(Where::Task);
            }
            Where::Internet => self.enter_from_internet()?,
            Where::External(attachment) => {
                let (gateway, attachment) = self.world.attachment(attachment);
                self.across_transit_gateway(gateway, attachment, None)?
            }
            Where::Endpoint(id) => {
                let mut endpoints = self.world.model.vpc_endpoints.iter();
                let endpoint = endpoints.find(|e| e.id.value == *id).expect("a known endpoint");
                self.local(&endpoint.vpc, id)?
            }
            Where::Interface(id) => {
                let eni = self.world.eni(id);
                self.sender = Some(eni).filter(|eni| eni.addresses.contains(&self.packet.src));
                self.security_groups(eni, true)?;
                At::Subnet(eni.subnet)
            }
        };
        self.walk(start)
    }

    fn origin(&self) -> Where {
        let origin = self.remembered.as_ref().and_then(|notes| notes.origin.clone());
        origin.map_or(Where::Task, |(id, ..)| Where::Interface(id))
    }

    fn provider_address(&self) -> Ipv4Addr {
        self.world.model.settings.dataplane.provider_address
    }

    fn walk(&mut self, mut at: At<'a>) -> Result<Where, Dropped> {
        loop {
            at = match at {
                At::Subnet(subnet) => self.leave_subnet(subnet)?,
                At::Eni(eni) => self.enter_eni(eni)?,
                At::End(place) => return Ok(place),
            }
        }
    }

    fn leave_subnet(&mut self, subnet: &'a Subnet) -> Step<'a> {
        let table = self.world.table_of(subnet);
        if has(subnet.cidr.value, self.packet.dst) {
            return match self.world.eni_at(&subnet.vpc, self.packet.dst) {
                Some(eni) => Ok(At::Eni(eni)),
                None => drop("no-such-address", &table.id),
            };
        }
        self.lookups += 1;
        if self.lookups > 32 {
            return drop("routing-loop", &table.id);
        }
        self.network_acl(subnet, true)?;
        match self.world.route(table, self.packet.dst) {
            None => drop("no-route", &table.id),
            Some(Target::Blackhole) => drop("blackhole-route", &table.id),
            Some(Target::Local) => self.local(&subnet.vpc, &table.id),
            Some(Target::InternetGateway(gateway)) => self.internet_gateway(gateway, subnet),
            Some(Target::NatGateway(nat)) => self.nat_gateway(nat, subnet),
            Some(Target::Endpoint(endpoint)) => self.gateway_endpoint(endpoint),
            Some(Target::Peering(peering)) => self.peering(peering, subnet),
            Some(Target::TransitGateway(gateway)) => self.transit_gateway(gateway, subnet),
            Some(Target::Interface(eni)) => self.appliance(eni, subnet),
        }
    }

    /// To the ENI with the destination address; `by` sent it there.
    fn local(&mut self, vpc: &str, by: &str) -> Step<'a> {
        let Some(eni) = self.world.eni_at(vpc, self.packet.dst) else {
            return drop("no-such-address", by);
        };
        self.network_acl(eni.subnet, false)?;
        Ok(At::Eni(eni))
    }

    fn nat_gateway(&mut self, nat: &'a NatGateway, left: &Subnet) -> Step<'a> {
        let subnet = self.world.subnet(&nat.subnet);
        let own = &self.world.eni(&nat.id).addresses;
        self.zone(subnet, &nat.id)?;
        if !self.world.in_vpc(&subnet.vpc, self.packet.src) && !self.came_by_transit_gateway {
            return drop("nat-source-outside-vpc", &nat.id);
        }
        if own.contains(&self.packet.src) {
            return drop("routing-loop", &nat.id);
        }
        if subnet.id != left.id {
            self.network_acl(subnet, false)?;
        }
        if self.remembered.is_some() {
            return drop("nat-unsolicited", &nat.id);
        }
        if !self.packet.is_tcp_or_udp() && !self.packet.is_echo_request() {
            return drop("nat-protocol", &nat.id);
        }
        if self.packet.fragment == Fragment::First && self.packet.protocol != UDP {
            return drop("nat-fragment", &nat.id);
        }
        if self.packet.ttl <= 1 {
            return drop("ttl-expired", &nat.id);
        }
        let mtu = self.world.model.settings.dataplane.gateway_mtu;
        let in_pieces = self.packet.protocol == UDP && !self.packet.dont_fragment;
        if self.packet.total_len > mtu && !in_pieces {
            return drop("packet-too-big", &nat.id);
        }
        // It forwards fragments of UDP only, so it makes only those; the largest just fits.
        self.packet.total_len = self.packet.total_len.min(mtu);
        self.packet.ttl -= 1;
        // A flow remembers three translations; more than that only a circle of gateways needs.
        if self.notes.translations.len() == 3 {
            return drop("routing-loop", &nat.id);
        }
        self.translate(&nat.id, own[self.pick % own.len()]);
        self.pick /= own.len();
        self.sender = None;
        self.via.push(nat.id.value.clone());
        Ok(At::Subnet(subnet))
    }

    fn gateway_endpoint(&mut self, endpoint: &VpcEndpoint) -> Step<'a> {
        if !self.world.in_vpc(&endpoint.vpc, self.packet.src) {
            return drop("gateway-endpoint-source", &endpoint.id);
        }
        if self.packet.protocol != TCP && !self.packet.is_echo_request() {
            return drop("gateway-endpoint-protocol", &endpoint.id);
        }
        Ok(At::End(Where::Endpoint(endpoint.id.value.clone())))
    }

    fn internet_gateway(&mut self, gateway: &InternetGateway, left: &Subnet) -> Step<'a> {
        if is_rfc1918(self.packet.dst) {
            return drop("igw-private-destination", &gateway.id);
        }
        if is_rfc6598(self.packet.dst) {
            return drop("igw-shared-destination", &gateway.id);
        }
        let source = self.world.eni_at(&left.vpc, self.packet.src);
        let mut pairs = source.iter().flat_map(|eni| &eni.public);
        let Some((_, public)) = pairs.find(|(private, _)| *private == self.packet.src) else {
            return drop("igw-no-public-address", &gateway.id);
        };
        let mtu = self.world.model.settings.dataplane.internet_mtu;
        if self.packet.total_len > mtu && self.packet.dont_fragment {
            return drop("packet-too-big", &gateway.id);
        }
        // Else it goes on in pieces, the largest of which just fits.
        self.packet.total_len = self.packet.total_len.min(mtu);
        self.packet.src = *public;
        self.sender = None;
        self.enter_from_internet()
    }

    /// In from the internet where the destination is somebody's public address, else out.
    fn enter_from_internet(&mut self) -> Step<'a> {
        for eni in &self.world.enis {
            for (private, public) in &eni.public {
                if *public == self.packet.dst {
                    self.packet.dst = *private;
                    self.network_acl(eni.subnet, false)?;
                    return Ok(At::Eni(eni));
                }
            }
        }
        Ok(At::End(Where::Internet))
    }

    fn peering(&mut self, peering: &Peering, near: &Subnet) -> Step<'a> {
        let far =
            if peering.requester == near.vpc { &peering.accepter } else { &peering.requester };
        let near = self.world.in_vpc(&near.vpc, self.packet.src);
        if !near || !self.world.in_vpc(far, self.packet.dst) {
            return drop("peering-outside-vpc", &peering.id);
        }
        let settings = &self.world.model.settings.dataplane;
        let mtu = if peering.same_region { settings.vpc_mtu } else { settings.internet_mtu };
        if self.packet.total_len > mtu {
            return drop("mtu-exceeded-silent", &peering.id);
        }
        if !peering.same_region {
            self.hidden = self.hidden.or(Some("security-group-reference-lost"));
        }
        self.local(far, &peering.id)
    }

    fn transit_gateway(&mut self, gateway: &'a TransitGateway, left: &Subnet) -> Step<'a> {
        for attachment in &gateway.attachments {
            let AttachmentKind::Vpc { vpc, subnets } = &attachment.kind else {
                continue;
            };
            if *vpc != left.vpc {
                continue;
            }
            for subnet in subnets.iter().map(|id| self.world.subnet(id)) {
                if subnet.az == left.az {
                    self.zone(subnet, &gateway.id)?;
                    self.network_acl(subnet, false)?;
                    return self.across_transit_gateway(gateway, attachment, Some(&left.az));
                }
            }
        }
        drop("transit-gateway-zone", &gateway.id)
    }

    fn across_transit_gateway(
        &mut self,
        gateway: &'a TransitGateway,
        from: &TransitGatewayAttachment,
        zone: Option<&str>,
    ) -> Step<'a> {
        if self.packet.total_len > self.world.model.settings.dataplane.gateway_mtu {
            return drop("mtu-exceeded-silent", &gateway.id);
        }
        let mut tables = gateway.route_tables.iter();
        let Some(table) = tables.find(|table| table.associations.contains(&from.id)) else {
            return drop("transit-gateway-no-association", &gateway.id);
        };
        let to = match self.world.transit_route(gateway, table, self.packet.dst) {
            None => return drop("transit-gateway-no-route", &gateway.id),
            Some(None) => return drop("transit-gateway-blackhole", &gateway.id),
            Some(Some(to)) => to,
        };
        if !gateway.sg_referencing {
            self.hidden = self.hidden.or(Some("security-group-reference-transit"));
        }
        self.came_by_transit_gateway = true;
        self.notes.tracked = true;
        match &to.kind {
            AttachmentKind::External { .. } => Ok(At::End(Where::External(to.id.value.clone()))),
            AttachmentKind::Vpc { subnets, .. } => {
                let subnets: Vec<_> = subnets.iter().map(|id| self.world.subnet(id)).collect();
                let same_zone = subnets.iter().find(|s| Some(s.az.as_str()) == zone);
                let lives = |s: &&&Subnet| !self.world.model.lost_azs.contains(&s.az);
                let other = || subnets.iter().find(lives);
                let subnet = same_zone.or_else(other).unwrap_or(&subnets[0]);
                self.zone(subnet, &gateway.id)?;
                Ok(At::Subnet(subnet))
            }
        }
    }

    /// A route names the interface: the packet is for it, whatever its destination.
    fn appliance(&mut self, eni: &'a Eni<'a>, left: &Subnet) -> Step<'a> {
        if eni.source_dest_check && !eni.addresses.contains(&self.packet.dst) {
            return drop("source-dest-check", &eni.id);
        }
        if eni.subnet.id != left.id {
            self.network_acl(eni.subnet, false)?;
        }
        Ok(At::Eni(eni))
    }

    /// Nothing passes where the zone is lost.
    fn zone(&self, subnet: &Subnet, element: &str) -> Result<(), Dropped> {
        let lost = self.world.model.lost_azs.contains(&subnet.az);
        if lost { drop("zone-lost", element) } else { Ok(()) }
    }

    fn enter_eni(&mut self, eni: &'a Eni<'a>) -> Step<'a> {
        self.zone(eni.subnet, eni.name())?;
        if matches!(eni.owner, Owner::Endpoint(_)) {
            self.notes.tracked = true;
        }
        let known = self.translation(&eni.id);
        let expected = known.is_some();
        match (&eni.owner, known) {
            (Owner::Nat(_), Some(known)) => {
                self.packet.dst = known.inside;
                self.packet.dst_port = known.inside_port;
                return Ok(At::Subnet(eni.subnet));
            }
            (Owner::Nat(nat), None) => return drop("nat-unsolicited", &nat.id),
            (Owner::Endpoint(id), _) if !self.packet.is_tcp_or_udp() => {
                return drop("endpoint-protocol", id);
            }
            (Owner::Endpoint(id), _)
                if self.packet.total_len > self.world.model.settings.dataplane.gateway_mtu =>
            {
                return drop("mtu-exceeded-silent", id);
            }
            _ => {}
        }
        self.security_groups(eni, false)?;
        match eni.owner {
            Owner::Hyperplane if expected => Ok(At::End(Where::Task)),
            Owner::Hyperplane => drop("hyperplane-one-way", &eni.id),
            _ => Ok(At::End(Where::Interface(eni.id.clone()))),
        }
    }

    /// What this element remembers, if the packet answers what it translated.
    fn translation(&self, element: &str) -> Option<Translation> {
        let answers = |t: &&Translation| {
            t.element == element && t.outside == self.packet.dst && t.remote == self.packet.src
        };
        self.remembered.as_ref()?.translations.iter().find(answers).cloned()
    }

    fn network_acl(&self, subnet: &Subnet, egress: bool) -> Result<(), Dropped> {
        let acl = self.world.acl_of(subnet);
        let peer = if egress { self.packet.dst } else { self.packet.src };
        let mut entries: Vec<_> = acl.entries.iter().filter(|e| e.egress == egress).collect();
        entries.sort_by_key(|entry| entry.number.value);
        let decides = |e: &&&AclEntry| has(e.cidr.value, peer) && self.is(e.traffic.value);
        let allowed = entries.iter().find(decides).is_some_and(|entry| entry.allow);
        let reason = if egress { "network-acl-egress" } else { "network-acl-ingress" };
        if allowed { Ok(()) } else { drop(reason, &acl.id) }
    }

    fn security_groups(&mut self, eni: &Eni<'a>, egress: bool) -> Result<(), Dropped> {
        let (src, dst) = (self.packet.src, self.packet.dst);
        if self.is_answer_to_tracked(eni) {
            return Ok(());
        }
        let rules = self.world.rules(eni, egress);
        let of_traffic: Vec<_> = rules.iter().filter(|rule| self.is(rule.traffic.value)).collect();
        if of_traffic.iter().any(|rule| self.names(&rule.peer, eni, egress)) {
            let (eni, open) = (eni.id.clone(), self.is_open_both_ways(eni, egress));
            self.notes.allowed.push(Allowed { eni, src, dst, open });
            return Ok(());
        }
        let would_help = |peer: &Peer| matches!(peer, Peer::SecurityGroup(id) if self.carries(id));
        let reason = match (egress, rules.is_empty(), self.hidden) {
            (true, true, _) => "security-group-egress-empty",
            (true, false, _) => "security-group-egress",
            (false, true, _) => "security-group-ingress-empty",
            (false, false, Some(hidden)) if of_traffic.iter().any(|r| would_help(&r.peer)) => {
                hidden
            }
            (false, false, _) => "security-group-ingress",
        };
        drop(reason, &eni.id)
    }

    /// Whether the groups of `eni` admit the packet by what they remember.
    fn is_answer_to_tracked(&self, eni: &Eni<'_>) -> bool {
        let Some(notes) = &self.remembered else {
            return false;
        };
        notes.allowed.iter().any(|allowed| {
            allowed.eni == eni.id
                && (allowed.src, allowed.dst) == (self.packet.dst, self.packet.src)
                && (notes.tracked || !allowed.open)
        })
    }

    /// Whether a rule from or to everywhere allows the packet, and one the other way everything of
    /// its protocol: then the answer is judged by that rule, not by state.
    fn is_open_both_ways(&self, eni: &Eni<'_>, egress: bool) -> bool {
        let everywhere = |rule: &&&SecurityGroupRule| matches!(rule.peer.value, Peer::Cidr(cidr) if cidr.prefix_len() == 0);
        let all_ports = |traffic| match traffic {
            Traffic::All => true,
            Traffic::Tcp(0, 65_535) => self.packet.protocol == TCP,
            Traffic::Udp(0, 65_535) => self.packet.protocol == UDP,
            _ => false,
        };
        let (this, other) = (self.world.rules(eni, egress), self.world.rules(eni, !egress));
        self.packet.is_tcp_or_udp()
            && this.iter().filter(everywhere).any(|rule| self.is(rule.traffic.value))
            && other.iter().filter(everywhere).any(|rule| all_ports(rule.traffic.value))
    }

    /// Whether a rule's peer is the packet's other side, seen from `eni`.
    fn names(&self, peer: &Peer, eni: &Eni<'_>, egress: bool) -> bool {
        let other = if egress { self.packet.dst } else { self.packet.src };
        match peer {
            Peer::Cidr(cidr) => has(*cidr, other),
            Peer::PrefixList(id) => self.world.in_prefix_list(id, other).is_some(),
            Peer::SecurityGroup(id) if egress => self.world.enis.iter().any(|e| {
                e.groups.contains(id)
                    && e.addresses.contains(&other)
                    && self.world.groups_known(&e.subnet.vpc, &eni.subnet.vpc)
            }),
            Peer::SecurityGroup(id) => self.hidden.is_none() && self.carries(id),
        }
    }

    fn carries(&self, group: &str) -> bool {
        self.sender.is_some_and(|sender| sender.groups.iter().any(|g| g == group))
    }

    fn is(&self, traffic: Traffic) -> bool {
        let p = self.packet;
        match traffic {
            Traffic::All => true,
            Traffic::Tcp(from, to) => p.protocol == TCP && from <= p.dst_port && p.dst_port <= to,
            Traffic::Udp(from, to) => p.protocol == UDP && from <= p.dst_port && p.dst_port <= to,
            Traffic::Icmp(kind, code) => {
                let (k, c) = p.icmp.unwrap_or_default();
                let fits = |wanted: Option<u8>, is: u8| wanted.is_none_or(|wanted| wanted == is);
                p.protocol == ICMP && fits(kind, k) && fits(code, c)
            }
            Traffic::Protocol(number) => p.protocol == number,
        }
    }
}

fn has(cidr: Ipv4Net, address: Ipv4Addr) -> bool {
    let shift = 32 - u64::from(cidr.prefix_len());
    u64::from(cidr.addr().to_bits()) >> shift == u64::from(address.to_bits()) >> shift
}

fn one_of(cidrs: &[&str], address: Ipv4Addr) -> bool {
    cidrs.iter().any(|cidr| has(cidr.parse().expect("a CIDR"), address))
}

fn is_rfc1918(address: Ipv4Addr) -> bool {
    one_of(&["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], address)
}

fn is_rfc6598(address: Ipv4Addr) -> bool {
    one_of(&["100.64.0.0/10"], address)
}
