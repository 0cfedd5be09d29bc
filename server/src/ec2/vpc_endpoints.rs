//! VPC endpoints: Create, Modify, Delete, Describe. A gateway endpoint is routes by prefix list; an
//! interface endpoint is an interface in each of its subnets. The services are in [`services`].

use super::describe::Asked;
use super::filters::{self, Values};
use super::route_tables::table;
use super::tags::{self, tag_new};
use super::{Action, actions, errors, security_groups, vpcs};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::endpoints::{EndpointKind, VpcEndpoint};
use crate::account::routes::RouteDestination;
use crate::account::timers::Due;
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

mod interfaces;
pub(super) mod services;

use services::ServiceType;

pub(super) const ACTIONS: &[Action] = actions! {
    change CreateVpcEndpoint => create;
    change ModifyVpcEndpoint => modify;
    change DeleteVpcEndpoints => delete;
    read DescribeVpcEndpoints => describe;
};

const FILTERS: &[&str] = &[
    "ip-address-type",
    "service-name",
    "service-region",
    "vpc-endpoint-id",
    "vpc-endpoint-state",
    "vpc-endpoint-type",
    "vpc-id",
];

/// What an endpoint allows when nothing is said.
const FULL_ACCESS: &str = r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
/// Characters that a policy may have.
const LONGEST_POLICY: usize = 20_480;
/// Interface endpoints that a VPC may have.
const MOST_INTERFACE: usize = 50;
/// Gateway endpoints that an account may have.
const MOST_GATEWAY: usize = 20;

/// An endpoint that has to be there.
///
/// # Errors
/// `InvalidVpcEndpointId.NotFound`.
pub(super) fn endpoint<'a>(account: &'a Account, id: &str) -> Result<&'a VpcEndpoint> {
    account.vpc_endpoints.get(id).ok_or_else(|| missing(id))
}

fn missing(id: &str) -> AwsError {
    errors::not_found("InvalidVpcEndpointId.NotFound", "Vpc Endpoint Id", id)
}

/// AWS's code for what does not go together here.
fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameter", message)
}

fn create(
    change: &mut Change<'_>,
    request: ec2::CreateVpcEndpointRequest,
) -> Result<ec2::CreateVpcEndpointResult> {
    refuse_unmodelled(&request)?;
    let vpc = vpcs::vpc(change, &request.vpc_id)?.id.clone();
    let service = request.service_name.clone().ok_or_else(|| errors::missing("ServiceName"))?;
    let wanted = match request.vpc_endpoint_type.as_deref().unwrap_or("Gateway") {
        "Gateway" => ServiceType::Gateway,
        "Interface" => ServiceType::Interface,
        other => return Err(errors::invalid("VpcEndpointType", other, "It is not modelled.")),
    };
    services::offered(change, &service, wanted)?;
    let policy = request.policy_document.clone().map(check_policy).transpose()?;
    let id = change.ids.next("vpce");
    // A gateway endpoint is there at once: it is but routes.
    let (kind, state) = match wanted {
        ServiceType::Gateway => (gateway(change, &vpc, &service, &request)?, "available"),
        ServiceType::Interface => {
            (interfaces::make(change, &id, &vpc, &service, &request)?, "pending")
        }
    };
    let created = change.now;
    let (state, id_given) = (state.to_owned(), id.clone());
    let row = VpcEndpoint { id: id_given, vpc, service, state, kind, policy, created };
    change.vpc_endpoints.insert(id.as_str(), row);
    change.add_endpoint_routes(&id);
    if wanted == ServiceType::Interface {
        come_to_an_end(change, &id, "pending");
    }
    tag_new(change, &id, "vpc-endpoint", &request.tag_specifications)?;
    let vpc_endpoint = Some(shown(change, endpoint(change, &id)?));
    Ok(ec2::CreateVpcEndpointResult { vpc_endpoint, client_token: request.client_token })
}

