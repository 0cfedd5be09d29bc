//! Subnets: CreateSubnet, CreateDefaultSubnet, DeleteSubnet, DescribeSubnets, ModifySubnetAttribute.

use ipnet::Ipv4Net;

use super::describe::Asked;
use super::filters::{self, Values};
use super::tags::{self, tag_new};
use super::vpc_cidrs::{overlap, parse_cidr};
use super::vpcs::vpc;
use super::{Action, actions, errors};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::vpcs::{LaunchNames, Subnet};
use crate::account::{default_vpc, zones};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    change CreateDefaultSubnet => create_default;
    change CreateSubnet => create;
    change DeleteSubnet => delete;
    read DescribeSubnets => describe;
    change ModifySubnetAttribute => modify;
};

/// The names of DescribeSubnets' filters, but for those of tags.
const FILTERS: &[&str] = &[
    "availability-zone",
    "availability-zone-id",
    "availabilityZone",
    "availabilityZoneId",
    "available-ip-address-count",
    "cidr",
    "cidr-block",
    "cidrBlock",
    "customer-owned-ipv4-pool",
    "default-for-az",
    "defaultForAz",
    "enable-dns64",
    "enable-lni-at-device-index",
    "ipv6-cidr-block-association.association-id",
    "ipv6-cidr-block-association.ipv6-cidr-block",
    "ipv6-cidr-block-association.state",
    "ipv6-native",
    "map-customer-owned-ip-on-launch",
    "map-public-ip-on-launch",
    "outpost-arn",
    "owner-id",
    "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
    "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
    "private-dns-name-options-on-launch.hostname-type",
    "state",
    "subnet-arn",
    "subnet-id",
    "vpc-id",
];

/// A subnet that has to be there.
///
/// # Errors
/// `InvalidSubnetID.NotFound`.
pub(super) fn subnet<'a>(account: &'a Account, id: &str) -> Result<&'a Subnet> {
    account.subnets.get(id).ok_or_else(|| missing(id))
}

fn missing(id: &str) -> AwsError {
    errors::not_found("InvalidSubnetID.NotFound", "subnet ID", id)
}

fn create(
    change: &mut Change<'_>,
    request: ec2::CreateSubnetRequest,
) -> Result<ec2::CreateSubnetResult> {
    errors::refuse(&[
        ("Ipv6CidrBlock", request.ipv6_cidr_block.is_some()),
        ("Ipv6Native", request.ipv6_native == Some(true)),
        ("OutpostArn", request.outpost_arn.is_some()),
        ("Ipv4IpamPoolId", request.ipv4_ipam_pool_id.is_some()),
        ("Ipv4NetmaskLength", request.ipv4_netmask_length.is_some()),
        ("Ipv6IpamPoolId", request.ipv6_ipam_pool_id.is_some()),
        ("Ipv6NetmaskLength", request.ipv6_netmask_length.is_some()),
    ])?;
    let vpc = vpc(change, &request.vpc_id)?.id.clone();
    let cidr = request.cidr_block.as_deref().ok_or_else(no_cidr)?;
    let cidr = free_cidr(change, &vpc, cidr)?;
    let (name, id) = (&request.availability_zone, &request.availability_zone_id);
    let az = zone(change, name.as_deref(), id.as_deref())?;
    within_quota(change, &vpc)?;
    let id = change.make_subnet(Subnet::new(vpc, az, cidr));
    tag_new(change, &id, "subnet", &request.tag_specifications)?;
    Ok(ec2::CreateSubnetResult { subnet: Some(shown(change, subnet(change, &id)?)) })
}

fn no_cidr() -> AwsError {
    let message = "Either 'cidrBlock' or 'ipv6CidrBlock' should be provided.";
    AwsError::new("MissingParameter", message)
}

fn within_quota(account: &Account, vpc: &str) -> Result<()> {
    let here = account.subnets.of(vpc).count();
    if here < account.rules.quotas.subnets {
        return Ok(());
    }
    Err(errors::over_quota("SubnetLimitExceeded", "subnets"))
}

