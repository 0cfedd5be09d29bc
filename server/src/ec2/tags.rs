//! Tags: CreateTags, DeleteTags, DescribeTags, and those that resources are made with.

use std::collections::BTreeMap;

use super::pages::{Page, page_of};
use super::{Action, actions, errors, filters};
use crate::account::Account;
use crate::account::change::Change;
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    change CreateTags => create;
    change DeleteTags => delete;
    read DescribeTags => describe;
};

/// A resource's tags, as answers have them.
pub fn shown(account: &Account, id: &str) -> Vec<ec2::Tag> {
    let tag = |(key, value): (&str, &str)| ec2::Tag {
        key: Some(key.to_owned()),
        value: Some(value.to_owned()),
    };
    account.tags_of(id).map(tag).collect()
}

/// Tags a resource that is being made, of the type that AWS calls it (`vpc`, `route-table`).
///
/// # Errors
/// When the tags are meant for another type, or are not as tags are.
pub fn tag_new(
    change: &mut Change<'_>,
    id: &str,
    kind: &str,
    specifications: &[ec2::TagSpecification],
) -> Result<()> {
    for specification in specifications {
        let meant = specification.resource_type.as_deref().unwrap_or_default();
        if meant != kind {
            let message =
                format!("'{meant}' is not a valid taggable resource type for this operation.");
            return Err(AwsError::new("InvalidParameterValue", message));
        }
        put(change, id, &specification.tags)?;
    }
    Ok(())
}

fn put(change: &mut Change<'_>, id: &str, tags: &[ec2::Tag]) -> Result<()> {
    let mut read = BTreeMap::new();
    for tag in tags {
        let (key, value) =
            (tag.key.clone().unwrap_or_default(), tag.value.clone().unwrap_or_default());
        check(&key, &value)?;
        read.insert(key, value);
    }
    change.put_tags(id, read);
    let count = change.tags_of(id).filter(|(key, _)| !key.starts_with("aws:")).count();
    if count > change.rules.quotas.tags {
        let message = format!("More than {} tags are not allowed.", change.rules.quotas.tags);
        return Err(AwsError::new("TagLimitExceeded", message));
    }
    Ok(())
}

fn check(key: &str, value: &str) -> Result<()> {
    let invalid = |message: &str| Err(AwsError::new("InvalidParameterValue", message));
    if key.is_empty() {
        return Err(errors::missing("Tag.Key"));
    }
    if key.starts_with("aws:") {
        return invalid("Tag keys starting with 'aws:' are reserved for internal use");
    }
    if key.chars().count() > 127 {
        return invalid("Tag key exceeds the maximum length of 127 characters");
    }
    if value.chars().count() > 256 {
        return invalid("Tag value exceeds the maximum length of 256 characters");
    }
    Ok(())
}

/// What AWS calls the type of a resource that is there.
pub fn type_of(account: &Account, id: &str) -> Option<&'static str> {
    let there: [(&str, bool, &str); 19] = [
        ("vpc-", account.vpcs.has(id), "vpc"),
        ("subnet-", account.subnets.has(id), "subnet"),
        ("rtb-", account.route_tables.has(id), "route-table"),
        ("acl-", account.network_acls.has(id), "network-acl"),
        ("sg-", account.security_groups.has(id), "security-group"),
        ("sgr-", account.security_group_rules.has(id), "security-group-rule"),
        ("pl-", account.prefix_lists.has(id), "prefix-list"),
        ("igw-", account.internet_gateways.has(id), "internet-gateway"),
        ("eipalloc-", account.addresses.has(id), "elastic-ip"),
        ("nat-", account.nat_gateways.has(id), "natgateway"),
        ("eni-", account.network_interfaces.has(id), "network-interface"),
        ("vpce-", account.vpc_endpoints.has(id), "vpc-endpoint"),
        ("pcx-", account.peerings.has(id), "vpc-peering-connection"),
        ("tgw-attach-", account.transit_gateway_attachments.has(id), "transit-gateway-attachment"),
        ("tgw-rtb-", account.transit_gateway_route_tables.has(id), "transit-gateway-route-table"),
        ("tgw-", account.transit_gateways.has(id), "transit-gateway"),
        ("fl-", account.flow_logs.has(id), "vpc-flow-log"),
        ("nip-", account.network_insights_paths.has(id), "network-insights-path"),
        ("nia-", account.network_insights_analyses.has(id), "network-insights-analysis"),
    ];
    there.into_iter().find(|(_, there, _)| *there).map(|(_, _, kind)| kind)
}

fn there(account: &Account, ids: &[String]) -> Result<()> {
    match ids.iter().find(|id| type_of(account, id).is_none()) {
        None => Ok(()),
        Some(id) => Err(AwsError::new("InvalidID", format!("The ID '{id}' is not valid"))),
    }
}

fn create(change: &mut Change<'_>, request: ec2::CreateTagsRequest) -> Result<()> {
    there(change, &request.resources)?;
    request.resources.iter().try_for_each(|id| put(change, id, &request.tags))
}

fn delete(change: &mut Change<'_>, request: ec2::DeleteTagsRequest) -> Result<()> {
    there(change, &request.resources)?;
    for id in &request.resources {
        change.drop_tags(id, |key, value| {
            let goes = |tag: &ec2::Tag| {
                tag.key.as_deref() == Some(key) && tag.value.as_deref().is_none_or(|v| v == value)
            };
            // Without any, all of the account's own go.
            (request.tags.is_empty() && !key.starts_with("aws:")) || request.tags.iter().any(goes)
        });
    }
    Ok(())
}

fn describe(
    account: &Account,
    request: ec2::DescribeTagsRequest,
) -> Result<ec2::DescribeTagsResult> {
    filters::check(&request.filters, &["key", "resource-id", "resource-type", "value"])?;
    let mut all = Vec::new();
    for (id, tags) in account.tags.iter() {
        // App Runner's tags are App Runner's to describe.
        let Some(kind) = type_of(account, id) else { continue };
        for (key, value) in &tags.0 {
            let has = |name: &str| match name {
                "key" => filters::one(key),
                "resource-id" => filters::one(id),
                "resource-type" => filters::one(kind),
                "value" => filters::one(value),
                _ => None,
            };
            if filters::meets(account, id, &request.filters, has)? {
                all.push((format!("{id} {key}"), description(id, kind, key, value)));
            }
        }
    }
    let page = Page { token: request.next_token.as_deref(), most: request.max_results };
    let (tags, next_token) = page_of(all, page)?;
    Ok(ec2::DescribeTagsResult { tags, next_token })
}

fn description(id: &str, kind: &str, key: &str, value: &str) -> ec2::TagDescription {
    ec2::TagDescription {
        key: Some(key.to_owned()),
        resource_id: Some(id.to_owned()),
        resource_type: Some(kind.to_owned()),
        value: Some(value.to_owned()),
    }
}
