//! The services that endpoints lead to: DescribeVpcEndpointServices. They are AWS's own, as far as
//! they are known here, and those that a scenario's endpoints name.

use std::collections::BTreeMap;

use crate::account::endpoints::VpcEndpoint;
use crate::account::{Account, zones};
use crate::ec2::pages::{Page, page_of};
use crate::ec2::{Action, actions, errors, filters};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(in crate::ec2) const ACTIONS: &[Action] = actions! {
    read DescribeVpcEndpointServices => describe;
};

/// Whether an endpoint is routes or interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ServiceType {
    Gateway,
    Interface,
}

impl ServiceType {
    pub(super) fn word(self) -> &'static str {
        match self {
            ServiceType::Gateway => "Gateway",
            ServiceType::Interface => "Interface",
        }
    }
}

/// Services with interface endpoints, as their names end.
const INTERFACE: &[&str] = &[
    "airflow.api",
    "apprunner",
    "apprunner.requests",
    "appconfig",
    "appconfigdata",
    "athena",
    "autoscaling",
    "bedrock",
    "bedrock-runtime",
    "cloudformation",
    "cloudtrail",
    "codebuild",
    "codecommit",
    "dynamodb",
    "ebs",
    "ec2",
    "ec2messages",
    "ecr.api",
    "ecr.dkr",
    "ecs",
    "ecs-agent",
    "ecs-telemetry",
    "elasticache",
    "elasticfilesystem",
    "elasticloadbalancing",
    "email-smtp",
    "events",
    "execute-api",
    "git-codecommit",
    "glue",
    "kinesis-firehose",
    "kinesis-streams",
    "kms",
    "lambda",
    "logs",
    "monitoring",
    "rds",
    "rds-data",
    "redshift",
    "rekognition",
    "s3",
    "sagemaker.api",
    "sagemaker.runtime",
    "secretsmanager",
    "servicediscovery",
    "sns",
    "sqs",
    "ssm",
    "ssmmessages",
    "states",
    "sts",
    "synthetics",
    "textract",
    "transfer",
    "xray",
];

/// All services with the types of endpoints that they have.
fn all(account: &Account) -> BTreeMap<String, Vec<ServiceType>> {
    let mut services = BTreeMap::<String, Vec<ServiceType>>::new();
    let mut add = |name: String, kind: ServiceType| {
        let kinds = services.entry(name).or_default();
        if !kinds.contains(&kind) {
            kinds.push(kind);
            kinds.sort_unstable();
        }
    };
    for list in account.prefix_lists.values().filter(|list| list.aws) {
        add(list.name.clone(), ServiceType::Gateway);
    }
    for service in INTERFACE {
        let name = format!("com.amazonaws.{}.{service}", account.identity.region);
        add(name, ServiceType::Interface);
    }
    for endpoint in account.vpc_endpoints.values() {
        add(endpoint.service.clone(), kind_of(endpoint));
    }
    services
}

fn kind_of(endpoint: &VpcEndpoint) -> ServiceType {
    super::kind(endpoint)
}

/// Checks that a service has endpoints of that type.
///
/// # Errors
/// `InvalidServiceName` for a service that there is not, `InvalidParameter` for another type.
pub(super) fn offered(account: &Account, service: &str, kind: ServiceType) -> Result<()> {
    let all = all(account);
    let kinds = all.get(service).ok_or_else(|| missing(service))?;
    if kinds.contains(&kind) {
        return Ok(());
    }
    let message =
        format!("Endpoint type ({}) does not match available service types.", kind.word());
    Err(super::invalid(message))
}

/// `InvalidServiceName`.
pub(super) fn missing(service: &str) -> AwsError {
    let message = format!("The Vpc Endpoint Service '{service}' does not exist");
    AwsError::new("InvalidServiceName", message)
}

/// `ecr.api` of `com.amazonaws.us-east-1.ecr.api`.
pub(super) fn label(service: &str) -> &str {
    service.splitn(4, '.').nth(3).unwrap_or(service)
}

