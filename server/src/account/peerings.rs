//! VPC peering connections.

use serde::{Deserialize, Serialize};

use super::table::Row;
use super::time::Timestamp;

/// A peering connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Peering {
    /// Its id.
    pub id: String,
    /// The VPC that asks.
    pub requester: String,
    /// The VPC that is asked.
    pub accepter: String,
    /// The Region of that VPC.
    pub accepter_region: String,
    /// AWS's status code: `pending-acceptance`, `active`, `rejected`, `deleted` and so on.
    pub status: String,
    /// When a request that nobody has accepted goes.
    pub expires: Option<Timestamp>,
}

impl Row for Peering {
    const KIND: &'static str = "peering";
}
