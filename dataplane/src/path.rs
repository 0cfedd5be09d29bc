//! The way of a packet, from where it entered to where it leaves or is dropped: which element
//! follows which, on one screen.
//!
//! [`Walk::run`] takes a packet from [`Place`] to [`Place`]; each element is a file in `path/`, and
//! each is a function of the packet's headers, the snapshot and what is known of the flow. Nothing
//! is changed on the way: ports are looked for, not taken, so that a dropped packet leaves no trace.
//!
//! One walk serves all needs. Without a known [`Flow`] it judges a packet that opens one: security
//! groups by their rules, translators by their free ports. With one it judges packets of that flow,
//! in either direction: security groups by state, translators by what they have assigned. A hop can
//! hand the packet to another subnet's route table, so the number of places is bounded.

mod hyperplane_eni;
mod internet_gateway;
mod link_local;
mod nat_gateway;
mod network_acl;
mod network_interface;
mod peering;
mod route_table;
mod security_group;
mod service;
mod transit_gateway;
mod vpc_endpoint;
mod walk;

use std::net::Ipv4Addr;

use crate::flow::{Dir, Translation, Translator};
use crate::packet::{Headers, Tuple};
use crate::ports::Ports;
use crate::snapshot::{
    EniId, EniOwner, Interface, InterfaceId, RouteTarget, Snapshot, SubnetId, ZoneId,
};
use crate::trace::Trace;
use crate::verdict::{Drop, DropReason, Element};

/// No packet passes more places than this: four subnets and their gateways take about half.
const MAX_PLACES: usize = 32;

/// Where a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Where it enters the dataplane.
    Entry(InterfaceId),
    /// At an ENI that sends it: its security groups come next.
    Leaving(EniId),
    /// In a subnet, and either for a neighbour there or for the router.
    Subnet(SubnetId),
    /// At the ENI that it is for.
    Into(EniId),
    /// Where it leaves the dataplane.
    Exit(InterfaceId),
}

/// How a walk ended without an exit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The packet is dropped.
    Drop(Drop),
    /// It is dropped, and its sender is answered.
    Answer(Drop, Answer),
    /// The flow's translations no longer hold on this way (another gateway, an address gone).
    Moved,
}

/// What answers a packet that is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A RST in the destination's name.
    Reset,
    /// ICMP 3/4 from this address, with the MTU.
    TooBig(Ipv4Addr, u16),
    /// ICMP 11/0 from this address.
    TimeExceeded(Ipv4Addr),
}

impl From<Drop> for Stop {
    fn from(drop: Drop) -> Stop {
        Stop::Drop(drop)
    }
}

/// What is known of the flow of a packet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Flow<'a> {
    /// Nothing: the packet would open one.
    New,
    /// All of it.
    Known(&'a Known),
}

/// A flow, as the elements need to know it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// The direction of this walk.
    pub(crate) dir: Dir,
    /// Who opened the flow, and with which source.
    pub(crate) origin: (InterfaceId, Tuple),
    /// The tuple of its answers where they begin.
    pub(crate) answer: Tuple,
    /// Source translations on the way forward, in order.
    pub(crate) translations: [Option<Translation>; 3],
    /// The ENIs at each end.
    pub(crate) enis: [Option<EniId>; 2],
    /// Whether the security groups at each end track the flow.
    pub(crate) tracked: [bool; 2],
}

impl Known {
    /// The way back of a flow whose first packet has gone that way.
    pub(crate) fn opened(origin: (InterfaceId, Tuple), way: &Way) -> Known {
        Known {
            dir: Dir::Return,
            origin,
            answer: way.headers.tuple().reversed(),
            translations: way.translations,
            enis: way.enis,
            tracked: way.tracked,
        }
    }

