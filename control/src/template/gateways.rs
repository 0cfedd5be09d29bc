//! Public addresses, NAT gateways, prefix lists and endpoints.

use std::net::Ipv4Addr;

use super::mapper::Mapper;
use super::reading::{Gap, Part, Said};
use super::{Resource, Value};
use crate::finding::Finding;
use crate::model::{EndpointKind, Name, NatAddress, NatGateway, PrefixList, Unknown, VpcEndpoint};
use crate::names::Kind;
use crate::source::Sourced;

impl<'a> Mapper<'a> {
    /// The address of each EIP: the one that is known, or one that stands for it.
    pub(super) fn add_addresses(&mut self) {
        for resource in self.of_kind("AWS::EC2::EIP") {
            let part = self.properties(resource);
            let address = self.public_at(part, resource);
            self.addresses.insert(resource.id.value.clone(), address);
        }
    }

    /// The address under `PublicIp`, or one that stands for it.
    pub(super) fn public_at(&mut self, part: Part<'a>, resource: &Resource) -> Sourced<Ipv4Addr> {
        let unknown = || Unknown {
            name: format!("the public address of `{}`", *resource.id),
            place: resource.id.place,
        };
        match self.meaning_at(part, "PublicIp") {
            Ok(Some(address)) => address,
            Err(Gap::Unknown(Unknown { place, .. })) => {
                self.stand_in_address(Unknown { place, ..unknown() })
            }
            Ok(None) | Err(Gap::Wrong) => self.stand_in_address(unknown()),
        }
    }

    /// The public address of an allocation.
    fn allocated(&mut self, value: &'a Value) -> Sourced<Ipv4Addr> {
        let name = self.name(value);
        let known = name.as_ref().ok().and_then(|name| self.addresses.get(&name.value));
        match (known, name) {
            (Some(address), _) => Sourced::new(address.value, value.place),
            (None, Err(Gap::Unknown(unknown))) => self.stand_in_address(unknown),
            (None, name) => {
                let id = name.map(|name| name.value).unwrap_or_default();
                let name = format!("the public address of `{id}`");
                self.stand_in_address(Unknown { name, place: value.place })
            }
        }
    }

    pub(super) fn add_nat_gateways(&mut self) {
        for resource in self.of_kind("AWS::EC2::NatGateway") {
            let part = self.properties(resource);
            if self.is_regional(part, resource) {
                continue;
            }
            let subnet = self.refer_at(Kind::Subnet, resource, part, "SubnetId");
            let subnet = match subnet {
                Err(Gap::Wrong) => continue,
                known => self
                    .structural(known)
                    .unwrap_or_else(|| self.stand_in_subnet(None, resource.id.place)),
            };
            let connectivity = self.text_at(part, "ConnectivityType");
            let connectivity = self.structural(connectivity).flatten();
            let public = connectivity.is_none_or(|said| said.value != "private");
            let addresses = self.nat_addresses(resource, part, public);
            let addresses = self.structural(addresses).unwrap_or_default();
            self.model.nat_gateways.push(NatGateway {
                id: resource.id.clone(),
                name: self.name_tag(part),
                subnet,
                public,
                addresses,
                available: true,
            });
        }
    }

    fn is_regional(&mut self, part: Part<'a>, resource: &Resource) -> bool {
        let mode = self.text_at(part, "AvailabilityMode").ok().flatten();
        let regional = mode.filter(|mode| mode.value == "regional");
        if let Some(mode) = &regional {
            let id = &*resource.id;
            let message = format!("`{id}` is a regional NAT gateway, which is not modelled");
            let help = "model it as a zonal NAT gateway in each Availability Zone";
            let finding = Finding::error("regional-nat-gateway", mode.place, message);
            self.findings.push(finding.help(help));
        }
        regional.is_some()
    }

    /// The primary address first, then the secondary ones.
    fn nat_addresses(
        &mut self,
        resource: &'a Resource,
        part: Part<'a>,
        public: bool,
    ) -> Said<Vec<NatAddress>> {
        let primary = match (part.get("AllocationId"), public) {
            (_, false) => None,
            (Some(allocation), true) if !part.has("PublicIp") => Some(self.allocated(allocation)),
            (_, true) => Some(self.public_at(part, resource)),
        };
        let private = self.meaning_at(part, "PrivateIpAddress").or_else(picked)?;
        let mut addresses = vec![NatAddress { private, public: primary }];
        let mut further: Vec<Sourced<Ipv4Addr>> = Vec::new();
        if public {
            if part.has("SecondaryPublicIps") {
                for value in self.list(part, "SecondaryPublicIps")? {
                    further.push(self.meaning(value)?);
                }
            } else {
                for value in self.list(part, "SecondaryAllocationIds")? {
                    further.push(self.allocated(value));
                }
            }
        }
        let mut privates: Vec<Sourced<Ipv4Addr>> = Vec::new();
        for value in self.list(part, "SecondaryPrivateIpAddresses")? {
            privates.push(self.meaning(value)?);
        }
        let count = self.number(part, "SecondaryPrivateIpAddressCount")?.unwrap_or(0);
        let count = further.len().max(privates.len()).max(count.clamp(0, MAX_SECONDARY) as usize);
        let (mut further, mut privates) = (further.into_iter(), privates.into_iter());
        addresses.extend(
            (0..count).map(|_| NatAddress { private: privates.next(), public: further.next() }),
        );
        Ok(addresses)
    }

