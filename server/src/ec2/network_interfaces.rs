//! Network interfaces: Create, Delete, Describe, Modify. What AWS's services have made, connectors
//! among them, is shown, and is theirs to change.

use std::net::Ipv4Addr;

use super::describe::{Asked, no_pages_of_ids};
use super::subnets::subnet;
use super::tags::{self, tag_new};
use super::{Action, actions, errors, security_groups};
use crate::account::change::Change;
use crate::account::gateways::Address;
use crate::account::interfaces::{InterfaceOwner, NetworkInterface};
use crate::account::{Account, zones};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(super) mod private_addresses;
mod values;

pub(super) const ACTIONS: &[Action] = actions! {
    change CreateNetworkInterface => create;
    change DeleteNetworkInterface => delete;
    change ModifyNetworkInterfaceAttribute => modify;
    read DescribeNetworkInterfaces => describe;
    read DescribeNetworkInterfaceAttribute => attribute;
};

/// Whom AWS's services call themselves where they ask for an interface.
const REQUESTER: &str = "amazon-aws";

/// An interface that has to be there.
///
/// # Errors
/// `InvalidNetworkInterfaceID.NotFound`.
pub(super) fn interface<'a>(account: &'a Account, id: &str) -> Result<&'a NetworkInterface> {
    account.network_interfaces.get(id).ok_or_else(|| missing(id))
}

fn missing(id: &str) -> AwsError {
    errors::not_found("InvalidNetworkInterfaceID.NotFound", "networkInterface ID", id)
}

/// An interface that is the account's to change.
fn own<'a>(account: &'a Account, id: &str) -> Result<&'a NetworkInterface> {
    let interface = interface(account, id)?;
    if interface.owner.is_requester_managed() {
        let message = format!(
            "The network interface '{id}' is managed by a service of AWS, and cannot be changed."
        );
        return Err(AwsError::new("OperationNotPermitted", message));
    }
    Ok(interface)
}

fn create(
    change: &mut Change<'_>,
    request: ec2::CreateNetworkInterfaceRequest,
) -> Result<ec2::CreateNetworkInterfaceResult> {
    refuse_unmodelled(&request)?;
    let subnet = subnet(change, &request.subnet_id)?;
    let (vpc, subnet) = (subnet.vpc.clone(), subnet.id.clone());
    let groups = security_groups::of_interface(change, &vpc, &request.groups)?;
    let addresses = private_addresses::of_new(change, &subnet, &request)?;
    let id = change.ids.next("eni");
    let row = NetworkInterface {
        id: id.clone(),
        vpc,
        subnet,
        addresses,
        groups,
        source_dest_check: true,
        description: request.description.unwrap_or_default(),
        owner: InterfaceOwner::Account { host: None },
        created: change.now,
    };
    change.network_interfaces.insert(id.as_str(), row);
    tag_new(change, &id, "network-interface", &request.tag_specifications)?;
    let network_interface = Some(shown(change, interface(change, &id)?));
    Ok(ec2::CreateNetworkInterfaceResult { network_interface, client_token: request.client_token })
}

fn refuse_unmodelled(request: &ec2::CreateNetworkInterfaceRequest) -> Result<()> {
    let kind = request.interface_type.as_deref().unwrap_or("interface");
    errors::refuse(&[
        ("Ipv4Prefix", !request.ipv4_prefixes.is_empty()),
        ("Ipv4PrefixCount", request.ipv4_prefix_count.is_some()),
        ("Ipv6Prefix", !request.ipv6_prefixes.is_empty()),
        ("Ipv6PrefixCount", request.ipv6_prefix_count.is_some()),
        ("Ipv6Addresses", !request.ipv6_addresses.is_empty()),
        ("Ipv6AddressCount", request.ipv6_address_count.is_some_and(|count| count > 0)),
        ("EnablePrimaryIpv6", request.enable_primary_ipv6 == Some(true)),
        ("InterfaceType", kind != "interface"),
        ("ConnectionTrackingSpecification", request.connection_tracking_specification.is_some()),
        ("Operator", request.operator.is_some()),
    ])
}

fn delete(change: &mut Change<'_>, request: ec2::DeleteNetworkInterfaceRequest) -> Result<()> {
    let interface = interface(change, &request.network_interface_id)?;
    let id = interface.id.clone();
    if is_in_use(interface) {
        let message = format!("Network interface '{id}' is currently in use.");
        return Err(AwsError::new("InvalidParameterValue", message));
    }
    private_addresses::disassociate(change, &id, |_| true);
    change.network_interfaces.remove(&id);
    change.forget_tags(&id);
    Ok(())
}

