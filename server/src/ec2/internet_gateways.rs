//! Internet gateways: CreateInternetGateway, AttachInternetGateway, DetachInternetGateway,
//! DeleteInternetGateway, DescribeInternetGateways.

use super::describe::Asked;
use super::filters::{self, Values};
use super::tags::{self, tag_new};
use super::vpcs::vpc;
use super::{Action, actions, errors};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::gateways::InternetGateway;
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    change AttachInternetGateway => attach;
    change CreateInternetGateway => create;
    change DeleteInternetGateway => delete;
    read DescribeInternetGateways => describe;
    change DetachInternetGateway => detach;
};

/// The names of DescribeInternetGateways' filters, but for those of tags.
const FILTERS: &[&str] =
    &["attachment.state", "attachment.vpc-id", "internet-gateway-id", "owner-id"];

/// The internet gateway of a VPC.
pub(super) fn of_vpc<'a>(account: &'a Account, vpc: &str) -> Option<&'a InternetGateway> {
    account.internet_gateways.values().find(|gateway| gateway.vpc.as_deref() == Some(vpc))
}

fn gateway<'a>(account: &'a Account, id: &str) -> Result<&'a InternetGateway> {
    account.internet_gateways.get(id).ok_or_else(|| missing(id))
}

fn missing(id: &str) -> AwsError {
    errors::not_found("InvalidInternetGatewayID.NotFound", "internetGateway ID", id)
}

fn create(
    change: &mut Change<'_>,
    request: ec2::CreateInternetGatewayRequest,
) -> Result<ec2::CreateInternetGatewayResult> {
    if change.internet_gateways.len() >= change.rules.quotas.internet_gateways {
        return Err(errors::over_quota("InternetGatewayLimitExceeded", "internet gateways"));
    }
    let id = change.ids.next("igw");
    change.internet_gateways.insert(id.as_str(), InternetGateway { id: id.clone(), vpc: None });
    tag_new(change, &id, "internet-gateway", &request.tag_specifications)?;
    let internet_gateway = Some(shown(change, gateway(change, &id)?));
    Ok(ec2::CreateInternetGatewayResult { internet_gateway })
}

fn attach(change: &mut Change<'_>, request: ec2::AttachInternetGatewayRequest) -> Result<()> {
    let gateway = gateway(change, &request.internet_gateway_id)?;
    let vpc = vpc(change, &request.vpc_id)?.id.clone();
    let id = gateway.id.clone();
    if let Some(there) = &gateway.vpc {
        let message = format!("resource {id} is already attached to network {there}");
        return Err(AwsError::new("Resource.AlreadyAssociated", message));
    }
    if of_vpc(change, &vpc).is_some() {
        let message = format!("Network {vpc} already has an internet gateway attached");
        return Err(AwsError::new("InvalidParameterValue", message));
    }
    if let Some(gateway) = change.internet_gateways.edit(&id) {
        gateway.vpc = Some(vpc);
    }
    Ok(())
}

/// Routes to it become blackholes. What is reached by it has to be gone.
fn detach(change: &mut Change<'_>, request: ec2::DetachInternetGatewayRequest) -> Result<()> {
    let gateway = gateway(change, &request.internet_gateway_id)?;
    let vpc = vpc(change, &request.vpc_id)?.id.clone();
    let id = gateway.id.clone();
    if gateway.vpc.as_ref() != Some(&vpc) {
        let message = format!("resource {id} is not attached to network {vpc}");
        return Err(AwsError::new("Gateway.NotAttached", message));
    }
    if has_mapped_address(change, &vpc) {
        let message = format!(
            "Network {vpc} has some mapped public address(es). Please unmap those public \
             address(es) before detaching the gateway."
        );
        return Err(AwsError::new("DependencyViolation", message));
    }
    if let Some(gateway) = change.internet_gateways.edit(&id) {
        gateway.vpc = None;
    }
    Ok(())
}

fn has_mapped_address(account: &Account, vpc: &str) -> bool {
    let mut mapped = account.addresses.values().filter_map(|a| a.association.as_ref());
    mapped.any(|association| {
        let interface = account.network_interfaces.get(&association.interface);
        interface.is_some_and(|interface| interface.vpc == vpc)
    })
}

fn delete(change: &mut Change<'_>, request: ec2::DeleteInternetGatewayRequest) -> Result<()> {
    let gateway = gateway(change, &request.internet_gateway_id)?;
    let id = gateway.id.clone();
    if gateway.vpc.is_some() {
        return Err(errors::dependency("internetGateway", &id));
    }
    change.internet_gateways.remove(&id);
    change.forget_tags(&id);
    Ok(())
}

fn describe(
    account: &Account,
    request: ec2::DescribeInternetGatewaysRequest,
) -> Result<ec2::DescribeInternetGatewaysResult> {
    let asked = Asked::new(
        &request.internet_gateway_ids,
        &request.filters,
        FILTERS,
        request.next_token.as_deref(),
        request.max_results,
    );
    let values = |gateway: &InternetGateway, name: &str| values(account, gateway, name);
    let (gateways, next_token) = asked.of(account, &account.internet_gateways, missing, values)?;
    let internet_gateways = gateways.into_iter().map(|gateway| shown(account, gateway)).collect();
    Ok(ec2::DescribeInternetGatewaysResult { internet_gateways, next_token })
}

fn values(account: &Account, gateway: &InternetGateway, name: &str) -> Values {
    match name {
        "attachment.state" => filters::many(gateway.vpc.as_ref().map(|_| ATTACHED)),
        "attachment.vpc-id" => filters::many(gateway.vpc.as_ref()),
        "internet-gateway-id" => filters::one(&gateway.id),
        "owner-id" => filters::one(&account.identity.account),
        _ => None,
    }
}

/// The state of an attachment that is there. EC2 says so of internet gateways alone; of others it
/// says `attached`.
const ATTACHED: &str = "available";

fn shown(account: &Account, gateway: &InternetGateway) -> ec2::InternetGateway {
    let attachment = |vpc: &String| ec2::InternetGatewayAttachment {
        state: Some(ATTACHED.to_owned()),
        vpc_id: Some(vpc.clone()),
    };
    ec2::InternetGateway {
        internet_gateway_id: Some(gateway.id.clone()),
        owner_id: Some(account.identity.account.clone()),
        attachments: gateway.vpc.iter().map(attachment).collect(),
        tags: tags::shown(account, &gateway.id),
    }
}
