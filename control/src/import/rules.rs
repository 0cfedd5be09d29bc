//! Security groups, their rules, and network ACLs.

use std::collections::HashMap;

use super::json::*;
use super::merge::Import;
use crate::finding::Finding;
use crate::model::{AclEntry, Model, NetworkAcl, Peer, SecurityGroup, SecurityGroupRule, Traffic};
use crate::source::{Place, Sourced};
use crate::written::scalar::Protocol;
use crate::written::{At, Page, Scalar};

impl Import {
    pub(super) fn add_rules(&mut self, model: &mut Model) {
        let items = self.take(|lists| &mut lists.security_groups);
        let items = self.described(&model.sources, items);
        let items = self.unique(&model.sources, items);
        model.security_groups =
            self.each(&model.sources, items, |json, _, page| security_group(json, page));
        self.add_listed_rules(model);

        let items = self.take(|lists| &mut lists.network_acls);
        let items = self.unique(&model.sources, items);
        model.network_acls = self.each(&model.sources, items, |json, _, page| {
            let entries = items_of(json.entries);
            Some(NetworkAcl {
                name: name_tag(&json.tags),
                id: page.sourced(json.network_acl_id),
                vpc: page.sourced(json.vpc_id),
                default: json.is_default == Some(true),
                entries: entries.filter_map(|entry| acl_entry(entry, page)).collect(),
            })
        });
    }

    /// `describe-security-group-rules` lists the same rules again, with an id each. They lend their
    /// ids; one that its group does not have was added after the groups were described.
    fn add_listed_rules(&mut self, model: &mut Model) {
        let items = self.take(|lists| &mut lists.security_group_rules);
        let items = self.unique(&model.sources, items);
        let rules = self.each(&model.sources, items, |json, _, page| listed_rule(json, page));
        let mut group_of: HashMap<String, usize> = HashMap::new();
        for (index, group) in model.security_groups.iter().enumerate() {
            group_of.insert(group.id.value.clone(), index);
        }
        for ListedRule { group, egress, rule } in rules {
            let Some(index) = group_of.get(&group.value) else {
                let message = format!("the rule's group `{}` is in no file", group.value);
                let help = "add what `aws ec2 describe-security-groups` prints";
                let finding = Finding::warning("rule-of-unknown-group", group.place, message);
                self.findings.push(finding.help(help));
                continue;
            };
            let group = &mut model.security_groups[*index];
            let rules = if egress { &mut group.egress } else { &mut group.ingress };
            let same = |known: &&mut SecurityGroupRule| {
                known.id.is_none() && known.traffic == rule.traffic && known.peer == rule.peer
            };
            match rules.iter_mut().find(same) {
                Some(known) => known.id = rule.id,
                None => {
                    let message = format!("`{}` has this rule only here", group.id.value);
                    let help = "it is used; describe groups and rules at the same time";
                    let finding = Finding::warning("rule-not-in-group", rule.place, message);
                    self.findings.push(finding.help(help));
                    rules.push(rule);
                }
            }
        }
    }
}

fn security_group(json: SecurityGroupJson, page: &mut Page<'_>) -> Option<SecurityGroup> {
    let id = page.sourced(json.group_id);
    let Some(vpc) = json.vpc_id else {
        let message = format!("the security group `{}` has no VpcId", id.value);
        let help = "groups of EC2-Classic are not modelled";
        page.find(Finding::warning("group-without-vpc", id.place, message).help(help));
        return None;
    };
    Some(SecurityGroup {
        default: json.group_name.as_deref() == Some("default"),
        name: json.group_name.or_else(|| name_tag(&json.tags)),
        vpc: page.sourced(vpc),
        ingress: items_of(json.ip_permissions).flat_map(|p| permission(p, page)).collect(),
        egress: items_of(json.ip_permissions_egress).flat_map(|p| permission(p, page)).collect(),
        id,
    })
}

/// A permission is a rule for each of its peers; the IPv6 ones are passed over.
fn permission(json: At<PermissionJson>, page: &mut Page<'_>) -> Vec<SecurityGroupRule> {
    let place = page.place(&json);
    let json = json.value;
    let traffic = traffic(json.ip_protocol, json.from_port, json.to_port, place, page);
    let Some(traffic) = traffic else {
        return Vec::new();
    };
    let mut peers = Vec::new();
    for range in items_of(json.ip_ranges) {
        peers.extend(page.meaning(range.cidr_ip).map(|cidr| cidr.map(Peer::Cidr)));
    }
    for list in items_of(json.prefix_list_ids) {
        peers.push(page.sourced(list.prefix_list_id).map(Peer::PrefixList));
    }
    for pair in items_of(json.user_id_group_pairs) {
        let group = pair.group_id.or(pair.group_name);
        peers.extend(group.map(|group| page.sourced(group).map(Peer::SecurityGroup)));
    }
    let rule = |peer| SecurityGroupRule { id: None, traffic, peer, place };
    peers.into_iter().map(rule).collect()
}

