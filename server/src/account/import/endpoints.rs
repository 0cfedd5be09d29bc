//! VPC endpoints, and the routes of those that are gateways.

use std::net::Ipv4Addr;

use egret_control::model::{self as m, Name};
use egret_control::names::Kind;
use egret_control::source::Sourced;

use super::Import;
use crate::account::endpoints::{EndpointKind, VpcEndpoint};
use crate::account::interfaces::InterfaceOwner;

impl Import<'_, '_, '_> {
    pub(super) fn endpoints(&mut self) {
        for (at, endpoint) in self.model.vpc_endpoints.iter().enumerate() {
            let id = self.of(Kind::VpcEndpoint, at);
            let vpc = self.find(Kind::Vpc, &endpoint.vpc);
            let kind = match &endpoint.kind {
                m::EndpointKind::Gateway { route_tables, .. } => {
                    let find = |name| self.find_in(Kind::RouteTable, name, &endpoint.vpc);
                    EndpointKind::Gateway { route_tables: route_tables.iter().map(find).collect() }
                }
                m::EndpointKind::Interface { subnets, security_groups, private_dns } => {
                    self.interface_endpoint(&id, &vpc, subnets, security_groups, *private_dns)
                }
            };
            let state = if endpoint.available { "available" } else { "failed" };
            let row = VpcEndpoint {
                id: id.clone(),
                vpc,
                service: endpoint.service.value.clone(),
                state: state.to_owned(),
                kind,
                policy: None,
                created: self.change.now,
            };
            self.change.vpc_endpoints.insert(id, row);
        }
    }

    fn interface_endpoint(
        &mut self,
        id: &str,
        vpc: &str,
        subnets: &[(Name, Option<Sourced<Ipv4Addr>>)],
        groups: &[Name],
        private_dns: bool,
    ) -> EndpointKind {
        let groups =
            subnets.first().map(|(subnet, _)| self.groups(groups, subnet)).unwrap_or_default();
        let (mut ids, mut interfaces) = (Vec::new(), Vec::new());
        for (name, address) in subnets {
            let subnet = self.find(Kind::Subnet, name);
            let address = address.as_ref().map(|address| address.value);
            let Some(address) = address.or_else(|| self.change.free_address(&subnet)) else {
                continue;
            };
            let interface = self.change.ids.next("eni");
            let owner = InterfaceOwner::VpcEndpoint(id.to_owned());
            self.hold(&interface, vpc, &subnet, address, groups.clone(), owner);
            ids.push(subnet);
            interfaces.push(interface);
        }
        EndpointKind::Interface { subnets: ids, interfaces, groups, private_dns }
    }

    /// A scenario leaves the routes of gateway endpoints to them; tables here have them.
    pub(super) fn endpoint_routes(&mut self) {
        let endpoints: Vec<String> =
            self.change.vpc_endpoints.values().map(|endpoint| endpoint.id.clone()).collect();
        for id in endpoints {
            self.change.add_endpoint_routes(&id);
        }
    }
}
