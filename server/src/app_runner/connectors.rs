//! VPC connectors: made of subnets and security groups, never changed, and in use by services.

use std::collections::BTreeSet;

use super::{errors, pages, tags};
use crate::account::Account;
use crate::account::app_runner::Connector;
use crate::account::change::Change;
use crate::error::Result;
use crate::shapes::app_runner as shapes;

/// CreateVpcConnector.
///
/// # Errors
/// `InvalidRequestException` for subnets and groups that make no connector, and
/// `ServiceQuotaExceededException`.
pub fn create(
    change: &mut Change<'_>,
    request: shapes::CreateVpcConnectorRequest,
) -> Result<shapes::CreateVpcConnectorResponse> {
    let name = request.vpc_connector_name;
    if let Some(known) = change.active_connector(&name) {
        let arn = &known.arn;
        return Err(errors::invalid(format!(
            "VPC connector with the provided name already exists: {name}. ARN: {arn}"
        )));
    }
    let limit = change.rules.quotas.connectors;
    // Counting is for those who come near it.
    if change.connectors.len() >= limit
        && change.connectors.values().filter(|connector| connector.is_active()).count() >= limit
    {
        return Err(errors::quota("VPC connectors", limit));
    }
    let vpc = check_subnets(change, &request.subnets)?;
    let groups = groups(change, &vpc, request.security_groups)?;
    let arn = change.connector_arn(&name);
    let connector = Connector {
        arn: arn.clone(),
        name,
        revision: 1,
        subnets: request.subnets,
        groups,
        created: change.now,
        deleted: None,
        users: 0,
    };
    let vpc_connector = shown(&connector);
    change.connectors.insert(arn.as_str(), connector);
    tags::put(change, &arn, &request.tags)?;
    Ok(shapes::CreateVpcConnectorResponse { vpc_connector })
}

/// The one VPC of the subnets.
fn check_subnets(account: &Account, subnets: &[String]) -> Result<String> {
    let limit = account.rules.settings.connector_subnets;
    few("Subnets", subnets, limit)?;
    let Some(first) = subnets.first() else {
        return Err(errors::invalid("Subnets must not be empty."));
    };
    if let Some(unknown) = subnets.iter().find(|id| !account.subnets.has(id)) {
        return Err(errors::invalid(format!("The subnet ID '{unknown}' does not exist.")));
    }
    let vpc =
        |id: &str| account.subnets.get(id).map(|subnet| subnet.vpc.clone()).unwrap_or_default();
    let one = vpc(first);
    if let Some(other) = subnets.iter().find(|id| vpc(id) != one) {
        let message = format!(
            "All subnets must be in one VPC: {first} is in {one}, and {other} in {}.",
            vpc(other)
        );
        return Err(errors::invalid(message));
    }
    supported_zones(account, subnets)?;
    Ok(one)
}

/// App Runner says which subnets are in zones that it has not.
fn supported_zones(account: &Account, subnets: &[String]) -> Result<()> {
    let unsupported = &account.rules.settings.unsupported_azs;
    let zone = |id: &String| account.subnets.get(id).map(|subnet| subnet.az.clone());
    let wrong: Vec<String> = subnets
        .iter()
        .filter_map(|id| Some((id, zone(id)?)))
        .filter(|(_, zone)| unsupported.contains(zone))
        .map(|(id, zone)| format!("{id} ({zone})"))
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let message = format!(
        "App Runner doesn't support the Availability Zones of these subnets: {}. Provide subnets in \
         other Availability Zones.",
        wrong.join(", ")
    );
    Err(errors::invalid(message))
}

