//! Transit gateways, what is attached to them, and their route tables.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::Account;
use super::table::Row;
use super::time::Timestamp;

/// A transit gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransitGateway {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub description: String,
    /// AWS's `State`.
    pub state: String,
    /// Its options.
    pub options: TransitGatewayOptions,
    /// When it was made.
    pub created: Timestamp,
}

impl Row for TransitGateway {
    const KIND: &'static str = "transit-gateway";
}

/// The options of a transit gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransitGatewayOptions {
    /// The private ASN of its side.
    pub asn: i64,
    /// Whether attachments that other accounts ask for are accepted at once.
    pub auto_accept: bool,
    /// The table that attachments are associated with, unless told otherwise.
    pub association_table: Option<String>,
    /// The table that attachments tell their CIDRs to, unless told otherwise.
    pub propagation_table: Option<String>,
    /// Whether a rule may name a security group on the other side.
    pub sg_referencing: bool,
    /// Whether names of the other side resolve to private addresses.
    pub dns_support: bool,
}

/// What is attached to a transit gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id.
    pub id: String,
    /// The transit gateway.
    pub gateway: String,
    /// AWS's `State`.
    pub state: String,
    /// What it leads to.
    pub kind: AttachmentKind,
    /// When it was made.
    pub created: Timestamp,
}

impl Row for Attachment {
    const KIND: &'static str = "transit-gateway-attachment";
}

/// What an attachment leads to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AttachmentKind {
    /// A VPC, by one subnet in each zone.
    Vpc {
        /// The VPC.
        vpc: String,
        /// The subnets.
        subnets: Vec<String>,
    },
    /// A network outside of the account: a scenario's.
    External {
        /// The addresses behind it.
        cidrs: Vec<Ipv4Net>,
    },
}

/// A route table of a transit gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteTable {
    /// Its id.
    pub id: String,
    /// The transit gateway.
    pub gateway: String,
    /// AWS's `State`.
    pub state: String,
    /// The attachments whose packets it routes.
    pub associations: Vec<String>,
    /// The attachments whose CIDRs it knows by itself.
    pub propagations: Vec<String>,
    /// Static routes.
    pub routes: Vec<Route>,
    /// When it was made.
    pub created: Timestamp,
}

impl Row for RouteTable {
    const KIND: &'static str = "transit-gateway-route-table";
}

/// A static route of a transit gateway's table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// What it matches.
    pub cidr: Ipv4Net,
    /// The attachment that it leads to; `None` is a blackhole.
    pub attachment: Option<String>,
}

impl Account {
    /// Whether a VPC is attached to a transit gateway, and the attachment works.
    pub fn is_attached(&self, gateway: &str, vpc: &str) -> bool {
        self.transit_gateway_attachments.values().any(|attachment| {
            attachment.gateway == gateway
                && attachment.state == "available"
                && matches!(&attachment.kind, AttachmentKind::Vpc { vpc: of, .. } if of == vpc)
        })
    }
}
