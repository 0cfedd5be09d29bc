//! Peering connections and transit gateways.

use super::files::id_in_name;
use super::json::*;
use super::merge::Import;
use crate::finding::Finding;
use crate::model::{
    AttachmentKind, Model, Name, Peering, TransitGateway, TransitGatewayAttachment,
    TransitGatewayRoute, TransitGatewayRouteTable,
};
use crate::section::transit::default_table;
use crate::source::{Place, Sources};
use crate::written::{Page, Written};

impl Import {
    pub(super) fn add_joins(&mut self, model: &mut Model) {
        let items = self.take(|lists| &mut lists.peerings);
        let items = self.unique(&model.sources, items);
        model.peerings = self.each(&model.sources, items, |json, _, page| peering(json, page));
        self.add_transit_gateways(model);
    }

    fn add_transit_gateways(&mut self, model: &mut Model) {
        let mut attachments = self.attachments(&model.sources);
        let mut tables = self.transit_tables(&model.sources);
        self.add_links(&model.sources, &attachments, &mut tables);
        self.add_transit_routes(&model.sources, &mut tables);
        for attachment in &mut attachments {
            attachment.learn_cidrs(&tables);
        }
        let items = self.take(|lists| &mut lists.transit_gateways);
        let items = self.unique(&model.sources, items);
        let mut gateways = self.each(&model.sources, items, |json, _, page| {
            let options = json.options.unwrap_or_default();
            let referencing = options.security_group_referencing_support;
            Some(TransitGateway {
                id: page.sourced(json.transit_gateway_id),
                name: name_tag(&json.tags),
                sg_referencing: referencing.as_deref() == Some("enable"),
                attachments: Vec::new(),
                route_tables: Vec::new(),
            })
        });
        for owner in attachments.iter().map(|a| &a.gateway).chain(tables.iter().map(|t| &t.gateway))
        {
            // The owner's account describes it; an account that only uses it may see no more.
            if !gateways.iter().any(|gateway| gateway.id == *owner) {
                gateways.push(unseen_gateway(owner.clone()));
            }
        }
        for gateway in &mut gateways {
            let own = attachments.iter().filter(|attachment| attachment.gateway == gateway.id);
            gateway.attachments = own.map(|attachment| attachment.attachment.clone()).collect();
            let own = tables.iter().filter(|table| table.gateway == gateway.id);
            gateway.route_tables = own.map(|table| table.table.clone()).collect();
            self.assume_routes(gateway);
        }
        model.transit_gateways = gateways;
    }

    /// Where no file has a gateway's tables, AWS's defaults are the best guess.
    fn assume_routes(&mut self, gateway: &mut TransitGateway) {
        if gateway.route_tables.is_empty() && !gateway.attachments.is_empty() {
            let message = format!("no file has the route tables of `{}`", gateway.id.value);
            let help = "every attachment is taken to reach every other; add \
                        describe-transit-gateway-route-tables and search-transit-gateway-routes";
            let finding = Finding::warning("unknown-transit-routes", gateway.id.place, message);
            self.findings.push(finding.help(help));
            gateway.route_tables.push(default_table(&gateway.attachments));
        }
    }

    /// Both kinds of description of an attachment, joined by its id.
    fn attachments(&mut self, sources: &Sources) -> Vec<Attached> {
        let items = self.take(|lists| &mut lists.transit_attachments);
        let described = self.each(sources, items, |json, _, page| Some(Attached::read(json, page)));
        let mut attachments: Vec<Attached> = Vec::new();
        for attached in described {
            let known = attachments.iter_mut().find(|known| known.same_as(&attached));
            match known {
                Some(known) => known.join(attached),
                None => attachments.push(attached),
            }
        }
        for Attached { attachment, .. } in &attachments {
            if let AttachmentKind::Vpc { subnets, .. } = &attachment.kind
                && subnets.is_empty()
            {
                let message = format!("no file has the subnets of `{}`", attachment.id.value);
                let help = "add what `aws ec2 describe-transit-gateway-vpc-attachments` prints";
                let place = attachment.id.place;
                let finding = Finding::warning("unknown-attachment-subnets", place, message);
                self.findings.push(finding.help(help));
            }
        }
        attachments
    }

