//! Packets to ask about: the first of a flow, biased to addresses and ports that mean something in
//! a given topology.

use std::net::Ipv4Addr;

use egret_control::model::*;
use fastrand::Rng;
use ipnet::Ipv4Net;

use crate::topology;

/// The first packet of a flow: a SYN, a datagram, an ICMP query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Who sends it.
    pub from: Source,
    /// Where to.
    pub dst: Ipv4Addr,
    /// IP protocol number.
    pub protocol: u8,
    /// TCP or UDP source port; the identifier of an ICMP query; else 0.
    pub src_port: u16,
    /// TCP or UDP destination port; else 0.
    pub dst_port: u16,
    /// ICMP type and code.
    pub icmp: Option<(u8, u8)>,
    /// Bytes of the whole packet; never fewer than its headers take.
    pub total_len: u16,
    /// Whether it must not be fragmented.
    pub dont_fragment: bool,
    /// Time to live.
    pub ttl: u8,
    /// Whether more fragments follow.
    pub fragment: Fragment,
}

/// Who sends a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A task of a service, by its number from 0.
    Task {
        /// The service's id.
        service: String,
        /// Which of its tasks.
        number: u32,
    },
    /// The host that owns this network interface, from its primary address.
    Interface(String),
}

/// Whether a probe is a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fragment {
    /// It is whole.
    Whole,
    /// The first fragment: it has the transport header.
    First,
}

/// The ICMP type of the answer to a query of this type (RFC 792); other types stay as they are.
pub fn answering_type(query: u8) -> u8 {
    match query {
        8 => 0,
        13 | 15 | 17 => query + 1,
        other => other,
    }
}

/// A random probe of this model.
///
/// # Panics
/// When the model has no sender: neither a service nor a host.
pub fn random(rng: &mut Rng, model: &Model) -> Probe {
    let from = source(rng, model);
    let dst = loop {
        let dst = destination(rng, model, &from);
        if own_address(model, &from) != Some(dst) {
            break dst;
        }
    };
    let (protocol, icmp) = protocol(rng);
    let (src_port, dst_port) = match protocol {
        6 | 17 => (source_port(rng), topology::port(rng)),
        1 => (rng.u16(1..), 0),
        _ => (0, 0),
    };
    let fragment = if rng.u8(..32) == 0 { Fragment::First } else { Fragment::Whole };
    let mut total_len = length(rng, &model.settings);
    if fragment == Fragment::First {
        // Offsets count in eights, so all fragments but the last carry a multiple of them.
        total_len -= (total_len - 20) % 8;
    }
    Probe {
        from,
        dst,
        protocol,
        src_port,
        dst_port,
        icmp,
        total_len,
        dont_fragment: rng.bool(),
        ttl: if rng.u8(..20) == 0 { rng.u8(1..4) } else { 64 },
        fragment,
    }
}

fn source(rng: &mut Rng, model: &Model) -> Source {
    let hosts: Vec<_> =
        model.network_interfaces.iter().filter(|i| i.owner == InterfaceOwner::Host).collect();
    if hosts.is_empty() || (!model.services.is_empty() && rng.u8(..10) < 6) {
        let mut service = rng.choice(&model.services).expect("a model with senders");
        if service.egress == Egress::Default && rng.bool() {
            // Little happens to it on its way.
            service = rng.choice(&model.services).expect("as before");
        }
        let number = rng.u32(..service.tasks.value);
        return Source::Task { service: service.id.value.clone(), number };
    }
    Source::Interface(rng.choice(hosts).expect("hosts").id.value.clone())
}

fn own_address(model: &Model, from: &Source) -> Option<Ipv4Addr> {
    let Source::Interface(id) = from else {
        return None;
    };
    let interface = model.network_interfaces.iter().find(|i| i.id.value == *id)?;
    Some(interface.addresses[0].value)
}

/// The VPC in which a sender's packets begin.
fn vpc_of<'a>(model: &'a Model, from: &Source) -> Option<&'a Vpc> {
    let subnet = match from {
        Source::Interface(id) => {
            &model.network_interfaces.iter().find(|i| i.id.value == *id)?.subnet
        }
        Source::Task { service, .. } => {
            let service = model.services.iter().find(|s| s.id.value == *service)?;
            let Egress::Vpc(name) = &service.egress else {
                return None;
            };
            &model.connectors.iter().find(|c| c.id == *name)?.subnets[0]
        }
    };
    let subnet = model.subnets.iter().find(|s| s.id == *subnet)?;
    model.vpcs.iter().find(|v| v.id == subnet.vpc)
}

fn destination(rng: &mut Rng, model: &Model, from: &Source) -> Ipv4Addr {
    let vpc = vpc_of(model, from);
    let near = vpc.map(|vpc| private_addresses(model, vpc)).unwrap_or_default();
    let choice = rng.u8(..100);
    let found = match choice {
        0..22 => rng.choice(near),
        22..43 => {
            let others = model.vpcs.iter().filter(|other| vpc.is_none_or(|vpc| vpc.id != other.id));
            rng.choice(others.collect::<Vec<_>>())
                .and_then(|vpc| rng.choice(private_addresses(model, vpc)))
        }
        43..62 => rng.choice(internet()),
        62..68 => rng.choice(public_addresses(model)),
        68..76 => rng.choice(&model.prefix_lists).and_then(|list| {
            let cidr = rng.choice(&list.cidrs)?.value;
            Some(within(rng, cidr))
        }),
        76..82 => rng.choice(behind_transit_gateways(model)).map(|cidr| within(rng, cidr)),
        82..86 => rng.choice(link_local(vpc)),
        86..91 => rng.choice(&model.subnets).map(|subnet| within(rng, subnet.cidr.value)),
        91..93 => vpc.or(model.vpcs.first()).map(|vpc| within(rng, vpc.cidrs[0].value)),
        _ => rng.choice(odd()),
    };
    found.unwrap_or(Ipv4Addr::new(203, 0, 113, 10))
}

