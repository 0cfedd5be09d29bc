//! VPCs: CreateVpc, CreateDefaultVpc, DeleteVpc, DescribeVpcs.

use super::filters::{self, Values};
use super::pages::{self, Page};
use super::tags::{self, tag_new};
use super::vpc_cidrs::vpc_cidr;
use super::{Action, actions, errors};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::transit::AttachmentKind;
use crate::account::vpcs::{CidrAssociation, Vpc};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    change CreateDefaultVpc => create_default;
    change CreateVpc => create;
    change DeleteVpc => delete;
    read DescribeVpcs => describe;
};

/// The names of DescribeVpcs' filters, but for those of tags.
const FILTERS: &[&str] = &[
    "cidr",
    "cidr-block",
    "cidr-block-association.association-id",
    "cidr-block-association.cidr-block",
    "cidr-block-association.state",
    "dhcp-options-id",
    "ipv6-cidr-block-association.association-id",
    "ipv6-cidr-block-association.ipv6-cidr-block",
    "ipv6-cidr-block-association.ipv6-pool",
    "ipv6-cidr-block-association.state",
    "is-default",
    "isDefault",
    "owner-id",
    "state",
    "vpc-id",
];

/// A VPC that has to be there.
///
/// # Errors
/// `InvalidVpcID.NotFound`.
pub(super) fn vpc<'a>(account: &'a Account, id: &str) -> Result<&'a Vpc> {
    account.vpcs.get(id).ok_or_else(|| errors::not_found("InvalidVpcID.NotFound", "vpc ID", id))
}

fn create(change: &mut Change<'_>, request: ec2::CreateVpcRequest) -> Result<ec2::CreateVpcResult> {
    errors::refuse(&[
        ("Ipv4IpamPoolId", request.ipv4_ipam_pool_id.is_some()),
        ("Ipv4NetmaskLength", request.ipv4_netmask_length.is_some()),
        ("Ipv6Pool", request.ipv6_pool.is_some()),
        ("Ipv6CidrBlock", request.ipv6_cidr_block.is_some()),
        ("Ipv6IpamPoolId", request.ipv6_ipam_pool_id.is_some()),
        ("AmazonProvidedIpv6CidrBlock", request.amazon_provided_ipv6_cidr_block == Some(true)),
        ("VpcEncryptionControl", request.vpc_encryption_control.is_some()),
    ])?;
    let cidr = request.cidr_block.as_deref().ok_or_else(|| errors::missing("cidrBlock"))?;
    let cidr = vpc_cidr(cidr)?;
    let tenancy = request.instance_tenancy.as_deref().unwrap_or("default");
    if !matches!(tenancy, "default" | "dedicated") {
        return Err(errors::invalid("instanceTenancy", tenancy, "It is default or dedicated."));
    }
    within_quota(change)?;
    let id = change.make_vpc(cidr, tenancy, false);
    tag_new(change, &id, "vpc", &request.tag_specifications)?;
    Ok(ec2::CreateVpcResult { vpc: Some(shown(change, vpc(change, &id)?)) })
}

fn create_default(
    change: &mut Change<'_>,
    _: ec2::CreateDefaultVpcRequest,
) -> Result<ec2::CreateDefaultVpcResult> {
    if change.vpcs.values().any(|vpc| vpc.default) {
        let message = "A Default VPC already exists for this account in this region.";
        return Err(AwsError::new("DefaultVpcAlreadyExists", message));
    }
    within_quota(change)?;
    let id = change.make_default_vpc();
    Ok(ec2::CreateDefaultVpcResult { vpc: Some(shown(change, vpc(change, &id)?)) })
}

fn within_quota(account: &Account) -> Result<()> {
    if account.vpcs.len() < account.rules.quotas.vpcs {
        return Ok(());
    }
    Err(errors::over_quota("VpcLimitExceeded", "VPCs"))
}

/// What comes with a VPC goes with it; anything else has to be gone.
fn delete(change: &mut Change<'_>, request: ec2::DeleteVpcRequest) -> Result<()> {
    let id = vpc(change, &request.vpc_id)?.id.clone();
    if has_dependencies(change, &id) {
        return Err(errors::dependency("vpc", &id));
    }
    let group = change.default_group(&id).map(|group| group.id.clone());
    let rules: Vec<String> = change
        .security_group_rules
        .values()
        .filter(|rule| Some(&rule.group) == group.as_ref())
        .map(|rule| rule.id.clone())
        .collect();
    for rule in rules {
        change.security_group_rules.remove(&rule);
        change.forget_tags(&rule);
    }
    let table = change.main_route_table(&id).map(|table| table.id.clone());
    let acl = change.default_acl(&id).map(|acl| acl.id.clone());
    group.iter().for_each(|id| drop(change.security_groups.remove(id)));
    table.iter().for_each(|id| drop(change.route_tables.remove(id)));
    acl.iter().for_each(|id| drop(change.network_acls.remove(id)));
    change.vpcs.remove(&id);
    for gone in group.iter().chain(&table).chain(&acl).chain([&id]) {
        change.forget_tags(gone);
    }
    Ok(())
}

fn has_dependencies(account: &Account, id: &str) -> bool {
    account.subnets.of(id).next().is_some()
        || account.internet_gateways.values().any(|gateway| gateway.vpc.as_deref() == Some(id))
        || account.security_groups.of(id).any(|group| !group.is_default())
        || account.route_tables.of(id).any(|table| !table.is_main())
        || account.network_acls.of(id).any(|acl| !acl.default)
        || account.network_interfaces.values().any(|interface| interface.vpc == id)
        || account
            .vpc_endpoints
            .values()
            .any(|endpoint| endpoint.vpc == id && endpoint.state != "deleted")
        || account.peerings.values().any(|peering| {
            peering.status == "active" && (peering.requester == id || peering.accepter == id)
        })
        || account.transit_gateway_attachments.values().any(|attachment| {
            let AttachmentKind::Vpc { vpc, .. } = &attachment.kind else { return false };
            vpc == id && attachment.state != "deleted"
        })
}

