//! What a path may begin and end at, and the ARNs of what is on it.

use crate::account::Account;
use crate::account::interfaces::InterfaceOwner;
use crate::account::network_insights::Path;
use crate::account::transit::AttachmentKind;
use crate::ec2::errors;
use crate::error::{AwsError, Result};

/// What ids begin with, and what AWS calls such a resource in an ARN. The longer come first.
const TYPES: &[(&str, &str)] = &[
    ("tgw-attach-", "transit-gateway-attachment"),
    ("tgw-rtb-", "transit-gateway-route-table"),
    ("tgw-", "transit-gateway"),
    ("vpce-", "vpc-endpoint"),
    ("vpc-", "vpc"),
    ("subnet-", "subnet"),
    ("rtb-", "route-table"),
    ("acl-", "network-acl"),
    ("sg-", "security-group"),
    ("igw-", "internet-gateway"),
    ("nat-", "natgateway"),
    ("eni-", "network-interface"),
    ("pcx-", "vpc-peering-connection"),
    ("pl-", "prefix-list"),
    ("nip-", "network-insights-path"),
    ("nia-", "network-insights-analysis"),
];

/// The ARN of what has that id, whether it is still there or not.
pub(in crate::ec2) fn arn(account: &Account, id: &str) -> Option<String> {
    if id.starts_with("arn:") {
        return Some(id.to_owned());
    }
    let (_, kind) = TYPES.iter().find(|(prefix, _)| id.starts_with(prefix))?;
    Some(account.identity.arn("ec2", &format!("{kind}/{id}")))
}

/// The id that a path goes by: EC2's ARNs end in it; a service has its ARN.
pub(in crate::ec2) fn id_of(said: &str) -> &str {
    match said.strip_prefix("arn:aws:ec2:") {
        Some(rest) => rest.rsplit('/').next().unwrap_or(rest),
        None => said,
    }
}

/// The source is there, and something can be sent from it.
pub(super) fn source(account: &Account, path: &Path) -> Result<()> {
    let id = path.source.as_str();
    if id.starts_with("arn:aws:apprunner:") {
        return service(account, id);
    }
    there(account, "source", id)?;
    let owner = account.network_interfaces.get(id).map(|interface| &interface.owner);
    if matches!(
        owner,
        Some(InterfaceOwner::NatGateway(_) | InterfaceOwner::TransitGatewayAttachment(_))
    ) {
        let why = "The interfaces of gateways send nothing of their own.";
        return Err(errors::invalid("source", id, why));
    }
    if let Some(attachment) = account.transit_gateway_attachments.get(id) {
        if !matches!(attachment.kind, AttachmentKind::External { .. }) {
            return Err(not_a_source(id));
        }
        let at_source = path.at_source.as_ref().and_then(|filter| filter.source);
        return match path.source_ip.or(at_source) {
            Some(_) => Ok(()),
            None => Err(errors::missing("sourceIp")),
        };
    }
    match ["eni-", "igw-", "vpce-"].iter().any(|prefix| id.starts_with(prefix)) {
        true => Ok(()),
        false => Err(not_a_source(id)),
    }
}

fn not_a_source(id: &str) -> AwsError {
    let message = format!(
        "Egret does not analyze paths from '{id}': a source is a network interface, an App Runner \
         service (its ARN), an internet gateway, a VPC endpoint, or a transit gateway attachment to a \
         network outside."
    );
    AwsError::new("UnsupportedOperation", message)
}

fn service(account: &Account, arn: &str) -> Result<()> {
    let known = account.services.get(arn).is_some_and(|service| service.deleted.is_none());
    match known {
        true => Ok(()),
        false => Err(errors::invalid("source", arn, "There is no such service.")),
    }
}

/// The destination is there, or an address says where to.
pub(super) fn destination(account: &Account, path: &Path) -> Result<()> {
    let of = |filter: &Option<crate::account::network_insights::Filter>| {
        filter.as_ref().and_then(|filter| filter.destination)
    };
    let address = path.destination_ip.or(of(&path.at_source)).or(of(&path.at_destination));
    let Some(id) = path.destination.as_deref() else {
        return match address {
            Some(_) => Ok(()),
            None => Err(errors::missing("destination")),
        };
    };
    if id == path.source {
        return Err(errors::invalid("destination", id, "It is the source."));
    }
    if id.starts_with("arn:aws:apprunner:") {
        let why = "What a VPC connector carries goes out only: a service is a source.";
        return Err(errors::invalid("destination", id, why));
    }
    there(account, "destination", id)?;
    let passed = ["pcx-", "tgw-"].iter().any(|prefix| id.starts_with(prefix));
    if passed && address.is_none() {
        return Err(errors::missing("destinationIp"));
    }
    Ok(())
}

fn there(account: &Account, parameter: &str, id: &str) -> Result<()> {
    let (there, code, noun) = match id {
        _ if id.starts_with("eni-") => {
            let there = account.network_interfaces.has(id);
            (there, "InvalidNetworkInterfaceID.NotFound", "networkInterface ID")
        }
        _ if id.starts_with("igw-") => {
            let there = account.internet_gateways.has(id);
            (there, "InvalidInternetGatewayID.NotFound", "internetGateway ID")
        }
        _ if id.starts_with("vpce-") => {
            let there = account.vpc_endpoints.get(id).is_some_and(|e| e.state != "deleted");
            (there, "InvalidVpcEndpointId.NotFound", "Vpc Endpoint Id")
        }
        _ if id.starts_with("pcx-") => {
            let there = account.peerings.has(id);
            (there, "InvalidVpcPeeringConnectionID.NotFound", "vpcPeeringConnection ID")
        }
        _ if id.starts_with("tgw-attach-") => {
            let there = account.transit_gateway_attachments.has(id);
            (there, "InvalidTransitGatewayAttachmentID.NotFound", "transitGatewayAttachment ID")
        }
        _ if id.starts_with("tgw-") => {
            let there = account.transit_gateways.has(id);
            (there, "InvalidTransitGatewayID.NotFound", "transitGateway ID")
        }
        _ if id.starts_with("i-") => (false, "InvalidInstanceID.NotFound", "instance ID"),
        _ => {
            let why = "It is no resource that a path can begin or end at.";
            return Err(errors::invalid(parameter, id, why));
        }
    };
    if there { Ok(()) } else { Err(errors::not_found(code, noun, id)) }
}
