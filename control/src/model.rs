//! What an operator says, in AWS's own words: VPCs, subnets, route tables, security groups and the
//! rest, with the connectors and services that use them.
//!
//! A model is plain data, as read. References are names (an id such as `subnet-0abc` or a name such
//! as `app-a`), unresolved; compiling says everything that is wrong with them, and
//! [`crate::compile`] alone makes a snapshot of it. Readers: [`crate::import`] for the JSON of
//! `aws ... describe-*`, and the scenario file.

use std::net::Ipv4Addr;

use egret_dataplane::time::Duration;
use ipnet::Ipv4Net;

use crate::source::{Place, Sourced, Sources};

mod unknown;

pub use unknown::{Unknown, UnknownEntry, UnknownRoute, UnknownRule, Unknowns};

/// A reference to a resource by its id or name, and where it was written.
pub type Name = Sourced<String>;

/// Everything that was read.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The files behind the model.
    pub sources: Sources,
    /// The Region of services and of hosts that say no other, such as `us-east-1`.
    pub region: String,
    /// What AWS leaves open or makes adjustable.
    pub settings: Settings,
    /// The VPCs.
    pub vpcs: Vec<Vpc>,
    /// The subnets of all VPCs.
    pub subnets: Vec<Subnet>,
    /// The route tables of all VPCs.
    pub route_tables: Vec<RouteTable>,
    /// The network ACLs of all VPCs.
    pub network_acls: Vec<NetworkAcl>,
    /// The security groups of all VPCs.
    pub security_groups: Vec<SecurityGroup>,
    /// Customer's and AWS's prefix lists.
    pub prefix_lists: Vec<PrefixList>,
    /// Internet gateways.
    pub internet_gateways: Vec<InternetGateway>,
    /// NAT gateways.
    pub nat_gateways: Vec<NatGateway>,
    /// Interface and gateway endpoints.
    pub vpc_endpoints: Vec<VpcEndpoint>,
    /// VPC peering connections.
    pub peerings: Vec<Peering>,
    /// Transit gateways with their attachments and tables.
    pub transit_gateways: Vec<TransitGateway>,
    /// Network interfaces: instances, databases, ECS tasks, appliances.
    pub network_interfaces: Vec<NetworkInterface>,
    /// VPC connectors.
    pub connectors: Vec<Connector>,
    /// Services whose tasks send packets.
    pub services: Vec<Service>,
    /// Named destinations outside of the VPCs: on the internet, or behind a transit gateway.
    pub hosts: Vec<Host>,
    /// Availability Zones that are lost: what is in them neither sends nor answers.
    pub lost_azs: Vec<Name>,
    /// What a template leaves open.
    pub unknowns: Unknowns,
}

/// A virtual private cloud.
#[derive(Clone, Debug)]
pub struct Vpc {
    /// Its id or name.
    pub id: Name,
    /// The value of its `Name` tag.
    pub name: Option<String>,
    /// The owning account, where known.
    pub account: Option<String>,
    /// Its Region, where known.
    pub region: Option<String>,
    /// Its IPv4 CIDRs, the primary one first.
    pub cidrs: Vec<Sourced<Ipv4Net>>,
    /// `enableDnsSupport`.
    pub dns_support: Sourced<bool>,
    /// `enableDnsHostnames`.
    pub dns_hostnames: Sourced<bool>,
}

/// A subnet.
#[derive(Clone, Debug)]
pub struct Subnet {
    /// Its id or name.
    pub id: Name,
    /// The value of its `Name` tag.
    pub name: Option<String>,
    /// The VPC that it belongs to.
    pub vpc: Name,
    /// The id of its Availability Zone, such as `use1-az1`.
    pub az: Name,
    /// Its IPv4 CIDR.
    pub cidr: Sourced<Ipv4Net>,
    /// The table that it is explicitly associated with; without one, the VPC's main table.
    pub route_table: Option<Name>,
    /// Its network ACL; without one, the VPC's default ACL.
    pub network_acl: Option<Name>,
}

/// A route table.
#[derive(Clone, Debug)]
pub struct RouteTable {
    /// Its id or name.
    pub id: Name,
    /// The value of its `Name` tag.
    pub name: Option<String>,
    /// The VPC that it belongs to.
    pub vpc: Name,
    /// Whether this is the VPC's main table.
    pub main: bool,
    /// Its routes without the local ones, which every table has for every CIDR of its VPC.
    pub routes: Vec<Route>,
}

/// A route.
#[derive(Clone, Debug)]
pub struct Route {
    /// What it matches.
    pub destination: Sourced<RouteDestination>,
    /// Where it leads.
    pub target: Sourced<RouteTarget>,
    /// Whether a virtual private gateway or the like put it there (`EnableVgwRoutePropagation`).
    pub propagated: bool,
    /// The place of the whole route.
    pub place: Place,
}

