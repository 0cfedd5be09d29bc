//! NAT gateways: CreateNatGateway, DeleteNatGateway, DescribeNatGateways, and their life in between.
//!
//! `pending` becomes `available` or `failed`, `deleting` becomes `deleted`, by timers; what failed or
//! was deleted is shown for another hour. Its interface and addresses are taken when it is asked for,
//! and given back when it is deleted. Packets pass while it is `available`.

use std::time::Duration;

use super::describe::Asked;
use super::filters::{self, Values};
use super::internet_gateways::of_vpc;
use super::subnets::subnet;
use super::tags::{self, tag_new};
use super::{Action, actions, errors};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::gateways::{NatGateway, NatGatewayFailure, NatGatewayState};
use crate::account::interfaces::{InterfaceOwner, NetworkInterface};
use crate::account::timers::Due;
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(crate) mod addresses;

use addresses::Wanted;

pub(super) const ACTIONS: &[Action] = actions! {
    change CreateNatGateway => create;
    change DeleteNatGateway => delete;
    read DescribeNatGateways => describe;
};

/// The names of DescribeNatGateways' filters, but for those of tags.
const FILTERS: &[&str] = &["connectivity-type", "nat-gateway-id", "state", "subnet-id", "vpc-id"];

/// How long what is gone is shown (VPC guide, "Troubleshoot NAT gateways").
const SHOWN: Duration = Duration::from_secs(60 * 60);

fn gateway<'a>(account: &'a Account, id: &str) -> Result<&'a NatGateway> {
    account.nat_gateways.get(id).ok_or_else(|| missing(id))
}

fn missing(id: &str) -> AwsError {
    AwsError::new("NatGatewayNotFound", format!("The Nat Gateway {id} was not found"))
}

fn create(
    change: &mut Change<'_>,
    request: ec2::CreateNatGatewayRequest,
) -> Result<ec2::CreateNatGatewayResult> {
    errors::refuse(&[
        (
            "AvailabilityMode",
            request.availability_mode.as_deref().is_some_and(|mode| mode != "zonal"),
        ),
        ("AvailabilityZoneAddresses", !request.availability_zone_addresses.is_empty()),
        ("VpcId", request.vpc_id.is_some()),
    ])?;
    let public = is_public(request.connectivity_type.as_deref())?;
    let subnet_id = request.subnet_id.as_deref().ok_or_else(|| errors::missing("SubnetId"))?;
    let subnet = subnet(change, subnet_id)?;
    let (vpc, az, subnet) = (subnet.vpc.clone(), subnet.az.clone(), subnet.id.clone());
    let wanted = addresses::wanted(change, &subnet, public, &request)?;
    within_quota(change, &az)?;
    let id = change.ids.next("nat");
    let failure = failure(change, &vpc, &subnet, public, &wanted);
    let row = NatGateway {
        id: id.clone(),
        vpc,
        subnet,
        public,
        state: NatGatewayState::Pending,
        addresses: Vec::new(),
        failure,
        created: change.now,
        deleted: None,
    };
    change.nat_gateways.insert(id.as_str(), row);
    if gateway(change, &id)?.failure.is_none() {
        make_interface(change, &id);
        addresses::take(change, &id, wanted)?;
    }
    come_to_an_end(change, &id, NatGatewayState::Pending);
    tag_new(change, &id, "natgateway", &request.tag_specifications)?;
    let nat_gateway = Some(shown(change, gateway(change, &id)?));
    Ok(ec2::CreateNatGatewayResult { nat_gateway, client_token: request.client_token })
}

fn is_public(connectivity: Option<&str>) -> Result<bool> {
    match connectivity.unwrap_or("public") {
        "public" => Ok(true),
        "private" => Ok(false),
        other => Err(errors::invalid("ConnectivityType", other, "It is public or private.")),
    }
}

/// Those that are there, or are about to be, count.
fn within_quota(account: &Account, az: &str) -> Result<()> {
    let here = |gateway: &&NatGateway| {
        let subnet = account.subnets.get(&gateway.subnet);
        gateway.state.is_there() && subnet.is_some_and(|subnet| subnet.az == az)
    };
    let most = account.rules.quotas.nat_gateways;
    if account.nat_gateways.values().filter(here).count() < most {
        return Ok(());
    }
    let message =
        format!("Performing this operation would exceed the limit of {most} NAT gateways.");
    Err(AwsError::new("NatGatewayLimitExceeded", message))
}

/// Why a gateway cannot be made, which AWS says after it was asked for: its state becomes `failed`.
fn failure(
    account: &Account,
    vpc: &str,
    subnet: &str,
    public: bool,
    wanted: &[Wanted],
) -> Option<NatGatewayFailure> {
    let why =
        |code: &str, message: String| Some(NatGatewayFailure { code: code.to_owned(), message });
    if public && of_vpc(account, vpc).is_none() {
        let message = format!("Network {vpc} has no Internet gateway attached");
        return why("Gateway.NotAttached", message);
    }
    let in_use = |id: &&String| {
        account.addresses.get(id).is_some_and(|address| address.association.is_some())
    };
    if let Some(id) = wanted.iter().filter_map(|wanted| wanted.allocation.as_ref()).find(in_use) {
        let message = format!("Elastic IP address [{id}] is already associated");
        return why("Resource.AlreadyAssociated", message);
    }
    if account.available_addresses(subnet) < wanted.len() {
        let message = "Subnet has insufficient free addresses to create this NAT gateway";
        return why("InsufficientFreeAddressesInSubnet", message.to_owned());
    }
    None
}

