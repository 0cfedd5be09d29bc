//! Elastic IP addresses: AllocateAddress, AssociateAddress, DisassociateAddress, ReleaseAddress,
//! DescribeAddresses.

use std::net::Ipv4Addr;

use super::filters::{self, Values};
use super::internet_gateways::of_vpc;
use super::tags::{self, tag_new};
use super::{Action, actions, errors};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::gateways::{Address, AddressAssociation};
use crate::account::interfaces::NetworkInterface;
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    change AllocateAddress => allocate;
    change AssociateAddress => associate;
    read DescribeAddresses => describe;
    change DisassociateAddress => disassociate;
    change ReleaseAddress => release;
};

/// The names of DescribeAddresses' filters, but for those of tags.
const FILTERS: &[&str] = &[
    "allocation-id",
    "association-id",
    "domain",
    "instance-id",
    "network-border-group",
    "network-interface-id",
    "network-interface-owner-id",
    "private-ip-address",
    "public-ip",
];

/// An allocation that has to be there.
///
/// # Errors
/// `InvalidAllocationID.NotFound`.
pub(super) fn allocation<'a>(account: &'a Account, id: &str) -> Result<&'a Address> {
    let missing = || errors::not_found("InvalidAllocationID.NotFound", "allocation ID", id);
    account.addresses.get(id).ok_or_else(missing)
}

/// It is associated with something already.
pub(super) fn already_associated(address: &Address) -> AwsError {
    let id = &address.id;
    let with = address.association.as_ref().map_or("", |association| &association.id);
    let message = format!("resource {id} is already associated with associate-id {with}");
    AwsError::new("Resource.AlreadyAssociated", message)
}

fn allocate(
    change: &mut Change<'_>,
    request: ec2::AllocateAddressRequest,
) -> Result<ec2::AllocateAddressResult> {
    let region = change.identity.region.clone();
    errors::refuse(&[
        ("PublicIpv4Pool", request.public_ipv4_pool.as_deref().is_some_and(|p| p != "amazon")),
        (
            "NetworkBorderGroup",
            request.network_border_group.as_deref().is_some_and(|group| group != region),
        ),
        ("CustomerOwnedIpv4Pool", request.customer_owned_ipv4_pool.is_some()),
        ("IpamPoolId", request.ipam_pool_id.is_some()),
    ])?;
    if let Some(domain) = request.domain.as_deref().filter(|domain| *domain != "vpc") {
        return Err(errors::invalid("domain", domain, "It is vpc."));
    }
    if change.addresses.len() >= change.rules.quotas.addresses {
        return Err(errors::over_quota("AddressLimitExceeded", "addresses"));
    }
    let public = match request.address.as_deref() {
        Some(text) => asked_for(change, text)?,
        None => change.free_public_address().ok_or_else(|| {
            AwsError::new("InsufficientAddressCapacity", "There are no more public addresses.")
        })?,
    };
    let id = change.ids.next("eipalloc");
    let row = Address { id: id.clone(), public, association: None };
    change.addresses.insert(id.as_str(), row);
    tag_new(change, &id, "elastic-ip", &request.tag_specifications)?;
    Ok(ec2::AllocateAddressResult {
        allocation_id: Some(id),
        public_ip: Some(public.to_string()),
        domain: Some("vpc".to_owned()),
        public_ipv4_pool: Some("amazon".to_owned()),
        network_border_group: Some(region),
        ..Default::default()
    })
}

/// AWS gives back an address that the account had; here, any public one that nobody has.
fn asked_for(account: &Account, text: &str) -> Result<Ipv4Addr> {
    let address: Ipv4Addr =
        text.parse().map_err(|_| errors::invalid("address", text, "It is no IPv4 address."))?;
    if account.is_free_public_address(address) {
        return Ok(address);
    }
    let message = format!("The address '{text}' is not available.");
    Err(AwsError::new("InvalidAddress.NotFound", message))
}

