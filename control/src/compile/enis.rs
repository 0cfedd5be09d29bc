//! Network interfaces, and the private addresses that they have or get.

use std::net::Ipv4Addr;

use egret_dataplane::snapshot::{
    EniId, EniOwner, Interface, InterfaceId, NetworkInterface, SgId, SubnetId,
};

use super::Compiler;
use crate::finding::Finding;
use crate::model::{self, InterfaceOwner, Name};
use crate::source::{Place, Sourced};

/// Addresses that AWS keeps at the start of each subnet: network, router, resolver, and one for
/// later (VPC guide, "subnet sizing"). The last one is kept, too.
const RESERVED: u32 = 4;

/// What a new ENI is made of.
pub(super) struct NewEni {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) subnet: SubnetId,
    /// Private addresses; without one, a free one is picked.
    pub(super) addresses: Vec<Sourced<Ipv4Addr>>,
    /// Pairs of private and public addresses.
    pub(super) public: Vec<(usize, Sourced<Ipv4Addr>)>,
    pub(super) security_groups: Vec<SgId>,
    pub(super) source_dest_check: bool,
    pub(super) owner: EniOwner,
}

/// The key of a host's ENI.
pub(super) fn host_key(interface: &model::NetworkInterface) -> String {
    format!("host {}", *interface.id)
}

impl Compiler<'_> {
    /// Notes every address that somebody asks for, so that no other is given it.
    pub(super) fn reserve_addresses(&mut self) {
        let model = self.model;
        for interface in &model.network_interfaces {
            self.reserve(&interface.subnet, interface.addresses.iter());
        }
        for gateway in model.nat_gateways.iter().filter(|gateway| gateway.available) {
            self.reserve(
                &gateway.subnet,
                gateway.addresses.iter().filter_map(|a| a.private.as_ref()),
            );
        }
        for endpoint in &model.vpc_endpoints {
            if let model::EndpointKind::Interface { subnets, .. } = &endpoint.kind {
                for (subnet, address) in subnets {
                    self.reserve(subnet, address.iter());
                }
            }
        }
    }

    fn reserve<'m>(
        &mut self,
        subnet: &Name,
        addresses: impl Iterator<Item = &'m Sourced<Ipv4Addr>>,
    ) {
        let addresses: Vec<_> = addresses.collect();
        if addresses.is_empty() {
            return;
        }
        let Some(id) = self.subnet_id(subnet) else { return };
        let Some((vpc, block)) = self.subnets.of(id.0).map(|s| (s.vpc, s.cidr)) else { return };
        for address in addresses {
            let offset = address.to_bits().wrapping_sub(block.network().to_bits());
            if !block.contains(**address) {
                let message = format!("{} is not in subnet `{}` ({block})", **address, **subnet);
                let finding = Finding::error("address-outside-subnet", address.place, message);
                self.findings.push(finding.help("give it an address of its subnet, or none"));
            } else if offset < RESERVED || **address == block.last() {
                let message = format!("AWS keeps {} of subnet `{}` to itself", **address, **subnet);
                let finding = Finding::error("reserved-address", address.place, message);
                let help = "the first four addresses of a subnet and its last one cannot be used";
                self.findings.push(finding.help(help));
            } else if !self.taken.insert((vpc, **address)) {
                let message = format!("{} is used twice", **address);
                let finding = Finding::error("address-used-twice", address.place, message);
                self.findings.push(finding.help("give each network interface its own address"));
            }
        }
    }

    pub(super) fn add_network_interfaces(&mut self) {
        let model = self.model;
        for interface in &model.network_interfaces {
            if interface.owner == InterfaceOwner::Connector {
                continue;
            }
            let Some(subnet) = self.subnet_id(&interface.subnet) else { continue };
            let vpc = self.vpc_name(subnet);
            let key = host_key(interface);
            let id = EniId(self.enis.id(&key));
            let at = self.interface(&key, Interface::Eni(id));
            if let Some(listen) = &interface.listen {
                self.index.note_listen(at, listen.iter().map(|listen| **listen).collect());
            }
            let security_groups = match &vpc {
                Some(vpc) => self.groups(vpc, &interface.security_groups),
                None => continue,
            };
            self.add_eni(NewEni {
                name: interface.id.value.clone(),
                subnet,
                addresses: interface.addresses.clone(),
                public: interface.public.iter().map(|public| (0, *public)).collect(),
                security_groups,
                source_dest_check: interface.source_dest_check,
                owner: EniOwner::Host(at),
                key,
            });
        }
    }

    /// The name of the VPC of a subnet.
    pub(super) fn vpc_name(&self, subnet: SubnetId) -> Option<Name> {
        let vpc = self.subnets.of(subnet.0)?.vpc;
        let name = &self.vpcs.of(vpc.0)?.name;
        Some(Name::implied(name.to_string()))
    }

    /// Adds an ENI; its private addresses, in order.
    pub(super) fn add_eni(&mut self, new: NewEni) -> (EniId, Vec<Ipv4Addr>) {
        let id = EniId(self.enis.id(&new.key));
        let mut addresses: Vec<Ipv4Addr> = new.addresses.iter().map(|address| **address).collect();
        if addresses.is_empty() {
            addresses.extend(self.pick(new.subnet, id));
        }
        let vpc = self.subnets.of(new.subnet.0).map(|subnet| subnet.vpc);
        if let Some(vpc) = vpc.and_then(|vpc| self.vpcs.of_mut(vpc.0)) {
            vpc.addresses.extend(addresses.iter().map(|address| (*address, id)));
        }
        let mut pairs = Vec::new();
        for (of, public) in new.public {
            let Some(private) = addresses.get(of) else { continue };
            pairs.push((*private, *public));
            self.add_public(*public, id, public.place);
        }
        let Some(primary) = addresses.first().copied() else { return (id, addresses) };
        let item = NetworkInterface {
            name: new.name.as_str().into(),
            subnet: new.subnet,
            address: primary,
            public: pairs,
            security_groups: new.security_groups,
            source_dest_check: new.source_dest_check,
            owner: new.owner,
        };
        self.enis.put(id.0, item);
        (id, addresses)
    }

    fn add_public(&mut self, address: Ipv4Addr, eni: EniId, place: Place) {
        let twice = self.public_addresses.iter().any(|(other, _)| *other == address);
        let provider = self.model.settings.dataplane.provider_address == address;
        if address.is_private() || address.is_loopback() || address.is_link_local() {
            let message = format!("{address} is no public address");
            let finding = Finding::error("private-public-address", place, message);
            self.findings.push(finding.help("an Elastic IP address is a public one"));
        } else if twice || provider {
            let message = format!("the public address {address} is used twice");
            let finding = Finding::error("address-used-twice", place, message);
            self.findings.push(finding.help("an Elastic IP address has one owner"));
        } else {
            self.public_addresses.push((address, eni));
        }
    }

    /// A free address of the subnet: the one that the ENI had before, or the lowest.
    pub(super) fn pick(&mut self, subnet: SubnetId, eni: EniId) -> Option<Ipv4Addr> {
        let (vpc, block) = self.subnets.of(subnet.0).map(|s| (s.vpc, s.cidr))?;
        let before = self.previous.and_then(|previous| previous.enis.get(eni.0 as usize));
        if let Some(address) = before.map(|eni| eni.address).filter(|a| block.contains(*a))
            && self.taken.insert((vpc, address))
        {
            return Some(address);
        }
        let first = block.network().to_bits();
        let size = block.last().to_bits() - first;
        let start = self.next_free.get(&subnet).copied().unwrap_or(RESERVED);
        let was = |address: Ipv4Addr| {
            self.previous.is_some_and(|previous| previous.enis.iter().any(|e| e.address == address))
        };
        let free = (start..size)
            .map(|offset| Ipv4Addr::from_bits(first + offset))
            .find(|address| !self.taken.contains(&(vpc, *address)) && !was(*address));
        match free {
            Some(address) => {
                self.taken.insert((vpc, address));
                self.next_free.insert(subnet, address.to_bits() - first + 1);
            }
            None => {
                let name = self.subnets.of(subnet.0).map(|s| s.name.to_string());
                let name = name.unwrap_or_default();
                let message = format!("subnet `{name}` ({block}) has no free address left");
                let finding = Finding::error("subnet-full", Place::NOWHERE, message);
                self.findings.push(finding.help("make the subnet larger"));
            }
        }
        free
    }

    /// The shared ENI of a subnet and set of groups, as AWS made it, where an import has it.
    pub(super) fn imported_eni(
        &mut self,
        subnet: &model::Subnet,
        groups: &[SgId],
    ) -> Option<&model::NetworkInterface> {
        let model = self.model;
        let of_connectors = model.network_interfaces.iter().filter(|interface| {
            interface.owner == InterfaceOwner::Connector && interface.subnet == subnet.id
        });
        of_connectors
            .into_iter()
            .find(|interface| self.groups(&subnet.vpc, &interface.security_groups) == groups)
    }
}

