//! The links between elements at work: how long a packet takes from hop to hop, and which are lost.
//!
//! A trail's links follow from its hops: [`legs`] says which link comes before which hop. What a link
//! does to every packet alike, its latency, is added up once for the trail. Only a link that can do
//! more (jitter, loss, reorder, a limit) is asked for each packet; a link with a limit has a state for
//! each element and direction, as both directions have the full width.

use std::collections::HashMap;

use egret_dataplane::snapshot::{EndpointKind, EniId, Interface, InterfaceId, Snapshot, ZoneId};
use egret_dataplane::time::{Duration, Instant};
use egret_dataplane::trace::{Direction, Hop};
use egret_dataplane::verdict::Element;
use fastrand::Rng;

use crate::observe::LinkLoss;
use crate::plan::{Link, Links};

/// The kinds of link, as [`Links`] has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Hyperplane,
    Zone,
    CrossZone,
    NatGateway,
    InterfaceEndpoint,
    GatewayEndpoint,
    Resolver,
    Peering,
    TransitGateway,
    External,
    Internet,
    Provider,
}

impl Kind {
    /// Its name in the scenario file.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Kind::Hyperplane => "hyperplane",
            Kind::Zone => "zone",
            Kind::CrossZone => "cross_zone",
            Kind::NatGateway => "nat_gateway",
            Kind::InterfaceEndpoint => "interface_endpoint",
            Kind::GatewayEndpoint => "gateway_endpoint",
            Kind::Resolver => "resolver",
            Kind::Peering => "peering",
            Kind::TransitGateway => "transit_gateway",
            Kind::External => "external",
            Kind::Internet => "internet",
            Kind::Provider => "provider",
        }
    }

    const fn of(self, links: &Links) -> &Link {
        match self {
            Kind::Hyperplane => &links.hyperplane,
            Kind::Zone => &links.zone,
            Kind::CrossZone => &links.cross_zone,
            Kind::NatGateway => &links.nat_gateway,
            Kind::InterfaceEndpoint => &links.interface_endpoint,
            Kind::GatewayEndpoint => &links.gateway_endpoint,
            Kind::Resolver => &links.resolver,
            Kind::Peering => &links.peering,
            Kind::TransitGateway => &links.transit_gateway,
            Kind::External => &links.external,
            Kind::Internet => &links.internet,
            Kind::Provider => &links.provider,
        }
    }
}

/// A link on a trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Leg {
    pub(crate) kind: Kind,
    /// Which of its kind: the id of the element whose link it is.
    pub(crate) of: u32,
    /// Whether packets go the way of those that open flows.
    pub(crate) forward: bool,
    /// The hop that it leads to; the number of hops leads out.
    pub(crate) before_hop: u8,
}

/// A link that must be asked for each packet, and how long packets take until they come to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stop {
    link: usize,
    after: Duration,
    pub(crate) before_hop: u8,
}

/// A packet on its way over links: by how much it is late, and whether it may be overtaken.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Delay {
    pub(crate) late: Duration,
    pub(crate) overtaken: bool,
}

/// What a scenario's links do at the moment.
#[derive(Debug)]
pub(crate) struct Wires {
    links: Links,
    at_work: Vec<AtWork>,
    index: HashMap<(Kind, u32, bool), usize>,
    rng: Rng,
}

/// One direction of one link.
#[derive(Debug)]
struct AtWork {
    kind: Kind,
    link: Link,
    /// When all bits that wait have been sent.
    bits_until: Instant,
    /// When the next packet may be sent.
    packets_until: Instant,
}

/// A limit of packets a second holds over so long: a burst of so much passes at once.
const PACKET_BURST: Duration = Duration::from_millis(10);

impl Wires {
    pub(crate) fn new(links: Links, seed: u64) -> Wires {
        let rng = Rng::with_seed(seed ^ 0x11_4b5);
        Wires { links, at_work: Vec::new(), index: HashMap::new(), rng }
    }

    /// When packets are at each hop and at the end, without what single packets meet, and the links
    /// that they may meet something on.
    pub(crate) fn plan(&mut self, legs: &[Leg], hops: usize) -> (Vec<Duration>, Vec<Stop>) {
        let mut delays = vec![Duration::ZERO; hops + 1];
        let mut stops = Vec::new();
        let mut so_far = Duration::ZERO;
        let mut legs = legs.iter().peekable();
        for (hop, delay) in delays.iter_mut().enumerate() {
            while let Some(leg) = legs.next_if(|leg| usize::from(leg.before_hop) <= hop) {
                let link = *leg.kind.of(&self.links);
                if !is_plain(&link) {
                    let before_hop = leg.before_hop;
                    stops.push(Stop { link: self.link(leg), after: so_far, before_hop });
                }
                so_far = Duration(so_far.0 + link.latency.0);
            }
            *delay = so_far;
        }
        (delays, stops)
    }

