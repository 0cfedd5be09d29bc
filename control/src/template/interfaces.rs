//! Network interfaces, instances, and what else has interfaces in subnets: databases, caches, load
//! balancers, tasks of ECS.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use super::Resource;
use super::gateways::picked;
use super::mapper::Mapper;
use super::reading::{Gap, Part, Said};
use crate::model::{InterfaceOwner, Name, NetworkInterface};
use crate::names::Kind;
use crate::source::Sourced;

/// Public addresses by the interface or instance that has them.
type Public = HashMap<String, Sourced<Ipv4Addr>>;

/// Where a type of resource says its subnets and its groups.
struct Dweller {
    kind: &'static str,
    /// Maps within maps that hold the keys.
    within: &'static [&'static str],
    subnets: Subnets,
    groups: &'static str,
}

/// How it says its subnets.
enum Subnets {
    /// As a list.
    Listed(&'static str),
    /// By a group of subnets, which is a resource with `SubnetIds`.
    Grouped(&'static str),
}

use Subnets::{Grouped, Listed};

const DWELLERS: [Dweller; 7] = [
    Dweller {
        kind: "AWS::ECS::Service",
        within: &["NetworkConfiguration", "AwsvpcConfiguration"],
        subnets: Listed("Subnets"),
        groups: "SecurityGroups",
    },
    Dweller {
        kind: "AWS::ElasticLoadBalancingV2::LoadBalancer",
        within: &[],
        subnets: Listed("Subnets"),
        groups: "SecurityGroups",
    },
    Dweller {
        kind: "AWS::ElastiCache::ServerlessCache",
        within: &[],
        subnets: Listed("SubnetIds"),
        groups: "SecurityGroupIds",
    },
    Dweller {
        kind: "AWS::ElastiCache::ReplicationGroup",
        within: &[],
        subnets: Grouped("CacheSubnetGroupName"),
        groups: "SecurityGroupIds",
    },
    Dweller {
        kind: "AWS::ElastiCache::CacheCluster",
        within: &[],
        subnets: Grouped("CacheSubnetGroupName"),
        groups: "VpcSecurityGroupIds",
    },
    Dweller {
        kind: "AWS::RDS::DBCluster",
        within: &[],
        subnets: Grouped("DBSubnetGroupName"),
        groups: "VpcSecurityGroupIds",
    },
    Dweller {
        kind: "AWS::RDS::DBInstance",
        within: &[],
        subnets: Grouped("DBSubnetGroupName"),
        groups: "VPCSecurityGroups",
    },
];

impl<'a> Mapper<'a> {
    pub(super) fn add_interfaces(&mut self) {
        let public = self.associated_addresses();
        for resource in self.of_kind("AWS::EC2::NetworkInterface") {
            let part = self.properties(resource);
            let address = public.get(resource.id.as_str()).copied();
            if let Some(mut interface) = self.interface(resource, part, "GroupSet") {
                interface.public = address;
                self.model.network_interfaces.push(interface);
            }
        }
        for resource in self.of_kind("AWS::EC2::Instance") {
            self.add_instance(resource, &public);
        }
        for dweller in &DWELLERS {
            for resource in self.of_kind(dweller.kind) {
                if let Err(why) = self.add_dweller(resource, dweller) {
                    self.ignore(resource, &why);
                }
            }
        }
    }

    fn associated_addresses(&mut self) -> Public {
        let mut public = Public::new();
        for resource in self.of_kind("AWS::EC2::EIP") {
            let part = self.properties(resource);
            let address = self.addresses.get(resource.id.as_str()).copied();
            let owner = part.get("InstanceId").map(|owner| self.name(owner));
            if let (Some(address), Some(Ok(owner))) = (address, owner) {
                public.insert(owner.value, address);
                self.note_existence(resource);
            }
        }
        for resource in self.of_kind("AWS::EC2::EIPAssociation") {
            let part = self.properties(resource);
            let address = part.get("AllocationId").or(part.get("EIP")).map(|eip| self.name(eip));
            let owner = part.get("NetworkInterfaceId").or(part.get("InstanceId"));
            let owner = owner.map(|owner| self.name(owner));
            let (Some(Ok(eip)), Some(Ok(owner))) = (address, owner) else { continue };
            if let Some(address) = self.addresses.get(eip.as_str()) {
                public.insert(owner.value, Sourced::new(address.value, eip.place));
            }
        }
        public
    }

    /// An interface of these properties; `None`, and said, where its subnet is not known.
    fn interface(
        &mut self,
        resource: &'a Resource,
        part: Part<'a>,
        groups: &str,
    ) -> Option<NetworkInterface> {
        let subnet = match part.get("SubnetId").map(|subnet| self.refer(Kind::Subnet, subnet)) {
            Some(Ok(subnet)) => subnet,
            Some(Err(Gap::Wrong)) => return None,
            Some(Err(Gap::Unknown(unknown))) => {
                let why = format!("its subnet is not known: {}", unknown.name);
                self.ignore(resource, &why);
                return None;
            }
            None => {
                self.ignore(resource, "it says no subnet, and the default VPC is not known");
                return None;
            }
        };
        let addresses = self.private_addresses(part);
        let check = self.flag(part, "SourceDestCheck", true);
        let security_groups = self.refer_all(Kind::SecurityGroup, part, groups);
        let addresses = addresses.ok()?;
        let mut interface = host(resource.id.clone(), subnet, security_groups);
        interface.name = self.name_tag(part);
        interface.addresses = addresses;
        interface.source_dest_check = self.structural(check).unwrap_or(true);
        Some(interface)
    }

    /// The primary address first. One that is not known is a free one of the subnet.
    fn private_addresses(&mut self, part: Part<'a>) -> Said<Vec<Sourced<Ipv4Addr>>> {
        let primary = self.meaning_at(part, "PrivateIpAddress").or_else(picked)?;
        let mut addresses: Vec<Sourced<Ipv4Addr>> = primary.into_iter().collect();
        let mut further = Vec::new();
        for value in self.list(part, "PrivateIpAddresses").unwrap_or_default() {
            let entry = self.part(value)?;
            let is_primary = self.flag(entry, "Primary", false)?;
            let address = self.meaning_at(entry, "PrivateIpAddress").or_else(picked)?;
            further.extend(address.map(|address: Sourced<Ipv4Addr>| (!is_primary, address)));
        }
        further.sort_by_key(|(secondary, _)| *secondary);
        for (_, address) in further {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        Ok(addresses)
    }

    /// An instance is its primary interface, which may be a resource of its own.
    fn add_instance(&mut self, resource: &'a Resource, public: &Public) {
        let own = self.properties(resource);
        let primary = self.primary_interface(own);
        let part = primary.unwrap_or(own);
        let address = public.get(resource.id.as_str()).copied();
        if let Some(value) = part.get("NetworkInterfaceId") {
            let Ok(interface) = self.refer(Kind::NetworkInterface, value) else {
                return self.ignore(resource, "its network interface is not known");
            };
            let known = self.model.network_interfaces.iter_mut().find(|k| k.id == interface);
            if let Some(known) = known {
                // Routes name the instance, too.
                known.name = Some(resource.id.value.clone());
                known.public = known.public.take().or(address);
            }
            return;
        }
        let groups = if primary.is_some() { "GroupSet" } else { "SecurityGroupIds" };
        let Some(mut interface) = self.interface(resource, part, groups) else { return };
        interface.name = self.name_tag(own);
        let check = self.flag(own, "SourceDestCheck", true);
        interface.source_dest_check = self.structural(check).unwrap_or(true);
        interface.public = address.or_else(|| self.launch_address(resource, own, part));
        self.model.network_interfaces.push(interface);
    }

    fn primary_interface(&mut self, part: Part<'a>) -> Option<Part<'a>> {
        let interfaces = self.list(part, "NetworkInterfaces").ok()?;
        let mut parts = interfaces.into_iter().filter_map(|value| self.part(value).ok());
        let parts: Vec<Part<'a>> = parts.by_ref().collect();
        let first =
            parts.iter().find(|part| matches!(self.number(**part, "DeviceIndex"), Ok(Some(0))));
        first.or(parts.first()).copied()
    }

    /// The public address that an instance gets where it or its subnet asks for one.
    fn launch_address(
        &mut self,
        resource: &'a Resource,
        own: Part<'a>,
        part: Part<'a>,
    ) -> Option<Sourced<Ipv4Addr>> {
        let by_subnet = part.get("SubnetId").and_then(|subnet| self.referred(subnet));
        let by_subnet = by_subnet.is_some_and(|subnet| {
            let part = self.properties(subnet);
            let said = self.flag(part, "MapPublicIpOnLaunch", false);
            self.structural(said).unwrap_or(false)
        });
        let asked = self.flag(part, "AssociatePublicIpAddress", by_subnet);
        let asked = self.structural(asked).unwrap_or(by_subnet);
        (asked || own.has("PublicIp")).then(|| self.public_at(own, resource))
    }

    /// Hosts for a resource that has an interface in one or each of its subnets.
    fn add_dweller(&mut self, resource: &'a Resource, dweller: &Dweller) -> Result<(), String> {
        let mut part = self.properties(resource);
        for key in dweller.within {
            part = self.part_at(part, key).map_err(why)?;
        }
        let subnets = self.dwelling(part, &dweller.subnets)?;
        if subnets.is_empty() {
            return Err("it says no subnets".to_owned());
        }
        let mut groups = Vec::new();
        for value in self.list(part, dweller.groups).map_err(why)? {
            groups.push(self.refer(Kind::SecurityGroup, value).map_err(why)?);
        }
        if groups.is_empty() {
            return Err("it says no security groups".to_owned());
        }
        let public = self.text_at(part, "AssignPublicIp").ok().flatten();
        let public = public.is_some_and(|public| public.value == "ENABLED");
        let alone = subnets.len() == 1;
        for subnet in subnets {
            let id = match alone {
                true => resource.id.value.clone(),
                false => format!("{}-{}", *resource.id, *subnet),
            };
            let id = Name::new(id, resource.id.place);
            let mut interface = host(id, subnet, groups.clone());
            interface.public = public.then(|| self.public_at(part, resource));
            self.model.network_interfaces.push(interface);
        }
        Ok(())
    }

    /// The subnets that it may be in.
    fn dwelling(&mut self, part: Part<'a>, subnets: &Subnets) -> Result<Vec<Name>, String> {
        let (part, key) = match subnets {
            Listed(key) => (part, *key),
            Grouped(key) => {
                let value = part.get(key).ok_or("it says no group of subnets")?;
                let group = self.referred(value).ok_or("its group of subnets is not known")?;
                (self.properties(group), "SubnetIds")
            }
        };
        let mut names = Vec::new();
        for value in self.list(part, key).map_err(why)? {
            names.push(self.refer(Kind::Subnet, value).map_err(why)?);
        }
        Ok(names)
    }
}

fn why(gap: Gap) -> String {
    match gap {
        Gap::Unknown(unknown) => format!("this is not known: {}", unknown.name),
        Gap::Wrong => "it is not described as it should be".to_owned(),
    }
}

fn host(id: Name, subnet: Name, security_groups: Vec<Name>) -> NetworkInterface {
    NetworkInterface {
        id,
        name: None,
        subnet,
        addresses: Vec::new(),
        public: None,
        security_groups,
        source_dest_check: true,
        owner: InterfaceOwner::Host,
        listen: None,
        serve: Vec::new(),
    }
}
