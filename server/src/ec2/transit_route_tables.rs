//! Route tables of transit gateways: whose packets they route, and who tells them CIDRs. Their routes
//! are in [`super::transit_routes`].

use super::describe::Asked;
use super::filters::{self, Values};
use super::pages::{Page, page_of};
use super::tags::{self, tag_new};
use super::transit_attachments::{self, associated_with, attachment, resource};
use super::transit_gateways::{self, come_to_an_end, enter, gone, in_state};
use super::{Action, actions, errors};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::transit::{Attachment, RouteTable};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    change CreateTransitGatewayRouteTable => create;
    change DeleteTransitGatewayRouteTable => delete;
    change AssociateTransitGatewayRouteTable => associate;
    change DisassociateTransitGatewayRouteTable => disassociate;
    change EnableTransitGatewayRouteTablePropagation => propagate;
    change DisableTransitGatewayRouteTablePropagation => stop_to_propagate;
    read DescribeTransitGatewayRouteTables => describe;
    read GetTransitGatewayRouteTableAssociations => associations;
    read GetTransitGatewayRouteTablePropagations => propagations;
    read GetTransitGatewayAttachmentPropagations => propagations_of_attachment;
};

/// A table that has to be there.
///
/// # Errors
/// `InvalidRouteTableID.NotFound`.
pub(super) fn table<'a>(account: &'a Account, id: &str) -> Result<&'a RouteTable> {
    account.transit_gateway_route_tables.get(id).ok_or_else(|| missing(id))
}

/// One that also works.
///
/// # Errors
/// As [`table`], and `IncorrectState`.
pub(super) fn available<'a>(account: &'a Account, id: &str) -> Result<&'a RouteTable> {
    let table = table(account, id)?;
    if table.state == "deleted" {
        return Err(missing(id));
    }
    in_state("available", &table.state, id)?;
    Ok(table)
}

fn missing(id: &str) -> AwsError {
    gone("InvalidRouteTableID.NotFound", "Transit Gateway Route Table", id)
}

/// Makes a table. Its id.
pub(super) fn make(change: &mut Change<'_>, gateway: &str) -> String {
    let id = change.ids.next("tgw-rtb");
    let row = RouteTable {
        id: id.clone(),
        gateway: gateway.to_owned(),
        state: "pending".to_owned(),
        associations: Vec::new(),
        propagations: Vec::new(),
        routes: Vec::new(),
        created: change.now,
    };
    change.transit_gateway_route_tables.insert(id.as_str(), row);
    come_to_an_end(change, &id, "pending");
    id
}

fn create(
    change: &mut Change<'_>,
    request: ec2::CreateTransitGatewayRouteTableRequest,
) -> Result<ec2::CreateTransitGatewayRouteTableResult> {
    const MOST: usize = 20;
    let gateway = transit_gateways::available(change, &request.transit_gateway_id)?.id.clone();
    let lives = |row: &&RouteTable| row.gateway == gateway && row.state != "deleted";
    if change.transit_gateway_route_tables.values().filter(lives).count() >= MOST {
        let code = "TransitGatewayRouteTableLimitExceeded";
        return Err(errors::over_quota(code, "transit gateway route tables"));
    }
    let id = make(change, &gateway);
    tag_new(change, &id, "transit-gateway-route-table", &request.tag_specifications)?;
    let transit_gateway_route_table = Some(shown(change, table(change, &id)?));
    Ok(ec2::CreateTransitGatewayRouteTableResult { transit_gateway_route_table })
}

fn delete(
    change: &mut Change<'_>,
    request: ec2::DeleteTransitGatewayRouteTableRequest,
) -> Result<ec2::DeleteTransitGatewayRouteTableResult> {
    let row = available(change, &request.transit_gateway_route_table_id)?;
    let id = row.id.clone();
    if !row.associations.is_empty() {
        let attached = row.associations.join(", ");
        let message = format!("{id} has non-deleted associations: {attached}.");
        return Err(AwsError::new("IncorrectState", message));
    }
    if is_default(change, row) != (false, false) {
        let message = format!("{id} is a default route table of {}.", row.gateway);
        return Err(AwsError::new("IncorrectState", message));
    }
    if let Some(row) = change.transit_gateway_route_tables.edit(&id) {
        row.propagations.clear();
    }
    enter(change, &id, "deleting");
    let transit_gateway_route_table = Some(shown(change, table(change, &id)?));
    Ok(ec2::DeleteTransitGatewayRouteTableResult { transit_gateway_route_table })
}

