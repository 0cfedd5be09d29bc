//! The addresses of NAT gateways: AssociateNatGatewayAddress and DisassociateNatGatewayAddress for
//! public ones, AssignPrivateNatGatewayAddress and UnassignPrivateNatGatewayAddress for private ones.
//!
//! An address that is given back serves no packet from then on, whatever it was told to wait for.

use std::collections::HashSet;
use std::net::Ipv4Addr;

use super::gateway;
use crate::account::Account;
use crate::account::change::Change;
use crate::account::gateways::{
    AddressAssociation, NatGateway, NatGatewayAddress, NatGatewayAddressStatus, NatGatewayState,
};
use crate::account::interfaces::InterfaceOwner;
use crate::account::timers::Due;
use crate::ec2::addresses::{allocation, already_associated};
use crate::ec2::{Action, actions, errors};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(in crate::ec2) const ACTIONS: &[Action] = actions! {
    change AssignPrivateNatGatewayAddress => assign;
    change AssociateNatGatewayAddress => associate;
    change DisassociateNatGatewayAddress => disassociate;
    change UnassignPrivateNatGatewayAddress => unassign;
};

/// Addresses of one gateway (VPC guide, "NAT gateway basics").
const MOST: usize = 8;

/// An address that a gateway is to have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The Elastic IP address of a public gateway.
    pub(super) allocation: Option<String>,
    /// The private address; any free one where none was said.
    pub(super) private: Option<Ipv4Addr>,
}

/// The addresses of a gateway that is to be made, the primary one first.
///
/// # Errors
/// When there are no such addresses, or parameters do not go together.
pub(super) fn wanted(
    account: &Account,
    subnet: &str,
    public: bool,
    request: &ec2::CreateNatGatewayRequest,
) -> Result<Vec<Wanted>> {
    let secondary = &request.secondary_allocation_ids;
    let count = request.secondary_private_ip_address_count;
    let primary = Wanted {
        allocation: request.allocation_id.clone(),
        private: request.private_ip_address.as_deref().map(private_address).transpose()?,
    };
    let mut all = vec![primary];
    if public {
        if request.allocation_id.is_none() {
            return Err(errors::missing("AllocationId"));
        }
        if count.is_some() {
            return Err(not_with("SecondaryPrivateIpAddressCount", "public"));
        }
        all.extend(with_allocations(secondary, &request.secondary_private_ip_addresses)?);
    } else {
        if request.allocation_id.is_some() {
            return Err(not_with("AllocationId", "private"));
        }
        if !secondary.is_empty() {
            return Err(not_with("SecondaryAllocationIds", "private"));
        }
        all.extend(without_allocations(&request.secondary_private_ip_addresses, count)?);
    }
    check(account, subnet, &all)?;
    Ok(all)
}

fn not_with(parameter: &str, connectivity: &str) -> AwsError {
    errors::combination(format!(
        "The parameter {parameter} cannot be used with connectivity type {connectivity}."
    ))
}

fn private_address(text: &str) -> Result<Ipv4Addr> {
    text.parse().map_err(|_| errors::invalid("privateIpAddress", text, "It is no IPv4 address."))
}

/// Elastic IP addresses, at private addresses that are as many or were not said.
fn with_allocations(allocations: &[String], private: &[String]) -> Result<Vec<Wanted>> {
    if !private.is_empty() && private.len() != allocations.len() {
        let message = "There must be as many private IP addresses as allocation IDs, or none.";
        return Err(errors::combination(message));
    }
    let private: Vec<Ipv4Addr> =
        private.iter().map(|text| private_address(text)).collect::<Result<_>>()?;
    let wanted = |(at, id): (usize, &String)| Wanted {
        allocation: Some(id.clone()),
        private: private.get(at).copied(),
    };
    Ok(allocations.iter().enumerate().map(wanted).collect())
}