fn refuse_unmodelled(request: &ec2::CreateVpcEndpointRequest) -> Result<()> {
    let elsewhere = request.service_region.is_some();
    errors::refuse(&[
        ("ServiceNetworkArn", request.service_network_arn.is_some()),
        ("ResourceConfigurationArn", request.resource_configuration_arn.is_some()),
        ("ServiceRegion", elsewhere),
        ("IpAddressType", request.ip_address_type.as_deref().is_some_and(|kind| kind != "ipv4")),
        ("DnsOptions", request.dns_options.as_ref().is_some_and(is_unmodelled)),
    ])
}

fn is_unmodelled(options: &ec2::DnsOptionsSpecification) -> bool {
    options.dns_record_ip_type.as_deref().is_some_and(|kind| kind != "ipv4")
        || options.private_dns_only_for_inbound_resolver_endpoint == Some(true)
        || options.private_dns_preference.is_some()
        || !options.private_dns_specified_domains.is_empty()
}

fn check_policy(policy: String) -> Result<String> {
    if policy.chars().count() > LONGEST_POLICY {
        let message = format!("The policy has more than {LONGEST_POLICY} characters.");
        return Err(AwsError::new("InvalidPolicyDocument", message));
    }
    match serde_json::from_str::<serde_json::Value>(&policy) {
        Ok(serde_json::Value::Object(_)) => Ok(policy),
        _ => Err(AwsError::new("InvalidPolicyDocument", "The policy is not a JSON object.")),
    }
}

fn gateway(
    change: &Change<'_>,
    vpc: &str,
    service: &str,
    request: &ec2::CreateVpcEndpointRequest,
) -> Result<EndpointKind> {
    if !request.subnet_ids.is_empty() || !request.subnet_configurations.is_empty() {
        return Err(invalid("Subnet IDs are only supported for Interface type VPC Endpoints."));
    }
    if !request.security_group_ids.is_empty() {
        return Err(invalid(
            "Security groups are only supported for Interface type VPC Endpoints.",
        ));
    }
    if request.private_dns_enabled == Some(true) {
        return Err(invalid("Private DNS is only supported for Interface type VPC Endpoints."));
    }
    let gateways = change.vpc_endpoints.values().filter(|endpoint| is_gateway(endpoint));
    if gateways.count() >= MOST_GATEWAY {
        return Err(errors::over_quota("VpcEndpointLimitExceeded", "gateway VPC endpoints"));
    }
    let mut route_tables = Vec::new();
    for id in &request.route_table_ids {
        add_table(change, vpc, service, id, &mut route_tables)?;
    }
    Ok(EndpointKind::Gateway { route_tables })
}

fn is_gateway(endpoint: &VpcEndpoint) -> bool {
    matches!(endpoint.kind, EndpointKind::Gateway { .. })
}

/// A table has one route a service.
fn add_table(
    account: &Account,
    vpc: &str,
    service: &str,
    id: &str,
    tables: &mut Vec<String>,
) -> Result<()> {
    let table = table(account, id)?;
    if table.vpc != vpc {
        let message = format!("Route table {id} does not belong to the VPC {vpc}.");
        return Err(invalid(message));
    }
    let list = account.prefix_list_named(service).ok_or_else(|| services::missing(service))?;
    let destination = RouteDestination::PrefixList(list.id.clone());
    if table.routes.iter().any(|route| route.destination == destination) || has(tables, id) {
        let list = &list.id;
        let message =
            format!("route table {id} already has a route with destination-prefix-list-id {list}");
        return Err(AwsError::new("RouteAlreadyExists", message));
    }
    tables.push(table.id.clone());
    Ok(())
}

fn has(ids: &[String], id: &str) -> bool {
    ids.iter().any(|other| other == id)
}

