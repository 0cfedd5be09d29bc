//! Routes of transit gateways: static ones, which are made, replaced and deleted, and those that
//! attachments tell; SearchTransitGatewayRoutes shows both.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::filters::{self, Values};
use super::pages::{Page, page_of};
use super::transit_attachments::{self, resource};
use super::transit_route_tables::{available, table};
use super::{Action, actions, errors};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::transit::{Attachment, AttachmentKind, Route, RouteTable};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    change CreateTransitGatewayRoute => create;
    change ReplaceTransitGatewayRoute => replace;
    change DeleteTransitGatewayRoute => delete;
    read SearchTransitGatewayRoutes => search;
};

const FILTERS: &[&str] = &[
    "attachment.resource-id",
    "attachment.resource-type",
    "attachment.transit-gateway-attachment-id",
    "prefix-list-id",
    "route-search.exact-match",
    "route-search.longest-prefix-match",
    "route-search.subnet-of-match",
    "route-search.supernet-of-match",
    "state",
    "type",
];

fn cidr(text: &str) -> Result<Ipv4Net> {
    let malformed =
        |_| errors::invalid("destinationCidrBlock", text, "This is not a valid CIDR block.");
    text.parse::<Ipv4Net>().map_err(malformed).map(|cidr| cidr.trunc())
}

/// Where a static route leads: to an attachment of the table's gateway, or nowhere on purpose.
fn target(
    account: &Account,
    table: &RouteTable,
    attachment: Option<&str>,
    blackhole: Option<bool>,
) -> Result<Option<String>> {
    // Terraform gives a blackhole the attachment "".
    match (attachment.filter(|id| !id.is_empty()), blackhole.unwrap_or(false)) {
        (None, true) => Ok(None),
        (None, false) => Err(errors::missing("TransitGatewayAttachmentId")),
        (Some(_), true) => {
            let message = "A blackhole route has no Transit Gateway Attachment.";
            Err(errors::combination(message))
        }
        (Some(id), false) => {
            let row = transit_attachments::available(account, id)?;
            if row.gateway != table.gateway {
                let message = format!("{id} is not attached to {}.", table.gateway);
                return Err(AwsError::new("InvalidParameterValue", message));
            }
            Ok(Some(row.id.clone()))
        }
    }
}

fn create(
    change: &mut Change<'_>,
    request: ec2::CreateTransitGatewayRouteRequest,
) -> Result<ec2::CreateTransitGatewayRouteResult> {
    let row = available(change, &request.transit_gateway_route_table_id)?;
    let cidr = cidr(&request.destination_cidr_block)?;
    let attachment = request.transit_gateway_attachment_id.as_deref();
    let attachment = target(change, row, attachment, request.blackhole)?;
    let id = row.id.clone();
    if row.routes.iter().any(|route| route.cidr == cidr) {
        let message = format!("Route {cidr} already exists in Transit Gateway Route Table {id}.");
        return Err(AwsError::new("RouteAlreadyExists", message));
    }
    let route = Route { cidr, attachment };
    let shown = Some(shown_static(change, &route));
    if let Some(table) = change.transit_gateway_route_tables.edit(&id) {
        table.routes.push(route);
    }
    Ok(ec2::CreateTransitGatewayRouteResult { route: shown })
}

fn replace(
    change: &mut Change<'_>,
    request: ec2::ReplaceTransitGatewayRouteRequest,
) -> Result<ec2::ReplaceTransitGatewayRouteResult> {
    let row = available(change, &request.transit_gateway_route_table_id)?;
    let cidr = cidr(&request.destination_cidr_block)?;
    let attachment = request.transit_gateway_attachment_id.as_deref();
    let attachment = target(change, row, attachment, request.blackhole)?;
    let (id, at) = (row.id.clone(), position(row, cidr)?);
    let route = Route { cidr, attachment };
    let shown = Some(shown_static(change, &route));
    if let Some(table) = change.transit_gateway_route_tables.edit(&id) {
        table.routes[at] = route;
    }
    Ok(ec2::ReplaceTransitGatewayRouteResult { route: shown })
}