/// What a route matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteDestination {
    /// A CIDR.
    Cidr(Ipv4Net),
    /// A prefix list, by id or name.
    PrefixList(String),
}

/// Where a route leads, by id or name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteTarget {
    /// The VPC itself (a replaced local route that was restored, or a subnet-wide one).
    Local,
    /// An internet gateway; without a name, the one attached to the VPC.
    InternetGateway(Option<String>),
    /// A NAT gateway.
    NatGateway(String),
    /// A gateway endpoint.
    VpcEndpoint(String),
    /// A peering connection.
    Peering(String),
    /// A transit gateway.
    TransitGateway(String),
    /// A network interface, or the instance that has it.
    NetworkInterface(String),
    /// Nothing: AWS says `State: blackhole`, or the operator does.
    Blackhole(Option<String>),
    /// A kind of target that Egret does not model (a virtual private gateway, say).
    Unsupported(String),
    /// A name as written in a scenario file, whose kind follows from what it names.
    Named(String),
}

/// A network ACL.
#[derive(Clone, Debug)]
pub struct NetworkAcl {
    /// Its id or name.
    pub id: Name,
    /// The value of its `Name` tag.
    pub name: Option<String>,
    /// The VPC that it belongs to.
    pub vpc: Name,
    /// Whether it is the VPC's default ACL.
    pub default: bool,
    /// Entries of both directions, in file order; only the numbers order them.
    pub entries: Vec<AclEntry>,
}

/// An entry of a network ACL.
#[derive(Clone, Debug)]
pub struct AclEntry {
    /// Its number: 1 to 32766, or 32767 for the implicit last one.
    pub number: Sourced<u32>,
    /// Whether it judges packets that leave the subnet.
    pub egress: bool,
    /// Whether it allows.
    pub allow: bool,
    /// What it matches.
    pub traffic: Sourced<Traffic>,
    /// Source (ingress) or destination (egress).
    pub cidr: Sourced<Ipv4Net>,
    /// The place of the whole entry.
    pub place: Place,
}

/// The protocol, ports or ICMP types that a rule or an entry matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// Every protocol (`-1`).
    All,
    /// TCP to these ports, inclusive.
    Tcp(u16, u16),
    /// UDP to these ports, inclusive.
    Udp(u16, u16),
    /// ICMP of this type and code; `None` is any.
    Icmp(Option<u8>, Option<u8>),
    /// Another IP protocol number, whatever its ports.
    Protocol(u8),
}

/// A security group.
#[derive(Clone, Debug)]
pub struct SecurityGroup {
    /// Its id or name.
    pub id: Name,
    /// Its group name or the value of its `Name` tag.
    pub name: Option<String>,
    /// The VPC that it belongs to.
    pub vpc: Name,
    /// Whether it is the VPC's default group.
    pub default: bool,
    /// Inbound rules.
    pub ingress: Vec<SecurityGroupRule>,
    /// Outbound rules.
    pub egress: Vec<SecurityGroupRule>,
}

/// A rule of a security group: it allows.
#[derive(Clone, Debug)]
pub struct SecurityGroupRule {
    /// The rule's own id (`sgr-...`), where known.
    pub id: Option<String>,
    /// What it matches.
    pub traffic: Sourced<Traffic>,
    /// The other side.
    pub peer: Sourced<Peer>,
    /// The place of the whole rule.
    pub place: Place,
}

/// The other side of a security group rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Peer {
    /// Addresses.
    Cidr(Ipv4Net),
    /// A prefix list, by id or name.
    PrefixList(String),
    /// The private addresses of the interfaces that carry this group, by id or name.
    SecurityGroup(String),
}

/// A prefix list.
#[derive(Clone, Debug)]
pub struct PrefixList {
    /// Its id or name.
    pub id: Name,
    /// Its list name, such as `com.amazonaws.us-east-1.s3`.
    pub name: Option<String>,
    /// Its CIDRs.
    pub cidrs: Vec<Sourced<Ipv4Net>>,
}

/// An internet gateway.
#[derive(Clone, Debug)]
pub struct InternetGateway {
    /// Its id or name.
    pub id: Name,
    /// The value of its `Name` tag.
    pub name: Option<String>,
    /// The VPC that it is attached to, if any.
    pub vpc: Option<Name>,
}

/// A NAT gateway.
#[derive(Clone, Debug)]
pub struct NatGateway {
    /// Its id or name.
    pub id: Name,
    /// The value of its `Name` tag.
    pub name: Option<String>,
    /// Its subnet.
    pub subnet: Name,
    /// Whether it has public addresses (`ConnectivityType: public`).
    pub public: bool,
    /// Its addresses, the primary one first.
    pub addresses: Vec<NatAddress>,
    /// Whether it forwards (`State: available`).
    pub available: bool,
}

