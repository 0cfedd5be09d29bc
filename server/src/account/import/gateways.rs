//! Internet gateways, NAT gateways, and the public addresses that are theirs or an interface's.

use std::net::Ipv4Addr;

use egret_control::names::Kind;

use super::Import;
use crate::account::gateways::{
    Address, AddressAssociation, InternetGateway, NatGateway, NatGatewayAddress,
    NatGatewayAddressStatus, NatGatewayState,
};
use crate::account::interfaces::InterfaceOwner;

impl Import<'_, '_, '_> {
    pub(super) fn internet_gateways(&mut self) {
        for (at, gateway) in self.model.internet_gateways.iter().enumerate() {
            let id = self.of(Kind::InternetGateway, at);
            let vpc = gateway.vpc.as_ref().map(|vpc| self.find(Kind::Vpc, vpc));
            self.change
                .internet_gateways
                .insert(id.as_str(), InternetGateway { id: id.clone(), vpc });
        }
    }

    pub(super) fn nat_gateways(&mut self) {
        for (at, gateway) in self.model.nat_gateways.iter().enumerate() {
            let id = self.of(Kind::NatGateway, at);
            let subnet = self.find(Kind::Subnet, &gateway.subnet);
            let vpc = self.vpc_of(&subnet);
            let owner = InterfaceOwner::NatGateway(id.clone());
            let said = gateway.addresses.iter().filter_map(|address| address.private.as_ref());
            let said: Vec<Ipv4Addr> = said.map(|address| address.value).collect();
            let mut addresses = Vec::new();
            let interface = self.change.ids.next("eni");
            for (number, address) in gateway.addresses.iter().enumerate() {
                let private =
                    said.get(number).copied().or_else(|| self.change.free_address(&subnet));
                let Some(private) = private else { continue };
                self.hold(&interface, &vpc, &subnet, private, Vec::new(), owner.clone());
                let tie = address
                    .public
                    .as_ref()
                    .map(|public| self.address(**public, &interface, private));
                addresses.push(NatGatewayAddress {
                    interface: interface.clone(),
                    private,
                    allocation: tie.as_ref().map(|(allocation, _)| allocation.clone()),
                    association: tie.map(|(_, association)| association),
                    public: address.public.as_ref().map(|public| public.value),
                    status: NatGatewayAddressStatus::Succeeded,
                });
            }
            let state = if gateway.available {
                NatGatewayState::Available
            } else {
                NatGatewayState::Failed
            };
            let (public, created) = (gateway.public, self.change.now);
            let row = NatGateway {
                id: id.clone(),
                vpc,
                subnet,
                public,
                state,
                addresses,
                failure: None,
                created,
                deleted: None,
            };
            self.change.nat_gateways.insert(id, row);
        }
    }

    /// An Elastic IP address on an interface: its allocation and association.
    pub(super) fn address(
        &mut self,
        public: Ipv4Addr,
        interface: &str,
        private: Ipv4Addr,
    ) -> (String, String) {
        let (id, association) =
            (self.change.ids.next("eipalloc"), self.change.ids.next("eipassoc"));
        let tie = AddressAssociation {
            id: association.clone(),
            interface: interface.to_owned(),
            private,
        };
        let row = Address { id: id.clone(), public, association: Some(tie) };
        self.change.addresses.insert(id.as_str(), row);
        (id, association)
    }
}
