//! Internet gateways, Elastic IP addresses and NAT gateways.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::table::Row;
use super::time::Timestamp;

/// An internet gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InternetGateway {
    /// Its id.
    pub id: String,
    /// The VPC that it is attached to.
    pub vpc: Option<String>,
}

impl Row for InternetGateway {
    const KIND: &'static str = "internet-gateway";
}

/// An Elastic IP address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Address {
    /// The id of its allocation.
    pub id: String,
    /// The address.
    pub public: Ipv4Addr,
    /// What it is associated with.
    pub association: Option<AddressAssociation>,
}

impl Row for Address {
    const KIND: &'static str = "address";
}

/// What an Elastic IP address is associated with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AddressAssociation {
    /// The id of the association.
    pub id: String,
    /// The network interface: for a NAT gateway, its own.
    pub interface: String,
    /// The private address there.
    pub private: Ipv4Addr,
}

/// A NAT gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NatGateway {
    /// Its id.
    pub id: String,
    /// Its VPC.
    pub vpc: String,
    /// Its subnet.
    pub subnet: String,
    /// Whether it has public addresses.
    pub public: bool,
    /// Where it is in its life.
    pub state: NatGatewayState,
    /// Its addresses, the primary one first.
    pub addresses: Vec<NatGatewayAddress>,
    /// Why it could not be made.
    pub failure: Option<NatGatewayFailure>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was deleted.
    pub deleted: Option<Timestamp>,
}

impl Row for NatGateway {
    const KIND: &'static str = "nat-gateway";
}

/// Where a NAT gateway is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NatGatewayState {
    /// It is being made.
    Pending,
    /// It could not be made.
    Failed,
    /// It forwards.
    Available,
    /// It is being deleted.
    Deleting,
    /// It is gone, and shown for some time.
    Deleted,
}

impl NatGatewayState {
    /// AWS's word.
    pub fn word(self) -> &'static str {
        match self {
            NatGatewayState::Pending => "pending",
            NatGatewayState::Failed => "failed",
            NatGatewayState::Available => "available",
            NatGatewayState::Deleting => "deleting",
            NatGatewayState::Deleted => "deleted",
        }
    }

    /// Whether it is there, or is about to be: it counts towards the quota, and has its interface.
    pub fn is_there(self) -> bool {
        matches!(
            self,
            NatGatewayState::Pending | NatGatewayState::Available | NatGatewayState::Deleting
        )
    }
}

/// Why a NAT gateway could not be made: AWS's `FailureCode` and `FailureMessage`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NatGatewayFailure {
    /// The code, such as `Gateway.NotAttached`.
    pub code: String,
    /// The sentence.
    pub message: String,
}

/// One address of a NAT gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NatGatewayAddress {
    /// The interface that carries it.
    pub interface: String,
    /// The private address.
    pub private: Ipv4Addr,
    /// The allocation of the Elastic IP address, if it has one.
    pub allocation: Option<String>,
    /// The id of the association with it.
    pub association: Option<String>,
    /// The Elastic IP address, if it has one.
    pub public: Option<Ipv4Addr>,
    /// Where it is in its life.
    pub status: NatGatewayAddressStatus,
}

/// Where an address of a NAT gateway is in its life: AWS's `Status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NatGatewayAddressStatus {
    /// A private address is taken up.
    Assigning,
    /// A private address is given back; no packet has it any more.
    Unassigning,
    /// An Elastic IP address is taken up.
    Associating,
    /// An Elastic IP address is given back; no packet has it any more.
    Disassociating,
    /// Packets have it.
    Succeeded,
}

impl NatGatewayAddressStatus {
    /// AWS's word.
    pub fn word(self) -> &'static str {
        match self {
            NatGatewayAddressStatus::Assigning => "assigning",
            NatGatewayAddressStatus::Unassigning => "unassigning",
            NatGatewayAddressStatus::Associating => "associating",
            NatGatewayAddressStatus::Disassociating => "disassociating",
            NatGatewayAddressStatus::Succeeded => "succeeded",
        }
    }
}