/// A zone's default subnet, for one that was deleted.
fn create_default(
    change: &mut Change<'_>,
    request: ec2::CreateDefaultSubnetRequest,
) -> Result<ec2::CreateDefaultSubnetResult> {
    errors::refuse(&[("Ipv6Native", request.ipv6_native == Some(true))])?;
    let (name, id) = (&request.availability_zone, &request.availability_zone_id);
    if name.is_none() && id.is_none() {
        return Err(errors::missing("AvailabilityZone"));
    }
    let az = zone(change, name.as_deref(), id.as_deref())?;
    let default = change.vpcs.values().find(|vpc| vpc.default).map(|vpc| vpc.id.clone());
    let vpc = default.ok_or_else(|| {
        let message = "No default VPC exists for this account in this region.";
        AwsError::new("DefaultVpcDoesNotExist", message)
    })?;
    if let Some(there) = change.subnets.values().find(|row| row.default_for_az && row.az == az) {
        let name = zone_name(change, there);
        let message = format!("'{}' is already the default subnet in {name}.", there.id);
        return Err(AwsError::new("DefaultSubnetAlreadyExistsInAvailabilityZone", message));
    }
    within_quota(change, &vpc)?;
    let cidr = free_default_cidr(change, &vpc)?;
    let row = Subnet::new(vpc, az, cidr);
    let id = change.make_subnet(Subnet { map_public_ip: true, default_for_az: true, ..row });
    Ok(ec2::CreateDefaultSubnetResult { subnet: Some(shown(change, subnet(change, &id)?)) })
}

/// The first /20 of the default VPC that no subnet has a part of.
fn free_default_cidr(account: &Account, vpc: &str) -> Result<Ipv4Net> {
    let all = default_vpc::CIDR.parse::<Ipv4Net>().expect("a CIDR").subnets(20).expect("longer");
    let taken = |cidr: Ipv4Net| account.subnets.of(vpc).any(|s| overlap(s.cidr, cidr));
    all.into_iter().find(|cidr| !taken(*cidr)).ok_or_else(|| {
        let message = "The default VPC has no free block of the size /20.";
        AwsError::new("InsufficientCidrBlocks", message)
    })
}

/// A CIDR that a subnet of this VPC may have: /16 to /28, within the VPC's, and nobody else's.
fn free_cidr(account: &Account, vpc: &str, text: &str) -> Result<Ipv4Net> {
    let cidr = parse_cidr("cidrBlock", text)?;
    let within = |vpc: &crate::account::vpcs::Vpc| {
        vpc.cidrs.iter().any(|association| association.cidr.contains(&cidr))
    };
    let sized = (16..=28).contains(&cidr.prefix_len());
    if !sized || !account.vpcs.get(vpc).is_some_and(within) {
        let message = format!("The CIDR '{text}' is invalid.");
        return Err(AwsError::new("InvalidSubnet.Range", message));
    }
    let mut others = account.subnets.of(vpc);
    if others.any(|other| overlap(other.cidr, cidr)) {
        let message = format!("The CIDR '{text}' conflicts with another subnet");
        return Err(AwsError::new("InvalidSubnet.Conflict", message));
    }
    Ok(cidr)
}

/// The id of a zone that was asked for by name or by id; the Region's first one where none was.
fn zone(account: &Account, name: Option<&str>, id: Option<&str>) -> Result<String> {
    let zones = zones::zones(&account.identity.region);
    let found = match (name, id) {
        (Some(_), Some(_)) => {
            let message =
                "The parameters availabilityZone and availabilityZoneId cannot be used together.";
            return Err(errors::combination(message));
        }
        (Some(name), None) => zones.iter().find(|zone| zone.name == name),
        (None, Some(id)) => zones.iter().find(|zone| zone.id == id),
        (None, None) => zones.first(),
    };
    let no_such = || {
        let names: Vec<&str> = zones.iter().map(|zone| zone.name.as_str()).collect();
        let why = format!(
            "Subnets can currently only be created in the following availability zones: {}.",
            names.join(", ")
        );
        let parameter = if name.is_some() { "availabilityZone" } else { "availabilityZoneId" };
        errors::invalid(parameter, name.or(id).unwrap_or_default(), &why)
    };
    found.map(|zone| zone.id.clone()).ok_or_else(no_such)
}

