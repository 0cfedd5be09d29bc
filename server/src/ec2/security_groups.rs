//! Security groups: CreateSecurityGroup, DescribeSecurityGroups, DeleteSecurityGroup, and who names
//! whom over a peering. Their rules are in [`super::security_group_rules`].

use ipnet::Ipv4Net;

use super::describe::{Asked, no_pages_of_ids};
use super::filters::{self, Values};
use super::tags::{self, tag_new};
use super::{Action, actions, errors, permissions, vpcs};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::security_groups::{Peer, SecurityGroup, SecurityGroupRule};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    change CreateSecurityGroup => create;
    change DeleteSecurityGroup => delete;
    read DescribeSecurityGroups => describe;
    read DescribeSecurityGroupReferences => references;
};

const FILTERS: &[&str] = &[
    "description",
    "egress.ip-permission.cidr",
    "egress.ip-permission.from-port",
    "egress.ip-permission.group-id",
    "egress.ip-permission.group-name",
    "egress.ip-permission.ipv6-cidr",
    "egress.ip-permission.prefix-list-id",
    "egress.ip-permission.protocol",
    "egress.ip-permission.to-port",
    "egress.ip-permission.user-id",
    "group-id",
    "group-name",
    "ip-permission.cidr",
    "ip-permission.from-port",
    "ip-permission.group-id",
    "ip-permission.group-name",
    "ip-permission.ipv6-cidr",
    "ip-permission.prefix-list-id",
    "ip-permission.protocol",
    "ip-permission.to-port",
    "ip-permission.user-id",
    "owner-id",
    "vpc-id",
];

/// A group that has to be there.
///
/// # Errors
/// `InvalidGroup.NotFound`.
pub(super) fn group<'a>(account: &'a Account, id: &str) -> Result<&'a SecurityGroup> {
    account.security_groups.get(id).ok_or_else(|| missing(id))
}

/// `InvalidGroup.NotFound`, of an id or a name.
pub(super) fn missing(id: &str) -> AwsError {
    let message = format!("The security group '{id}' does not exist");
    AwsError::new("InvalidGroup.NotFound", message)
}

/// The group that a request means: by id, or by name in the default VPC.
///
/// # Errors
/// When there is none, or none is named.
pub(super) fn meant<'a>(
    account: &'a Account,
    id: Option<&str>,
    name: Option<&str>,
) -> Result<&'a SecurityGroup> {
    match (id, name) {
        (Some(id), _) => group(account, id),
        (None, Some(name)) => by_name(account, name).ok_or_else(|| missing(name)),
        (None, None) => Err(errors::missing("groupName or groupId")),
    }
}

fn by_name<'a>(account: &'a Account, name: &str) -> Option<&'a SecurityGroup> {
    let default = account.vpcs.values().find(|vpc| vpc.default)?;
    let mut here = account.security_groups.of(&default.id);
    here.find(|group| group.name == name)
}

/// Groups that an interface may have: all there, of its VPC, none twice, and not too many.
///
/// # Errors
/// AWS's for each of these.
pub(super) fn of_interface(account: &Account, vpc: &str, ids: &[String]) -> Result<Vec<String>> {
    let mut groups: Vec<String> = Vec::new();
    for id in ids {
        if group(account, id)?.vpc != vpc {
            let message = format!(
                "You have specified two resources that belong to different networks: {id} is not of {vpc}."
            );
            return Err(AwsError::new("InvalidParameter", message));
        }
        if !groups.contains(id) {
            groups.push(id.clone());
        }
    }
    if groups.is_empty() {
        groups.extend(account.default_group(vpc).map(|group| group.id.clone()));
    }
    if groups.len() > account.rules.quotas.groups_per_interface {
        let code = "SecurityGroupsPerInterfaceLimitExceeded";
        return Err(errors::over_quota(code, "security groups per interface"));
    }
    Ok(groups)
}

/// Whether a text is as AWS wants descriptions and names to be.
pub(super) fn is_text(text: &str) -> bool {
    let known =
        |letter: char| letter.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(letter);
    text.chars().count() <= 255 && text.chars().all(known)
}