fn modify(
    change: &mut Change<'_>,
    request: ec2::ModifyVpcEndpointRequest,
) -> Result<ec2::ModifyVpcEndpointResult> {
    errors::refuse(&[
        ("IpAddressType", request.ip_address_type.as_deref().is_some_and(|kind| kind != "ipv4")),
        ("DnsOptions", request.dns_options.as_ref().is_some_and(is_unmodelled)),
        ("SubnetConfigurations", !request.subnet_configurations.is_empty()),
    ])?;
    let row = endpoint(change, &request.vpc_endpoint_id)?;
    let id = row.id.clone();
    if !matches!(row.state.as_str(), "available" | "pending") {
        let message = format!("The VPC endpoint {id} is {} and cannot be modified.", row.state);
        return Err(AwsError::new("IncorrectState", message));
    }
    if is_gateway(row) {
        modify_gateway(change, &id, &request)?;
    } else {
        interfaces::modify(change, &id, &request)?;
    }
    let policy = request.policy_document.map(check_policy).transpose()?;
    let row = change.vpc_endpoints.edit(&id).ok_or_else(|| missing(&id))?;
    if request.reset_policy == Some(true) {
        row.policy = None;
    }
    row.policy = policy.or_else(|| row.policy.take());
    Ok(ec2::ModifyVpcEndpointResult { r#return: Some(true) })
}

fn modify_gateway(
    change: &mut Change<'_>,
    id: &str,
    request: &ec2::ModifyVpcEndpointRequest,
) -> Result<()> {
    let of_interfaces = !request.add_subnet_ids.is_empty()
        || !request.remove_subnet_ids.is_empty()
        || !request.add_security_group_ids.is_empty()
        || !request.remove_security_group_ids.is_empty()
        || request.private_dns_enabled == Some(true);
    if of_interfaces {
        let message = "Subnets, security groups and private DNS are only supported for Interface \
                       type VPC Endpoints.";
        return Err(invalid(message));
    }
    let row = endpoint(change, id)?;
    let (vpc, service) = (row.vpc.clone(), row.service.clone());
    let EndpointKind::Gateway { route_tables } = &row.kind else { return Ok(()) };
    let mut tables = route_tables.clone();
    for gone in &request.remove_route_table_ids {
        if !has(&tables, gone) {
            return Err(table(change, gone).err().unwrap_or_else(|| {
                invalid(format!("Route table {gone} is not associated with {id}."))
            }));
        }
        tables.retain(|table| table != gone);
        change.remove_endpoint_routes(id, gone);
    }
    for new in &request.add_route_table_ids {
        add_table(change, &vpc, &service, new, &mut tables)?;
    }
    let row = change.vpc_endpoints.edit(id).ok_or_else(|| missing(id))?;
    row.kind = EndpointKind::Gateway { route_tables: tables };
    change.add_endpoint_routes(id);
    Ok(())
}

/// Those that are there are deleted, and the others are told.
fn delete(
    change: &mut Change<'_>,
    request: ec2::DeleteVpcEndpointsRequest,
) -> Result<ec2::DeleteVpcEndpointsResult> {
    if request.vpc_endpoint_ids.is_empty() {
        return Err(errors::missing("VpcEndpointId"));
    }
    let mut unsuccessful = Vec::new();
    for id in &request.vpc_endpoint_ids {
        match endpoint(change, id) {
            Ok(_) => begin_to_delete(change, id),
            // Where there may be several, AWS has another code for one that is not there.
            Err(error) => unsuccessful.push(ec2::UnsuccessfulItem {
                error: Some(ec2::UnsuccessfulItemError {
                    code: Some("InvalidVpcEndpoint.NotFound".to_owned()),
                    message: Some(error.message),
                }),
                resource_id: Some(id.clone()),
            }),
        }
    }
    Ok(ec2::DeleteVpcEndpointsResult { unsuccessful })
}

/// Packets do not pass from now on; its interfaces go with it, in a while.
fn begin_to_delete(change: &mut Change<'_>, id: &str) {
    let Some(row) = change.vpc_endpoints.edit(id) else { return };
    if row.state == "deleting" {
        return;
    }
    row.state = "deleting".to_owned();
    if let EndpointKind::Gateway { route_tables } = row.kind.clone() {
        route_tables.iter().for_each(|table| change.remove_endpoint_routes(id, table));
    }
    come_to_an_end(change, id, "deleting");
}

/// The state that it is in now comes to an end by itself.
fn come_to_an_end(change: &mut Change<'_>, id: &str, state: &str) {
    let due = Due::VpcEndpoint(id.to_owned(), state.to_owned());
    change.schedule(change.now + change.rules.operation_time, due);
}

/// The next state of an endpoint's life, if it is still in the one that has come to its end.
pub(crate) fn go_on(change: &mut Change<'_>, id: &str, ended: &str) {
    if change.vpc_endpoints.get(id).is_none_or(|row| row.state != ended) {
        return;
    }
    match ended {
        "pending" => {
            if let Some(row) = change.vpc_endpoints.edit(id) {
                row.state = "available".to_owned();
            }
        }
        "deleting" => {
            interfaces::remove(change, id);
            change.vpc_endpoints.remove(id);
            change.forget_tags(id);
        }
        _ => {}
    }
}

fn describe(
    account: &Account,
    request: ec2::DescribeVpcEndpointsRequest,
) -> Result<ec2::DescribeVpcEndpointsResult> {
    let token = request.next_token.as_deref();
    let ids = &request.vpc_endpoint_ids;
    let asked = Asked::new(ids, &request.filters, FILTERS, token, request.max_results);
    let (endpoints, next_token) =
        asked.of(account, &account.vpc_endpoints, missing, |endpoint, name| {
            values(account, endpoint, name)
        })?;
    let vpc_endpoints = endpoints.into_iter().map(|endpoint| shown(account, endpoint)).collect();
    Ok(ec2::DescribeVpcEndpointsResult { vpc_endpoints, next_token })
}

fn values(account: &Account, endpoint: &VpcEndpoint, name: &str) -> Values {
    match name {
        "ip-address-type" => filters::one("ipv4"),
        "service-name" => filters::one(&endpoint.service),
        "service-region" => filters::one(&account.identity.region),
        "vpc-endpoint-id" => filters::one(&endpoint.id),
        "vpc-endpoint-state" => filters::one(&endpoint.state),
        "vpc-endpoint-type" => filters::one(kind(endpoint).word()),
        "vpc-id" => filters::one(&endpoint.vpc),
        _ => None,
    }
}

fn kind(endpoint: &VpcEndpoint) -> ServiceType {
    match endpoint.kind {
        EndpointKind::Gateway { .. } => ServiceType::Gateway,
        EndpointKind::Interface { .. } => ServiceType::Interface,
    }
}

/// An endpoint as answers have it.
fn shown(account: &Account, endpoint: &VpcEndpoint) -> ec2::VpcEndpoint {
    let plain = ec2::VpcEndpoint {
        vpc_endpoint_id: Some(endpoint.id.clone()),
        vpc_endpoint_type: Some(kind(endpoint).word().to_owned()),
        vpc_id: Some(endpoint.vpc.clone()),
        service_name: Some(endpoint.service.clone()),
        service_region: Some(account.identity.region.clone()),
        state: Some(endpoint.state.clone()),
        policy_document: Some(endpoint.policy.as_deref().unwrap_or(FULL_ACCESS).to_owned()),
        requester_managed: Some(false),
        creation_timestamp: Some(endpoint.created.into()),
        tags: tags::shown(account, &endpoint.id),
        owner_id: Some(account.identity.account.clone()),
        ..Default::default()
    };
    match &endpoint.kind {
        EndpointKind::Gateway { route_tables } => {
            let route_table_ids = route_tables.clone();
            ec2::VpcEndpoint { route_table_ids, private_dns_enabled: Some(false), ..plain }
        }
        EndpointKind::Interface { subnets, interfaces, groups, private_dns } => ec2::VpcEndpoint {
            subnet_ids: subnets.clone(),
            network_interface_ids: interfaces.clone(),
            groups: identifiers(account, groups),
            private_dns_enabled: Some(*private_dns),
            ip_address_type: Some("ipv4".to_owned()),
            dns_options: Some(ec2::DnsOptions {
                dns_record_ip_type: Some("ipv4".to_owned()),
                ..Default::default()
            }),
            dns_entries: interfaces::dns_entries(account, endpoint, subnets, *private_dns),
            ..plain
        },
    }
}

fn identifiers(account: &Account, groups: &[String]) -> Vec<ec2::SecurityGroupIdentifier> {
    let groups = security_groups::identifiers(account, groups).into_iter();
    groups
        .map(|group| ec2::SecurityGroupIdentifier {
            group_id: group.group_id,
            group_name: group.group_name,
        })
        .collect()
}