/// Whether new attachments are associated with a table, and tell it their CIDRs.
fn is_default(account: &Account, table: &RouteTable) -> (bool, bool) {
    let options = account.transit_gateways.get(&table.gateway).map(|gateway| &gateway.options);
    let is = |id: &Option<String>| id.as_deref() == Some(&table.id);
    options.map_or((false, false), |options| {
        (is(&options.association_table), is(&options.propagation_table))
    })
}

/// A table and an attachment of one gateway, both of which work.
fn pair(account: &Account, table: &str, attachment: &str) -> Result<(String, Attachment)> {
    let table = available(account, table)?;
    let attachment = transit_attachments::available(account, attachment)?;
    if table.gateway != attachment.gateway {
        let message =
            format!("{} and {} are of different transit gateways.", table.id, attachment.id);
        return Err(AwsError::new("InvalidParameterValue", message));
    }
    Ok((table.id.clone(), attachment.clone()))
}

fn associate(
    change: &mut Change<'_>,
    request: ec2::AssociateTransitGatewayRouteTableRequest,
) -> Result<ec2::AssociateTransitGatewayRouteTableResult> {
    let attachment = &request.transit_gateway_attachment_id;
    let (id, row) = pair(change, &request.transit_gateway_route_table_id, attachment)?;
    if associated_with(change, &row.id).is_some() {
        let message = format!(
            "Transit Gateway Attachment {} is already associated to a route table.",
            row.id
        );
        return Err(AwsError::new("Resource.AlreadyAssociated", message));
    }
    if let Some(table) = change.transit_gateway_route_tables.edit(&id) {
        table.associations.push(row.id.clone());
    }
    let association = Some(association(&id, &row, "associated"));
    Ok(ec2::AssociateTransitGatewayRouteTableResult { association })
}

fn disassociate(
    change: &mut Change<'_>,
    request: ec2::DisassociateTransitGatewayRouteTableRequest,
) -> Result<ec2::DisassociateTransitGatewayRouteTableResult> {
    let attachment = &request.transit_gateway_attachment_id;
    let (id, row) = pair(change, &request.transit_gateway_route_table_id, attachment)?;
    if associated_with(change, &row.id) != Some(&id) {
        let message = format!("Transit Gateway Attachment {} is not associated with {id}.", row.id);
        return Err(AwsError::new("InvalidAssociation.NotFound", message));
    }
    if let Some(table) = change.transit_gateway_route_tables.edit(&id) {
        table.associations.retain(|other| *other != row.id);
    }
    let association = Some(association(&id, &row, "disassociated"));
    Ok(ec2::DisassociateTransitGatewayRouteTableResult { association })
}

fn association(table: &str, row: &Attachment, state: &str) -> ec2::TransitGatewayAssociation {
    let (resource_id, resource_type) = resource(row);
    ec2::TransitGatewayAssociation {
        transit_gateway_route_table_id: Some(table.to_owned()),
        transit_gateway_attachment_id: Some(row.id.clone()),
        resource_id: Some(resource_id.to_owned()),
        resource_type: Some(resource_type.to_owned()),
        state: Some(state.to_owned()),
    }
}

fn propagate(
    change: &mut Change<'_>,
    request: ec2::EnableTransitGatewayRouteTablePropagationRequest,
) -> Result<ec2::EnableTransitGatewayRouteTablePropagationResult> {
    let announced = request.transit_gateway_route_table_announcement_id.is_some();
    errors::refuse(&[("TransitGatewayRouteTableAnnouncementId", announced)])?;
    let attachment = request.transit_gateway_attachment_id;
    let attachment = attachment.ok_or_else(|| errors::missing("TransitGatewayAttachmentId"))?;
    let (id, row) = pair(change, &request.transit_gateway_route_table_id, &attachment)?;
    let table = change.transit_gateway_route_tables.edit(&id).ok_or_else(|| missing(&id))?;
    if table.propagations.contains(&row.id) {
        let message = format!("Propagation {} already exists in {id}.", row.id);
        return Err(AwsError::new("TransitGatewayRouteTablePropagation.Duplicate", message));
    }
    table.propagations.push(row.id.clone());
    let propagation = Some(propagation(&id, &row, "enabled"));
    Ok(ec2::EnableTransitGatewayRouteTablePropagationResult { propagation })
}