fn private_addresses(model: &Model, vpc: &Vpc) -> Vec<Ipv4Addr> {
    let here = |subnet: &Name| model.subnets.iter().any(|s| s.id == *subnet && s.vpc == vpc.id);
    let mut all = Vec::new();
    for interface in model.network_interfaces.iter().filter(|i| here(&i.subnet)) {
        all.extend(interface.addresses.iter().map(|a| a.value));
    }
    for nat in model.nat_gateways.iter().filter(|nat| nat.available && here(&nat.subnet)) {
        all.extend(nat.addresses.iter().filter_map(|a| a.private.map(|p| p.value)));
    }
    for endpoint in &model.vpc_endpoints {
        if let EndpointKind::Interface { subnets, .. } = &endpoint.kind {
            let mine = subnets.iter().filter(|(subnet, _)| here(subnet));
            // Twice: there are few of them.
            all.extend(mine.flat_map(|(_, a)| a.iter().chain(a.iter())).map(|a| a.value));
        }
    }
    all
}

fn public_addresses(model: &Model) -> Vec<Ipv4Addr> {
    let interfaces = model.network_interfaces.iter().filter_map(|i| i.public);
    let nats = model.nat_gateways.iter().filter(|nat| nat.available);
    let elastic = nats.flat_map(|nat| nat.addresses.iter().filter_map(|a| a.public));
    interfaces.chain(elastic).map(|address| address.value).collect()
}

fn behind_transit_gateways(model: &Model) -> Vec<Ipv4Net> {
    let attachments = model.transit_gateways.iter().flat_map(|gateway| &gateway.attachments);
    let external = attachments.filter_map(|attachment| match &attachment.kind {
        AttachmentKind::External { cidrs } => Some(cidrs),
        AttachmentKind::Vpc { .. } => None,
    });
    external.flatten().map(|cidr| cidr.value).collect()
}

fn link_local(vpc: Option<&Vpc>) -> Vec<Ipv4Addr> {
    let plus_two = vpc.map(|vpc| Ipv4Addr::from_bits(vpc.cidrs[0].value.network().to_bits() + 2));
    let fixed = [[169, 253], [169, 254], [169, 123], [170, 2], [1, 1]];
    fixed.iter().map(|[c, d]| Ipv4Addr::new(169, 254, *c, *d)).chain(plus_two).collect()
}

fn internet() -> Vec<Ipv4Addr> {
    ["203.0.113.10", "203.0.113.200", "198.18.0.7", "8.8.8.8", "52.216.1.1"].map(parse).to_vec()
}

fn odd() -> Vec<Ipv4Addr> {
    let nobody = ["10.99.0.1", "172.30.1.1", "192.168.77.7", "100.64.3.3", "100.65.0.9"];
    let refused = ["224.0.0.1", "255.255.255.255", "0.0.0.7", "127.0.0.1", "240.1.2.3"];
    nobody.iter().chain(&nobody).chain(&refused).map(|text| parse(text)).collect()
}

fn parse(text: &str) -> Ipv4Addr {
    text.parse().expect("an address")
}

/// An address within a block, often one of its edges, never a VPC's reserved ones.
fn within(rng: &mut Rng, cidr: Ipv4Net) -> Ipv4Addr {
    let (first, last) = (cidr.network().to_bits(), cidr.broadcast().to_bits());
    let edge = [first, last][rng.usize(..2)];
    let inner = if last - first > 8 { rng.u32(first + 4..last) } else { rng.u32(first..=last) };
    Ipv4Addr::from_bits(if rng.u8(..3) == 0 { edge } else { inner })
}

fn protocol(rng: &mut Rng) -> (u8, Option<(u8, u8)>) {
    match rng.u8(..100) {
        0..68 => (6, None),
        68..86 => (17, None),
        86..94 => (1, Some((8, 0))),
        94..97 => (1, Some(*rng.choice(&[(13, 0), (17, 0), (42, 0), (8, 1)]).expect("types"))),
        _ => (*rng.choice(&[47, 50, 132]).expect("protocols"), None),
    }
}

fn source_port(rng: &mut Rng) -> u16 {
    match rng.u8(..8) {
        0 => *rng.choice(&[1, 443, 500, 1023, 1024, 65_535]).expect("ports"),
        _ => rng.u16(1024..),
    }
}

fn length(rng: &mut Rng, settings: &Settings) -> u16 {
    let settings = &settings.dataplane;
    let mtus = [settings.internet_mtu, settings.gateway_mtu, settings.vpc_mtu];
    match rng.u8(..20) {
        0 | 1 => *rng.choice(&mtus).expect("MTUs") + u16::from(rng.bool()),
        _ => rng.u16(60..200),
    }
}