    pub(super) fn add_prefix_lists(&mut self) {
        for resource in self.of_kind("AWS::EC2::PrefixList") {
            let part = self.properties(resource);
            let name = self.text_at(part, "PrefixListName").ok().flatten();
            let id = resource.id.clone();
            let list = PrefixList { id, name: name.map(|name| name.value), cidrs: Vec::new() };
            match self.entries(part) {
                Ok(cidrs) => self.model.prefix_lists.push(PrefixList { cidrs, ..list }),
                Err(Gap::Unknown(unknown)) => self.add_open_prefix_list(list, unknown),
                Err(Gap::Wrong) => {}
            }
        }
    }

    fn entries(&mut self, part: Part<'a>) -> Said<Vec<Sourced<ipnet::Ipv4Net>>> {
        let family = self.text_at(part, "AddressFamily")?;
        if family.is_some_and(|family| family.value == "IPv6") {
            return Ok(Vec::new());
        }
        let mut cidrs = Vec::new();
        for value in self.list(part, "Entries")? {
            let entry = self.part(value)?;
            cidrs.extend(self.meaning_at(entry, "Cidr")?);
        }
        Ok(cidrs)
    }

    pub(super) fn add_endpoints(&mut self) {
        for resource in self.of_kind("AWS::EC2::VPCEndpoint") {
            let part = self.properties(resource);
            let kind = self.text_at(part, "VpcEndpointType");
            let kind = self.structural(kind).flatten();
            match kind.as_ref().map_or("Gateway", |kind| kind.value.as_str()) {
                "Interface" => self.add_endpoint(resource, part, true),
                "Gateway" => self.add_endpoint(resource, part, false),
                other => self.ignore(resource, &format!("it is an endpoint of type {other}")),
            }
        }
    }

    fn add_endpoint(&mut self, resource: &'a Resource, part: Part<'a>, interface: bool) {
        let Some(vpc) = self.vpc_of(resource, part) else { return };
        let service = match self.text_at(part, "ServiceName") {
            Ok(Some(service)) => service,
            Ok(None) => {
                self.missing(resource, "ServiceName");
                return;
            }
            Err(Gap::Unknown(unknown)) => {
                let service = Sourced::new(unknown.name.clone(), unknown.place);
                self.everything(unknown);
                service
            }
            Err(Gap::Wrong) => return,
        };
        let kind = match interface {
            true => self.interface_endpoint(part, &vpc),
            false => {
                self.ensure_prefix_list(&service);
                let route_tables = self.refer_all(Kind::RouteTable, part, "RouteTableIds");
                EndpointKind::Gateway { route_tables, prefix_list: None }
            }
        };
        self.model.vpc_endpoints.push(VpcEndpoint {
            id: resource.id.clone(),
            name: self.name_tag(part),
            vpc,
            service,
            available: true,
            kind,
        });
    }

    fn interface_endpoint(&mut self, part: Part<'a>, vpc: &Name) -> EndpointKind {
        let subnets = self.subnets_at(part, "SubnetIds", Some(vpc));
        let private_dns = self.flag(part, "PrivateDnsEnabled", false);
        EndpointKind::Interface {
            subnets: subnets.into_iter().map(|subnet| (subnet, None)).collect(),
            security_groups: self.refer_all(Kind::SecurityGroup, part, "SecurityGroupIds"),
            private_dns: self.structural(private_dns).unwrap_or(false),
        }
    }
}

/// Secondary addresses that a NAT gateway may have (VPC guide, "amazon-vpc-limits": 8 in all).
const MAX_SECONDARY: i64 = 31;

/// A private address that is not known is a free one of the subnet, as where none is asked for.
pub(super) fn picked<T>(gap: Gap) -> Said<Option<T>> {
    match gap {
        Gap::Unknown(_) => Ok(None),
        Gap::Wrong => Err(Gap::Wrong),
    }
}
