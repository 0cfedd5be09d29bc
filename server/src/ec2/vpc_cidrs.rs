//! CIDRs of VPCs: AssociateVpcCidrBlock, DisassociateVpcCidrBlock, and which ones may be had.

use ipnet::Ipv4Net;

use super::vpcs::{self, vpc};
use super::{Action, actions, errors};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::routes::{Route, RouteDestination, RouteOrigin};
use crate::account::vpcs::{CidrAssociation, Vpc};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    change AssociateVpcCidrBlock => associate;
    change DisassociateVpcCidrBlock => disassociate;
};

/// CIDRs that a VPC may have, the primary one among them.
const MOST: usize = 5;

/// A CIDR of a request. EC2 takes its first address for what was meant.
///
/// # Errors
/// `InvalidParameterValue` for what is none.
pub(super) fn parse_cidr(parameter: &str, text: &str) -> Result<Ipv4Net> {
    let cidr: Result<Ipv4Net, _> = text.parse();
    let malformed = |_| errors::invalid(parameter, text, "This is not a valid CIDR block.");
    cidr.map(|cidr| cidr.trunc()).map_err(malformed)
}

/// A CIDR that a VPC may have: /16 to /28.
///
/// # Errors
/// `InvalidVpc.Range`, and `InvalidParameterValue` for what is no CIDR.
pub(super) fn vpc_cidr(text: &str) -> Result<Ipv4Net> {
    let cidr = parse_cidr("cidrBlock", text)?;
    if (16..=28).contains(&cidr.prefix_len()) {
        return Ok(cidr);
    }
    Err(AwsError::new("InvalidVpc.Range", format!("The CIDR '{text}' is invalid.")))
}

/// Whether two CIDRs have an address in common.
pub(super) fn overlap(a: Ipv4Net, b: Ipv4Net) -> bool {
    a.contains(&b.network()) || b.contains(&a.network())
}

fn associate(
    change: &mut Change<'_>,
    request: ec2::AssociateVpcCidrBlockRequest,
) -> Result<ec2::AssociateVpcCidrBlockResult> {
    errors::refuse(&[
        ("Ipv4IpamPoolId", request.ipv4_ipam_pool_id.is_some()),
        ("Ipv4NetmaskLength", request.ipv4_netmask_length.is_some()),
        ("Ipv6CidrBlock", request.ipv6_cidr_block.is_some()),
        ("Ipv6IpamPoolId", request.ipv6_ipam_pool_id.is_some()),
        ("Ipv6NetmaskLength", request.ipv6_netmask_length.is_some()),
        ("Ipv6Pool", request.ipv6_pool.is_some()),
        ("AmazonProvidedIpv6CidrBlock", request.amazon_provided_ipv6_cidr_block == Some(true)),
    ])?;
    let id = vpc(change, &request.vpc_id)?.id.clone();
    let text = request.cidr_block.as_deref().ok_or_else(|| errors::missing("cidrBlock"))?;
    let cidr = vpc_cidr(text)?;
    may_join(change, vpc(change, &id)?, cidr)?;
    let association = CidrAssociation { id: change.ids.next("vpc-cidr-assoc"), cidr };
    let mut answer = vpcs::association(&association);
    answer.cidr_block_state = Some(state("associating"));
    if let Some(vpc) = change.vpcs.edit(&id) {
        vpc.cidrs.push(association);
    }
    Ok(ec2::AssociateVpcCidrBlockResult {
        cidr_block_association: Some(answer),
        vpc_id: Some(id),
        ..Default::default()
    })
}

