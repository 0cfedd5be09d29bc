//! The rules of security groups: Authorize, Revoke, Modify, Describe, in both generations of the API:
//! as permissions of a group, and as resources with ids of their own.

pub(super) mod descriptions;

use super::describe::{Asked, no_pages_of_ids};
use super::filters::{self, Values};
use super::permissions::{self, Flat, Permission};
use super::tags::{self, tag_new};
use super::{Action, actions, errors, security_groups};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::security_groups::{Peer, SecurityGroup, SecurityGroupRule};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(super) const ACTIONS: &[Action] = actions! {
    change AuthorizeSecurityGroupIngress => authorize_ingress;
    change AuthorizeSecurityGroupEgress => authorize_egress;
    change RevokeSecurityGroupIngress => revoke_ingress;
    change RevokeSecurityGroupEgress => revoke_egress;
    change ModifySecurityGroupRules => modify;
    read DescribeSecurityGroupRules => describe;
};

/// The older members of a request, which shapes of four names have.
macro_rules! flat {
    ($request:ident) => {
        Flat {
            protocol: $request.ip_protocol,
            from: $request.from_port,
            to: $request.to_port,
            cidr: $request.cidr_ip,
            group_name: $request.source_security_group_name,
        }
    };
}

fn authorize_ingress(
    change: &mut Change<'_>,
    request: ec2::AuthorizeSecurityGroupIngressRequest,
) -> Result<ec2::AuthorizeSecurityGroupIngressResult> {
    let group = group_of(change, request.group_id.as_deref(), request.group_name.as_deref())?;
    let flat = flat!(request);
    let said = permissions_of(request.ip_permissions, flat)?;
    let rules = authorize(change, &group, false, &said, &request.tag_specifications)?;
    Ok(ec2::AuthorizeSecurityGroupIngressResult {
        r#return: Some(true),
        security_group_rules: rules,
    })
}

fn authorize_egress(
    change: &mut Change<'_>,
    request: ec2::AuthorizeSecurityGroupEgressRequest,
) -> Result<ec2::AuthorizeSecurityGroupEgressResult> {
    let group = group_of(change, Some(&request.group_id), None)?;
    let flat = flat!(request);
    let said = permissions_of(request.ip_permissions, flat)?;
    let rules = authorize(change, &group, true, &said, &request.tag_specifications)?;
    Ok(ec2::AuthorizeSecurityGroupEgressResult {
        r#return: Some(true),
        security_group_rules: rules,
    })
}

fn group_of(account: &Account, id: Option<&str>, name: Option<&str>) -> Result<SecurityGroup> {
    security_groups::meant(account, id, name).cloned()
}

/// A request has permissions, or says one by the older members.
fn permissions_of(
    permissions: Vec<ec2::IpPermission>,
    flat: Flat,
) -> Result<Vec<ec2::IpPermission>> {
    match (permissions.is_empty(), flat.permission()) {
        (true, None) => Err(errors::missing("ipPermissions")),
        (true, Some(permission)) => Ok(vec![permission]),
        (false, None) => Ok(permissions),
        (false, Some(_)) => Err(errors::combination(
            "The parameter 'ipPermissions' may not be used in combination with 'ipProtocol'",
        )),
    }
}

fn authorize(
    change: &mut Change<'_>,
    group: &SecurityGroup,
    egress: bool,
    said: &[ec2::IpPermission],
    tags: &[ec2::TagSpecification],
) -> Result<Vec<ec2::SecurityGroupRule>> {
    let permissions = permissions::read(change, group, said)?;
    for permission in &permissions {
        not_yet(change, group, egress, permission, None)?;
    }
    let mut ids = Vec::new();
    for permission in permissions {
        let id = change.ids.next("sgr");
        change
            .security_group_rules
            .insert(id.as_str(), permission.rule(id.clone(), &group.id, egress));
        tag_new(change, &id, "security-group-rule", tags)?;
        ids.push(id);
    }
    within_quota(change, &group.id, egress)?;
    let rules = ids.iter().filter_map(|id| change.security_group_rules.get(id));
    Ok(rules.map(|rule| shown(change, rule)).collect())
}

/// No rule of the group allows just this, but for the one that is to change.
fn not_yet(
    account: &Account,
    group: &SecurityGroup,
    egress: bool,
    permission: &Permission,
    but: Option<&str>,
) -> Result<()> {
    let mut rules = account.rules_of(&group.id).filter(|rule| rule.egress == egress);
    if rules.any(|rule| permission.is(rule) && Some(rule.id.as_str()) != but) {
        let message = format!("the specified rule \"{}\" already exists", permission.in_words());
        return Err(AwsError::new("InvalidPermission.Duplicate", message));
    }
    Ok(())
}