fn delete(
    change: &mut Change<'_>,
    request: ec2::DeleteTransitGatewayRouteRequest,
) -> Result<ec2::DeleteTransitGatewayRouteResult> {
    let row = available(change, &request.transit_gateway_route_table_id)?;
    let cidr = cidr(&request.destination_cidr_block)?;
    let (id, at) = (row.id.clone(), position(row, cidr)?);
    let mut shown = shown_static(change, &row.routes[at]);
    shown.state = Some("deleted".to_owned());
    if let Some(table) = change.transit_gateway_route_tables.edit(&id) {
        table.routes.remove(at);
    }
    Ok(ec2::DeleteTransitGatewayRouteResult { route: Some(shown) })
}

fn position(table: &RouteTable, cidr: Ipv4Net) -> Result<usize> {
    table.routes.iter().position(|route| route.cidr == cidr).ok_or_else(|| {
        let message =
            format!("Route {cidr} does not exist in Transit Gateway Route Table {}.", table.id);
        AwsError::new("InvalidRoute.NotFound", message)
    })
}

fn search(
    account: &Account,
    request: ec2::SearchTransitGatewayRoutesRequest,
) -> Result<ec2::SearchTransitGatewayRoutesResult> {
    let table = table(account, &request.transit_gateway_route_table_id)?;
    if request.filters.is_empty() {
        return Err(errors::missing("Filters"));
    }
    filters::check(&request.filters, FILTERS)?;
    let (routes, others): (Vec<_>, Vec<_>) = request.filters.into_iter().partition(|filter| {
        filter.name.as_deref().is_some_and(|name| name.starts_with("route-search."))
    });
    let searches = routes.iter().map(Search::read).collect::<Result<Vec<_>>>()?;
    let mut all = Vec::new();
    for (cidr, route) in all_routes(account, table) {
        let found = searches.iter().all(|search| search.finds(cidr));
        if found && filters::meets(account, "", &others, |name| values(&route, name))? {
            all.push((cidr, route));
        }
    }
    for search in &searches {
        search.keep_longest(&mut all);
    }
    let keyed = all.into_iter().map(|(cidr, route)| {
        let (address, length) = (u32::from(cidr.network()), cidr.prefix_len());
        (format!("{address:010}/{length:02}"), route)
    });
    let page = Page { token: request.next_token.as_deref(), most: request.max_results };
    let (routes, next_token) = page_of(keyed, page)?;
    let additional_routes_available = Some(next_token.is_some());
    Ok(ec2::SearchTransitGatewayRoutesResult { routes, additional_routes_available, next_token })
}

/// How a search for routes compares CIDRs.
enum Search {
    Exact(Vec<Ipv4Net>),
    Longest(Vec<Ipv4Net>),
    SubnetsOf(Vec<Ipv4Net>),
    SupernetsOf(Vec<Ipv4Net>),
}

impl Search {
    fn read(filter: &ec2::Filter) -> Result<Search> {
        let cidr = |text: &String| {
            // An address alone is meant as itself.
            let host = text.parse::<Ipv4Addr>().map(Ipv4Net::from);
            host.or_else(|_| cidr(text))
        };
        let cidrs = filter.values.iter().map(cidr).collect::<Result<Vec<_>>>()?;
        Ok(match filter.name.as_deref() {
            Some("route-search.exact-match") => Search::Exact(cidrs),
            Some("route-search.longest-prefix-match") => Search::Longest(cidrs),
            Some("route-search.subnet-of-match") => Search::SubnetsOf(cidrs),
            _ => Search::SupernetsOf(cidrs),
        })
    }

    fn finds(&self, cidr: Ipv4Net) -> bool {
        match self {
            Search::Exact(cidrs) => cidrs.contains(&cidr),
            Search::SubnetsOf(cidrs) => cidrs.iter().any(|wide| wide.contains(&cidr)),
            Search::Longest(cidrs) | Search::SupernetsOf(cidrs) => {
                cidrs.iter().any(|narrow| cidr.contains(narrow))
            }
        }
    }

