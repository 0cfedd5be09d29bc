//! Tags of connectors and services.

use std::collections::BTreeMap;

use super::errors;
use crate::account::Account;
use crate::account::app_runner::{Connector, ServiceStatus};
use crate::account::change::Change;
use crate::error::Result;
use crate::shapes::app_runner as shapes;

/// TagResource.
///
/// # Errors
/// `ResourceNotFoundException`, and `InvalidRequestException` for more tags than there may be.
pub fn tag(
    change: &mut Change<'_>,
    request: shapes::TagResourceRequest,
) -> Result<shapes::TagResourceResponse> {
    there(change, &request.resource_arn)?;
    put(change, &request.resource_arn, &request.tags)?;
    Ok(shapes::TagResourceResponse {})
}

/// UntagResource.
///
/// # Errors
/// `ResourceNotFoundException`.
pub fn untag(
    change: &mut Change<'_>,
    request: shapes::UntagResourceRequest,
) -> Result<shapes::UntagResourceResponse> {
    there(change, &request.resource_arn)?;
    let goes = |key: &str, _: &str| request.tag_keys.iter().any(|gone| gone == key);
    change.drop_tags(&request.resource_arn, goes);
    Ok(shapes::UntagResourceResponse {})
}

/// ListTagsForResource.
///
/// # Errors
/// `ResourceNotFoundException`.
pub fn list(
    account: &Account,
    request: shapes::ListTagsForResourceRequest,
) -> Result<shapes::ListTagsForResourceResponse> {
    there(account, &request.resource_arn)?;
    let tag = |(key, value): (&str, &str)| shapes::Tag {
        key: Some(key.to_owned()),
        value: Some(value.to_owned()),
    };
    let tags = account.tags_of(&request.resource_arn).map(tag).collect();
    Ok(shapes::ListTagsForResourceResponse { tags })
}

/// Adds tags to something of App Runner's.
///
/// # Errors
/// `InvalidRequestException` for a key that comes twice, a tag without a key, and more tags than
/// there may be.
pub fn put(change: &mut Change<'_>, arn: &str, tags: &[shapes::Tag]) -> Result<()> {
    let mut read = BTreeMap::new();
    for tag in tags {
        let key = tag.key.clone().ok_or_else(|| errors::invalid("A tag must have a key."))?;
        if read.insert(key.clone(), tag.value.clone().unwrap_or_default()).is_some() {
            return Err(errors::invalid(format!("The tag key {key} is there twice.")));
        }
    }
    change.put_tags(arn, read);
    let limit = change.rules.quotas.tags;
    if change.tags_of(arn).count() > limit {
        return Err(errors::invalid(format!("A resource has at most {limit} tags.")));
    }
    Ok(())
}

fn there(account: &Account, arn: &str) -> Result<()> {
    let connector = account.connectors.get(arn).is_some_and(Connector::is_active);
    let service = account.services.get(arn).map(|service| service.status);
    let service = service.is_some_and(|status| status != ServiceStatus::Deleted);
    if connector || service { Ok(()) } else { Err(errors::not_found("Resource", arn)) }
}