/// Rules count apart for IPv4 and IPv6; a prefix list counts as often as it may have entries.
pub(super) fn within_quota(account: &Account, group: &str, egress: bool) -> Result<()> {
    let (mut ipv4, mut ipv6) = (0, 0);
    for rule in account.rules_of(group).filter(|rule| rule.egress == egress) {
        match &rule.peer {
            Peer::Ipv6(_) => ipv6 += 1,
            Peer::PrefixList(id) => ipv4 += account.prefix_lists.get(id).map_or(1, |l| l.weight()),
            Peer::Cidr(_) | Peer::Group(_) => ipv4 += 1,
        }
    }
    if ipv4.max(ipv6) > account.rules.quotas.security_group_rules {
        let code = "RulesPerSecurityGroupLimitExceeded";
        return Err(errors::over_quota(code, "rules per security group"));
    }
    Ok(())
}

/// What became of a request to revoke.
struct Revoked {
    revoked: Vec<ec2::RevokedSecurityGroupRule>,
    unknown: Vec<ec2::IpPermission>,
}

fn revoke_ingress(
    change: &mut Change<'_>,
    request: ec2::RevokeSecurityGroupIngressRequest,
) -> Result<ec2::RevokeSecurityGroupIngressResult> {
    let group = group_of(change, request.group_id.as_deref(), request.group_name.as_deref())?;
    let flat = flat!(request);
    let ids = request.security_group_rule_ids;
    let Revoked { revoked, unknown } =
        revoke(change, &group, false, &ids, request.ip_permissions, flat)?;
    Ok(ec2::RevokeSecurityGroupIngressResult {
        r#return: Some(unknown.is_empty()),
        unknown_ip_permissions: unknown,
        revoked_security_group_rules: revoked,
    })
}

fn revoke_egress(
    change: &mut Change<'_>,
    request: ec2::RevokeSecurityGroupEgressRequest,
) -> Result<ec2::RevokeSecurityGroupEgressResult> {
    let group = group_of(change, Some(&request.group_id), None)?;
    let flat = flat!(request);
    let ids = request.security_group_rule_ids;
    let Revoked { revoked, unknown } =
        revoke(change, &group, true, &ids, request.ip_permissions, flat)?;
    Ok(ec2::RevokeSecurityGroupEgressResult {
        r#return: Some(unknown.is_empty()),
        unknown_ip_permissions: unknown,
        revoked_security_group_rules: revoked,
    })
}

fn revoke(
    change: &mut Change<'_>,
    group: &SecurityGroup,
    egress: bool,
    ids: &[String],
    permissions: Vec<ec2::IpPermission>,
    flat: Flat,
) -> Result<Revoked> {
    if !ids.is_empty() {
        if !permissions.is_empty() {
            let message = "Only one of 'ipPermissions' and 'securityGroupRuleIds' may be provided.";
            return Err(errors::combination(message));
        }
        for id in ids {
            rule_of(change, group, Some(egress), id)?;
        }
        return Ok(Revoked { revoked: remove(change, ids), unknown: Vec::new() });
    }
    if permissions.is_empty()
        && flat.protocol.is_none()
        && flat.cidr.is_none()
        && flat.group_name.is_none()
    {
        let message = "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.";
        return Err(AwsError::new("MissingParameter", message));
    }
    revoke_permissions(change, group, egress, &permissions_of(permissions, flat)?)
}

/// Outside of a default VPC, what is not there is an error; within one, it is only told.
fn revoke_permissions(
    change: &mut Change<'_>,
    group: &SecurityGroup,
    egress: bool,
    said: &[ec2::IpPermission],
) -> Result<Revoked> {
    let lenient = change.vpcs.get(&group.vpc).is_some_and(|vpc| vpc.default);
    let (mut ids, mut unknown) = (Vec::new(), Vec::new());
    for permission in said {
        for read in permissions::read(change, group, std::slice::from_ref(permission))? {
            let mut rules = change.rules_of(&group.id).filter(|rule| rule.egress == egress);
            match rules.find(|rule| read.is(rule)) {
                Some(rule) => ids.push(rule.id.clone()),
                None if lenient => {
                    let rule = read.rule(String::new(), &group.id, egress);
                    unknown.extend(permissions::shown(change, &[&rule]));
                }
                None => {
                    let message = "The specified rule does not exist in this security group.";
                    return Err(AwsError::new("InvalidPermission.NotFound", message));
                }
            }
        }
    }
    Ok(Revoked { revoked: remove(change, &ids), unknown })
}

fn remove(change: &mut Change<'_>, ids: &[String]) -> Vec<ec2::RevokedSecurityGroupRule> {
    let mut removed = Vec::new();
    for id in ids {
        if let Some(rule) = change.security_group_rules.remove(id) {
            change.forget_tags(id);
            removed.push(revoked(&rule));
        }
    }
    removed
}

/// A rule of a group, in one direction or whichever.
fn rule_of<'a>(
    account: &'a Account,
    group: &SecurityGroup,
    egress: Option<bool>,
    id: &str,
) -> Result<&'a SecurityGroupRule> {
    let rule = account.security_group_rules.get(id).ok_or_else(|| missing(id))?;
    let fits = rule.group == group.id && egress.is_none_or(|egress| egress == rule.egress);
    if fits { Ok(rule) } else { Err(missing(id)) }
}

