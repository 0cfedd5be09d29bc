//! Security groups and their rules.

use std::collections::HashSet;

use super::class::Class;
use super::kinds::Kind;
use super::plan::{Plan, at, text};
use super::translate::{Properties, Translation, items, said, truth, unknown, word};
use crate::template::{Data, Value};

const GROUPS: &[Class] = &[Class::SecurityGroup];
const LISTS: &[Class] = &[Class::PrefixList];
const RULES: [&str; 2] = ["ingress", "egress"];

/// A rule with one other side, as AWS tells rules apart: the group, the direction, the protocol, the
/// ports and the other side.
pub(super) type Atom = (String, bool, String, String, String);

/// One other side of a rule: the part of the rule that says it, and the property that it is.
struct Peer {
    part: String,
    property: &'static str,
    value: Value,
}

impl<'a> Translation<'_, 'a> {
    pub(super) fn add_group(&mut self, index: usize, kind: &Kind) {
        let instance = &self.plan.instances[index];
        let place = self.plan.place(index);
        let mut properties = self.properties(index, kind);
        // Terraform takes away the rule that lets everything out of a new group.
        properties.insert("NoDefaultEgress".to_owned(), truth(true, place));
        if instance.kind() == "aws_default_security_group" {
            properties.insert("Default".to_owned(), truth(true, place));
        }
        for (attribute, property) in
            RULES.into_iter().zip(["SecurityGroupIngress", "SecurityGroupEgress"])
        {
            let rules = match instance.is_data() {
                true => Some(self.not_read(index, "rules")),
                false => self.inline_rules(index, attribute),
            };
            properties.extend(rules.map(|rules| (property.to_owned(), rules)));
        }
        self.push(index, kind.cloud, properties);
    }

    /// What a data source does not say of the thing that it reads.
    pub(super) fn not_read(&self, index: usize, what: &str) -> Value {
        let id = &self.plan.instances[index].id;
        let name = format!("the {what} of `{}`, which a data source does not say", **id);
        unknown(name, id.place)
    }

    /// The rules that a group holds by itself.
    fn inline_rules(&mut self, index: usize, attribute: &str) -> Option<Value> {
        let instance = &self.plan.instances[index];
        let value = instance.at(attribute)?;
        if matches!(value.data, Data::Unknown(_)) {
            let all = self.known(index, value);
            if all.is_none() {
                self.readings.without_blocks(self.plan, index, attribute);
            }
            return all;
        }
        let egress = attribute == "egress";
        // What the configuration does not say is what AWS reported, rules that are resources of
        // their own among them.
        let reported = !self.plan.is_written(index, attribute);
        let mut rules = Vec::new();
        for rule in items(Some(value)) {
            let shared = shared(items(Some(value)));
            for peer in self.peers(index, rule, egress, shared) {
                let own = atom(instance.text("id"), rule, egress, "protocol", &peer);
                if !(reported && own.is_some_and(|atom| self.rules.contains(&atom))) {
                    rules.push(self.rule(index, rule, peer));
                }
            }
        }
        Some(Value { data: Data::List(rules), place: value.place })
    }

    fn rule(&self, index: usize, rule: &Value, peer: Peer) -> Value {
        let mut properties = self.matched(index, rule, "protocol");
        let place = if peer.value.place.file.is_some() { peer.value.place } else { rule.place };
        properties.insert(peer.property.to_owned(), peer.value);
        Value { data: Data::Map(properties), place }
    }

    /// The protocol and ports of a rule.
    fn matched(&self, index: usize, rule: &Value, protocol: &str) -> Properties {
        let columns = [(protocol, "IpProtocol"), ("from_port", "FromPort"), ("to_port", "ToPort")];
        let known =
            |(from, to): (&str, &str)| Some((to.to_owned(), self.known(index, at(rule, from)?)?));
        columns.into_iter().filter_map(known).collect()
    }

    /// The other sides of a rule, those of IPv6 left out.
    fn peers(&mut self, index: usize, rule: &Value, egress: bool, shared: usize) -> Vec<Peer> {
        let [group, list] = sides(egress);
        let mut peers = Vec::new();
        if let Some(cidrs) = said(rule, "cidr_blocks").and_then(|value| self.known(index, value)) {
            peers.extend(each("cidr_blocks", "CidrIp", cidrs));
        }
        if let Some(lists) = said(rule, "prefix_list_ids") {
            let lists = self.many_of(index, lists, LISTS, shared);
            peers.extend(lists.into_iter().flat_map(|lists| each("prefix_list_ids", list, lists)));
        }
        if let Some(groups) = said(rule, "security_groups") {
            let groups = self.many_of(index, &without_accounts(groups), GROUPS, shared);
            peers.extend(
                groups.into_iter().flat_map(|groups| each("security_groups", group, groups)),
            );
        }
        if let Some(source) = said(rule, "source_security_group_id") {
            let value = self.one_of(index, &without_account(source), GROUPS);
            let part = "source_security_group_id".to_owned();
            peers.extend(value.map(|value| Peer { part, property: group, value }));
        }
        if let Some(Data::Bool(true)) = said(rule, "self").map(|value| &value.data) {
            let value = match said(rule, "security_group_id") {
                Some(own) => self.one_of(index, own, GROUPS),
                None => Some(self.itself(index)),
            };
            peers.extend(value.map(|value| Peer {
                part: "self".to_owned(),
                property: group,
                value,
            }));
        }
        peers
    }

    /// A rule as a resource of its own: `aws_security_group_rule`.
    pub(super) fn add_old_rule(&mut self, index: usize) {
        let instance = &self.plan.instances[index];
        let egress = instance.text("type") == Some("egress");
        let cloud =
            if egress { "AWS::EC2::SecurityGroupEgress" } else { "AWS::EC2::SecurityGroupIngress" };
        let group = self.one(index, "security_group_id", GROUPS);
        let peers = self.peers(index, &instance.values, egress, 1);
        let alone = peers.len() == 1;
        for peer in peers {
            let mut properties = self.matched(index, &instance.values, "protocol");
            properties.extend(group.clone().map(|group| ("GroupId".to_owned(), group)));
            let place = peer.value.place;
            properties.insert(peer.property.to_owned(), peer.value);
            match alone {
                true => self.push(index, cloud, properties),
                false => self.push_part(index, &peer.part, place, cloud, properties),
            }
        }
    }

    /// A rule as a resource of its own, with one other side.
    pub(super) fn add_rule(&mut self, index: usize, egress: bool) {
        let cloud =
            if egress { "AWS::EC2::SecurityGroupEgress" } else { "AWS::EC2::SecurityGroupIngress" };
        let instance = &self.plan.instances[index];
        let mut properties = self.matched(index, &instance.values, "ip_protocol");
        let [group, list] = sides(egress);
        let referenced =
            said(&instance.values, "referenced_security_group_id").map(without_account);
        let sides = [
            ("GroupId", self.one(index, "security_group_id", GROUPS)),
            ("CidrIp", self.plain(index, "cidr_ipv4")),
            ("CidrIpv6", self.plain(index, "cidr_ipv6")),
            (list, self.one(index, "prefix_list_id", LISTS)),
            (group, referenced.and_then(|value| self.one_of(index, &value, GROUPS))),
        ];
        for (property, value) in sides {
            properties.extend(value.map(|value| (property.to_owned(), value)));
        }
        self.push(index, cloud, properties);
    }
}

