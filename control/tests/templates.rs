//! Templates and what they come to as models. `tests/fixtures/templates` has the templates; cfn-lint
//! reads them, too (`outside/test_templates.py`).

use std::fmt::Write;
use std::path::PathBuf;

use egret_control::compile::compile;
use egret_control::finding::render;
use egret_control::import::{self, Imported};
use egret_control::model::{
    AttachmentKind, Egress, EndpointKind, Model, Name, RouteDestination, SecurityGroupRule,
};
use egret_control::source::Sourced;
use egret_control::template::Parameters;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from("tests/fixtures/templates").join(name)
}

fn parameters(given: &[(&str, &str)]) -> Parameters {
    let mut parameters = Parameters::default();
    for (name, value) in given {
        parameters.give((*name).to_owned(), Sourced::implied((*value).to_owned()));
    }
    parameters
}

fn read(name: &str, given: &[(&str, &str)]) -> Imported {
    let read = import::read_with(&[fixture(name)], &parameters(given));
    read.unwrap_or_else(|rejection| panic!("{rejection}"))
}

/// A model as a text, with what was found on the way.
fn outline(imported: &Imported) -> String {
    let Imported { model, warnings } = imported;
    let mut out = String::new();
    network(model, &mut out);
    rules(model, &mut out);
    gateways(model, &mut out);
    senders(model, &mut out);
    unknowns(model, &mut out);
    for finding in warnings {
        let _ = writeln!(out, "{}", render::line(finding, &model.sources));
    }
    match compile(model) {
        Ok(compilation) => {
            for finding in &compilation.warnings {
                let _ = writeln!(out, "compile: {}", render::line(finding, &model.sources));
            }
        }
        Err(findings) => {
            for finding in &findings {
                let _ =
                    writeln!(out, "does not compile: {}", render::line(finding, &model.sources));
            }
        }
    }
    out.replace("tests/fixtures/templates/", "")
}

fn names(names: &[Name]) -> String {
    names.iter().map(|name| name.value.as_str()).collect::<Vec<_>>().join(" ")
}

fn network(model: &Model, out: &mut String) {
    for vpc in &model.vpcs {
        let cidrs = vpc.cidrs.iter().map(|cidr| cidr.to_string()).collect::<Vec<_>>().join(" ");
        let (name, dns) = (vpc.name.as_deref().unwrap_or("-"), *vpc.dns_hostnames);
        let _ = writeln!(out, "vpc {} ({name}) {cidrs} hostnames={dns}", *vpc.id);
    }
    for subnet in &model.subnets {
        let of = |name: &Option<Name>| name.as_ref().map_or("-".to_owned(), |n| n.value.clone());
        let (table, acl) = (of(&subnet.route_table), of(&subnet.network_acl));
        let (id, vpc, az) = (&*subnet.id, &*subnet.vpc, &*subnet.az);
        let _ = writeln!(out, "subnet {id} of {vpc} in {az}: {} {table} {acl}", *subnet.cidr);
    }
    for table in &model.route_tables {
        let main = if table.main { " main" } else { "" };
        let _ = writeln!(out, "table {} of {}{main}", *table.id, *table.vpc);
        for route in &table.routes {
            let destination = match &route.destination.value {
                RouteDestination::Cidr(net) => net.to_string(),
                RouteDestination::PrefixList(name) => name.clone(),
            };
            let line = route.place.line;
            let _ = writeln!(out, "  {destination} -> {:?} (line {line})", route.target.value);
        }
    }
    for acl in &model.network_acls {
        let default = if acl.default { " default" } else { "" };
        let _ = writeln!(out, "acl {} of {}{default}", *acl.id, *acl.vpc);
        for entry in &acl.entries {
            let direction = if entry.egress { "out" } else { "in" };
            let verb = if entry.allow { "allow" } else { "deny" };
            let (number, traffic) = (*entry.number, *entry.traffic);
            let _ = writeln!(out, "  {direction} {number} {verb} {traffic:?} {}", *entry.cidr);
        }
    }
}

