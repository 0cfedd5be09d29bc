//! What is left open: rules of a group that is not known, subnets whose table is not known, VPCs that
//! are only read.
//!
//! A rule of an unknown group may be one of any group's. So each gets it, as a rule that may exist or
//! not; none gets it for certain.

use std::collections::HashSet;

use super::plan::text;
use super::translate::{Properties, Translation, truth};
use crate::source::Sourced;
use crate::template::{Data, Resource, Value};

/// Parts, the property that names what they are parts of, and the type of that.
const PARTS: [(&str, &str, &str); 4] = [
    ("AWS::EC2::SecurityGroupIngress", "GroupId", "AWS::EC2::SecurityGroup"),
    ("AWS::EC2::SecurityGroupEgress", "GroupId", "AWS::EC2::SecurityGroup"),
    ("AWS::EC2::Route", "RouteTableId", "AWS::EC2::RouteTable"),
    ("AWS::EC2::NetworkAclEntry", "NetworkAclId", "AWS::EC2::NetworkAcl"),
];

/// Associations of subnets, the property that names the other side, and what that is called.
const ASSOCIATIONS: [(&str, &str, &str); 2] = [
    ("AWS::EC2::SubnetRouteTableAssociation", "RouteTableId", "route table"),
    ("AWS::EC2::SubnetNetworkAclAssociation", "NetworkAclId", "network ACL"),
];

impl Translation<'_, '_> {
    pub(super) fn leave_open(&mut self) {
        for (part, property, whole) in PARTS {
            self.spread(part, property, whole);
        }
        for (association, property, noun) in ASSOCIATIONS {
            self.open_subnets(association, property, noun);
        }
        self.open_vpcs();
    }

    /// Gives every whole the parts of an unknown one, as parts that may exist.
    fn spread(&mut self, part: &str, property: &str, whole: &str) {
        let is_open =
            |resource: &Resource| resource.kind == part && unknown_at(resource, property).is_some();
        let (open, known) = std::mem::take(&mut self.resources).into_iter().partition(is_open);
        self.resources = known;
        let wholes = self.resources.iter().filter(|resource| resource.kind == whole);
        let wholes: Vec<String> = wholes.map(|resource| resource.id.value.clone()).collect();
        let open: Vec<Resource> = open;
        for resource in open {
            for whole in &wholes {
                self.resources.push(perhaps_of(&resource, property, whole));
            }
        }
    }

    /// Subnets whose table or ACL is not known: those that are only read, and where an association is
    /// of a subnet that is not known, all that have no other.
    fn open_subnets(&mut self, association: &str, property: &str, noun: &str) {
        let is_open = |resource: &Resource| {
            resource.kind == association && unknown_at(resource, "SubnetId").is_some()
        };
        let all = std::mem::take(&mut self.resources);
        let (open, known): (Vec<Resource>, Vec<Resource>) = all.into_iter().partition(is_open);
        let associated = known.iter().filter(|resource| resource.kind == association);
        let associated: HashSet<String> = associated.filter_map(subnet_of).collect();
        self.resources = known;
        let first = open.iter().find_map(|resource| unknown_at(resource, "SubnetId"));
        let first = first.map(str::to_owned);
        let subnets = self.resources.iter().filter(|resource| resource.kind == "AWS::EC2::Subnet");
        let subnets: Vec<Sourced<String>> = subnets.map(|subnet| subnet.id.clone()).collect();
        for subnet in subnets.into_iter().filter(|subnet| !associated.contains(&**subnet)) {
            let read = self.owners.contains_key(&*subnet);
            let of_read =
                || format!("the {noun} of subnet `{}`, which a data source does not say", *subnet);
            let Some(name) = first.clone().or_else(|| read.then(of_read)) else { continue };
            self.owner = read.then(|| subnet.value.clone());
            let mut properties = Properties::new();
            properties.insert("SubnetId".to_owned(), itself(&subnet));
            let unknown = Value { data: Data::Unknown(name), place: subnet.place };
            properties.insert(property.to_owned(), unknown);
            let id = format!("{}.{}", *subnet, noun.replace(' ', "_"));
            self.push_as(Sourced::new(id, subnet.place), association, properties);
            self.owner = None;
        }
    }

    /// A VPC that is only read has a main table, a default ACL and a default group, of which a data
    /// source says nothing.
    fn open_vpcs(&mut self) {
        let is_read = |resource: &&Resource| {
            resource.kind == "AWS::EC2::VPC" && self.owners.contains_key(&*resource.id)
        };
        let vpcs = self.resources.iter().filter(is_read).map(|vpc| vpc.id.clone());
        for vpc in vpcs.collect::<Vec<_>>() {
            self.owner = Some(vpc.value.clone());
            self.open_vpc(&vpc);
            self.owner = None;
        }
    }

