//! What is attached to transit gateways: VPCs, by one subnet in each zone that they send from.

use super::describe::Asked;
use super::filters::{self, Values};
use super::subnets::subnet;
use super::tags::{self, tag_new};
use super::transit_gateways::{self, enabled, enter, gone, in_state, word};
use super::{Action, actions, errors, vpcs};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::interfaces::{InterfaceOwner, NetworkInterface};
use crate::account::transit::{Attachment, AttachmentKind};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    change CreateTransitGatewayVpcAttachment => create;
    change ModifyTransitGatewayVpcAttachment => modify;
    change DeleteTransitGatewayVpcAttachment => delete;
    change AcceptTransitGatewayVpcAttachment => accept;
    change RejectTransitGatewayVpcAttachment => reject;
    read DescribeTransitGatewayAttachments => describe;
    read DescribeTransitGatewayVpcAttachments => describe_vpcs;
};

/// An attachment that has to be there.
///
/// # Errors
/// `InvalidTransitGatewayAttachmentID.NotFound`.
pub(super) fn attachment<'a>(account: &'a Account, id: &str) -> Result<&'a Attachment> {
    account.transit_gateway_attachments.get(id).ok_or_else(|| missing(id))
}

/// One that also works.
///
/// # Errors
/// As [`attachment`], and `IncorrectState`.
pub(super) fn available<'a>(account: &'a Account, id: &str) -> Result<&'a Attachment> {
    let attachment = attachment(account, id)?;
    if attachment.state == "deleted" {
        return Err(missing(id));
    }
    in_state("available", &attachment.state, id)?;
    Ok(attachment)
}

fn missing(id: &str) -> AwsError {
    gone("InvalidTransitGatewayAttachmentID.NotFound", "Transit Gateway Attachment", id)
}

fn create(
    change: &mut Change<'_>,
    request: ec2::CreateTransitGatewayVpcAttachmentRequest,
) -> Result<ec2::CreateTransitGatewayVpcAttachmentResult> {
    let gateway = transit_gateways::available(change, &request.transit_gateway_id)?;
    let (gateway, options) = (gateway.id.clone(), gateway.options.clone());
    let vpc = vpcs::vpc(change, &request.vpc_id)?.id.clone();
    let said = request.options.unwrap_or_default();
    check_options(
        options.sg_referencing,
        said.dns_support.as_deref(),
        said.security_group_referencing_support.as_deref(),
        said.ipv6_support.as_deref(),
        said.appliance_mode_support.as_deref(),
    )?;
    not_yet(change, &gateway, &vpc)?;
    if request.subnet_ids.is_empty() {
        return Err(errors::missing("SubnetIds"));
    }
    let id = change.ids.next("tgw-attach");
    let mut subnets = Vec::new();
    for new in &request.subnet_ids {
        add_subnet(change, &id, &vpc, new, &mut subnets)?;
    }
    let row = Attachment {
        id: id.clone(),
        gateway,
        state: "pending".to_owned(),
        kind: AttachmentKind::Vpc { vpc, subnets },
        created: change.now,
    };
    change.transit_gateway_attachments.insert(id.as_str(), row);
    let table = |table: Option<String>| table.unwrap_or_default();
    if let Some(row) = change.transit_gateway_route_tables.edit(&table(options.association_table)) {
        row.associations.push(id.clone());
    }
    if let Some(row) = change.transit_gateway_route_tables.edit(&table(options.propagation_table)) {
        row.propagations.push(id.clone());
    }
    transit_gateways::come_to_an_end(change, &id, "pending");
    tag_new(change, &id, "transit-gateway-attachment", &request.tag_specifications)?;
    let transit_gateway_vpc_attachment = shown_vpc(change, attachment(change, &id)?);
    Ok(ec2::CreateTransitGatewayVpcAttachmentResult { transit_gateway_vpc_attachment })
}

/// What an attachment cannot be told apart from its gateway.
fn check_options(
    sg_referencing: bool,
    dns: Option<&str>,
    references: Option<&str>,
    ipv6: Option<&str>,
    appliance: Option<&str>,
) -> Result<()> {
    let dns = enabled("DnsSupport", dns, true)?;
    let references = enabled("SecurityGroupReferencingSupport", references, sg_referencing)?;
    let ipv6 = enabled("Ipv6Support", ipv6, false)?;
    let appliance = enabled("ApplianceModeSupport", appliance, false)?;
    errors::refuse(&[
        ("Options.DnsSupport=disable", !dns),
        (
            "Options.SecurityGroupReferencingSupport other than the transit gateway's",
            references != sg_referencing,
        ),
        ("Options.Ipv6Support", ipv6),
        ("Options.ApplianceModeSupport", appliance),
    ])
}

