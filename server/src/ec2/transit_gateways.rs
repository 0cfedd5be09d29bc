//! Transit gateways: Create, Modify, Delete, Describe, and how what belongs to them comes and goes.
//! Attachments, route tables and routes have files of their own beside this one.

use std::time::Duration;

use super::describe::Asked;
use super::filters::{self, Values};
use super::tags::{self, tag_new};
use super::{Action, actions, errors, transit_attachments, transit_route_tables};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::timers::Due;
use crate::account::transit::{TransitGateway, TransitGatewayOptions};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    change CreateTransitGateway => create;
    change ModifyTransitGateway => modify;
    change DeleteTransitGateway => delete;
    read DescribeTransitGateways => describe;
};

const FILTERS: &[&str] = &[
    "options.propagation-default-route-table-id",
    "options.amazon-side-asn",
    "options.association-default-route-table-id",
    "options.auto-accept-shared-attachments",
    "options.default-route-table-association",
    "options.default-route-table-propagation",
    "options.dns-support",
    "options.vpn-ecmp-support",
    "owner-id",
    "state",
    "transit-gateway-id",
];

/// How long what was deleted is shown.
const SHOWN: Duration = Duration::from_secs(60 * 60);
/// Transit gateways that an account may have.
const MOST: usize = 5;

/// A transit gateway that has to be there.
///
/// # Errors
/// `InvalidTransitGatewayID.NotFound`.
pub(super) fn gateway<'a>(account: &'a Account, id: &str) -> Result<&'a TransitGateway> {
    account.transit_gateways.get(id).ok_or_else(|| missing(id))
}

/// One that also works.
///
/// # Errors
/// As [`gateway`], and `IncorrectState`.
pub(super) fn available<'a>(account: &'a Account, id: &str) -> Result<&'a TransitGateway> {
    let gateway = gateway(account, id)?;
    if gateway.state == "deleted" {
        return Err(missing(id));
    }
    in_state("available", &gateway.state, id)?;
    Ok(gateway)
}

fn missing(id: &str) -> AwsError {
    gone("InvalidTransitGatewayID.NotFound", "Transit Gateway", id)
}

/// What the transit gateway API says of what is not there.
pub(super) fn gone(code: &'static str, what: &str, id: &str) -> AwsError {
    AwsError::new(code, format!("{what} {id} was deleted or does not exist."))
}

/// Refuses what is in another state than this.
///
/// # Errors
/// `IncorrectState`.
pub(super) fn in_state(wanted: &str, state: &str, id: &str) -> Result<()> {
    if state == wanted {
        return Ok(());
    }
    let message = format!("{id} is in invalid state");
    Err(AwsError::new("IncorrectState", message))
}

/// `enable` or `disable`, as the API says yes and no.
pub(super) fn word(enabled: bool) -> Option<String> {
    Some(if enabled { "enable" } else { "disable" }.to_owned())
}

/// What a request says by these words; `usual` where it says nothing.
///
/// # Errors
/// `InvalidParameterValue` for other words.
pub(super) fn enabled(parameter: &str, said: Option<&str>, usual: bool) -> Result<bool> {
    match said {
        None => Ok(usual),
        Some("enable") => Ok(true),
        Some("disable") => Ok(false),
        Some(other) => Err(errors::invalid(parameter, other, "It is enable or disable.")),
    }
}