    /// The provider's own network, in one direction: how long a packet takes.
    pub(crate) fn provider(&mut self, now: Instant, bytes: u16, forward: bool) -> Passing {
        let leg = Leg { kind: Kind::Provider, of: 0, forward, before_hop: 0 };
        let latency = self.links.provider.latency;
        let stop = Stop { link: self.link(&leg), after: Duration::ZERO, before_hop: 0 };
        let delay = self.pass(now, &[stop], bytes).map_err(|(_, loss)| loss)?;
        Ok((Duration(latency.0 + delay.late.0), delay.overtaken))
    }

    fn link(&mut self, leg: &Leg) -> usize {
        let next = self.at_work.len();
        let at = *self.index.entry((leg.kind, leg.of, leg.forward)).or_insert(next);
        if at == next {
            self.at_work.push(AtWork {
                kind: leg.kind,
                link: *leg.kind.of(&self.links),
                bits_until: Instant::ZERO,
                packets_until: Instant::ZERO,
            });
        }
        at
    }

    /// Sends a packet over the links that must be asked; where it is lost, if it is, and why.
    pub(crate) fn pass(
        &mut self,
        now: Instant,
        stops: &[Stop],
        bytes: u16,
    ) -> Result<Delay, (Stop, LinkLoss)> {
        let mut delay = Delay::default();
        for stop in stops {
            let at = now + stop.after + delay.late;
            let link = &mut self.at_work[stop.link];
            match link.pass(at, bytes, &mut self.rng) {
                Ok((late, overtaken)) => {
                    delay.late = Duration(delay.late.0 + late.0);
                    delay.overtaken |= overtaken;
                }
                Err(loss) => return Err((*stop, loss)),
            }
        }
        Ok(delay)
    }

    /// The name of the link of a stop.
    pub(crate) fn name(&self, stop: &Stop) -> &'static str {
        self.at_work[stop.link].kind.name()
    }
}

/// How long a packet took beyond the latency, and whether later ones may overtake it.
type Passing = Result<(Duration, bool), LinkLoss>;

/// Whether a link does the same to every packet.
fn is_plain(link: &Link) -> bool {
    let Link {
        latency: _,
        jitter,
        loss,
        reorder,
        reorder_by: _,
        bandwidth,
        packets,
        queue: _,
        mtu,
    } = *link;
    jitter == Duration::ZERO
        && loss == 0.0
        && reorder == 0.0
        && (bandwidth, packets, mtu) == (None, None, None)
}

impl AtWork {
    fn pass(&mut self, at: Instant, bytes: u16, rng: &mut Rng) -> Passing {
        let link = &self.link;
        if link.mtu.is_some_and(|mtu| bytes > mtu) {
            return Err(LinkLoss::Mtu);
        }
        if link.loss > 0.0 && rng.f64() < link.loss {
            return Err(LinkLoss::Loss);
        }
        let mut late = Duration::ZERO;
        if let Some(packets) = link.packets {
            let waits = self.packets_until.since(at);
            if waits > PACKET_BURST {
                return Err(LinkLoss::PacketRate);
            }
            let begins = at.max(self.packets_until);
            self.packets_until = begins + Duration(1_000_000_000 / packets.max(1));
        }
        if let Some(bandwidth) = link.bandwidth {
            let waits = self.bits_until.since(at);
            let queued = u128::from(waits.0) * u128::from(bandwidth) / 8_000_000_000;
            if queued + u128::from(bytes) > u128::from(link.queue) {
                return Err(LinkLoss::Bandwidth);
            }
            let takes = u64::from(bytes) * 8_000_000_000 / bandwidth.max(1);
            self.bits_until = at.max(self.bits_until) + Duration(takes);
            late = self.bits_until.since(at);
        }
        if link.jitter > Duration::ZERO {
            late = Duration(late.0 + rng.u64(0..=link.jitter.0));
        }
        let overtaken = link.reorder > 0.0 && rng.f64() < link.reorder;
        if overtaken {
            late = Duration(late.0 + link.reorder_by.0);
        }
        Ok((late, overtaken))
    }
}

/// The links that packets with these hops pass, in their order.
pub(crate) fn legs(snapshot: &Snapshot, from: InterfaceId, hops: &[Hop]) -> Vec<Leg> {
    let forward = hops.first().is_none_or(|hop| hop.direction == Direction::Forward);
    let mut walk = Legs { snapshot, forward, at: None, legs: Vec::new() };
    if snapshot.interfaces.get(from.0 as usize) == Some(&Interface::Internet) {
        walk.add(Kind::Internet, 0, 0);
    }
    for (number, hop) in hops.iter().enumerate() {
        walk.hop(number as u8, hop);
    }
    walk.legs
}

struct Legs<'a> {
    snapshot: &'a Snapshot,
    forward: bool,
    /// The ENI where packets were last.
    at: Option<EniId>,
    legs: Vec<Leg>,
}

