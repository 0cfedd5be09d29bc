//! VPCs and subnets.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::table::Row;

/// A virtual private cloud.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vpc {
    /// Its id.
    pub id: String,
    /// Its CIDRs, the primary one first.
    pub cidrs: Vec<CidrAssociation>,
    /// `enableDnsSupport`.
    pub dns_support: bool,
    /// `enableDnsHostnames`.
    pub dns_hostnames: bool,
    /// Whether it is the Region's default VPC.
    pub default: bool,
    /// `default` or `dedicated`.
    pub tenancy: String,
}

/// A CIDR of a VPC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CidrAssociation {
    /// The id of the association.
    pub id: String,
    /// The CIDR.
    pub cidr: Ipv4Net,
}

impl Row for Vpc {
    const KIND: &'static str = "vpc";
}

impl Vpc {
    /// Its primary CIDR.
    pub fn cidr(&self) -> Option<Ipv4Net> {
        self.cidrs.first().map(|association| association.cidr)
    }
}

/// A subnet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subnet {
    /// Its id.
    pub id: String,
    /// The VPC that it belongs to.
    pub vpc: String,
    /// The id of its Availability Zone, such as `use1-az1`.
    pub az: String,
    /// Its CIDR.
    pub cidr: Ipv4Net,
    /// `MapPublicIpOnLaunch`.
    pub map_public_ip: bool,
    /// Whether it is the zone's default subnet.
    pub default_for_az: bool,
    /// How instances that are launched here would be named.
    #[serde(default)]
    pub names: LaunchNames,
}

impl Subnet {
    /// One that has its id from whoever makes it, and nothing special.
    pub fn new(vpc: String, az: String, cidr: Ipv4Net) -> Subnet {
        let (map_public_ip, default_for_az) = (false, false);
        let (id, names) = (String::new(), LaunchNames::default());
        Subnet { id, vpc, az, cidr, map_public_ip, default_for_az, names }
    }
}

/// How instances that are launched in a subnet would be named: kept and shown, for there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LaunchNames {
    /// Whether host names are made of the instance's id, and not of its address.
    pub by_resource: bool,
    /// Whether the DNS answers for names that are made of ids.
    pub a_records: bool,
}

impl Row for Subnet {
    const KIND: &'static str = "subnet";

    fn belongs_to(&self) -> Option<&str> {
        Some(&self.vpc)
    }
}
