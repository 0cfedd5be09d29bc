//! Attributes of VPCs: DescribeVpcAttribute, ModifyVpcAttribute.

use super::vpcs::vpc;
use super::{Action, actions, errors};
use crate::account::Account;
use crate::account::change::Change;
use crate::error::Result;
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    read DescribeVpcAttribute => describe;
    change ModifyVpcAttribute => modify;
};

fn describe(
    account: &Account,
    request: ec2::DescribeVpcAttributeRequest,
) -> Result<ec2::DescribeVpcAttributeResult> {
    let vpc = vpc(account, &request.vpc_id)?;
    let mut answer =
        ec2::DescribeVpcAttributeResult { vpc_id: Some(vpc.id.clone()), ..Default::default() };
    let value = |value| Some(ec2::AttributeBooleanValue { value: Some(value) });
    match request.attribute.as_str() {
        "enableDnsSupport" => answer.enable_dns_support = value(vpc.dns_support),
        "enableDnsHostnames" => answer.enable_dns_hostnames = value(vpc.dns_hostnames),
        "enableNetworkAddressUsageMetrics" => {
            answer.enable_network_address_usage_metrics = value(false);
        }
        other => return Err(errors::invalid("attribute", other, "Unknown attribute.")),
    }
    Ok(answer)
}

/// One attribute at a time, as in AWS.
fn modify(change: &mut Change<'_>, request: ec2::ModifyVpcAttributeRequest) -> Result<()> {
    let value = |value: Option<ec2::AttributeBooleanValue>| value.and_then(|value| value.value);
    let support = value(request.enable_dns_support);
    let hostnames = value(request.enable_dns_hostnames);
    let metrics = value(request.enable_network_address_usage_metrics);
    errors::refuse(&[("EnableNetworkAddressUsageMetrics", metrics == Some(true))])?;
    match [support, hostnames, metrics].iter().flatten().count() {
        0 => return Err(errors::missing("attribute")),
        1 => {}
        _ => {
            let message = "Only one attribute can be modified at a time.";
            return Err(errors::combination(message));
        }
    }
    let id = vpc(change, &request.vpc_id)?.id.clone();
    if let Some(vpc) = change.vpcs.edit(&id) {
        vpc.dns_support = support.unwrap_or(vpc.dns_support);
        vpc.dns_hostnames = hostnames.unwrap_or(vpc.dns_hostnames);
    }
    Ok(())
}