fn create(
    change: &mut Change<'_>,
    request: ec2::CreateTransitGatewayRequest,
) -> Result<ec2::CreateTransitGatewayResult> {
    let lives = |gateway: &&TransitGateway| gateway.state != "deleted";
    if change.transit_gateways.values().filter(lives).count() >= MOST {
        return Err(errors::over_quota("TransitGatewayLimitExceeded", "transit gateways"));
    }
    let said = request.options.unwrap_or_default();
    let multicast = enabled("MulticastSupport", said.multicast_support.as_deref(), false)?;
    let ecmp = enabled("VpnEcmpSupport", said.vpn_ecmp_support.as_deref(), true)?;
    errors::refuse(&[
        ("Options.MulticastSupport", multicast),
        ("Options.VpnEcmpSupport=disable", !ecmp),
        ("Options.TransitGatewayCidrBlocks", !said.transit_gateway_cidr_blocks.is_empty()),
    ])?;
    let associates = enabled(
        "DefaultRouteTableAssociation",
        said.default_route_table_association.as_deref(),
        true,
    )?;
    let propagates = enabled(
        "DefaultRouteTablePropagation",
        said.default_route_table_propagation.as_deref(),
        true,
    )?;
    let id = change.ids.next("tgw");
    // One table serves as both.
    let table = (associates || propagates).then(|| transit_route_tables::make(change, &id));
    let shares = said.auto_accept_shared_attachments.as_deref();
    let references = said.security_group_referencing_support.as_deref();
    let options = TransitGatewayOptions {
        asn: asn(said.amazon_side_asn)?,
        auto_accept: enabled("AutoAcceptSharedAttachments", shares, false)?,
        association_table: table.clone().filter(|_| associates),
        propagation_table: table.filter(|_| propagates),
        sg_referencing: enabled("SecurityGroupReferencingSupport", references, false)?,
        dns_support: enabled("DnsSupport", said.dns_support.as_deref(), true)?,
    };
    let row = TransitGateway {
        id: id.clone(),
        description: request.description.unwrap_or_default(),
        state: "pending".to_owned(),
        options,
        created: change.now,
    };
    change.transit_gateways.insert(id.as_str(), row);
    come_to_an_end(change, &id, "pending");
    tag_new(change, &id, "transit-gateway", &request.tag_specifications)?;
    let transit_gateway = Some(shown(change, gateway(change, &id)?));
    Ok(ec2::CreateTransitGatewayResult { transit_gateway })
}

/// A private ASN: 64512 to 65534, or 4200000000 to 4294967294.
fn asn(said: Option<i64>) -> Result<i64> {
    match said.unwrap_or(64_512) {
        asn @ (64_512..=65_534 | 4_200_000_000..=4_294_967_294) => Ok(asn),
        other => {
            let why = "It is 64512 to 65534 or 4200000000 to 4294967294.";
            Err(errors::invalid("AmazonSideAsn", &other.to_string(), why))
        }
    }
}

/// The state that something of a transit gateway is in now comes to an end by itself.
pub(super) fn come_to_an_end(change: &mut Change<'_>, id: &str, state: &str) {
    let time = match state {
        "pending" | "deleting" => change.rules.operation_time,
        "deleted" | "rejected" => SHOWN,
        _ => return,
    };
    change.schedule(change.now + time, Due::Transit(id.to_owned(), state.to_owned()));
}

/// The next state, if it is still in the one that has come to its end.
pub(crate) fn go_on(change: &mut Change<'_>, id: &str, ended: &str) {
    if state(change, id).as_deref() != Some(ended) {
        return;
    }
    match ended {
        "pending" => enter(change, id, "available"),
        "deleting" => {
            transit_attachments::remove_interfaces(change, id);
            enter(change, id, "deleted");
        }
        _ => forget(change, id),
    }
}

fn state(account: &Account, id: &str) -> Option<String> {
    let gateway = account.transit_gateways.get(id).map(|row| &row.state);
    let attachment = account.transit_gateway_attachments.get(id).map(|row| &row.state);
    let table = account.transit_gateway_route_tables.get(id).map(|row| &row.state);
    gateway.or(attachment).or(table).cloned()
}

/// A transit gateway, an attachment or a route table of one enters a state.
pub(super) fn enter(change: &mut Change<'_>, id: &str, state: &str) {
    if let Some(row) = change.transit_gateways.edit(id) {
        row.state = state.to_owned();
    } else if let Some(row) = change.transit_gateway_attachments.edit(id) {
        row.state = state.to_owned();
    } else if let Some(row) = change.transit_gateway_route_tables.edit(id) {
        row.state = state.to_owned();
    }
    come_to_an_end(change, id, state);
}

