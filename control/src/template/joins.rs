//! Peering connections and transit gateways.

use ipnet::Ipv4Net;

use super::Resource;
use super::mapper::{DEFAULT_TRANSIT_TABLE, Mapper};
use super::reading::{Gap, Part};
use crate::finding::Finding;
use crate::model::{
    AttachmentKind, Name, Peering, TransitGateway, TransitGatewayAttachment, TransitGatewayRoute,
    TransitGatewayRouteTable,
};
use crate::names::Kind;
use crate::source::Sourced;

/// Both types of attachment of a VPC.
const ATTACHMENTS: [&str; 2] =
    ["AWS::EC2::TransitGatewayAttachment", "AWS::EC2::TransitGatewayVpcAttachment"];

impl<'a> Mapper<'a> {
    pub(super) fn add_peerings(&mut self) {
        for resource in self.of_kind("AWS::EC2::VPCPeeringConnection") {
            let part = self.properties(resource);
            let Some(requester) = self.vpc_of(resource, part) else { continue };
            let accepter = self.refer_at(Kind::Vpc, resource, part, "PeerVpcId");
            let accepter = match accepter {
                Ok(accepter) => accepter,
                Err(Gap::Unknown(unknown)) => {
                    let name = Name::new(unknown.name.clone(), unknown.place);
                    self.open_peerings.insert(resource.id.value.clone(), unknown);
                    name
                }
                Err(Gap::Wrong) => continue,
            };
            let region = self.text_at(part, "PeerRegion");
            let region = self.structural(region).flatten();
            self.model.peerings.push(Peering {
                id: resource.id.clone(),
                name: self.name_tag(part),
                requester,
                accepter,
                same_region: region.is_none_or(|region| region.value == self.region),
                active: true,
            });
        }
    }

    pub(super) fn add_transit_gateways(&mut self) {
        for resource in self.of_kind("AWS::EC2::TransitGateway") {
            let part = self.properties(resource);
            let sg_referencing = self.enabled(part, "SecurityGroupReferencingSupport", false);
            self.model.transit_gateways.push(TransitGateway {
                id: resource.id.clone(),
                name: self.name_tag(part),
                sg_referencing,
                attachments: Vec::new(),
                route_tables: Vec::new(),
            });
        }
        for kind in ATTACHMENTS {
            for resource in self.of_kind(kind) {
                self.add_attachment(resource);
            }
        }
        for resource in self.of_kind("AWS::EC2::TransitGatewayRouteTable") {
            let part = self.properties(resource);
            let id = resource.id.clone();
            let gateway = self.refer_at(Kind::TransitGateway, resource, part, "TransitGatewayId");
            let Ok(gateway) = gateway else { continue };
            if let Some(gateway) = self.transit_gateway(&gateway) {
                gateway.route_tables.push(empty_table(id));
            }
        }
        self.add_links();
        for resource in self.of_kind("AWS::EC2::TransitGateway") {
            self.add_default_table(resource);
        }
        for resource in self.of_kind("AWS::EC2::TransitGatewayRoute") {
            self.add_transit_route(resource);
        }
    }

    fn enabled(&mut self, part: Part<'a>, key: &str, default: bool) -> bool {
        let said = self.text_at(part, key);
        let said = self.structural(said).flatten();
        said.map_or(default, |said| said.value == "enable")
    }

    fn transit_gateway(&mut self, name: &Name) -> Option<&mut TransitGateway> {
        self.model.transit_gateways.iter_mut().find(|gateway| gateway.id == *name)
    }

    /// An attachment of a gateway that is not known leads nowhere that is known.
    fn add_attachment(&mut self, resource: &'a Resource) {
        let part = self.properties(resource);
        let Some(vpc) = self.vpc_of(resource, part) else { return };
        let subnets = self.subnets_at(part, "SubnetIds", Some(&vpc));
        let name = self.name_tag(part);
        let gateway = self.refer_at(Kind::TransitGateway, resource, part, "TransitGatewayId");
        let Ok(gateway) = gateway else { return };
        let id = resource.id.clone();
        let kind = AttachmentKind::Vpc { vpc, subnets };
        let attachment = TransitGatewayAttachment { id, name, available: true, kind };
        if let Some(gateway) = self.transit_gateway(&gateway) {
            gateway.attachments.push(attachment);
        }
    }

    /// Associations and propagations.
    fn add_links(&mut self) {
        let kinds = [
            ("AWS::EC2::TransitGatewayRouteTableAssociation", true),
            ("AWS::EC2::TransitGatewayRouteTablePropagation", false),
        ];
        for (kind, associates) in kinds {
            for resource in self.of_kind(kind) {
                let part = self.properties(resource);
                let attachment = part.get("TransitGatewayAttachmentId").map(|it| self.name(it));
                let table = part.get("TransitGatewayRouteTableId").map(|it| self.name(it));
                let (Some(attachment), Some(table)) = (attachment, table) else {
                    let key = "TransitGatewayAttachmentId` or `TransitGatewayRouteTableId";
                    self.missing(resource, key);
                    continue;
                };
                let attachment = self.structural(attachment);
                let table = self.structural(table);
                let (Some(attachment), Some(table)) = (attachment, table) else { continue };
                if table.value == DEFAULT_TRANSIT_TABLE {
                    self.ensure_default_table(&attachment);
                }
                self.link(&table, attachment, associates);
            }
        }
    }

