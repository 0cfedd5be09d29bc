//! VPC peering connections: Create, Accept, Reject, Delete, Describe, and their options. Both VPCs are
//! of this account and Region.

use std::time::Duration;

use ipnet::Ipv4Net;

use super::describe::Asked;
use super::filters::{self, Values};
use super::tags::{self, tag_new};
use super::{Action, actions, errors, vpcs};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::peerings::{Peering, PeeringDns};
use crate::account::timers::Due;
use crate::error::{AwsError, Result};
use crate::protocol::time::Iso8601;
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    change CreateVpcPeeringConnection => create;
    change AcceptVpcPeeringConnection => accept;
    change RejectVpcPeeringConnection => reject;
    change DeleteVpcPeeringConnection => delete;
    change ModifyVpcPeeringConnectionOptions => modify;
    read DescribeVpcPeeringConnections => describe;
};

const FILTERS: &[&str] = &[
    "accepter-vpc-info.cidr-block",
    "accepter-vpc-info.owner-id",
    "accepter-vpc-info.vpc-id",
    "expiration-time",
    "requester-vpc-info.cidr-block",
    "requester-vpc-info.owner-id",
    "requester-vpc-info.vpc-id",
    "status-code",
    "status-message",
    "vpc-peering-connection-id",
];

/// How long a request waits for somebody to accept it (VPC quotas: 168 hours).
const PATIENCE: Duration = Duration::from_secs(168 * 60 * 60);
/// How long one that has come to nothing is shown.
const SHOWN: Duration = Duration::from_secs(60 * 60);
/// Peering connections that a VPC may have.
const MOST: usize = 50;

/// A peering connection that has to be there.
///
/// # Errors
/// `InvalidVpcPeeringConnectionID.NotFound`.
pub(super) fn peering<'a>(account: &'a Account, id: &str) -> Result<&'a Peering> {
    account.peerings.get(id).ok_or_else(|| missing(id))
}

fn missing(id: &str) -> AwsError {
    errors::not_found("InvalidVpcPeeringConnectionID.NotFound", "vpcPeeringConnection ID", id)
}

fn create(
    change: &mut Change<'_>,
    request: ec2::CreateVpcPeeringConnectionRequest,
) -> Result<ec2::CreateVpcPeeringConnectionResult> {
    let identity = &change.identity;
    let other_owner = request.peer_owner_id.as_ref().is_some_and(|id| *id != identity.account);
    let other_region = request.peer_region.as_ref().is_some_and(|name| *name != identity.region);
    errors::refuse(&[
        ("PeerOwnerId of another account", other_owner),
        ("PeerRegion of another Region", other_region),
        (
            "RequesterPeeringConnectionOptions",
            request.requester_peering_connection_options.is_some(),
        ),
    ])?;
    let requester = vpcs::vpc(change, &request.vpc_id)?.id.clone();
    let accepter = request.peer_vpc_id.ok_or_else(|| errors::missing("peerVpcId"))?;
    if requester == accepter {
        return Err(errors::invalid("peerVpcId", &accepter, "A VPC is not peered with itself."));
    }
    not_yet(change, &requester, &accepter)?;
    let id = change.ids.next("pcx");
    let (status, message) = match may_be_peered(change, &requester, &accepter) {
        true => ("initiating-request", initiating(change)),
        false => ("failed", FAILED.to_owned()),
    };
    let row = Peering {
        id: id.clone(),
        requester,
        accepter,
        accepter_region: change.identity.region.clone(),
        status: status.to_owned(),
        message,
        expires: Some(change.now + PATIENCE),
        dns: PeeringDns::default(),
    };
    change.peerings.insert(id.as_str(), row);
    come_to_an_end(change, &id, status);
    tag_new(change, &id, "vpc-peering-connection", &request.tag_specifications)?;
    let vpc_peering_connection = Some(shown(change, peering(change, &id)?));
    Ok(ec2::CreateVpcPeeringConnectionResult { vpc_peering_connection })
}