fn associate(
    change: &mut Change<'_>,
    request: ec2::AssociateAddressRequest,
) -> Result<ec2::AssociateAddressResult> {
    if let Some(id) = &request.instance_id {
        return Err(errors::not_found("InvalidInstanceID.NotFound", "instance ID", id));
    }
    let address = asked(change, &request.allocation_id, &request.public_ip)?;
    let interface =
        request.network_interface_id.as_deref().ok_or_else(|| errors::missing("instanceId"))?;
    let interface = own_interface(change, interface)?;
    let private = private_address(interface, request.private_ip_address.as_deref())?;
    if of_vpc(change, &interface.vpc).is_none() {
        let message = format!("Network {} is not attached to any internet gateway", interface.vpc);
        return Err(AwsError::new("Gateway.NotAttached", message));
    }
    let there = |other: &&Address| {
        let association = other.association.as_ref();
        association.is_some_and(|a| a.interface == interface.id && a.private == private)
    };
    let other = change.addresses.values().find(there);
    // What is so already is done.
    if let Some(association) = address.association.as_ref().filter(|_| other == Some(address)) {
        return Ok(ec2::AssociateAddressResult { association_id: Some(association.id.clone()) });
    }
    let moves = request.allow_reassociation != Some(false);
    if is_of_service(change, address) || (address.association.is_some() && !moves) {
        return Err(already_associated(address));
    }
    if let Some(other) = other.filter(|_| !moves) {
        return Err(already_associated(other));
    }
    let (id, other) = (address.id.clone(), other.map(|other| other.id.clone()));
    let interface = interface.id.clone();
    if let Some(other) = other.and_then(|other| change.addresses.edit(&other)) {
        other.association = None;
    }
    let association_id = change.ids.next("eipassoc");
    if let Some(address) = change.addresses.edit(&id) {
        let id = association_id.clone();
        address.association = Some(AddressAssociation { id, interface, private });
    }
    Ok(ec2::AssociateAddressResult { association_id: Some(association_id) })
}

/// An interface of the account's own: what a service of AWS has is not the account's to touch.
fn own_interface<'a>(account: &'a Account, id: &str) -> Result<&'a NetworkInterface> {
    let missing =
        || errors::not_found("InvalidNetworkInterfaceID.NotFound", "networkInterface ID", id);
    let interface = account.network_interfaces.get(id).ok_or_else(missing)?;
    if interface.owner.is_requester_managed() {
        return Err(not_permitted());
    }
    Ok(interface)
}

fn not_permitted() -> AwsError {
    AwsError::new("AuthFailure", "You do not have permission to access the specified resource.")
}

/// The private address that packets come to: the interface's primary one.
fn private_address(interface: &NetworkInterface, said: Option<&str>) -> Result<Ipv4Addr> {
    let primary = interface.addresses.first().copied();
    let primary = primary.ok_or_else(|| errors::missing("privateIpAddress"))?;
    let Some(said) = said else { return Ok(primary) };
    let address = said.parse().ok().filter(|address| interface.addresses.contains(address));
    match address {
        Some(address) if address == primary => Ok(address),
        // The network has one public address for an interface, at its primary address.
        Some(_) => {
            errors::refuse(&[("PrivateIpAddress of a secondary address", true)]).map(|()| primary)
        }
        None => {
            let why = format!("It is not an address of {}.", interface.id);
            Err(errors::invalid("privateIpAddress", said, &why))
        }
    }
}

/// Whether an AWS service has it: a NAT gateway.
fn is_of_service(account: &Account, address: &Address) -> bool {
    let association = address.association.as_ref();
    let interface = association.and_then(|a| account.network_interfaces.get(&a.interface));
    interface.is_some_and(|interface| interface.owner.is_requester_managed())
}

fn asked<'a>(
    account: &'a Account,
    id: &Option<String>,
    public: &Option<String>,
) -> Result<&'a Address> {
    match (id, public) {
        (Some(id), None) => allocation(account, id),
        (None, Some(public)) => of_public(account, public),
        (None, None) => Err(errors::missing("allocationId")),
        (Some(_), Some(_)) => {
            let message = "You may specify public IP or allocation id, but not both in the same \
                           call";
            Err(errors::combination(message))
        }
    }
}