/// The properties that name another group and a prefix list.
fn sides(egress: bool) -> [&'static str; 2] {
    match egress {
        true => ["DestinationSecurityGroupId", "DestinationPrefixListId"],
        false => ["SourceSecurityGroupId", "SourcePrefixListId"],
    }
}

/// A peer for each item of a list, or for the whole where it is not known.
fn each(part: &str, property: &'static str, list: Value) -> Vec<Peer> {
    let Data::List(items) = list.data else {
        return vec![Peer { part: part.to_owned(), property, value: list }];
    };
    let items = items.into_iter().enumerate();
    let peer = |(index, value)| Peer { part: format!("{part}[{index}]"), property, value };
    items.map(peer).collect()
}

/// How many lists of groups or prefix lists the rules of one expression hold.
fn shared(rules: &[Value]) -> usize {
    let lists = ["prefix_list_ids", "security_groups"];
    lists.into_iter().flat_map(|list| rules.iter().filter_map(move |rule| said(rule, list))).count()
}

/// The groups of a rule without the accounts that stand before those of others.
fn without_accounts(groups: &Value) -> Value {
    match &groups.data {
        Data::List(items) => {
            let items = items.iter().map(without_account).collect();
            Value { data: Data::List(items), place: groups.place }
        }
        _ => groups.clone(),
    }
}