fn describe(
    account: &Account,
    request: ec2::DescribeVpcsRequest,
) -> Result<ec2::DescribeVpcsResult> {
    filters::check(&request.filters, FILTERS)?;
    request.vpc_ids.iter().try_for_each(|id| vpc(account, id).map(drop))?;
    let page = Page { token: request.next_token.as_deref(), most: request.max_results };
    let (vpcs, next_token) = pages::page(&account.vpcs, page, |id, row| {
        let asked = request.vpc_ids.is_empty() || request.vpc_ids.iter().any(|asked| asked == id);
        Ok(asked
            && filters::meets(account, id, &request.filters, |name| values(account, row, name))?)
    })?;
    let vpcs = vpcs.into_iter().map(|vpc| shown(account, vpc)).collect();
    Ok(ec2::DescribeVpcsResult { vpcs, next_token })
}

fn values(account: &Account, vpc: &Vpc, name: &str) -> Values {
    match name {
        "cidr" | "cidr-block" => filters::many(vpc.cidr()),
        "cidr-block-association.association-id" => filters::many(vpc.cidrs.iter().map(|a| &a.id)),
        "cidr-block-association.cidr-block" => filters::many(vpc.cidrs.iter().map(|a| a.cidr)),
        "cidr-block-association.state" => filters::one("associated"),
        name if name.starts_with("ipv6-cidr") => filters::none(),
        "dhcp-options-id" => filters::one(DHCP_OPTIONS),
        "is-default" | "isDefault" => filters::one(vpc.default),
        "owner-id" => filters::one(&account.identity.account),
        "state" => filters::one("available"),
        "vpc-id" => filters::one(&vpc.id),
        _ => None,
    }
}

/// Every VPC has the Region's own: AmazonProvidedDNS.
const DHCP_OPTIONS: &str = "default";

/// A VPC as answers have it.
pub(super) fn shown(account: &Account, vpc: &Vpc) -> ec2::Vpc {
    ec2::Vpc {
        vpc_id: Some(vpc.id.clone()),
        cidr_block: vpc.cidr().map(|cidr| cidr.to_string()),
        cidr_block_association_set: vpc.cidrs.iter().map(association).collect(),
        dhcp_options_id: Some(DHCP_OPTIONS.to_owned()),
        instance_tenancy: Some(vpc.tenancy.clone()),
        is_default: Some(vpc.default),
        owner_id: Some(account.identity.account.clone()),
        state: Some("available".to_owned()),
        tags: tags::shown(account, &vpc.id),
        ..Default::default()
    }
}

/// A CIDR of a VPC as answers have it.
pub(super) fn association(association: &CidrAssociation) -> ec2::VpcCidrBlockAssociation {
    let state = Some("associated".to_owned());
    ec2::VpcCidrBlockAssociation {
        association_id: Some(association.id.clone()),
        cidr_block: Some(association.cidr.to_string()),
        cidr_block_state: Some(ec2::VpcCidrBlockState { state, ..Default::default() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Identity;
    use crate::account::time::Timestamp;

    fn account() -> Account {
        Account::new(Identity::default())
    }

    fn make(account: &mut Account, cidr: &str) -> Result<String> {
        let request =
            ec2::CreateVpcRequest { cidr_block: Some(cidr.to_owned()), ..Default::default() };
        let made = account.change(Timestamp(0), |change| create(change, request))?;
        Ok(made.value.vpc.and_then(|vpc| vpc.vpc_id).expect("an id"))
    }

    #[test]
    fn what_comes_with_a_vpc_goes_with_it() {
        let mut account = account();
        let id = make(&mut account, "10.0.0.0/16").unwrap();
        assert!(account.main_route_table(&id).is_some());
        assert!(account.default_acl(&id).is_some() && account.default_group(&id).is_some());
        let request = ec2::DeleteVpcRequest { vpc_id: id, ..Default::default() };
        account.change(Timestamp(0), |change| delete(change, request)).unwrap();
        let mut left = 0;
        account.each_table(|table| left += table.count());
        assert_eq!(left, 0);
    }

    #[test]
    fn a_vpc_that_something_is_in_stays() {
        let mut account = account();
        let id =
            account.change(Timestamp(0), |change| Ok::<_, AwsError>(change.make_default_vpc()));
        let request = ec2::DeleteVpcRequest { vpc_id: id.unwrap().value, ..Default::default() };
        let error = account.change(Timestamp(0), |change| delete(change, request)).unwrap_err();
        assert_eq!(error.code, "DependencyViolation");
        assert_eq!(account.vpcs.len(), 1);
    }

    #[test]
    fn cidrs_and_quotas() {
        let mut account = account();
        let code = |made: Result<String>| made.unwrap_err().code.into_owned();
        assert_eq!(code(make(&mut account, "10.0.0.0/8")), "InvalidVpc.Range");
        assert_eq!(code(make(&mut account, "10.0.0/16")), "InvalidParameterValue");
        for _ in 0..5 {
            make(&mut account, "10.0.0.0/16").unwrap();
        }
        assert_eq!(code(make(&mut account, "10.0.0.0/16")), "VpcLimitExceeded");
    }
}