/// Private addresses, or a number of them.
fn without_allocations(private: &[String], count: Option<i32>) -> Result<Vec<Wanted>> {
    match count {
        None => {
            let wanted = |text: &String| {
                Ok(Wanted { allocation: None, private: Some(private_address(text)?) })
            };
            private.iter().map(wanted).collect()
        }
        Some(_) if !private.is_empty() => {
            let message = "Either private IP addresses or their number are to be given.";
            Err(errors::combination(message))
        }
        Some(count) => match usize::try_from(count) {
            Ok(count @ 1..=MOST) => Ok(vec![Wanted::default(); count]),
            _ => {
                let why = format!("It is 1 to {}.", MOST - 1);
                Err(errors::invalid("privateIpAddressCount", &count.to_string(), &why))
            }
        },
    }
}

/// What is wanted has to be there, once, and free; whether Elastic IP addresses are is another matter.
fn check(account: &Account, subnet: &str, wanted: &[Wanted]) -> Result<()> {
    if wanted.len() > MOST {
        return Err(errors::over_quota("AddressLimitExceeded", "addresses"));
    }
    let (mut ids, mut addresses) = (HashSet::new(), HashSet::new());
    for wanted in wanted {
        if let Some(id) = &wanted.allocation {
            allocation(account, id)?;
            if !ids.insert(id) {
                return Err(errors::invalid("allocationId", id, "It was given twice."));
            }
        }
        let Some(address) = wanted.private else { continue };
        let is_free = account.is_free_address(subnet, address);
        if !is_free && account.taken_addresses(subnet).contains(&address) {
            let message = format!("Address {address} is in use.");
            return Err(AwsError::new("InvalidIPAddress.InUse", message));
        }
        if !is_free || !addresses.insert(address) {
            let why = format!("It cannot be had in {subnet}.");
            return Err(errors::invalid("privateIpAddress", &address.to_string(), &why));
        }
    }
    Ok(())
}

/// Gives a gateway addresses: it has them from now on, and packets when they are settled.
///
/// # Errors
/// `InsufficientFreeAddressesInSubnet`.
pub(super) fn take(change: &mut Change<'_>, id: &str, wanted: Vec<Wanted>) -> Result<()> {
    let gateway = gateway(change, id)?;
    let (subnet, public) = (gateway.subnet.clone(), gateway.public);
    let Some(interface) = interface(change, id) else { return Ok(()) };
    let said: HashSet<Ipv4Addr> = wanted.iter().filter_map(|wanted| wanted.private).collect();
    let free: Vec<Ipv4Addr> = change
        .free_addresses(&subnet)
        .filter(|address| !said.contains(address))
        .take(wanted.len())
        .collect();
    let mut free = free.into_iter();
    let status = match public {
        true => NatGatewayAddressStatus::Associating,
        false => NatGatewayAddressStatus::Assigning,
    };
    for Wanted { allocation, private } in wanted {
        let private = private.or_else(|| free.next()).ok_or_else(|| subnet_full(&subnet))?;
        let association = allocation.as_ref().map(|_| change.ids.next("eipassoc"));
        let address = allocation.as_ref().and_then(|id| change.addresses.edit(id));
        if let (Some(address), Some(id)) = (address, association.clone()) {
            let interface = interface.clone();
            address.association = Some(AddressAssociation { id, interface, private });
        }
        let public = allocation.as_ref().and_then(|id| change.addresses.get(id));
        let row = NatGatewayAddress {
            interface: interface.clone(),
            private,
            public: public.map(|address| address.public),
            allocation,
            association,
            status,
        };
        if let Some(gateway) = change.nat_gateways.edit(id) {
            gateway.addresses.push(row);
        }
        if let Some(interface) = change.network_interfaces.edit(&interface) {
            interface.addresses.push(private);
        }
    }
    Ok(())
}

fn subnet_full(subnet: &str) -> AwsError {
    let message = format!("The subnet '{subnet}' has insufficient free addresses.");
    AwsError::new("InsufficientFreeAddressesInSubnet", message)
}

/// The interface that carries a gateway's addresses.
fn interface(account: &Account, id: &str) -> Option<String> {
    let of_gateway = InterfaceOwner::NatGateway(id.to_owned());
    let mut all = account.network_interfaces.values();
    all.find(|interface| interface.owner == of_gateway).map(|interface| interface.id.clone())
}