/// One address of a NAT gateway.
#[derive(Clone, Debug)]
pub struct NatAddress {
    /// The private address in the gateway's subnet; without one, compile picks a free one.
    pub private: Option<Sourced<Ipv4Addr>>,
    /// The Elastic IP address; `None` for a private NAT gateway.
    pub public: Option<Sourced<Ipv4Addr>>,
}

/// An interface or gateway endpoint.
#[derive(Clone, Debug)]
pub struct VpcEndpoint {
    /// Its id or name.
    pub id: Name,
    /// The value of its `Name` tag.
    pub name: Option<String>,
    /// The VPC that it belongs to.
    pub vpc: Name,
    /// The service, such as `com.amazonaws.us-east-1.s3`.
    pub service: Name,
    /// Whether it works (`State: available`).
    pub available: bool,
    /// What kind of endpoint it is.
    pub kind: EndpointKind,
}

/// The kinds of endpoint that Egret models.
#[derive(Clone, Debug)]
pub enum EndpointKind {
    /// An ENI in each of these subnets (PrivateLink).
    Interface {
        /// The subnets with the address of the ENI there, where known.
        subnets: Vec<(Name, Option<Sourced<Ipv4Addr>>)>,
        /// The groups on its ENIs; none means the VPC's default group.
        security_groups: Vec<Name>,
        /// Whether the service's public name resolves to it within the VPC.
        private_dns: bool,
    },
    /// Routes by prefix list in these tables.
    Gateway {
        /// The tables that get the route.
        route_tables: Vec<Name>,
        /// The prefix list; without one, the list whose name is the endpoint's service.
        prefix_list: Option<Name>,
    },
}

/// A VPC peering connection.
#[derive(Clone, Debug)]
pub struct Peering {
    /// Its id or name.
    pub id: Name,
    /// The value of its `Name` tag.
    pub name: Option<String>,
    /// The VPC that asked.
    pub requester: Name,
    /// The VPC that accepted.
    pub accepter: Name,
    /// Whether both VPCs are in one Region.
    pub same_region: bool,
    /// Whether it forwards (`Status: active`).
    pub active: bool,
}

/// A transit gateway.
#[derive(Clone, Debug)]
pub struct TransitGateway {
    /// Its id or name.
    pub id: Name,
    /// The value of its `Name` tag.
    pub name: Option<String>,
    /// Whether security group references work across it.
    pub sg_referencing: bool,
    /// What is attached to it.
    pub attachments: Vec<TransitGatewayAttachment>,
    /// Its route tables.
    pub route_tables: Vec<TransitGatewayRouteTable>,
}

/// An attachment of a transit gateway.
#[derive(Clone, Debug)]
pub struct TransitGatewayAttachment {
    /// Its id or name.
    pub id: Name,
    /// The value of its `Name` tag.
    pub name: Option<String>,
    /// Whether it forwards (`State: available`).
    pub available: bool,
    /// What is attached.
    pub kind: AttachmentKind,
}

/// What a transit gateway's attachment leads to.
#[derive(Clone, Debug)]
pub enum AttachmentKind {
    /// A VPC, by one subnet in each Availability Zone.
    Vpc {
        /// The VPC.
        vpc: Name,
        /// The subnets that hold the attachment's interfaces.
        subnets: Vec<Name>,
    },
    /// A network outside of the model (a VPN, Direct Connect, another transit gateway).
    External {
        /// The addresses behind it.
        cidrs: Vec<Sourced<Ipv4Net>>,
    },
}

/// A route table of a transit gateway.
#[derive(Clone, Debug)]
pub struct TransitGatewayRouteTable {
    /// Its id or name.
    pub id: Name,
    /// The attachments whose packets it routes.
    pub associations: Vec<Name>,
    /// The attachments whose CIDRs it knows without a static route.
    pub propagations: Vec<Name>,
    /// Static routes.
    pub routes: Vec<TransitGatewayRoute>,
}

/// A static route of a transit gateway's table.
#[derive(Clone, Debug)]
pub struct TransitGatewayRoute {
    /// What it matches.
    pub cidr: Sourced<Ipv4Net>,
    /// The attachment that it leads to; `None` is a blackhole.
    pub attachment: Option<Name>,
    /// Whether the route was learnt from an attachment, as an import says.
    pub propagated: bool,
}

