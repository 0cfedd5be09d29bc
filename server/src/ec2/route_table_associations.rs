//! What route tables are associated with: AssociateRouteTable, DisassociateRouteTable,
//! ReplaceRouteTableAssociation.
//!
//! A subnet without an association of its own has the VPC's main table; a VPC has exactly one.

use super::route_tables::table;
use super::subnets::subnet;
use super::{Action, actions, errors};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::routes::RouteTableAssociation;
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    change AssociateRouteTable => associate;
    change DisassociateRouteTable => disassociate;
    change ReplaceRouteTableAssociation => replace;
};

fn associate(
    change: &mut Change<'_>,
    request: ec2::AssociateRouteTableRequest,
) -> Result<ec2::AssociateRouteTableResult> {
    errors::refuse(&[
        ("GatewayId", request.gateway_id.is_some()),
        ("PublicIpv4Pool", request.public_ipv4_pool.is_some()),
    ])?;
    let table = table(change, &request.route_table_id)?;
    let subnet_id = request.subnet_id.as_deref().ok_or_else(|| errors::missing("subnetId"))?;
    let subnet = subnet(change, subnet_id)?;
    same_network(&table.id, &table.vpc, &subnet.id, &subnet.vpc)?;
    let id = match of_subnet(change, &subnet.id) {
        // What is so already is done.
        Some((there, tie)) if there == table.id => tie.id.clone(),
        Some(_) => return Err(conflict(&table.id)),
        None => {
            let (table, subnet) = (table.id.clone(), Some(subnet.id.clone()));
            tie(change, &table, subnet)
        }
    };
    Ok(ec2::AssociateRouteTableResult {
        association_id: Some(id),
        association_state: Some(state("associated")),
    })
}

fn disassociate(
    change: &mut Change<'_>,
    request: ec2::DisassociateRouteTableRequest,
) -> Result<()> {
    let (table, association) = find(change, &request.association_id)?;
    if association.subnet.is_none() {
        let message = format!(
            "cannot disassociate the main route table association {}",
            request.association_id
        );
        return Err(AwsError::new("InvalidParameterValue", message));
    }
    untie(change, &table, &association.id);
    Ok(())
}

/// The subnet, or the VPC whose main table it was, gets another table without being without one.
fn replace(
    change: &mut Change<'_>,
    request: ec2::ReplaceRouteTableAssociationRequest,
) -> Result<ec2::ReplaceRouteTableAssociationResult> {
    let (from, association) = find(change, &request.association_id)?;
    let to = table(change, &request.route_table_id)?;
    let vpc = &table(change, &from)?.vpc;
    let what = association.subnet.as_deref().unwrap_or(vpc);
    same_network(&to.id, &to.vpc, what, vpc)?;
    let to = to.id.clone();
    untie(change, &from, &association.id);
    let id = tie(change, &to, association.subnet);
    Ok(ec2::ReplaceRouteTableAssociationResult {
        new_association_id: Some(id),
        association_state: Some(state("associated")),
    })
}

/// The association of that id, and the table that it is of.
fn find(account: &Account, id: &str) -> Result<(String, RouteTableAssociation)> {
    let all = account.route_tables.values().flat_map(|table| {
        table.associations.iter().map(|association| (table.id.as_str(), association))
    });
    let mut all = all.filter(|(_, association)| association.id == id);
    let found = all.next().map(|(table, association)| (table.to_owned(), association.clone()));
    found.ok_or_else(|| errors::not_found("InvalidAssociationID.NotFound", "association ID", id))
}

/// A subnet's own association, and the table that it is of.
fn of_subnet<'a>(
    account: &'a Account,
    subnet: &str,
) -> Option<(&'a str, &'a RouteTableAssociation)> {
    account.route_tables.values().find_map(|table| {
        let mut associations = table.associations.iter();
        let own = associations.find(|association| association.subnet.as_deref() == Some(subnet))?;
        Some((table.id.as_str(), own))
    })
}

fn tie(change: &mut Change<'_>, table: &str, subnet: Option<String>) -> String {
    let id = change.ids.next("rtbassoc");
    if let Some(table) = change.route_tables.edit(table) {
        table.associations.push(RouteTableAssociation { id: id.clone(), subnet });
    }
    id
}

fn untie(change: &mut Change<'_>, table: &str, id: &str) {
    if let Some(table) = change.route_tables.edit(table) {
        table.associations.retain(|association| association.id != id);
    }
}

fn same_network(table: &str, of_table: &str, what: &str, of_what: &str) -> Result<()> {
    if of_table == of_what {
        return Ok(());
    }
    let message = format!("Route table {table} and network {what} belong to different networks");
    Err(AwsError::new("InvalidParameterValue", message))
}

fn conflict(table: &str) -> AwsError {
    let message = format!(
        "the specified association for route table {table} conflicts with an existing association"
    );
    AwsError::new("Resource.AlreadyAssociated", message)
}

fn state(word: &str) -> ec2::RouteTableAssociationState {
    ec2::RouteTableAssociationState { state: Some(word.to_owned()), ..Default::default() }
}
