//! VPCs, subnets and their route tables.

use egret_dataplane::snapshot::{
    Cidr, EndpointId, EndpointKind, EniId, IgwId, Interface, InternetGateway, NatId, PeeringId,
    PrefixListId, Route, RouteKey, RouteOrigin, RouteTable, RouteTableId, RouteTarget, Subnet,
    TgwId, Vpc, VpcId, ZoneId,
};

use super::{Compiler, cidr, shared};
use crate::finding::Finding;
use crate::model::{self, Name, RouteDestination};
use crate::names::Kind;

impl Compiler<'_> {
    pub(super) fn add_vpcs(&mut self) {
        let model = self.model;
        for vpc in &model.vpcs {
            let id = VpcId(self.vpcs.id(&vpc.id));
            let key = format!("link-local of {}", *vpc.id);
            let link_local = self.interface(&key, Interface::LinkLocal(id));
            let item = Vpc {
                name: shared(&vpc.id),
                cidrs: vpc.cidrs.iter().map(|net| cidr(**net)).collect(),
                addresses: Vec::new(),
                internet_gateway: None,
                dns_support: *vpc.dns_support,
                link_local,
            };
            self.vpcs.put(id.0, item);
        }
        for gateway in &model.internet_gateways {
            let Some(vpc) = gateway.vpc.as_ref().and_then(|name| self.vpc_id(name)) else {
                continue;
            };
            let id = self.internet_gateways.id(&gateway.id);
            self.internet_gateways.put(id, InternetGateway { name: shared(&gateway.id), vpc });
            if let Some(vpc) = self.vpcs.of_mut(vpc.0) {
                vpc.internet_gateway = Some(IgwId(id));
            }
        }
    }

    pub(super) fn add_subnets(&mut self) {
        let model = self.model;
        for subnet in &model.subnets {
            let zone = self.zone(&subnet.az);
            let vpc = self.vpc_id(&subnet.vpc);
            let table = self.table_of(subnet);
            let acl = self.acl_of(subnet);
            let (Some(vpc), Some(table), Some(acl)) = (vpc, table, acl) else { continue };
            let route_table = RouteTableId(self.route_tables.id(&model.route_tables[table].id));
            let network_acl = self.acl_id(acl);
            let item = Subnet {
                name: shared(&subnet.id),
                vpc,
                zone,
                lost: model.lost_azs.contains(&subnet.az),
                cidr: cidr(*subnet.cidr),
                route_table,
                network_acl,
            };
            let id = self.subnets.id(&subnet.id);
            self.subnets.put(id, item);
        }
    }

    pub(super) fn zone(&mut self, name: &Name) -> ZoneId {
        let id = self.zones.id(name);
        self.zones.put(id, shared(name));
        ZoneId(id)
    }

    /// The subnet's own table, or the VPC's main one.
    fn table_of(&mut self, subnet: &model::Subnet) -> Option<usize> {
        if let Some(name) = &subnet.route_table {
            return self.find_in(Kind::RouteTable, name, &subnet.vpc);
        }
        let tables = &self.model.route_tables;
        let main = tables.iter().position(|table| table.main && table.vpc == subnet.vpc);
        if main.is_none() && self.names.find(Kind::Vpc, &subnet.vpc).is_ok() {
            let message =
                format!("subnet `{}` has no route table, and its VPC no main one", *subnet.id);
            let finding = Finding::error("no-route-table", subnet.id.place, message);
            self.findings.push(finding.help("add the VPC's main route table"));
        }
        main
    }

    /// The subnet's own network ACL, or the VPC's default one.
    fn acl_of(&mut self, subnet: &model::Subnet) -> Option<usize> {
        if let Some(name) = &subnet.network_acl {
            return self.find_in(Kind::NetworkAcl, name, &subnet.vpc);
        }
        let acls = &self.model.network_acls;
        let default = acls.iter().position(|acl| acl.default && acl.vpc == subnet.vpc);
        if default.is_none() && self.names.find(Kind::Vpc, &subnet.vpc).is_ok() {
            let message =
                format!("subnet `{}` has no network ACL, and its VPC no default one", *subnet.id);
            let finding = Finding::error("no-network-acl", subnet.id.place, message);
            self.findings.push(finding.help("add the VPC's default network ACL"));
        }
        default
    }

    pub(super) fn add_route_tables(&mut self) {
        let model = self.model;
        for table in &model.route_tables {
            let Some(vpc) = self.vpc_id(&table.vpc) else { continue };
            let id = RouteTableId(self.route_tables.id(&table.id));
            let mut routes = self.local_routes(vpc, table);
            for route in &table.routes {
                let Some(key) = self.route_key(&route.destination) else { continue };
                let target = self.target(vpc, table, route);
                let origin =
                    if route.propagated { RouteOrigin::Propagated } else { RouteOrigin::Static };
                self.index.note_route(id, routes.len(), route.place);
                routes.push(Route { key, target, origin });
            }
            self.add_endpoint_routes(table, id, &mut routes);
            self.route_tables.put(id.0, RouteTable { name: shared(&table.id), routes });
        }
    }

    /// Every table has a local route for each CIDR of its VPC, unless it leads that elsewhere itself:
    /// the target of a local route can be replaced.
    fn local_routes(&self, vpc: VpcId, table: &model::RouteTable) -> Vec<Route> {
        let cidrs = self.vpcs.of(vpc.0).map_or(&[][..], |vpc| &vpc.cidrs);
        let replaced = |local: &Cidr| {
            let leads_away = |route: &&model::Route| {
                !route.propagated && route.target.value != model::RouteTarget::Local
            };
            table.routes.iter().filter(leads_away).any(|route| match &route.destination.value {
                RouteDestination::Cidr(net) => cidr(*net) == *local,
                RouteDestination::PrefixList(_) => false,
            })
        };
        let local = |cidr: &_| Route {
            key: RouteKey::Cidr(*cidr),
            target: RouteTarget::Local,
            origin: RouteOrigin::Static,
        };
        cidrs.iter().filter(|cidr| !replaced(cidr)).map(local).collect()
    }

    fn route_key(
        &mut self,
        destination: &crate::source::Sourced<RouteDestination>,
    ) -> Option<RouteKey> {
        match &destination.value {
            RouteDestination::Cidr(net) => Some(RouteKey::Cidr(cidr(*net))),
            RouteDestination::PrefixList(name) => {
                let name = Name::new(name.clone(), destination.place);
                self.prefix_list_id(&name).map(RouteKey::PrefixList)
            }
        }
    }

    pub(super) fn prefix_list_id(&mut self, name: &Name) -> Option<PrefixListId> {
        let model = self.model;
        let at = self.find(Kind::PrefixList, name)?;
        Some(PrefixListId(self.prefix_lists.id(&model.prefix_lists[at].id)))
    }

    /// A gateway endpoint adds a route to each table that it is associated with.
    fn add_endpoint_routes(
        &mut self,
        table: &model::RouteTable,
        id: RouteTableId,
        routes: &mut Vec<Route>,
    ) {
        let model = self.model;
        for endpoint in &model.vpc_endpoints {
            let model::EndpointKind::Gateway { route_tables, .. } = &endpoint.kind else {
                continue;
            };
            let named =
                |name: &&Name| **name == table.id || Some(&name.value) == table.name.as_ref();
            let Some(said) = route_tables.iter().find(named).filter(|_| endpoint.vpc == table.vpc)
            else {
                continue;
            };
            let number = self.endpoints.id(&endpoint.id);
            let Some(EndpointKind::Gateway { prefix_list, .. }) =
                self.endpoints.of(number).map(|endpoint| &endpoint.kind)
            else {
                continue;
            };
            let key = RouteKey::PrefixList(*prefix_list);
            // An import lists the route itself; the scenario file leaves it to the endpoint.
            if routes.iter().any(|route| route.key == key) {
                continue;
            }
            let target = match endpoint.available {
                true => RouteTarget::Endpoint(EndpointId(number)),
                false => RouteTarget::Blackhole,
            };
            self.index.note_route(id, routes.len(), said.place);
            routes.push(Route { key, target, origin: RouteOrigin::Static });
        }
    }

    /// Where a route leads. What does not exist, does not work or is not modelled makes it a
    /// blackhole, which is reported, and which still wins over less specific routes.
    fn target(
        &mut self,
        vpc: VpcId,
        table: &model::RouteTable,
        route: &model::Route,
    ) -> RouteTarget {
        let target = self.known_target(vpc, &route.target.value);
        target.unwrap_or_else(|why| {
            if let Some(why) = why {
                let destination = match &route.destination.value {
                    RouteDestination::Cidr(net) => net.to_string(),
                    RouteDestination::PrefixList(name) => name.clone(),
                };
                let message =
                    format!("the route to {destination} in `{}` is a blackhole: {why}", *table.id);
                let finding = Finding::warning("blackhole-route", route.target.place, message);
                let help = "point it at a target that exists, or remove it: until then it wins \
                            over less specific routes and drops what it matches";
                self.findings.push(finding.help(help));
            }
            RouteTarget::Blackhole
        })
    }

    /// The target, or why there is none; `Err(None)` is a blackhole that somebody asked for.
    fn known_target(
        &mut self,
        vpc: VpcId,
        target: &model::RouteTarget,
    ) -> Result<RouteTarget, Option<String>> {
        use model::RouteTarget as T;
        match target {
            T::Local => Ok(RouteTarget::Local),
            T::InternetGateway(name) => self.internet_gateway_target(vpc, name.as_deref()),
            T::NatGateway(name) => self.nat_gateway_target(name),
            T::VpcEndpoint(name) => self.endpoint_target(vpc, name),
            T::Peering(name) => self.peering_target(vpc, name),
            T::TransitGateway(name) => self.transit_gateway_target(name),
            T::NetworkInterface(name) => self.interface_target(vpc, name),
            T::Blackhole(None) => Err(None),
            T::Blackhole(Some(name)) => Err(Some(format!("`{name}` is gone"))),
            T::Unsupported(name) => {
                Err(Some(format!("`{name}` is a kind of target that Egret does not model")))
            }
            T::Named(name) => self.named_target(vpc, name),
        }
    }

    fn internet_gateway_target(
        &mut self,
        vpc: VpcId,
        name: Option<&str>,
    ) -> Result<RouteTarget, Option<String>> {
        let attached = self.vpcs.of(vpc.0).and_then(|vpc| vpc.internet_gateway);
        let known = |igw: &IgwId| match (name, self.internet_gateways.of(igw.0)) {
            (Some(name), Some(gateway)) => *gateway.name == *name || name == "internet_gateway",
            _ => name.is_none(),
        };
        let why = match name {
            Some(name) => format!("internet gateway `{name}` is not attached to the VPC"),
            None => "no internet gateway is attached to the VPC".to_owned(),
        };
        attached.filter(known).map(RouteTarget::InternetGateway).ok_or(Some(why))
    }

    fn nat_gateway_target(&mut self, name: &str) -> Result<RouteTarget, Option<String>> {
        let gateway = self.named(Kind::NatGateway, name).map(|at| &self.model.nat_gateways[at]);
        let gateway = gateway.ok_or_else(|| Some(format!("there is no NAT gateway `{name}`")))?;
        if !gateway.available {
            return Err(Some(format!("NAT gateway `{name}` is not available")));
        }
        Ok(RouteTarget::NatGateway(NatId(self.nat_gateways.id(&gateway.id))))
    }

    fn endpoint_target(&mut self, vpc: VpcId, name: &str) -> Result<RouteTarget, Option<String>> {
        let endpoint = self.named(Kind::VpcEndpoint, name).map(|at| &self.model.vpc_endpoints[at]);
        let endpoint = endpoint.ok_or_else(|| Some(format!("there is no endpoint `{name}`")))?;
        if !matches!(endpoint.kind, model::EndpointKind::Gateway { .. }) {
            return Err(Some(format!("`{name}` is no gateway endpoint, and so no route target")));
        }
        if !endpoint.available {
            return Err(Some(format!("endpoint `{name}` is not available")));
        }
        if self.vpcs.of(vpc.0).is_some_and(|vpc| *vpc.name != *endpoint.vpc.value) {
            return Err(Some(format!("endpoint `{name}` is another VPC's")));
        }
        Ok(RouteTarget::Endpoint(EndpointId(self.endpoints.id(&endpoint.id))))
    }

    fn peering_target(&mut self, vpc: VpcId, name: &str) -> Result<RouteTarget, Option<String>> {
        let peering = self.named(Kind::Peering, name).map(|at| &self.model.peerings[at]);
        let peering = peering.ok_or_else(|| Some(format!("there is no peering `{name}`")))?;
        if !peering.active {
            return Err(Some(format!("peering `{name}` is not active")));
        }
        let Some(id) = self.peerings.known(&peering.id) else {
            return Err(Some(format!("peering `{name}` leads to a VPC that is not known")));
        };
        match self.peerings.of(id) {
            Some(ends) if ends.vpcs.contains(&vpc) => Ok(RouteTarget::Peering(PeeringId(id))),
            _ => Err(Some(format!("peering `{name}` is between other VPCs"))),
        }
    }

    fn transit_gateway_target(&mut self, name: &str) -> Result<RouteTarget, Option<String>> {
        let at = self.named(Kind::TransitGateway, name);
        let gateway = at.map(|at| &self.model.transit_gateways[at]);
        let gateway =
            gateway.ok_or_else(|| Some(format!("there is no transit gateway `{name}`")))?;
        Ok(RouteTarget::TransitGateway(TgwId(self.transit_gateways.id(&gateway.id))))
    }

    fn interface_target(&mut self, vpc: VpcId, name: &str) -> Result<RouteTarget, Option<String>> {
        let at = self.named(Kind::NetworkInterface, name);
        let interface = at.map(|at| &self.model.network_interfaces[at]);
        let interface =
            interface.ok_or_else(|| Some(format!("there is no network interface `{name}`")))?;
        if interface.owner == model::InterfaceOwner::Connector {
            return Err(Some(format!("network interface `{name}` is a connector's own")));
        }
        let Some(id) = self.enis.known(&super::enis::host_key(interface)) else {
            return Err(Some(format!("network interface `{name}` has no subnet or address")));
        };
        let here = self.enis.of(id).and_then(|eni| self.subnets.of(eni.subnet.0));
        match here {
            Some(subnet) if subnet.vpc == vpc => Ok(RouteTarget::Eni(EniId(id))),
            _ => Err(Some(format!("network interface `{name}` is in another VPC"))),
        }
    }

    /// A scenario file names a target without saying what it is.
    fn named_target(&mut self, vpc: VpcId, name: &str) -> Result<RouteTarget, Option<String>> {
        match name {
            "local" => return Ok(RouteTarget::Local),
            "blackhole" => return Err(None),
            "internet_gateway" => return self.internet_gateway_target(vpc, None),
            _ => {}
        }
        if self.named(Kind::NatGateway, name).is_some() {
            self.nat_gateway_target(name)
        } else if self.named(Kind::VpcEndpoint, name).is_some() {
            self.endpoint_target(vpc, name)
        } else if self.named(Kind::Peering, name).is_some() {
            self.peering_target(vpc, name)
        } else if self.named(Kind::TransitGateway, name).is_some() {
            self.transit_gateway_target(name)
        } else if self.named(Kind::NetworkInterface, name).is_some() {
            self.interface_target(vpc, name)
        } else if self.model.internet_gateways.iter().any(|igw| *igw.id == name) {
            self.internet_gateway_target(vpc, Some(name))
        } else {
            Err(Some(format!("nothing is called `{name}`")))
        }
    }

    fn named(&self, kind: Kind, name: &str) -> Option<usize> {
        self.names.known(kind, name)
    }
}
