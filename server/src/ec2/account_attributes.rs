//! DescribeAccountAttributes: what the account may have, and which VPC is its default.

use super::{Action, actions, errors};
use crate::account::Account;
use crate::error::Result;
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    read DescribeAccountAttributes => describe;
};

fn describe(
    account: &Account,
    request: ec2::DescribeAccountAttributesRequest,
) -> Result<ec2::DescribeAccountAttributesResult> {
    let all = attributes(account);
    let names = &request.attribute_names;
    if let Some(name) = names.iter().find(|name| !all.iter().any(|(known, _)| known == name)) {
        return Err(errors::invalid("attributeName", name, "Unknown attribute."));
    }
    let asked = |name: &str| names.is_empty() || names.iter().any(|asked| asked == name);
    let account_attributes = all.into_iter().filter(|(name, _)| asked(name)).map(shown).collect();
    Ok(ec2::DescribeAccountAttributesResult { account_attributes })
}

/// The attributes that have to do with networks. There are no instances.
fn attributes(account: &Account) -> [(&'static str, String); 6] {
    let quotas = &account.rules.quotas;
    let default = account.vpcs.values().find(|vpc| vpc.default);
    [
        ("default-vpc", default.map_or_else(|| "none".to_owned(), |vpc| vpc.id.clone())),
        ("max-elastic-ips", quotas.addresses.to_string()),
        ("max-instances", "0".to_owned()),
        ("supported-platforms", "VPC".to_owned()),
        ("vpc-max-elastic-ips", quotas.addresses.to_string()),
        ("vpc-max-security-groups-per-interface", quotas.groups_per_interface.to_string()),
    ]
}

fn shown((name, value): (&str, String)) -> ec2::AccountAttribute {
    ec2::AccountAttribute {
        attribute_name: Some(name.to_owned()),
        attribute_values: vec![ec2::AccountAttributeValue { attribute_value: Some(value) }],
    }
}