fn create(
    change: &mut Change<'_>,
    request: ec2::CreateSecurityGroupRequest,
) -> Result<ec2::CreateSecurityGroupResult> {
    check_texts(&request.group_name, &request.description)?;
    let vpc = match &request.vpc_id {
        Some(id) => vpcs::vpc(change, id)?.id.clone(),
        None => {
            let default = change.vpcs.values().find(|vpc| vpc.default);
            let none = || AwsError::new("VPCIdNotSpecified", "No default VPC for this user");
            default.ok_or_else(none)?.id.clone()
        }
    };
    not_yet(change, &vpc, &request.group_name)?;
    if change.security_groups.len() >= change.rules.quotas.security_groups {
        return Err(errors::over_quota("SecurityGroupLimitExceeded", "security groups"));
    }
    let id = change.ids.next("sg");
    let (name, description) = (request.group_name, request.description);
    change
        .security_groups
        .insert(id.as_str(), SecurityGroup { id: id.clone(), vpc, name, description });
    change.allow_all(&id, true, Peer::Cidr(Ipv4Net::default()));
    tag_new(change, &id, "security-group", &request.tag_specifications)?;
    Ok(ec2::CreateSecurityGroupResult {
        tags: tags::shown(change, &id),
        security_group_arn: Some(arn(change, &id)),
        group_id: Some(id),
    })
}

fn not_yet(account: &Account, vpc: &str, name: &str) -> Result<()> {
    let mut here = account.security_groups.of(vpc);
    if here.any(|group| group.name == name) {
        let message = format!("The security group '{name}' already exists for VPC '{vpc}'");
        return Err(AwsError::new("InvalidGroup.Duplicate", message));
    }
    Ok(())
}

fn check_texts(name: &str, description: &str) -> Result<()> {
    let invalid = |message: String| Err(AwsError::new("InvalidParameterValue", message));
    if name.is_empty() {
        return Err(errors::missing("GroupName"));
    }
    if description.is_empty() {
        return Err(errors::missing("GroupDescription"));
    }
    if name == "default" {
        let message = "Cannot use reserved security group name: default";
        return Err(AwsError::new("InvalidGroup.Reserved", message));
    }
    if name.to_ascii_lowercase().starts_with("sg-") {
        let why = "Group names may not be in the format sg-*.";
        return invalid(format!("Invalid value '{name}' for groupName. {why}"));
    }
    for (parameter, text) in [("GroupName", name), ("GroupDescription", description)] {
        if !is_text(text) {
            return invalid(format!(
                "Value ({text}) for parameter {parameter} is invalid. It has up to 255 characters \
                 from a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$*"
            ));
        }
    }
    Ok(())
}

