//! NAT gateways, endpoints, peering connections and transit gateways.

use std::collections::HashMap;

use egret_dataplane::snapshot::{
    Attachment, AttachmentId, AttachmentKind, Cidr, EndpointId, EndpointKind, EniOwner, Interface,
    InterfaceId, NatGateway, NatId, Peering, TgwId, TgwRoute, TgwRouteTable, TransitGateway,
    VpcEndpoint,
};

use super::enis::NewEni;
use super::{Compiler, cidr, shared};
use crate::finding::Finding;
use crate::model::{self, Name};
use crate::names::{Kind, suggestion};

impl Compiler<'_> {
    pub(super) fn add_nat_gateways(&mut self) {
        let model = self.model;
        // A gateway that is gone, or not there yet, has neither interface nor addresses.
        for gateway in model.nat_gateways.iter().filter(|gateway| gateway.available) {
            let Some(subnet) = self.subnet_id(&gateway.subnet) else { continue };
            let id = self.nat_gateways.id(&gateway.id);
            let said = || gateway.addresses.iter();
            let key = format!("nat {}", *gateway.id);
            let (eni, primary) = self.add_eni(NewEni {
                name: gateway.id.value.clone(),
                subnet,
                addresses: said().take(1).filter_map(|a| a.private).collect(),
                public: Vec::new(),
                security_groups: Vec::new(),
                source_dest_check: false,
                owner: EniOwner::NatGateway(NatId(id)),
                key,
            });
            let mut addresses = primary;
            for (position, address) in said().enumerate().skip(1) {
                let private = address.private.map(|private| *private);
                let picked = || self.pick_secondary(subnet, NatId(id), position);
                addresses.extend(private.or_else(picked));
            }
            self.bind(eni, &addresses, said().map(|address| address.public));
            let public = gateway.public;
            let item = NatGateway { name: shared(&gateway.id), eni, addresses, public };
            self.nat_gateways.put(id, item);
        }
    }

    pub(super) fn add_endpoints(&mut self) {
        let model = self.model;
        for endpoint in &model.vpc_endpoints {
            let Some(vpc) = self.vpc_id(&endpoint.vpc) else { continue };
            let id = EndpointId(self.endpoints.id(&endpoint.id));
            let kind = match &endpoint.kind {
                model::EndpointKind::Interface { subnets, security_groups, .. } => {
                    let groups = self.groups(&endpoint.vpc, security_groups);
                    let mut enis = Vec::new();
                    for (subnet, address) in subnets {
                        let Some(subnet_id) = self.subnet_id(subnet) else { continue };
                        let key = format!("endpoint {} {}", *endpoint.id, **subnet);
                        let (_, at) = self.endpoint_interface(&key);
                        let (eni, _) = self.add_eni(NewEni {
                            name: format!("{}-{}", *endpoint.id, **subnet),
                            subnet: subnet_id,
                            addresses: address.iter().copied().collect(),
                            public: Vec::new(),
                            security_groups: groups.clone(),
                            source_dest_check: true,
                            owner: EniOwner::Endpoint(id, at),
                            key,
                        });
                        enis.push(eni);
                    }
                    EndpointKind::Interface { enis }
                }
                model::EndpointKind::Gateway { prefix_list, .. } => {
                    let Some(kind) = self.gateway_endpoint(endpoint, id, prefix_list.as_ref())
                    else {
                        continue;
                    };
                    kind
                }
            };
            let (name, service) = (shared(&endpoint.id), shared(&endpoint.service));
            self.endpoints.put(id.0, VpcEndpoint { name, vpc, service, kind });
        }
    }

    /// Its prefix list is the one it names, or the one that is named after its service.
    fn gateway_endpoint(
        &mut self,
        endpoint: &model::VpcEndpoint,
        id: EndpointId,
        said: Option<&Name>,
    ) -> Option<EndpointKind> {
        let prefix_list = self.prefix_list_id(said.unwrap_or(&endpoint.service))?;
        let key = format!("gateway-endpoint {}", *endpoint.id);
        let interface = self.interface(&key, Interface::GatewayEndpoint(id));
        Some(EndpointKind::Gateway { prefix_list, interface })
    }

    pub(super) fn add_peerings(&mut self) {
        let model = self.model;
        for peering in &model.peerings {
            // The other side may be an account that was not imported.
            let ends = [&peering.requester, &peering.accepter];
            let ends = ends.map(|name| self.names.find(Kind::Vpc, name).ok());
            let [Some(requester), Some(accepter)] = ends else {
                let message = format!("peering `{}` leads to a VPC that is not known", *peering.id);
                let finding = Finding::warning("unknown-peer-vpc", peering.id.place, message);
                self.findings
                    .push(finding.help("import the other VPC, too, to follow packets there"));
                continue;
            };
            let vpcs = [requester, accepter]
                .map(|at| egret_dataplane::snapshot::VpcId(self.vpcs.id(&model.vpcs[at].id)));
            let id = self.peerings.id(&peering.id);
            let same_region = peering.same_region && peering.active;
            self.peerings.put(id, Peering { name: shared(&peering.id), vpcs, same_region });
        }
    }

    pub(super) fn add_transit_gateways(&mut self) {
        let model = self.model;
        for gateway in &model.transit_gateways {
            let id = TgwId(self.transit_gateways.id(&gateway.id));
            let mut known = HashMap::new();
            for attachment in &gateway.attachments {
                if let Some(number) = self.add_attachment(gateway, id, attachment) {
                    known.insert(attachment.id.as_str(), number);
                }
            }
            let route_tables = gateway
                .route_tables
                .iter()
                .map(|table| self.transit_table(gateway, table, &known))
                .collect();
            let item = TransitGateway {
                name: shared(&gateway.id),
                sg_referencing: gateway.sg_referencing,
                route_tables,
            };
            self.transit_gateways.put(id.0, item);
        }
    }

    fn add_attachment(
        &mut self,
        gateway: &model::TransitGateway,
        of: TgwId,
        attachment: &model::TransitGatewayAttachment,
    ) -> Option<AttachmentId> {
        if !attachment.available {
            return None;
        }
        let id = AttachmentId(self.attachments.id(&format!("{} {}", *gateway.id, *attachment.id)));
        let kind = match &attachment.kind {
            model::AttachmentKind::External { .. } => {
                let key = format!("external {} {}", *gateway.id, *attachment.id);
                AttachmentKind::External(self.interface(&key, Interface::External(id)))
            }
            model::AttachmentKind::Vpc { vpc, subnets } => {
                let vpc = self.vpc_id(vpc)?;
                let subnets: Vec<_> =
                    subnets.iter().filter_map(|subnet| self.subnet_id(subnet)).collect();
                if subnets.is_empty() {
                    let message = format!("attachment `{}` has no subnet", *attachment.id);
                    let finding =
                        Finding::error("attachment-without-subnet", attachment.id.place, message);
                    self.findings.push(finding.help("name one subnet in each Availability Zone"));
                    return None;
                }
                AttachmentKind::Vpc { vpc, subnets }
            }
        };
        let associated =
            |table: &model::TransitGatewayRouteTable| table.associations.contains(&attachment.id);
        let route_table = gateway.route_tables.iter().position(associated);
        let name = shared(&attachment.id);
        let item = Attachment { name, transit_gateway: of, route_table, kind };
        self.attachments.put(id.0, item);
        Some(id)
    }

    fn transit_table(
        &mut self,
        gateway: &model::TransitGateway,
        table: &model::TransitGatewayRouteTable,
        known: &HashMap<&str, AttachmentId>,
    ) -> TgwRouteTable {
        let mut routes = Vec::new();
        for route in &table.routes {
            let attachment = route.attachment.as_ref().and_then(|name| {
                self.known_attachment(gateway, name);
                self.blackhole_behind(gateway, name, *route.cidr);
                known.get(name.as_str()).copied()
            });
            routes.push(TgwRoute {
                cidr: cidr(*route.cidr),
                attachment,
                propagated: route.propagated,
            });
        }
        for name in table.associations.iter().chain(&table.propagations) {
            self.known_attachment(gateway, name);
        }
        for name in &table.propagations {
            let Some(attachment) = known.get(name.as_str()).copied() else { continue };
            let learnt =
                |cidr: Cidr| TgwRoute { cidr, attachment: Some(attachment), propagated: true };
            let fresh = self.cidrs_behind(gateway, name).into_iter().map(learnt);
            // An import lists what was learnt beside what taught it.
            let fresh: Vec<_> = fresh
                .filter(|route| {
                    let same =
                        |r: &TgwRoute| r.cidr == route.cidr && r.attachment == route.attachment;
                    !routes.iter().any(same)
                })
                .collect();
            routes.extend(fresh);
        }
        TgwRouteTable { name: shared(&table.id), routes }
    }

    fn known_attachment(&mut self, gateway: &model::TransitGateway, name: &Name) {
        let known = gateway.attachments.iter().map(|attachment| attachment.id.as_str());
        if gateway.attachments.iter().any(|attachment| attachment.id == *name) {
            return;
        }
        let message = format!("transit gateway `{}` has no attachment `{}`", *gateway.id, **name);
        let finding = Finding::error("unknown-attachment", name.place, message);
        self.findings.push(match suggestion(name, known) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding,
        });
    }

    /// A route to an attachment that does not forward is a blackhole.
    fn blackhole_behind(
        &mut self,
        gateway: &model::TransitGateway,
        name: &Name,
        to: ipnet::Ipv4Net,
    ) {
        let gone = gateway.attachments.iter().any(|a| a.id == *name && !a.available);
        if gone {
            let message = format!(
                "the route to {to} of transit gateway `{}` is a blackhole: attachment `{}` is not \
                 available",
                *gateway.id, **name
            );
            let finding = Finding::warning("blackhole-route", name.place, message);
            let help = "point it at an attachment that is available, or remove it: until then it \
                        wins over less specific routes and drops what it matches";
            self.findings.push(finding.help(help));
        }
    }

    /// The addresses that an attachment tells of.
    fn cidrs_behind(&self, gateway: &model::TransitGateway, name: &Name) -> Vec<Cidr> {
        let attachment = gateway.attachments.iter().find(|attachment| attachment.id == *name);
        match attachment.map(|attachment| &attachment.kind) {
            Some(model::AttachmentKind::External { cidrs }) => {
                cidrs.iter().map(|net| cidr(**net)).collect()
            }
            Some(model::AttachmentKind::Vpc { vpc, .. }) => {
                let at = self.names.find(Kind::Vpc, vpc).ok();
                let nets = at.map(|at| &self.model.vpcs[at].cidrs);
                nets.into_iter().flatten().map(|net| cidr(**net)).collect()
            }
            None => Vec::new(),
        }
    }
}

/// An attachment that is gone leads nowhere.
pub(super) fn detach(attachment: &mut Attachment) {
    attachment.transit_gateway = TgwId(u32::MAX);
    attachment.kind = AttachmentKind::External(InterfaceId::INTERNET);
}
