//! Transit gateways with their attachments and route tables.

use std::collections::HashMap;

use egret_control::model::{self as m, Name};
use egret_control::names::Kind;

use super::Import;
use crate::account::transit;

impl Import<'_, '_, '_> {
    pub(super) fn transit_gateways(&mut self) {
        for (at, gateway) in self.model.transit_gateways.iter().enumerate() {
            let id = self.of(Kind::TransitGateway, at);
            let mut attachments = HashMap::new();
            for attachment in &gateway.attachments {
                let made = self.attachment(&id, attachment);
                attachments.insert(attachment.id.value.as_str(), made.clone());
                attachments.extend(attachment.name.as_deref().map(|name| (name, made)));
            }
            for table in &gateway.route_tables {
                self.transit_table(&id, table, &attachments);
            }
            let options = transit::TransitGatewayOptions {
                asn: 64_512,
                auto_accept: false,
                association_table: None,
                propagation_table: None,
                sg_referencing: gateway.sg_referencing,
                dns_support: true,
            };
            let row = transit::TransitGateway {
                id: id.clone(),
                description: String::new(),
                state: "available".to_owned(),
                options,
                created: self.change.now,
            };
            self.change.transit_gateways.insert(id, row);
        }
    }

    fn attachment(&mut self, gateway: &str, attachment: &m::TransitGatewayAttachment) -> String {
        let id = self.id_for("tgw-attach", &attachment.id);
        let called =
            attachment.name.as_deref().or((id != **attachment.id).then_some(&*attachment.id.value));
        if let Some(name) = called {
            self.tag_name(&id, name);
        }
        let kind = match &attachment.kind {
            m::AttachmentKind::Vpc { vpc, subnets } => transit::AttachmentKind::Vpc {
                subnets: subnets.iter().map(|name| self.find_in(Kind::Subnet, name, vpc)).collect(),
                vpc: self.find(Kind::Vpc, vpc),
            },
            m::AttachmentKind::External { cidrs } => transit::AttachmentKind::External {
                cidrs: cidrs.iter().map(|cidr| cidr.value).collect(),
            },
        };
        let row = transit::Attachment {
            id: id.clone(),
            gateway: gateway.to_owned(),
            state: if attachment.available { "available" } else { "failed" }.to_owned(),
            kind,
            created: self.change.now,
        };
        self.change.transit_gateway_attachments.insert(id.as_str(), row);
        id
    }

    fn transit_table(
        &mut self,
        gateway: &str,
        table: &m::TransitGatewayRouteTable,
        attachments: &HashMap<&str, String>,
    ) {
        let id = self.id_for("tgw-rtb", &table.id);
        if id != **table.id {
            self.tag_name(&id, &table.id);
        }
        let find = |name: &Name| attachments.get(name.as_str()).cloned();
        // What was learnt is learnt anew, from the attachments that tell it.
        let routes = table.routes.iter().filter(|route| !route.propagated);
        let route = |route: &m::TransitGatewayRoute| transit::Route {
            cidr: *route.cidr,
            attachment: route.attachment.as_ref().and_then(find),
        };
        let row = transit::RouteTable {
            id: id.clone(),
            gateway: gateway.to_owned(),
            state: "available".to_owned(),
            associations: table.associations.iter().filter_map(find).collect(),
            propagations: table.propagations.iter().filter_map(find).collect(),
            routes: routes.map(route).collect(),
            created: self.change.now,
        };
        self.change.transit_gateway_route_tables.insert(id, row);
    }
}