/// The groups of the request, or the VPC's default group.
fn groups(account: &Account, vpc: &str, groups: Vec<String>) -> Result<Vec<String>> {
    few("SecurityGroups", &groups, account.rules.settings.connector_security_groups)?;
    for id in &groups {
        match account.security_groups.get(id) {
            Some(group) if group.vpc == vpc => {}
            Some(group) => {
                let message = format!(
                    "The security group {id} is in {}, and the subnets are in {vpc}.",
                    group.vpc
                );
                return Err(errors::invalid(message));
            }
            None => {
                let message = format!("The security group ID '{id}' does not exist.");
                return Err(errors::invalid(message));
            }
        }
    }
    if groups.is_empty() {
        return Ok(account.default_group(vpc).map(|group| group.id.clone()).into_iter().collect());
    }
    Ok(groups)
}

/// No more than may be, and none of them twice.
fn few(member: &str, ids: &[String], limit: usize) -> Result<()> {
    if ids.len() > limit {
        let message = format!("{member} has {} items; {limit} are allowed.", ids.len());
        return Err(errors::invalid(message));
    }
    let mut seen = BTreeSet::new();
    match ids.iter().find(|id| !seen.insert(id.as_str())) {
        None => Ok(()),
        Some(twice) => Err(errors::invalid(format!("{member} has {twice} twice."))),
    }
}

/// DescribeVpcConnector. One that was deleted is described as `INACTIVE` for some time.
///
/// # Errors
/// `ResourceNotFoundException`.
pub fn describe(
    account: &Account,
    request: shapes::DescribeVpcConnectorRequest,
) -> Result<shapes::DescribeVpcConnectorResponse> {
    let vpc_connector = shown(connector(account, &request.vpc_connector_arn)?);
    Ok(shapes::DescribeVpcConnectorResponse { vpc_connector })
}

fn connector<'a>(account: &'a Account, arn: &str) -> Result<&'a Connector> {
    account.connectors.get(arn).ok_or_else(|| errors::not_found("VPC connector", arn))
}

/// ListVpcConnectors: those that are active.
///
/// # Errors
/// `InvalidRequestException` for a token that is none.
pub fn list(
    account: &Account,
    request: shapes::ListVpcConnectorsRequest,
) -> Result<shapes::ListVpcConnectorsResponse> {
    let after = pages::after(request.next_token.as_deref())?;
    let active = account.connectors.after(&after).filter(|(_, connector)| connector.is_active());
    let shown = active.map(|(arn, connector)| (arn, shown(connector)));
    let (vpc_connectors, next_token) = pages::page(shown, request.max_results);
    Ok(shapes::ListVpcConnectorsResponse { vpc_connectors, next_token })
}

/// DeleteVpcConnector.
///
/// # Errors
/// `ResourceNotFoundException`, and `InvalidRequestException` while a service uses it.
pub fn delete(
    change: &mut Change<'_>,
    request: shapes::DeleteVpcConnectorRequest,
) -> Result<shapes::DeleteVpcConnectorResponse> {
    let (arn, now) = (request.vpc_connector_arn, change.now);
    let known = connector(change, &arn)?;
    if !known.is_active() {
        return Err(errors::not_found("VPC connector", &arn));
    }
    if known.users > 0 {
        let message =
            format!("Provided VPC connector arn is being used by other services. ARN: {arn}");
        return Err(errors::invalid(message));
    }
    if let Some(connector) = change.connectors.edit(&arn) {
        connector.deleted = Some(now);
    }
    change.forget_tags(&arn);
    change.forget_later(&arn);
    let vpc_connector = shown(connector(change, &arn)?);
    Ok(shapes::DeleteVpcConnectorResponse { vpc_connector })
}

fn shown(connector: &Connector) -> shapes::VpcConnector {
    let status = if connector.is_active() { "ACTIVE" } else { "INACTIVE" };
    shapes::VpcConnector {
        vpc_connector_name: Some(connector.name.clone()),
        vpc_connector_arn: Some(connector.arn.clone()),
        vpc_connector_revision: Some(connector.revision as i32),
        subnets: connector.subnets.clone(),
        security_groups: connector.groups.clone(),
        status: Some(status.to_owned()),
        created_at: Some(connector.created.into()),
        deleted_at: connector.deleted.map(Into::into),
    }
}