const FAILED: &str = "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range";

fn initiating(account: &Account) -> String {
    format!("Initiating Request to {}", account.identity.account)
}

fn not_yet(account: &Account, a: &str, b: &str) -> Result<()> {
    let living = || account.peerings.values().filter(|peering| peering.lives());
    if let Some(other) = living().find(|peering| peering.is_between(a, b)) {
        let message =
            format!("A VPC peering connection between {a} and {b} already exists: {}", other.id);
        return Err(AwsError::new("VpcPeeringConnectionAlreadyExists", message));
    }
    if living().filter(|peering| peering.requester == a || peering.accepter == a).count() >= MOST {
        return Err(errors::over_quota("VpcPeeringConnectionLimitExceeded", "peering connections"));
    }
    Ok(())
}

/// AWS tells what is wrong with the other VPC by the connection's status.
fn may_be_peered(account: &Account, requester: &str, accepter: &str) -> bool {
    let cidrs = |vpc: &str| -> Vec<Ipv4Net> {
        let vpc = account.vpcs.get(vpc);
        vpc.map(|vpc| vpc.cidrs.iter().map(|tie| tie.cidr).collect()).unwrap_or_default()
    };
    let overlap = |a: &Ipv4Net, b: &Ipv4Net| a.contains(&b.network()) || b.contains(&a.network());
    let (ours, theirs) = (cidrs(requester), cidrs(accepter));
    account.vpcs.has(accepter) && !ours.iter().any(|a| theirs.iter().any(|b| overlap(a, b)))
}

/// The status that it is in now comes to an end by itself.
fn come_to_an_end(change: &mut Change<'_>, id: &str, status: &str) {
    let time = match status {
        "initiating-request" | "provisioning" => change.rules.operation_time,
        "pending-acceptance" => PATIENCE,
        "active" => return,
        _ => SHOWN,
    };
    change.schedule(change.now + time, Due::Peering(id.to_owned(), status.to_owned()));
}

/// The next status of a connection's life, if it is still in the one that has come to its end.
pub(crate) fn go_on(change: &mut Change<'_>, id: &str, ended: &str) {
    if change.peerings.get(id).is_none_or(|peering| peering.status != ended) {
        return;
    }
    let account = change.identity.account.clone();
    match ended {
        "initiating-request" => {
            enter(change, id, "pending-acceptance", format!("Pending Acceptance by {account}"));
        }
        "provisioning" => enter(change, id, "active", "Active".to_owned()),
        "pending-acceptance" => enter(change, id, "expired", "Expired".to_owned()),
        _ => {
            change.peerings.remove(id);
            change.forget_tags(id);
        }
    }
}

fn enter(change: &mut Change<'_>, id: &str, status: &str, message: String) {
    if let Some(peering) = change.peerings.edit(id) {
        peering.status = status.to_owned();
        peering.message = message;
        if status != "pending-acceptance" {
            peering.expires = None;
        }
    }
    come_to_an_end(change, id, status);
}

/// A connection that is in one of these statuses, so that it can enter another.
fn in_status(account: &Account, id: &str, from: &[&str], to: &str) -> Result<String> {
    let peering = peering(account, id)?;
    if from.contains(&peering.status.as_str()) {
        return Ok(peering.id.clone());
    }
    let message = format!(
        "Invalid state transition for {id}, attempting to transition from {} to {to}",
        peering.status
    );
    Err(AwsError::new("InvalidStateTransition", message))
}

const ASKED: &[&str] = &["initiating-request", "pending-acceptance"];

fn accept(
    change: &mut Change<'_>,
    request: ec2::AcceptVpcPeeringConnectionRequest,
) -> Result<ec2::AcceptVpcPeeringConnectionResult> {
    let id = in_status(change, &request.vpc_peering_connection_id, ASKED, "provisioning")?;
    enter(change, &id, "provisioning", "Provisioning".to_owned());
    let vpc_peering_connection = Some(shown(change, peering(change, &id)?));
    Ok(ec2::AcceptVpcPeeringConnectionResult { vpc_peering_connection })
}