fn not_yet(account: &Account, gateway: &str, vpc: &str) -> Result<()> {
    let attached = |row: &Attachment| {
        let same = matches!(&row.kind, AttachmentKind::Vpc { vpc: of, .. } if of == vpc);
        row.gateway == gateway && same && !matches!(row.state.as_str(), "deleted" | "rejected")
    };
    if account.transit_gateway_attachments.values().any(attached) {
        let message =
            format!("{gateway} has non-deleted Transit Gateway Attachments with same VPC ID.");
        return Err(AwsError::new("DuplicateTransitGatewayAttachment", message));
    }
    Ok(())
}

/// Adds a subnet, and the interface that the transit gateway has there.
fn add_subnet(
    change: &mut Change<'_>,
    attachment: &str,
    vpc: &str,
    id: &str,
    subnets: &mut Vec<String>,
) -> Result<()> {
    let row = subnet(change, id)?;
    if row.vpc != vpc {
        let message = format!("Subnet {id} does not belong to the VPC {vpc}.");
        return Err(AwsError::new("InvalidParameterValue", message));
    }
    let az = row.az.clone();
    let same = |other: &String| change.subnets.get(other).is_some_and(|other| other.az == az);
    if subnets.iter().any(same) {
        let message = "Duplicate Subnets for same AZ";
        return Err(AwsError::new("DuplicateSubnetsInSameZone", message));
    }
    let address = change.free_address(id).ok_or_else(|| {
        let message = format!("The subnet {id} has no free address for the attachment.");
        AwsError::new("InsufficientFreeAddressesInSubnet", message)
    })?;
    let interface = change.ids.next("eni");
    let row = NetworkInterface {
        id: interface.clone(),
        vpc: vpc.to_owned(),
        subnet: id.to_owned(),
        addresses: vec![address],
        groups: Vec::new(),
        source_dest_check: true,
        description: format!("Network Interface for Transit Gateway Attachment {attachment}"),
        owner: InterfaceOwner::TransitGatewayAttachment(attachment.to_owned()),
        created: change.now,
    };
    change.network_interfaces.insert(interface, row);
    subnets.push(id.to_owned());
    Ok(())
}

/// The interfaces of an attachment go with it.
pub(super) fn remove_interfaces(change: &mut Change<'_>, attachment: &str) {
    remove_interfaces_in(change, attachment, |_| true);
}

fn remove_interfaces_in(
    change: &mut Change<'_>,
    attachment: &str,
    goes: impl Fn(&NetworkInterface) -> bool,
) {
    let owner = InterfaceOwner::TransitGatewayAttachment(attachment.to_owned());
    let of_it = change.network_interfaces.values().filter(|row| row.owner == owner && goes(row));
    let gone: Vec<String> = of_it.map(|row| row.id.clone()).collect();
    for interface in gone {
        change.network_interfaces.remove(&interface);
        change.forget_tags(&interface);
    }
}

fn modify(
    change: &mut Change<'_>,
    request: ec2::ModifyTransitGatewayVpcAttachmentRequest,
) -> Result<ec2::ModifyTransitGatewayVpcAttachmentResult> {
    let row = available(change, &request.transit_gateway_attachment_id)?.clone();
    let said = request.options.unwrap_or_default();
    let gateway = transit_gateways::gateway(change, &row.gateway)?;
    check_options(
        gateway.options.sg_referencing,
        said.dns_support.as_deref(),
        said.security_group_referencing_support.as_deref(),
        said.ipv6_support.as_deref(),
        said.appliance_mode_support.as_deref(),
    )?;
    let AttachmentKind::Vpc { vpc, mut subnets } = row.kind else { return Err(missing(&row.id)) };
    for old in &request.remove_subnet_ids {
        if !subnets.contains(old) {
            let message = format!("Subnet {old} is not associated with {}.", row.id);
            return Err(AwsError::new("InvalidParameterValue", message));
        }
        subnets.retain(|subnet| subnet != old);
        remove_interfaces_in(change, &row.id, |interface| interface.subnet == *old);
    }
    for new in &request.add_subnet_ids {
        add_subnet(change, &row.id, &vpc, new, &mut subnets)?;
    }
    if subnets.is_empty() {
        let message = format!("{} must have at least one subnet.", row.id);
        return Err(AwsError::new("InvalidParameterValue", message));
    }
    let id = row.id;
    if let Some(row) = change.transit_gateway_attachments.edit(&id) {
        row.kind = AttachmentKind::Vpc { vpc, subnets };
    }
    let transit_gateway_vpc_attachment = shown_vpc(change, attachment(change, &id)?);
    Ok(ec2::ModifyTransitGatewayVpcAttachmentResult { transit_gateway_vpc_attachment })
}

