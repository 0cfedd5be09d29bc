//! Network interfaces: the account's own, and those that services of AWS have.

use std::net::Ipv4Addr;

use egret_control::model as m;
use egret_control::names::Kind;

use super::Import;
use crate::account::interfaces::{InterfaceOwner, NetworkInterface};

impl Import<'_, '_, '_> {
    pub(super) fn interfaces(&mut self) {
        for (at, interface) in self.model.network_interfaces.iter().enumerate() {
            // Connectors make theirs anew, for the services that use them.
            if interface.owner == m::InterfaceOwner::Connector {
                continue;
            }
            let id = self.of(Kind::NetworkInterface, at);
            let subnet = self.find(Kind::Subnet, &interface.subnet);
            let vpc = self.vpc_of(&subnet);
            let said = interface.addresses.iter().map(|address| address.value).collect();
            let addresses = self.addresses_or_free(said, &subnet);
            let groups = self.groups(&interface.security_groups, &interface.subnet);
            let host =
                interface.name.clone().or((id != **interface.id).then(|| (*interface.id).clone()));
            let row = NetworkInterface {
                id: id.clone(),
                vpc,
                subnet,
                addresses: addresses.clone(),
                groups,
                source_dest_check: interface.source_dest_check,
                description: String::new(),
                owner: InterfaceOwner::Account { host },
                created: self.change.now,
            };
            self.change.network_interfaces.insert(id.as_str(), row);
            if let (Some(public), Some(private)) = (&interface.public, addresses.first()) {
                self.address(**public, &id, *private);
            }
        }
    }

    /// An interface that an AWS service has; another address of one that is there.
    pub(super) fn hold(
        &mut self,
        id: &str,
        vpc: &str,
        subnet: &str,
        address: Ipv4Addr,
        groups: Vec<String>,
        owner: InterfaceOwner,
    ) {
        if let Some(there) = self.change.network_interfaces.edit(id) {
            there.addresses.push(address);
            return;
        }
        let row = NetworkInterface {
            id: id.to_owned(),
            vpc: vpc.to_owned(),
            subnet: subnet.to_owned(),
            addresses: vec![address],
            groups,
            source_dest_check: !matches!(owner, InterfaceOwner::NatGateway(_)),
            description: String::new(),
            owner,
            created: self.change.now,
        };
        self.change.network_interfaces.insert(id, row);
    }

    fn addresses_or_free(&mut self, said: Vec<Ipv4Addr>, subnet: &str) -> Vec<Ipv4Addr> {
        if said.is_empty() { self.change.free_address(subnet).into_iter().collect() } else { said }
    }
}