fn delete(change: &mut Change<'_>, request: ec2::DeleteSubnetRequest) -> Result<()> {
    let id = subnet(change, &request.subnet_id)?.id.clone();
    let in_use = change.network_interfaces.of(&id).next().is_some();
    if in_use || is_attached(change, &id) {
        return Err(errors::dependency("subnet", &id));
    }
    let table = change
        .route_tables
        .values()
        .find(|table| table.associations.iter().any(|a| a.subnet.as_deref() == Some(&*id)))
        .map(|table| table.id.clone());
    if let Some(table) = table.and_then(|table| change.route_tables.edit(&table)) {
        table.associations.retain(|association| association.subnet.as_deref() != Some(&*id));
    }
    let acl = change
        .network_acls
        .values()
        .find(|acl| acl.associations.iter().any(|association| association.subnet == id))
        .map(|acl| acl.id.clone());
    if let Some(acl) = acl.and_then(|acl| change.network_acls.edit(&acl)) {
        acl.associations.retain(|association| association.subnet != id);
    }
    change.subnets.remove(&id);
    change.forget_tags(&id);
    Ok(())
}

/// Whether a transit gateway is attached by way of this subnet.
fn is_attached(account: &Account, id: &str) -> bool {
    use crate::account::transit::AttachmentKind;
    account.transit_gateway_attachments.values().any(|attachment| match &attachment.kind {
        AttachmentKind::Vpc { subnets, .. } => {
            attachment.state != "deleted" && subnets.iter().any(|subnet| subnet == id)
        }
        AttachmentKind::External { .. } => false,
    })
}

fn describe(
    account: &Account,
    request: ec2::DescribeSubnetsRequest,
) -> Result<ec2::DescribeSubnetsResult> {
    let asked = Asked::new(
        &request.subnet_ids,
        &request.filters,
        FILTERS,
        request.next_token.as_deref(),
        request.max_results,
    );
    let values = |subnet: &Subnet, name: &str| values(account, subnet, name);
    let (subnets, next_token) = asked.of(account, &account.subnets, missing, values)?;
    let subnets = subnets.into_iter().map(|subnet| shown(account, subnet)).collect();
    Ok(ec2::DescribeSubnetsResult { subnets, next_token })
}

fn values(account: &Account, subnet: &Subnet, name: &str) -> Values {
    match name {
        "availability-zone" | "availabilityZone" => filters::one(zone_name(account, subnet)),
        "availability-zone-id" | "availabilityZoneId" => filters::one(&subnet.az),
        "available-ip-address-count" => filters::one(account.available_addresses(&subnet.id)),
        "cidr" | "cidr-block" | "cidrBlock" => filters::one(subnet.cidr),
        "default-for-az" | "defaultForAz" => filters::one(subnet.default_for_az),
        "customer-owned-ipv4-pool" | "enable-lni-at-device-index" | "outpost-arn" => {
            filters::none()
        }
        "enable-dns64" | "ipv6-native" | "map-customer-owned-ip-on-launch" => filters::one(false),
        name if name.starts_with("ipv6-cidr") => filters::none(),
        "map-public-ip-on-launch" => filters::one(subnet.map_public_ip),
        "owner-id" => filters::one(&account.identity.account),
        "private-dns-name-options-on-launch.enable-resource-name-dns-a-record" => {
            filters::one(subnet.names.a_records)
        }
        "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record" => {
            filters::one(false)
        }
        "private-dns-name-options-on-launch.hostname-type" => {
            filters::one(hostname_type(subnet.names))
        }
        "state" => filters::one("available"),
        "subnet-arn" => filters::one(arn(account, subnet)),
        "subnet-id" => filters::one(&subnet.id),
        "vpc-id" => filters::one(&subnet.vpc),
        _ => None,
    }
}