    fn open_vpc(&mut self, vpc: &Sourced<String>) {
        let not_said = |what: &str| Value {
            data: Data::Unknown(format!(
                "the {what} of VPC `{}`, which a data source does not say",
                **vpc
            )),
            place: vpc.place,
        };
        if !self.has_made("AWS::EC2::RouteTable", "Main", vpc) {
            let id = self.push_made(vpc, "main_route_table", "AWS::EC2::RouteTable", "Main");
            let routes = not_said("main route table");
            let properties = ["DestinationCidrBlock", "GatewayId"].map(|key| (key, routes.clone()));
            self.push_of_made(&id, "routes", "AWS::EC2::Route", "RouteTableId", &properties);
        }
        if !self.has_made("AWS::EC2::NetworkAcl", "Default", vpc) {
            let id = self.push_made(vpc, "default_network_acl", "AWS::EC2::NetworkAcl", "Default");
            let entries = not_said("default network ACL");
            let keys = ["RuleNumber", "RuleAction", "Protocol", "CidrBlock", "Egress"];
            let properties = keys.map(|key| (key, entries.clone()));
            self.push_of_made(
                &id,
                "entries",
                "AWS::EC2::NetworkAclEntry",
                "NetworkAclId",
                &properties,
            );
        }
        if !self.has_made("AWS::EC2::SecurityGroup", "Default", vpc) {
            let id =
                self.push_made(vpc, "default_security_group", "AWS::EC2::SecurityGroup", "Default");
            let rules = not_said("default security group");
            let group = self.resources.iter_mut().find(|resource| resource.id == id);
            if let Some(Data::Map(properties)) = group.map(|group| &mut group.properties.data) {
                for key in ["SecurityGroupIngress", "SecurityGroupEgress"] {
                    properties.insert(key.to_owned(), rules.clone());
                }
            }
        }
    }

    /// Whether the file says what came with a VPC.
    fn has_made(&self, kind: &str, flag: &str, vpc: &str) -> bool {
        self.resources.iter().any(|resource| {
            let has = |key: &str| property(resource, key);
            let of_vpc = has("VpcId").is_some_and(|of| names(of, vpc));
            let is_it = has(flag).is_some_and(|flag| flag.data == Data::Bool(true));
            resource.kind == kind && of_vpc && is_it
        })
    }

    fn push_made(
        &mut self,
        vpc: &Sourced<String>,
        what: &str,
        kind: &str,
        flag: &str,
    ) -> Sourced<String> {
        let id = Sourced::new(format!("{}.{what}", **vpc), vpc.place);
        let mut properties = Properties::new();
        properties.insert("VpcId".to_owned(), itself(vpc));
        properties.insert(flag.to_owned(), truth(true, vpc.place));
        self.push_as(id.clone(), kind, properties);
        id
    }

    fn push_of_made(
        &mut self,
        made: &Sourced<String>,
        part: &str,
        kind: &str,
        owner: &str,
        said: &[(&str, Value)],
    ) {
        let said = said.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
        let mut properties: Properties = said.collect();
        properties.insert(owner.to_owned(), itself(made));
        let id = Sourced::new(format!("{}.{part}", **made), made.place);
        self.push_as(id, kind, properties);
    }
}

/// The part as one of that whole, which it may be.
fn perhaps_of(resource: &Resource, property: &str, whole: &str) -> Resource {
    let mut perhaps = resource.clone();
    perhaps.exists_if = unknown_at(resource, property).map(str::to_owned);
    if let Data::Map(properties) = &mut perhaps.properties.data
        && let Some(value) = properties.get_mut(property)
    {
        value.data = Data::Of { resource: whole.to_owned(), attribute: None };
    }
    perhaps
}

fn property<'r>(resource: &'r Resource, key: &str) -> Option<&'r Value> {
    match &resource.properties.data {
        Data::Map(properties) => properties.get(key),
        _ => None,
    }
}

/// The name of what is not known under a key.
fn unknown_at<'r>(resource: &'r Resource, key: &str) -> Option<&'r str> {
    match &property(resource, key)?.data {
        Data::Unknown(name) => Some(name),
        _ => None,
    }
}

fn subnet_of(association: &Resource) -> Option<String> {
    let subnet = property(association, "SubnetId")?;
    match &subnet.data {
        Data::Of { resource, .. } => Some(resource.clone()),
        _ => text(subnet).map(str::to_owned),
    }
}

fn names(value: &Value, id: &str) -> bool {
    match &value.data {
        Data::Of { resource, attribute: None } => resource == id,
        _ => text(value) == Some(id),
    }
}

fn itself(resource: &Sourced<String>) -> Value {
    let data = Data::Of { resource: resource.value.clone(), attribute: None };
    Value { data, place: resource.place }
}