fn rules(model: &Model, out: &mut String) {
    for group in &model.security_groups {
        let default = if group.default { " default" } else { "" };
        let _ = writeln!(out, "group {} of {}{default}", *group.id, *group.vpc);
        let mut rule = |direction: &str, rule: &SecurityGroupRule| {
            let (traffic, line) = (*rule.traffic, rule.place.line);
            let _ = writeln!(out, "  {direction} {traffic:?} {:?} (line {line})", rule.peer.value);
        };
        group.ingress.iter().for_each(|it| rule("in", it));
        group.egress.iter().for_each(|it| rule("out", it));
    }
    for list in &model.prefix_lists {
        let cidrs = list.cidrs.iter().map(|cidr| cidr.to_string()).collect::<Vec<_>>().join(" ");
        let _ = writeln!(out, "list {} [{cidrs}]", *list.id);
    }
}

fn gateways(model: &Model, out: &mut String) {
    for gateway in &model.internet_gateways {
        let vpc = gateway.vpc.as_ref().map_or("nothing", |vpc| vpc.as_str());
        let _ = writeln!(out, "internet gateway {} of {vpc}", *gateway.id);
    }
    for gateway in &model.nat_gateways {
        let public = gateway.addresses.iter().map(|a| a.public.map(|public| *public));
        let public = public.collect::<Vec<_>>();
        let _ = writeln!(out, "nat {} in {} {public:?}", *gateway.id, *gateway.subnet);
    }
    for endpoint in &model.vpc_endpoints {
        let _ = write!(out, "endpoint {} for {}: ", *endpoint.id, *endpoint.service);
        let _ = match &endpoint.kind {
            EndpointKind::Gateway { route_tables, .. } => writeln!(out, "{}", names(route_tables)),
            EndpointKind::Interface { subnets, security_groups, private_dns } => {
                let subnets: Vec<Name> = subnets.iter().map(|(subnet, _)| subnet.clone()).collect();
                let (subnets, groups) = (names(&subnets), names(security_groups));
                writeln!(out, "{subnets}; {groups}; private_dns={private_dns}")
            }
        };
    }
    for peering in &model.peerings {
        let _ =
            writeln!(out, "peering {} {}-{}", *peering.id, *peering.requester, *peering.accepter);
    }
    for gateway in &model.transit_gateways {
        let _ = writeln!(out, "transit gateway {}", *gateway.id);
        for attachment in &gateway.attachments {
            if let AttachmentKind::Vpc { vpc, subnets } = &attachment.kind {
                let _ = writeln!(out, "  {} {} {}", *attachment.id, **vpc, names(subnets));
            }
        }
        for table in &gateway.route_tables {
            let (uses, knows) = (names(&table.associations), names(&table.propagations));
            let _ = writeln!(out, "  table {} uses [{uses}] knows [{knows}]", *table.id);
            for route in &table.routes {
                let to = route.attachment.as_ref().map_or("blackhole", |to| to.as_str());
                let _ = writeln!(out, "    {} -> {to}", *route.cidr);
            }
        }
    }
}

fn senders(model: &Model, out: &mut String) {
    for interface in &model.network_interfaces {
        let addresses = interface.addresses.iter().map(|a| a.to_string()).collect::<Vec<_>>();
        let (groups, check) = (names(&interface.security_groups), interface.source_dest_check);
        let (id, subnet) = (&*interface.id, &*interface.subnet);
        let name = interface.name.as_deref().unwrap_or("-");
        let _ = writeln!(out, "interface {id} ({name}) in {subnet} {addresses:?} {groups} {check}");
    }
    for connector in &model.connectors {
        let (subnets, groups) = (names(&connector.subnets), names(&connector.security_groups));
        let _ = writeln!(out, "connector {} in {subnets}; {groups}", *connector.id);
    }
    for service in &model.services {
        let egress = match &service.egress {
            Egress::Default => "the provider's way",
            Egress::Vpc(connector) => connector.as_str(),
        };
        let _ = writeln!(out, "service {} by {egress}", *service.id);
    }
}

