//! Security groups and their rules.

use std::collections::HashMap;

use ipnet::Ipv4Net;

use super::mapper::Mapper;
use super::reading::{Gap, Part, Said};
use super::{Data, Resource, Value};
use crate::finding::Finding;
use crate::import::matched;
use crate::model::{Name, Peer, SecurityGroup, SecurityGroupRule, Traffic, Unknown, UnknownRule};
use crate::names::Kind;
use crate::source::{Place, Sourced};
use crate::written::scalar::Protocol;

/// What a rule says, as far as it is known.
struct Rule {
    egress: bool,
    traffic: Said<Sourced<Traffic>>,
    peer: Said<Sourced<Peer>>,
    place: Place,
}

impl<'a> Mapper<'a> {
    pub(super) fn add_security_groups(&mut self) {
        for resource in self.of_kind("AWS::EC2::SecurityGroup") {
            let part = self.properties(resource);
            let Some(vpc) = self.vpc_of(resource, part) else { continue };
            let name = part.get("GroupName").map(|name| self.text(name));
            let default = self.flag(part, "Default", false).unwrap_or(false);
            self.model.security_groups.push(SecurityGroup {
                id: resource.id.clone(),
                name: name.and_then(Result::ok).map(|name| name.value).or(self.name_tag(part)),
                vpc,
                default,
                ingress: Vec::new(),
                egress: Vec::new(),
            });
        }
    }

    pub(super) fn add_rules(&mut self) {
        for resource in self.of_kind("Custom::VpcRestrictDefaultSG") {
            self.empty_group(resource);
        }
        let mut standalone: HashMap<String, Vec<&'a Resource>> = HashMap::new();
        for resource in self.of_kind("AWS::EC2::SecurityGroupEgress") {
            standalone.entry(self.group_of(resource)).or_default().push(resource);
        }
        for resource in self.of_kind("AWS::EC2::SecurityGroup") {
            let part = self.properties(resource);
            self.add_inline(resource, part, "SecurityGroupIngress", false);
            self.add_inline(resource, part, "SecurityGroupEgress", true);
            let own = standalone.get(resource.id.as_str()).map_or(&[][..], Vec::as_slice);
            self.add_default_egress(resource, part, own);
        }
        for (kind, egress) in
            [("AWS::EC2::SecurityGroupIngress", false), ("AWS::EC2::SecurityGroupEgress", true)]
        {
            for resource in self.of_kind(kind) {
                self.add_standalone(resource, egress);
            }
        }
    }

    /// CDK's custom resource takes the rules of the VPC's default group away.
    fn empty_group(&mut self, resource: &'a Resource) {
        let part = self.properties(resource);
        let key = "DefaultSecurityGroupId";
        let group = self.refer_at(Kind::SecurityGroup, resource, part, key);
        let Some(name) = self.structural(group) else { return };
        if let Some(group) = self.model.security_groups.iter_mut().find(|group| group.id == name) {
            group.ingress.clear();
            group.egress.clear();
        }
    }

    /// The id of the group of a rule that is a resource of its own; empty where it is not known.
    fn group_of(&mut self, resource: &'a Resource) -> String {
        let part = self.properties(resource);
        let group = part.get("GroupId").map(|group| self.name(group));
        group.and_then(Result::ok).map(|name| name.value).unwrap_or_default()
    }

    fn add_inline(&mut self, resource: &'a Resource, part: Part<'a>, key: &str, egress: bool) {
        let rules = match self.list(part, key) {
            Ok(rules) => rules,
            Err(gap) => return self.add_open_rule(&resource.id, egress, gap),
        };
        for value in rules {
            match self.part(value) {
                Ok(rule) => self.add_rule(&resource.id, rule, egress, value.place, None),
                Err(gap) => self.add_open_rule(&resource.id, egress, gap),
            }
        }
    }

    /// A rule of which nothing is known.
    fn add_open_rule(&mut self, group: &Name, egress: bool, gap: Gap) {
        if let Gap::Unknown(unknown) = gap {
            let group = group.clone();
            let rule = UnknownRule { group, egress, traffic: None, peer: None, unknown };
            self.model.unknowns.rules.push(rule);
        }
    }

    /// A new group lets everything out, until it is given a rule of its own.
    fn add_default_egress(&mut self, resource: &'a Resource, part: Part<'a>, own: &[&Resource]) {
        let inline = part.get("SecurityGroupEgress");
        let is_empty = |value: &Value| matches!(&value.data, Data::List(items) if items.is_empty());
        let none = self.flag(part, "NoDefaultEgress", false).unwrap_or(false);
        let has_rules = inline.is_some_and(|inline| !is_empty(inline));
        let certain = own.iter().any(|rule| rule.exists_if.is_none());
        if has_rules || none || certain {
            return;
        }
        let place = resource.id.place;
        let peer = Sourced::new(Peer::Cidr(Ipv4Net::default()), place);
        let maybe = own.first().and_then(|rule| rule.exists_if.clone());
        let rule = Rule {
            egress: true,
            traffic: Ok(Sourced::new(Traffic::All, place)),
            peer: Ok(peer),
            place,
        };
        self.place_rule(&resource.id, rule, maybe);
    }