fn delete(
    change: &mut Change<'_>,
    request: ec2::DeleteSecurityGroupRequest,
) -> Result<ec2::DeleteSecurityGroupResult> {
    let group = meant(change, request.group_id.as_deref(), request.group_name.as_deref())?;
    let id = group.id.clone();
    if group.is_default() {
        let message =
            format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user");
        return Err(AwsError::new("CannotDelete", message));
    }
    if is_needed(change, group) {
        let message = format!("resource {id} has a dependent object");
        return Err(AwsError::new("DependencyViolation", message));
    }
    let rules: Vec<String> = change.rules_of(&id).map(|rule| rule.id.clone()).collect();
    for rule in &rules {
        change.security_group_rules.remove(rule);
        change.forget_tags(rule);
    }
    change.security_groups.remove(&id);
    change.forget_tags(&id);
    Ok(ec2::DeleteSecurityGroupResult { r#return: Some(true), group_id: Some(id) })
}

/// Whether an interface or a connector carries a group, or another group of its VPC names it. Rules in
/// other VPCs become stale: they match nothing from then on.
fn is_needed(account: &Account, group: &SecurityGroup) -> bool {
    let names = |rule: &SecurityGroupRule| {
        let other = account.security_groups.get(&rule.group);
        rule.peer == Peer::Group(group.id.clone())
            && rule.group != group.id
            && other.is_some_and(|other| other.vpc == group.vpc)
    };
    let mut connectors = account.connectors.values().filter(|connector| connector.is_active());
    account.network_interfaces.values().any(|interface| interface.groups.contains(&group.id))
        || connectors.any(|connector| connector.groups.contains(&group.id))
        || account.security_group_rules.values().any(names)
}

fn describe(
    account: &Account,
    request: ec2::DescribeSecurityGroupsRequest,
) -> Result<ec2::DescribeSecurityGroupsResult> {
    let mut ids = request.group_ids;
    no_pages_of_ids(&ids, request.max_results)?;
    for name in &request.group_names {
        ids.push(by_name(account, name).ok_or_else(|| missing(name))?.id.clone());
    }
    let token = request.next_token.as_deref();
    let asked = Asked::new(&ids, &request.filters, FILTERS, token, request.max_results);
    let (groups, next_token) =
        asked.of(account, &account.security_groups, missing, |group, name| {
            values(account, group, name)
        })?;
    let security_groups = groups.into_iter().map(|group| shown(account, group)).collect();
    Ok(ec2::DescribeSecurityGroupsResult { security_groups, next_token })
}

fn values(account: &Account, group: &SecurityGroup, name: &str) -> Values {
    if let Some(member) = name.strip_prefix("ip-permission.") {
        return rule_values(account, group, false, member);
    }
    if let Some(member) = name.strip_prefix("egress.ip-permission.") {
        return rule_values(account, group, true, member);
    }
    match name {
        "description" => filters::one(&group.description),
        "group-id" => filters::one(&group.id),
        "group-name" => filters::one(&group.name),
        "owner-id" => filters::one(&account.identity.account),
        "vpc-id" => filters::one(&group.vpc),
        _ => None,
    }
}

fn rule_values(account: &Account, group: &SecurityGroup, egress: bool, member: &str) -> Values {
    let rules = account.rules_of(&group.id).filter(|rule| rule.egress == egress);
    let name_of = |id: &str| account.security_groups.get(id).map(|group| group.name.clone());
    let of = |rule: &SecurityGroupRule| match (member, &rule.peer) {
        ("cidr", Peer::Cidr(cidr)) => Some(cidr.to_string()),
        ("ipv6-cidr", Peer::Ipv6(cidr)) => Some(cidr.clone()),
        ("prefix-list-id", Peer::PrefixList(id)) | ("group-id", Peer::Group(id)) => {
            Some(id.clone())
        }
        ("group-name", Peer::Group(id)) => name_of(id),
        ("user-id", Peer::Group(_)) => Some(account.identity.account.clone()),
        ("protocol", _) => Some(rule.protocol.clone()),
        ("from-port", _) => Some(rule.from.to_string()),
        ("to-port", _) => Some(rule.to.to_string()),
        _ => None,
    };
    filters::many(rules.filter_map(of))
}

/// A group as answers have it.
fn shown(account: &Account, group: &SecurityGroup) -> ec2::SecurityGroup {
    let (egress, ingress): (Vec<_>, Vec<_>) =
        account.rules_of(&group.id).partition(|rule| rule.egress);
    ec2::SecurityGroup {
        group_id: Some(group.id.clone()),
        group_name: Some(group.name.clone()),
        description: Some(group.description.clone()),
        vpc_id: Some(group.vpc.clone()),
        owner_id: Some(account.identity.account.clone()),
        security_group_arn: Some(arn(account, &group.id)),
        ip_permissions: permissions::shown(account, &ingress),
        ip_permissions_egress: permissions::shown(account, &egress),
        tags: tags::shown(account, &group.id),
    }
}

fn arn(account: &Account, id: &str) -> String {
    account.identity.arn("ec2", &format!("security-group/{id}"))
}

/// The groups as interfaces and endpoints show them.
pub(super) fn identifiers(account: &Account, ids: &[String]) -> Vec<ec2::GroupIdentifier> {
    let identifier = |id: &String| ec2::GroupIdentifier {
        group_id: Some(id.clone()),
        group_name: account.security_groups.get(id).map(|group| group.name.clone()),
    };
    ids.iter().map(identifier).collect()
}

/// The VPCs on the other side of a peering whose rules name one of these groups.
fn references(
    account: &Account,
    request: ec2::DescribeSecurityGroupReferencesRequest,
) -> Result<ec2::DescribeSecurityGroupReferencesResult> {
    let mut all = Vec::new();
    for id in &request.group_id {
        let vpc = &group(account, id)?.vpc;
        let names = |rule: &&SecurityGroupRule| rule.peer == Peer::Group(id.clone());
        let rules = account.security_group_rules.values().filter(names);
        let mut vpcs: Vec<&str> = rules
            .filter_map(|rule| account.security_groups.get(&rule.group))
            .map(|group| group.vpc.as_str())
            .filter(|other| other != vpc)
            .collect();
        vpcs.sort_unstable();
        vpcs.dedup();
        for other in vpcs {
            let peering = account.peering_between(vpc, other);
            all.push(ec2::SecurityGroupReference {
                group_id: Some(id.clone()),
                referencing_vpc_id: Some(other.to_owned()),
                vpc_peering_connection_id: peering.map(|peering| peering.id.clone()),
                transit_gateway_id: None,
            });
        }
    }
    Ok(ec2::DescribeSecurityGroupReferencesResult { security_group_reference_set: all })
}