/// The interface that carries all of its addresses.
fn make_interface(change: &mut Change<'_>, id: &str) {
    let Some(gateway) = change.nat_gateways.get(id) else { return };
    let (vpc, subnet) = (gateway.vpc.clone(), gateway.subnet.clone());
    let interface = change.ids.next("eni");
    let row = NetworkInterface {
        id: interface.clone(),
        vpc,
        subnet,
        addresses: Vec::new(),
        groups: Vec::new(),
        source_dest_check: false,
        description: format!("Interface for NAT Gateway {id}"),
        owner: InterfaceOwner::NatGateway(id.to_owned()),
        created: change.now,
    };
    change.network_interfaces.insert(interface, row);
}

/// The state that it is in now comes to an end by itself.
fn come_to_an_end(change: &mut Change<'_>, id: &str, state: NatGatewayState) {
    let time = match state {
        NatGatewayState::Pending | NatGatewayState::Deleting => change.rules.operation_time,
        NatGatewayState::Failed | NatGatewayState::Deleted => SHOWN,
        NatGatewayState::Available => return,
    };
    change.schedule(change.now + time, Due::NatGateway(id.to_owned(), state));
}

fn delete(
    change: &mut Change<'_>,
    request: ec2::DeleteNatGatewayRequest,
) -> Result<ec2::DeleteNatGatewayResult> {
    let gateway = gateway(change, &request.nat_gateway_id)?;
    let id = gateway.id.clone();
    let next = match gateway.state {
        NatGatewayState::Pending | NatGatewayState::Available => NatGatewayState::Deleting,
        NatGatewayState::Failed => NatGatewayState::Deleted,
        // It is being done, or is done.
        NatGatewayState::Deleting | NatGatewayState::Deleted => {
            return Ok(ec2::DeleteNatGatewayResult { nat_gateway_id: Some(id) });
        }
    };
    enter(change, &id, next);
    Ok(ec2::DeleteNatGatewayResult { nat_gateway_id: Some(id) })
}

/// The next state of a gateway's life, if it is still in the one that has come to its end.
pub(crate) fn go_on(change: &mut Change<'_>, id: &str, ended: NatGatewayState) {
    let Some(gateway) = change.nat_gateways.get(id).filter(|gateway| gateway.state == ended) else {
        return;
    };
    match ended {
        NatGatewayState::Pending if gateway.failure.is_none() => {
            enter(change, id, NatGatewayState::Available);
            addresses::settle(change, id);
        }
        NatGatewayState::Pending => enter(change, id, NatGatewayState::Failed),
        NatGatewayState::Deleting => {
            enter(change, id, NatGatewayState::Deleted);
            addresses::give_back_all(change, id);
        }
        NatGatewayState::Failed | NatGatewayState::Deleted => {
            change.nat_gateways.remove(id);
            change.forget_tags(id);
        }
        NatGatewayState::Available => {}
    }
}

fn enter(change: &mut Change<'_>, id: &str, state: NatGatewayState) {
    let now = change.now;
    if let Some(gateway) = change.nat_gateways.edit(id) {
        gateway.state = state;
        if matches!(state, NatGatewayState::Deleting | NatGatewayState::Deleted) {
            gateway.deleted.get_or_insert(now);
        }
    }
    come_to_an_end(change, id, state);
}

fn describe(
    account: &Account,
    request: ec2::DescribeNatGatewaysRequest,
) -> Result<ec2::DescribeNatGatewaysResult> {
    let asked = Asked::new(
        &request.nat_gateway_ids,
        &request.filter,
        FILTERS,
        request.next_token.as_deref(),
        request.max_results,
    );
    let (gateways, next_token) = asked.of(account, &account.nat_gateways, missing, values)?;
    let nat_gateways = gateways.into_iter().map(|gateway| shown(account, gateway)).collect();
    Ok(ec2::DescribeNatGatewaysResult { nat_gateways, next_token })
}

fn values(gateway: &NatGateway, name: &str) -> Values {
    match name {
        "connectivity-type" => filters::one(connectivity(gateway)),
        "nat-gateway-id" => filters::one(&gateway.id),
        "state" => filters::one(gateway.state.word()),
        "subnet-id" => filters::one(&gateway.subnet),
        "vpc-id" => filters::one(&gateway.vpc),
        _ => None,
    }
}

fn connectivity(gateway: &NatGateway) -> &'static str {
    if gateway.public { "public" } else { "private" }
}

/// A gateway as answers have it.
fn shown(account: &Account, gateway: &NatGateway) -> ec2::NatGateway {
    let failure = gateway.failure.as_ref().filter(|_| gateway.state != NatGatewayState::Pending);
    ec2::NatGateway {
        nat_gateway_id: Some(gateway.id.clone()),
        vpc_id: Some(gateway.vpc.clone()),
        subnet_id: Some(gateway.subnet.clone()),
        state: Some(gateway.state.word().to_owned()),
        connectivity_type: Some(connectivity(gateway).to_owned()),
        availability_mode: Some("zonal".to_owned()),
        create_time: Some(gateway.created.into()),
        delete_time: gateway.deleted.map(Into::into),
        failure_code: failure.map(|failure| failure.code.clone()),
        failure_message: failure.map(|failure| failure.message.clone()),
        nat_gateway_addresses: addresses::shown(gateway),
        tags: tags::shown(account, &gateway.id),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests;
