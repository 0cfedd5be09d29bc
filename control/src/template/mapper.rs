//! From declared resources to the model: the order of it, and what has no place there.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::Resource;
use super::reading::{Gap, Said};
use crate::finding::Finding;
use crate::model::{Model, Unknown};
use crate::source::{Place, Sourced};

/// Resources on their way into a model.
pub(super) struct Mapper<'a> {
    resources: &'a [Resource],
    pub(super) by_id: HashMap<&'a str, &'a Resource>,
    pub(super) region: &'a str,
    pub(super) model: &'a mut Model,
    pub(super) findings: &'a mut Vec<Finding>,
    /// How many VPCs the model had before.
    pub(super) vpcs_before: usize,
    /// VPCs whose blocks are not all known.
    pub(super) open_vpcs: HashSet<String>,
    /// Public addresses of EIPs, by resource.
    pub(super) addresses: HashMap<String, Sourced<Ipv4Addr>>,
    /// Peering connections whose other side is not known.
    pub(super) open_peerings: HashMap<String, Unknown>,
    /// Blocks given away that stand for unknown ones.
    blocks: u32,
}

/// Types of resources that become part of a model.
pub(super) const MODELLED: &[&str] = &[
    "AWS::AppRunner::Service",
    "AWS::AppRunner::VpcConnector",
    "AWS::EC2::EIP",
    "AWS::EC2::EIPAssociation",
    "AWS::EC2::Instance",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NatGateway",
    "AWS::EC2::NetworkAcl",
    "AWS::EC2::NetworkAclEntry",
    "AWS::EC2::NetworkInterface",
    "AWS::EC2::PrefixList",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetCidrBlock",
    "AWS::EC2::SubnetNetworkAclAssociation",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::TransitGateway",
    "AWS::EC2::TransitGatewayAttachment",
    "AWS::EC2::TransitGatewayRoute",
    "AWS::EC2::TransitGatewayRouteTable",
    "AWS::EC2::TransitGatewayRouteTableAssociation",
    "AWS::EC2::TransitGatewayRouteTablePropagation",
    "AWS::EC2::TransitGatewayVpcAttachment",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCCidrBlock",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::EC2::VPCPeeringConnection",
    "AWS::ECS::Service",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElastiCache::ServerlessCache",
    "AWS::ElastiCache::SubnetGroup",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::Lambda::Function",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBSubnetGroup",
    "AWS::Serverless::Function",
    "Custom::VpcRestrictDefaultSG",
    "Egret::MainRouteTable",
];

/// Modelled types of which one that may not exist leaves only itself open.
const OPEN_BY_THEMSELVES: &[&str] = &[
    "AWS::EC2::EIP",
    "AWS::EC2::NetworkAclEntry",
    "AWS::EC2::Route",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
];

/// The id of the route table that AWS makes with a transit gateway.
pub(super) const DEFAULT_TRANSIT_TABLE: &str = "default";

impl<'a> Mapper<'a> {
    pub(super) fn new(
        resources: &'a [Resource],
        region: &'a str,
        model: &'a mut Model,
        findings: &'a mut Vec<Finding>,
    ) -> Self {
        let by_id = resources.iter().map(|resource| (resource.id.as_str(), resource)).collect();
        let vpcs_before = model.vpcs.len();
        Mapper {
            resources,
            by_id,
            vpcs_before,
            region,
            model,
            findings,
            open_vpcs: HashSet::new(),
            addresses: HashMap::new(),
            open_peerings: HashMap::new(),
            blocks: 0,
        }
    }

    pub(super) fn run(mut self) {
        self.note_conditional();
        self.add_vpcs();
        self.add_route_tables();
        self.add_network_acls();
        self.add_security_groups();
        self.complete_vpcs();
        self.add_subnets();
        self.add_internet_gateways();
        self.add_prefix_lists();
        self.add_addresses();
        self.add_nat_gateways();
        self.add_endpoints();
        self.add_peerings();
        self.add_transit_gateways();
        self.add_interfaces();
        self.add_routes();
        self.add_entries();
        self.add_rules();
        self.add_services();
        self.widen_vpcs();
        self.list_ignored();
    }