/// Static routes that lead to it become blackholes; what it told is forgotten.
fn delete(
    change: &mut Change<'_>,
    request: ec2::DeleteTransitGatewayVpcAttachmentRequest,
) -> Result<ec2::DeleteTransitGatewayVpcAttachmentResult> {
    let id = available(change, &request.transit_gateway_attachment_id)?.id.clone();
    let tables: Vec<String> = change
        .transit_gateway_route_tables
        .values()
        .filter(|table| table.associations.contains(&id) || table.propagations.contains(&id))
        .map(|table| table.id.clone())
        .collect();
    for table in tables {
        if let Some(table) = change.transit_gateway_route_tables.edit(&table) {
            table.associations.retain(|other| *other != id);
            table.propagations.retain(|other| *other != id);
        }
    }
    enter(change, &id, "deleting");
    let transit_gateway_vpc_attachment = shown_vpc(change, attachment(change, &id)?);
    Ok(ec2::DeleteTransitGatewayVpcAttachmentResult { transit_gateway_vpc_attachment })
}

/// Attachments of the gateway's own account need nobody's consent: there is nothing to accept.
fn accept(
    change: &mut Change<'_>,
    request: ec2::AcceptTransitGatewayVpcAttachmentRequest,
) -> Result<ec2::AcceptTransitGatewayVpcAttachmentResult> {
    let row = attachment(change, &request.transit_gateway_attachment_id)?;
    let id = row.id.clone();
    in_state("pendingAcceptance", &row.state, &id)?;
    enter(change, &id, "pending");
    let transit_gateway_vpc_attachment = shown_vpc(change, attachment(change, &id)?);
    Ok(ec2::AcceptTransitGatewayVpcAttachmentResult { transit_gateway_vpc_attachment })
}

fn reject(
    change: &mut Change<'_>,
    request: ec2::RejectTransitGatewayVpcAttachmentRequest,
) -> Result<ec2::RejectTransitGatewayVpcAttachmentResult> {
    let row = attachment(change, &request.transit_gateway_attachment_id)?;
    let id = row.id.clone();
    in_state("pendingAcceptance", &row.state, &id)?;
    enter(change, &id, "rejected");
    let transit_gateway_vpc_attachment = shown_vpc(change, attachment(change, &id)?);
    Ok(ec2::RejectTransitGatewayVpcAttachmentResult { transit_gateway_vpc_attachment })
}

fn describe(
    account: &Account,
    request: ec2::DescribeTransitGatewayAttachmentsRequest,
) -> Result<ec2::DescribeTransitGatewayAttachmentsResult> {
    const FILTERS: &[&str] = &[
        "association.state",
        "association.transit-gateway-route-table-id",
        "resource-id",
        "resource-owner-id",
        "resource-type",
        "state",
        "transit-gateway-attachment-id",
        "transit-gateway-id",
        "transit-gateway-owner-id",
    ];
    let token = request.next_token.as_deref();
    let ids = &request.transit_gateway_attachment_ids;
    let asked = Asked::new(ids, &request.filters, FILTERS, token, request.max_results);
    let (attachments, next_token) =
        asked.of(account, &account.transit_gateway_attachments, missing, |row, name| {
            values(account, row, name)
        })?;
    let transit_gateway_attachments =
        attachments.into_iter().map(|row| shown(account, row)).collect();
    Ok(ec2::DescribeTransitGatewayAttachmentsResult { transit_gateway_attachments, next_token })
}

