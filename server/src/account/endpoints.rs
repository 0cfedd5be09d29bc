//! VPC endpoints.

use serde::{Deserialize, Serialize};

use super::table::Row;
use super::time::Timestamp;

/// A VPC endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VpcEndpoint {
    /// Its id.
    pub id: String,
    /// Its VPC.
    pub vpc: String,
    /// The service, such as `com.amazonaws.us-east-1.s3`.
    pub service: String,
    /// AWS's `State`: `pending`, `available`, `deleting`, `deleted` and so on.
    pub state: String,
    /// What kind of endpoint it is.
    pub kind: EndpointKind,
    /// Its policy, as it was given.
    pub policy: Option<String>,
    /// When it was made.
    pub created: Timestamp,
}

impl Row for VpcEndpoint {
    const KIND: &'static str = "vpc-endpoint";
}

/// The kinds of endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EndpointKind {
    /// Routes by prefix list in these tables.
    Gateway {
        /// The tables that get the route.
        route_tables: Vec<String>,
    },
    /// An interface in each of these subnets.
    Interface {
        /// The subnets.
        subnets: Vec<String>,
        /// The interfaces, in the subnets' order.
        interfaces: Vec<String>,
        /// The groups on them.
        groups: Vec<String>,
        /// Whether the service's public name leads here within the VPC.
        private_dns: bool,
    },
}
