//! Where a route may lead: a target of a request, by the parameter that names it.

use crate::account::Account;
use crate::account::gateways::NatGatewayState;
use crate::account::routes::{RouteTable, RouteTarget};
use crate::account::transit::AttachmentKind;
use crate::ec2::errors::{self, not_found};
use crate::error::{AwsError, Result};

/// What a request may name as a target, by parameter.
pub(super) struct Targets(pub(super) Vec<(Target, Option<String>)>);

/// A parameter that names a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Gateway,
    NatGateway,
    NetworkInterface,
    Peering,
    TransitGateway,
    VpcEndpoint,
    Instance,
    /// What Egret does not model: the parameter's name.
    Unsupported(&'static str),
}

/// The targets of CreateRoute's and ReplaceRoute's requests, which are types of their own.
macro_rules! targets {
    ($request:ident) => {
        targets::Targets(vec![
            (Target::Gateway, $request.gateway_id),
            (Target::NatGateway, $request.nat_gateway_id),
            (Target::NetworkInterface, $request.network_interface_id),
            (Target::Peering, $request.vpc_peering_connection_id),
            (Target::TransitGateway, $request.transit_gateway_id),
            (Target::VpcEndpoint, $request.vpc_endpoint_id),
            (Target::Instance, $request.instance_id),
            (Target::Unsupported("CarrierGatewayId"), $request.carrier_gateway_id),
            (Target::Unsupported("CoreNetworkArn"), $request.core_network_arn),
            (
                Target::Unsupported("EgressOnlyInternetGatewayId"),
                $request.egress_only_internet_gateway_id,
            ),
            (Target::Unsupported("LocalGatewayId"), $request.local_gateway_id),
            (Target::Unsupported("OdbNetworkArn"), $request.odb_network_arn),
        ])
    };
}
pub(super) use targets;

/// More than one was given.
pub(super) fn several() -> AwsError {
    errors::combination("Exactly one target of the route is to be given.")
}

impl Targets {
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, id)| id.is_none())
    }

    /// The one target that was given: it has to be there, and in reach of the table's VPC.
    ///
    /// # Errors
    /// AWS's for what is not there, or is another network's.
    pub(super) fn resolve(self, account: &Account, table: &RouteTable) -> Result<RouteTarget> {
        let mut given = self.0.into_iter().filter_map(|(target, id)| Some((target, id?)));
        let (target, id) = given.next().ok_or_else(|| errors::missing("gatewayId"))?;
        if given.next().is_some() {
            return Err(several());
        }
        match target {
            Target::Gateway => gateway(account, table, id),
            Target::NatGateway => nat_gateway(account, table, id),
            Target::NetworkInterface => network_interface(account, table, id),
            Target::Peering => peering(account, table, id),
            Target::TransitGateway => transit_gateway(account, table, id),
            Target::VpcEndpoint => Err(endpoint(account, &id)),
            Target::Instance => Err(not_found("InvalidInstanceID.NotFound", "instance ID", &id)),
            Target::Unsupported(parameter) => {
                errors::refuse(&[(parameter, true)])?;
                Ok(RouteTarget::Other(id))
            }
        }
    }
}

/// An internet gateway. Gateway endpoints make their routes themselves, and there are no virtual
/// private gateways.
fn gateway(account: &Account, table: &RouteTable, id: String) -> Result<RouteTarget> {
    if id.starts_with("vpce-") {
        return Err(endpoint(account, &id));
    }
    let gateway = account.internet_gateways.get(&id);
    let gateway =
        gateway.ok_or_else(|| not_found("InvalidGatewayID.NotFound", "gateway ID", &id))?;
    if gateway.vpc.as_deref() != Some(&*table.vpc) {
        return Err(other_network(table, "network gateway", &id));
    }
    Ok(RouteTarget::InternetGateway(id))
}

fn nat_gateway(account: &Account, table: &RouteTable, id: String) -> Result<RouteTarget> {
    let there = |state| matches!(state, NatGatewayState::Pending | NatGatewayState::Available);
    let gateway = account.nat_gateways.get(&id).filter(|gateway| there(gateway.state));
    let gateway =
        gateway.ok_or_else(|| not_found("InvalidNatGatewayID.NotFound", "natGateway ID", &id))?;
    if gateway.vpc != table.vpc {
        return Err(other_network(table, "NAT gateway", &id));
    }
    Ok(RouteTarget::NatGateway(id))
}

fn network_interface(account: &Account, table: &RouteTable, id: String) -> Result<RouteTarget> {
    let missing = || not_found("InvalidNetworkInterfaceID.NotFound", "networkInterface ID", &id);
    let interface = account.network_interfaces.get(&id).ok_or_else(missing)?;
    if interface.vpc != table.vpc {
        return Err(other_network(table, "interface", &id));
    }
    if interface.owner.is_requester_managed() {
        let message = format!("The networkInterface '{id}' belongs to a service of AWS.");
        return Err(AwsError::new("InvalidParameterValue", message));
    }
    Ok(RouteTarget::NetworkInterface(id))
}

fn peering(account: &Account, table: &RouteTable, id: String) -> Result<RouteTarget> {
    let peering = account.peerings.get(&id).filter(|peering| peering.lives());
    let code = "InvalidVpcPeeringConnectionID.NotFound";
    let peering = peering.ok_or_else(|| not_found(code, "vpcPeeringConnection ID", &id))?;
    if peering.requester != table.vpc && peering.accepter != table.vpc {
        return Err(other_network(table, "vpc peering connection", &id));
    }
    Ok(RouteTarget::Peering(id))
}

/// To a VPC that it is not attached to, a transit gateway does not exist.
fn transit_gateway(account: &Account, table: &RouteTable, id: String) -> Result<RouteTarget> {
    let attached = account.transit_gateway_attachments.values().any(|attachment| {
        let AttachmentKind::Vpc { vpc, .. } = &attachment.kind else { return false };
        attachment.gateway == id
            && *vpc == table.vpc
            && !matches!(attachment.state.as_str(), "deleting" | "deleted" | "rejected" | "failed")
    });
    if attached && account.transit_gateways.has(&id) {
        return Ok(RouteTarget::TransitGateway(id));
    }
    Err(not_found("InvalidTransitGatewayID.NotFound", "transitGateway ID", &id))
}

/// Only a Gateway Load Balancer's endpoint is a target, and there is none of them.
fn endpoint(account: &Account, id: &str) -> AwsError {
    if !account.vpc_endpoints.has(id) {
        return not_found("InvalidVpcEndpointId.NotFound", "Vpc Endpoint Id", id);
    }
    let message = format!(
        "Route table contains unsupported route target: {id}. VPC Endpoints of this type cannot be \
         used as route targets."
    );
    AwsError::new("RouteNotSupported", message)
}

fn other_network(table: &RouteTable, noun: &str, id: &str) -> AwsError {
    let message = format!("route table {} and {noun} {id} belong to different networks", table.id);
    AwsError::new("InvalidParameterValue", message)
}