fn forget(change: &mut Change<'_>, id: &str) {
    change.transit_gateways.remove(id);
    change.transit_gateway_attachments.remove(id);
    change.transit_gateway_route_tables.remove(id);
    change.forget_tags(id);
}

fn modify(
    change: &mut Change<'_>,
    request: ec2::ModifyTransitGatewayRequest,
) -> Result<ec2::ModifyTransitGatewayResult> {
    let row = available(change, &request.transit_gateway_id)?;
    let (id, mut options) = (row.id.clone(), row.options.clone());
    if let Some(said) = &request.options {
        modify_options(change, &id, &mut options, said)?;
    }
    let row = change.transit_gateways.edit(&id).ok_or_else(|| missing(&id))?;
    row.options = options;
    row.description = request.description.unwrap_or_else(|| row.description.clone());
    let transit_gateway = Some(shown(change, gateway(change, &id)?));
    Ok(ec2::ModifyTransitGatewayResult { transit_gateway })
}

fn modify_options(
    account: &Account,
    id: &str,
    options: &mut TransitGatewayOptions,
    said: &ec2::ModifyTransitGatewayOptions,
) -> Result<()> {
    let ecmp = enabled("VpnEcmpSupport", said.vpn_ecmp_support.as_deref(), true)?;
    errors::refuse(&[
        ("Options.AddTransitGatewayCidrBlocks", !said.add_transit_gateway_cidr_blocks.is_empty()),
        (
            "Options.RemoveTransitGatewayCidrBlocks",
            !said.remove_transit_gateway_cidr_blocks.is_empty(),
        ),
        ("Options.VpnEcmpSupport=disable", !ecmp),
        ("Options.EncryptionSupport", said.encryption_support.is_some()),
    ])?;
    options.asn = asn(said.amazon_side_asn.or(Some(options.asn)))?;
    let word = said.auto_accept_shared_attachments.as_deref();
    options.auto_accept = enabled("AutoAcceptSharedAttachments", word, options.auto_accept)?;
    let word = said.security_group_referencing_support.as_deref();
    options.sg_referencing =
        enabled("SecurityGroupReferencingSupport", word, options.sg_referencing)?;
    options.dns_support = enabled("DnsSupport", said.dns_support.as_deref(), options.dns_support)?;
    default_table(
        account,
        id,
        &mut options.association_table,
        said.default_route_table_association.as_deref(),
        said.association_default_route_table_id.as_deref(),
    )?;
    default_table(
        account,
        id,
        &mut options.propagation_table,
        said.default_route_table_propagation.as_deref(),
        said.propagation_default_route_table_id.as_deref(),
    )
}

/// Changes which table attachments get by default.
fn default_table(
    account: &Account,
    gateway: &str,
    table: &mut Option<String>,
    word: Option<&str>,
    id: Option<&str>,
) -> Result<()> {
    if let Some(id) = id {
        let row = transit_route_tables::available(account, id)?;
        if row.gateway != gateway {
            let message = format!("{id} is not a route table of {gateway}.");
            return Err(AwsError::new("InvalidParameterValue", message));
        }
        *table = Some(row.id.clone());
    }
    match enabled("DefaultRouteTable", word, table.is_some())? {
        false => *table = None,
        true if table.is_none() => {
            return Err(errors::missing("DefaultRouteTableId"));
        }
        true => {}
    }
    Ok(())
}

