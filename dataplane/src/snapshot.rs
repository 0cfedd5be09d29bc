//! The immutable configuration that a worker runs on.
//!
//! Every reference in a snapshot is an index that is known to be good: only `egret-control`'s
//! `compile` makes one, and it reports what is wrong before it does. A worker holds an
//! `Arc<Snapshot>` and picks up the next one between two bursts; [`Snapshot::epoch`] tells flows
//! that were judged under an older one (see [`crate::flow`]).

mod classifier;
mod group_rules;
mod ids;
mod intervals;
#[cfg(test)]
mod linear;
mod lookup;
mod routes;
mod rules;
mod settings;

use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::verdict::Element;

pub use ids::*;
pub use lookup::Prepared;
pub use routes::{Cidr, Route, RouteKey, RouteOrigin, RouteTable, RouteTarget};
pub use rules::{AclEntry, Mismatch, NetworkAcl, Peer, PrefixList, SecurityGroup, SgRule, Traffic};
pub use settings::{LatePacket, PortBudget, RelatedIcmp, Settings};

/// A configuration, complete and checked.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Which configuration this is: it grows by one with each that is published.
    pub epoch: Epoch,
    /// What AWS leaves open.
    pub settings: Settings,
    /// Availability Zone ids, such as `use1-az1`.
    pub zones: Vec<Arc<str>>,
    /// Places where packets enter and leave the dataplane; the first is always the internet.
    pub interfaces: Vec<Interface>,
    /// VPCs.
    pub vpcs: Vec<Vpc>,
    /// Subnets.
    pub subnets: Vec<Subnet>,
    /// VPC route tables.
    pub route_tables: Vec<RouteTable>,
    /// Network ACLs.
    pub network_acls: Vec<NetworkAcl>,
    /// Security groups.
    pub security_groups: Vec<SecurityGroup>,
    /// Prefix lists.
    pub prefix_lists: Vec<PrefixList>,
    /// Every elastic network interface: hosts', endpoints', NAT gateways', shared Hyperplane ones.
    pub enis: Vec<NetworkInterface>,
    /// Internet gateways.
    pub internet_gateways: Vec<InternetGateway>,
    /// NAT gateways.
    pub nat_gateways: Vec<NatGateway>,
    /// Interface and gateway endpoints.
    pub endpoints: Vec<VpcEndpoint>,
    /// Peering connections.
    pub peerings: Vec<Peering>,
    /// Transit gateways.
    pub transit_gateways: Vec<TransitGateway>,
    /// Attachments of all transit gateways.
    pub attachments: Vec<Attachment>,
    /// Services.
    pub services: Vec<Service>,
    /// Tasks of all services.
    pub tasks: Vec<Task>,
    /// Public addresses that belong to an ENI, sorted: where the internet's packets for them go.
    pub public_addresses: Vec<(Ipv4Addr, EniId)>,
    /// What the path looks things up in: begins empty, and fills by [`Snapshot::prepare`].
    pub prepared: Prepared,
}

/// Where packets enter and leave the dataplane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interface {
    /// Everything beyond the internet gateways and the provider's own way out.
    Internet,
    /// A task.
    Task(TaskId),
    /// Whatever owns this ENI: a host, or the service behind an interface endpoint.
    Eni(EniId),
    /// The service behind a gateway endpoint.
    GatewayEndpoint(EndpointId),
    /// A VPC's resolver and the other link-local services.
    LinkLocal(VpcId),
    /// A network outside of the model, behind a transit gateway's attachment.
    External(AttachmentId),
    /// Something that an earlier snapshot had: no packet enters or leaves here.
    Gone,
}

/// A VPC.
#[derive(Clone, Debug)]
pub struct Vpc {
    /// Its id or name.
    pub name: Arc<str>,
    /// Its CIDRs, the primary one first.
    pub cidrs: Vec<Cidr>,
    /// Its private addresses in use, sorted, and the ENI that has each.
    pub addresses: Vec<(Ipv4Addr, EniId)>,
    /// The internet gateway attached to it.
    pub internet_gateway: Option<IgwId>,
    /// Whether the resolver answers (`enableDnsSupport`).
    pub dns_support: bool,
    /// Where the resolver and the other link-local services are.
    pub link_local: InterfaceId,
}