    /// All resources of a type, in order.
    pub(super) fn of_kind(&self, kind: &str) -> Vec<&'a Resource> {
        self.resources.iter().filter(|resource| resource.kind == kind).collect()
    }

    /// A resource that may not exist leaves everything open, unless it is a rule or the like.
    fn note_conditional(&mut self) {
        for resource in self.resources {
            let matters = MODELLED.contains(&resource.kind.as_str())
                && !OPEN_BY_THEMSELVES.contains(&resource.kind.as_str());
            if matters {
                self.note_existence(resource);
            }
        }
    }

    /// Everything is open while it is not known whether a resource exists.
    pub(super) fn note_existence(&mut self, resource: &Resource) {
        if let Some(why) = &resource.exists_if {
            let name = format!("whether `{}` exists: {why}", *resource.id);
            self.everything(Unknown { name, place: resource.id.place });
        }
    }

    /// What the model has no place for is said once for each type.
    fn list_ignored(&mut self) {
        let mut ignored: BTreeMap<&str, (usize, Place)> = BTreeMap::new();
        for resource in self.resources {
            if !MODELLED.contains(&resource.kind.as_str()) {
                ignored.entry(&resource.kind).or_insert((0, resource.id.place)).0 += 1;
            }
        }
        for (kind, (count, place)) in ignored {
            let noun = if count == 1 { "resource" } else { "resources" };
            let message = format!("`{kind}` is not modelled: {count} {noun} passed over");
            self.findings.push(Finding::warning("ignored-resource", place, message));
        }
    }

    /// A single resource that the model cannot hold, and why.
    pub(super) fn ignore(&mut self, resource: &Resource, why: &str) {
        let message = format!("`{}` is not modelled: {why}", *resource.id);
        self.findings.push(Finding::warning("ignored-resource", resource.id.place, message));
    }

    /// Nothing can be said before this is known.
    pub(super) fn everything(&mut self, unknown: Unknown) {
        if !self.model.unknowns.everything.iter().any(|known| known.name == unknown.name) {
            self.model.unknowns.everything.push(unknown);
        }
    }

    /// What a value is, where everything depends on it.
    pub(super) fn structural<T>(&mut self, said: Said<T>) -> Option<T> {
        match said {
            Ok(value) => Some(value),
            Err(Gap::Unknown(unknown)) => {
                self.everything(unknown);
                None
            }
            Err(Gap::Wrong) => None,
        }
    }

    /// An address that nobody has, for one that AWS will choose.
    pub(super) fn stand_in_address(&mut self, unknown: Unknown) -> Sourced<Ipv4Addr> {
        let place = unknown.place;
        let count = self.model.unknowns.addresses.len() as u32;
        let address = Ipv4Addr::from_bits(FIRST_ADDRESS.to_bits() + count);
        self.model.unknowns.addresses.push((address, unknown));
        Sourced::new(address, place)
    }

    /// A block that nobody has, for one that is not known.
    pub(super) fn stand_in_block(&mut self, place: Place) -> Sourced<Ipv4Net> {
        let taken = self.model.subnets.len() as u32 + self.model.vpcs.len() as u32;
        self.blocks += 1;
        let bits = FIRST_BLOCK.to_bits() + ((taken + self.blocks) << 8);
        Sourced::new(Ipv4Net::new_assert(Ipv4Addr::from_bits(bits), 24), place)
    }

    /// A finding that a resource lacks a property.
    pub(super) fn missing(&mut self, resource: &Resource, key: &str) -> Gap {
        let message = format!("`{}` has no `{key}`", *resource.id);
        self.findings.push(Finding::error("missing-key", resource.id.place, message));
        Gap::Wrong
    }
}

/// Stand-in addresses and blocks are of the space that is reserved for later (RFC 1112, section 4):
/// nobody asks about them, and they are no part of the internet.
const FIRST_ADDRESS: Ipv4Addr = Ipv4Addr::new(240, 0, 0, 1);
const FIRST_BLOCK: Ipv4Addr = Ipv4Addr::new(241, 0, 0, 0);