fn describe_vpcs(
    account: &Account,
    request: ec2::DescribeTransitGatewayVpcAttachmentsRequest,
) -> Result<ec2::DescribeTransitGatewayVpcAttachmentsResult> {
    const FILTERS: &[&str] =
        &["state", "transit-gateway-attachment-id", "transit-gateway-id", "vpc-id"];
    let token = request.next_token.as_deref();
    let ids = &request.transit_gateway_attachment_ids;
    // Of what is attached, only VPCs have one: the others are left out by that.
    let mut vpcs_alone = request.filters;
    if !vpcs_alone.iter().any(|filter| filter.name.as_deref() == Some("vpc-id")) {
        let (name, values) = (Some("vpc-id".to_owned()), vec!["*".to_owned()]);
        vpcs_alone.push(ec2::Filter { name, values });
    }
    let asked = Asked::new(ids, &vpcs_alone, FILTERS, token, request.max_results);
    let (attachments, next_token) =
        asked.of(account, &account.transit_gateway_attachments, missing, |row, name| {
            values(account, row, name)
        })?;
    let transit_gateway_vpc_attachments =
        attachments.into_iter().filter_map(|row| shown_vpc(account, row)).collect();
    Ok(ec2::DescribeTransitGatewayVpcAttachmentsResult {
        transit_gateway_vpc_attachments,
        next_token,
    })
}

fn values(account: &Account, row: &Attachment, name: &str) -> Values {
    let table = associated_with(account, &row.id);
    match name {
        "association.state" => filters::many(table.map(|_| "associated")),
        "association.transit-gateway-route-table-id" => filters::many(table),
        "resource-id" => filters::one(resource(row).0),
        "resource-owner-id" | "transit-gateway-owner-id" => filters::one(&account.identity.account),
        "resource-type" => filters::one(resource(row).1),
        "state" => filters::one(&row.state),
        "transit-gateway-attachment-id" => filters::one(&row.id),
        "transit-gateway-id" => filters::one(&row.gateway),
        "vpc-id" => match &row.kind {
            AttachmentKind::Vpc { vpc, .. } => filters::one(vpc),
            AttachmentKind::External { .. } => filters::many::<String>([]),
        },
        _ => None,
    }
}

/// The table that routes an attachment's packets.
pub(super) fn associated_with<'a>(account: &'a Account, id: &str) -> Option<&'a str> {
    let mut tables = account.transit_gateway_route_tables.values();
    let table = tables.find(|table| table.associations.iter().any(|other| other == id));
    table.map(|table| table.id.as_str())
}

/// The id and the type of what is attached. A network outside of the account comes by a VPN.
pub(super) fn resource(row: &Attachment) -> (&str, &'static str) {
    match &row.kind {
        AttachmentKind::Vpc { vpc, .. } => (vpc, "vpc"),
        AttachmentKind::External { .. } => (&row.id, "vpn"),
    }
}

fn shown(account: &Account, row: &Attachment) -> ec2::TransitGatewayAttachment {
    let (resource_id, resource_type) = resource(row);
    let owner = Some(account.identity.account.clone());
    let association = associated_with(account, &row.id);
    ec2::TransitGatewayAttachment {
        transit_gateway_attachment_id: Some(row.id.clone()),
        transit_gateway_id: Some(row.gateway.clone()),
        transit_gateway_owner_id: owner.clone(),
        resource_owner_id: owner,
        resource_type: Some(resource_type.to_owned()),
        resource_id: Some(resource_id.to_owned()),
        state: Some(row.state.clone()),
        association: association.map(|table| ec2::TransitGatewayAttachmentAssociation {
            transit_gateway_route_table_id: Some(table.to_owned()),
            state: Some("associated".to_owned()),
            ..Default::default()
        }),
        creation_time: Some(row.created.into()),
        tags: tags::shown(account, &row.id),
        nat_gateway_support: None,
    }
}

fn shown_vpc(account: &Account, row: &Attachment) -> Option<ec2::TransitGatewayVpcAttachment> {
    let AttachmentKind::Vpc { vpc, subnets } = &row.kind else { return None };
    let gateway = account.transit_gateways.get(&row.gateway);
    let references = gateway.is_some_and(|gateway| gateway.options.sg_referencing);
    Some(ec2::TransitGatewayVpcAttachment {
        transit_gateway_attachment_id: Some(row.id.clone()),
        transit_gateway_id: Some(row.gateway.clone()),
        vpc_id: Some(vpc.clone()),
        vpc_owner_id: Some(account.identity.account.clone()),
        state: Some(row.state.clone()),
        subnet_ids: subnets.clone(),
        creation_time: Some(row.created.into()),
        options: Some(ec2::TransitGatewayVpcAttachmentOptions {
            dns_support: word(true),
            security_group_referencing_support: word(references),
            ipv6_support: word(false),
            appliance_mode_support: word(false),
        }),
        tags: tags::shown(account, &row.id),
    })
}
