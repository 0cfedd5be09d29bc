//! VPCs and subnets.

use std::collections::HashMap;

use ipnet::Ipv4Net;

use super::Resource;
use super::mapper::Mapper;
use super::reading::{Gap, Part, Said};
use crate::finding::Finding;
use crate::model::{Name, Subnet, Unknown, Vpc};
use crate::names::Kind;
use crate::section;
use crate::source::{Place, Sourced};

impl<'a> Mapper<'a> {
    pub(super) fn add_vpcs(&mut self) {
        for resource in self.of_kind("AWS::EC2::VPC") {
            let part = self.properties(resource);
            let cidr = self.block(resource, part);
            let cidr = self.structural(cidr);
            if cidr.is_none() {
                self.open_vpcs.insert(resource.id.value.clone());
            }
            let mut flag = |key, default| {
                let said = self.meaning_at(part, key);
                self.structural(said).flatten().unwrap_or(Sourced::implied(default))
            };
            let dns_support = flag("EnableDnsSupport", true);
            let dns_hostnames = flag("EnableDnsHostnames", false);
            let mut known = |key| Some(self.text_at(part, key).ok()??.value);
            let (account, region) = (known("Account"), known("Region"));
            self.model.vpcs.push(Vpc {
                id: resource.id.clone(),
                name: self.name_tag(part),
                account,
                region: region.or_else(|| Some(self.region.to_owned())),
                cidrs: cidr.into_iter().collect(),
                dns_support,
                dns_hostnames,
            });
        }
        for resource in self.of_kind("AWS::EC2::VPCCidrBlock") {
            self.add_cidr(resource);
        }
    }

    /// A further block of a VPC.
    fn add_cidr(&mut self, resource: &'a Resource) {
        let part = self.properties(resource);
        let is_ipv6 =
            ["AmazonProvidedIpv6CidrBlock", "Ipv6CidrBlock", "Ipv6IpamPoolId", "Ipv6Pool"];
        if is_ipv6.iter().any(|key| part.has(key)) && !part.has("CidrBlock") {
            return;
        }
        let Some(vpc) = self.vpc_of(resource, part) else { return };
        let cidr = self.block(resource, part);
        let cidr = self.structural(cidr);
        match (self.model.vpcs.iter_mut().find(|known| known.id == vpc), cidr) {
            (Some(vpc), Some(cidr)) => vpc.cidrs.push(cidr),
            _ => drop(self.open_vpcs.insert(vpc.value)),
        }
    }

    /// The IPv4 block of a VPC or subnet, which a pool may give.
    fn block(&mut self, resource: &'a Resource, part: Part<'a>) -> Said<Sourced<Ipv4Net>> {
        if let Some(cidr) = self.meaning_at(part, "CidrBlock")? {
            return Ok(cidr);
        }
        match part.get("Ipv4IpamPoolId") {
            Some(pool) => {
                let name = format!("the block that a pool gives `{}`", *resource.id);
                Err(Gap::Unknown(Unknown { name, place: pool.place }))
            }
            None => Err(self.missing(resource, "CidrBlock")),
        }
    }

    /// The VPC of a resource. One that is not known is stood in for, and leaves everything open.
    pub(super) fn vpc_of(&mut self, resource: &'a Resource, part: Part<'a>) -> Option<Name> {
        let vpc = match part.get("VpcId") {
            Some(value) => self.refer(Kind::Vpc, value),
            None => {
                let name = "the account's default VPC".to_owned();
                Err(Gap::Unknown(Unknown { name, place: resource.id.place }))
            }
        };
        match vpc {
            Err(Gap::Wrong) => None,
            known => Some(self.structural(known).unwrap_or_else(|| self.stand_in_vpc())),
        }
    }

    /// A VPC for one that is not known. There is one at most.
    fn stand_in_vpc(&mut self) -> Name {
        let id = Name::implied("unknown-vpc".to_owned());
        if !self.exists(Kind::Vpc, &id) {
            let cidrs = vec![self.stand_in_block(Place::NOWHERE)];
            self.open_vpcs.insert(id.value.clone());
            self.model.vpcs.push(Vpc {
                id: id.clone(),
                name: None,
                account: None,
                region: None,
                cidrs,
                dns_support: true.into(),
                dns_hostnames: true.into(),
            });
            section::vpc::complete(&id, false, self.model);
        }
        id
    }

    /// What AWS makes in every VPC.
    pub(super) fn complete_vpcs(&mut self) {
        let vpcs: Vec<Name> =
            self.model.vpcs[self.vpcs_before..].iter().map(|vpc| vpc.id.clone()).collect();
        for vpc in vpcs {
            section::vpc::complete(&vpc, false, self.model);
        }
    }

    pub(super) fn add_subnets(&mut self) {
        for resource in self.of_kind("AWS::EC2::Subnet") {
            self.add_subnet(resource);
        }
        let tables = self.associated(
            "AWS::EC2::SubnetRouteTableAssociation",
            Kind::RouteTable,
            "RouteTableId",
        );
        let acls = self.associated(
            "AWS::EC2::SubnetNetworkAclAssociation",
            Kind::NetworkAcl,
            "NetworkAclId",
        );
        for subnet in &mut self.model.subnets {
            let of = |known: &HashMap<String, Name>| known.get(&subnet.id.value).cloned();
            subnet.route_table = of(&tables).or(subnet.route_table.take());
            subnet.network_acl = of(&acls).or(subnet.network_acl.take());
        }
    }

