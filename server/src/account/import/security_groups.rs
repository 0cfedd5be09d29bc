//! Security groups and their rules.

use egret_control::model::{self as m, Name};
use egret_control::names::Kind;

use super::Import;
use crate::account::security_groups::{Peer, SecurityGroup, SecurityGroupRule};

impl Import<'_, '_, '_> {
    pub(super) fn security_groups(&mut self) {
        for (at, group) in self.model.security_groups.iter().enumerate() {
            let id = self.of(Kind::SecurityGroup, at);
            let called = group.name.as_deref().unwrap_or(&group.id);
            let row = SecurityGroup {
                id: id.clone(),
                vpc: self.find(Kind::Vpc, &group.vpc),
                name: if group.default { "default" } else { called }.to_owned(),
                description: called.to_owned(),
            };
            self.change.security_groups.insert(id.as_str(), row);
            for (egress, rules) in [(false, &group.ingress), (true, &group.egress)] {
                for rule in rules {
                    self.security_group_rule(&id, egress, rule, &group.vpc);
                }
            }
        }
    }

    fn security_group_rule(
        &mut self,
        group: &str,
        egress: bool,
        rule: &m::SecurityGroupRule,
        vpc: &Name,
    ) {
        let id = match &rule.id {
            Some(id) => id.clone(),
            None => self.change.ids.next("sgr"),
        };
        let named = |name: &str| Name::from(name);
        let peer = match &rule.peer.value {
            m::Peer::Cidr(cidr) => Peer::Cidr(*cidr),
            m::Peer::PrefixList(list) => {
                Peer::PrefixList(self.find(Kind::PrefixList, &named(list)))
            }
            m::Peer::SecurityGroup(other) => {
                Peer::Group(self.find_in(Kind::SecurityGroup, &named(other), vpc))
            }
        };
        let (protocol, from, to) = rule_traffic(*rule.traffic);
        let row = SecurityGroupRule {
            id: id.clone(),
            group: group.to_owned(),
            egress,
            protocol,
            from,
            to,
            peer,
            description: None,
        };
        self.change.security_group_rules.insert(id, row);
    }

    /// The groups of that name in a subnet's VPC; without one, the default group.
    pub(super) fn groups(&mut self, names: &[Name], subnet: &Name) -> Vec<String> {
        let of = self.names.find(Kind::Subnet, subnet).ok().map(|at| &self.model.subnets[at].vpc);
        let Some(vpc) = of else { return Vec::new() };
        if names.is_empty() {
            let vpc = self.find(Kind::Vpc, vpc);
            return self
                .change
                .default_group(&vpc)
                .map(|group| group.id.clone())
                .into_iter()
                .collect();
        }
        names.iter().map(|name| self.find_in(Kind::SecurityGroup, name, vpc)).collect()
    }
}

/// The protocol, and the ports or the ICMP type and code, as EC2 writes them.
fn rule_traffic(traffic: m::Traffic) -> (String, i32, i32) {
    let any = |part: Option<u8>| part.map_or(-1, i32::from);
    match traffic {
        m::Traffic::All => ("-1".to_owned(), -1, -1),
        m::Traffic::Tcp(from, to) => ("tcp".to_owned(), from.into(), to.into()),
        m::Traffic::Udp(from, to) => ("udp".to_owned(), from.into(), to.into()),
        m::Traffic::Icmp(kind, code) => ("icmp".to_owned(), any(kind), any(code)),
        m::Traffic::Protocol(number) => (number.to_string(), -1, -1),
    }
}
