//! Interface endpoints: an interface in each subnet, one subnet a zone, and the names that lead there.

use std::net::Ipv4Addr;

use super::{MOST_INTERFACE, endpoint, has, invalid, is_gateway, missing, services};
use crate::account::change::Change;
use crate::account::endpoints::{EndpointKind, VpcEndpoint};
use crate::account::interfaces::{InterfaceOwner, NetworkInterface};
use crate::account::{Account, zones};
use crate::ec2::{errors, security_groups, subnets};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

/// Makes the interfaces of a new endpoint.
///
/// # Errors
/// AWS's, for subnets, groups and names that cannot be had.
pub(super) fn make(
    change: &mut Change<'_>,
    id: &str,
    vpc: &str,
    service: &str,
    request: &ec2::CreateVpcEndpointRequest,
) -> Result<EndpointKind> {
    if !request.route_table_ids.is_empty() {
        return Err(invalid("Route table IDs are only supported for Gateway type VPC Endpoints."));
    }
    let here = |row: &&VpcEndpoint| row.vpc == vpc && !is_gateway(row);
    if change.vpc_endpoints.values().filter(here).count() >= MOST_INTERFACE {
        return Err(errors::over_quota("VpcEndpointLimitExceeded", "interface VPC endpoints"));
    }
    let private_dns = request.private_dns_enabled.unwrap_or(services::has_private_name(service));
    if private_dns {
        may_have_names(change, id, vpc, service)?;
    }
    let groups = security_groups::of_interface(change, vpc, &request.security_group_ids)?;
    let (mut ids, mut interfaces) = (Vec::new(), Vec::new());
    for (subnet, address) in wanted(request)? {
        let interface = add(change, id, vpc, &subnet, address, &groups, &ids)?;
        ids.push(subnet);
        interfaces.push(interface);
    }
    Ok(EndpointKind::Interface { subnets: ids, interfaces, groups, private_dns })
}

/// The subnets of a request, with the addresses that it says.
fn wanted(request: &ec2::CreateVpcEndpointRequest) -> Result<Vec<(String, Option<Ipv4Addr>)>> {
    let mut wanted: Vec<_> = request.subnet_ids.iter().map(|id| (id.clone(), None)).collect();
    for said in &request.subnet_configurations {
        errors::refuse(&[("SubnetConfiguration.Ipv6", said.ipv6.is_some())])?;
        let id = said.subnet_id.clone().ok_or_else(|| errors::missing("SubnetId"))?;
        let parse = |text: &str| {
            text.parse().map_err(|_| errors::invalid("Ipv4", text, "It is not an IPv4 address."))
        };
        let address = said.ipv4.as_deref().map(parse).transpose()?;
        match wanted.iter_mut().find(|(known, _)| *known == id) {
            Some(known) => known.1 = address,
            None => wanted.push((id, address)),
        }
    }
    Ok(wanted)
}

/// Adds an interface in one more subnet.
fn add(
    change: &mut Change<'_>,
    endpoint: &str,
    vpc: &str,
    subnet: &str,
    address: Option<Ipv4Addr>,
    groups: &[String],
    others: &[String],
) -> Result<String> {
    let row = subnets::subnet(change, subnet)?;
    if row.vpc != vpc {
        return Err(invalid(format!("Subnet {subnet} does not belong to the VPC {vpc}.")));
    }
    let az = row.az.clone();
    let same = |other: &String| change.subnets.get(other).is_some_and(|other| other.az == az);
    if others.iter().any(same) {
        let message = format!(
            "Found another VPC endpoint subnet in the availability zone of {subnet}. VPC endpoint \
             subnets should be in different availability zones supported by the VPC endpoint service."
        );
        return Err(AwsError::new("DuplicateSubnetsInSameZone", message));
    }
    let address = free(change, subnet, address)?;
    let id = change.ids.next("eni");
    let row = NetworkInterface {
        id: id.clone(),
        vpc: vpc.to_owned(),
        subnet: subnet.to_owned(),
        addresses: vec![address],
        groups: groups.to_vec(),
        source_dest_check: true,
        description: format!("VPC Endpoint Interface {endpoint}"),
        owner: InterfaceOwner::VpcEndpoint(endpoint.to_owned()),
        created: change.now,
    };
    change.network_interfaces.insert(id.as_str(), row);
    Ok(id)
}

fn free(change: &Change<'_>, subnet: &str, said: Option<Ipv4Addr>) -> Result<Ipv4Addr> {
    match said {
        Some(address) if change.is_free(subnet, address) => Ok(address),
        Some(address) => {
            let message = format!("Address {address} cannot be had in {subnet}.");
            Err(AwsError::new("InvalidIPAddress.InUse", message))
        }
        None => change.free_address(subnet).ok_or_else(|| {
            let message = format!("The subnet {subnet} has no free address for the endpoint.");
            AwsError::new("InsufficientFreeAddressesInSubnet", message)
        }),
    }
}