    /// The default table of the gateway that has this attachment.
    fn ensure_default_table(&mut self, attachment: &Name) {
        let has = |gateway: &&mut TransitGateway| {
            gateway.attachments.iter().any(|known| known.id == *attachment)
        };
        if let Some(gateway) = self.model.transit_gateways.iter_mut().find(has) {
            default_table(gateway);
        }
    }

    /// A table's association with an attachment, or an attachment's propagation to it.
    fn link(&mut self, table: &Name, attachment: Name, associates: bool) {
        let has = |gateway: &&mut TransitGateway| {
            gateway.attachments.iter().any(|known| known.id == attachment)
        };
        let Some(gateway) = self.model.transit_gateways.iter_mut().find(has) else { return };
        let table = gateway.route_tables.iter_mut().find(|known| known.id == *table);
        let Some(table) = table else { return };
        let links = if associates { &mut table.associations } else { &mut table.propagations };
        if !links.contains(&attachment) {
            links.push(attachment);
        }
    }

    /// What no table is associated with is associated with the default one, and is propagated to it,
    /// unless the gateway was asked not to.
    fn add_default_table(&mut self, resource: &'a Resource) {
        let part = self.properties(resource);
        let associates = self.enabled(part, "DefaultRouteTableAssociation", true);
        let propagates = self.enabled(part, "DefaultRouteTablePropagation", true);
        let Some(gateway) = self.transit_gateway(&resource.id) else { return };
        if !associates && !propagates {
            return;
        }
        let attachments: Vec<Name> = gateway.attachments.iter().map(|a| a.id.clone()).collect();
        let elsewhere = |attachment: &Name| {
            gateway.route_tables.iter().any(|table| table.associations.contains(attachment))
        };
        let free: Vec<Name> =
            attachments.iter().filter(|attachment| !elsewhere(attachment)).cloned().collect();
        let table = default_table(gateway);
        if associates {
            table.associations.extend(free);
        }
        if propagates {
            let new = attachments.into_iter();
            let new: Vec<Name> = new.filter(|id| !table.propagations.contains(id)).collect();
            table.propagations.extend(new);
        }
    }

    fn add_transit_route(&mut self, resource: &'a Resource) {
        let part = self.properties(resource);
        let Some(cidr) = part.get("DestinationCidrBlock") else {
            self.missing(resource, "DestinationCidrBlock");
            return;
        };
        let cidr = match self.text(cidr) {
            Ok(text) if text.contains(':') => return, // IPv6
            Err(gap) => Err(gap),
            Ok(_) => self.meaning(cidr),
        };
        let cidr: Option<Sourced<Ipv4Net>> = self.structural(cidr);
        let blackhole = self.flag(part, "Blackhole", false);
        let blackhole = self.structural(blackhole).unwrap_or(false);
        let attachment = match part.get("TransitGatewayAttachmentId").filter(|_| !blackhole) {
            Some(attachment) => {
                let attachment = self.name(attachment);
                let Some(attachment) = self.structural(attachment) else { return };
                Some(attachment)
            }
            None => None,
        };
        let table = part.get("TransitGatewayRouteTableId").map(|table| self.name(table));
        let Some(table) = table else {
            self.missing(resource, "TransitGatewayRouteTableId");
            return;
        };
        let (Some(cidr), Some(table)) = (cidr, self.structural(table)) else { return };
        let route = TransitGatewayRoute { cidr, attachment, propagated: false };
        self.place_transit_route(&table, route);
    }

    /// A route of the default table, whose id says no gateway, is of the gateway of its attachment.
    fn place_transit_route(&mut self, table: &Name, route: TransitGatewayRoute) {
        let mut gateways = self.model.transit_gateways.iter_mut();
        let fits = |gateway: &&mut TransitGateway| {
            let has_table = gateway.route_tables.iter().any(|known| known.id == *table);
            let to = route.attachment.as_ref().filter(|_| table.value == DEFAULT_TRANSIT_TABLE);
            has_table && to.is_none_or(|to| gateway.attachments.iter().any(|a| a.id == *to))
        };
        let Some(gateway) = gateways.find(fits) else {
            let message = format!("there is no transit gateway route table `{}`", **table);
            let finding = Finding::warning("unknown-transit-table", table.place, message);
            self.findings.push(finding.help("the route is passed over"));
            return;
        };
        let table = gateway.route_tables.iter_mut().find(|known| known.id == *table);
        table.into_iter().for_each(|table| table.routes.push(route.clone()));
    }
}

/// The default table of a gateway, made where it is not there yet.
fn default_table(gateway: &mut TransitGateway) -> &mut TransitGatewayRouteTable {
    let id = Name::new(DEFAULT_TRANSIT_TABLE.to_owned(), gateway.id.place);
    let known = gateway.route_tables.iter().position(|table| table.id == id);
    let at = known.unwrap_or_else(|| {
        gateway.route_tables.push(empty_table(id));
        gateway.route_tables.len() - 1
    });
    &mut gateway.route_tables[at]
}

fn empty_table(id: Name) -> TransitGatewayRouteTable {
    TransitGatewayRouteTable { id, associations: vec![], propagations: vec![], routes: vec![] }
}