/// A network interface that is not made by a connector: an instance, a database, an appliance.
#[derive(Clone, Debug)]
pub struct NetworkInterface {
    /// Its id or name.
    pub id: Name,
    /// The value of its `Name` tag, the instance's id, or the host's name.
    pub name: Option<String>,
    /// Its subnet.
    pub subnet: Name,
    /// Its private addresses, the primary one first; without one, compile picks a free one.
    pub addresses: Vec<Sourced<Ipv4Addr>>,
    /// Its Elastic or public address.
    pub public: Option<Sourced<Ipv4Addr>>,
    /// Its groups; none means the VPC's default group.
    pub security_groups: Vec<Name>,
    /// Whether it refuses packets that are not addressed to it.
    pub source_dest_check: bool,
    /// What it belongs to.
    pub owner: InterfaceOwner,
    /// Ports that something listens on; `None` where that is not known.
    pub listen: Option<Vec<Sourced<Listen>>>,
    /// What answers there.
    pub serve: Vec<Serve>,
}

/// What a network interface belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InterfaceOwner {
    /// An instance, a database, a task: something that sends and receives.
    Host,
    /// A connector's shared Hyperplane ENI, as AWS made it (tag `AWSAppRunnerManaged`).
    Connector,
}

/// Something that listens at a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// 6 for TCP, 17 for UDP.
    pub protocol: u8,
    /// The port.
    pub port: u16,
}

/// What answers at a host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Serve {
    /// Where; `None` is wherever the host listens and says nothing of its own.
    pub port: Option<Listen>,
    /// How.
    pub behaviour: Behaviour,
}

/// How a port of a host answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Behaviour {
    /// TCP: a response of the size that each request asks for. UDP: the datagram comes back.
    Respond,
    /// As `Respond`, so much later.
    Slow(Duration),
    /// Everything comes back.
    Echo,
    /// TCP: takes everything and says nothing.
    Sink,
    /// TCP: sends so many bytes as soon as it is connected, and closes.
    Source(u64),
    /// UDP and TCP: answers DNS queries for the scenario's names.
    Dns,
    /// Says nothing at all.
    Silent,
    /// TCP: RST. UDP: ICMP 3/3.
    Closed,
    /// As `Respond`, and closes a connection on which nothing came for so long.
    IdleClose(Duration),
}

/// How a host that listens at these ports, if that is known, and serves this answers at one port.
pub fn behaviour(
    listen: Option<&[Sourced<Listen>]>,
    serve: &[Serve],
    protocol: u8,
    port: u16,
) -> Behaviour {
    let wanted = Listen { protocol, port };
    let of = |port| serve.iter().find(|serve| serve.port == port).map(|serve| serve.behaviour);
    let heard = listen.is_none_or(|listen| listen.iter().any(|known| known.value == wanted));
    match of(Some(wanted)) {
        Some(own) => own,
        None if heard => of(None).unwrap_or(Behaviour::Respond),
        None => Behaviour::Closed,
    }
}

/// A VPC connector.
#[derive(Clone, Debug)]
pub struct Connector {
    /// Its name.
    pub id: Name,
    /// Its ARN, where known.
    pub arn: Option<String>,
    /// Its subnets.
    pub subnets: Vec<Name>,
    /// Its groups; none means the VPC's default group.
    pub security_groups: Vec<Name>,
}

/// A service whose tasks send packets.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub id: Name,
    /// Its ARN, where known.
    pub arn: Option<String>,
    /// Its way out.
    pub egress: Egress,
    /// How many tasks run.
    pub tasks: Sourced<u32>,
    /// The Availability Zones of its tasks, taken in turn; none means those of its connector.
    pub azs: Vec<Name>,
}

/// A service's egress type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Egress {
    /// `DEFAULT`: the provider's own way out.
    Default,
    /// `VPC`: by the connector of this name or ARN.
    Vpc(Name),
}

/// A named destination outside of every VPC.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its DNS name.
    pub name: Name,
    /// Its address.
    pub address: Sourced<Ipv4Addr>,
    /// Ports that something listens on; `None` where that is not known.
    pub listen: Option<Vec<Sourced<Listen>>>,
    /// What answers there.
    pub serve: Vec<Serve>,
}

/// What AWS leaves open, does not publish, or lets an account adjust; every field has a default
/// that `docs/differences-from-aws.md` lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What the dataplane does where AWS is silent.
    pub dataplane: egret_dataplane::snapshot::Settings,
    /// Subnets that one connector may have.
    pub connector_subnets: usize,
    /// Security groups that one connector may have.
    pub connector_security_groups: usize,
    /// Availability Zone ids in which the provider cannot make a connector's ENI.
    pub unsupported_azs: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            dataplane: egret_dataplane::snapshot::Settings::default(),
            // aws-facts: not published; Lambda's VpcConfig takes 16 subnets and 5 groups.
            connector_subnets: 16,
            connector_security_groups: 5,
            // The classic one; AWS publishes no list.
            unsupported_azs: vec!["use1-az3".to_owned()],
        }
    }
}