/// Its route tables go with it; what is attached has to be gone.
fn delete(
    change: &mut Change<'_>,
    request: ec2::DeleteTransitGatewayRequest,
) -> Result<ec2::DeleteTransitGatewayResult> {
    let id = available(change, &request.transit_gateway_id)?.id.clone();
    let attached: Vec<String> = change
        .transit_gateway_attachments
        .values()
        .filter(|row| row.gateway == id && !matches!(row.state.as_str(), "deleted" | "rejected"))
        .map(|row| row.id.clone())
        .collect();
    if !attached.is_empty() {
        let attached = attached.join(", ");
        let message = format!("{id} has non-deleted VPC Attachments: {attached}.");
        return Err(AwsError::new("IncorrectState", message));
    }
    let tables: Vec<String> = change
        .transit_gateway_route_tables
        .values()
        .filter(|table| {
            table.gateway == id && matches!(table.state.as_str(), "pending" | "available")
        })
        .map(|table| table.id.clone())
        .collect();
    for table in tables {
        enter(change, &table, "deleting");
    }
    enter(change, &id, "deleting");
    let transit_gateway = Some(shown(change, gateway(change, &id)?));
    Ok(ec2::DeleteTransitGatewayResult { transit_gateway })
}

fn describe(
    account: &Account,
    request: ec2::DescribeTransitGatewaysRequest,
) -> Result<ec2::DescribeTransitGatewaysResult> {
    let token = request.next_token.as_deref();
    let ids = &request.transit_gateway_ids;
    let asked = Asked::new(ids, &request.filters, FILTERS, token, request.max_results);
    let (gateways, next_token) =
        asked.of(account, &account.transit_gateways, missing, |gateway, name| {
            values(account, gateway, name)
        })?;
    let transit_gateways = gateways.into_iter().map(|gateway| shown(account, gateway)).collect();
    Ok(ec2::DescribeTransitGatewaysResult { transit_gateways, next_token })
}

fn values(account: &Account, gateway: &TransitGateway, name: &str) -> Values {
    let options = &gateway.options;
    match name {
        "options.propagation-default-route-table-id" => filters::many(&options.propagation_table),
        "options.amazon-side-asn" => filters::one(options.asn),
        "options.association-default-route-table-id" => filters::many(&options.association_table),
        "options.auto-accept-shared-attachments" => filters::many(word(options.auto_accept)),
        "options.default-route-table-association" => {
            filters::many(word(options.association_table.is_some()))
        }
        "options.default-route-table-propagation" => {
            filters::many(word(options.propagation_table.is_some()))
        }
        "options.dns-support" => filters::many(word(options.dns_support)),
        "options.vpn-ecmp-support" => filters::many(word(true)),
        "owner-id" => filters::one(&account.identity.account),
        "state" => filters::one(&gateway.state),
        "transit-gateway-id" => filters::one(&gateway.id),
        _ => None,
    }
}

/// A transit gateway as answers have it.
fn shown(account: &Account, gateway: &TransitGateway) -> ec2::TransitGateway {
    let options = &gateway.options;
    let resource = format!("transit-gateway/{}", gateway.id);
    ec2::TransitGateway {
        transit_gateway_id: Some(gateway.id.clone()),
        transit_gateway_arn: Some(account.identity.arn("ec2", &resource)),
        state: Some(gateway.state.clone()),
        owner_id: Some(account.identity.account.clone()),
        description: Some(gateway.description.clone()),
        creation_time: Some(gateway.created.into()),
        options: Some(ec2::TransitGatewayOptions {
            amazon_side_asn: Some(options.asn),
            auto_accept_shared_attachments: word(options.auto_accept),
            default_route_table_association: word(options.association_table.is_some()),
            association_default_route_table_id: options.association_table.clone(),
            default_route_table_propagation: word(options.propagation_table.is_some()),
            propagation_default_route_table_id: options.propagation_table.clone(),
            vpn_ecmp_support: word(true),
            dns_support: word(options.dns_support),
            security_group_referencing_support: word(options.sg_referencing),
            multicast_support: word(false),
            ..Default::default()
        }),
        tags: tags::shown(account, &gateway.id),
    }
}
