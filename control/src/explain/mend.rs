//! What to do about a drop: one piece of advice for every reason, with the names of the things that
//! have to change.
//!
//! The match over the reasons is exhaustive, so that a new reason cannot be forgotten here.

use std::net::Ipv4Addr;

use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::{Cidr, Egress, EniId, EniOwner, Snapshot, SubnetId, VpcId};
use egret_dataplane::time::Duration;
use egret_dataplane::trace::{Decision, Direction, Hop};
use egret_dataplane::verdict::{DropReason, Element};

use super::Question;
use super::words::{element_kind, key_words, name};

/// A hop that dropped the packet, with what advice needs to know.
pub(super) struct Scene<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) hop: &'a Hop,
    pub(super) question: &'a Question,
}

/// The space that carriers share (RFC 6598).
const SHARED: Cidr = Cidr::new(Ipv4Addr::new(100, 64, 0, 0), 10);

impl Scene<'_> {
    /// How to mend what a drop tells of.
    pub(super) fn mend(&self, reason: DropReason) -> String {
        use DropReason::*;
        match reason {
            Truncated | Ipv6 | BadVersion | BadHeaderLength | BadTotalLength
            | BadHeaderChecksum | BadFragment | BadTransportHeader | BadIcmpQuote => {
                malformed(reason).to_owned()
            }
            TtlExpired
            | UnknownInterface
            | SpoofedSource
            | UnroutableDestination
            | LinkLocalDestination => self.sender(reason),
            DefaultEgressPrivateDestination
            | HyperplaneProtocol
            | HyperplanePortsExhausted
            | HyperplaneOneWay
            | HyperplaneIdleTimeout => self.service(reason),
            SecurityGroupEgress
            | SecurityGroupEgressEmpty
            | SecurityGroupIngress
            | SecurityGroupIngressEmpty
            | SecurityGroupReferenceLost
            | SecurityGroupReferenceTransit => self.security_group(reason),
            NetworkAclEgress => self.network_acl(true),
            NetworkAclIngress => self.network_acl(false),
            ZoneLost => self.zone_lost(),
            NoRoute | BlackholeRoute | NoSuchAddress | RoutingLoop | SourceDestCheck => {
                self.routing(reason)
            }
            NatProtocol | NatFragment | NatPortsExhausted | NatUnsolicited | NatIdleTimeout
            | NatSourceOutsideVpc => self.nat_gateway(reason),
            IgwNoPublicAddress
            | IgwPrivateDestination
            | IgwSharedDestination
            | IgwUnknownAddress
            | IgwPrivateSource
            | IgwSharedSource => self.internet_gateway(reason),
            PacketTooBig | MtuExceededSilent => self.mtu(reason),
            EndpointProtocol
            | EndpointInitiates
            | EndpointIdleTimeout
            | GatewayEndpointProtocol
            | GatewayEndpointSource
            | GatewayEndpointForeignReply => self.endpoint(reason),
            PeeringOutsideVpc
            | TransitGatewayZone
            | TransitGatewayNoAssociation
            | TransitGatewayNoRoute
            | TransitGatewayBlackhole => self.transit(reason),
            ResolverDisabled | LinkLocalRate => self.resolver(reason),
            Unsolicited | FlowTableFull | FlowCollision | FragmentsFull | FragmentTimeout
            | HandoverFull | WorkerLost => self.flow(reason),
        }
    }

    /// The element, as people say it: "NAT gateway nat-a".
    fn name(&self) -> String {
        self.called(self.hop.element)
    }

    fn called(&self, element: Element) -> String {
        let name = name(self.snapshot, element);
        match element {
            Element::Dataplane | Element::Internet => name,
            Element::Service(_) => format!("service {name}"),
            Element::HyperplaneEni(_) => format!("shared ENI {name}"),
            Element::SecurityGroup(_) => format!("security group {name}"),
            Element::NetworkAcl(_) => format!("network ACL {name}"),
            Element::RouteTable(_) => format!("route table {name}"),
            Element::NatGateway(_) => format!("NAT gateway {name}"),
            Element::InternetGateway(_) => format!("internet gateway {name}"),
            Element::VpcEndpoint(_) => format!("VPC endpoint {name}"),
            Element::Peering(_) => format!("peering connection {name}"),
            Element::TransitGateway(_) => format!("transit gateway {name}"),
            Element::External(_) => format!("network {name}"),
            Element::NetworkInterface(_) => format!("network interface {name}"),
            Element::LinkLocal(_) => format!("the resolver of VPC {name}"),
        }
    }

    /// The subnet that the hop happened in or at the edge of.
    fn subnet(&self) -> Option<SubnetId> {
        let eni = match self.hop.element {
            Element::HyperplaneEni(eni)
            | Element::SecurityGroup(eni)
            | Element::NetworkInterface(eni) => Some(eni),
            Element::NatGateway(nat) => Some(self.snapshot[nat].eni),
            _ => None,
        };
        self.hop.subnet.or_else(|| eni.map(|eni| self.snapshot[eni].subnet)).or_else(|| {
            let Element::RouteTable(table) = self.hop.element else { return None };
            let of = |subnet: &SubnetId| self.snapshot[*subnet].route_table == table;
            (0..self.snapshot.subnets.len() as u32).map(SubnetId).find(of)
        })
    }

    fn vpc(&self) -> Option<VpcId> {
        self.subnet().map(|subnet| self.snapshot[subnet].vpc)
    }

    fn src(&self) -> Ipv4Addr {
        self.hop.before.src
    }

    fn dst(&self) -> Ipv4Addr {
        self.hop.before.dst
    }

    /// The packet's protocol and port as a rule would have them. An answer goes to a port that a
    /// sender, an ENI or a NAT gateway chose, so its rule must allow all of those.
    fn traffic(&self) -> String {
        let tuple = self.hop.before;
        let answers = self.hop.direction == Direction::Return;
        match tuple.protocol {
            Protocol::TCP | Protocol::UDP if answers => format!("{} 1024-65535", tuple.protocol),
            Protocol::TCP | Protocol::UDP => format!("{} {}", tuple.protocol, tuple.dst_port),
            Protocol::ICMP if answers => "icmp".to_owned(),
            Protocol::ICMP => format!("icmp {}/{}", self.question.icmp.0, self.question.icmp.1),
            protocol => protocol.to_string(),
        }
    }

    fn sender(&self, reason: DropReason) -> String {
        let (src, dst) = (self.src(), self.dst());
        match reason {
            DropReason::TtlExpired => {
                "Send it with a larger time to live, such as 64. If it had that, look for route \
                 tables that send it round in a circle."
                    .to_owned()
            }
            DropReason::UnknownInterface => {
                "Send from something that this configuration has: the sender was removed from it, \
                 or never was in it."
                    .to_owned()
            }
            DropReason::SpoofedSource => {
                format!("Send from the sender's own address: {src} belongs to something else.")
            }
            DropReason::UnroutableDestination => format!(
                "Send to the address of one host: {dst} is multicast, broadcast or reserved, and a \
                 VPC does not carry those."
            ),
            _ => format!(
                "Do not send to {dst} from here: link-local addresses end at the network \
                 interface. The VPC's resolver is at 169.254.169.253, and route tables cannot \
                 forward the others."
            ),
        }
    }

    fn service(&self, reason: DropReason) -> String {
        let (name, dst) = (self.name(), self.dst());
        let settings = &self.snapshot.settings;
        match reason {
            DropReason::DefaultEgressPrivateDestination => format!(
                "Give {name} the egress type VPC, with a connector whose subnets reach {dst}: the \
                 provider's own way out has no path to private addresses."
            ),
            DropReason::HyperplaneProtocol => format!(
                "Use TCP or UDP: the {name} carries nothing else. To test whether a host can be \
                 reached, connect to one of its TCP ports in place of a ping."
            ),
            DropReason::HyperplanePortsExhausted => format!(
                "Keep connections open and use them again: the {name} has {} at once, for all \
                 services that share it. {} with another set of security groups, or more subnets, \
                 gets ENIs of its own.",
                settings.hyperplane_ports,
                self.connectors(),
            ),
            DropReason::HyperplaneOneWay => format!(
                "Let the task open the connection: nothing in the VPC can open one to a task \
                 through the {name}. To call the service, use its own URL."
            ),
            _ => format!(
                "Send a keep-alive more often than every {}, or open a new connection: the {name} \
                 forgets idle ones.",
                seconds(settings.hyperplane_tcp_idle),
            ),
        }
    }

    /// The connectors that use the ENI.
    fn connectors(&self) -> String {
        let shares = |enis: &[EniId]| match self.hop.element {
            Element::HyperplaneEni(eni) => enis.contains(&eni),
            _ => false,
        };
        let uses = |egress: &Egress| match egress {
            Egress::Vpc { connector, enis } if shares(enis) => Some(connector.to_string()),
            _ => None,
        };
        let mut names: Vec<String> =
            self.snapshot.services.iter().filter_map(|s| uses(&s.egress)).collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() {
            "A connector".to_owned()
        } else {
            format!("Connector {}", either(&names))
        }
    }

    fn security_group(&self, reason: DropReason) -> String {
        let Element::SecurityGroup(eni) = self.hop.element else {
            return "Add a rule that allows the packet.".to_owned();
        };
        let groups = self.group_names(eni);
        let eni_name = self.snapshot[eni].name.clone();
        if groups.is_empty() {
            return format!("Put a security group on {eni_name} whose rules allow the packet.");
        }
        let (groups, traffic) = (either(&groups), self.traffic());
        let (src, dst) = (self.src(), self.dst());
        match reason {
            DropReason::SecurityGroupEgress | DropReason::SecurityGroupEgressEmpty => {
                format!("Add an outbound rule to security group {groups}: {traffic} to {dst}/32.")
            }
            DropReason::SecurityGroupReferenceLost => format!(
                "Name the sender's addresses in place of its group: add an inbound rule to \
                 security group {groups}: {traffic} from {src}/32. A group is known within a VPC \
                 and to VPCs that are peered with it in the same Region only."
            ),
            DropReason::SecurityGroupReferenceTransit => format!(
                "Turn on security group referencing at the transit gateway and its attachments, or \
                 add an inbound rule to security group {groups}: {traffic} from {src}/32."
            ),
            _ => format!(
                "Add an inbound rule to security group {groups}: {traffic} from {}.",
                self.sender_in_a_rule()
            ),
        }
    }

    fn group_names(&self, eni: EniId) -> Vec<String> {
        let groups = &self.snapshot[eni].security_groups;
        groups.iter().map(|group| self.snapshot[*group].name.to_string()).collect()
    }

    /// How a rule best names the sender: shared ENIs come and go, their group stays. A rule knows
    /// the groups of its own VPC, and of those that are peered with it in the same Region.
    fn sender_in_a_rule(&self) -> String {
        let (snapshot, src) = (self.snapshot, self.src());
        let own = self.vpc();
        let peered = snapshot.peerings.iter().filter(|peering| peering.same_region);
        let peered = peered
            .map(|peering| peering.vpcs)
            .filter(|vpcs| own.is_some_and(|own| vpcs.contains(&own)));
        let near = own.into_iter().chain(peered.flatten());
        let sender = near.into_iter().find_map(|vpc| snapshot.eni_at(vpc, src));
        let groups = sender.map(|eni| self.group_names(eni)).unwrap_or_default();
        match groups.first() {
            Some(group) => format!("group {group}, or {src}/32"),
            None => format!("{src}/32"),
        }
    }

    fn network_acl(&self, egress: bool) -> String {
        let Decision::AclEntry { acl, entry, .. } = self.hop.decision else {
            return "Add an entry that allows the packet.".to_owned();
        };
        let of = &self.snapshot[acl];
        let entries = if egress { &of.egress } else { &of.ingress };
        let (side, preposition, other) =
            if egress { ("outbound", "to", self.dst()) } else { ("inbound", "from", self.src()) };
        let number = match entry.map(|entry| entries[entry].number) {
            Some(number) => format!(" with a number below {number}"),
            None => String::new(),
        };
        let name = &of.name;
        let traffic = self.traffic();
        let why = match self.hop.direction {
            Direction::Forward => "",
            Direction::Return => {
                " A network ACL keeps no state: the answer, to a port that its receiver chose, \
                 needs an entry of its own."
            }
        };
        let subnet =
            self.subnet().map(|subnet| format!(" of subnet {}", self.snapshot[subnet].name));
        format!(
            "Add an {side} entry to network ACL {name}{}{number}: allow {traffic} {preposition} \
             {other}/32.{why}",
            subnet.unwrap_or_default()
        )
    }

    fn routing(&self, reason: DropReason) -> String {
        let (name, dst) = (self.name(), self.dst());
        match reason {
            DropReason::NoRoute => format!("Add a route to {name}: {}.", self.missing_route()),
            DropReason::BlackholeRoute => format!(
                "Point the route to {} in {name} at something that exists, or remove it: it wins \
                 over less specific routes even as a blackhole.",
                self.route_key()
            ),
            DropReason::NoSuchAddress => format!(
                "Correct the destination, or give a network interface the address {dst}: it lies \
                 within the VPC, and nothing has it."
            ),
            DropReason::RoutingLoop => format!(
                "Break the circle at {name}: {dst} is sent to a gateway whose own subnet sends it \
                 back. A NAT gateway's subnet needs a route of its own: {}.",
                self.to_internet_gateway()
            ),
            _ => format!(
                "Turn off the source/destination check of {name} if it is to forward packets that \
                 are not its own; otherwise do not route or send {dst} by way of it."
            ),
        }
    }

    /// What the route that decided matches.
    fn route_key(&self) -> String {
        match self.hop.decision {
            Decision::Route { table, route: Some(route) } => {
                key_words(self.snapshot, self.snapshot[table].routes[route].key)
            }
            _ => self.dst().to_string(),
        }
    }

    /// A route that would lead the packet on, with a target that exists where there is one.
    fn missing_route(&self) -> String {
        let (snapshot, dst) = (self.snapshot, self.dst());
        let cidrs = |vpc: &VpcId| snapshot[*vpc].cidrs.iter().find(|cidr| cidr.contains(dst));
        let mut vpcs = (0..snapshot.vpcs.len() as u32).map(VpcId);
        if let Some((cidr, vpc)) = vpcs.find_map(|vpc| Some((cidrs(&vpc)?, vpc))) {
            let home = &snapshot[vpc].name;
            return format!(
                "{cidr} to a peering connection or transit gateway that leads to VPC {home}"
            );
        }
        if dst.is_private() || SHARED.contains(dst) {
            return format!(
                "{dst}/32, or the network around it, to a peering connection, transit gateway or \
                 network interface that leads there"
            );
        }
        let sender = self.vpc().and_then(|vpc| snapshot.eni_at(vpc, self.src()));
        if sender.is_some_and(|eni| !snapshot[eni].public.is_empty()) {
            return self.to_internet_gateway();
        }
        match self.vpc().map(|vpc| self.nat_gateways(vpc)) {
            Some(names) if !names.is_empty() => {
                format!("0.0.0.0/0 to NAT gateway {}", either(&names))
            }
            _ => "0.0.0.0/0 to a NAT gateway, which the VPC does not have yet: it needs a public \
                  subnet and an Elastic IP address"
                .to_owned(),
        }
    }

    fn to_internet_gateway(&self) -> String {
        let gateway = self.vpc().and_then(|vpc| self.snapshot[vpc].internet_gateway);
        match gateway.map(|igw| self.called(Element::InternetGateway(igw))) {
            Some(gateway) => format!("0.0.0.0/0 to {gateway}"),
            None => "0.0.0.0/0 to an internet gateway, which must be attached to the VPC first"
                .to_owned(),
        }
    }

    fn nat_gateways(&self, vpc: VpcId) -> Vec<String> {
        let snapshot = self.snapshot;
        let inside = snapshot.nat_gateways.iter().filter(|nat| snapshot.vpc_of(nat.eni) == vpc);
        inside.filter(|nat| nat.public).map(|nat| nat.name.to_string()).collect()
    }

    fn nat_gateway(&self, reason: DropReason) -> String {
        let (name, settings) = (self.name(), &self.snapshot.settings);
        match reason {
            DropReason::NatProtocol => format!(
                "Use TCP, UDP or ICMP echo: {name} carries nothing else. Other protocols need a \
                 network interface with a public address, or a transit gateway."
            ),
            DropReason::NatFragment => format!(
                "Send packets that need no fragments: {name} passes fragments of UDP only. Lower \
                 the sender's MTU or segment size."
            ),
            DropReason::NatPortsExhausted => format!(
                "Add an Elastic IP address to {name}, which adds {} connections to each \
                 destination; keep connections open and use them again; or reach the destination \
                 by a VPC endpoint.",
                settings.nat_connections
            ),
            DropReason::NatUnsolicited => format!(
                "Open the connection from within: {name} lets answers in and nothing else. To be \
                 called from outside, use a load balancer or a public address."
            ),
            DropReason::NatIdleTimeout => format!(
                "Send a keep-alive more often than every {}, or open a new connection: {name} \
                 forgets idle ones.",
                seconds(settings.nat_idle)
            ),
            _ => format!(
                "Route through a NAT gateway of the sender's own VPC: {name} takes packets from \
                 its VPC's addresses and from a transit gateway only, and {} is neither.",
                self.src()
            ),
        }
    }

    fn internet_gateway(&self, reason: DropReason) -> String {
        let (src, dst) = (self.src(), self.dst());
        match reason {
            DropReason::IgwNoPublicAddress => self.no_public_address(),
            DropReason::IgwPrivateDestination | DropReason::IgwSharedDestination => format!(
                "Add a route for {dst} that does not lead to the internet gateway: a peering \
                 connection, a transit gateway or the VPC itself. Private and shared addresses do \
                 not exist on the internet."
            ),
            DropReason::IgwUnknownAddress => format!(
                "Send to a public address that a network interface or NAT gateway has, in a VPC \
                 with an internet gateway: {dst} is none."
            ),
            _ => format!(
                "Send from a public address: {src} is private or shared, and no packet from it \
                 comes in from the internet."
            ),
        }
    }

    /// The classic trap of the public subnet.
    fn no_public_address(&self) -> String {
        let snapshot = self.snapshot;
        let Element::InternetGateway(igw) = self.hop.element else {
            return "Route the packet to a NAT gateway.".to_owned();
        };
        let vpc = snapshot[igw].vpc;
        let eni = snapshot.eni_at(vpc, self.src());
        let table = eni.map(|eni| snapshot[snapshot[eni].subnet].route_table);
        let table = table.map(|table| self.called(Element::RouteTable(table)));
        let table = table.unwrap_or_else(|| "its route table".to_owned());
        let nats = self.nat_gateways(vpc);
        let nat = match nats.is_empty() {
            true => "a NAT gateway in a public subnet".to_owned(),
            false => format!("NAT gateway {}", either(&nats)),
        };
        let who = match eni.map(|eni| snapshot[eni].owner) {
            Some(EniOwner::Hyperplane) => "The shared ENI",
            _ => "The sender",
        };
        format!(
            "{who} has a private address only. Route 0.0.0.0/0 of {table} to {nat}, or use a VPC \
             endpoint."
        )
    }

    fn mtu(&self, reason: DropReason) -> String {
        let name = self.name();
        let told = match reason {
            DropReason::PacketTooBig => {
                "The sender is told by ICMP 3/4: let that message through to it, or"
            }
            _ => "No ICMP message tells the sender, so",
        };
        format!(
            "{told} lower the sender's MTU or TCP segment size to what {name} carries: 8,500 bytes \
             for NAT gateways, endpoints and transit gateways, 1,500 for the internet and between \
             Regions."
        )
    }

    fn endpoint(&self, reason: DropReason) -> String {
        let (name, settings) = (self.name(), &self.snapshot.settings);
        match reason {
            DropReason::EndpointProtocol => {
                format!("Use TCP or UDP: {name} carries nothing else, not even a ping.")
            }
            DropReason::EndpointInitiates => format!(
                "Open the connection from the VPC: {name} answers, and never opens a connection \
                 itself."
            ),
            DropReason::EndpointIdleTimeout => format!(
                "Send a keep-alive more often than every {}, or open a new connection: {name} \
                 forgets idle ones.",
                seconds(settings.endpoint_idle)
            ),
            DropReason::GatewayEndpointProtocol => {
                format!("Use TCP: {name} carries TCP and ICMP echo only.")
            }
            DropReason::GatewayEndpointSource => format!(
                "Send from an address of the endpoint's own VPC: {name} serves no peered VPC, VPN \
                 or transit gateway. Use an interface endpoint for those."
            ),
            _ => format!(
                "Take answers from the addresses of the service's prefix list only: {} is not one \
                 that {name} sends from.",
                self.src()
            ),
        }
    }

    fn zone_lost(&self) -> String {
        format!(
            "Have another {} in another Availability Zone, and a way to it that does not pass this \
             one: a connector with a subnet in each of several zones, a NAT gateway in each.",
            element_kind(self.hop.element)
        )
    }

    fn transit(&self, reason: DropReason) -> String {
        let (name, dst) = (self.name(), self.dst());
        match reason {
            DropReason::PeeringOutsideVpc => format!(
                "Send between addresses of the two VPCs of {name}: peering leads no further, \
                 neither to a third VPC nor to the internet. Use a transit gateway, or a NAT \
                 gateway in the sender's own VPC."
            ),
            DropReason::TransitGatewayZone => {
                let subnet = self.sending_subnet();
                format!(
                    "Add a subnet of {subnet} to the VPC's attachment to {name}: the gateway takes \
                     packets in Availability Zones that the attachment has a subnet in."
                )
            }
            DropReason::TransitGatewayNoAssociation => format!(
                "Associate the attachment with a route table of {name}: without one its packets \
                 are not routed."
            ),
            DropReason::TransitGatewayNoRoute => format!(
                "Add a route for {dst} to the table of {name} that the sender's attachment is \
                 associated with, or turn on propagation from the attachment that has {dst}."
            ),
            _ => format!(
                "Point the winning route for {dst} at an attachment of {name}, or remove it: a \
                 blackhole wins over less specific routes."
            ),
        }
    }

    /// The zone that a transit gateway's attachment lacks.
    fn sending_subnet(&self) -> String {
        let snapshot = self.snapshot;
        let senders = snapshot.vpcs.iter().flat_map(|vpc| &vpc.addresses);
        let mut senders = senders.filter(|(address, _)| *address == self.src());
        let zone = senders.next().map(|(_, eni)| snapshot[snapshot[*eni].subnet].zone);
        zone.map_or("the sender's Availability Zone".to_owned(), |zone| snapshot[zone].to_string())
    }

    fn resolver(&self, reason: DropReason) -> String {
        match reason {
            DropReason::ResolverDisabled => format!(
                "Turn on enableDnsSupport of VPC {} (`dns_support: true` in a scenario), or use \
                 addresses in place of names. Private DNS names need enableDnsHostnames, too.",
                name(self.snapshot, self.hop.element)
            ),
            _ => format!(
                "Cache DNS answers in the tasks: the {} may send {} packets a second to the \
                 resolver and the other link-local services, whoever shares it.",
                self.name(),
                self.snapshot.settings.link_local_rate
            ),
        }
    }

    fn flow(&self, reason: DropReason) -> String {
        match reason {
            DropReason::Unsolicited if self.hop.direction == Direction::Return => {
                "Make the way back lead through the elements of the way out, in the opposite \
                 order: the route tables send the answer past one of them, and it reaches nobody \
                 who asked for it."
                    .to_owned()
            }
            DropReason::Unsolicited => {
                "Open the connection from the other side: only answers pass here.".to_owned()
            }
            DropReason::FlowTableFull => {
                "Raise the limit on flows, or let connections end: the table has no room for a \
                 new one."
                    .to_owned()
            }
            DropReason::FlowCollision => {
                "Send from another source port: two connections would have the same addresses and \
                 ports beyond the gateways."
                    .to_owned()
            }
            DropReason::FragmentsFull => {
                "Send fewer fragments at once, or packets that need none.".to_owned()
            }
            DropReason::HandoverFull => {
                "Send more slowly, or run fewer workers: most new flows find no port at the worker \
                 that owns them."
                    .to_owned()
            }
            DropReason::WorkerLost => {
                "Restart: a worker has failed, which is a bug of Egret's own; please report it."
                    .to_owned()
            }
            _ => "Send the datagram again, its first fragment too, or packets that need no \
                  fragments."
                .to_owned(),
        }
    }
}