fn modify(change: &mut Change<'_>, request: ec2::ModifySubnetAttributeRequest) -> Result<()> {
    let set = |value: &Option<ec2::AttributeBooleanValue>| {
        value.as_ref().is_some_and(|value| value.value == Some(true))
    };
    errors::refuse(&[
        ("AssignIpv6AddressOnCreation", set(&request.assign_ipv6_address_on_creation)),
        ("MapCustomerOwnedIpOnLaunch", set(&request.map_customer_owned_ip_on_launch)),
        ("CustomerOwnedIpv4Pool", request.customer_owned_ipv4_pool.is_some()),
        ("EnableDns64", set(&request.enable_dns64)),
        (
            "EnableResourceNameDnsAAAARecordOnLaunch",
            set(&request.enable_resource_name_dns_aaaa_record_on_launch),
        ),
        ("EnableLniAtDeviceIndex", request.enable_lni_at_device_index.is_some()),
    ])?;
    let id = subnet(change, &request.subnet_id)?.id.clone();
    let public = request.map_public_ip_on_launch.and_then(|value| value.value);
    let by_resource = match request.private_dns_hostname_type_on_launch.as_deref() {
        None => None,
        Some("ip-name") => Some(false),
        Some("resource-name") => Some(true),
        Some(other) => {
            let why = "It is ip-name or resource-name.";
            return Err(errors::invalid("privateDnsHostnameTypeOnLaunch", other, why));
        }
    };
    let a_records = request.enable_resource_name_dns_a_record_on_launch.and_then(|a| a.value);
    if let Some(subnet) = change.subnets.edit(&id) {
        subnet.map_public_ip = public.unwrap_or(subnet.map_public_ip);
        subnet.names.by_resource = by_resource.unwrap_or(subnet.names.by_resource);
        subnet.names.a_records = a_records.unwrap_or(subnet.names.a_records);
    }
    Ok(())
}

fn hostname_type(names: LaunchNames) -> &'static str {
    if names.by_resource { "resource-name" } else { "ip-name" }
}

fn zone_name(account: &Account, subnet: &Subnet) -> String {
    zones::name_of(&account.identity.region, &subnet.az)
}

fn arn(account: &Account, subnet: &Subnet) -> String {
    account.identity.arn("ec2", &format!("subnet/{}", subnet.id))
}

/// A subnet as answers have it.
fn shown(account: &Account, subnet: &Subnet) -> ec2::Subnet {
    let names = ec2::PrivateDnsNameOptionsOnLaunch {
        hostname_type: Some(hostname_type(subnet.names).to_owned()),
        enable_resource_name_dns_a_record: Some(subnet.names.a_records),
        enable_resource_name_dns_aaaa_record: Some(false),
    };
    ec2::Subnet {
        subnet_id: Some(subnet.id.clone()),
        subnet_arn: Some(arn(account, subnet)),
        vpc_id: Some(subnet.vpc.clone()),
        owner_id: Some(account.identity.account.clone()),
        state: Some("available".to_owned()),
        cidr_block: Some(subnet.cidr.to_string()),
        availability_zone: Some(zone_name(account, subnet)),
        availability_zone_id: Some(subnet.az.clone()),
        available_ip_address_count: i32::try_from(account.available_addresses(&subnet.id)).ok(),
        default_for_az: Some(subnet.default_for_az),
        map_public_ip_on_launch: Some(subnet.map_public_ip),
        assign_ipv6_address_on_creation: Some(false),
        map_customer_owned_ip_on_launch: Some(false),
        enable_dns64: Some(false),
        ipv6_native: Some(false),
        private_dns_name_options_on_launch: Some(names),
        tags: tags::shown(account, &subnet.id),
        ..Default::default()
    }
}