    fn transit_tables(&mut self, sources: &Sources) -> Vec<Table> {
        let items = self.take(|lists| &mut lists.transit_tables);
        let items = self.unique(sources, items);
        self.each(sources, items, |json, _, page| {
            let id = page.sourced(json.transit_gateway_route_table_id);
            let gateway = page.sourced(json.transit_gateway_id);
            Some(Table { gateway, table: empty_table(id) })
        })
    }

    /// Associations and propagations: of the attachments themselves, and of lists of their own.
    fn add_links(&mut self, sources: &Sources, attachments: &[Attached], tables: &mut [Table]) {
        for attached in attachments {
            let Some(wanted) = &attached.associated_with else {
                continue;
            };
            if let Some(table) = tables.iter_mut().find(|table| table.table.id == *wanted) {
                link(&mut table.table.associations, attached.attachment.id.clone());
            }
        }
        for index in 0..self.documents.len() {
            let document = &mut self.documents[index];
            let file = document.file;
            let associations = std::mem::take(&mut document.lists.transit_associations);
            let propagations = std::mem::take(&mut document.lists.transit_propagations);
            let path = &sources.file(file).path;
            let of_file = id_in_name(path, "tgw-rtb-");
            let mut page = Page::new(sources, file, &mut self.findings);
            for (associates, item) in associations
                .into_iter()
                .map(|item| (true, item))
                .chain(propagations.into_iter().map(|item| (false, item)))
            {
                let place = page.place(&item);
                let json = item.value;
                let gone = |state: &str| matches!(state, "disabled" | "disassociated");
                let attachment = json.transit_gateway_attachment_id;
                let (Some(attachment), false) =
                    (attachment, json.state.as_deref().is_some_and(gone))
                else {
                    continue;
                };
                let own = json.transit_gateway_route_table_id.map(|id| id.value);
                match table_of(own.or(of_file.clone()), tables, place) {
                    Ok(table) if associates => {
                        link(&mut table.associations, page.sourced(attachment));
                    }
                    Ok(table) => link(&mut table.propagations, page.sourced(attachment)),
                    Err(finding) => page.find(finding),
                }
            }
        }
    }

    fn add_transit_routes(&mut self, sources: &Sources, tables: &mut [Table]) {
        for index in 0..self.documents.len() {
            let document = &mut self.documents[index];
            let file = document.file;
            let routes = std::mem::take(&mut document.lists.transit_routes);
            let of_file = id_in_name(&sources.file(file).path, "tgw-rtb-");
            let mut page = Page::new(sources, file, &mut self.findings);
            let Some(place) = routes.first().map(|route| page.place(route)) else {
                continue;
            };
            match table_of(of_file, tables, place) {
                Ok(table) => {
                    let routes = routes.into_iter();
                    table.routes.extend(routes.filter_map(|r| transit_route(r.value, &mut page)));
                }
                Err(finding) => page.find(finding),
            }
        }
    }
}

fn peering(json: PeeringJson, page: &mut Page<'_>) -> Option<Peering> {
    let id = page.sourced(json.vpc_peering_connection_id);
    let (requester, accepter) = (json.requester_vpc_info, json.accepter_vpc_info);
    let same_region = match (&requester.region, &accepter.region) {
        (Some(requester), Some(accepter)) => requester == accepter,
        _ => true,
    };
    let status = json.status.and_then(|status| status.code);
    let (Some(requester), Some(accepter)) = (requester.vpc_id, accepter.vpc_id) else {
        let message = format!("`{}` does not say both of its VPCs", id.value);
        page.find(Finding::warning("peering-without-vpc", id.place, message));
        return None;
    };
    Some(Peering {
        id,
        name: name_tag(&json.tags),
        requester: page.sourced(requester),
        accepter: page.sourced(accepter),
        same_region,
        active: status.is_none_or(|code| code == "active"),
    })
}

/// An attachment, its gateway, and the table that it is associated with.
struct Attached {
    gateway: Name,
    attachment: TransitGatewayAttachment,
    associated_with: Option<Name>,
}