/// Packets that no element can read.
fn malformed(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Truncated => "Send the whole packet: its length reaches beyond its bytes.",
        DropReason::Ipv6 => {
            "Send it over IPv4: connect to an IPv4 address, or look up the name's A record."
        }
        DropReason::BadVersion => "Write 4 into the version field of the IP header.",
        DropReason::BadHeaderLength => {
            "Write the header's length in words of four bytes, 5 to 15, and send as many."
        }
        DropReason::BadTotalLength => {
            "Write the length of the whole packet, header included, into the total length field."
        }
        DropReason::BadHeaderChecksum => {
            "Compute the header's checksum after the last change to the header (RFC 1071)."
        }
        DropReason::BadFragment => {
            "Cut fragments at multiples of 8 bytes, within 65,535 bytes, and without \"don't \
             fragment\"."
        }
        DropReason::BadTransportHeader => {
            "Send a complete TCP, UDP or ICMP header, whose length fields fit the packet."
        }
        _ => {
            "Quote the IP header and the first 8 bytes of the packet that the ICMP error is about \
             (RFC 792)."
        }
    }
}

/// A list as people say it: "a, b or c".
fn either(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.0 / 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use egret_dataplane::packet::Tuple;
    use egret_dataplane::snapshot::InterfaceId;

    use super::*;

    /// Also where the hop has nothing to name: of an empty network, at its front door.
    #[test]
    fn every_reason_has_advice_in_whole_sentences() {
        let address = Ipv4Addr::new(10, 0, 0, 1);
        let protocol = Protocol::TCP;
        let tuple = Tuple { src: address, dst: address, src_port: 1, dst_port: 2, protocol };
        let question = Question {
            from: InterfaceId::INTERNET,
            from_label: String::new(),
            tuple,
            icmp: (0, 0),
            to_label: String::new(),
            notes: Vec::new(),
            all: false,
        };
        for direction in [Direction::Forward, Direction::Return] {
            let hop = Hop {
                direction,
                element: Element::Dataplane,
                subnet: None,
                decision: Decision::Nature,
                before: tuple,
                after: tuple,
                drop: None,
            };
            let snapshot = Snapshot::default();
            let scene = Scene { snapshot: &snapshot, hop: &hop, question: &question };
            for reason in DropReason::ALL {
                let advice = scene.mend(*reason);
                let first = advice.chars().next();
                assert!(first.is_some_and(char::is_uppercase), "{reason}: {advice}");
                assert!(advice.ends_with(['.', ')']), "{reason}: {advice}");
                assert!(!advice.contains("  "), "{reason}: {advice}");
            }
        }
    }
}