/// What is taken up is there, and what is given back is gone.
pub(crate) fn settle(change: &mut Change<'_>, id: &str) {
    let available = |gateway: &&NatGateway| gateway.state == NatGatewayState::Available;
    let Some(gateway) = change.nat_gateways.get(id).filter(available) else { return };
    let gone: Vec<NatGatewayAddress> =
        gateway.addresses.iter().filter(|address| is_going(address)).cloned().collect();
    if let Some(gateway) = change.nat_gateways.edit(id) {
        gateway.addresses.retain(|address| !is_going(address));
        for address in &mut gateway.addresses {
            address.status = NatGatewayAddressStatus::Succeeded;
        }
    }
    gone.iter().for_each(|address| give_back(change, address));
}

fn is_going(address: &NatGatewayAddress) -> bool {
    use NatGatewayAddressStatus::{Disassociating, Unassigning};
    matches!(address.status, Disassociating | Unassigning)
}

fn give_back(change: &mut Change<'_>, gone: &NatGatewayAddress) {
    if let Some(interface) = change.network_interfaces.edit(&gone.interface) {
        interface.addresses.retain(|address| *address != gone.private);
    }
    let allocation = gone.allocation.as_deref();
    if let Some(address) = allocation.and_then(|id| change.addresses.edit(id)) {
        address.association = None;
    }
}

/// The gateway is gone: so is its interface, and its addresses are free. They are shown still.
pub(super) fn give_back_all(change: &mut Change<'_>, id: &str) {
    let gateway = change.nat_gateways.get(id);
    let addresses = gateway.map(|gateway| gateway.addresses.clone()).unwrap_or_default();
    addresses.iter().for_each(|address| give_back(change, address));
    if let Some(interface) = interface(change, id) {
        change.network_interfaces.remove(&interface);
        change.forget_tags(&interface);
    }
}

fn associate(
    change: &mut Change<'_>,
    request: ec2::AssociateNatGatewayAddressRequest,
) -> Result<ec2::AssociateNatGatewayAddressResult> {
    errors::refuse(&[
        ("AvailabilityZone", request.availability_zone.is_some()),
        ("AvailabilityZoneId", request.availability_zone_id.is_some()),
    ])?;
    let id = available(change, &request.nat_gateway_id, true)?;
    if request.allocation_ids.is_empty() {
        return Err(errors::missing("AllocationId"));
    }
    let wanted = with_allocations(&request.allocation_ids, &request.private_ip_addresses)?;
    for allocation_id in &request.allocation_ids {
        let address = allocation(change, allocation_id)?;
        if address.association.is_some() {
            return Err(already_associated(address));
        }
    }
    add(change, &id, wanted)?;
    let nat_gateway_addresses = shown(gateway(change, &id)?);
    Ok(ec2::AssociateNatGatewayAddressResult { nat_gateway_id: Some(id), nat_gateway_addresses })
}

fn assign(
    change: &mut Change<'_>,
    request: ec2::AssignPrivateNatGatewayAddressRequest,
) -> Result<ec2::AssignPrivateNatGatewayAddressResult> {
    let id = available(change, &request.nat_gateway_id, false)?;
    let wanted =
        without_allocations(&request.private_ip_addresses, request.private_ip_address_count)?;
    if wanted.is_empty() {
        return Err(errors::missing("PrivateIpAddress"));
    }
    add(change, &id, wanted)?;
    let nat_gateway_addresses = shown(gateway(change, &id)?);
    Ok(ec2::AssignPrivateNatGatewayAddressResult {
        nat_gateway_id: Some(id),
        nat_gateway_addresses,
    })
}

fn add(change: &mut Change<'_>, id: &str, wanted: Vec<Wanted>) -> Result<()> {
    let gateway = gateway(change, id)?;
    if gateway.addresses.len() + wanted.len() > MOST {
        return Err(errors::over_quota("AddressLimitExceeded", "addresses"));
    }
    check(change, &gateway.subnet, &wanted)?;
    take(change, id, wanted)?;
    settle_soon(change, id);
    Ok(())
}

fn settle_soon(change: &mut Change<'_>, id: &str) {
    let at = change.now + change.rules.operation_time;
    change.schedule(at, Due::NatGatewayAddresses(id.to_owned()));
}

