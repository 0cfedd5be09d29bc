//! VPC peering connections.

use serde::{Deserialize, Serialize};

use super::Account;
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
    /// What AWS says of it.
    pub message: String,
    /// When a request that nobody has accepted goes.
    pub expires: Option<Timestamp>,
    /// Whether names of each side resolve to private addresses on the other.
    pub dns: PeeringDns,
}

/// `AllowDnsResolutionFromRemoteVpc` of both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeeringDns {
    /// Of the VPC that asked.
    pub requester: bool,
    /// Of the VPC that was asked.
    pub accepter: bool,
}

impl Row for Peering {
    const KIND: &'static str = "peering";
}

impl Peering {
    /// Whether it works, or may come to work.
    pub fn lives(&self) -> bool {
        let living = ["initiating-request", "pending-acceptance", "provisioning", "active"];
        living.contains(&self.status.as_str())
    }

    /// Whether it is between these two VPCs, whichever asked.
    pub fn is_between(&self, a: &str, b: &str) -> bool {
        (self.requester == a && self.accepter == b) || (self.requester == b && self.accepter == a)
    }
}

impl Account {
    /// The active peering connection between two VPCs.
    pub fn peering_between(&self, a: &str, b: &str) -> Option<&Peering> {
        let mut active = self.peerings.values().filter(|peering| peering.status == "active");
        active.find(|peering| peering.is_between(a, b))
    }

    /// Whether a rule in one VPC may name a group of the other: they are peered within the Region,
    /// or attached to a transit gateway that keeps references to groups.
    pub fn joined(&self, a: &str, b: &str) -> bool {
        let here = |peering: &Peering| peering.accepter_region == self.identity.region;
        if self.peering_between(a, b).is_some_and(here) {
            return true;
        }
        let mut gateways = self.transit_gateways.values();
        gateways.any(|gateway| {
            gateway.options.sg_referencing
                && self.is_attached(&gateway.id, a)
                && self.is_attached(&gateway.id, b)
        })
    }
}
