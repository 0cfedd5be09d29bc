//! How much of everything an account may have, by default as in AWS, and what AWS leaves open.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use egret_control::model::Settings;

/// What holds for an account. It is given at each start, and not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Its quotas.
    pub quotas: Quotas,
    /// How long an operation of App Runner takes.
    pub operation_time: Duration,
    /// What AWS leaves open.
    pub settings: Settings,
    /// Public addresses of others, which the account is not given.
    pub foreign: BTreeSet<Ipv4Addr>,
    /// The folder that stands for Amazon S3, if one does.
    pub s3: Option<PathBuf>,
}

impl Default for Rules {
    fn default() -> Self {
        let operation_time = Duration::from_secs(1);
        Rules {
            quotas: Quotas::default(),
            operation_time,
            settings: Settings::default(),
            foreign: BTreeSet::new(),
            s3: None,
        }
    }
}

/// The quotas of a Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// App Runner: VPC connectors.
    pub connectors: usize,
    /// App Runner: services, those that could not be made too.
    pub services: usize,
    /// VPCs.
    pub vpcs: usize,
    /// Elastic IP addresses.
    pub addresses: usize,
    /// Security groups.
    pub security_groups: usize,
    /// Rules of a security group in one direction.
    pub security_group_rules: usize,
    /// Security groups of a network interface.
    pub groups_per_interface: usize,
    /// Subnets of a VPC.
    pub subnets: usize,
    /// Route tables of a VPC.
    pub route_tables: usize,
    /// Routes of a route table.
    pub routes: usize,
    /// Network ACLs of a VPC.
    pub network_acls: usize,
    /// Entries of a network ACL in one direction.
    pub acl_entries: usize,
    /// Internet gateways.
    pub internet_gateways: usize,
    /// NAT gateways in one Availability Zone.
    pub nat_gateways: usize,
    /// Tags of one resource.
    pub tags: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Quotas {
            connectors: 10,
            services: 30,
            vpcs: 5,
            addresses: 5,
            security_groups: 2_500,
            security_group_rules: 60,
            groups_per_interface: 5,
            subnets: 200,
            route_tables: 200,
            routes: 500,
            network_acls: 200,
            acl_entries: 20,
            internet_gateways: 5,
            nat_gateways: 5,
            tags: 50,
        }
    }
}

impl Quotas {
    /// No quotas to speak of: for loads.
    pub fn unlimited() -> Quotas {
        Quotas {
            connectors: usize::MAX,
            services: usize::MAX,
            vpcs: usize::MAX,
            addresses: usize::MAX,
            security_groups: usize::MAX,
            subnets: usize::MAX,
            route_tables: usize::MAX,
            network_acls: usize::MAX,
            internet_gateways: usize::MAX,
            nat_gateways: usize::MAX,
            ..Quotas::default()
        }
    }
}