/// Private names need both DNS attributes of the VPC, and one endpoint a service to lead to.
fn may_have_names(account: &Account, id: &str, vpc: &str, service: &str) -> Result<()> {
    let resolves = |vpc: &crate::account::vpcs::Vpc| vpc.dns_support && vpc.dns_hostnames;
    if !account.vpcs.get(vpc).is_some_and(resolves) {
        let message = format!(
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC \
             attributes set to true for {vpc}"
        );
        return Err(invalid(message));
    }
    let conflicts = |other: &VpcEndpoint| {
        other.id != id
            && other.vpc == vpc
            && other.service == service
            && matches!(other.kind, EndpointKind::Interface { private_dns: true, .. })
    };
    if account.vpc_endpoints.values().any(conflicts) {
        let name = services::private_name(&account.identity.region, service);
        let message = format!(
            "private-dns-enabled cannot be set because there is already a conflicting DNS domain \
             for {name} in the VPC {vpc}"
        );
        return Err(invalid(message));
    }
    Ok(())
}

/// Changes the subnets, the groups and the names of an endpoint.
///
/// # Errors
/// As [`make`].
pub(super) fn modify(
    change: &mut Change<'_>,
    id: &str,
    request: &ec2::ModifyVpcEndpointRequest,
) -> Result<()> {
    if !request.add_route_table_ids.is_empty() || !request.remove_route_table_ids.is_empty() {
        return Err(invalid("Route table IDs are only supported for Gateway type VPC Endpoints."));
    }
    let row = endpoint(change, id)?.clone();
    let EndpointKind::Interface { mut subnets, mut interfaces, groups, private_dns } = row.kind
    else {
        return Ok(());
    };
    let groups = changed_groups(change, &row.vpc, groups, request)?;
    for gone in &request.remove_subnet_ids {
        let Some(at) = subnets.iter().position(|subnet| subnet == gone) else {
            return Err(invalid(format!("Subnet {gone} is not associated with {id}.")));
        };
        subnets.remove(at);
        let interface = interfaces.remove(at);
        change.network_interfaces.remove(&interface);
        change.forget_tags(&interface);
    }
    for new in
        request.add_subnet_ids.iter().filter(|new| !has(&subnets, new)).cloned().collect::<Vec<_>>()
    {
        interfaces.push(add(change, id, &row.vpc, &new, None, &groups, &subnets)?);
        subnets.push(new);
    }
    for interface in &interfaces {
        if let Some(interface) = change.network_interfaces.edit(interface) {
            interface.groups.clone_from(&groups);
        }
    }
    let wanted = request.private_dns_enabled.unwrap_or(private_dns);
    if wanted && !private_dns {
        may_have_names(change, id, &row.vpc, &row.service)?;
    }
    let row = change.vpc_endpoints.edit(id).ok_or_else(|| missing(id))?;
    row.kind = EndpointKind::Interface { subnets, interfaces, groups, private_dns: wanted };
    Ok(())
}

fn changed_groups(
    account: &Account,
    vpc: &str,
    mut groups: Vec<String>,
    request: &ec2::ModifyVpcEndpointRequest,
) -> Result<Vec<String>> {
    groups.extend(request.add_security_group_ids.iter().cloned());
    groups.retain(|group| !has(&request.remove_security_group_ids, group));
    if groups.is_empty() {
        return Err(invalid("A VPC endpoint must have at least one security group."));
    }
    security_groups::of_interface(account, vpc, &groups)
}

/// The interfaces go with the endpoint.
pub(super) fn remove(change: &mut Change<'_>, id: &str) {
    let owner = InterfaceOwner::VpcEndpoint(id.to_owned());
    let of_it = change.network_interfaces.values().filter(|interface| interface.owner == owner);
    let gone: Vec<String> = of_it.map(|interface| interface.id.clone()).collect();
    for interface in gone {
        change.network_interfaces.remove(&interface);
        change.forget_tags(&interface);
    }
}

/// The names that lead to an endpoint: one for all of it, one a zone, and the service's own.
pub(super) fn dns_entries(
    account: &Account,
    endpoint: &VpcEndpoint,
    subnets: &[String],
    private_dns: bool,
) -> Vec<ec2::DnsEntry> {
    let region = &account.identity.region;
    let service = services::label(&endpoint.service);
    let own = endpoint.id.trim_start_matches("vpce-");
    let hash = &own[own.len().saturating_sub(8)..];
    let domain = format!("{service}.{region}.vpce.amazonaws.com");
    let mut names = vec![format!("{}-{hash}.{domain}", endpoint.id)];
    for subnet in subnets.iter().filter_map(|id| account.subnets.get(id)) {
        let zone = zones::name_of(region, &subnet.az);
        names.push(format!("{}-{hash}-{zone}.{domain}", endpoint.id));
    }
    if private_dns {
        names.push(services::private_name(region, &endpoint.service));
    }
    let entry = |name| ec2::DnsEntry { dns_name: Some(name), hosted_zone_id: None };
    names.into_iter().map(entry).collect()
}