fn unknowns(model: &Model, out: &mut String) {
    let unknowns = &model.unknowns;
    let mut line = |what: String, unknown: &egret_control::model::Unknown| {
        let _ = writeln!(out, "open: {what}: {} (line {})", unknown.name, unknown.place.line);
    };
    for rule in &unknowns.rules {
        let (traffic, peer) = (&rule.traffic, &rule.peer);
        line(format!("rule of {} {traffic:?} {peer:?}", *rule.group), &rule.unknown);
    }
    for entry in &unknowns.entries {
        line(
            format!("entry {:?} of {} {:?}", entry.number, *entry.acl, entry.cidr),
            &entry.unknown,
        );
    }
    for route in &unknowns.routes {
        let (to, by) = (&route.destination, &route.target);
        line(format!("route of {} {to:?} {by:?}", *route.table), &route.unknown);
    }
    for (list, unknown) in &unknowns.prefix_lists {
        line(format!("list {}", **list), unknown);
    }
    for (address, unknown) in &unknowns.addresses {
        line(address.to_string(), unknown);
    }
    for unknown in &unknowns.everything {
        line("everything".to_owned(), unknown);
    }
}

#[test]
fn a_service_in_three_zones() {
    insta::assert_snapshot!(outline(&read("three-zones.yaml", &[])));
}

#[test]
fn what_is_given_is_known() {
    let given = [
        ("Stage", "prod"),
        ("PartnerCidr", "198.51.100.0/24"),
        ("ssm:/network/office-cidr", "203.0.113.0/24"),
        ("AWS::Region", "eu-west-1"),
        ("ResolverPorts", "5353"),
    ];
    let imported = read("three-zones.yaml", &given);
    let unknowns = &imported.model.unknowns;
    assert!(unknowns.rules.is_empty() && unknowns.everything.is_empty(), "{unknowns:?}");
    assert_eq!(imported.model.region, "eu-west-1");
    insta::assert_snapshot!(outline(&imported));
}

#[test]
fn a_function_as_the_cdk_writes_it() {
    insta::assert_snapshot!(outline(&read("cdk-function.template.json", &[])));
}

#[test]
fn a_function_in_another_stacks_vpc() {
    insta::assert_snapshot!(outline(&read("lambda-elsewhere.yaml", &[])));
}

#[test]
fn vpcs_joined_in_two_ways() {
    insta::assert_snapshot!(outline(&read("joined-vpcs.yaml", &[])));
}

#[test]
fn a_value_for_no_parameter_is_an_error() {
    let given = parameters(&[("Stags", "prod"), ("Stage", "test")]);
    let rejection = import::read_with(&[fixture("three-zones.yaml")], &given).expect_err("wrong");
    insta::assert_snapshot!(rejection.to_string().replace("tests/fixtures/templates/", ""), @r"
    three-zones.yaml:6:5: error: the parameter `Stage` cannot be `test`
    error: no template has a parameter `Stags`
    ");
}

#[test]
fn a_template_names_what_lists_of_awss_describe() {
    let folder = tempfile::tempdir().expect("a folder");
    let lists = r#"{ "Vpcs": [{ "VpcId": "vpc-0a", "CidrBlock": "10.0.0.0/16" }],
        "Subnets": [{ "SubnetId": "subnet-0a", "VpcId": "vpc-0a", "CidrBlock": "10.0.1.0/24",
                      "AvailabilityZoneId": "use1-az1" }],
        "SecurityGroups": [{ "GroupId": "sg-0a", "GroupName": "shared", "VpcId": "vpc-0a" }] }"#;
    std::fs::write(folder.path().join("lists.json"), lists).expect("written");
    let paths = [folder.path().to_owned(), fixture("lambda-elsewhere.yaml")];
    let given = parameters(&[("SubnetIds", "subnet-0a"), ("SharedGroup", "sg-0a")]);
    let imported = import::read_with(&paths, &given).unwrap_or_else(|e| panic!("{e}"));
    let function = &imported.model.connectors[0];
    assert_eq!(names(&function.subnets), "subnet-0a");
    // The VPC of the function's group is another stack's export.
    let everything = &imported.model.unknowns.everything;
    let open: Vec<&str> = everything.iter().map(|open| open.name.as_str()).collect();
    assert_eq!(open, ["`network-vpc`, which another stack exports"]);
}