/// A gateway of that kind that is `available`.
fn available(account: &Account, id: &str, public: bool) -> Result<String> {
    let gateway = gateway(account, id)?;
    if gateway.public != public {
        let kind = if public { "public" } else { "private" };
        let why = format!("It is not a {kind} NAT gateway.");
        return Err(errors::invalid("NatGatewayId", id, &why));
    }
    if gateway.state != NatGatewayState::Available {
        let state = gateway.state.word();
        let message = format!("The Nat Gateway {id} is {state}, and not available.");
        return Err(AwsError::new("IncorrectState", message));
    }
    Ok(gateway.id.clone())
}

fn disassociate(
    change: &mut Change<'_>,
    request: ec2::DisassociateNatGatewayAddressRequest,
) -> Result<ec2::DisassociateNatGatewayAddressResult> {
    drain_time(request.max_drain_duration_seconds)?;
    let id = available(change, &request.nat_gateway_id, true)?;
    if request.association_ids.is_empty() {
        return Err(errors::missing("AssociationId"));
    }
    for association in &request.association_ids {
        let is = |address: &NatGatewayAddress| address.association.as_ref() == Some(association);
        let missing =
            || errors::not_found("InvalidAssociationID.NotFound", "association ID", association);
        let status = NatGatewayAddressStatus::Disassociating;
        leave(change, &id, is, status, missing, association)?;
    }
    settle_soon(change, &id);
    let nat_gateway_addresses = shown(gateway(change, &id)?);
    Ok(ec2::DisassociateNatGatewayAddressResult { nat_gateway_id: Some(id), nat_gateway_addresses })
}

fn unassign(
    change: &mut Change<'_>,
    request: ec2::UnassignPrivateNatGatewayAddressRequest,
) -> Result<ec2::UnassignPrivateNatGatewayAddressResult> {
    drain_time(request.max_drain_duration_seconds)?;
    let id = available(change, &request.nat_gateway_id, false)?;
    if request.private_ip_addresses.is_empty() {
        return Err(errors::missing("PrivateIpAddress"));
    }
    for private in &request.private_ip_addresses {
        let is = |address: &NatGatewayAddress| address.private.to_string() == *private;
        let missing = || {
            let why = format!("It is not an address of {id}.");
            errors::invalid("privateIpAddress", private, &why)
        };
        leave(change, &id, is, NatGatewayAddressStatus::Unassigning, missing, private)?;
    }
    settle_soon(change, &id);
    let nat_gateway_addresses = shown(gateway(change, &id)?);
    Ok(ec2::UnassignPrivateNatGatewayAddressResult {
        nat_gateway_id: Some(id),
        nat_gateway_addresses,
    })
}

/// AWS takes 1 to 4,000 seconds.
fn drain_time(said: Option<i32>) -> Result<()> {
    match said {
        None | Some(1..=4_000) => Ok(()),
        Some(other) => {
            let why = "It is 1 to 4000.";
            Err(errors::invalid("maxDrainDurationSeconds", &other.to_string(), why))
        }
    }
}

/// One address begins to leave. The primary one stays as long as the gateway.
fn leave(
    change: &mut Change<'_>,
    id: &str,
    is: impl Fn(&NatGatewayAddress) -> bool,
    status: NatGatewayAddressStatus,
    missing: impl Fn() -> AwsError,
    said: &str,
) -> Result<()> {
    let at = gateway(change, id)?.addresses.iter().position(is).ok_or_else(missing)?;
    if at == 0 {
        let message = format!("{said} is the primary address of the Nat Gateway {id}.");
        return Err(AwsError::new("InvalidParameterValue", message));
    }
    if let Some(gateway) = change.nat_gateways.edit(id) {
        gateway.addresses[at].status = status;
    }
    Ok(())
}

/// The addresses as answers have them.
pub(super) fn shown(gateway: &NatGateway) -> Vec<ec2::NatGatewayAddress> {
    let shown = |(at, address): (usize, &NatGatewayAddress)| ec2::NatGatewayAddress {
        allocation_id: address.allocation.clone(),
        association_id: address.association.clone(),
        network_interface_id: Some(address.interface.clone()),
        private_ip: Some(address.private.to_string()),
        public_ip: address.public.map(|public| public.to_string()),
        is_primary: Some(at == 0),
        status: Some(address.status.word().to_owned()),
        ..Default::default()
    };
    gateway.addresses.iter().enumerate().map(shown).collect()
}