    /// Of the routes that contain a CIDR, the longest one alone.
    fn keep_longest(&self, routes: &mut Vec<(Ipv4Net, ec2::TransitGatewayRoute)>) {
        let Search::Longest(cidrs) = self else { return };
        let longest = |narrow: &Ipv4Net| {
            let containing = routes.iter().map(|(cidr, _)| *cidr).filter(|c| c.contains(narrow));
            containing.max_by_key(Ipv4Net::prefix_len)
        };
        let kept: Vec<Ipv4Net> = cidrs.iter().filter_map(longest).collect();
        routes.retain(|(cidr, _)| kept.contains(cidr));
    }
}

fn values(route: &ec2::TransitGatewayRoute, name: &str) -> Values {
    let attachments = route.transit_gateway_attachments.iter();
    match name {
        "attachment.resource-id" => {
            filters::many(attachments.filter_map(|a| a.resource_id.clone()))
        }
        "attachment.resource-type" => {
            filters::many(attachments.filter_map(|a| a.resource_type.clone()))
        }
        "attachment.transit-gateway-attachment-id" => {
            filters::many(attachments.filter_map(|a| a.transit_gateway_attachment_id.clone()))
        }
        "prefix-list-id" => filters::many(&route.prefix_list_id),
        "state" => filters::many(&route.state),
        "type" => filters::many(&route.r#type),
        _ => None,
    }
}

/// Static routes, and what attachments tell where no static route says otherwise.
fn all_routes(account: &Account, table: &RouteTable) -> Vec<(Ipv4Net, ec2::TransitGatewayRoute)> {
    let mut all: Vec<(Ipv4Net, ec2::TransitGatewayRoute)> =
        table.routes.iter().map(|route| (route.cidr, shown_static(account, route))).collect();
    let told = table
        .propagations
        .iter()
        .filter_map(|id| account.transit_gateway_attachments.get(id))
        .filter(|row| row.state == "available");
    for row in told {
        for cidr in cidrs(account, row) {
            if !all.iter().any(|(known, _)| *known == cidr) {
                all.push((cidr, shown(cidr, Some(row), "propagated", "active")));
            }
        }
    }
    all
}

fn cidrs(account: &Account, row: &Attachment) -> Vec<Ipv4Net> {
    match &row.kind {
        AttachmentKind::Vpc { vpc, .. } => {
            let vpc = account.vpcs.get(vpc);
            vpc.map(|vpc| vpc.cidrs.iter().map(|tie| tie.cidr).collect()).unwrap_or_default()
        }
        AttachmentKind::External { cidrs } => cidrs.clone(),
    }
}

/// A route to an attachment that is gone is a blackhole, as one that was meant to be.
fn shown_static(account: &Account, route: &Route) -> ec2::TransitGatewayRoute {
    let row = route.attachment.as_deref();
    let row = row.and_then(|id| account.transit_gateway_attachments.get(id));
    let works = row.is_some_and(|row| row.state == "available");
    shown(route.cidr, row, "static", if works { "active" } else { "blackhole" })
}

fn shown(
    cidr: Ipv4Net,
    row: Option<&Attachment>,
    kind: &str,
    state: &str,
) -> ec2::TransitGatewayRoute {
    let attachment = |row: &Attachment| {
        let (resource_id, resource_type) = resource(row);
        ec2::TransitGatewayRouteAttachment {
            resource_id: Some(resource_id.to_owned()),
            transit_gateway_attachment_id: Some(row.id.clone()),
            resource_type: Some(resource_type.to_owned()),
        }
    };
    ec2::TransitGatewayRoute {
        destination_cidr_block: Some(cidr.to_string()),
        transit_gateway_attachments: row.map(attachment).into_iter().collect(),
        r#type: Some(kind.to_owned()),
        state: Some(state.to_owned()),
        ..Default::default()
    }
}