struct ListedRule {
    group: Sourced<String>,
    egress: bool,
    rule: SecurityGroupRule,
}

/// `None` for a rule with an IPv6 peer.
fn listed_rule(json: SecurityGroupRuleJson, page: &mut Page<'_>) -> Option<ListedRule> {
    let id = page.sourced(json.security_group_rule_id);
    let referenced = json.referenced_group_info.and_then(|info| info.group_id);
    let peer = match (json.cidr_ipv4, json.prefix_list_id, referenced) {
        (Some(cidr), _, _) => page.meaning(cidr)?.map(Peer::Cidr),
        (_, Some(list), _) => page.sourced(list).map(Peer::PrefixList),
        (_, _, Some(group)) => page.sourced(group).map(Peer::SecurityGroup),
        (None, None, None) => return None,
    };
    let traffic = traffic(json.ip_protocol, json.from_port, json.to_port, id.place, page)?;
    let rule = SecurityGroupRule { place: id.place, id: Some(id.value), traffic, peer };
    Some(ListedRule { group: page.sourced(json.group_id), egress: json.is_egress, rule })
}

/// What a rule matches, by the API's encoding: -1 is any; for ICMP the ports are type and code.
fn traffic(
    protocol: At<String>,
    from: Option<At<i64>>,
    to: Option<At<i64>>,
    whole: Place,
    page: &mut Page<'_>,
) -> Option<Sourced<Traffic>> {
    let number = protocol_number(&protocol, page)?;
    let place = from.as_ref().map_or(whole, |from| page.place(from));
    let (from, to) = (from.map(|from| from.value), to.map(|to| to.value));
    let traffic = matched(number, from, to);
    if traffic.is_none() {
        let said = |n: Option<i64>| n.map_or("nothing".to_owned(), |n| n.to_string());
        let message = format!("from {} to {} is not a range", said(from), said(to));
        page.find(Finding::error("bad-ports", place, message));
    }
    traffic.map(|traffic| Sourced::new(traffic, page.place(&protocol)))
}

/// What a rule matches that has this protocol and these ends of a range; `None` where they are none.
pub(crate) fn matched(protocol: Protocol, from: Option<i64>, to: Option<i64>) -> Option<Traffic> {
    match protocol {
        Protocol::All => Some(Traffic::All),
        Protocol::TCP => ports(from, to).map(|(from, to)| Traffic::Tcp(from, to)),
        Protocol::UDP => ports(from, to).map(|(from, to)| Traffic::Udp(from, to)),
        Protocol::ICMP => icmp(from, to).map(|(kind, code)| Traffic::Icmp(kind, code)),
        Protocol::Number(number) => Some(Traffic::Protocol(number)),
    }
}

fn protocol_number(protocol: &At<String>, page: &mut Page<'_>) -> Option<Protocol> {
    let place = page.place(protocol);
    match Protocol::parse(&protocol.value) {
        Ok((number, _)) => Some(number),
        Err(complaint) => {
            let message = format!("`{}` is not a protocol", protocol.value);
            page.find(Finding::error("bad-protocol", place, message).help(complaint.help));
            None
        }
    }
}

/// Both ends of a range; absent or -1 is every port.
fn ports(from: Option<i64>, to: Option<i64>) -> Option<(u16, u16)> {
    match (from.filter(|from| *from != -1), to.filter(|to| *to != -1)) {
        (None, None) => Some((0, u16::MAX)),
        (Some(from), Some(to)) if from <= to => {
            Some((u16::try_from(from).ok()?, u16::try_from(to).ok()?))
        }
        _ => None,
    }
}

fn icmp(kind: Option<i64>, code: Option<i64>) -> Option<(Option<u8>, Option<u8>)> {
    let number = |said: Option<i64>| match said {
        None | Some(-1) => Some(None),
        Some(number) => u8::try_from(number).ok().map(Some),
    };
    Some((number(kind)?, number(code)?))
}

/// The number of the last entry of every ACL, `*`, which denies and is not written.
const IMPLICIT: u32 = 32_767;

fn acl_entry(json: At<AclEntryJson>, page: &mut Page<'_>) -> Option<AclEntry> {
    let place = page.place(&json);
    let json = json.value;
    let number = page.sourced(json.rule_number);
    if number.value >= IMPLICIT {
        return None;
    }
    let cidr = page.optional(json.cidr_block)?; // without one, the entry is for IPv6
    let allow = match json.rule_action.value.as_str() {
        "allow" => true,
        "deny" => false,
        other => {
            let message = format!("`{other}` is neither `allow` nor `deny`");
            page.find(Finding::error("bad-action", page.place(&json.rule_action), message));
            return None;
        }
    };
    let ends = match (json.port_range, json.icmp_type_code) {
        (Some(range), _) => (range.from, range.to),
        (None, Some(icmp)) => (icmp.r#type, icmp.code),
        (None, None) => (None, None),
    };
    let traffic = traffic(json.protocol, ends.0, ends.1, place, page)?;
    Some(AclEntry { number, egress: json.egress, allow, traffic, cidr, place })
}