fn stop_to_propagate(
    change: &mut Change<'_>,
    request: ec2::DisableTransitGatewayRouteTablePropagationRequest,
) -> Result<ec2::DisableTransitGatewayRouteTablePropagationResult> {
    let announced = request.transit_gateway_route_table_announcement_id.is_some();
    errors::refuse(&[("TransitGatewayRouteTableAnnouncementId", announced)])?;
    let attachment = request.transit_gateway_attachment_id;
    let attachment = attachment.ok_or_else(|| errors::missing("TransitGatewayAttachmentId"))?;
    let (id, row) = pair(change, &request.transit_gateway_route_table_id, &attachment)?;
    let table = change.transit_gateway_route_tables.edit(&id).ok_or_else(|| missing(&id))?;
    if !table.propagations.contains(&row.id) {
        let message = format!("Propagation {} does not exist in {id}.", row.id);
        return Err(AwsError::new("TransitGatewayRouteTablePropagation.NotFound", message));
    }
    table.propagations.retain(|other| *other != row.id);
    let propagation = Some(propagation(&id, &row, "disabled"));
    Ok(ec2::DisableTransitGatewayRouteTablePropagationResult { propagation })
}

fn propagation(table: &str, row: &Attachment, state: &str) -> ec2::TransitGatewayPropagation {
    let (resource_id, resource_type) = resource(row);
    ec2::TransitGatewayPropagation {
        transit_gateway_attachment_id: Some(row.id.clone()),
        resource_id: Some(resource_id.to_owned()),
        resource_type: Some(resource_type.to_owned()),
        transit_gateway_route_table_id: Some(table.to_owned()),
        state: Some(state.to_owned()),
        transit_gateway_route_table_announcement_id: None,
    }
}

fn describe(
    account: &Account,
    request: ec2::DescribeTransitGatewayRouteTablesRequest,
) -> Result<ec2::DescribeTransitGatewayRouteTablesResult> {
    const FILTERS: &[&str] = &[
        "default-association-route-table",
        "default-propagation-route-table",
        "state",
        "transit-gateway-id",
        "transit-gateway-route-table-id",
    ];
    let token = request.next_token.as_deref();
    let ids = &request.transit_gateway_route_table_ids;
    let asked = Asked::new(ids, &request.filters, FILTERS, token, request.max_results);
    let (tables, next_token) =
        asked.of(account, &account.transit_gateway_route_tables, missing, |table, name| {
            values(account, table, name)
        })?;
    let transit_gateway_route_tables =
        tables.into_iter().map(|table| shown(account, table)).collect();
    Ok(ec2::DescribeTransitGatewayRouteTablesResult { transit_gateway_route_tables, next_token })
}

fn values(account: &Account, table: &RouteTable, name: &str) -> Values {
    let (associates, propagates) = is_default(account, table);
    match name {
        "default-association-route-table" => filters::one(associates),
        "default-propagation-route-table" => filters::one(propagates),
        "state" => filters::one(&table.state),
        "transit-gateway-id" => filters::one(&table.gateway),
        "transit-gateway-route-table-id" => filters::one(&table.id),
        _ => None,
    }
}

fn shown(account: &Account, table: &RouteTable) -> ec2::TransitGatewayRouteTable {
    let (associates, propagates) = is_default(account, table);
    ec2::TransitGatewayRouteTable {
        transit_gateway_route_table_id: Some(table.id.clone()),
        transit_gateway_id: Some(table.gateway.clone()),
        state: Some(table.state.clone()),
        default_association_route_table: Some(associates),
        default_propagation_route_table: Some(propagates),
        creation_time: Some(table.created.into()),
        tags: tags::shown(account, &table.id),
    }
}

const OF_ATTACHMENTS: &[&str] = &["resource-id", "resource-type", "transit-gateway-attachment-id"];