fn reject(
    change: &mut Change<'_>,
    request: ec2::RejectVpcPeeringConnectionRequest,
) -> Result<ec2::RejectVpcPeeringConnectionResult> {
    let id = in_status(change, &request.vpc_peering_connection_id, ASKED, "rejected")?;
    let message = format!("Rejected by {}", change.identity.account);
    enter(change, &id, "rejected", message);
    Ok(ec2::RejectVpcPeeringConnectionResult { r#return: Some(true) })
}

fn delete(
    change: &mut Change<'_>,
    request: ec2::DeleteVpcPeeringConnectionRequest,
) -> Result<ec2::DeleteVpcPeeringConnectionResult> {
    let from = &["initiating-request", "pending-acceptance", "provisioning", "active", "failed"];
    let id = in_status(change, &request.vpc_peering_connection_id, from, "deleted")?;
    let message = format!("Deleted by {}", change.identity.account);
    enter(change, &id, "deleted", message);
    Ok(ec2::DeleteVpcPeeringConnectionResult { r#return: Some(true) })
}

fn modify(
    change: &mut Change<'_>,
    request: ec2::ModifyVpcPeeringConnectionOptionsRequest,
) -> Result<ec2::ModifyVpcPeeringConnectionOptionsResult> {
    let row = peering(change, &request.vpc_peering_connection_id)?;
    let id = row.id.clone();
    if row.status != "active" {
        let message = format!(
            "Peering {id} is not active. Peering options can be added only to active peerings."
        );
        return Err(AwsError::new("OperationNotPermitted", message));
    }
    let (requester, accepter) =
        (request.requester_peering_connection_options, request.accepter_peering_connection_options);
    if requester.is_none() && accepter.is_none() {
        return Err(errors::missing("AccepterPeeringConnectionOptions"));
    }
    let asked = |options: &Option<ec2::PeeringConnectionOptionsRequest>| {
        options.as_ref().map(dns_of).transpose()
    };
    let dns = (asked(&requester)?, asked(&accepter)?);
    let row = change.peerings.edit(&id).ok_or_else(|| missing(&id))?;
    row.dns.requester = dns.0.flatten().unwrap_or(row.dns.requester);
    row.dns.accepter = dns.1.flatten().unwrap_or(row.dns.accepter);
    let options = |dns: bool| ec2::PeeringConnectionOptions {
        allow_dns_resolution_from_remote_vpc: Some(dns),
        allow_egress_from_local_classic_link_to_remote_vpc: Some(false),
        allow_egress_from_local_vpc_to_remote_classic_link: Some(false),
        ..Default::default()
    };
    Ok(ec2::ModifyVpcPeeringConnectionOptionsResult {
        requester_peering_connection_options: requester.map(|_| options(row.dns.requester)),
        accepter_peering_connection_options: accepter.map(|_| options(row.dns.accepter)),
    })
}

fn dns_of(options: &ec2::PeeringConnectionOptionsRequest) -> Result<Option<bool>> {
    let classic = |option: Option<bool>| option == Some(true);
    errors::refuse(&[
        (
            "AllowEgressFromLocalClassicLinkToRemoteVpc",
            classic(options.allow_egress_from_local_classic_link_to_remote_vpc),
        ),
        (
            "AllowEgressFromLocalVpcToRemoteClassicLink",
            classic(options.allow_egress_from_local_vpc_to_remote_classic_link),
        ),
        ("AllowMultipathResilience", classic(options.allow_multipath_resilience)),
        ("MultipathResilienceMode", options.multipath_resilience_mode.is_some()),
    ])?;
    Ok(options.allow_dns_resolution_from_remote_vpc)
}

fn describe(
    account: &Account,
    request: ec2::DescribeVpcPeeringConnectionsRequest,
) -> Result<ec2::DescribeVpcPeeringConnectionsResult> {
    let token = request.next_token.as_deref();
    let ids = &request.vpc_peering_connection_ids;
    let asked = Asked::new(ids, &request.filters, FILTERS, token, request.max_results);
    let (peerings, next_token) =
        asked.of(account, &account.peerings, missing, |peering, name| {
            values(account, peering, name)
        })?;
    let vpc_peering_connections =
        peerings.into_iter().map(|peering| shown(account, peering)).collect();
    Ok(ec2::DescribeVpcPeeringConnectionsResult { vpc_peering_connections, next_token })
}

fn values(account: &Account, peering: &Peering, name: &str) -> Values {
    let cidrs = |vpc: &str| {
        let vpc = account.vpcs.get(vpc);
        filters::many(vpc.into_iter().flat_map(|vpc| vpc.cidrs.iter().map(|tie| tie.cidr)))
    };
    match name {
        "accepter-vpc-info.cidr-block" => cidrs(&peering.accepter),
        "accepter-vpc-info.owner-id" | "requester-vpc-info.owner-id" => {
            filters::one(&account.identity.account)
        }
        "accepter-vpc-info.vpc-id" => filters::one(&peering.accepter),
        "expiration-time" => filters::many(expiration(peering)),
        "requester-vpc-info.cidr-block" => cidrs(&peering.requester),
        "requester-vpc-info.vpc-id" => filters::one(&peering.requester),
        "status-code" => filters::one(&peering.status),
        "status-message" => filters::one(&peering.message),
        "vpc-peering-connection-id" => filters::one(&peering.id),
        _ => None,
    }
}

fn expiration(peering: &Peering) -> Option<Iso8601> {
    let asked = ASKED.contains(&peering.status.as_str());
    peering.expires.filter(|_| asked).map(Into::into)
}

/// A peering connection as answers have it.
fn shown(account: &Account, peering: &Peering) -> ec2::VpcPeeringConnection {
    let region = &account.identity.region;
    ec2::VpcPeeringConnection {
        accepter_vpc_info: Some(side(
            account,
            &peering.accepter,
            &peering.accepter_region,
            peering.dns.accepter,
        )),
        requester_vpc_info: Some(side(account, &peering.requester, region, peering.dns.requester)),
        expiration_time: expiration(peering),
        status: Some(ec2::VpcPeeringConnectionStateReason {
            code: Some(peering.status.clone()),
            message: Some(peering.message.clone()),
        }),
        tags: tags::shown(account, &peering.id),
        vpc_peering_connection_id: Some(peering.id.clone()),
        multipath_resilience_status: None,
    }
}

fn side(account: &Account, id: &str, region: &str, dns: bool) -> ec2::VpcPeeringConnectionVpcInfo {
    let vpc = account.vpcs.get(id);
    let cidrs = vpc.into_iter().flat_map(|vpc| &vpc.cidrs);
    let block = |text: String| ec2::CidrBlock { cidr_block: Some(text) };
    ec2::VpcPeeringConnectionVpcInfo {
        cidr_block: vpc.and_then(|vpc| vpc.cidr()).map(|cidr| cidr.to_string()),
        cidr_block_set: cidrs.map(|tie| block(tie.cidr.to_string())).collect(),
        owner_id: Some(account.identity.account.clone()),
        peering_options: Some(ec2::VpcPeeringConnectionOptionsDescription {
            allow_dns_resolution_from_remote_vpc: Some(dns),
            allow_egress_from_local_classic_link_to_remote_vpc: Some(false),
            allow_egress_from_local_vpc_to_remote_classic_link: Some(false),
            ..Default::default()
        }),
        vpc_id: Some(id.to_owned()),
        region: Some(region.to_owned()),
        ..Default::default()
    }
}