fn without_account(group: &Value) -> Value {
    match text(group).and_then(|text| text.rsplit_once('/')) {
        Some((_, id)) => word(id, group.place),
        None => group.clone(),
    }
}

fn atom(
    group: Option<&str>,
    rule: &Value,
    egress: bool,
    protocol: &str,
    peer: &Peer,
) -> Option<Atom> {
    let side = match &peer.value.data {
        Data::Text(text) => text.clone(),
        Data::Of { resource, .. } => resource.clone(),
        _ => return None,
    };
    let (protocol, ports) = traffic(rule, protocol)?;
    Some((group?.to_owned(), egress, protocol, ports, side))
}

/// The protocol and ports of a rule in one spelling.
fn traffic(rule: &Value, protocol: &str) -> Option<(String, String)> {
    let protocol = text(at(rule, protocol)?)?.to_ascii_lowercase();
    let protocol = match protocol.as_str() {
        "all" => "-1",
        "6" => "tcp",
        "17" => "udp",
        "1" => "icmp",
        other => other,
    };
    let port = |name| at(rule, name).and_then(text).unwrap_or("");
    let ports = match protocol {
        "-1" => String::new(),
        _ => format!("{}-{}", port("from_port"), port("to_port")),
    };
    Some((protocol.to_owned(), ports))
}

/// The rules that are resources of their own, as they were and as they will be: what AWS reported of
/// a group holds the former.
pub(super) fn standalone(plan: &Plan<'_>) -> HashSet<Atom> {
    let mut atoms = HashSet::new();
    for instance in &plan.instances {
        let (protocol, egress) = match instance.kind() {
            "aws_security_group_rule" => ("protocol", None),
            "aws_vpc_security_group_ingress_rule" => ("ip_protocol", Some(false)),
            "aws_vpc_security_group_egress_rule" => ("ip_protocol", Some(true)),
            _ => continue,
        };
        for rule in instance.before.iter().chain([&instance.values]) {
            let egress = egress.unwrap_or(said(rule, "type").and_then(text) == Some("egress"));
            let Some(group) = said(rule, "security_group_id").and_then(text) else { continue };
            let Some((protocol, ports)) = traffic(rule, protocol) else { continue };
            for side in sides_of(plan, rule, group) {
                atoms.insert((group.to_owned(), egress, protocol.clone(), ports.clone(), side));
            }
        }
    }
    atoms
}

/// The other sides of a rule, as [`Translation::peers`] names them.
fn sides_of(plan: &Plan<'_>, rule: &Value, own: &str) -> Vec<String> {
    let mut sides = Vec::new();
    let named = |id: &str, classes| match plan.of_text(id, classes) {
        Data::Of { resource, .. } => resource,
        _ => id.to_owned(),
    };
    let lists = items(said(rule, "cidr_blocks")).iter().chain(said(rule, "cidr_ipv4"));
    sides.extend(lists.filter_map(text).map(str::to_owned));
    let lists = items(said(rule, "prefix_list_ids")).iter().chain(said(rule, "prefix_list_id"));
    sides.extend(lists.filter_map(text).map(|id| named(id, LISTS)));
    let groups = ["source_security_group_id", "referenced_security_group_id"];
    let groups = groups.into_iter().filter_map(|name| said(rule, name)).map(without_account);
    sides.extend(groups.filter_map(|group| text(&group).map(|id| named(id, GROUPS))));
    if matches!(said(rule, "self").map(|value| &value.data), Some(Data::Bool(true))) {
        sides.push(named(own, GROUPS));
    }
    sides
}
