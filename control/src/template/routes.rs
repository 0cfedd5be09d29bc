//! Route tables, routes and internet gateways.

use ipnet::Ipv4Net;

use super::mapper::Mapper;
use super::reading::{Gap, Part, Said};
use super::{Data, Resource, Value};
use crate::finding::Finding;
use crate::model::{
    InternetGateway, Name, Route, RouteDestination, RouteTable, RouteTarget, Unknown, UnknownRoute,
};
use crate::names::Kind;
use crate::source::Sourced;

/// A property of a route, what it names, and the target that this is.
type Target = (&'static str, Kind, fn(String) -> RouteTarget);

/// Properties of a route that name a target which the model has.
const TARGETS: [Target; 5] = [
    ("NatGatewayId", Kind::NatGateway, RouteTarget::NatGateway),
    ("TransitGatewayId", Kind::TransitGateway, RouteTarget::TransitGateway),
    ("VpcPeeringConnectionId", Kind::Peering, RouteTarget::Peering),
    ("NetworkInterfaceId", Kind::NetworkInterface, RouteTarget::NetworkInterface),
    ("InstanceId", Kind::NetworkInterface, RouteTarget::NetworkInterface),
];

/// Properties of a route that name a target which it has not.
const UNSUPPORTED: [&str; 5] = [
    "VpcEndpointId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "EgressOnlyInternetGatewayId",
];

impl<'a> Mapper<'a> {
    pub(super) fn add_route_tables(&mut self) {
        for resource in self.of_kind("AWS::EC2::RouteTable") {
            let part = self.properties(resource);
            let Some(vpc) = self.vpc_of(resource, part) else { continue };
            let main = self.flag(part, "Main", false);
            self.model.route_tables.push(RouteTable {
                id: resource.id.clone(),
                name: self.name_tag(part),
                vpc,
                main: main.unwrap_or(false),
                routes: Vec::new(),
            });
        }
        for resource in self.of_kind("Egret::MainRouteTable") {
            let part = self.properties(resource);
            let table = self.refer_at(Kind::RouteTable, resource, part, "RouteTableId");
            let Some(table) = self.structural(table) else { continue };
            let known = self.model.route_tables.iter_mut().find(|known| known.id == table);
            known.into_iter().for_each(|known| known.main = true);
        }
    }

    pub(super) fn add_internet_gateways(&mut self) {
        let attachments = self.of_kind("AWS::EC2::VPCGatewayAttachment");
        for resource in self.of_kind("AWS::EC2::InternetGateway") {
            let part = self.properties(resource);
            let of_gateway = |attachment: &&&'a Resource| match &attachment.properties.data {
                Data::Map(said) => said.get("InternetGatewayId").is_some_and(|value| {
                    self.referred(value).is_some_and(|gateway| gateway.id == resource.id)
                }),
                _ => false,
            };
            let attachment = attachments.iter().find(of_gateway).copied();
            let vpc = attachment.and_then(|attachment| {
                let part = self.properties(attachment);
                self.vpc_of(attachment, part)
            });
            let (id, name) = (resource.id.clone(), self.name_tag(part));
            self.model.internet_gateways.push(InternetGateway { id, name, vpc });
        }
        self.attach_known_gateways(&attachments);
    }

    /// Attachments of gateways that the model had before.
    fn attach_known_gateways(&mut self, attachments: &[&'a Resource]) {
        for attachment in attachments {
            let part = self.properties(attachment);
            let Some(value) = part.get("InternetGatewayId") else { continue };
            let Ok(gateway) = self.refer(Kind::InternetGateway, value) else { continue };
            let vpc = self.vpc_of(attachment, part);
            let known = self.model.internet_gateways.iter_mut().find(|known| known.id == gateway);
            known.into_iter().for_each(|known| known.vpc = known.vpc.take().or(vpc.clone()));
        }
    }

    pub(super) fn add_routes(&mut self) {
        for resource in self.of_kind("AWS::EC2::Route") {
            let part = self.properties(resource);
            let table = self.refer_at(Kind::RouteTable, resource, part, "RouteTableId");
            match table {
                Ok(table) => self.add_route(resource, part, table),
                Err(Gap::Unknown(unknown)) => {
                    let message = format!(
                        "the route `{}` is of a table that is not known: {}",
                        *resource.id, unknown.name
                    );
                    let help = "no subnet that is known uses it; import the table, too";
                    let finding =
                        Finding::warning("route-of-unknown-table", unknown.place, message);
                    self.findings.push(finding.help(help));
                }
                Err(Gap::Wrong) => {}
            }
        }
    }

    fn add_route(&mut self, resource: &'a Resource, part: Part<'a>, table: Name) {
        let Some(destination) = self.destination(resource, part) else { return };
        let target = self.target(resource, part);
        let maybe =
            resource.exists_if.clone().map(|name| Unknown { name, place: resource.id.place });
        let unknown = match (&destination, &target, maybe) {
            (_, _, Some(unknown)) => unknown,
            (Err(Gap::Unknown(unknown)), _, _) | (_, Err(Gap::Unknown(unknown)), _) => {
                unknown.clone()
            }
            (Ok(destination), Ok(target), None) => {
                let (destination, target) = (destination.clone(), target.clone());
                let place = resource.id.place;
                let route = Route { destination, target, propagated: false, place };
                let known = self.model.route_tables.iter_mut().find(|known| known.is(&table));
                known.into_iter().for_each(|known| known.routes.push(route.clone()));
                return;
            }
            _ => return,
        };
        self.model.unknowns.routes.push(UnknownRoute {
            table,
            destination: destination.ok().map(|known| known.value),
            target: target.ok().map(|known| known.value),
            unknown,
        });
    }

    /// `None` for a route of IPv6.
    fn destination(
        &mut self,
        resource: &'a Resource,
        part: Part<'a>,
    ) -> Option<Said<Sourced<RouteDestination>>> {
        if let Some(list) = part.get("DestinationPrefixListId") {
            let list = self.prefix_list(list);
            return Some(list.map(|list| list.map(RouteDestination::PrefixList)));
        }
        match part.get("DestinationCidrBlock") {
            Some(value) => {
                let cidr = self.meaning::<Ipv4Net>(value);
                Some(cidr.map(|cidr| cidr.map(RouteDestination::Cidr)))
            }
            None if part.has("DestinationIpv6CidrBlock") => None,
            None => Some(Err(self.missing(resource, "DestinationCidrBlock"))),
        }
    }

    fn target(&mut self, resource: &'a Resource, part: Part<'a>) -> Said<Sourced<RouteTarget>> {
        if let Some(gateway) = part.get("GatewayId") {
            return self.gateway(gateway);
        }
        for (key, kind, make) in TARGETS {
            if let Some(value) = part.get(key) {
                let name = self.refer(kind, value)?;
                self.leads_somewhere(kind, &name)?;
                return Ok(name.map(make));
            }
        }
        for key in UNSUPPORTED {
            if let Some(value) = part.get(key) {
                let name = self.name(value);
                let name = name.unwrap_or_else(|_| Name::new(key.to_owned(), value.place));
                return Ok(name.map(RouteTarget::Unsupported));
            }
        }
        Err(self.missing(resource, "GatewayId` or another target, such as `NatGatewayId"))
    }

    /// Where a peering connection leads may not be known.
    fn leads_somewhere(&mut self, kind: Kind, name: &Name) -> Said<()> {
        let open = self.open_peerings.get(name.as_str());
        match open.filter(|_| kind == Kind::Peering) {
            Some(unknown) => Err(Gap::Unknown(unknown.clone())),
            None => Ok(()),
        }
    }

    /// A gateway by what it refers to, or by the prefix of its id.
    fn gateway(&mut self, value: &'a Value) -> Said<Sourced<RouteTarget>> {
        let kind = self.referred(value).map(|gateway| gateway.kind.as_str());
        let other = |kind: &str| kind.starts_with("AWS::") && kind != "AWS::EC2::InternetGateway";
        if kind.is_some_and(other) {
            let Data::Of { resource, .. } = &self.resolved(value).data else {
                return Err(Gap::Wrong);
            };
            let target = match kind {
                Some("AWS::EC2::VPCEndpoint") => RouteTarget::VpcEndpoint(resource.clone()),
                _ => RouteTarget::Unsupported(resource.clone()),
            };
            return Ok(Sourced::new(target, value.place));
        }
        let name = self.name(value)?;
        match name.as_str() {
            "local" => Ok(name.map(|_| RouteTarget::Local)),
            id if id.starts_with("vgw-") => Ok(name.map(RouteTarget::Unsupported)),
            _ => {
                let name = self.refer(Kind::InternetGateway, value)?;
                Ok(name.map(|id| RouteTarget::InternetGateway(Some(id))))
            }
        }
    }
}

impl RouteTable {
    /// Whether a name is its id or its other name.
    fn is(&self, name: &Name) -> bool {
        self.id == *name || self.name.as_ref() == Some(&name.value)
    }
}