/// Gateway services keep their public names, unless told otherwise.
pub(super) fn has_private_name(service: &str) -> bool {
    !matches!(label(service), "s3" | "dynamodb")
}

/// `api.ecr.us-east-1.amazonaws.com` of `com.amazonaws.us-east-1.ecr.api`.
pub(super) fn private_name(region: &str, service: &str) -> String {
    let labels: Vec<&str> = label(service).split('.').rev().collect();
    format!("{}.{region}.amazonaws.com", labels.join("."))
}

fn describe(
    account: &Account,
    request: ec2::DescribeVpcEndpointServicesRequest,
) -> Result<ec2::DescribeVpcEndpointServicesResult> {
    const FILTERS: &[&str] =
        &["owner", "service-name", "service-region", "service-type", "supported-ip-address-types"];
    filters::check(&request.filters, FILTERS)?;
    let elsewhere = |region: &String| *region != account.identity.region;
    errors::refuse(&[("ServiceRegion", request.service_regions.iter().any(elsewhere))])?;
    let all = all(account);
    if let Some(name) = request.service_names.iter().find(|name| !all.contains_key(*name)) {
        return Err(missing(name));
    }
    let mut asked = Vec::new();
    for (name, kinds) in &all {
        let named = request.service_names.is_empty() || request.service_names.contains(name);
        let has = |filter: &str| match filter {
            "owner" => filters::one("amazon"),
            "service-name" => filters::one(name),
            "service-region" => filters::one(&account.identity.region),
            "service-type" => filters::many(kinds.iter().map(|kind| kind.word())),
            "supported-ip-address-types" => filters::one("ipv4"),
            _ => None,
        };
        if named && filters::meets(account, name, &request.filters, has)? {
            asked.push((name.clone(), detail(account, name, kinds)));
        }
    }
    let page = Page { token: request.next_token.as_deref(), most: request.max_results };
    let (service_details, next_token) = page_of(asked, page)?;
    let names = service_details.iter().filter_map(|detail| detail.service_name.clone());
    Ok(ec2::DescribeVpcEndpointServicesResult {
        service_names: names.collect(),
        service_details,
        next_token,
    })
}

fn detail(account: &Account, name: &str, kinds: &[ServiceType]) -> ec2::ServiceDetail {
    let region = &account.identity.region;
    let kind =
        |kind: &ServiceType| ec2::ServiceTypeDetail { service_type: Some(kind.word().to_owned()) };
    let (ids, zone_names) =
        zones::zones(region).into_iter().map(|zone| (zone.id, zone.name)).unzip();
    let private = private_name(region, name);
    let interface = kinds.contains(&ServiceType::Interface);
    ec2::ServiceDetail {
        service_name: Some(name.to_owned()),
        service_type: kinds.iter().map(kind).collect(),
        service_region: Some(region.clone()),
        availability_zone_ids: ids,
        availability_zones: zone_names,
        owner: Some("amazon".to_owned()),
        base_endpoint_dns_names: vec![format!("{}.{region}.vpce.amazonaws.com", label(name))],
        private_dns_name: interface.then(|| private.clone()),
        private_dns_names: interface
            .then_some(ec2::PrivateDnsDetails { private_dns_name: Some(private) })
            .into_iter()
            .collect(),
        vpc_endpoint_policy_supported: Some(true),
        acceptance_required: Some(false),
        manages_vpc_endpoints: Some(false),
        supported_ip_address_types: vec!["ipv4".to_owned()],
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_services_are_read_from_behind() {
        assert_eq!(label("com.amazonaws.us-east-1.ecr.api"), "ecr.api");
        let name = private_name("us-east-1", "com.amazonaws.us-east-1.ecr.api");
        assert_eq!(name, "api.ecr.us-east-1.amazonaws.com");
        assert!(!has_private_name("com.amazonaws.us-east-1.s3"));
    }
}