fn of_public<'a>(account: &'a Account, public: &str) -> Result<&'a Address> {
    let found = account.addresses.values().find(|address| address.public.to_string() == public);
    let missing =
        || AwsError::new("InvalidAddress.NotFound", format!("Address '{public}' not found."));
    found.ok_or_else(missing)
}

fn disassociate(change: &mut Change<'_>, request: ec2::DisassociateAddressRequest) -> Result<()> {
    let with = |address: &&Address, id: &str| {
        address.association.as_ref().is_some_and(|association| association.id == id)
    };
    let address = match (&request.association_id, &request.public_ip) {
        (Some(id), _) => {
            let found = change.addresses.values().find(|address| with(address, id));
            found.ok_or_else(|| {
                errors::not_found("InvalidAssociationID.NotFound", "association ID", id)
            })?
        }
        (None, Some(public)) => of_public(change, public)?,
        (None, None) => return Err(errors::missing("associationId")),
    };
    if is_of_service(change, address) {
        return Err(not_permitted());
    }
    let id = address.id.clone();
    if let Some(address) = change.addresses.edit(&id) {
        address.association = None;
    }
    Ok(())
}

fn release(change: &mut Change<'_>, request: ec2::ReleaseAddressRequest) -> Result<()> {
    let address = asked(change, &request.allocation_id, &request.public_ip)?;
    let border = request.network_border_group.as_deref();
    if let Some(group) = border.filter(|group| *group != change.identity.region) {
        return Err(errors::invalid("networkBorderGroup", group, "The address is not there."));
    }
    if address.association.is_some() {
        let message = format!("Address {} is in use.", address.public);
        return Err(AwsError::new("InvalidIPAddress.InUse", message));
    }
    let id = address.id.clone();
    change.addresses.remove(&id);
    change.forget_tags(&id);
    Ok(())
}

/// EC2 has no pages of these.
fn describe(
    account: &Account,
    request: ec2::DescribeAddressesRequest,
) -> Result<ec2::DescribeAddressesResult> {
    filters::check(&request.filters, FILTERS)?;
    request.allocation_ids.iter().try_for_each(|id| allocation(account, id).map(drop))?;
    request.public_ips.iter().try_for_each(|public| of_public(account, public).map(drop))?;
    let asked = |address: &Address| {
        let (ids, publics) = (&request.allocation_ids, &request.public_ips);
        (ids.is_empty() || ids.contains(&address.id))
            && (publics.is_empty() || publics.contains(&address.public.to_string()))
    };
    let mut addresses = Vec::new();
    for address in account.addresses.values().filter(|address| asked(address)) {
        let values = |name: &str| values(account, address, name);
        if filters::meets(account, &address.id, &request.filters, values)? {
            addresses.push(shown(account, address));
        }
    }
    Ok(ec2::DescribeAddressesResult { addresses })
}

fn values(account: &Account, address: &Address, name: &str) -> Values {
    let association = address.association.as_ref();
    match name {
        "allocation-id" => filters::one(&address.id),
        "association-id" => filters::many(association.map(|a| &a.id)),
        "domain" => filters::one("vpc"),
        "instance-id" => filters::many::<&str>([]),
        "network-border-group" => filters::one(&account.identity.region),
        "network-interface-id" => filters::many(association.map(|a| &a.interface)),
        "network-interface-owner-id" => {
            filters::many(association.map(|_| &account.identity.account))
        }
        "private-ip-address" => filters::many(association.map(|a| a.private)),
        "public-ip" => filters::one(address.public),
        _ => None,
    }
}

fn shown(account: &Account, address: &Address) -> ec2::Address {
    let association = address.association.as_ref();
    ec2::Address {
        allocation_id: Some(address.id.clone()),
        public_ip: Some(address.public.to_string()),
        domain: Some("vpc".to_owned()),
        public_ipv4_pool: Some("amazon".to_owned()),
        network_border_group: Some(account.identity.region.clone()),
        association_id: association.map(|a| a.id.clone()),
        network_interface_id: association.map(|a| a.interface.clone()),
        network_interface_owner_id: association.map(|_| account.identity.account.clone()),
        private_ip_address: association.map(|a| a.private.to_string()),
        tags: tags::shown(account, &address.id),
        ..Default::default()
    }
}