fn missing(id: &str) -> AwsError {
    let message = format!("The security group rule ID '{id}' does not exist");
    AwsError::new("InvalidSecurityGroupRuleId.NotFound", message)
}

fn modify(
    change: &mut Change<'_>,
    request: ec2::ModifySecurityGroupRulesRequest,
) -> Result<ec2::ModifySecurityGroupRulesResult> {
    let group = group_of(change, Some(&request.group_id), None)?;
    for update in &request.security_group_rules {
        let id = &update.security_group_rule_id;
        let egress = rule_of(change, &group, None, id)?.egress;
        let said = update.security_group_rule.as_ref();
        let said = said.ok_or_else(|| errors::missing("SecurityGroupRule.SecurityGroupRule"))?;
        let permission = permissions::read_rule(change, &group, said)?;
        not_yet(change, &group, egress, &permission, Some(id))?;
        let rule = permission.rule(id.clone(), &group.id, egress);
        change.security_group_rules.insert(id.as_str(), rule);
        within_quota(change, &group.id, egress)?;
    }
    Ok(ec2::ModifySecurityGroupRulesResult { r#return: Some(true) })
}

fn describe(
    account: &Account,
    request: ec2::DescribeSecurityGroupRulesRequest,
) -> Result<ec2::DescribeSecurityGroupRulesResult> {
    const FILTERS: &[&str] = &["group-id", "security-group-rule-id"];
    let ids = &request.security_group_rule_ids;
    no_pages_of_ids(ids, request.max_results)?;
    let token = request.next_token.as_deref();
    let asked = Asked::new(ids, &request.filters, FILTERS, token, request.max_results);
    let (rules, next_token) = asked.of(account, &account.security_group_rules, missing, values)?;
    let security_group_rules = rules.into_iter().map(|rule| shown(account, rule)).collect();
    Ok(ec2::DescribeSecurityGroupRulesResult { security_group_rules, next_token })
}

fn values(rule: &SecurityGroupRule, name: &str) -> Values {
    match name {
        "group-id" => filters::one(&rule.group),
        "security-group-rule-id" => filters::one(&rule.id),
        _ => None,
    }
}

/// A rule as answers have it.
fn shown(account: &Account, rule: &SecurityGroupRule) -> ec2::SecurityGroupRule {
    let owner = account.identity.account.clone();
    let (cidr_ipv4, cidr_ipv6, prefix_list_id, group) = peer(&rule.peer);
    let referenced_group_info = group.map(|group_id| {
        let (vpc_id, vpc_peering_connection_id, peering_status) =
            permissions::elsewhere(account, &rule.group, &group_id);
        ec2::ReferencedSecurityGroup {
            group_id: Some(group_id),
            user_id: Some(owner.clone()),
            vpc_id,
            vpc_peering_connection_id,
            peering_status,
        }
    });
    let resource = format!("security-group-rule/{}", rule.id);
    ec2::SecurityGroupRule {
        security_group_rule_id: Some(rule.id.clone()),
        group_id: Some(rule.group.clone()),
        group_owner_id: Some(owner.clone()),
        is_egress: Some(rule.egress),
        ip_protocol: Some(rule.protocol.clone()),
        from_port: Some(rule.from),
        to_port: Some(rule.to),
        cidr_ipv4,
        cidr_ipv6,
        prefix_list_id,
        referenced_group_info,
        description: rule.description.clone(),
        tags: tags::shown(account, &rule.id),
        security_group_rule_arn: Some(account.identity.arn("ec2", &resource)),
    }
}

fn revoked(rule: &SecurityGroupRule) -> ec2::RevokedSecurityGroupRule {
    let (cidr_ipv4, cidr_ipv6, prefix_list_id, referenced_group_id) = peer(&rule.peer);
    ec2::RevokedSecurityGroupRule {
        security_group_rule_id: Some(rule.id.clone()),
        group_id: Some(rule.group.clone()),
        is_egress: Some(rule.egress),
        ip_protocol: Some(rule.protocol.clone()),
        from_port: Some(rule.from),
        to_port: Some(rule.to),
        cidr_ipv4,
        cidr_ipv6,
        prefix_list_id,
        referenced_group_id,
        description: rule.description.clone(),
    }
}

type Peers = (Option<String>, Option<String>, Option<String>, Option<String>);

/// A rule's peer where answers have it: IPv4, IPv6, prefix list, group.
fn peer(peer: &Peer) -> Peers {
    match peer {
        Peer::Cidr(cidr) => (Some(cidr.to_string()), None, None, None),
        Peer::Ipv6(cidr) => (None, Some(cidr.clone()), None, None),
        Peer::PrefixList(id) => (None, None, Some(id.clone()), None),
        Peer::Group(id) => (None, None, None, Some(id.clone())),
    }
}