/// Whether somebody is behind it: a service of AWS, or a scenario's host.
fn is_in_use(interface: &NetworkInterface) -> bool {
    !matches!(interface.owner, InterfaceOwner::Account { host: None })
}

fn modify(
    change: &mut Change<'_>,
    request: ec2::ModifyNetworkInterfaceAttributeRequest,
) -> Result<()> {
    errors::refuse(&[
        ("EnaSrdSpecification", request.ena_srd_specification.is_some()),
        ("EnablePrimaryIpv6", request.enable_primary_ipv6 == Some(true)),
        ("ConnectionTrackingSpecification", request.connection_tracking_specification.is_some()),
        ("AssociatePublicIpAddress", request.associate_public_ip_address.is_some()),
        ("AssociatedSubnetId", !request.associated_subnet_ids.is_empty()),
        ("Attachment", request.attachment.is_some()),
    ])?;
    let row = own(change, &request.network_interface_id)?;
    let (id, vpc) = (row.id.clone(), row.vpc.clone());
    let check = request.source_dest_check.and_then(|check| check.value);
    let description = request.description.map(|text| text.value.unwrap_or_default());
    let given = usize::from(check.is_some())
        + usize::from(description.is_some())
        + usize::from(!request.groups.is_empty());
    if given != 1 {
        let message = "Exactly one attribute of the network interface is to be modified.";
        return Err(errors::combination(message));
    }
    let groups = match request.groups.is_empty() {
        true => None,
        false => Some(security_groups::of_interface(change, &vpc, &request.groups)?),
    };
    let row = change.network_interfaces.edit(&id).ok_or_else(|| missing(&id))?;
    row.source_dest_check = check.unwrap_or(row.source_dest_check);
    row.description = description.unwrap_or_else(|| row.description.clone());
    row.groups = groups.unwrap_or_else(|| row.groups.clone());
    Ok(())
}

fn describe(
    account: &Account,
    request: ec2::DescribeNetworkInterfacesRequest,
) -> Result<ec2::DescribeNetworkInterfacesResult> {
    let ids = &request.network_interface_ids;
    no_pages_of_ids(ids, request.max_results)?;
    let token = request.next_token.as_deref();
    let asked = Asked::new(ids, &request.filters, values::FILTERS, token, request.max_results);
    let (interfaces, next_token) =
        asked.of(account, &account.network_interfaces, missing, |interface, name| {
            values::of(account, interface, name)
        })?;
    let shown = |interface| shown(account, interface);
    let network_interfaces = interfaces.into_iter().map(shown).collect();
    Ok(ec2::DescribeNetworkInterfacesResult { network_interfaces, next_token })
}

fn attribute(
    account: &Account,
    request: ec2::DescribeNetworkInterfaceAttributeRequest,
) -> Result<ec2::DescribeNetworkInterfaceAttributeResult> {
    let interface = interface(account, &request.network_interface_id)?;
    let mut answer = ec2::DescribeNetworkInterfaceAttributeResult {
        network_interface_id: Some(interface.id.clone()),
        ..Default::default()
    };
    let attribute = request.attribute.as_deref().ok_or_else(|| errors::missing("attribute"))?;
    match attribute {
        "description" => {
            let value = Some(interface.description.clone());
            answer.description = Some(ec2::AttributeValue { value });
        }
        "groupSet" => answer.groups = security_groups::identifiers(account, &interface.groups),
        "sourceDestCheck" => {
            let value = Some(interface.source_dest_check);
            answer.source_dest_check = Some(ec2::AttributeBooleanValue { value });
        }
        "attachment" => answer.attachment = attachment(interface),
        "associatePublicIpAddress" => answer.associate_public_ip_address = Some(false),
        other => {
            let why = "It is attachment, associatePublicIpAddress, description, groupSet or \
                       sourceDestCheck.";
            return Err(errors::invalid("attribute", other, why));
        }
    }
    Ok(answer)
}