impl Legs<'_> {
    fn add(&mut self, kind: Kind, of: u32, before_hop: u8) {
        self.legs.push(Leg { kind, of, forward: self.forward, before_hop });
    }

    fn hop(&mut self, number: u8, hop: &Hop) {
        match hop.element {
            // Out of the task, or back to it.
            Element::HyperplaneEni(eni) => {
                let to_task = hop.before.src == hop.after.src && hop.before.dst != hop.after.dst;
                if to_task {
                    self.move_to(eni, number);
                } else {
                    self.at = Some(eni);
                }
                self.add(Kind::Hyperplane, eni.0, number + u8::from(to_task));
            }
            Element::SecurityGroup(eni) | Element::NetworkInterface(eni) => {
                self.move_to(eni, number);
            }
            Element::NatGateway(nat) => {
                self.move_to(self.snapshot[nat].eni, number);
                self.add(Kind::NatGateway, nat.0, number);
            }
            Element::VpcEndpoint(endpoint) => match self.snapshot[endpoint].kind {
                EndpointKind::Interface { .. } => {
                    self.add(Kind::InterfaceEndpoint, endpoint.0, number);
                }
                EndpointKind::Gateway { .. } => {
                    self.add(Kind::GatewayEndpoint, endpoint.0, number);
                }
            },
            Element::Peering(peering) => self.add(Kind::Peering, peering.0, number),
            Element::TransitGateway(tgw) => self.add(Kind::TransitGateway, tgw.0, number),
            Element::External(attachment) => self.add(Kind::External, attachment.0, number),
            Element::LinkLocal(vpc) => self.add(Kind::Resolver, vpc.0, number),
            Element::Internet if self.forward => self.add(Kind::Internet, 0, number),
            _ => {}
        }
    }

    fn move_to(&mut self, eni: EniId, number: u8) {
        let zone = |eni: EniId| -> ZoneId { self.snapshot[self.snapshot[eni].subnet].zone };
        match self.at {
            Some(at) if at == eni => {}
            Some(at) if zone(at) == zone(eni) => self.add(Kind::Zone, 0, number),
            Some(_) => self.add(Kind::CrossZone, 0, number),
            None => {}
        }
        self.at = Some(eni);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wires(internet: Link) -> (Wires, Vec<Stop>) {
        let mut wires = Wires::new(Links { internet, ..Links::default() }, 1);
        let leg = Leg { kind: Kind::Internet, of: 0, forward: true, before_hop: 1 };
        let (delays, stops) = wires.plan(&[leg], 1);
        assert_eq!(delays, [Duration::ZERO, internet.latency]);
        (wires, stops)
    }

    #[test]
    fn a_plain_link_is_only_late() {
        let (_, stops) = wires(Link::of(Duration::from_millis(7)));
        assert!(stops.is_empty());
    }

    #[test]
    fn a_narrow_link_delays_and_then_drops() {
        let link =
            Link { bandwidth: Some(8_000_000), queue: 3_000, ..Link::of(Duration::from_millis(7)) };
        let (mut wires, stops) = wires(link);
        let late = |wires: &mut Wires| wires.pass(Instant::ZERO, &stops, 1_000).map(|d| d.late);
        for millis in 1..=3 {
            assert_eq!(late(&mut wires).unwrap(), Duration::from_millis(millis));
        }
        let (stop, loss) = late(&mut wires).unwrap_err();
        assert_eq!((loss, stop.before_hop), (LinkLoss::Bandwidth, 1));
        let later = Instant::ZERO + Duration::from_millis(3);
        assert_eq!(wires.pass(later, &stops, 1_000).unwrap().late, Duration::from_millis(1));
    }

    #[test]
    fn a_rate_of_packets_lets_a_short_burst_pass() {
        let link = Link { packets: Some(1_000), ..Link::of(Duration::ZERO) };
        let (mut wires, stops) = wires(link);
        let passed = |wires: &mut Wires, at| {
            (0..100).filter(|_| wires.pass(at, &stops, 100).is_ok()).count()
        };
        assert_eq!(passed(&mut wires, Instant::ZERO), 11);
        assert_eq!(passed(&mut wires, Instant::ZERO + Duration::from_millis(5)), 5);
    }

    #[test]
    fn a_share_is_lost_and_a_share_is_late() {
        let link = Link { loss: 0.25, reorder: 0.5, ..Link::of(Duration::ZERO) };
        let (mut wires, stops) = wires(link);
        let all: Vec<_> = (0..10_000).map(|_| wires.pass(Instant::ZERO, &stops, 100)).collect();
        let lost = all.iter().filter(|passed| passed.is_err()).count();
        let overtaken = all.iter().flatten().filter(|delay| delay.overtaken).count();
        assert!((2_300..2_700).contains(&lost), "{lost}");
        assert!((3_500..4_000).contains(&overtaken), "{overtaken}");
    }

    #[test]
    fn what_is_larger_than_the_link_is_lost() {
        let (mut wires, stops) = wires(Link { mtu: Some(1_500), ..Link::of(Duration::ZERO) });
        assert!(wires.pass(Instant::ZERO, &stops, 1_500).is_ok());
        let (_, loss) = wires.pass(Instant::ZERO, &stops, 1_501).unwrap_err();
        assert_eq!(loss, LinkLoss::Mtu);
    }
}