impl Compiler<'_> {
    /// The interface of an endpoint's ENI in a subnet.
    pub(super) fn endpoint_interface(&mut self, key: &str) -> (EniId, InterfaceId) {
        let eni = EniId(self.enis.id(key));
        (eni, self.interface(key, Interface::Eni(eni)))
    }
}

impl Compiler<'_> {
    /// A further private address of a NAT gateway, which no ENI has as its first.
    pub(super) fn pick_secondary(&mut self, subnet: SubnetId) -> Option<Ipv4Addr> {
        self.pick(subnet, EniId(u32::MAX))
    }

    /// Gives an ENI its further private addresses, and each the public one that goes with it.
    pub(super) fn bind(
        &mut self,
        eni: EniId,
        addresses: &[Ipv4Addr],
        public: impl Iterator<Item = Option<Sourced<Ipv4Addr>>>,
    ) {
        let subnet = self.enis.of(eni.0).map(|eni| eni.subnet);
        let vpc = subnet.and_then(|subnet| self.subnets.of(subnet.0)).map(|subnet| subnet.vpc);
        if let Some(vpc) = vpc.and_then(|vpc| self.vpcs.of_mut(vpc.0)) {
            vpc.addresses.extend(addresses.iter().skip(1).map(|address| (*address, eni)));
        }
        for (private, public) in addresses.iter().zip(public) {
            let Some(public) = public else { continue };
            self.add_public(*public, eni, public.place);
            if let Some(eni) = self.enis.of_mut(eni.0) {
                eni.public.push((*private, *public));
            }
        }
    }
}