    fn add_standalone(&mut self, resource: &'a Resource, egress: bool) {
        let part = self.properties(resource);
        let group = match (part.get("GroupId"), part.get("GroupName")) {
            (Some(group), _) | (None, Some(group)) => self.refer(Kind::SecurityGroup, group),
            (None, None) => Err(self.missing(resource, "GroupId")),
        };
        match group {
            Ok(group) => {
                let maybe = resource.exists_if.clone();
                self.add_rule(&group, part, egress, resource.id.place, maybe);
            }
            Err(Gap::Unknown(unknown)) => {
                let message = format!(
                    "the rule `{}` is of a group that is not known: {}",
                    *resource.id, unknown.name
                );
                let help = "nothing that is known carries the group; import it, too";
                let finding = Finding::warning("rule-of-unknown-group", unknown.place, message);
                self.findings.push(finding.help(help));
            }
            Err(Gap::Wrong) => {}
        }
    }

    fn add_rule(
        &mut self,
        group: &Name,
        part: Part<'a>,
        egress: bool,
        place: Place,
        maybe: Option<String>,
    ) {
        let Some(peer) = self.peer(part, egress, place) else { return };
        let traffic = self.traffic(part, place);
        self.place_rule(group, Rule { egress, traffic, peer, place }, maybe);
    }

    /// A rule of which everything is known, and which exists, is one of its group's.
    fn place_rule(&mut self, group: &Name, rule: Rule, maybe: Option<String>) {
        let Rule { egress, traffic, peer, place } = rule;
        let unknown = match (&traffic, &peer, maybe) {
            (_, _, Some(name)) => Unknown { name, place },
            (Err(Gap::Unknown(unknown)), _, _) | (_, Err(Gap::Unknown(unknown)), _) => {
                unknown.clone()
            }
            (Ok(traffic), Ok(peer), None) => {
                let rule =
                    SecurityGroupRule { id: None, traffic: *traffic, peer: peer.clone(), place };
                let named = |known: &&mut SecurityGroup| {
                    known.id == *group || known.name.as_ref() == Some(&group.value)
                };
                let Some(known) = self.model.security_groups.iter_mut().find(named) else { return };
                let rules = if egress { &mut known.egress } else { &mut known.ingress };
                return rules.push(rule);
            }
            _ => return,
        };
        self.model.unknowns.rules.push(UnknownRule {
            group: group.clone(),
            egress,
            traffic: traffic.ok().map(|known| known.value),
            peer: peer.ok().map(|known| known.value),
            unknown,
        });
    }

    /// The other side of a rule; `None` for one of IPv6.
    fn peer(&mut self, part: Part<'a>, egress: bool, place: Place) -> Option<Said<Sourced<Peer>>> {
        let (group, list, name) = match egress {
            true => ("DestinationSecurityGroupId", "DestinationPrefixListId", ""),
            false => ("SourceSecurityGroupId", "SourcePrefixListId", "SourceSecurityGroupName"),
        };
        if let Some(cidr) = part.get("CidrIp") {
            let cidr = self.meaning::<Ipv4Net>(cidr);
            return Some(cidr.map(|cidr| cidr.map(Peer::Cidr)));
        }
        if let Some(list) = part.get(list) {
            let list = self.prefix_list(list);
            return Some(list.map(|list| list.map(Peer::PrefixList)));
        }
        if let Some(group) = part.get(group).or(part.get(name)) {
            let group = self.name(group);
            return Some(group.map(|group| group.map(Peer::SecurityGroup)));
        }
        if part.has("CidrIpv6") {
            return None;
        }
        let message = "the rule has no other side";
        let help = format!("add `CidrIp`, `{group}` or `{list}`");
        self.findings.push(Finding::error("missing-key", place, message).help(help));
        None
    }

    fn traffic(&mut self, part: Part<'a>, place: Place) -> Said<Sourced<Traffic>> {
        let Some(protocol) = part.get("IpProtocol") else {
            let message = "the rule has no `IpProtocol`";
            let finding = Finding::error("missing-key", place, message);
            self.findings.push(finding.help("`-1` is every protocol"));
            return Err(Gap::Wrong);
        };
        let protocol = self.meaning(protocol)?;
        self.matches(protocol, part, ["FromPort", "ToPort"], place)
    }

    /// What a rule or an entry of this protocol matches, whose ends a map has under these keys.
    pub(super) fn matches(
        &mut self,
        protocol: Sourced<Protocol>,
        ends: Part<'a>,
        [from, to]: [&str; 2],
        place: Place,
    ) -> Said<Sourced<Traffic>> {
        if protocol.value == Protocol::All {
            return Ok(protocol.map(|_| Traffic::All));
        }
        let (from, to) = (self.number(ends, from)?, self.number(ends, to)?);
        match matched(protocol.value, from, to) {
            Some(traffic) => Ok(Sourced::new(traffic, protocol.place)),
            None => {
                let said = |n: Option<i64>| n.map_or("nothing".to_owned(), |n| n.to_string());
                let message = format!("from {} to {} is not a range", said(from), said(to));
                self.findings.push(Finding::error("bad-ports", place, message));
                Err(Gap::Wrong)
            }
        }
    }
}