/// Those of these attachments that meet the filters.
fn asked<'a>(
    account: &'a Account,
    ids: &[String],
    filters: &[ec2::Filter],
) -> Result<Vec<&'a Attachment>> {
    filters::check(filters, OF_ATTACHMENTS)?;
    let mut rows = Vec::new();
    for row in ids.iter().filter_map(|id| account.transit_gateway_attachments.get(id)) {
        let has = |name: &str| match name {
            "resource-id" => filters::one(resource(row).0),
            "resource-type" => filters::one(resource(row).1),
            "transit-gateway-attachment-id" => filters::one(&row.id),
            _ => None,
        };
        if filters::meets(account, &row.id, filters, has)? {
            rows.push(row);
        }
    }
    Ok(rows)
}

fn associations(
    account: &Account,
    request: ec2::GetTransitGatewayRouteTableAssociationsRequest,
) -> Result<ec2::GetTransitGatewayRouteTableAssociationsResult> {
    let table = table(account, &request.transit_gateway_route_table_id)?;
    let shown = |row: &Attachment| {
        let (resource_id, resource_type) = resource(row);
        let shown = ec2::TransitGatewayRouteTableAssociation {
            transit_gateway_attachment_id: Some(row.id.clone()),
            resource_id: Some(resource_id.to_owned()),
            resource_type: Some(resource_type.to_owned()),
            state: Some("associated".to_owned()),
        };
        (row.id.clone(), shown)
    };
    let all = asked(account, &table.associations, &request.filters)?.into_iter().map(shown);
    let page = Page { token: request.next_token.as_deref(), most: request.max_results };
    let (associations, next_token) = page_of(all, page)?;
    Ok(ec2::GetTransitGatewayRouteTableAssociationsResult { associations, next_token })
}

fn propagations(
    account: &Account,
    request: ec2::GetTransitGatewayRouteTablePropagationsRequest,
) -> Result<ec2::GetTransitGatewayRouteTablePropagationsResult> {
    let table = table(account, &request.transit_gateway_route_table_id)?;
    let shown = |row: &Attachment| {
        let (resource_id, resource_type) = resource(row);
        let shown = ec2::TransitGatewayRouteTablePropagation {
            transit_gateway_attachment_id: Some(row.id.clone()),
            resource_id: Some(resource_id.to_owned()),
            resource_type: Some(resource_type.to_owned()),
            state: Some("enabled".to_owned()),
            transit_gateway_route_table_announcement_id: None,
        };
        (row.id.clone(), shown)
    };
    let all = asked(account, &table.propagations, &request.filters)?.into_iter().map(shown);
    let page = Page { token: request.next_token.as_deref(), most: request.max_results };
    let (transit_gateway_route_table_propagations, next_token) = page_of(all, page)?;
    Ok(ec2::GetTransitGatewayRouteTablePropagationsResult {
        transit_gateway_route_table_propagations,
        next_token,
    })
}

fn propagations_of_attachment(
    account: &Account,
    request: ec2::GetTransitGatewayAttachmentPropagationsRequest,
) -> Result<ec2::GetTransitGatewayAttachmentPropagationsResult> {
    filters::check(&request.filters, &["transit-gateway-route-table-id"])?;
    let id = &attachment(account, &request.transit_gateway_attachment_id)?.id;
    let mut all = Vec::new();
    for table in account.transit_gateway_route_tables.values() {
        let has = |name: &str| match name {
            "transit-gateway-route-table-id" => filters::one(&table.id),
            _ => None,
        };
        let told = table.propagations.contains(id);
        if told && filters::meets(account, &table.id, &request.filters, has)? {
            let shown = ec2::TransitGatewayAttachmentPropagation {
                transit_gateway_route_table_id: Some(table.id.clone()),
                state: Some("enabled".to_owned()),
            };
            all.push((table.id.clone(), shown));
        }
    }
    let page = Page { token: request.next_token.as_deref(), most: request.max_results };
    let (transit_gateway_attachment_propagations, next_token) = page_of(all, page)?;
    Ok(ec2::GetTransitGatewayAttachmentPropagationsResult {
        transit_gateway_attachment_propagations,
        next_token,
    })
}