/// A subnet.
#[derive(Clone, Debug)]
pub struct Subnet {
    /// Its id or name.
    pub name: Arc<str>,
    /// Its VPC.
    pub vpc: VpcId,
    /// Its Availability Zone.
    pub zone: ZoneId,
    /// Whether that zone is lost.
    pub lost: bool,
    /// Its addresses.
    pub cidr: Cidr,
    /// Its route table, explicit or main.
    pub route_table: RouteTableId,
    /// Its network ACL.
    pub network_acl: AclId,
}

/// An elastic network interface.
#[derive(Clone, Debug)]
pub struct NetworkInterface {
    /// Its id or name.
    pub name: Arc<str>,
    /// Its subnet.
    pub subnet: SubnetId,
    /// Its primary private address.
    pub address: Ipv4Addr,
    /// Public addresses bound one to one to private addresses of this ENI, the pairs
    /// (private, public).
    pub public: Vec<(Ipv4Addr, Ipv4Addr)>,
    /// Its security groups: a set, sorted, without doubles.
    pub security_groups: Vec<SgId>,
    /// Whether it refuses packets that are not for it, and may only send its own.
    pub source_dest_check: bool,
    /// What it belongs to.
    pub owner: EniOwner,
}

/// What an ENI belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EniOwner {
    /// A host; packets for it leave the dataplane here.
    Host(InterfaceId),
    /// The services that share it.
    Hyperplane,
    /// A NAT gateway.
    NatGateway(NatId),
    /// An interface endpoint; packets for it leave the dataplane here.
    Endpoint(EndpointId, InterfaceId),
}

impl NetworkInterface {
    /// The element that this ENI, whose id is `id`, is of.
    pub fn element(&self, id: EniId) -> Element {
        match self.owner {
            EniOwner::Host(_) => Element::NetworkInterface(id),
            EniOwner::Hyperplane => Element::HyperplaneEni(id),
            EniOwner::NatGateway(nat) => Element::NatGateway(nat),
            EniOwner::Endpoint(endpoint, _) => Element::VpcEndpoint(endpoint),
        }
    }
}

/// An internet gateway.
#[derive(Clone, Debug)]
pub struct InternetGateway {
    /// Its id or name.
    pub name: Arc<str>,
    /// The VPC that it is attached to.
    pub vpc: VpcId,
}

/// A NAT gateway.
#[derive(Clone, Debug)]
pub struct NatGateway {
    /// Its id or name.
    pub name: Arc<str>,
    /// Its ENI, and so its subnet.
    pub eni: EniId,
    /// Its private addresses, the primary one first. A public gateway's have an Elastic IP each,
    /// in the ENI's [`NetworkInterface::public`].
    pub addresses: Vec<Ipv4Addr>,
    /// Whether its connectivity type is public.
    pub public: bool,
}

/// A VPC endpoint.
#[derive(Clone, Debug)]
pub struct VpcEndpoint {
    /// Its id or name.
    pub name: Arc<str>,
    /// Its VPC.
    pub vpc: VpcId,
    /// The service, such as `com.amazonaws.us-east-1.s3`.
    pub service: Arc<str>,
    /// What kind it is.
    pub kind: EndpointKind,
}

/// The kinds of endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointKind {
    /// ENIs of its own, one a subnet.
    Interface {
        /// Its ENIs.
        enis: Vec<EniId>,
    },
    /// Routes by prefix list.
    Gateway {
        /// The service's addresses.
        prefix_list: PrefixListId,
        /// Where the service is.
        interface: InterfaceId,
    },
}

