//! Network interfaces, and the private addresses that they have or get.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use egret_dataplane::snapshot::{
    EniId, EniOwner, Interface, InterfaceId, NatId, NetworkInterface, SgId, SubnetId,
};

use super::Compiler;
use crate::finding::Finding;
use crate::model::{self, InterfaceOwner, Name};
use crate::names::Kind;
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

impl<'a> Compiler<'a> {
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
        let twice = self.public_addresses.contains_key(&address);
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
            self.public_addresses.insert(address, eni);
        }
    }

    /// A free address of the subnet: the one that the ENI had before, or the lowest.
    fn pick(&mut self, subnet: SubnetId, eni: EniId) -> Option<Ipv4Addr> {
        let before = self.previous.and_then(|previous| previous.enis.get(eni.0 as usize));
        self.pick_like(subnet, before.map(|eni| eni.address))
    }

    /// A free address of the subnet: this one, where it is still free there, or the lowest that
    /// nobody had in the previous version. Whoever had one may ask for it yet.
    fn pick_like(&mut self, subnet: SubnetId, before: Option<Ipv4Addr>) -> Option<Ipv4Addr> {
        let (vpc, block) = self.subnets.of(subnet.0).map(|s| (s.vpc, s.cidr))?;
        if let Some(address) = before.filter(|address| block.contains(*address))
            && self.taken.insert((vpc, address))
        {
            return Some(address);
        }
        let first = block.network().to_bits();
        let size = block.last().to_bits() - first;
        let start = self.next_free.get(&subnet).copied().unwrap_or(RESERVED);
        let known = self.previous.filter(|previous| previous.vpcs.len() > vpc.0 as usize);
        let was = |address| known.is_some_and(|known| known.eni_at(vpc, address).is_some());
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
                let at = self.names.known(Kind::Subnet, &name);
                let place = at.map_or(Place::NOWHERE, |at| self.model.subnets[at].cidr.place);
                let message = format!("subnet `{name}` ({block}) has no free address left");
                let finding = Finding::error("subnet-full", place, message);
                self.findings.push(finding.help("make the subnet larger"));
            }
        }
        free
    }

    /// The shared ENI of a subnet and set of groups, as AWS made it, where an import has it.
    pub(super) fn imported_eni(
        &mut self,
        subnet: SubnetId,
        groups: &[SgId],
    ) -> Option<&'a model::NetworkInterface> {
        if self.imported_enis.is_none() {
            self.imported_enis = Some(self.enis_of_connectors());
        }
        let known = self.imported_enis.as_ref()?;
        known.get(&(subnet, groups.to_vec())).map(|at| &self.model.network_interfaces[*at])
    }

    /// The shared ENIs that an import has; the first, where two have one subnet and set of groups.
    fn enis_of_connectors(&mut self) -> HashMap<(SubnetId, Vec<SgId>), usize> {
        let model = self.model;
        let mut known = HashMap::new();
        for (at, interface) in model.network_interfaces.iter().enumerate() {
            if interface.owner != InterfaceOwner::Connector {
                continue;
            }
            let Some(subnet) = self.subnet_id(&interface.subnet) else { continue };
            let Some(vpc) = self.vpc_name(subnet) else { continue };
            let groups = self.groups(&vpc, &interface.security_groups);
            known.entry((subnet, groups)).or_insert(at);
        }
        known
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
    /// A further private address of a NAT gateway: the one that it had in this position before, or
    /// a free one.
    pub(super) fn pick_secondary(
        &mut self,
        subnet: SubnetId,
        gateway: NatId,
        position: usize,
    ) -> Option<Ipv4Addr> {
        let before = self.previous.and_then(|previous| {
            previous.nat_gateways.get(gateway.0 as usize)?.addresses.get(position).copied()
        });
        self.pick_like(subnet, before)
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
