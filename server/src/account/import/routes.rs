//! Route tables and their routes.

use egret_control::model::{self as m, Name};
use egret_control::names::Kind;

use super::Import;
use crate::account::routes::{
    Route, RouteDestination, RouteOrigin, RouteTable, RouteTableAssociation, RouteTarget,
};

impl Import<'_, '_, '_> {
    pub(super) fn route_tables(&mut self) {
        for (at, table) in self.model.route_tables.iter().enumerate() {
            let id = self.of(Kind::RouteTable, at);
            let mut associations = Vec::new();
            if table.main {
                let id = self.change.ids.next("rtbassoc");
                associations.push(RouteTableAssociation { id, subnet: None });
            }
            let row = RouteTable {
                id: id.clone(),
                vpc: self.find(Kind::Vpc, &table.vpc),
                routes: table
                    .routes
                    .iter()
                    .filter_map(|route| self.route(route, &table.vpc))
                    .collect(),
                associations,
            };
            self.change.route_tables.insert(id, row);
        }
    }

    /// `None` for a local route, which follows from the VPC's CIDRs.
    fn route(&self, route: &m::Route, vpc: &Name) -> Option<Route> {
        let named = |name: &str| Name::from(name);
        let destination = match &route.destination.value {
            m::RouteDestination::Cidr(cidr) => RouteDestination::Cidr(*cidr),
            m::RouteDestination::PrefixList(list) => {
                RouteDestination::PrefixList(self.find(Kind::PrefixList, &named(list)))
            }
        };
        let target = self.target(&route.target.value, vpc)?;
        let origin = if route.propagated {
            RouteOrigin::EnableVgwRoutePropagation
        } else {
            RouteOrigin::CreateRoute
        };
        Some(Route { destination, target, origin })
    }

    fn target(&self, target: &m::RouteTarget, vpc: &Name) -> Option<RouteTarget> {
        let find = |kind, name: &str| self.find_in(kind, &Name::from(name), vpc);
        Some(match target {
            m::RouteTarget::Local => return None,
            m::RouteTarget::InternetGateway(Some(name)) => {
                RouteTarget::InternetGateway(find(Kind::InternetGateway, name))
            }
            m::RouteTarget::InternetGateway(None) => self.own_internet_gateway(vpc),
            m::RouteTarget::NatGateway(name) => {
                RouteTarget::NatGateway(find(Kind::NatGateway, name))
            }
            m::RouteTarget::VpcEndpoint(name) => {
                RouteTarget::VpcEndpoint(find(Kind::VpcEndpoint, name))
            }
            m::RouteTarget::Peering(name) => RouteTarget::Peering(find(Kind::Peering, name)),
            m::RouteTarget::TransitGateway(name) => {
                RouteTarget::TransitGateway(find(Kind::TransitGateway, name))
            }
            m::RouteTarget::NetworkInterface(name) => {
                RouteTarget::NetworkInterface(find(Kind::NetworkInterface, name))
            }
            m::RouteTarget::Blackhole(name) => {
                RouteTarget::Other(name.clone().unwrap_or_else(|| "blackhole".to_owned()))
            }
            m::RouteTarget::Unsupported(name) => RouteTarget::Other(name.clone()),
            m::RouteTarget::Named(name) => self.named_target(name, vpc),
        })
    }

    fn own_internet_gateway(&self, vpc: &Name) -> RouteTarget {
        let vpc = self.find(Kind::Vpc, vpc);
        let own = self.change.internet_gateways.values().find(|g| g.vpc.as_deref() == Some(&vpc));
        own.map_or(RouteTarget::Other("igw".to_owned()), |g| {
            RouteTarget::InternetGateway(g.id.clone())
        })
    }

    /// What a scenario's route calls by name only: whatever has it.
    fn named_target(&self, name: &str, vpc: &Name) -> RouteTarget {
        type Make = fn(String) -> RouteTarget;
        let kinds: [(Kind, Make); 6] = [
            (Kind::NatGateway, RouteTarget::NatGateway),
            (Kind::VpcEndpoint, RouteTarget::VpcEndpoint),
            (Kind::Peering, RouteTarget::Peering),
            (Kind::TransitGateway, RouteTarget::TransitGateway),
            (Kind::NetworkInterface, RouteTarget::NetworkInterface),
            (Kind::InternetGateway, RouteTarget::InternetGateway),
        ];
        let name = Name::from(name);
        let found = kinds.into_iter().find_map(|(kind, make)| {
            let at = self.names.find_in(kind, &name, vpc).ok()?;
            Some(make(self.of(kind, at)))
        });
        found.unwrap_or_else(|| RouteTarget::Other((*name).clone()))
    }
}
