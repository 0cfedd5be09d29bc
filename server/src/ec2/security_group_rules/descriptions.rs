//! What rules are for: UpdateSecurityGroupRuleDescriptionsIngress and -Egress.

use super::{group_of, rule_of};
use crate::account::change::Change;
use crate::account::security_groups::SecurityGroup;
use crate::ec2::{Action, actions, errors, permissions};
use crate::error::{AwsError, Result};
use crate::shapes::ec2;

pub(in crate::ec2) const ACTIONS: &[Action] = actions! {
    change UpdateSecurityGroupRuleDescriptionsIngress => of_ingress;
    change UpdateSecurityGroupRuleDescriptionsEgress => of_egress;
};

fn of_ingress(
    change: &mut Change<'_>,
    request: ec2::UpdateSecurityGroupRuleDescriptionsIngressRequest,
) -> Result<ec2::UpdateSecurityGroupRuleDescriptionsIngressResult> {
    let group = group_of(change, request.group_id.as_deref(), request.group_name.as_deref())?;
    let by_id = &request.security_group_rule_descriptions;
    describe(change, &group, false, &request.ip_permissions, by_id)?;
    Ok(ec2::UpdateSecurityGroupRuleDescriptionsIngressResult { r#return: Some(true) })
}

fn of_egress(
    change: &mut Change<'_>,
    request: ec2::UpdateSecurityGroupRuleDescriptionsEgressRequest,
) -> Result<ec2::UpdateSecurityGroupRuleDescriptionsEgressResult> {
    let group = group_of(change, request.group_id.as_deref(), request.group_name.as_deref())?;
    let by_id = &request.security_group_rule_descriptions;
    describe(change, &group, true, &request.ip_permissions, by_id)?;
    Ok(ec2::UpdateSecurityGroupRuleDescriptionsEgressResult { r#return: Some(true) })
}

fn describe(
    change: &mut Change<'_>,
    group: &SecurityGroup,
    egress: bool,
    said: &[ec2::IpPermission],
    by_id: &[ec2::SecurityGroupRuleDescription],
) -> Result<()> {
    if said.is_empty() == by_id.is_empty() {
        let message =
            "Either 'ipPermissions' or 'securityGroupRuleDescriptions' should be provided.";
        return Err(AwsError::new("MissingParameter", message));
    }
    let mut descriptions = Vec::new();
    for read in permissions::read(change, group, said)? {
        let mut rules = change.rules_of(&group.id).filter(|rule| rule.egress == egress);
        let Some(rule) = rules.find(|rule| read.is(rule)) else {
            let message = "The specified rule does not exist in this security group.";
            return Err(AwsError::new("InvalidPermission.NotFound", message));
        };
        descriptions.push((rule.id.clone(), read.description));
    }
    for named in by_id {
        let id = named.security_group_rule_id.as_deref();
        let id = id.ok_or_else(|| errors::missing("SecurityGroupRuleId"))?;
        rule_of(change, group, Some(egress), id)?;
        let text = permissions::description_of(named.description.clone())?;
        descriptions.push((id.to_owned(), text));
    }
    for (id, description) in descriptions {
        if let Some(rule) = change.security_group_rules.edit(&id) {
            rule.description = description;
        }
    }
    Ok(())
}