    fn add_subnet(&mut self, resource: &'a Resource) {
        let part = self.properties(resource);
        let ipv6_only = self.flag(part, "Ipv6Native", false);
        if self.structural(ipv6_only) == Some(true) {
            return;
        }
        let Some(vpc) = self.vpc_of(resource, part) else { return };
        let az = self.zone(resource, part);
        let cidr = self.block(resource, part);
        let cidr = self.structural(cidr).unwrap_or_else(|| {
            self.open_vpcs.insert(vpc.value.clone());
            self.stand_in_block(resource.id.place)
        });
        self.model.subnets.push(Subnet {
            id: resource.id.clone(),
            name: self.name_tag(part),
            vpc,
            az,
            cidr,
            route_table: None,
            network_acl: None,
        });
    }

    /// The Availability Zone of a subnet: its id if that is said, else its name. Which name is which
    /// id differs from account to account. One that is not known is a zone of its own.
    fn zone(&mut self, resource: &'a Resource, part: Part<'a>) -> Name {
        let said = part.get("AvailabilityZoneId").or(part.get("AvailabilityZone"));
        let why = match said.map(|value| self.text(value)) {
            Some(Ok(zone)) => return zone,
            Some(Err(Gap::Unknown(unknown))) => unknown,
            Some(Err(Gap::Wrong)) => return Name::default(),
            None => {
                let name = format!("the zone that AWS chooses for `{}`", *resource.id);
                Unknown { name, place: resource.id.place }
            }
        };
        let id = &*resource.id;
        let message = format!("the Availability Zone of subnet `{id}` is not known: {}", why.name);
        let help = "it is taken to be one that no other subnet is in, unless that says the same";
        self.findings.push(Finding::warning("unknown-zone", why.place, message).help(help));
        Name::new(why.name, why.place)
    }

    /// What each subnet is associated with, by subnet.
    fn associated(&mut self, kind: &str, to: Kind, key: &str) -> HashMap<String, Name> {
        let mut associated = HashMap::new();
        for resource in self.of_kind(kind) {
            let part = self.properties(resource);
            let subnet = self.refer_at(Kind::Subnet, resource, part, "SubnetId");
            // What is not in the model needs no table.
            let Ok(subnet) = subnet else { continue };
            let other = self.refer_at(to, resource, part, key);
            if let Some(other) = self.structural(other) {
                associated.insert(subnet.value, Name::new(other.value, other.place));
            }
        }
        associated
    }

    /// The subnets that a list names; at least one, where it says anything. One that stands for an
    /// unknown one is in that VPC, or in the only one.
    pub(super) fn subnets_at(
        &mut self,
        part: Part<'a>,
        key: &str,
        vpc: Option<&Name>,
    ) -> Vec<Name> {
        let mut subnets = self.refer_all(Kind::Subnet, part, key);
        let says = !matches!(self.list(part, key), Ok(items) if items.is_empty());
        if subnets.is_empty() && says {
            subnets.push(self.stand_in_subnet(vpc, part.place));
        }
        subnets
    }

    /// A subnet for one that is not known.
    pub(super) fn stand_in_subnet(&mut self, vpc: Option<&Name>, place: Place) -> Name {
        let vpc = match (vpc, &self.model.vpcs[..]) {
            (Some(vpc), _) => vpc.clone(),
            (None, [only]) => only.id.clone(),
            (None, _) => self.stand_in_vpc(),
        };
        let id = Name::new(format!("unknown-subnet-{}", self.model.subnets.len()), place);
        let cidr = self.stand_in_block(place);
        self.open_vpcs.insert(vpc.value.clone());
        self.model.subnets.push(Subnet {
            id: id.clone(),
            name: None,
            vpc,
            az: Name::implied("unknown".to_owned()),
            cidr,
            route_table: None,
            network_acl: None,
        });
        id
    }

    /// A VPC of which not all blocks are known has those of its subnets.
    pub(super) fn widen_vpcs(&mut self) {
        let open = std::mem::take(&mut self.open_vpcs);
        let mut empty = Vec::new();
        for vpc in self.model.vpcs.iter_mut().filter(|vpc| open.contains(&vpc.id.value)) {
            let own = self.model.subnets.iter().filter(|subnet| subnet.vpc == vpc.id);
            for subnet in own {
                if !vpc.cidrs.iter().any(|cidr| cidr.contains(&*subnet.cidr)) {
                    vpc.cidrs.push(subnet.cidr);
                }
            }
            if vpc.cidrs.is_empty() {
                empty.push(vpc.id.clone());
            }
        }
        for id in empty {
            let block = self.stand_in_block(id.place);
            let vpc = self.model.vpcs.iter_mut().find(|vpc| vpc.id == id);
            vpc.into_iter().for_each(|vpc| vpc.cidrs.push(block));
        }
    }
}
