//! Route tables, their routes and what they are associated with.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::table::Row;

/// A route table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteTable {
    /// Its id.
    pub id: String,
    /// The VPC that it belongs to.
    pub vpc: String,
    /// Its routes without the local ones, which follow from the VPC's CIDRs.
    pub routes: Vec<Route>,
    /// The subnets that it is associated with, and the VPC where it is the main one.
    pub associations: Vec<RouteTableAssociation>,
}

impl Row for RouteTable {
    const KIND: &'static str = "route-table";

    fn belongs_to(&self) -> Option<&str> {
        Some(&self.vpc)
    }
}

impl RouteTable {
    /// Whether it is the VPC's main table.
    pub fn is_main(&self) -> bool {
        self.associations.iter().any(|association| association.subnet.is_none())
    }
}

/// What a route table is associated with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteTableAssociation {
    /// The id of the association.
    pub id: String,
    /// The subnet; `None` for the VPC itself, whose main table this is.
    pub subnet: Option<String>,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// What it matches.
    pub destination: RouteDestination,
    /// Where it leads.
    pub target: RouteTarget,
    /// Where it comes from.
    pub origin: RouteOrigin,
}

/// What a route matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RouteDestination {
    /// A CIDR.
    Cidr(Ipv4Net),
    /// The CIDRs of a prefix list.
    PrefixList(String),
}

/// Where a route leads, by id. A target that is gone makes the route a blackhole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RouteTarget {
    /// The VPC itself.
    Local,
    /// An internet gateway.
    InternetGateway(String),
    /// A NAT gateway.
    NatGateway(String),
    /// A gateway endpoint.
    VpcEndpoint(String),
    /// A peering connection.
    Peering(String),
    /// A transit gateway.
    TransitGateway(String),
    /// A network interface.
    NetworkInterface(String),
    /// A kind of target that Egret does not model, such as `vgw-0abc`: a blackhole.
    Other(String),
}

impl RouteTarget {
    /// The id of what it leads to; `None` is the VPC itself.
    pub fn id(&self) -> Option<&str> {
        match self {
            RouteTarget::Local => None,
            RouteTarget::InternetGateway(id)
            | RouteTarget::NatGateway(id)
            | RouteTarget::VpcEndpoint(id)
            | RouteTarget::Peering(id)
            | RouteTarget::TransitGateway(id)
            | RouteTarget::NetworkInterface(id)
            | RouteTarget::Other(id) => Some(id),
        }
    }
}

/// Where a route comes from: AWS's `Origin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RouteOrigin {
    /// It came with the table: a local route that was given another target.
    CreateRouteTable,
    /// Somebody made it, or an endpoint did.
    CreateRoute,
    /// A virtual private gateway told it.
    EnableVgwRoutePropagation,
}