    /// The tuple of the flow's forward packets at the ENI of each end.
    fn tuples(&self) -> [Tuple; 2] {
        let mut near = self.origin.1;
        if let Some(Translation { by: Translator::Hyperplane(_), address, port }) =
            self.translations[0]
        {
            near.src = address;
            near.src_port = port;
        }
        [near, self.answer.reversed()]
    }
}

/// What a walk found out about the way, besides its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    /// Where the packet leaves.
    pub(crate) to: InterfaceId,
    /// Its headers there.
    pub(crate) headers: Headers,
    /// The smallest MTU on the way.
    pub(crate) mtu: u16,
    /// The largest TCP segment that a gateway on the way lets be announced.
    pub(crate) mss: u16,
    /// By how much the time to live fell.
    pub(crate) ttl: u8,
    /// The MTU for which the packet must be fragmented, if it must.
    pub(crate) fragment_to: Option<u16>,
    /// Source translations that the walk made, in order.
    pub(crate) translations: [Option<Translation>; 3],
    /// The ENIs whose security groups judged it: the sender's and the receiver's.
    pub(crate) enis: [Option<EniId>; 2],
    /// Whether those groups must track the flow, because a rule that allows it is not open both
    /// ways, or because something on the way always tracks (aws-facts §3.4).
    pub(crate) tracked: [bool; 2],
    /// The ENI that sent to a link-local service, whose packets are counted by the second.
    pub(crate) metered: Option<EniId>,
}

/// A packet on its way.
pub(crate) struct Walk<'a, T> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) ports: &'a Ports,
    pub(crate) trace: &'a mut T,
    pub(crate) flow: Flow<'a>,
    /// Chooses among equals (ENIs of one zone, a first port): any number that is the flow's own.
    pub(crate) salt: u64,
    pub(crate) headers: Headers,
    /// Whose security groups a rule may recognise the packet by.
    identity: Identity,
    /// The Availability Zone in which it last was.
    zone: Option<ZoneId>,
    /// Whether it came through a transit gateway.
    transit: bool,
    /// What to do with a TCP segment that opens nothing, if nobody further on says otherwise.
    late: Option<Stop>,
    way: Way,
}

/// Which security groups the packet's source address stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Identity {
    /// Those of this ENI.
    Eni(EniId),
    /// Those of this ENI, but something on the way hid them, for which a rule that names one fails
    /// with this reason.
    Hidden(EniId, DropReason),
    /// None: the source was translated or comes from outside.
    Nobody,
}

impl<'a, T: Trace> Walk<'a, T> {
    pub(crate) fn new(
        snapshot: &'a Snapshot,
        ports: &'a Ports,
        trace: &'a mut T,
        flow: Flow<'a>,
        salt: u64,
        headers: Headers,
    ) -> Self {
        let way = Way {
            to: InterfaceId::INTERNET,
            headers,
            mtu: u16::MAX,
            mss: u16::MAX,
            ttl: 0,
            fragment_to: None,
            translations: [None; 3],
            enis: [None; 2],
            tracked: [false; 2],
            metered: None,
        };
        Walk {
            snapshot,
            ports,
            trace,
            flow,
            salt,
            headers,
            identity: Identity::Nobody,
            zone: None,
            transit: false,
            late: None,
            way,
        }
    }

    /// Walks from `place` to the end.
    pub(crate) fn run(mut self, mut place: Place) -> Result<Way, Stop> {
        for _ in 0..MAX_PLACES {
            place = self.step(place)?;
            if let Place::Exit(to) = place {
                return self.end(to);
            }
        }
        let element = match place {
            Place::Subnet(subnet) => Element::RouteTable(self.snapshot[subnet].route_table),
            _ => Element::Dataplane,
        };
        Err(self.refuse(DropReason::RoutingLoop.at(element)))
    }