/// A further CIDR must be apart from the VPC's others, from those of its peers, and from what its
/// routes lead away (VPC guide, "VPC CIDR blocks").
fn may_join(account: &Account, vpc: &Vpc, cidr: Ipv4Net) -> Result<()> {
    if vpc.cidrs.len() >= MOST {
        let message = format!(
            "This network '{}' has met its maximum number of allowed CIDRs: {MOST}",
            vpc.id
        );
        return Err(AwsError::new("CidrLimitExceeded", message));
    }
    let conflict = |what: &str| {
        let message = format!("The CIDR '{cidr}' conflicts with {what}");
        Err(AwsError::new("InvalidVpc.Range", message))
    };
    if vpc.cidrs.iter().any(|other| overlap(other.cidr, cidr)) {
        return conflict(&format!("another CIDR of the vpc '{}'", vpc.id));
    }
    if let Some(peering) = peers(account, vpc).find(|(_, peer)| overlaps(peer, cidr)) {
        return conflict(&format!("a CIDR of the peer of '{}'", peering.0));
    }
    // A route to the same addresses, or to part of them, would hide the new local one.
    let mut routes = account.route_tables.of(&vpc.id);
    let hides = |destination: &RouteDestination| match destination {
        RouteDestination::Cidr(there) => cidr.contains(there),
        RouteDestination::PrefixList(_) => false,
    };
    match routes.find(|table| table.routes.iter().any(|route| hides(&route.destination))) {
        Some(table) => conflict(&format!("a route of the route table '{}'", table.id)),
        None => Ok(()),
    }
}

fn overlaps(vpc: &Vpc, cidr: Ipv4Net) -> bool {
    vpc.cidrs.iter().any(|association| overlap(association.cidr, cidr))
}

/// The VPCs that a VPC is peered with, and by which connection.
fn peers<'a>(account: &'a Account, vpc: &'a Vpc) -> impl Iterator<Item = (&'a str, &'a Vpc)> {
    let active = account.peerings.values().filter(|peering| peering.status == "active");
    active.filter_map(|peering| {
        let other = match &vpc.id {
            id if *id == peering.requester => &peering.accepter,
            id if *id == peering.accepter => &peering.requester,
            _ => return None,
        };
        Some((peering.id.as_str(), account.vpcs.get(other)?))
    })
}

fn disassociate(
    change: &mut Change<'_>,
    request: ec2::DisassociateVpcCidrBlockRequest,
) -> Result<ec2::DisassociateVpcCidrBlockResult> {
    let id = &request.association_id;
    let place = |vpc: &Vpc| vpc.cidrs.iter().position(|association| association.id == *id);
    let found = change.vpcs.values().find_map(|vpc| Some((vpc.id.clone(), place(vpc)?)));
    let (vpc, at) = found.ok_or_else(|| {
        let code = "InvalidVpcCidrBlockAssociationID.NotFound";
        errors::not_found(code, "vpc CIDR block association ID", id)
    })?;
    if at == 0 {
        let message = format!(
            "The vpc CIDR block with association ID {id} may not be disassociated. It is the \
             primary IPv4 CIDR block of the VPC"
        );
        return Err(AwsError::new("OperationNotPermitted", message));
    }
    let association = change.vpcs.get(&vpc).map(|vpc| vpc.cidrs[at].clone());
    let association = association.expect("it was found there");
    if change.subnets.of(&vpc).any(|subnet| association.cidr.contains(&subnet.cidr)) {
        let message = format!(
            "The vpc CIDR block with association ID {id} may not be disassociated. It has subnets \
             in use."
        );
        return Err(AwsError::new("OperationNotPermitted", message));
    }
    if let Some(vpc) = change.vpcs.edit(&vpc) {
        vpc.cidrs.remove(at);
    }
    forget_local_routes(change, &vpc, association.cidr);
    let mut answer = vpcs::association(&association);
    answer.cidr_block_state = Some(state("disassociating"));
    Ok(ec2::DisassociateVpcCidrBlockResult {
        cidr_block_association: Some(answer),
        vpc_id: Some(vpc),
        ..Default::default()
    })
}

/// A local route that leads elsewhere goes with its CIDR, as any local route does.
fn forget_local_routes(change: &mut Change<'_>, vpc: &str, cidr: Ipv4Net) {
    let local = |route: &Route| {
        route.origin == RouteOrigin::CreateRouteTable
            && route.destination == RouteDestination::Cidr(cidr)
    };
    let tables: Vec<String> = change
        .route_tables
        .of(vpc)
        .filter(|table| table.routes.iter().any(local))
        .map(|table| table.id.clone())
        .collect();
    for table in tables {
        if let Some(table) = change.route_tables.edit(&table) {
            table.routes.retain(|route| !local(route));
        }
    }
}

fn state(word: &str) -> ec2::VpcCidrBlockState {
    ec2::VpcCidrBlockState { state: Some(word.to_owned()), ..Default::default() }
}