/// An interface as answers have it.
fn shown(account: &Account, interface: &NetworkInterface) -> ec2::NetworkInterface {
    let addresses: Vec<_> = interface
        .addresses
        .iter()
        .enumerate()
        .map(|(at, address)| private_address(account, interface, at, *address))
        .collect();
    let (availability_zone, availability_zone_id) = zone(account, interface);
    let managed = interface.owner.is_requester_managed();
    let first = addresses.first();
    ec2::NetworkInterface {
        association: first.and_then(|address| address.association.clone()),
        attachment: attachment(interface),
        availability_zone,
        availability_zone_id,
        description: Some(interface.description.clone()),
        groups: security_groups::identifiers(account, &interface.groups),
        interface_type: Some(interface.owner.interface_type().to_owned()),
        mac_address: Some(mac_address(interface)),
        network_interface_id: Some(interface.id.clone()),
        owner_id: Some(account.identity.account.clone()),
        private_dns_name: first.and_then(|address| address.private_dns_name.clone()),
        private_ip_address: first.and_then(|address| address.private_ip_address.clone()),
        private_ip_addresses: addresses,
        requester_id: managed.then(|| REQUESTER.to_owned()),
        requester_managed: Some(managed),
        source_dest_check: Some(interface.source_dest_check),
        status: Some(status(interface).to_owned()),
        subnet_id: Some(interface.subnet.clone()),
        tag_set: tags::shown(account, &interface.id),
        vpc_id: Some(interface.vpc.clone()),
        ..Default::default()
    }
}

fn status(interface: &NetworkInterface) -> &'static str {
    if is_in_use(interface) { "in-use" } else { "available" }
}

/// The name and the id of the zone that it is in.
fn zone(account: &Account, interface: &NetworkInterface) -> (Option<String>, Option<String>) {
    let az = account.subnets.get(&interface.subnet).map(|subnet| subnet.az.clone());
    (az.as_deref().map(|az| zones::name_of(&account.identity.region, az)), az)
}

/// Services attach what they make to themselves.
fn attachment(interface: &NetworkInterface) -> Option<ec2::NetworkInterfaceAttachment> {
    Some(ec2::NetworkInterfaceAttachment {
        attach_time: Some(interface.created.into()),
        attachment_id: Some(attachment_id(interface)?),
        delete_on_termination: Some(false),
        device_index: Some(1),
        instance_owner_id: Some(REQUESTER.to_owned()),
        status: Some("attached".to_owned()),
        ..Default::default()
    })
}

fn attachment_id(interface: &NetworkInterface) -> Option<String> {
    let number = interface.id.trim_start_matches("eni-");
    is_in_use(interface).then(|| format!("ela-attach-{number}"))
}

/// Locally administered, and of the address: no two of a VPC are the same.
fn mac_address(interface: &NetworkInterface) -> String {
    let [a, b, c, d] = interface.addresses.first().map_or([0; 4], Ipv4Addr::octets);
    format!("02:65:{a:02x}:{b:02x}:{c:02x}:{d:02x}")
}

fn private_address(
    account: &Account,
    interface: &NetworkInterface,
    at: usize,
    address: Ipv4Addr,
) -> ec2::NetworkInterfacePrivateIpAddress {
    let tied = account.addresses.values().find(|elastic| {
        elastic
            .association
            .as_ref()
            .is_some_and(|tie| tie.interface == interface.id && tie.private == address)
    });
    ec2::NetworkInterfacePrivateIpAddress {
        association: tied.and_then(|elastic| association(account, elastic)),
        primary: Some(at == 0),
        private_dns_name: dns_name(account, interface, address),
        private_ip_address: Some(address.to_string()),
    }
}

fn association(account: &Account, address: &Address) -> Option<ec2::NetworkInterfaceAssociation> {
    let tie = address.association.as_ref()?;
    Some(ec2::NetworkInterfaceAssociation {
        allocation_id: Some(address.id.clone()),
        association_id: Some(tie.id.clone()),
        ip_owner_id: Some(account.identity.account.clone()),
        public_ip: Some(address.public.to_string()),
        ..Default::default()
    })
}

/// The name that the VPC's resolver gives it, where the VPC gives names.
fn dns_name(account: &Account, interface: &NetworkInterface, address: Ipv4Addr) -> Option<String> {
    let named = account.vpcs.get(&interface.vpc).is_some_and(|vpc| vpc.dns_hostnames);
    let [a, b, c, d] = address.octets();
    let zone = match account.identity.region.as_str() {
        "us-east-1" => "ec2.internal".to_owned(),
        region => format!("{region}.compute.internal"),
    };
    named.then(|| format!("ip-{a}-{b}-{c}-{d}.{zone}"))
}