impl Attached {
    fn read(json: TransitAttachmentJson, page: &mut Page<'_>) -> Attached {
        let is_vpc = json.resource_type.as_deref().is_none_or(|kind| kind == "vpc");
        let vpc = json.vpc_id.or(json.resource_id).filter(|_| is_vpc);
        let kind = match vpc {
            Some(vpc) => AttachmentKind::Vpc {
                vpc: page.sourced(vpc),
                subnets: page.all(items(json.subnet_ids)),
            },
            None => AttachmentKind::External { cidrs: Vec::new() },
        };
        let association = json.association.filter(|association| {
            association.state.as_deref().is_none_or(|state| state == "associated")
        });
        let table = association.and_then(|a| a.transit_gateway_route_table_id);
        Attached {
            gateway: page.sourced(json.transit_gateway_id),
            associated_with: table.map(|table| page.sourced(table)),
            attachment: TransitGatewayAttachment {
                id: page.sourced(json.transit_gateway_attachment_id),
                name: name_tag(&json.tags),
                available: json.state.as_deref().is_none_or(|state| state == "available"),
                kind,
            },
        }
    }

    fn same_as(&self, other: &Attached) -> bool {
        self.attachment.id == other.attachment.id
    }

    /// Takes over what the other description has more of.
    fn join(&mut self, other: Attached) {
        self.associated_with = self.associated_with.take().or(other.associated_with);
        self.attachment.name = self.attachment.name.take().or(other.attachment.name);
        if let (AttachmentKind::Vpc { subnets, .. }, AttachmentKind::Vpc { subnets: others, .. }) =
            (&mut self.attachment.kind, other.attachment.kind)
            && subnets.is_empty()
        {
            *subnets = others;
        }
    }

    /// What is behind a VPN or another gateway is what the tables have routes to it for.
    fn learn_cidrs(&mut self, tables: &[Table]) {
        let AttachmentKind::External { cidrs } = &mut self.attachment.kind else {
            return;
        };
        for route in tables.iter().flat_map(|table| &table.table.routes) {
            let leads_here = route.attachment.as_ref() == Some(&self.attachment.id);
            if leads_here && !cidrs.contains(&route.cidr) {
                cidrs.push(route.cidr);
            }
        }
    }
}

struct Table {
    gateway: Name,
    table: TransitGatewayRouteTable,
}

fn empty_table(id: Name) -> TransitGatewayRouteTable {
    TransitGatewayRouteTable { id, associations: vec![], propagations: vec![], routes: vec![] }
}

fn unseen_gateway(id: Name) -> TransitGateway {
    TransitGateway {
        id,
        name: None,
        sg_referencing: false,
        attachments: Vec::new(),
        route_tables: Vec::new(),
    }
}

fn link(attachments: &mut Vec<Name>, attachment: Name) {
    if !attachments.contains(&attachment) {
        attachments.push(attachment);
    }
}

/// The table of that id, or the only one where no id is known.
fn table_of(
    id: Option<String>,
    tables: &mut [Table],
    place: Place,
) -> Result<&mut TransitGatewayRouteTable, Finding> {
    let index = match &id {
        Some(id) => tables.iter().position(|table| table.table.id.value == *id),
        None => (tables.len() == 1).then_some(0),
    };
    let message = match &id {
        Some(id) => format!("no file describes the route table `{id}`"),
        None => "this list does not say which route table it belongs to".to_owned(),
    };
    let help = "add describe-transit-gateway-route-tables, and put the table's id into the file's \
                name: `tgw-rtb-0123456789abcdef0.json`";
    match index {
        Some(index) => Ok(&mut tables[index].table),
        None => Err(Finding::error("unknown-transit-table", place, message).help(help)),
    }
}

/// `None` for IPv6 routes and those that a gateway sees but does not use.
fn transit_route(json: TransitRouteJson, page: &mut Page<'_>) -> Option<TransitGatewayRoute> {
    if let Some(list) = &json.prefix_list_id {
        let message = format!("the route for the prefix list `{}` is not modelled", list.value);
        let finding = Finding::warning("transit-prefix-list", page.place(list), message);
        page.find(finding.help("a search without prefix lists prints their CIDRs too"));
        return None;
    }
    let cidr = json.destination_cidr_block.filter(|cidr| !cidr.value.contains(':'))?;
    let cidr = page.meaning(Written::new(cidr))?;
    let attachment = match json.state.as_deref() {
        Some("active") | None => {
            let first = items_of(json.transit_gateway_attachments).next();
            first.and_then(|link| link.transit_gateway_attachment_id)
        }
        Some("blackhole") => None,
        Some(_) => return None,
    };
    Some(TransitGatewayRoute {
        cidr,
        attachment: attachment.map(|attachment| page.sourced(attachment)),
        propagated: json.r#type.as_deref() == Some("propagated"),
    })
}