/// A peering connection.
#[derive(Clone, Debug)]
pub struct Peering {
    /// Its id or name.
    pub name: Arc<str>,
    /// Requester and accepter.
    pub vpcs: [VpcId; 2],
    /// Whether both are in one Region: security group references work only then, and the MTU is
    /// that of the VPC only then.
    pub same_region: bool,
}

/// A transit gateway.
#[derive(Clone, Debug)]
pub struct TransitGateway {
    /// Its id or name.
    pub name: Arc<str>,
    /// Whether security group references work across it.
    pub sg_referencing: bool,
    /// Its route tables.
    pub route_tables: Vec<TgwRouteTable>,
}

/// A transit gateway's route table.
#[derive(Clone, Debug)]
pub struct TgwRouteTable {
    /// Its id or name.
    pub name: Arc<str>,
    /// Its routes; a target of `None` is a blackhole.
    pub routes: Vec<TgwRoute>,
}

/// A route of a transit gateway.
#[derive(Clone, Copy, Debug)]
pub struct TgwRoute {
    /// What it matches.
    pub cidr: Cidr,
    /// The attachment it leads to; `None` is a blackhole.
    pub attachment: Option<AttachmentId>,
    /// Whether it was learnt: a static route to the same destination wins.
    pub propagated: bool,
}

/// An attachment of a transit gateway.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// Its id or name.
    pub name: Arc<str>,
    /// The gateway.
    pub transit_gateway: TgwId,
    /// The gateway's table that routes this attachment's packets (index), if it is associated.
    pub route_table: Option<usize>,
    /// What is attached.
    pub kind: AttachmentKind,
}

/// What is attached to a transit gateway.
#[derive(Clone, Debug)]
pub enum AttachmentKind {
    /// A VPC, by one subnet in each Availability Zone.
    Vpc {
        /// The VPC.
        vpc: VpcId,
        /// The attachment's subnets.
        subnets: Vec<SubnetId>,
    },
    /// A network outside of the model.
    External(InterfaceId),
}

/// A service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub name: Arc<str>,
    /// Its way out.
    pub egress: Egress,
}

/// A service's egress type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Egress {
    /// The provider's own way out.
    Default,
    /// Through the shared ENIs of a connector.
    Vpc {
        /// The connector's name.
        connector: Arc<str>,
        /// Its ENIs, one a subnet.
        enis: Vec<EniId>,
    },
}

/// A task of a service.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// The service.
    pub service: ServiceId,
    /// Its number within the service, from 0.
    pub number: u32,
    /// Its address in the provider's own network.
    pub address: Ipv4Addr,
    /// Its Availability Zone; `None` when the service says none (egress DEFAULT).
    pub zone: Option<ZoneId>,
    /// Where it sends and receives.
    pub interface: InterfaceId,
}

impl Snapshot {
    /// The ENI with this private address in that VPC.
    pub fn eni_at(&self, vpc: VpcId, address: Ipv4Addr) -> Option<EniId> {
        self.lookup().eni_at(vpc, address)
    }

    /// The ENI that has this public address.
    pub fn eni_of_public(&self, address: Ipv4Addr) -> Option<EniId> {
        find(&self.public_addresses, address)
    }

    /// The VPC in which an ENI is.
    pub fn vpc_of(&self, eni: EniId) -> VpcId {
        self[self[eni].subnet].vpc
    }

    /// Whether an address is in one of the VPC's CIDRs.
    pub fn in_vpc(&self, vpc: VpcId, address: Ipv4Addr) -> bool {
        self[vpc].cidrs.iter().any(|cidr| cidr.contains(address))
    }
}

impl Vpc {
    /// The ENI with this private address.
    pub fn eni_at(&self, address: Ipv4Addr) -> Option<EniId> {
        find(&self.addresses, address)
    }
}

fn find(sorted: &[(Ipv4Addr, EniId)], address: Ipv4Addr) -> Option<EniId> {
    let at = sorted.binary_search_by_key(&address, |(address, _)| *address).ok()?;
    Some(sorted[at].1)
}
