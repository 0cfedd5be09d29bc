//! Route tables: CreateRouteTable, DeleteRouteTable, DescribeRouteTables.

use super::describe::Asked;
use super::filters::{self, Values};
use super::tags::{self, tag_new};
use super::vpcs::vpc;
use super::{Action, actions, errors};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::endpoints::EndpointKind;
use crate::account::routes::{RouteTable, RouteTableAssociation};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    change CreateRouteTable => create;
    change DeleteRouteTable => delete;
    read DescribeRouteTables => describe;
};

/// The names of DescribeRouteTables' filters, but for those of tags.
const FILTERS: &[&str] = &[
    "association.gateway-id",
    "association.main",
    "association.route-table-association-id",
    "association.route-table-id",
    "association.subnet-id",
    "owner-id",
    "route-table-id",
    "route.destination-cidr-block",
    "route.destination-ipv6-cidr-block",
    "route.destination-prefix-list-id",
    "route.egress-only-internet-gateway-id",
    "route.gateway-id",
    "route.instance-id",
    "route.nat-gateway-id",
    "route.origin",
    "route.state",
    "route.transit-gateway-id",
    "route.vpc-peering-connection-id",
    "vpc-id",
];

/// A route table that has to be there.
///
/// # Errors
/// `InvalidRouteTableID.NotFound`.
pub(super) fn table<'a>(account: &'a Account, id: &str) -> Result<&'a RouteTable> {
    account.route_tables.get(id).ok_or_else(|| missing(id))
}

fn missing(id: &str) -> AwsError {
    errors::not_found("InvalidRouteTableID.NotFound", "routeTable ID", id)
}

fn create(
    change: &mut Change<'_>,
    request: ec2::CreateRouteTableRequest,
) -> Result<ec2::CreateRouteTableResult> {
    let vpc = vpc(change, &request.vpc_id)?.id.clone();
    let here = change.route_tables.of(&vpc).count();
    if here >= change.rules.quotas.route_tables {
        return Err(errors::over_quota("RouteTableLimitExceeded", "route tables"));
    }
    let id = change.ids.next("rtb");
    let (routes, associations) = (Vec::new(), Vec::new());
    let row = RouteTable { id: id.clone(), vpc, routes, associations };
    change.route_tables.insert(id.as_str(), row);
    tag_new(change, &id, "route-table", &request.tag_specifications)?;
    let client_token = request.client_token;
    let route_table = Some(shown(change, table(change, &id)?));
    Ok(ec2::CreateRouteTableResult { route_table, client_token })
}

/// A gateway endpoint's routes go with the table.
fn delete(change: &mut Change<'_>, request: ec2::DeleteRouteTableRequest) -> Result<()> {
    let row = table(change, &request.route_table_id)?;
    let id = row.id.clone();
    if !row.associations.is_empty() {
        return Err(errors::dependency("routeTable", &id));
    }
    let leads_here = |kind: &EndpointKind| match kind {
        EndpointKind::Gateway { route_tables } => route_tables.contains(&id),
        EndpointKind::Interface { .. } => false,
    };
    let endpoints = change.vpc_endpoints.values().filter(|endpoint| leads_here(&endpoint.kind));
    let endpoints: Vec<String> = endpoints.map(|endpoint| endpoint.id.clone()).collect();
    for endpoint in endpoints {
        if let Some(endpoint) = change.vpc_endpoints.edit(&endpoint)
            && let EndpointKind::Gateway { route_tables } = &mut endpoint.kind
        {
            route_tables.retain(|table| *table != id);
        }
    }
    change.route_tables.remove(&id);
    change.forget_tags(&id);
    Ok(())
}

fn describe(
    account: &Account,
    request: ec2::DescribeRouteTablesRequest,
) -> Result<ec2::DescribeRouteTablesResult> {
    let asked = Asked::new(
        &request.route_table_ids,
        &request.filters,
        FILTERS,
        request.next_token.as_deref(),
        request.max_results,
    );
    let values = |table: &RouteTable, name: &str| values(account, table, name);
    let (tables, next_token) = asked.of(account, &account.route_tables, missing, values)?;
    let route_tables = tables.into_iter().map(|table| shown(account, table)).collect();
    Ok(ec2::DescribeRouteTablesResult { route_tables, next_token })
}

fn values(account: &Account, table: &RouteTable, name: &str) -> Values {
    if let Some(name) = name.strip_prefix("route.") {
        return route_values(account, table, name);
    }
    let ties = || table.associations.iter();
    match name {
        "association.gateway-id" => filters::many::<&str>([]),
        "association.main" => filters::many(ties().map(|tie| tie.subnet.is_none())),
        "association.route-table-association-id" => filters::many(ties().map(|tie| &tie.id)),
        "association.route-table-id" => filters::many(ties().map(|_| &table.id)),
        "association.subnet-id" => filters::many(ties().filter_map(|tie| tie.subnet.as_ref())),
        "owner-id" => filters::one(&account.identity.account),
        "route-table-id" => filters::one(&table.id),
        "vpc-id" => filters::one(&table.vpc),
        _ => None,
    }
}

fn route_values(account: &Account, table: &RouteTable, name: &str) -> Values {
    let member: fn(ec2::Route) -> Option<String> = match name {
        "destination-cidr-block" => |route| route.destination_cidr_block,
        "destination-ipv6-cidr-block" => |route| route.destination_ipv6_cidr_block,
        "destination-prefix-list-id" => |route| route.destination_prefix_list_id,
        "egress-only-internet-gateway-id" => |route| route.egress_only_internet_gateway_id,
        "gateway-id" => |route| route.gateway_id,
        "instance-id" => |route| route.instance_id,
        "nat-gateway-id" => |route| route.nat_gateway_id,
        "origin" => |route| route.origin,
        "state" => |route| route.state,
        "transit-gateway-id" => |route| route.transit_gateway_id,
        "vpc-peering-connection-id" => |route| route.vpc_peering_connection_id,
        _ => return None,
    };
    filters::many(super::routes::shown(account, table).into_iter().filter_map(member))
}

/// A route table as answers have it.
fn shown(account: &Account, table: &RouteTable) -> ec2::RouteTable {
    ec2::RouteTable {
        route_table_id: Some(table.id.clone()),
        vpc_id: Some(table.vpc.clone()),
        owner_id: Some(account.identity.account.clone()),
        routes: super::routes::shown(account, table),
        associations: table.associations.iter().map(|tie| association(table, tie)).collect(),
        tags: tags::shown(account, &table.id),
        ..Default::default()
    }
}

fn association(table: &RouteTable, tie: &RouteTableAssociation) -> ec2::RouteTableAssociation {
    let state = Some("associated".to_owned());
    ec2::RouteTableAssociation {
        main: Some(tie.subnet.is_none()),
        route_table_association_id: Some(tie.id.clone()),
        route_table_id: Some(table.id.clone()),
        subnet_id: tie.subnet.clone(),
        association_state: Some(ec2::RouteTableAssociationState { state, ..Default::default() }),
        ..Default::default()
    }
}