    /// What follows a place.
    fn step(&mut self, place: Place) -> Result<Place, Stop> {
        match place {
            Place::Entry(interface) => self.enter(interface),
            Place::Leaving(eni) => {
                self.judge_zone(eni)?;
                if let Some(exit) = link_local::send(self, eni)? {
                    return Ok(exit);
                }
                security_group::egress(self, eni)?;
                Ok(Place::Subnet(self.snapshot[eni].subnet))
            }
            Place::Subnet(subnet) => {
                if self.snapshot[subnet].cidr.contains(self.headers.dst) {
                    return route_table::neighbour(self, subnet);
                }
                network_acl::egress(self, subnet)?;
                let target = route_table::route(self, subnet)?;
                self.follow(target, subnet)
            }
            Place::Into(eni) => {
                self.judge_zone(eni)?;
                match self.snapshot[eni].owner {
                    EniOwner::Host(interface) => network_interface::receive(self, eni, interface),
                    EniOwner::Hyperplane => hyperplane_eni::receive(self, eni),
                    EniOwner::NatGateway(nat) => nat_gateway::receive(self, nat),
                    EniOwner::Endpoint(endpoint, interface) => {
                        vpc_endpoint::receive(self, endpoint, eni, interface)
                    }
                }
            }
            Place::Exit(_) => Ok(place),
        }
    }

    /// Whether an ENI is where nothing is lost.
    fn judge_zone(&mut self, eni: EniId) -> Result<(), Stop> {
        let lost = self.snapshot[self.snapshot[eni].subnet].lost;
        self.judge(!lost, DropReason::ZoneLost.at(self.snapshot[eni].element(eni)))
    }

    /// A packet enters the dataplane.
    fn enter(&mut self, interface: InterfaceId) -> Result<Place, Stop> {
        let dst = self.headers.dst;
        let reserved = match dst.octets()[0] {
            0 | 127 => true,
            // One of these stands for an Elastic IP address that is not known yet.
            224.. => self.snapshot.eni_of_public(dst).is_none(),
            _ => false,
        };
        self.judge(!reserved, DropReason::UnroutableDestination.at(Element::Dataplane))?;
        match self.snapshot[interface] {
            Interface::Task(task) => service::send(self, task),
            Interface::Eni(eni) => network_interface::send(self, eni),
            Interface::Internet => internet_gateway::receive(self),
            Interface::GatewayEndpoint(endpoint) => vpc_endpoint::answer(self, endpoint),
            Interface::LinkLocal(vpc) => link_local::answer(self, vpc),
            Interface::External(attachment) => transit_gateway::receive(self, attachment),
            Interface::Gone => {
                Err(self.refuse(DropReason::UnknownInterface.at(Element::Dataplane)))
            }
        }
    }

    /// A route was selected in the table of `from`.
    fn follow(&mut self, target: RouteTarget, from: SubnetId) -> Result<Place, Stop> {
        match target {
            RouteTarget::Local => route_table::local(self, from),
            RouteTarget::InternetGateway(igw) => internet_gateway::send(self, igw, from),
            RouteTarget::NatGateway(nat) => nat_gateway::send(self, nat, from),
            RouteTarget::Endpoint(endpoint) => vpc_endpoint::route_to(self, endpoint),
            RouteTarget::Peering(peering) => peering::cross(self, peering, from),
            RouteTarget::TransitGateway(tgw) => transit_gateway::send(self, tgw, from),
            RouteTarget::Eni(eni) => network_interface::route_to(self, eni, from),
            RouteTarget::Blackhole => {
                let element = Element::RouteTable(self.snapshot[from].route_table);
                Err(self.refuse(DropReason::BlackholeRoute.at(element)))
            }
        }
    }

    fn end(mut self, to: InterfaceId) -> Result<Way, Stop> {
        if let Some(stop) = self.late.take() {
            return Err(stop);
        }
        self.way.to = to;
        self.way.headers = self.headers;
        Ok(self.way)
    }
}

/// Whether an address is in the space that carriers share (RFC 6598: 100.64.0.0/10).
fn is_shared(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    first == 100 && second & 0xc0 == 64
}
