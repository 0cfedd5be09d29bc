//! Network ACLs and their entries.

use std::collections::HashSet;

use super::class::Class;
use super::kinds::Kind;
use super::plan::{Plan, at, text};
use super::translate::{Properties, Translation, items, put, said, truth};
use crate::template::{Data, Value};

const ACLS: &[Class] = &[Class::Acl];
const ENTRY: &str = "AWS::EC2::NetworkAclEntry";

/// What an entry's attributes are called: in an ACL, and in a resource of its own.
const INLINE: [&str; 2] = ["rule_no", "action"];
const STANDALONE: [&str; 2] = ["rule_number", "rule_action"];

impl Translation<'_, '_> {
    pub(super) fn add_acl(&mut self, index: usize, kind: &Kind) {
        let instance = &self.plan.instances[index];
        let place = self.plan.place(index);
        let mut properties = self.properties(index, kind);
        if instance.kind() == "aws_default_network_acl" {
            properties.insert("Default".to_owned(), truth(true, place));
            self.put_owner(index, "default_network_acl_id", ACLS, &mut properties);
        }
        self.push(index, kind.cloud, properties);
        self.add_entries(index, "ingress", false);
        self.add_entries(index, "egress", true);
        self.add_acl_subnets(index);
    }

    /// The VPC that a default table or ACL is of, where only the id of the table or ACL says it.
    pub(super) fn put_owner(
        &mut self,
        index: usize,
        attribute: &str,
        classes: &'static [Class],
        properties: &mut Properties,
    ) {
        let Some(value) = self.one(index, attribute, classes) else { return };
        if let Data::Of { resource, attribute: Some(_) } = value.data {
            let vpc = Data::Of { resource, attribute: None };
            properties.insert("VpcId".to_owned(), Value { data: vpc, place: value.place });
        }
    }

    fn add_entries(&mut self, index: usize, attribute: &str, egress: bool) {
        let instance = &self.plan.instances[index];
        let Some(entries) = instance.at(attribute) else { return };
        if let Data::Unknown(path) = &entries.data {
            match self.is_computed(index, path) {
                true => self.readings.without_blocks(self.plan, index, attribute),
                false => {
                    let all = self.known(index, entries);
                    all.into_iter()
                        .for_each(|all| self.add_unknown_entry(index, attribute, &all, egress));
                }
            }
            return;
        }
        let reported = !self.plan.is_written(index, attribute);
        let own = instance.text("id").unwrap_or("");
        for (number, entry) in items(Some(entries)).iter().enumerate() {
            let rule = said(entry, "rule_no").and_then(text).unwrap_or("");
            let standalone = (own.to_owned(), egress, rule.to_owned());
            if reported && self.entries.contains(&standalone) {
                continue;
            }
            let properties =
                self.entry(index, entry, INLINE, self.itself(index), truth(egress, entry.place));
            self.push_part(
                index,
                &format!("{attribute}[{number}]"),
                entry.place,
                ENTRY,
                properties,
            );
        }
    }

    /// An entry of which nothing is known.
    fn add_unknown_entry(&mut self, index: usize, attribute: &str, all: &Value, egress: bool) {
        let mut properties = Properties::new();
        for property in ["RuleNumber", "RuleAction", "Protocol", "CidrBlock"] {
            properties.insert(property.to_owned(), all.clone());
        }
        properties.insert("Egress".to_owned(), truth(egress, all.place));
        properties.insert("NetworkAclId".to_owned(), self.itself(index));
        self.push_part(index, attribute, all.place, ENTRY, properties);
    }

    fn add_acl_subnets(&mut self, index: usize) {
        let Some(subnets) = self.many(index, "subnet_ids", &[Class::Subnet]) else { return };
        let place = subnets.place;
        let subnets = match subnets.data {
            Data::List(items) => items,
            data => vec![Value { data, place }],
        };
        for (number, subnet) in subnets.into_iter().enumerate() {
            let mut properties = Properties::new();
            let place = subnet.place;
            properties.insert("SubnetId".to_owned(), subnet);
            properties.insert("NetworkAclId".to_owned(), self.itself(index));
            let part = format!("subnet_ids[{number}]");
            self.push_part(
                index,
                &part,
                place,
                "AWS::EC2::SubnetNetworkAclAssociation",
                properties,
            );
        }
    }

    pub(super) fn add_acl_rule(&mut self, index: usize) {
        let values = &self.plan.instances[index].values;
        let acl = self.one(index, "network_acl_id", ACLS);
        let egress = self.plain(index, "egress");
        let (Some(acl), place) = (acl, self.plan.place(index)) else { return };
        let egress = egress.unwrap_or(truth(false, place));
        let properties = self.entry(index, values, STANDALONE, acl, egress);
        self.push(index, ENTRY, properties);
    }

    fn entry(
        &self,
        index: usize,
        entry: &Value,
        [number, action]: [&str; 2],
        acl: Value,
        egress: Value,
    ) -> Properties {
        let columns = [
            (number, "RuleNumber"),
            (action, "RuleAction"),
            ("protocol", "Protocol"),
            ("cidr_block", "CidrBlock"),
            ("ipv6_cidr_block", "Ipv6CidrBlock"),
        ];
        // Ports are written of every protocol, and mean nothing of ICMP.
        let ends = match at(entry, "protocol").and_then(text) {
            Some("icmp" | "1") => [("icmp_type", "Icmp.Type"), ("icmp_code", "Icmp.Code")],
            _ => [("from_port", "PortRange.From"), ("to_port", "PortRange.To")],
        };
        let mut properties = Properties::new();
        for (from, to) in columns.into_iter().chain(ends) {
            let value = at(entry, from).and_then(|value| self.known(index, value));
            value.into_iter().for_each(|value| put(&mut properties, to, value));
        }
        properties.insert("NetworkAclId".to_owned(), acl);
        properties.insert("Egress".to_owned(), egress);
        properties
    }
}

/// The entries that are resources of their own, as they were and as they will be: the ACL, whether
/// it is outbound, and the number.
pub(super) fn standalone(plan: &Plan<'_>) -> HashSet<(String, bool, String)> {
    let rules = plan.instances.iter().filter(|instance| instance.kind() == "aws_network_acl_rule");
    let states = rules.flat_map(|rule| rule.before.iter().chain([&rule.values]));
    let key = |rule: &Value| {
        let acl = said(rule, "network_acl_id").and_then(text)?;
        let number = said(rule, "rule_number").and_then(text)?;
        let egress = matches!(at(rule, "egress")?.data, Data::Bool(true));
        Some((acl.to_owned(), egress, number.to_owned()))
    };
    states.filter_map(key).collect()
}
